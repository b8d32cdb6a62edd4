"""The page What encode adds as its script draws it."""

import json
import re
from dataclasses import replace
from functools import partial

import apptest
import pytest
import torch
from apptest import UPLOADS, notice, numbers, pictures, png_file, text
from broken_models import save
from browser import REPO
from foreign_models import COLOUR, CONV, FOREIGN, save_foreign

import aemodels
from aemodels.models import building, refine
from aemodels.noise import seeded_order
from aemodels.storage import checkpoints
from pages.parts.photos import descents, stages

open_page = partial(apptest.open_page, "dogs/stages", seed=4)


@pytest.fixture
def x(dogs):
    """The nine test photos of seed 4."""
    order = torch.randperm(len(dogs.test_index), generator=torch.Generator().manual_seed(4))
    return dogs.images[dogs.test_index[order[:9]]].float() / 255


def measured(app):
    """Runs the page until plain descent has ended: the two charts' lines by name."""
    for _ in range(400):
        if not app.get("progress"):
            charts = [json.loads(chart.proto.spec)["data"] for chart in app.get("plotly_chart")]
            return [{line["name"]: line for line in chart} for chart in charts]
        app.run()
    raise AssertionError("plain descent never ended")


def test_every_stage_has_its_psnr_and_its_picture(x):
    app, model = (
        open_page(model="dog-noise-0.10", which=3, all="true"),
        aemodels.load_checkpoint("dog-noise-0.10").model,
    )
    assert not app.info
    shown = []
    codes = [z for _kind, z in refine.stages(model, x)]
    for stage, z in enumerate(codes):
        app.slider(key="stage").set_value(stage).run()
        assert not app.exception
        psnr = aemodels.psnr_db(x, model.decode(z))
        assert numbers(r"This photo: ([\d.]+) dB", app) == pytest.approx([psnr[2].item()], abs=0.006)
        shown.append(pictures(app)[0])
    assert len(set(shown)) == 7
    assert len(codes) == 7
    first, last = numbers(r"reaches ([\d.]+) dB on average, `encode` ([\d.]+) dB", app)
    before, after = (aemodels.psnr_db(x, model.decode(z)).mean().item() for z in (codes[0], codes[-1]))
    assert [first, last] == pytest.approx([before, after], abs=0.006)


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.10"])
def test_the_stages_are_known_before_there_are_any(name):
    ckpt = aemodels.load_checkpoint(name)
    kinds = [kind for kind, _z in refine.stages(ckpt.model, ckpt.model.decode(ckpt.codes[:1]))]
    assert refine.kinds(ckpt.model_config) == kinds


def test_the_picture_is_shown_before_its_stages_are_computed(without_photos, monkeypatch):
    app = open_page()
    monkeypatch.setattr(stages, "of", lambda name, x: [][0])
    app.number_input(key="seed").set_value(5151).run()  # of which nothing is kept
    assert app.exception
    assert len(pictures(app)) == 1


def test_plain_descent_needs_as_many_steps_as_are_said(x, monkeypatch):
    monkeypatch.setattr(descents, "REST_S", 0)
    app, model = open_page(model="dog-noise-0.10"), aemodels.load_checkpoint("dog-noise-0.10").model
    by_step, path = measured(app)
    (needed,) = numbers(r"Plain gradient descent needs \*\*(\d+) steps?\*\* to reach", app)
    plain, own = by_step["plain descent, this photo"]["y"], by_step["encode, this photo"]["y"]
    assert len(plain) == needed + 1
    assert plain[-2] < own[-1] <= plain[-1]
    assert plain[0] == own[0]
    expected = [aemodels.psnr_db(x[:1], model.decode(z))[0].item() for _kind, z in refine.stages(model, x[:1])]
    assert own == pytest.approx(expected, abs=1e-3)
    assert [line["x"][0] for line in path.values()] == [0, 0]


def test_descent_that_does_not_arrive_is_said_to(monkeypatch, x):
    monkeypatch.setattr(descents, "REST_S", 0)
    monkeypatch.setattr(descents, "MAX_STEPS", 2)
    app = open_page(model="dog-ae")
    measured(app)
    reached, target = numbers(
        r"After \*\*2 steps\*\* plain gradient descent is at ([\d.]+) dB, .* the ([\d.]+) dB", app
    )
    assert reached < target


def test_a_picture_whose_steps_go_astray_keeps_its_code(without_photos, monkeypatch):
    monkeypatch.setattr(descents, "REST_S", 0)
    app, ckpt = open_page(model="dog-ae", all="true"), aemodels.load_checkpoint("dog-ae")
    x = ckpt.model.decode(ckpt.codes[torch.randperm(1024, generator=torch.Generator().manual_seed(4))[:9]])
    *_before, (_kind, last), (_kept, kept) = refine.stages(ckpt.model, x)
    astray = (last != kept).flatten(1).any(1)
    assert numbers(r"For (\d+) of 9 pictures the steps went astray", app) == [astray.sum()]
    app.segmented_control(key="which").set_value(int(astray.nonzero()[0]) + 1).run()
    measured(app)
    assert "encode gains nothing over the first code" in text(app)


def test_without_photos_it_decodes_codes_and_says_so(without_photos):
    app = open_page()
    assert without_photos.name in app.info[0].value
    assert "decoded from codes" in notice(app)
    assert "on this picture**: the encoder alone reaches" in notice(app)
    app.toggle(key="all").set_value(True).run()
    first, last = numbers(r"reaches ([\d.]+) dB on average, `encode` ([\d.]+) dB", app)
    assert last > first


def test_a_photo_of_ones_own(without_photos):
    app = open_page(photos="own")
    assert "not added a photo" in app.info[0].value
    app.file_uploader(key=UPLOADS).set_value([("a.png", png_file(), "image/png")]).run()
    assert not app.exception
    assert not app.info
    assert "on this picture**: the encoder alone reaches" in notice(app)
    assert "on average" not in notice(app)


def test_the_scene_is_in_the_address_and_the_panel_in_the_report(without_photos):
    app = open_page(model="dog-ae", which=2, stage=3, all="true")
    assert app.slider(key="stage").value == 3
    assert app.get("button_group")  # the numbered pictures
    app.button(key="add_to_report").click().run()
    (entry,) = app.session_state["notebook"].entries()
    assert "number 2 at 9 stages of encode by “No noise”" in entry.panel.alt
    assert len(entry.panel.rows) == 9 * 9
    app.segmented_control(key="model").set_value("dog-noise-0.05").run()  # which has fewer stages
    assert app.slider(key="stage").value <= 6


@pytest.mark.parametrize(("key", "value"), [("stage", "99"), ("stage", "x"), ("which", "77"), ("which", "-1")])
def test_a_broken_address_shows_the_default(key, value, without_photos):
    app = open_page(**{key: value})
    assert not app.exception
    assert pictures(app)


def test_who_draws_again_finds_the_next_picture_improved_already(without_photos, monkeypatch):
    improved = []
    of = stages.of
    monkeypatch.setattr(stages, "of", lambda name, x: improved.append(x) or of(name, x))
    app, ckpt = open_page(model="dog-noise-0.05", which=2), aemodels.load_checkpoint("dog-noise-0.05")
    app.button("again").click().run()
    improved.clear()
    app.button("again").click().run()
    assert app.number_input("seed").value == 6
    (of_the_next,) = improved
    assert torch.equal(of_the_next, ckpt.model.decode(ckpt.codes[seeded_order(len(ckpt.codes), 7)[1:2]]))


def test_without_a_model_that_improves_codes_it_says_so(checkpoint_folder, without_photos):
    save("dog-ae", checkpoint_folder)  # without its refinement
    app = open_page()
    assert "no model with steps that improve the encoder's code" in app.info[0].value


@pytest.mark.parametrize("parts", [{"corrector_depths": (1, 1)}, {"refiner_depth": 1, "refiner_steps": 2}], ids=str)
def test_a_model_of_others(parts, checkpoint_folder, without_photos, monkeypatch):
    """Fresh: its parts leave every code as it is, or an untrained network's gradient leads nowhere."""
    monkeypatch.setattr(descents, "MAX_STEPS", 3)
    monkeypatch.setitem(
        FOREIGN, "other", ("other", COLOUR, {"variant": "plain", "latent_shape": (16, 4, 4), **CONV, **parts})
    )
    save_foreign("other", checkpoint_folder)
    app, model = open_page(), aemodels.load_checkpoint("other", checkpoint_folder).model
    measured(app)
    assert not app.exception
    assert not re.search(r"\b(nan|inf|None)\b", text(app))
    kinds = [kind for kind, _z in refine.stages(model, torch.rand(1, *model.config.image_shape))]
    assert refine.kinds(model.config) == kinds


def test_a_model_that_learnt_nothing_is_no_fault(checkpoint_folder, without_photos, monkeypatch):
    """All its weights are zero: every code is, and no step moves it."""
    monkeypatch.setattr(descents, "MAX_STEPS", 3)
    ckpt = aemodels.load_checkpoint("dog-ae", REPO / "checkpoints")
    model = building.build(ckpt.model_config).eval().requires_grad_(False)
    for weight in model.parameters():
        weight.zero_()
    checkpoints.save_checkpoint(replace(ckpt, model=model), checkpoint_folder)
    app = open_page()
    measured(app)
    assert not re.search(r"\b(nan|inf|None)\b", text(app))
