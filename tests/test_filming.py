"""Films of trainings: what is kept while a model with a code of two numbers trains, and what becomes of it."""

import itertools
import json
import signal
from dataclasses import replace

import numpy as np
import pytest
import torch
from browser import copy_digits
from test_checkpoints import path_of, save

import aemodels
import train
from aemodels.codes import turning
from aemodels.data import sources
from aemodels.errors import CheckpointError
from aemodels.models.autoencoders import VARIANTS
from aemodels.quality import evaluation, filmed
from aemodels.report import figures, film_figures
from aemodels.report.lettering import Lettering
from aemodels.storage import checkpoints, films
from aemodels.training import autoencoding, filming, recipes, resuming

NAME = "small"
RECIPE = """
title = "small"
[data]
name = "MNIST"
source = "mnist"
image_shape = [1, 28, 28]
[model]
variant = "plain"
network = "mlp"
latent_shape = [2]
widths = [32, 16]
reconstruction = "bce"
[training]
epochs = 3
batch_size = 256
learning_rate = 4e-3
"""


@pytest.fixture(scope="module")
def digits(data_folder, tmp_path_factory):
    folder = copy_digits(data_folder, tmp_path_factory.mktemp("digits"), 1500, 200)
    (folder / f"{NAME}.toml").write_text(RECIPE)
    return folder


def run(digits, out, *more):
    recipe = str(digits / f"{NAME}.toml")
    return train.main(["--recipe", recipe, "--device", "cpu", "--data", str(digits), "--out", str(out), *more])


@pytest.fixture(scope="module")
def trained(digits, tmp_path_factory):
    """A folder with a small training's checkpoint and its film."""
    out = tmp_path_factory.mktemp("trained")
    assert run(digits, out) == 0
    return out


@pytest.fixture
def folder(trained, tmp_path):
    """A copy of it, to be spoilt."""
    for path in trained.glob(f"{NAME}.*"):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    return tmp_path


def tells(film):
    """All that is in a film, to be compared."""
    return {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in vars(film).items()}


@pytest.fixture
def unfinished(digits, tmp_path, monkeypatch):
    """A folder in which training stopped after its first epoch was kept."""
    save_state = resuming.save_state

    def save_and_stop(path, state):
        save_state(path, state)
        if state["epoch"]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(resuming, "save_state", save_and_stop)
        assert run(digits, tmp_path) == 130
    return tmp_path


def test_moments_are_spaced_by_the_logarithm_of_the_step():
    steps = list(itertools.takewhile(lambda step: step < 5850, filming.moments()))
    assert steps[:6] == [0, 1, 2, 3, 4, 6]
    assert 25 <= len(steps) <= 32
    later = np.array(steps[10:])
    assert later[1:] / later[:-1] == pytest.approx(4 / 3, abs=0.03)


def test_a_film_goes_from_the_untrained_model_to_the_checkpoint(digits, trained):
    ckpt, film = aemodels.load_checkpoint(NAME, trained), films.load_film(NAME, trained)
    last = ckpt.provenance["steps"]
    before = list(itertools.takewhile(lambda step: step < last, filming.moments()))
    assert film.steps.tolist() == [*before, last]
    recipe = recipes.read(digits / f"{NAME}.toml")
    untrained = evaluation.as_stored(autoencoding.initial_model(recipe, trained), "cpu")
    codes = evaluation.encode_all(untrained, sources.load(recipe.data, digits).reference)
    # Turned, and so as far from each other as they were.
    assert torch.allclose(
        torch.cdist(torch.from_numpy(film.codes(0)), torch.from_numpy(film.codes(0))),
        torch.cdist(codes, codes),
        atol=1e-3,
    )
    assert 0.65 < film.losses[0] < 0.75
    assert film.losses[-1] == pytest.approx(ckpt.metrics["bce"], rel=1e-6)
    half_step = (film.high - film.low)[-1].max() / 65535
    assert np.abs(film.codes(len(film.steps) - 1) - ckpt.codes.numpy()).max() <= half_step
    assert film.is_turned
    assert len(film.pictures) == len(film.steps)
    assert film.picture(0).shape == (28 * film.grid_side, 28 * film.grid_side, 3)


def test_a_film_turns_the_planes_and_changes_no_distance(digits, trained, tmp_path, monkeypatch):
    turned = films.load_film(NAME, trained)
    monkeypatch.setattr(VARIANTS["plain"], "loss_sees_no_turn", False)
    assert run(digits, tmp_path) == 0
    plain = films.load_film(NAME, tmp_path)
    assert not plain.is_turned
    for moment in (0, 4):
        a, b = (torch.from_numpy(film.codes(moment)[:50]) for film in (turned, plain))
        assert torch.allclose(torch.cdist(a, a), torch.cdist(b, b), atol=1e-3)
        assert not torch.allclose(a, b, atol=1e-3)
    # Nearer to the next moment than without, each seen from its mean.
    for moment in range(8):
        a, b = ([film.codes(i) - film.codes(i).mean(0) for i in (moment, moment + 1)] for film in (turned, plain))
        assert np.linalg.norm(a[1] - a[0]) <= np.linalg.norm(b[1] - b[0]) + 1e-3


def test_an_interrupted_training_has_the_film_of_one_that_never_stopped(digits, trained, unfinished):
    waiting = filming.folder_of(NAME, unfinished)
    assert filming.kept(waiting) == [0, 1, 2, 3, 4]
    # Moments of an epoch that was lost are taken again.
    (waiting / "6.safetensors").write_bytes(b"of another course")
    assert run(digits, unfinished) == 0
    assert tells(films.load_film(NAME, unfinished)) == tells(films.load_film(NAME, trained))
    assert not waiting.exists()


def test_training_that_began_without_a_film_has_none_and_says_so(digits, unfinished, capsys):
    (filming.folder_of(NAME, unfinished) / "2.safetensors").unlink()
    assert run(digits, unfinished) == 0
    assert f"{NAME} gets no film: its training began without one." in capsys.readouterr().out
    assert not films.film_path(NAME, unfinished).exists()
    assert not filming.folder_of(NAME, unfinished).exists()


def test_a_film_that_was_still_to_be_made_is_made_by_evaluate(digits, trained, tmp_path, monkeypatch):
    with monkeypatch.context() as patched:
        patched.setattr(films, "save_film", lambda *_arguments: signal.raise_signal(signal.SIGINT))
        assert run(digits, tmp_path) == 130
    assert aemodels.load_checkpoint(NAME, tmp_path).provenance["finished"]
    assert not films.film_path(NAME, tmp_path).exists()
    assert run(digits, tmp_path, "--evaluate") == 0
    assert tells(films.load_film(NAME, tmp_path)) == tells(films.load_film(NAME, trained))


def test_no_film_is_made_of_some_of_its_moments(digits, trained, tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patched:
        patched.setattr(films, "save_film", lambda *_arguments: signal.raise_signal(signal.SIGINT))
        assert run(digits, tmp_path) == 130
    (filming.folder_of(NAME, tmp_path) / "0.safetensors").unlink()
    assert run(digits, tmp_path, "--evaluate") == 0
    assert f"{NAME} gets no film: moments of its training are missing." in capsys.readouterr().out
    assert not films.film_path(NAME, tmp_path).exists()


def test_a_network_too_large_for_a_film_is_named(digits, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(filming, "MAX_WEIGHTS", 1000)
    assert run(digits, tmp_path) == 0
    assert f"{NAME} gets no film: its " in capsys.readouterr().out
    assert aemodels.list_checkpoints(tmp_path) == [NAME]
    assert not films.film_path(NAME, tmp_path).exists()


def test_a_longer_film_keeps_its_first_and_last_moment(trained, tmp_path):
    ckpt = aemodels.load_checkpoint(NAME, trained)
    for step in range(100):
        (tmp_path / f"{step}.safetensors").touch()
    assert filming.num_moments(tmp_path, replace(ckpt, provenance=ckpt.provenance | {"steps": 100})) == filming.MAX_KEPT


def test_a_film_is_no_checkpoint(trained):
    assert aemodels.list_checkpoints(trained) == [NAME]


@pytest.mark.parametrize("fault", ["cut", "flipped", "foreign", "empty"])
def test_a_damaged_film_is_one_sentence(fault, folder):
    path = films.film_path(NAME, folder)
    content = path.read_bytes()
    spoilt = {
        "cut": content[:-1000],
        "flipped": content[:-1000] + bytes([content[-1000] ^ 1]) + content[-999:],
        "foreign": b"GIF89a" + bytes(100),
        "empty": b"",
    }
    path.write_bytes(spoilt[fault])
    with pytest.raises(CheckpointError, match=rf"^{NAME}\.film is broken or incomplete; copy it again, or delete it"):
        films.load_film(NAME, folder)


def test_the_film_of_another_training_is_refused(folder):
    ckpt = aemodels.load_checkpoint(NAME, folder)
    checkpoints.save_checkpoint(replace(ckpt, codes=ckpt.codes + 1), folder)
    with pytest.raises(CheckpointError, match=rf"^{NAME}\.film is of another training of {NAME}; delete it"):
        films.load_film(NAME, folder)


def test_a_film_outlasts_figures_that_are_measured_again(folder):
    ckpt = aemodels.load_checkpoint(NAME, folder)
    checkpoints.save_checkpoint(replace(ckpt, metrics=ckpt.metrics | {"bce": 0.2}), folder)
    assert films.load_film(NAME, folder).steps[0] == 0


def test_a_model_without_a_film_says_so(mlp_config, tmp_path):
    save(tmp_path, mlp_config)
    assert path_of(tmp_path).exists()
    with pytest.raises(CheckpointError, match=r"^There is no film of model; train\.py makes one"):
        films.load_film("model", tmp_path)


def test_codes_that_are_not_finite_are_not_filmed(folder):
    film = films.load_film(NAME, folder)
    with pytest.raises(CheckpointError, match="not finite and cannot be filmed"):
        films.save_film(replace(film, low=film.low * np.nan), NAME, folder)


def test_a_turn_is_found_again():
    generator = torch.Generator().manual_seed(0)
    codes = torch.randn(200, 2, generator=generator) * torch.tensor([3.0, 1.0])
    mirror = torch.tensor([[0.6, 0.8], [0.8, -0.6]])
    assert torch.allclose(turning.turn(codes @ mirror + 5, codes).float(), mirror, atol=1e-5)
    first, second, last = turning.turns([codes @ mirror, codes @ mirror, codes])
    assert torch.equal(last, torch.eye(2, dtype=torch.double))
    assert torch.allclose(first, second)
    assert torch.allclose(codes @ mirror @ first.float(), codes, atol=1e-4)


@pytest.mark.parametrize(
    ("variant", "settings"),
    [("plain", {}), ("denoising", {"noise_factor": 0.4}), ("code-l2", {"code_l2": 0.1}), ("vae", {"beta": 100.0})],
)
def test_which_losses_see_a_turn(variant, settings, mlp_config):
    """The encoder's last layer and the decoder's first turned against each other."""
    torch.manual_seed(0)
    model = VARIANTS[variant](replace(mlp_config, variant=variant, settings=settings))
    x = torch.rand(8, 1, 28, 28)

    def loss():
        return sum(term.mean() for term in model.loss(x, torch.Generator().manual_seed(1)).values()).item()

    before = loss()
    turn = torch.tensor([[0.6, -0.8], [0.8, 0.6]])
    into = [layer for layer in model.encoder.modules() if isinstance(layer, torch.nn.Linear)][-1]
    out = next(layer for layer in model.decoder.modules() if isinstance(layer, torch.nn.Linear))
    with torch.no_grad():
        into.weight[:2], into.bias[:2] = turn @ into.weight[:2], turn @ into.bias[:2]
        out.weight.copy_(out.weight @ turn.T)
    is_same = abs(loss() - before) < 1e-4 * abs(before)
    assert is_same == VARIANTS[variant].loss_sees_no_turn


def test_what_a_film_tells_in_figures(trained):
    ckpt, film = aemodels.load_checkpoint(NAME, trained), films.load_film(NAME, trained)
    moments = filmed.measure(film, ckpt.labels)
    assert [moment.step for moment in moments] == film.steps.tolist()
    codes = ckpt.codes.double()
    assert moments[-1].spread == pytest.approx((codes - codes.mean(0)).norm(dim=1).square().mean().sqrt().item(), 1e-3)
    assert 0 < moments[-1].neighbour_accuracy <= 1
    assert np.isnan(filmed.measure(film, torch.full_like(ckpt.labels, -1))[0].neighbour_accuracy)
    assert filmed.halfway([0, 1, 4, 6, 10]) == 3
    assert filmed.halfway([10, 6, 4, 1, 0]) == 2


def test_between_two_moments_a_film_is_a_mixture(trained):
    film = films.load_film(NAME, trained)
    codes, box, picture = film_figures.between(film, int(film.steps[4]))
    assert np.allclose(codes, film.codes(4), atol=1e-4)
    assert np.allclose(box, film.boxes[4])
    assert np.array_equal(picture, film.picture(4))
    middle = np.expm1(np.log1p(film.steps[4:6]).mean())
    assert np.allclose(film_figures.between(film, middle)[0], (film.codes(4) + film.codes(5)) / 2, atol=1e-4)


def test_a_strip_and_an_animation_are_drawn(trained, monkeypatch):
    ckpt, film = aemodels.load_checkpoint(NAME, trained), films.load_film(NAME, trained)
    panel = film_figures.strip({"plain": film}, [ckpt], None, 1400, figures.LIGHT, "caption")
    assert panel.width == 1400
    monkeypatch.setattr(film_figures, "NUM_FRAMES", 4)
    shares = []
    content = film_figures.animation({"plain": film}, [ckpt], None, "caption", shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    with film_figures.Image.open(film_figures.io.BytesIO(content)) as image:
        assert (image.format, image.n_frames) == ("WEBP", 4)


@pytest.mark.parametrize("num_models", [1, 2, 4])
def test_an_animation_is_read_as_it_is(num_models, trained, monkeypatch):
    """Nobody prints it: its letters have a size in pixels, however few models it shows."""
    sizes = set()
    draw = Lettering.draw
    monkeypatch.setattr(Lettering, "draw", lambda self, *where: (sizes.add(self.size), draw(self, *where)))
    monkeypatch.setattr(film_figures, "NUM_FRAMES", 2)
    ckpt, film = aemodels.load_checkpoint(NAME, trained), films.load_film(NAME, trained)
    content = film_figures.animation({f"model {i}": film for i in range(num_models)}, [ckpt] * num_models, None, "")
    assert min(sizes) >= 11
    with film_figures.Image.open(film_figures.io.BytesIO(content)) as image:
        assert image.width <= 1200
        assert image.height <= 900


def test_the_header_tells_no_more_than_it_must(trained):
    content = films.film_path(NAME, trained).read_bytes()
    length = int.from_bytes(content[:8], "little")
    assert {"format", "of", "told"} <= json.loads(content[8 : 8 + length])["__metadata__"].keys()
