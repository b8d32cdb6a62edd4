"""What is measured, when it is measured again, and that the noise is of the variance that was asked for."""

import errno
import json
import os
import re
from dataclasses import replace
from functools import partial

import pytest
import torch
from browser import REPO, copy_photos
from foreign_models import save_foreign
from safetensors import safe_open
from torch.distributions import Normal, kl_divergence
from untrained import build

import aemodels
import train
from aemodels import files, noise
from aemodels.data import sources
from aemodels.models.config import TrainConfig
from aemodels.quality import baselines, curves, evaluation, metrics
from aemodels.storage import checkpoints, measurements, photo_errors
from aemodels.training import generating, recipes

LAB = recipes.of_the_lab()

VARIANCES = (0.05, 0.10, 0.15)


def random_bytes(*shape, seed=0):
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def wide_config(conv_config):
    """Codes of 4,096 numbers, so that few images give a sharp variance."""
    return replace(conv_config, latent_shape=(1024, 2, 2), variant="noisy-code", settings={"noise_variance": 0.1})


def decoder_inputs(model):
    """The codes that reach the decoder, from now on."""
    seen = []
    model.decoder.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0].clone()))
    return seen


# One real channel use carries one real element. The common error is to halve the variance, as for the two dimensions of a
# complex use: then the noise measured at the decoder is half of what was asked for, and each of these three fails.


@pytest.mark.parametrize("variance", VARIANCES)
def test_noise_variance_in_the_training_path(wide_config, variance):
    model = build(replace(wide_config, settings={"noise_variance": variance}))
    x = torch.rand(100, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    seen = decoder_inputs(model)
    model.loss(x, torch.Generator().manual_seed(1))
    sent = model.encode(x)
    assert sent.square().mean().item() == pytest.approx(1, rel=1e-4)
    assert (seen[0] - sent).var().item() == pytest.approx(variance, rel=0.01)


@pytest.mark.parametrize("variance", VARIANCES)
@pytest.mark.parametrize("variant", ["plain", "noisy-code"])
def test_noise_variance_in_the_evaluation_path(wide_config, variant, variance):
    model = build(
        replace(wide_config, variant=variant, settings=wide_config.settings if variant == "noisy-code" else {})
    )
    images = random_bytes(100, 3, 32, 32)
    seen = decoder_inputs(model)
    (result,) = metrics.evaluate_at(model, images, [variance])
    z = model.encode(images / 255)
    power = z.square().mean().item()
    measured = (torch.cat(seen) - z).square().mean().item()
    assert measured / power == pytest.approx(variance, rel=0.01)
    assert result["code_power"] == pytest.approx(power, rel=1e-4)
    assert result["noise_power"] == pytest.approx(measured, rel=1e-4)


def test_the_audit_would_show_halved_noise(wide_config, monkeypatch):
    images = random_bytes(50, 3, 32, 32)
    monkeypatch.setattr(metrics, "perturb", lambda z, variance, normal: noise.perturb(z, variance / 2, normal))
    (result,) = metrics.evaluate_at(build(wide_config), images, [0.1])
    assert result["noise_power"] == pytest.approx(0.05, rel=0.01)


def test_conditions_are_the_labs_and_the_models_own(conv_config, mlp_config):
    def variances(config):
        return [c["noise_variance"] for c in evaluation.conditions(config)]

    lab = [0, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3]
    assert variances(conv_config) == lab
    assert variances(replace(conv_config, settings={"noise_variance": 0.05})) == lab
    assert variances(replace(conv_config, settings={"noise_variance": 0.07})) == [*lab, 0.07]
    assert evaluation.conditions(mlp_config) == [{"noise_factor": 0.0, "noise_variance": 0.0}]
    factors = [c["noise_factor"] for c in evaluation.conditions(replace(mlp_config, settings={"noise_factor": 0.4}))]
    assert factors == [0.0, 0.4]


def test_evaluate_all_is_evaluate_under_each_condition(conv_config):
    model, images = (
        build(replace(conv_config, variant="noisy-code", settings={"noise_variance": 0.1})),
        random_bytes(6, 3, 32, 32),
    )
    results = evaluation.evaluate_all(model, images)
    evaluations = results.pop("evaluations")
    assert [e["noise_variance"] for e in evaluations] == list(evaluation.TEST_VARIANCES)
    for e in evaluations:
        variance = e["noise_variance"]
        assert e == {"noise_factor": 0.0, "noise_variance": variance} | metrics.evaluate(
            model, images, noise_variance=variance
        )
    assert results == evaluations[4]  # its own noise


def test_evaluate_all_of_a_denoiser(mlp_config):
    model, digits = (
        build(replace(mlp_config, variant="denoising", settings={"noise_factor": 0.4})),
        random_bytes(6, 1, 28, 28),
    )
    results = evaluation.evaluate_all(model, digits)
    clean, noisy = results.pop("evaluations")
    assert results == noisy
    assert noisy["mse"] == metrics.evaluate(model, digits, noise_factor=0.4)["mse"] != clean["mse"]


def test_evaluate_all_of_a_vae_tells_the_divergence_of_each_element_of_the_code(mlp_config):
    config = replace(mlp_config, variant="vae", settings={"beta": 0.5})
    model, digits = build(config), random_bytes(130, 1, 28, 28)
    results = evaluation.evaluate_all(model, digits)
    mean, log_variance = (part.double() for part in model.posterior(digits / 255))
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).mean(0)
    assert results["kl_nats"] == pytest.approx(expected.tolist(), rel=1e-4)
    per_pixel = model.loss(digits / 255, torch.Generator())["kl"].mean().item()
    assert sum(results["kl_nats"]) == pytest.approx(784 / 0.5 * per_pixel, rel=1e-4)
    assert evaluation.is_current(results, config)
    assert not evaluation.is_current({key: value for key, value in results.items() if key != "kl_nats"}, config)


def test_what_is_current(conv_config):
    results = evaluation.evaluate_all(build(conv_config), random_bytes(3, 3, 32, 32))
    assert evaluation.is_current(results, conv_config)
    for i in range(8):
        rows = results["evaluations"]
        without = rows[:i] + rows[i + 1 :]
        assert not evaluation.is_current({"evaluations": without}, conv_config)
        poorer = {key: value for key, value in rows[i].items() if key != "psnr_of_mean_mse_db"}
        assert not evaluation.is_current({"evaluations": [*without, poorer]}, conv_config)
    old = {"noise_factor": 0.0, "noise_variance": 0.0, "psnr_db": 20.0, "psnr_db_ci95": 0.1, "num_images": 3}
    assert not evaluation.is_current({"evaluations": [old]}, conv_config)


def test_as_stored_rounds_to_float16_and_leaves_the_model_alone(conv_config):
    model = build(conv_config)
    before = {key: w.clone() for key, w in model.state_dict().items()}
    stored = evaluation.as_stored(model, "cpu").state_dict()
    for key, w in before.items():
        assert torch.equal(stored[key], w.half().float())
        assert torch.equal(model.state_dict()[key], w)


# train.py --evaluate


@pytest.fixture(autouse=True)
def known_denoisers(monkeypatch):
    """Those that need no network are as kept: test_curves.py measures them again."""
    kept = measurements.read_curves(REPO / "checkpoints")["denoisers"]
    monkeypatch.setattr(curves, "measure_references", lambda: kept)


@pytest.fixture(scope="module")
def photo_folder(data_folder, tmp_path_factory):
    return copy_photos(data_folder, tmp_path_factory.mktemp("data"), 1)


@pytest.fixture
def photos(photo_folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    return sources.load(LAB["dog-ae"].data, photo_folder)


@pytest.fixture
def saved(conv_config, photos, checkpoint_folder):
    """save(finished, fingerprint) writes dog-ae as it was before there were audits, and returns its path."""

    def save(finished=True, fingerprint=photos.record.fingerprint):
        config = replace(conv_config, image_shape=(3, 128, 128), latent_shape=(4, 8, 8))
        row = {"noise_factor": 0.0, "noise_variance": 0.0, "psnr_db": 9.9, "psnr_db_ci95": 0.1, "num_images": 12}
        made = {"finished": finished, "device": "abacus", "wall_s": 1.5, "steps": 7, "images_per_s": 3.0, "seed": 0}
        made |= {"num_train_images": 108, "data_fingerprint": fingerprint}
        model = build(config)
        codes = evaluation.encode_all(model, photos.reference)
        history = [{"epoch": 1, "step": 7, "seconds": 1.5, "reconstruction": 0.1}]
        settings = TrainConfig(epochs=1, batch_size=4, learning_rate=1e-3)
        results = row | {"evaluations": [row]}
        record = replace(photos.record, fingerprint=fingerprint)
        labels, index = photos.reference_labels, photos.reference_index
        return checkpoints.save_checkpoint(
            checkpoints.Checkpoint(
                "dog-ae", "plain", record, model, settings, results, history, codes, labels, index, made
            )
        )

    return save


def evaluate(photo_folder, folder, *arguments):
    return train.main(["--evaluate", "--device", "cpu", "--data", str(photo_folder), "--out", str(folder), *arguments])


def content(path):
    with safe_open(path, framework="pt") as file:
        return {key: file.get_tensor(key) for key in file.keys()}, file.metadata()  # noqa: SIM118


def test_evaluate_adds_figures_and_changes_nothing_else(saved, photo_folder, photos, capsys):
    path = saved()
    tensors, header = content(path)
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 0
    assert f"dog-ae: measured on {len(photos.test)} test images" in capsys.readouterr().out
    new_tensors, new_header = content(path)
    assert tensors.keys() == new_tensors.keys()
    for key, tensor in tensors.items():
        assert tensor.dtype == new_tensors[key].dtype
        assert torch.equal(tensor, new_tensors[key])
    assert header.keys() == new_header.keys()
    assert {key for key in header if header[key] != new_header[key]} == {"metrics", "header_digest"}
    ckpt = aemodels.load_checkpoint("dog-ae", path.parent)
    assert evaluation.is_current(ckpt.metrics, ckpt.model_config)
    assert ckpt.metrics == evaluation.evaluate_all(ckpt.model, photos.test)
    errors = photo_errors.read("dog-ae", path.parent)
    for row in ckpt.metrics["evaluations"]:
        assert metrics.summarise(errors[row["noise_variance"]])["psnr_db"] == pytest.approx(row["psnr_db"], abs=1e-5)

    before = path.stat().st_mtime_ns
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 0
    assert path.stat().st_mtime_ns == before


def test_evaluate_measures_what_lacks_the_errors_of_single_photos_and_leaves_the_checkpoint(saved, photo_folder):
    path = saved()
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 0
    before = path.read_bytes()
    photo_errors.errors_path("dog-ae", path.parent).unlink()
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 0
    assert path.read_bytes() == before
    assert photo_errors.read("dog-ae", path.parent).keys() == set(evaluation.TEST_VARIANCES)


def test_evaluate_measures_nothing_where_it_could_not_be_kept(saved, photo_folder, capsys, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    path = saved()
    with monkeypatch.context() as patch:  # a folder that is read-only, to root as well
        patch.setattr(files.tempfile, "TemporaryFile", refuse)
        patch.setattr(evaluation, "evaluate_all", None)  # minutes that would be lost
        assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 1
    assert f"{path.parent} could not be written: Permission denied" in capsys.readouterr().err


def test_evaluate_keeps_once_what_needs_the_photos_of_the_codes_and_what_needs_none(
    saved, photo_folder, photos, capsys, monkeypatch
):
    path = saved()
    with monkeypatch.context() as patch:  # as on a rented computer, without scikit-learn
        patch.setattr(curves, "can_cluster", lambda: False)
        assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 0
    kept = measurements.read_curves(path.parent)["models"]["dog-ae"]
    assert "shaped" in kept
    assert "clusters" not in kept
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 0
    ckpt, kept = (
        aemodels.load_checkpoint("dog-ae", path.parent),
        measurements.read_curves(path.parent)["models"]["dog-ae"],
    )
    x = photos.reference[curves.for_shaped(ckpt)].float() / 255
    assert kept["shaped"] == curves.shaped(ckpt, x)
    assert kept == curves.measure(ckpt, x)
    capsys.readouterr()
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 0
    assert "measured for the pages" not in capsys.readouterr().err


def test_evaluate_leaves_unfinished_and_missing_checkpoints_alone_and_says_so(saved, photo_folder, capsys):
    path = saved(finished=False)
    before = path.read_bytes()
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae", "dog-noise-0.10") == 1
    said = "Not measured, for they are missing or unfinished: dog-ae, dog-noise-0.10."
    assert capsys.readouterr().err.splitlines()[-1] == said
    assert path.read_bytes() == before
    assert aemodels.list_checkpoints(path.parent) == ["dog-ae"]


def while_it_measures(monkeypatch, happens):
    """Has something happen to the checkpoint while its figures are measured."""
    measure = evaluation.evaluate_all

    def measure_and_more(*arguments):
        results = measure(*arguments)
        happens()
        return results

    monkeypatch.setattr(evaluation, "evaluate_all", measure_and_more)


def test_a_model_that_is_removed_while_it_is_measured_does_not_come_back(saved, photo_folder, capsys, monkeypatch):
    path = saved()
    while_it_measures(monkeypatch, path.unlink)
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 1
    assert "dog-ae was removed or replaced while it was measured" in capsys.readouterr().err
    assert aemodels.list_checkpoints(path.parent) == []


def test_figures_of_a_model_do_not_take_the_place_of_another_that_was_trained_meanwhile(
    saved, photo_folder, capsys, monkeypatch
):
    path = saved(finished=False)
    newer = path.rename(path.with_suffix(".newer"))
    saved()
    while_it_measures(monkeypatch, lambda: newer.replace(path))
    newest = newer.read_bytes()
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 1
    assert "dog-ae was removed or replaced while it was measured" in capsys.readouterr().err
    assert path.read_bytes() == newest


def test_a_model_that_is_removed_after_it_was_measured_is_told(saved, photo_folder, capsys, monkeypatch):
    path = saved()
    measure = curves.measure

    def measure_and_remove(*arguments):
        path.unlink()
        return measure(*arguments)

    monkeypatch.setattr(curves, "measure", measure_and_remove)
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 1
    told = capsys.readouterr()
    assert f"Removed from {path.parent} while this ran: dog-ae; train again what you miss." in told.err
    assert "missing" in told.out


def test_evaluate_says_that_none_of_what_it_was_to_measure_is_there(photo_folder, tmp_path, capsys):
    assert evaluate(photo_folder, tmp_path / "typo", "--only", "dog-ae", "dog-noise-0.10") == 1
    assert f"There is no checkpoint dog-ae in {tmp_path / 'typo'}; " in capsys.readouterr().err
    assert not (tmp_path / "typo").exists()


def test_evaluate_says_which_models_are_of_no_recipe_of_the_lab(checkpoint_folder, photo_folder, capsys):
    save_foreign("fashion-denoiser", checkpoint_folder)
    assert evaluate(photo_folder, checkpoint_folder) == 0
    assert "Left out, for want of a recipe of the lab: fashion-denoiser. Give --recipe" in capsys.readouterr().out


def test_evaluate_of_a_quick_look_that_was_never_taken_is_refused(tmp_path, capsys):
    """Without names: of a quick look the checkpoints alone are measured."""
    out = tmp_path / "never"
    assert evaluate(tmp_path, out, "--quick") == 1
    error = capsys.readouterr().err.strip()
    assert error == f"There is no checkpoint of a quick look in {out} to measure; `python train.py --quick` makes them."
    assert not out.exists()


def test_evaluate_refuses_other_photos(saved, photo_folder, capsys):
    path = saved(fingerprint="0" * 32)
    before = path.read_bytes()
    assert evaluate(photo_folder, path.parent, "--only", "dog-ae") == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("dog-ae was trained on other data")
    assert str(photo_folder) in error
    assert path.read_bytes() == before


def figures(variance, **more):
    keys = ("psnr_db", "psnr_db_ci95", "psnr_of_mean_mse_db", "psnr_of_mean_mse_db_ci95", "mse")
    return {"noise_variance": variance} | dict.fromkeys(keys, 1.5) | {"num_images": 3} | more


COMPLETE_LINEAR = [figures(v, code_power=1.0, noise_power=v) for v in evaluation.TEST_VARIANCES]
COMPLETE_AVIF = [figures(v, budget_bytes=200, mean_payload_bytes=190.0) for v in evaluation.TEST_VARIANCES[1:]]


def of_forty_numbers(monkeypatch):
    """The lab's recipes with codes of as many numbers as 100 photos can give principal components."""
    small = {
        name: replace(r, model=replace(r.model, latent_shape=(40, 1, 1))) for name, r in LAB.items() if "dog" in name
    }
    monkeypatch.setattr(recipes, "of_the_lab", lambda: LAB | small)


def write_baselines(folder, photos, **parts):
    fingerprint = parts.pop("fingerprint", photos.record.fingerprint)
    known = {"num_components": 40, "num_train_images": 108, "data_fingerprint": fingerprint}
    (folder / "baselines.json").write_text(json.dumps({fingerprint: known | parts}), encoding="utf-8")


def test_complete_baselines_are_left_alone(checkpoint_folder, photos, photo_folder):
    write_baselines(checkpoint_folder, photos, linear_code=COMPLETE_LINEAR, avif=COMPLETE_AVIF)
    before = (checkpoint_folder / "baselines.json").stat().st_mtime_ns
    assert evaluate(photo_folder, checkpoint_folder) == 0
    assert (checkpoint_folder / "baselines.json").stat().st_mtime_ns == before


def test_baselines_of_other_photos_are_measured_again(saved, photos, photo_folder, monkeypatch):
    of_forty_numbers(monkeypatch)
    monkeypatch.setattr(baselines.codec, "at_capacity", lambda *_: (COMPLETE_AVIF, {}))
    monkeypatch.setattr(baselines, "AVIF_PHOTOS", 0)
    sampled = []
    monkeypatch.setattr(generating, "measure", lambda sets, *_: sampled.extend(sets.values()))
    folder = saved().parent
    write_baselines(folder, photos, linear_code=COMPLETE_LINEAR, avif=COMPLETE_AVIF, fingerprint="0" * 32)
    assert evaluate(photo_folder, folder) == 0
    found = measurements.read_baselines(photos.record.fingerprint, folder)
    assert found["data_fingerprint"] == photos.record.fingerprint
    assert measurements.read_baselines("0" * 32, folder)["linear_code"] == COMPLETE_LINEAR
    assert found["linear_code"] != COMPLETE_LINEAR
    assert [[ckpt.name for ckpt in of_set] for of_set in sampled] == [["dog-ae"]]


def test_too_few_photos_for_the_components_are_told_and_nothing_is_measured(checkpoint_folder, photo_folder, capsys):
    assert evaluate(photo_folder, checkpoint_folder) == 0
    assert re.search(r"not measured; 1,024 principal components need more than \d+ photos\.", capsys.readouterr().out)
    assert not (checkpoint_folder / "baselines.json").exists()


def test_missing_avif_is_measured_without_principal_components(checkpoint_folder, photos, photo_folder, monkeypatch):
    monkeypatch.delattr(baselines, "fit_pca")
    monkeypatch.setattr(baselines.avif, "encodings", partial(baselines.avif.encodings, speed=6))  # is faster
    monkeypatch.setattr(baselines, "AVIF_PHOTOS", 2)
    write_baselines(checkpoint_folder, photos, linear_code=COMPLETE_LINEAR, avif=COMPLETE_AVIF[:2])
    assert evaluate(photo_folder, checkpoint_folder) == 0
    found = measurements.read_baselines(photos.record.fingerprint, checkpoint_folder)
    assert found["linear_code"] == COMPLETE_LINEAR
    assert [row["budget_bytes"] for row in found["avif"]] == [426, 363, 281, 221, 188, 165, 135]
    scores = [row["psnr_db"] for row in found["avif"]]
    assert scores == sorted(scores, reverse=True)
    assert 15 < scores[-1] < scores[0] < 35
    assert {(row["num_images"], row["num_test_images"]) for row in found["avif"]} == {(2, len(photos.test))}
    errors = photo_errors.read_baselines(photos.record.fingerprint, checkpoint_folder)["avif"]
    for row in found["avif"]:
        of_row = errors[row["noise_variance"]]
        assert metrics.summarise(of_row[of_row.isfinite()])["mse"] == pytest.approx(row["mse"], rel=1e-6)


def test_avif_of_other_photos_than_the_linear_code_is_not_complete():
    def lacks(rows):
        return baselines.lacks_avif({"linear_code": COMPLETE_LINEAR, "avif": rows})

    assert not lacks(COMPLETE_AVIF)
    assert lacks([])
    assert lacks(COMPLETE_AVIF[1:])
    assert lacks([row | {"num_images": 2} for row in COMPLETE_AVIF])
    assert not lacks([row | {"num_images": 1, "num_test_images": 3} for row in COMPLETE_AVIF])


def test_an_old_linear_code_is_measured_again_without_avif(checkpoint_folder, photos, photo_folder, monkeypatch):
    of_forty_numbers(monkeypatch)  # as many as 100 photos can give
    monkeypatch.delattr(baselines, "avif")
    old = [
        {"noise_variance": v, "psnr_db": 22.0, "psnr_db_ci95": 0.1, "num_images": 12} for v in (0.0, 0.05, 0.1, 0.15)
    ]
    avif = [row | {"num_images": len(photos.test)} for row in COMPLETE_AVIF]
    write_baselines(checkpoint_folder, photos, linear_code=old, avif=avif)
    assert evaluate(photo_folder, checkpoint_folder) == 0
    found = measurements.read_baselines(photos.record.fingerprint, checkpoint_folder)
    assert found["avif"] == avif
    assert [row["noise_variance"] for row in found["linear_code"]] == list(evaluation.TEST_VARIANCES)
    for row in found["linear_code"][1:]:
        assert row["noise_power"] == pytest.approx(row["noise_variance"], rel=0.2)  # 12 photos, 40 elements each
    assert not baselines.lacks_linear_code(found)
    errors = photo_errors.read_baselines(photos.record.fingerprint, checkpoint_folder)["linear_code"]
    for row in found["linear_code"]:
        assert metrics.summarise(errors[row["noise_variance"]])["mse"] == pytest.approx(row["mse"], rel=1e-6)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"0": {}}', '{"0": {"linear_code": [{}], "num_components": 4}}', '{"linear_code": 1}'],
)
def test_broken_baselines_are_told_in_one_sentence(text, checkpoint_folder, photo_folder, capsys):
    path = checkpoint_folder / "baselines.json"
    path.write_text(text, encoding="utf-8")
    assert evaluate(photo_folder, checkpoint_folder) == 1
    error = capsys.readouterr().err.strip().splitlines()
    assert len(error) == 1
    assert error[0].startswith("baselines.json is broken or incomplete")
    assert "delete it" in error[0]
    assert "`python train.py --evaluate`" in error[0]
    assert path.read_text(encoding="utf-8") == text


def test_baselines_from_before_avif_can_be_read(checkpoint_folder):
    row = {"noise_variance": 0.05, "psnr_db": 22.8, "psnr_db_ci95": 0.1, "num_images": 1886}
    (checkpoint_folder / "baselines.json").write_text(
        json.dumps({"0123": {"linear_code": [row], "num_components": 1024}}), encoding="utf-8"
    )
    assert measurements.read_baselines("0123", checkpoint_folder)["linear_code"] == [row]
