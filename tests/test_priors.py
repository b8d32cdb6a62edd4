"""A prior from recipe to checkpoint: codes made once, training in the one loop, and the autoencoder that it belongs to."""

import dataclasses
import shutil

import pytest
import torch
from sklearn.covariance import LedoitWolf

import aemodels
from aemodels.codes import flows
from aemodels.data import mnist
from aemodels.data.sources import DataSet
from aemodels.errors import CheckpointError, ConfigError, LatentLabError
from aemodels.models.config import TrainConfig
from aemodels.quality.priors import velocity_loss
from aemodels.storage import catalogue, checkpoints, priors
from aemodels.training import choosing, codesets, loop, making, recipes
from aemodels.training import priors as prior_training
from aemodels.training.workplace import Workplace

AUTOENCODER = "mnist-dae"
NUM_TRAIN = 1200


@pytest.fixture(scope="module")
def dataset():
    """Some of the digits that the project brings, as if they were MNIST."""
    record = aemodels.load_checkpoint(AUTOENCODER).data
    x, labels = mnist.load_mnist_test_digits()
    x = (x * 255).byte() if x.is_floating_point() else x
    train, validation, test = slice(NUM_TRAIN), slice(NUM_TRAIN, NUM_TRAIN + 300), slice(-40, None)
    parts = [x[part] for part in (train, validation, test, test)]
    return DataSet(*parts, *(labels[part] for part in (train, validation, test)), torch.arange(40), record, "")


@pytest.fixture(scope="module")
def recipe():
    lab = recipes.of_the_lab()["mnist-prior"]
    model = dataclasses.replace(lab.model, widths=(64,), settings={**lab.model.settings, "depth": 2})
    training = TrainConfig(epochs=16, batch_size=100, learning_rate=5e-3, ema_decay=0.98, codes_of=AUTOENCODER)
    return dataclasses.replace(lab, model=model, training=training)


@pytest.fixture(scope="module")
def trained(dataset, recipe, tmp_path_factory):
    """The folder of a prior that was trained in seconds."""
    out = tmp_path_factory.mktemp("priors")
    shutil.copy(checkpoints.CHECKPOINT_FOLDER / f"{AUTOENCODER}.safetensors", out)
    making.make(recipe, dataset, Workplace(out, "cpu", torch.float32))
    return out


def copied(folder, tmp_path):
    return shutil.copytree(folder, tmp_path / "out")


def test_training_learns_what_the_gaussian_misses(trained):
    ckpt = aemodels.load_checkpoint("mnist-prior", trained)
    assert ckpt.metrics["velocity_loss"] < 0.99 * ckpt.metrics["gaussian_loss"]
    measured = [epoch for epoch in ckpt.history if "velocity_loss" in epoch]
    assert measured[-1]["velocity_loss"] < measured[0]["velocity_loss"]
    assert {epoch["gaussian_loss"] for epoch in measured} == {measured[0]["gaussian_loss"]}


def test_a_checkpoint_draws_codes_that_its_autoencoder_decodes(trained):
    ckpt = aemodels.load_checkpoint("mnist-prior", trained)
    autoencoder = priors.autoencoder_of(ckpt, trained)
    z = flows.sample(ckpt.model, range(4), flows.Sampling(7, 4))
    x = autoencoder.model.decode(z)
    assert x.shape == (4, 1, 28, 28)
    assert len(ckpt.codes) == 0
    again = checkpoints.save_checkpoint(dataclasses.replace(ckpt, name="again"), trained)
    assert torch.equal(
        flows.sample(aemodels.load_checkpoint("again", trained).model, range(4), flows.Sampling(7, 4)), z
    )
    again.unlink()


def test_of_few_codes_the_gaussian_knows_a_variance_along_every_axis(trained, dataset, recipe):
    """Codes of 64 numbers: 40 of them leave 25 axes without variance, where other codes' losses would have no bound."""
    codes = prior_training.prepare(recipe, dataset, Workplace(trained, "cpu", torch.float32))
    few = dataclasses.replace(codes, train=codes.train[:40])
    shrunk, plain, whole = (prior_training.initial_model(recipe, trained, of) for of in (few, few, codes))
    plain.fit_gaussian(few.train)
    assert (plain.variances < 1e-6).sum() == 25
    assert shrunk.variances.min() > 0.01
    torch.testing.assert_close(plain.variances.mean(), shrunk.variances.mean())
    losses = [velocity_loss(of, codes.test, codes.test_labels)["gaussian_loss"] for of in (shrunk, plain)]
    assert losses[0] < 3 < losses[1]
    expected = LedoitWolf().fit(few.train.flatten(1).double().numpy())
    found = torch.linalg.eigvalsh(torch.from_numpy(expected.covariance_)).flip(0) * 40 / 39
    torch.testing.assert_close(shrunk.variances * shrunk.scale**2, found.float(), rtol=1e-3, atol=1e-4)
    # Of codes enough, the sample covariance stays as it is.
    before = whole.variances.clone()
    whole.fit_gaussian(codes.train)
    assert torch.equal(whole.variances, before)


def test_a_prior_is_listed_as_what_it_is(trained):
    found = catalogue.read_all(checkpoints.list_checkpoints(trained), {}, lambda name: catalogue.read(name, trained))
    (group,) = found.groups
    assert {model.name: model.kinds for model in group.models}["mnist-prior"] == [catalogue.PRIOR]
    assert [g.names for g in found.of_kind(*catalogue.AUTOENCODERS)] == [[AUTOENCODER]]
    (only,) = found.of_kind(catalogue.PRIOR)
    assert only.models[0].codes_of == AUTOENCODER


def test_codes_are_made_once(trained, dataset, recipe, monkeypatch):
    monkeypatch.setattr(codesets, "encode_all", lambda *_: pytest.fail("encoded again"))
    codes = prior_training.prepare(recipe, dataset, Workplace(trained, "cpu", torch.float32))
    expected = aemodels.load_checkpoint(AUTOENCODER).model.encode(dataset.train[:3].float() / 255)
    torch.testing.assert_close(codes.train[:3].float(), expected, atol=5e-3, rtol=5e-3)
    assert torch.equal(codes.train_labels, dataset.train_labels)


def test_mirrored_codes_come_after_those_of_the_images_as_they_are(trained, dataset, recipe):
    mirrored = dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, flips=True))
    codes = prior_training.prepare(mirrored, dataset, Workplace(trained, "cpu", torch.float32))
    assert len(codes.train) == len(codes.train_labels) == 2 * NUM_TRAIN
    expected = aemodels.load_checkpoint(AUTOENCODER).model.encode(dataset.train[:3].flip(3).float() / 255)
    torch.testing.assert_close(codes.train[NUM_TRAIN:][:3].float(), expected, atol=5e-3, rtol=5e-3)


def test_broken_codes_are_named(trained, dataset, recipe, tmp_path):
    out = copied(trained, tmp_path)
    path = next((out / ".resume").rglob("train/*.pt"))
    path.write_bytes(b"broken")
    with pytest.raises(LatentLabError, match="does not hold the codes that it should; delete it") as error:
        prior_training.prepare(recipe, dataset, Workplace(out, "cpu", torch.float32))
    assert path.name in str(error.value)


def test_training_that_was_interrupted_ends_as_if_it_had_not_been(trained, dataset, recipe):
    codes = prior_training.prepare(recipe, dataset, Workplace(trained, "cpu", torch.float32))
    config = dataclasses.replace(recipe.training, epochs=3)

    def started():
        return loop.start(prior_training.initial_model(recipe, trained, codes), config, "cpu", torch.float32)

    kept = []

    def keep(state):
        if state.epoch == 1:
            kept.append({key: copy_of(value) for key, value in state.state_dict().items()})

    whole = loop.fit(started(), codes.train, config, keep, labels=codes.train_labels)
    resumed = started()
    resumed.load_state_dict(kept[0])
    loop.fit(resumed, codes.train, config, labels=codes.train_labels)
    for a, b in zip(whole.ema.state_dict().values(), resumed.ema.state_dict().values(), strict=True):
        assert torch.equal(a, b)


def copy_of(value):
    if isinstance(value, torch.Tensor):
        return value.clone()
    if isinstance(value, dict):
        return {key: copy_of(part) for key, part in value.items()}
    return [copy_of(part) for part in value] if isinstance(value, list) else value


def retrain(name, out):
    """Another training of the autoencoder takes its place."""
    ckpt = aemodels.load_checkpoint(name, out)
    next(ckpt.model.parameters()).data += 0.1
    checkpoints.save_checkpoint(ckpt, out)


def test_a_prior_of_a_retrained_autoencoder_is_refused(trained, tmp_path):
    out = copied(trained, tmp_path)
    retrain(AUTOENCODER, out)
    with pytest.raises(CheckpointError, match="another training of mnist-dae than the one that is here") as error:
        priors.autoencoder_of(aemodels.load_checkpoint("mnist-prior", out), out)
    assert "\n" not in str(error.value)


def test_a_prior_without_its_autoencoder_is_refused(trained, tmp_path):
    out = copied(trained, tmp_path)
    (out / f"{AUTOENCODER}.safetensors").unlink()
    with pytest.raises(
        CheckpointError, match=r"draws codes for mnist-dae, which cannot be used\. There is no checkpoint"
    ):
        priors.autoencoder_of(aemodels.load_checkpoint("mnist-prior", out), out)


def test_an_autoencoder_that_was_measured_again_is_the_same(trained, tmp_path):
    out = copied(trained, tmp_path)
    ckpt = aemodels.load_checkpoint(AUTOENCODER, out)
    checkpoints.save_checkpoint(dataclasses.replace(ckpt, metrics={**ckpt.metrics, "more": 1.0}), out)
    assert priors.autoencoder_of(aemodels.load_checkpoint("mnist-prior", out), out).name == AUTOENCODER


def test_what_a_prior_cannot_be_trained_on(trained, dataset, recipe, tmp_path):
    at = Workplace(trained, "cpu", torch.float32)
    others = dataclasses.replace(dataset, record=dataclasses.replace(dataset.record, fingerprint="other"))
    with pytest.raises(LatentLabError, match="which was trained on other images; point --data to those"):
        prior_training.prepare(recipe, others, at)
    shorter = dataclasses.replace(recipe.model, latent_shape=(32,), image_shape=(32, 1, 1))
    with pytest.raises(LatentLabError, match=r"but those of mnist-dae have \(64,\); write that"):
        prior_training.prepare(dataclasses.replace(recipe, model=shorter), dataset, at)
    classes = dataclasses.replace(recipe.model, settings={**recipe.model.settings, "num_labels": 120})
    with pytest.raises(LatentLabError, match="another number of classes than 10"):
        prior_training.prepare(dataclasses.replace(recipe, model=classes), dataset, at)
    with pytest.raises(CheckpointError, match=r"no checkpoint mnist-dae .*--only mnist-dae"):
        prior_training.prepare(recipe, dataset, dataclasses.replace(at, out=tmp_path))


@pytest.mark.parametrize(
    ("line", "change", "words"),
    [
        ('codes_of = "mnist-dae"', "", "codes_of names the autoencoder"),
        ("latent_shape = [64]", "latent_shape = []", "latent_shape must hold up to"),
        ("epochs = ", "shift_px = 2\nepochs = ", "a prior's training takes flips alone"),
        ("depth = ", "refined = ", "takes no key 'refined'"),
        ("latent_shape = [64]", "latent_shape = [63]", "patch must divide the code's sides"),
    ],
)
def test_a_recipe_that_is_no_priors(line, change, words, tmp_path):
    text = (recipes.RECIPE_FOLDER / "mnist-prior.toml").read_text()
    assert line in text
    (tmp_path / "own.toml").write_text(text.replace(line, change))
    with pytest.raises(ConfigError, match=words):
        recipes.read(tmp_path / "own.toml")


def test_a_prior_comes_after_its_autoencoder_and_not_on_other_pictures(tmp_path):
    lab = recipes.of_the_lab()
    names = [*lab]
    for name, recipe in lab.items():
        if recipe.training.codes_of:
            assert names.index(recipe.training.codes_of) < names.index(name)
    with pytest.raises(ConfigError, match="names the autoencoder of your pictures"):
        choosing.on_photos(lab["dog-prior"], tmp_path)


def test_velocity_loss_is_that_of_each_code_alone(trained):
    prior, codes = aemodels.load_checkpoint("mnist-prior", trained).model, aemodels.load_checkpoint(AUTOENCODER).codes
    labels = torch.zeros(300, dtype=torch.int64)
    measured = velocity_loss(prior, codes[:300], labels)
    assert measured["num_images"] == 300
    assert 0 < measured["velocity_loss_ci95"] < measured["velocity_loss"]
