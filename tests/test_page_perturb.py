"""The page "Perturb", run without a browser against the checkpoints of the project."""

import json
import re
from dataclasses import replace
from functools import partial

import apptest
import pytest
import torch
from apptest import name_of, notice, pictures, text
from broken_models import save

import aemodels
from aemodels.codes import latents
from aemodels.codes.perturbation import effective_dimensions, shaped_normal
from aemodels.noise import perturb, seeded_normal
from pages.parts.shared import measurements, models, originals

MODELS = ["dog-ae", "dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15"]

pytestmark = pytest.mark.usefixtures("quickly")


open_page = partial(apptest.open_page, "dogs/perturb")


def both_noises(codes, seeds):
    white = seeded_normal(seeds, codes.shape[1:])
    return white, shaped_normal(codes, white, seeds)


def photos_of(dogs, seed, num_photos):
    order = torch.randperm(len(dogs.test_index), generator=torch.Generator().manual_seed(seed))
    return dogs.images[dogs.test_index[order[:num_photos]]].float() / 255


@pytest.mark.parametrize(("name", "variance"), [("dog-ae", 0.1), ("dog-noise-0.10", 0.6)])
def test_says_the_psnr_of_both_noises_against_the_photos(name, variance, dogs):
    app = open_page(seed="4", variance=str(variance))
    app.segmented_control(key="model").set_value(name).run()
    ckpt, x = aemodels.load_checkpoint(name), photos_of(dogs, 4, 9)
    z = ckpt.model.encode(x)
    white, shaped = (
        aemodels.psnr_db(x, ckpt.model.decode(perturb(z, variance, noise[: len(x)]))).mean().item()
        for noise in both_noises(ckpt.codes, range(4009, 4018))
    )
    assert "Against the originals" in notice(app)
    found = re.search(r"([\d.]+) dB at variance ([\d.]+) with white noise and ([\d.]+) dB with shaped", notice(app))
    assert [float(n) for n in found.groups()] == pytest.approx([white, variance, shaped], abs=0.006)


def test_works_on_the_models_own_codes_without_photos(without_photos):
    app = open_page(seed="4")
    assert "come with the model" in app.info[0].value
    assert "Against the pictures without noise" in notice(app)
    assert "codes of: reference codes" in text(app)
    ckpt = aemodels.load_checkpoint("dog-ae")
    z = ckpt.codes[torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(4))[:9]]
    white, shaped = (
        aemodels.psnr_db(ckpt.model.decode(z), ckpt.model.decode(perturb(z, 0.1, noise))).mean().item()
        for noise in both_noises(ckpt.codes, range(4009, 4018))
    )
    found = re.search(r"([\d.]+) dB at variance 0.10 with white noise and ([\d.]+) dB with shaped", notice(app))
    assert [float(n) for n in found.groups()] == pytest.approx([white, shaped], abs=0.006)


def test_curves_come_from_the_stored_evaluations_without_photos(without_photos):
    app = open_page()
    assert "on 1,886 test photos" in text(app)
    assert "shaped noise of the same power, on 32 of these photos" in text(app)  # kept beside the models
    evaluations = {name: aemodels.load_checkpoint(name).metrics["evaluations"] for name in MODELS}
    drops = [round(of[0]["psnr_db"], 2) - round(of[-1]["psnr_db"], 2) for of in evaluations.values()]
    assert f"falls by **{max(drops):.2f} dB**" in notice(app)
    assert f"by {min(drops):.2f} dB for" in notice(app)
    assert f"±{max(e['psnr_db_ci95'] for of in evaluations.values() for e in of):.2f} dB" in text(app)


def collected(app):
    """The page's panel, as it goes into the report."""
    app.button(key="add_to_report").click().run()
    return apptest.collected(app)[0]


def test_the_noise_on_samples_is_not_the_noise_that_made_them(without_photos):
    app = open_page(seed="4", model="0.10", codes="Nine Gaussian samples", variance="0.1")
    panel = collected(app)
    assert panel.settings["codes of"] == "Nine Gaussian samples"
    seeds = [row["noise_seed"] for row in panel.rows[:9]]
    assert panel.settings["noise seeds"] == f"{seeds[0]}–{seeds[-1]}"

    ckpt = aemodels.load_checkpoint("dog-noise-0.10")
    codes = ckpt.codes[torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(0))[:256]]
    stats = latents.fit(codes)
    z, noises = latents.sample(stats, range(4000, 4009)), both_noises(ckpt.codes, seeds)
    for kind, noise in zip(("white", "shaped"), noises, strict=True):
        cosine = torch.nn.functional.cosine_similarity(z - stats.mean, noise.flatten(1))
        assert cosine.abs().max() < (0.15 if kind == "white" else 0.6)  # shaped noise has few directions
        assert abs(cosine.mean()) < (0.05 if kind == "white" else 0.15)
        x, x_noisy = (ckpt.model.decode(codes.view(-1, 16, 8, 8)) for codes in (z, perturb(z, 0.1, noise.flatten(1))))
        shown = [row["psnr_db"] for row in panel.rows if row["noise"] == kind][:9]
        assert shown == pytest.approx(aemodels.psnr_db(x, x_noisy).tolist(), abs=1e-3)


def test_the_strip_in_the_csv_is_measured(without_photos):
    panel = collected(open_page(seed="4", picture="3"))
    ckpt = aemodels.load_checkpoint("dog-ae")
    picked = torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(4))[2]
    z = ckpt.codes[picked][None]
    strip = panel.rows[18:]
    assert {(row["picture"], row["noise_seed"]) for row in strip} == {(3, 4011)}
    for kind, noise in zip(("white", "shaped"), both_noises(ckpt.codes, [4011]), strict=True):
        rows = [row for row in strip if row["noise"] == kind]
        assert [row["noise_variance"] for row in rows] == [0, 0.05, 0.1, 0.15, 0.3, 0.5, 0.8, 1.2, 2]
        assert rows[0]["psnr_db"] == float("inf")
        for row in rows[1:]:
            x_noisy = ckpt.model.decode(perturb(z, row["noise_variance"], noise))
            assert row["psnr_db"] == pytest.approx(aemodels.psnr_db(ckpt.model.decode(z), x_noisy).item(), abs=0.01)


def curves_of(app, name):
    """A model's curves on the page, by their dash."""
    drawn = [t for t in json.loads(app.get("plotly_chart")[0].proto.spec)["data"] if "x" in t]
    assert {name_of(t["name"].split(",")[0]) for t in drawn} == set(MODELS)
    return {t["line"].get("dash", "solid"): t for t in drawn if name_of(t["name"].split(",")[0]) == name}


def test_curves_are_the_stored_ones(dogs):
    app = open_page()
    ckpt, stored = aemodels.load_checkpoint("dog-ae"), measurements.curves()["models"]["dog-ae"]["shaped"]
    evaluations = {e["noise_variance"]: e["psnr_db"] for e in ckpt.metrics["evaluations"]}
    curves = curves_of(app, "dog-ae")
    assert dict(zip(curves["solid"]["x"], curves["solid"]["y"], strict=True)) == evaluations
    assert curves["dot"]["x"] == stored["variances"]
    assert curves["dot"]["y"] == stored["psnr_db"]
    app.button(key="again").click().run()
    assert curves_of(app, "dog-ae") == curves


def test_shaped_noise_of_which_nothing_is_stored_is_measured_on_the_photos_of_the_codes(
    dogs, monkeypatch, checkpoint_folder
):
    for name in MODELS:
        save(name, checkpoint_folder)
    monkeypatch.setattr(measurements, "curves", lambda: {"models": {}, "denoisers": {}})
    app = open_page()  # the photos here are others
    assert "shaped noise of" not in "\n".join(caption.value for caption in app.caption)
    assert set(curves_of(app, "dog-ae")) == {"solid"}

    of, n = originals.of, len(dogs.test_index)
    monkeypatch.setattr(originals, "has_those_of_codes", lambda ckpt: True)
    monkeypatch.setattr(originals, "of", lambda data: replace(of(data), at=lambda index: of(data).at(index % n)))
    app = open_page()
    ckpt = aemodels.load_checkpoint("dog-ae")
    picked = torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(0))[:32]
    x, z = dogs.images[dogs.test_index[ckpt.index[picked] % n]].float() / 255, ckpt.codes[picked]
    assert f"shaped noise of the same power, on {len(x)} of these photos" in text(app)
    _, shaped = both_noises(ckpt.codes, range(len(x)))
    dotted = curves_of(app, "dog-ae")["dot"]
    for variance, psnr in zip(dotted["x"], dotted["y"], strict=True):
        expected = aemodels.psnr_db(x, ckpt.model.decode(perturb(z, variance, shaped))).mean().item()
        assert psnr == pytest.approx(expected, abs=0.01)


def test_says_how_unevenly_the_codes_use_their_directions(without_photos):
    expected = [f"{effective_dimensions(aemodels.load_checkpoint(name).codes):.0f}" for name in MODELS]
    app = open_page()
    assert f"The 1,024 test codes of “{models.title(MODELS[0])}” use their 1,024 directions unevenly." in notice(app)
    assert f"how many directions of equal variance would do: **{expected[0]}**." in notice(app)
    by_model = ", ".join(f"{d} ({models.title(name)})" for d, name in zip(expected, MODELS, strict=True))
    assert f"By model: {by_model}." in notice(app)


def test_strip_follows_picture_and_seed_and_not_the_slider(without_photos):
    app = open_page()
    panel, strip = pictures(app)
    app.slider(key="variance").set_value(0.5).run()
    assert pictures(app)[0] != panel
    assert pictures(app)[1] == strip
    app.selectbox(key="picture").set_value(5).run()
    assert pictures(app)[1] != strip
    assert pictures(open_page(picture="5", variance="0.5")) == pictures(app)
    app.button(key="again").click().run()
    assert len({*pictures(app), panel, strip}) == 4


@pytest.mark.parametrize("source", ["photos", "samples"])
def test_without_noise(source, without_photos):
    app = open_page(variance="0.0")
    app.segmented_control(key="codes").set_value(source).run()
    assert not app.exception
    assert "nan" not in text(app)
    assert "inf" not in notice(app)
    app.slider(key="variance").set_value(2.0).run()
    assert not app.exception
