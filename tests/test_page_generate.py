"""The page Generate as its script draws it, and the learned prior among the samplers of other pages."""

import io
import re
import time
from dataclasses import replace

import numpy as np
import pytest
import test_pages_zh
import torch
from apptest import collected, go_to, notice, numbers, open_page, pictures, start, text
from broken_models import quick
from browser import REPO
from PIL import Image
from small_priors import save_prior

import aemodels
from aemodels.codes import flows, latents
from aemodels.errors import DataError
from aemodels.quality import generation
from aemodels.storage import checkpoints, measurements
from pages.parts.photos import drawings
from pages.parts.shared import export, loaders

VIEWS = ("nine", "way", "between", "back", "filling", "why")
SEEDS = range(3000, 3009)


@pytest.fixture(scope="module")
def priors(tmp_path_factory):
    """A folder with two small priors and their autoencoders."""
    folder = tmp_path_factory.mktemp("priors")
    for name in ("dog-prior", "mnist-prior"):
        save_prior(name, folder)
    return folder


@pytest.fixture(autouse=True)
def use(priors, without_photos, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CHECKPOINTS", str(priors))


def generate(**query):
    app = open_page("dogs/generate", seed=3, steps=4, **query)
    assert not app.exception
    return app


def panel(app):
    """What "Add to report" collects."""
    app.button(key="add_to_report").click().run()
    return collected(app)[-1]


def sampled(folder, **how):
    """As the page draws them unless it is told otherwise."""
    how = {"label": [seed % 120 for seed in SEEDS], "guidance": flows.GUIDANCE} | how
    return flows.sample(aemodels.load_checkpoint("dog-prior", folder).model, SEEDS, flows.Sampling(num_steps=4, **how))


def test_what_the_gaussian_draws_is_shown_before_the_samples(monkeypatch):
    app = generate()
    monkeypatch.setattr(drawings.Drawing, "is_done", lambda drawing, within_s: within_s > 0)
    monkeypatch.setattr(latents, "nearest", lambda codes, z: [][0])  # the samples' own picture needs it
    app.number_input(key="seed").set_value(5151).run()  # of which nothing is kept
    assert app.exception
    assert len(pictures(app)) == 1


@pytest.mark.parametrize(
    ("view", "said"), [("back", "in grey levels of 255 (RMS)"), ("between", "E[z²], the mean square of its code")]
)
def test_a_caption_says_what_the_figures_in_its_panel_are(view, said):
    assert said in panel(generate(view=view)).caption


def test_dogs_come_first_and_are_the_prior_s_own_samples(priors):
    app = generate()
    assert not app.error
    assert not app.info
    added = panel(app)
    z, codes = sampled(priors), aemodels.load_checkpoint("dog-noise-0.10", priors).codes
    nearest, distance = latents.nearest(codes, z)
    assert [row["seed"] for row in added.rows] == list(SEEDS)
    assert [row["mean_square"] for row in added.rows] == pytest.approx(z.square().flatten(1).mean(1).tolist(), rel=1e-3)
    assert [row["nearest_code"] for row in added.rows] == nearest.tolist()
    assert [row["distance_to_nearest_code"] for row in added.rows] == pytest.approx(distance.tolist(), rel=1e-3)
    assert added.settings["model"] == "dog-prior"
    assert added.settings["codes of"] == "dog-noise-0.10"


def test_class_guidance_and_strength_change_the_samples(priors):
    app = generate()
    shown = [pictures(app)[0]]
    assert "breed: all in turn" in text(app)
    app.selectbox(key="dog_class").set_value("none").run()
    assert app.slider(key="guidance").disabled
    shown.append(pictures(app)[0])
    expected = sampled(priors, label=None).square().flatten(1).mean(1).tolist()
    assert [row["mean_square"] for row in panel(app).rows] == pytest.approx(expected, rel=1e-3)
    app.selectbox(key="dog_class").set_value("7").run()
    assert not app.slider(key="guidance").disabled
    shown.append(pictures(app)[0])
    app.slider(key="guidance").set_value(5.0).run()
    shown.append(pictures(app)[0])
    expected = sampled(priors, label=7, guidance=5.0).square().flatten(1).mean(1).tolist()
    assert [row["mean_square"] for row in panel(app).rows] == pytest.approx(expected, rel=1e-3)
    app.slider(key="strength").set_value(0.0).run()
    shown.append(pictures(app)[0])
    assert len(set(shown)) == 5
    assert "Left and right are the same" in notice(app)
    assert [row["mean_square"] for row in panel(app).rows] == pytest.approx(
        sampled(priors, strength=0.0).square().flatten(1).mean(1).tolist(), rel=1e-3
    )


def test_digits_have_a_prior_too_and_no_cells():
    app = generate(data="MNIST")
    assert "codes of digits" in text(app)
    views = {*app.segmented_control(key="view").options}
    assert "Nine samples" in views
    assert not {"Fill in cells", "How good they are"} & views
    app.selectbox(key="digit_class").set_value("4").run()
    assert not app.exception
    assert panel(app).settings["digit"] == "4"


@pytest.mark.parametrize("data", ["Stanford Dogs", "MNIST"])
@pytest.mark.parametrize("view", VIEWS[1:])
def test_every_view_has_something_to_notice(view, data):
    if (view, data) == ("filling", "MNIST"):
        pytest.skip("a code without cells")
    app = generate(view=view, data=data)
    assert not app.error
    assert "What to notice" in notice(app)
    assert not re.search(r"\b(nan|inf|None)\b", text(app))
    if view != "why":
        assert panel(app).rows
        assert pictures(app)


@pytest.mark.parametrize("data", ["Stanford Dogs", "MNIST"])
def test_detail_is_said_to_be_lost_where_there_is_less_of_it(data):
    way, back = (generate(view=view, data=data) for view in ("way", "back"))
    first, _now, end = numbers(r"([\d.]+) at the start, ([\d.]+) at the step shown, ([\d.]+) at the end", way)
    before, noisy, after = numbers(r"([\d.]+) before, ([\d.]+) with the noise, ([\d.]+) after", back)
    assert ("then the detail" in notice(way)) == (first < 0.75 * end)
    assert ("takes fine detail away" in notice(back)) == (noisy < 0.75 * before and noisy < after)


def test_the_slider_scrubs_the_way_from_noise_to_code(priors):
    app, path = (
        generate(view="way", dog_class="none"),
        [*flows.path(aemodels.load_checkpoint("dog-prior", priors).model, SEEDS, flows.Sampling(num_steps=4))],
    )
    shown = []
    for step in range(5):
        app.slider(key="moment").set_value(step).run()
        shown.append(pictures(app)[0])
    assert len(set(shown)) == 5
    rows = panel(app).rows
    assert [row["t"] for row in rows] == [moment.t for moment in path]
    assert rows[0]["mean_square_1"] == pytest.approx(path[0].x_t[0].square().mean().item(), rel=1e-3)
    assert rows[-1]["distance_of_pointed_at_from_end"] == 0


def test_half_way_in_the_noise_is_a_sample_and_in_the_code_the_mean_of_the_ends(priors):
    app = generate(view="between", sample_from=2, sample_to=5)
    rows = {(row["way"], row["step"]): row["mean_square"] for row in panel(app).rows}
    z = sampled(priors)[[1, 4]]
    assert rows["code", 0] == rows["noise", 0] == pytest.approx(z[0].square().mean().item(), rel=1e-3)
    assert rows["code", 4] == pytest.approx(z.mean(0).square().mean().item(), rel=1e-3)
    assert rows["noise", 4] > 1.5 * rows["code", 4]
    app.segmented_control(key="sample_to").set_value(2).run()
    assert "Both ends are the same sample" in app.info[0].value


def test_the_further_a_code_goes_to_the_noise_the_more_its_picture_changes():
    app, apart = generate(view="back"), []
    for t in (0.1, 0.5, 1.0):
        app.slider(key="push").set_value(t).run()
        apart += numbers(r"differ by \*\*([\d.]+)\*\* of 255 grey levels from those", app)
    assert apart == sorted(apart)
    assert apart[0] < 0.5 * apart[2]


def test_cells_that_are_kept_keep_their_code_and_holes_are_filled_anew():
    app = generate(view="filling")
    assert app.multiselect(key="holes").value == [(row, column) for row in range(2, 6) for column in range(2, 6)]
    (holes,), (kept,) = (
        numbers(pattern, app)
        for pattern in (r"each other by ([\d.]+) of 255", r"still differs there by ([\d.]+) grey levels")
    )
    assert holes > 3 * kept
    app.multiselect(key="holes").set_value([]).run()
    assert "No cell is cut out" in notice(app)
    app.multiselect(key="holes").set_value([(0, 0)]).run()
    assert panel(app).rows == [{"row": 1, "column": 1}]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("steps", "0"),
        ("steps", "-3"),
        ("guidance", "1e9"),
        ("strength", "nan"),
        ("dog_class", "nobody"),
        ("view", "nothing"),
        ("data", "Cats"),
        ("model", "cat-prior"),
    ],
)
def test_a_broken_address_shows_the_default(key, value):
    app = open_page("dogs/generate", **{"seed": 3, "steps": 4, key: value})
    assert not app.exception
    assert not app.error
    assert pictures(app)


@pytest.mark.parametrize(
    ("view", "key", "value"),
    [("way", "moment", "99"), ("way", "sample", "77"), ("filling", "holes", "99, 1"), ("back", "push", "7")],
)
def test_a_broken_address_of_a_view_shows_the_default(view, key, value):
    app = generate(view=view, **{key: value})
    assert "What to notice" in notice(app)


def test_an_address_leads_back_to_the_same_samples():
    first = generate(dog_class="11", guidance=3.0)
    assert first.selectbox(key="dog_class").value == "11"
    again = generate(dog_class="11", guidance=3.0)
    assert pictures(again)[0] == pictures(first)[0]


def test_without_its_autoencoder_or_with_another_training_of_it_a_prior_says_so(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CHECKPOINTS", str(tmp_path))
    save_prior("dog-prior", tmp_path)
    model_file = tmp_path / "dog-noise-0.10.safetensors"
    model_file.unlink()
    app = generate()
    (error,) = app.error
    assert "dog-prior draws codes for dog-noise-0.10, which cannot be used" in error.value
    assert not pictures(app)
    ckpt = quick("dog-noise-0.10")
    checkpoints.save_checkpoint(replace(ckpt, codes=ckpt.codes.clone()), tmp_path)  # without what improves its codes
    app = generate()
    assert "another training of dog-noise-0.10" in app.error[0].value
    home = start()
    assert any("another training of dog-noise-0.10" in warning.value for warning in home.warning)


def test_without_a_prior_it_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CHECKPOINTS", str(tmp_path))
    app = generate()
    assert "no model with a prior learnt on codes" in app.info[0].value


def test_samples_sharpen_while_a_slow_prior_draws(priors, monkeypatch):
    monkeypatch.setattr(drawings, "SHOW_AFTER_S", 0.0)
    monkeypatch.setattr(drawings, "SHOW_EVERY_S", 0.0)
    path, seen = flows.path, []

    def slow(*arguments):
        for i, moment in enumerate(path(*arguments)):
            yield moment
            while len(seen) < min(i, 3):  # the step before was seen
                time.sleep(0.001)

    monkeypatch.setattr(flows, "path", slow)
    setting = drawings.Setting(loaders.version("dog-prior"), loaders.version("dog-noise-0.10"), num_steps=5)
    drawn = drawings.watch(setting, [1, 2, 3], lambda moment: seen.append(moment.t))
    assert [moment.t for moment in drawn.moments] == pytest.approx([1, 0.8, 0.6, 0.4, 0.2, 0], abs=1e-6)
    assert seen == sorted(seen, reverse=True)
    assert len(seen) > 2
    prior = aemodels.load_checkpoint("dog-prior", priors).model
    assert torch.allclose(drawn.z, flows.sample(prior, [1, 2, 3], flows.Sampling(num_steps=5)), atol=1e-4)


def test_who_draws_again_finds_the_next_samples_and_their_gaussian_drawn(monkeypatch):
    begun, drawing = [], drawings.Drawing

    def begin(setting, seeds):
        begun.append((setting.strength, seeds[0]))
        return drawing(setting, seeds)

    monkeypatch.setattr(drawings, "Drawing", begin)
    app = generate()
    app.button("again").click().run()
    begun.clear()
    app.button("again").click().run()
    assert app.number_input("seed").value == 5
    assert sorted(begun) == [(0, 6000), (1, 6000)]


def test_gaussian_samples_are_shown_while_learned_ones_are_drawn(monkeypatch):
    shown = []
    monkeypatch.setattr(export, "show", lambda png, alt: shown.append(np.asarray(Image.open(io.BytesIO(png)))))
    app = open_page("dogs/noise_regularised", seed=31, noise_view="samples")
    assert not app.exception
    before, after = shown
    assert before.shape == after.shape
    columns = np.nonzero((before != after).any((0, 2)))[0]
    third = after.shape[1] / 3
    assert third < columns.min() < columns.max() < 2 * third  # of a single model all stand side by side
    shown.clear()
    app.run()
    assert len(shown) == 1


def test_what_goes_wrong_while_drawing_is_one_sentence(monkeypatch):
    def broken(*arguments):
        raise DataError("The noise ran out; buy more.")
        yield

    monkeypatch.setattr(flows, "path", broken)
    app = open_page("dogs/generate", seed=77, steps=4)
    assert not app.exception
    assert [error.value for error in app.error] == ["The noise ran out; buy more."]


def test_the_learned_prior_is_a_sampler_where_there_is_one():
    app = open_page("dogs/sample", seed=3, model="dog-noise-0.10", sampler="learned")
    assert not app.exception
    assert app.select_slider(key="fitted_on").disabled
    assert "A learned prior draws here: “Prior on the codes of dog-noise-0.10”, a second network" in notice(app)
    assert "From N(0, I) to what is learned" in [header.value for header in app.header]
    num_photos = aemodels.load_checkpoint("dog-prior").data.num_images["train"]  # each of them mirrored as well
    assert f"the codes of {num_photos:,} training photos lie" in text(app)
    assert panel(app).settings["drawn from"] == "dog-prior"
    perturbed = open_page("dogs/perturb", seed=3, model="dog-noise-0.10", codes="learned")
    assert panel(perturbed).settings["codes of"] == "Nine learned samples"
    regularised = open_page("dogs/noise_regularised", seed=3, noise_view="samples")
    assert "nine learned samples" in panel(regularised).alt


@pytest.mark.parametrize(("wall_s", "is_shown"), [(0, True), (1, False)])
def test_how_far_the_prior_comes_is_told_unless_it_was_trained_again(wall_s, is_shown, tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CHECKPOINTS", str(tmp_path))
    save_prior("dog-prior", tmp_path)
    prior = aemodels.load_checkpoint("dog-prior", tmp_path)
    fingerprint = prior.data.fingerprint
    results = measurements.read_generation(fingerprint, REPO / "checkpoints")
    rows = {row["source"]: row for row in results["rows"] if row["model"] == "dog-noise-0.10"}
    gaussian = min(rows[sampler]["frechet"][0] for sampler in latents.SAMPLERS)
    rebuilt = rows[generation.RECONSTRUCTIONS]["frechet"][0]
    drawn = {**rows["full"], "source": generation.LEARNED, "frechet": [gaussian - 0.25 * (gaussian - rebuilt), 1.0]}
    identity = generation.prior_identity(prior.provenance)
    identity["wall_s"] += wall_s
    results |= {"rows": [*results["rows"], drawn], "priors": {"dog-noise-0.10": identity}}
    measurements.save_generation(results, fingerprint, tmp_path)
    app = generate()
    assert ("has gone **25%** of the way" in notice(app)) == is_shown
    sample = go_to(app, "dogs/sample")
    assert ("Learned" in sample.table[0].value.index) == is_shown


def of_a_prior(prior, samples):
    """What the benchmark would keep of a prior, the Fréchet distance of its samples between 200 for a Gaussian's and 100 for reconstructions."""
    distance = {"unseen": 10.0, "reconstructions": 100.0, "gaussian": 200.0, "samples": samples}
    shares = {"top1_ci95": 0.01, "top5": 0.5, "top5_ci95": 0.02, "num_images": 1024}
    told = {"reconstructions": {"top1": 0.2, **shares}, "samples": {"top1": 0.1, **shares}}
    copies = {
        "num_samples": 2048,
        "num_unseen": 1886,
        "smallest_sample": 21.5,
        "smallest_unseen": 20.25,
        "near_at": 24.0,
    }
    copies |= {"near": 0.008, "near_ci95": 0.004, "smallest_of_equal": {"samples": 21.6, "unseen": 20.25}}
    features = ("fixed", "ImageNet")
    over = {
        "steps": [{"num_steps": n, "frechet": dict.fromkeys(features, samples + 40 / n)} for n in (1, 4, 25)],
        "guidance": [{"guidance": g, "frechet": dict.fromkeys(features, samples - g), "told": {}} for g in (1.0, 3.0)],
        "training": [],
        "others": dict.fromkeys(features, distance),
    }
    return {
        "prior": generation.prior_identity(prior.provenance),
        "num_samples": 2048,
        "num_known": 16292,
        "num_classes": 120,
        "num_compared": 1024,
        "copies": copies,
        "frechet": dict.fromkeys(features, distance),
        "told": dict.fromkeys(features, told),
        "curves": over,
    }


@pytest.fixture
def measured(tmp_path, monkeypatch):
    """A folder where a prior is measured, whose samples have a distance of 150, and small priors on the codes of two models."""
    monkeypatch.setenv("LATENT_LAB_CHECKPOINTS", str(tmp_path))
    save_prior("dog-prior", tmp_path)
    (tmp_path / "dog-ae.safetensors").symlink_to(REPO / "checkpoints" / "dog-ae.safetensors")
    prior = aemodels.load_checkpoint("dog-prior", tmp_path)
    results = measurements.read_generation(prior.data.fingerprint, REPO / "checkpoints")
    rows = [
        {
            "model": name,
            "identity": results["checkpoints"][name],
            "num_photos": 4073,
            "num_steps": 372,
            "frechet": distance,
        }
        for name, distance in (("dog-ae", 250.0), ("dog-noise-0.10", 160.0))
    ]
    of_few = next(row for row in results["rows"] if (row["source"], row["model"]) == ("full", "dog-noise-0.10"))
    results["rows"].append({**of_few, "source": generation.LEARNED, "frechet": [170.0, 1.0]})
    results["priors"] = {"dog-noise-0.10": generation.prior_identity(prior.provenance)}
    results |= {"learned": {"dog-noise-0.10": of_a_prior(prior, 150.0)}, "spaces": rows, "photos": rows[1:]}
    measurements.save_generation(results, prior.data.fingerprint, tmp_path)
    return tmp_path, prior, results


def test_how_good_samples_are_is_told_in_a_table_in_curves_and_in_words(measured):
    app = generate(view="measured")
    assert not app.error
    frame = app.table[0].value
    assert frame["Fréchet distance"].to_dict() == {
        "Unseen photos": "10.0",
        "Reconstructions": "100.0",
        "Learned": "150.0",
        "Gaussian": "200.0",
    }
    assert frame["Accuracy, top 1"]["Learned"] == "10.0%\xa0±\xa01.0%"
    assert frame["Accuracy, top 1"]["Gaussian"] == "–"
    said = notice(app)
    measured_on = "distance of 150** from photos (1,024 samples, each breed in turn)"
    assert measured_on in said
    assert "Gaussian has 200, the reconstructions have 100" in said
    assert "charts, and each figure of a table below them, is of 512 pictures" in text(app)
    assert "right for 10.0% of the samples and for 20.0% of the reconstructions" in said
    assert "**50%** as often" in said
    assert "**50%** of the way" in said
    assert "Of 2,048 samples, the one nearest to a training photo differs from it by 21.5 of 255" in said
    assert "**0.8%** of the samples" in said
    assert "smallest for **Noise 0.10**, 160" in said
    frame = app.table[1].value
    assert frame["Small prior"].to_dict() == {"Noise 0.10": "160.0", "No noise": "250.0"}
    of_ae = {row["source"]: row["frechet"][0] for row in measured[2]["rows"] if row["model"] == "dog-ae"}
    assert frame["Reconstructions"]["No noise"] == f"{of_ae['reconstructions']:.1f}"
    assert frame["Best Gaussian"]["No noise"] == f"{of_ae['full']:.1f}"
    added = panel(app)
    by_steps = {
        row["x"]: row["frechet"]
        for row in added.rows
        if (row["chart"], row["series"]) == ("Steps of drawing", "Learned")
    }
    assert by_steps == {1: 190.0, 4: 160.0, 25: pytest.approx(151.6)}
    app.segmented_control(key="features").set_value("ImageNet").run()
    assert not app.exception
    assert panel(app).settings["features"] == "a network trained on ImageNet"
    nine = notice(generate())
    assert "**50%** as often" in nine
    assert measured_on in nine
    sample = go_to(app, "dogs/sample")
    assert {"Drawn from a Gaussian", "Drawn from what is learned"} <= {header.value for header in sample.subheader}
    assert "Which codes are the best to generate in?" in text(sample)


def test_what_was_measured_of_another_training_is_not_told(measured):
    folder, prior, results = measured
    other = {
        **results["learned"]["dog-noise-0.10"],
        "prior": generation.prior_identity(prior.provenance) | {"steps": 1},
    }
    of_others = [{**row, "identity": {**row["identity"], "steps": 1}} for row in results["spaces"]]
    results |= {"learned": {"dog-noise-0.10": other}, "spaces": of_others}
    measurements.save_generation(results, prior.data.fingerprint, folder)
    app = generate(view="measured")
    assert "Not measured yet for “Prior on the codes of dog-noise-0.10”" in app.info[0].value
    assert "Can the breed be told" not in text(generate())
    assert "Which codes are the best" not in text(go_to(app, "dogs/sample"))


def test_no_english_is_left_where_the_chinese_page_tells_how_good_samples_are(measured):
    names = aemodels.load_checkpoint("dog-prior", measured[0]).data.label_names
    known = [*names, "dog-prior", "dog-ae", "Prior on the codes of dog-noise-0.10", "ImageNet"]
    found = test_pages_zh.left("dogs/generate", known, view="measured", steps=4)
    assert not found, test_pages_zh.say("dogs/generate", found)


@pytest.mark.parametrize("view", VIEWS)
def test_no_english_is_left_on_a_chinese_page(view, priors):
    names = aemodels.load_checkpoint("dog-prior", priors).data.label_names
    found = test_pages_zh.left(
        "dogs/generate", [*names, "dog-prior", "Prior on the codes of dog-noise-0.10"], view=view, steps=1
    )
    assert not found, test_pages_zh.say("dogs/generate", found)


def test_priors_have_a_training_of_their_own_kind():
    app = open_page("about/training", data="Stanford Dogs, priors")
    assert not app.exception
    assert "velocity loss on test codes" in text(app)
    assert "A prior learns to predict the velocity" in text(app)
    home = go_to(app, "about/home")
    assert "| dog-prior |" in text(home)
