"""The page "Perturb", run without a browser against the checkpoints of the project."""

import re
from functools import partial

import apptest
import pytest
import torch
from apptest import notice, pictures, text

import aemodels
from aemodels.noise import perturb, seeded_normal
from aemodels.perturbation import effective_dimensions, shaped_normal

MODELS = ["dog-ae", "dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15"]


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
        for noise in both_noises(ckpt.codes, range(4000, 4009))
    )
    assert "Against the originals" in notice(app)
    found = re.search(r"([\d.]+) dB at variance ([\d.]+) with white noise and ([\d.]+) dB with shaped", notice(app))
    assert [float(n) for n in found.groups()] == pytest.approx([white, variance, shaped], abs=0.006)


def test_works_on_the_models_own_codes_without_photos(without_photos):
    app = open_page(seed="4")
    assert "come with the model" in app.info[0].value
    assert "Against the pictures without noise" in notice(app)
    ckpt = aemodels.load_checkpoint("dog-ae")
    z = ckpt.codes[torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(4))[:9]]
    white, shaped = (
        aemodels.psnr_db(ckpt.model.decode(z), ckpt.model.decode(perturb(z, 0.1, noise))).mean().item()
        for noise in both_noises(ckpt.codes, range(4000, 4009))
    )
    found = re.search(r"([\d.]+) dB at variance 0.10 with white noise and ([\d.]+) dB with shaped", notice(app))
    assert [float(n) for n in found.groups()] == pytest.approx([white, shaped], abs=0.006)


def test_curves_come_from_the_stored_evaluations_without_photos(without_photos):
    app = open_page()
    assert "PSNR against variance, whole test split" in text(app, "subheader")
    evaluations = {name: aemodels.load_checkpoint(name).metrics["evaluations"] for name in MODELS}
    drops = [of[0]["psnr_db"] - of[-1]["psnr_db"] for of in evaluations.values()]
    assert f"falls by **{max(drops):.2f} dB**" in notice(app)
    assert f"by {min(drops):.2f} dB for" in notice(app)
    assert f"±{max(e['psnr_db_ci95'] for of in evaluations.values() for e in of):.2f} dB" in text(app)


def test_curves_are_measured_on_the_same_few_photos_whatever_the_seed(dogs):
    app = open_page(seed="4")
    x = photos_of(dogs, 0, 6)
    assert f"PSNR against variance, {len(x)} test photos" in text(app, "subheader")
    drops = []
    for name in MODELS:
        ckpt = aemodels.load_checkpoint(name)
        z, noise = ckpt.model.encode(x), seeded_normal(range(len(x)), ckpt.codes.shape[1:])
        clean, noisy = (
            aemodels.psnr_db(x, ckpt.model.decode(perturb(z, variance, noise))).mean().item() for variance in (0, 0.6)
        )
        drops.append(clean - noisy)
    last = notice(app).splitlines()[-1]
    found = re.search(r"to variance 0.6, .*falls by \*\*([\d.]+) dB\*\* .* by ([\d.]+) dB for", last)
    assert [float(n) for n in found.groups()] == pytest.approx([max(drops), min(drops)], abs=0.006)
    app.button(key="again").click().run()
    assert notice(app).splitlines()[-1] == last


def test_says_how_unevenly_the_codes_use_their_directions(without_photos):
    expected = [f"{effective_dimensions(aemodels.load_checkpoint(name).codes):.0f}" for name in MODELS]
    app = open_page()
    assert f"as if they had only **{expected[0]}** of equal strength" in notice(app)
    assert f"in turn: {', '.join(expected)}." in notice(app)


def test_strip_follows_picture_and_seed_and_not_the_slider(without_photos):
    app = open_page()
    panel, strip = pictures(app)
    app.slider(key="variance").set_value(0.5).run()
    assert pictures(app)[0] != panel
    assert pictures(app)[1] == strip
    app.selectbox(key="picture").set_value(4).run()
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
