"""What is measured once and kept in curves.json: of the models as they are, and as measured again."""

import pytest

import aemodels
from aemodels.codes import latents
from aemodels.data import photo_sets
from aemodels.errors import CheckpointError
from aemodels.quality import curves
from aemodels.storage import catalogue, checkpoints, measurements


@pytest.mark.parametrize("name", [n for n in aemodels.list_checkpoints() if not catalogue.read(n).is_prior])
def test_what_ships_is_of_the_models_that_ship(name):
    header = checkpoints.read_header(name)
    kept = curves.of_model(measurements.read_curves(), name, header["provenance"])
    assert ("axes" in kept) == ("shaped" in kept) == (header["model_config"]["network"] == "conv")
    assert ("denoising" in kept) == ("noise_factor" in header["model_config"])
    assert {"identity", "clusters"} <= kept.keys()


@pytest.mark.release
def test_effects_measured_again_are_those_kept():
    ckpt = aemodels.load_checkpoint("dog-noise-0.10")
    again, kept = curves.effects(ckpt, latents.fit(ckpt.codes)), measurements.read_curves()["models"][ckpt.name]["axes"]
    for key, value in kept.items():
        assert getattr(again, key) == pytest.approx(value, rel=1e-4)


@pytest.mark.release
def test_denoising_measured_again_is_what_is_kept():
    kept, again = measurements.read_curves(), curves.measure_references()
    for name, scores in kept["denoisers"].items():
        assert again[name]["psnr_db"] == pytest.approx(scores["psnr_db"], abs=1e-3)
        assert again[name]["ssim"] == pytest.approx(scores["ssim"], abs=1e-4)
    assert kept["denoisers"].keys() == again.keys()


@pytest.mark.release
@pytest.mark.parametrize("name", ["mnist-dae", "mnist-dae-2d"])
def test_how_a_network_denoises_measured_again_is_what_is_kept(name):
    kept = measurements.read_curves()["models"][name]["denoising"]
    again = curves.measure(aemodels.load_checkpoint(name))["denoising"]
    assert again["psnr_db"] == pytest.approx(kept["psnr_db"], abs=1e-3)
    assert again["ssim"] == pytest.approx(kept["ssim"], abs=1e-4)


@pytest.mark.release
def test_shaped_noise_measured_again_costs_what_is_kept(data_folder):
    dogs, all_kept = photo_sets.load_dogs(data_folder), measurements.read_curves()["models"]
    for name in ("dog-ae", "dog-noise-0.10"):
        ckpt, kept = aemodels.load_checkpoint(name), all_kept[name]["shaped"]
        x = dogs.images[dogs.test_index[ckpt.index[curves.for_shaped(ckpt)]]].float() / 255
        assert curves.shaped(ckpt, x) == kept | {"psnr_db": pytest.approx(kept["psnr_db"], abs=1e-3)}


def test_another_training_of_the_same_name_has_nothing_kept():
    known, made = measurements.read_curves(), checkpoints.read_header("dog-ae")["provenance"]
    assert curves.of_model(known, "dog-ae", made)
    for change in ({"seed": -1}, {"steps": 1}, {"wall_s": 0.5}, {"data_fingerprint": "other"}):
        assert curves.of_model(known, "dog-ae", made | change) == {}
    assert curves.of_model(known, "another", made) == {}


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "{}", '{"models": {"a": {}}, "denoisers": {}}', '{"models": {}, "denoisers": {"none": {}}}',
     '{"models": {"a": {"identity": 1, "axes": {"axes": []}}}, "denoisers": {}}',
     '{"models": {"a": {"identity": 1, "shaped": {"psnr_db": []}}}, "denoisers": {}}',
     '{"models": {"a": {"identity": 1, "clusters": {"k": 3}}}, "denoisers": {}}'],
)  # fmt: skip
def test_a_broken_file_is_said(tmp_path, text):
    (tmp_path / "curves.json").write_text(text)
    with pytest.raises(CheckpointError, match=r"curves\.json is broken .* train\.py --evaluate"):
        measurements.read_curves(tmp_path)


def test_no_file_holds_nothing(tmp_path):
    assert measurements.read_curves(tmp_path) == {"models": {}, "denoisers": {}}
