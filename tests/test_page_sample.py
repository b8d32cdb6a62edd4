"""The pages Sample and Interpolate, and the table of what sampling generates."""

import math
import re
from dataclasses import replace

import numpy as np
import pytest
import scipy.stats
import streamlit as st
import torch
from apptest import notice, numbers, open_page, pictures, text
from broken_models import small
from browser import REPO, copy_photos

import aemodels
from aemodels.codes import latents
from aemodels.data import photo_sets
from aemodels.quality import generation, likeness
from aemodels.report import figures
from aemodels.storage import checkpoints, measurements
from benchmarks import generation as benchmark
from pages.parts.photos import references
from pages.parts.shared import models

MODELS = ["dog-ae", "dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15"]


pytestmark = pytest.mark.usefixtures("without_photos", "quickly")


def codes_of(name, num_codes):
    codes = aemodels.load_checkpoint(name).codes
    return codes[torch.randperm(len(codes), generator=torch.Generator().manual_seed(0))[:num_codes]]


@pytest.mark.parametrize(
    ("num_codes", "sampler"),
    [
        (256, "full"),
        (64, "shrinkage"),
        *(pytest.param(*v, marks=pytest.mark.release) for v in ((16, "full"), (1024, "full"), (128, "mixture"))),
    ],
)
def test_says_the_rank_of_its_gaussian(num_codes, sampler):
    app = open_page("dogs/sample")
    app.select_slider(key="fitted_on").set_value(num_codes)
    app.segmented_control(key="sampler").set_value(sampler).run()
    assert not app.exception
    rank = latents.rank(latents.fit(codes_of("dog-ae", num_codes), sampler))
    assert numbers(r"rank \*\*([\d,]+)\*\*", app) == [rank]
    assert rank == (num_codes - 1 if sampler == "full" else 1024)


def test_a_gaussian_that_takes_nothing_from_the_codes_says_nothing_of_their_covariance():
    app = open_page("dogs/sample")
    app.segmented_control(key="sampler").set_value("standard").run()
    assert "does not look at the codes at all" in notice(app)
    assert "rank" not in notice(app)


def test_says_how_far_samples_lie_from_real_codes():
    app = open_page("dogs/sample", seed=3)
    codes = codes_of("dog-ae", 256)
    z = latents.sample(latents.fit(codes), range(3000, 3009))
    flat = codes.flatten(1)
    to_nearest = (z[:, None] - flat[None]).norm(dim=2).min(1).values
    apart = torch.stack([(flat - code).norm(dim=1).kthvalue(2).values for code in flat]).mean()
    mean, number, least = numbers(r"lies ([\d.]+) times .* closest of the nine, number (\d), it is ([\d.]+) times", app)
    assert mean == pytest.approx(float(to_nearest.mean() / apart), abs=0.006)
    assert (number, least) == (int(to_nearest.argmin()) + 1, pytest.approx(float(to_nearest.min() / apart), abs=0.006))
    assert "none is a copy of one of these 256" in text(app)


def test_a_copy_among_the_nine_is_told(monkeypatch):
    sample = latents.sample

    def with_a_copy(stats, seeds):
        z = sample(stats, seeds)
        z[6] = codes_of("dog-ae", 256)[40].flatten()
        return z

    monkeypatch.setattr(latents, "sample", with_a_copy)
    st.cache_resource.clear()  # no scene of others, and none of this one's for others
    app = open_page("dogs/sample", seed=3)
    st.cache_resource.clear()
    assert numbers(r"closest of the nine, number (\d), it is ([\d.]+) times", app) == [7, 0]
    assert "none is a copy" not in text(app)
    assert numbers(r"lies ([\d.]+) times", app)[0] > 0.5  # the mean does not show it


def test_says_how_much_fine_detail_samples_have():
    app, ckpt = open_page("dogs/sample", seed=3), aemodels.load_checkpoint("dog-ae")
    codes = codes_of("dog-ae", 256)
    sampled = latents.sample(latents.fit(codes), range(3000, 3009)).view(-1, 16, 8, 8)
    real = codes[:9]  # the same whatever the seed
    steps = []
    for z in (sampled, real):
        x = ckpt.model.decode(z).numpy()
        steps.append(255 * (np.abs(np.diff(x, axis=2)).mean() + np.abs(np.diff(x, axis=3)).mean()) / 2)
    share, *shown = numbers(r"carry \*\*(\d+)%\*\* .* pixels, ([\d.]+) against ([\d.]+) of 255", app)
    assert share == pytest.approx(100 * steps[0] / steps[1], abs=0.6)
    assert shown == pytest.approx(steps, abs=0.06)


@pytest.mark.parametrize(("name", "label"), [("dog-ae", "none"), ("dog-noise-0.10", "0.10")])
def test_says_how_gaussian_each_element_is(name, label):
    app = open_page("dogs/sample", model=label)
    kurtosis = scipy.stats.kurtosis(aemodels.load_checkpoint(name).codes.flatten(1).double().numpy(), axis=0).mean()
    shown = re.search(r"Its excess kurtosis over 1,024 test codes is ([+−][\d.]+) on average", text(app))[1]
    assert float(shown.replace("−", "-")) == pytest.approx(kurtosis, abs=0.006)


def test_every_sampler_and_number_of_codes_has_a_picture_of_its_own():
    app = open_page("dogs/sample")
    shown = [pictures(app)[0]]
    for sampler in latents.SAMPLERS[1:]:
        shown.append(pictures(app.segmented_control(key="sampler").set_value(sampler).run())[0])
        assert not app.exception
    app.select_slider(key="fitted_on").set_value(1024)
    shown.append(pictures(app.segmented_control(key="sampler").set_value("full").run())[0])
    assert len(set(shown)) == len(shown)
    app.select_slider(key="fitted_on").set_value(256).run()
    assert pictures(app)[0] == shown[0]


def test_says_what_its_mixture_is_made_of():
    app = open_page("dogs/sample")
    app.segmented_control(key="sampler").set_value("mixture").run()
    components, axes = latents.mixture_size(256, 1024)
    assert numbers(r"On the (\d+) strongest axes it is a mixture of (\d+) Gaussians", app) == [axes, components]


# The table


@pytest.fixture(scope="module")
def measured(data_folder, tmp_path_factory):
    """A folder of all four models with 12 codes each, and what they generate, measured on one photo of every breed."""
    folder = tmp_path_factory.mktemp("measured")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LATENT_LAB_CACHE", str(folder / "cache"))
        fingerprint = photo_sets.load_dogs(copy_photos(data_folder, folder, 1)).fingerprint
        for name in MODELS:
            save(name, folder, fingerprint)
        benchmark.main(["--data", str(folder), "--out", str(folder), "--samples", "4"])
    return folder


def save(name, folder, fingerprint, **provenance):
    c = small(name)
    ten = {"codes": c.codes[:10], "labels": c.labels[:10], "index": torch.arange(10)}
    data, provenance = replace(c.data, fingerprint=fingerprint), c.provenance | provenance
    checkpoints.save_checkpoint(replace(c, data=data, provenance=provenance, **ten), folder)


def fingerprint_of(folder, name="dog-ae"):
    return checkpoints.read_header(name, folder)["data"]["fingerprint"]


@pytest.fixture
def with_table(measured, checkpoint_folder):
    for path in [*measured.glob("*.safetensors"), measured / "generation.json"]:
        (checkpoint_folder / path.name).symlink_to(path)
    return checkpoint_folder


def test_without_the_file_the_page_says_how_to_measure(checkpoint_folder):
    for name in MODELS:
        (checkpoint_folder / f"{name}.safetensors").symlink_to(checkpoints.checkpoint_path(name, REPO / "checkpoints"))
    app = open_page("dogs/sample")
    assert not app.table
    assert "python -m benchmarks.generation" in text(app)
    (checkpoint_folder / "generation.json").write_text('{"of a data set": {}}')
    app.run()
    assert not app.exception
    assert "generation.json is broken" in app.error[0].value


@pytest.mark.parametrize(
    "measure", [m if m == "frechet" else pytest.param(m, marks=pytest.mark.release) for m in likeness.MEASURES]
)
def test_the_table_is_the_stored_one(measure, with_table):
    app = open_page("dogs/sample")
    app.segmented_control(key="measure").set_value(measure).run()
    assert not app.warning
    table = app.table[0].value
    rows = {
        (row["source"], row["model"]): row[measure]
        for row in measurements.read_generation(fingerprint_of(with_table))["rows"]
    }
    assert table.shape == (8, 4)
    kinds = [generation.PHOTOS, generation.RECONSTRUCTIONS, *latents.SAMPLERS, generation.PIXEL_NOISE]
    for kind, cells in zip(kinds, table.itertuples(index=False), strict=True):
        for name, cell in zip(MODELS, cells, strict=True):
            if (stored := rows.get((kind, name), rows.get((kind, None)))) is None:
                assert cell == "–"
            else:
                mean, spread = map(float, cell.replace(",", "").split("\xa0±\xa0"))
                assert mean == pytest.approx(stored[0], rel=0.03, abs=6e-4)
                assert spread == pytest.approx(stored[1], abs=0.6 if mean >= 100 else 0.06)
    assert (table.iloc[6] == "–").tolist() == [True, False, False, False]  # N(0, I) on the plain model
    assert "4 pictures against" in text(app)


def test_the_verdict_names_the_best_of_all(with_table):
    app = open_page("dogs/sample")
    rows = [
        row
        for row in measurements.read_generation(fingerprint_of(with_table))["rows"]
        if row["source"] in latents.SAMPLERS
    ]
    best = min(rows, key=lambda row: row["frechet"][0])
    below_the_table = text(app).replace(notice(app), "")
    assert (
        f"on “{models.title(best['model'])}”. Their Fréchet distance from photos is **{best['frechet'][0]:,.0f}**"
        in below_the_table
    )


def test_of_learned_samples_it_does_not_say_what_holds_of_a_gaussian_alone():
    told = {
        sampler: notice(open_page("dogs/sample", model="dog-noise-0.10", sampler=sampler))
        for sampler in ("full", "learned")
    }
    assert ["Of all Gaussians, the best samples" in text for text in told.values()] == [True, False]


@pytest.mark.parametrize(("name", "label"), [("dog-ae", "none"), ("dog-noise-0.10", "0.10")])
def test_the_first_point_answers_for_the_model_shown(name, label):
    first = notice(open_page("dogs/sample", model=label)).splitlines()[2]
    rows = {
        row["source"]: row
        for row in measurements.read_generation(fingerprint_of(REPO / "checkpoints"))["rows"]
        if row["model"] == name
    }
    best = min((rows[s] for s in latents.SAMPLERS if s in rows), key=lambda row: row["frechet"][0])
    (photos,) = [
        row
        for row in measurements.read_generation(fingerprint_of(REPO / "checkpoints"))["rows"]
        if row["source"] == generation.PHOTOS
    ]
    assert first.startswith("- **No, not by these figures.** ")
    shown = re.search(
        rf"best samples of “{models.title(name)}” are .* from photos is \*\*(\d+)\*\*; .* it is \*\*(\d+)\*\*, for unseen photos \*\*(\d+)\*\*",
        first,
    ).groups()
    distances = [row["frechet"][0] for row in (best, rows[generation.RECONSTRUCTIONS], photos)]
    assert [float(n) for n in shown] == pytest.approx(distances, abs=0.6)
    shares = re.search(
        r"([\d.]+)% of 8,192 dog photos .* ([\d.]+)% have a reconstruction near them, and ([\d.]+)% an unseen", first
    ).groups()
    coverages = [100 * row["coverage"][0] for row in (best, rows[generation.RECONSTRUCTIONS], photos)]
    assert [float(n) for n in shares] == pytest.approx(coverages, abs=0.06)


@pytest.mark.parametrize(
    ("share", "answer"),
    [
        (0.9, "Yes, nearly as well as it reconstructs."),
        (0.6, "Partly."),
        (0.1, "No, not by these figures."),
    ],
)
def test_the_verdict_is_how_much_of_the_reconstructions_coverage_the_best_samples_reach(
    share, answer, checkpoint_folder
):
    for name in MODELS:
        (checkpoint_folder / f"{name}.safetensors").symlink_to(checkpoints.checkpoint_path(name, REPO / "checkpoints"))
    results = measurements.read_generation(fingerprint_of(REPO / "checkpoints"), REPO / "checkpoints")
    drawn = [row for row in results["rows"] if row["source"] in latents.SAMPLERS]
    best = min(drawn, key=lambda row: row["frechet"][0])
    for row in results["rows"]:
        if row["source"] == generation.RECONSTRUCTIONS:
            row["coverage"][0] = 0.5
        elif row["source"] in latents.SAMPLERS:
            row["coverage"][0] = 0.5 * (share if row is best else 1 - share)
    measurements.save_generation(results, fingerprint_of(checkpoint_folder), checkpoint_folder)
    app = open_page("dogs/sample")
    below_the_table = text(app).replace(notice(app), "")
    assert f"**{answer}** Of all Gaussians, the best samples are those of" in below_the_table
    assert f"{0.5 * share:.1%} of {results['num_reference']:,} dog photos" in below_the_table


def test_a_model_trained_since_is_named(with_table):
    path = with_table / "dog-noise-0.10.safetensors"
    path.unlink()
    save("dog-noise-0.10", with_table, fingerprint_of(with_table), steps=7)
    app = open_page("dogs/sample")
    assert [warning.value.split(" has been")[0] for warning in app.warning] == ["“Noise 0.10”"]
    assert "Their Fréchet distance" in notice(app)  # of dog-ae, which is shown
    app.segmented_control(key="model").set_value("dog-noise-0.10").run()
    assert "Their Fréchet distance" not in text(app)


# Interpolation


def test_interpolate_says_what_happens_half_way():
    app = open_page("dogs/interpolate", seed=5, model="0.05", to="3")
    ckpt = aemodels.load_checkpoint("dog-noise-0.05")
    picked = torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(5))[[0, 2]]
    a, b = ckpt.codes[picked].flatten(1).double()
    cosine = float(a @ b / a.norm() / b.norm())
    assert numbers(r"angle between the two codes is \*\*(\d+)°", app) == [
        pytest.approx(math.degrees(math.acos(cosine)), abs=0.6)
    ]
    # Codes of mean square 1: the straight line's middle has (1 + cos) / 2 of it, the great circle's all.
    line, circle = numbers(r"has \*\*(\d+)%\*\* .* circle's (\d+)%", app)
    assert line == pytest.approx(50 * (1 + cosine), abs=1)
    assert circle == pytest.approx(100, abs=1)


def test_interpolation_starts_and_ends_as_chosen():
    app = open_page("dogs/interpolate", seed=5)
    shown = [pictures(app)[1]]
    for key, value in (("from", 4), ("to", 2), ("from", 2)):
        app.segmented_control(key=key).set_value(value).run()
        assert not app.exception
        shown.append(pictures(app)[1])
    assert len(set(shown)) == 4
    assert "Both ends are the same dog" in notice(app)  # 2 and 2
    assert "cross-fade" not in notice(app)


def test_interpolate_says_what_the_picture_half_way_is():
    app = open_page("dogs/interpolate", seed=5, to="3")
    ckpt = aemodels.load_checkpoint("dog-ae")
    picked = torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(5))[[0, 2]]
    a, b = ckpt.codes[picked]
    ends = ckpt.model.decode(ckpt.codes[picked]).numpy()
    half_way = torch.stack([(a + b) / 2, latents.slerp(a, b, 9)[4]])
    fade = ends.mean(0)
    walks = ckpt.model.decode(half_way).numpy()
    steps = [
        255 * (np.abs(np.diff(x, axis=1)).mean() + np.abs(np.diff(x, axis=2)).mean()) / 2 for x in (*walks, fade, *ends)
    ]
    shown = numbers(
        r"fine detail is ([\d.]+) on .* line and ([\d.]+) on .*, ([\d.]+) in .* have ([\d.]+) and ([\d.]+)\.",
        app,
    )
    assert shown == pytest.approx(steps, abs=0.06)
    apart = [255 * np.sqrt(np.square(x - fade).mean()) for x in walks]
    assert numbers(r"by ([\d.]+) \(straight line\) and ([\d.]+) \(great circle\) of 255", app) == pytest.approx(
        apart, abs=0.06
    )
    dogs_apart = 255 * np.sqrt(np.square(ends[0] - ends[1]).mean())
    assert numbers(r"The two dogs differ from each other by ([\d.]+)\.", app) == [pytest.approx(dogs_apart, abs=0.06)]


def test_kept_pictures_of_reference_codes_are_those_of_their_places():
    ckpt = aemodels.load_checkpoint("dog-ae")
    for places in ([5, 3, 5], [3, 900], [900, 5]):
        for place, tile in zip(places, references.tiles("dog-ae", places), strict=True):
            (expected,) = figures.to_tiles(ckpt.model.decode(ckpt.codes[[place]]))
            np.testing.assert_allclose(tile.astype(int), expected, atol=1)
