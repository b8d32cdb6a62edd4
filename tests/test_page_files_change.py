"""The app goes on while its files are moved, cut, replaced or deleted between two runs: the new model is shown, or a sentence."""

import re
import shutil
from pathlib import Path

import apptest
import pytest
from apptest import go_to, make_lab_report, notice, open_page, text
from broken_models import DOGS, MNIST, save
from browser import copy_photos

from aemodels.errors import CheckpointError
from aemodels.report.document import Figure
from aemodels.storage import checkpoints, own_models
from pages.parts.shared import loaders

SEVERAL = ("mnist/twins", "mnist/denoise", "dogs/noise_regularised", "about/training", "about/home")


def path(name):
    return checkpoints.checkpoint_path(name)


def cut(file):
    content = file.read_bytes()
    file.unlink()
    file.write_bytes(content[: len(content) // 2])


def models_of(section):
    """What the settings of a section's figures say of models."""
    settings = [block.panel.settings for block in section.blocks if isinstance(block, Figure)]
    return [str(of.get("model") or of.get("models") or "") for of in settings]


@pytest.fixture
def some_models(checkpoint_folder, without_photos):
    for name in MNIST + DOGS:
        save(name, checkpoint_folder, num_codes=60)
    return checkpoint_folder


def empty(file):
    file.write_bytes(b"")


@pytest.mark.parametrize("spoil", [cut, *(pytest.param(f, marks=pytest.mark.release) for f in (Path.unlink, empty))])
def test_one_spoilt_model_takes_out_itself_alone(spoil, some_models):
    app = apptest.start()
    for page in SEVERAL:
        go_to(app, page)
    for name in ("mnist-ae", "mnist-dae-2d", "dog-ae"):
        spoil(path(name))
    for page in SEVERAL:
        app.switch_page(f"{page}.py").run()
        assert not app.exception, page
        left_out = path("dog-ae").exists()  # and cannot be read
        if page == "dogs/noise_regularised":
            assert "dog-noise-0.05" in text(app)
            assert ("`dog-ae`" in notice(app)) is left_out
        if page == "mnist/twins":
            assert "L2 on the weights" in text(app)
            assert ("`mnist-ae`" in notice(app)) is left_out
        if page == "about/home":
            assert (len(app.error) == 1 and "dog-ae.safetensors is broken" in app.error[0].value) is left_out
    app.switch_page("about/report.py").run()
    sections = make_lab_report(app)
    assert list(sections) == [f"{letter}{item}" for letter in "MD" for item in (1, 2, 3, 4, 5)]
    models = {key: " ".join(models_of(section)) for key, section in sections.items()}
    assert "mnist-ae-l2-code" in models["M2"]
    assert not re.search(r"\bdog-ae\b", models["D5"])


def test_a_model_that_is_replaced_or_comes_is_shown(some_models):
    app = open_page("dogs/interpolate")
    first = app.get("image")[0].value
    save("dog-ae", some_models, lambda codes: codes.flip(0), 60)
    app.run()
    assert not app.exception
    assert app.get("image")[0].value != first
    path("dog-ae").unlink()
    app.run()
    assert not app.exception
    assert app.segmented_control(key="model").value == "dog-noise-0.05"
    save("dog-ae", some_models, num_codes=60)
    app.run()
    app.segmented_control(key="model").set_value("dog-ae").run()
    assert not app.error
    assert app.get("image")[0].value == first


@pytest.mark.parametrize("file", ["baselines.json", "generation.json"])
def test_measurements_that_are_cut_or_deleted(file, some_models):
    shutil.copy(apptest.REPO / "checkpoints" / file, some_models)
    app = open_page("dogs/noise_regularised")
    cut(some_models / file)
    for page in ("dogs/noise_regularised", "dogs/sample"):
        go_to(app, page)
    (some_models / file).unlink()
    for page in ("dogs/noise_regularised", "dogs/sample"):
        go_to(app, page)
        assert not app.error


def test_curves_that_are_broken_are_passed_over_and_a_toast_says_so(some_models):
    (some_models / "curves.json").write_text('{"models": {"dog-ae": {"identity": "soon"}}, "denoisers": {}}')
    app = open_page("dogs/axes")
    assert not app.exception
    assert "curves.json is broken" in app.toast[0].value
    app.run()
    assert not app.toast


def test_a_report_is_made_without_what_is_broken_and_a_toast_says_so(some_models):
    (some_models / "generation.json").write_text('{"0123": {"rows": "soon"}}')
    app = open_page("about/report")
    make_lab_report(app)
    assert not app.exception
    assert any("generation.json is broken" in toast.value for toast in app.toast)


@pytest.mark.parametrize(
    "what", ["photos deleted", *(pytest.param(w, marks=pytest.mark.release) for w in ("photos moved", "cache deleted"))]
)
def test_photos_are_still_there_in_this_visit(what, some_models, data_folder, tmp_path, monkeypatch):
    photos, cache = copy_photos(data_folder, tmp_path / "photos", 1), tmp_path / "cache"
    monkeypatch.setenv("LATENT_LAB_DATA", str(photos))
    monkeypatch.setenv("LATENT_LAB_CACHE", str(cache))
    app = open_page("dogs/reconstruct")
    assert not app.info
    if what == "photos moved":
        photos.rename(tmp_path / "elsewhere")
    else:
        shutil.rmtree(photos if what == "photos deleted" else cache)
    app.number_input(key="seed").set_value(2).run()
    for page in ("dogs/perturb", "about/home", "dogs/reconstruct"):
        go_to(app, page)
        assert app.get("image")


@pytest.mark.parametrize("page", ["mnist/latent_plane", "any/map"])
def test_a_visitor_s_model_that_is_removed_is_said_to_be_gone(page, some_models):
    key = "model" if page == "any/map" else "mnist_model"
    own_models.keep(path("mnist-dae" if page == "any/map" else "mnist-ae"), "mine", MNIST)
    app = open_page(page, **{key: "mine"})
    assert app.session_state[key] == "mine"
    assert not app.toast
    own_models.remove("mine")
    app.run()
    assert not app.exception
    assert not app.error
    assert "no model **mine** here" in app.toast[0].value
    app.run()
    assert not app.toast  # what is shown now is no surprise


def test_a_model_of_another_page_is_not_said_to_be_gone(some_models):
    (said,) = open_page("dogs/sample", model="mnist-ae").toast
    assert said.value == "The address asks for `model=mnist-ae`. This page cannot show that, and leaves it out."
    assert not open_page("dogs/sample", model="0.05").toast
    assert "no model **nobody** here" in open_page("dogs/sample", model="nobody").toast[0].value


def test_a_removed_model_is_trained_by_no_command(some_models):
    with pytest.raises(CheckpointError, match=r"^The model mine has been removed; choose another one\.$"):
        loaders.load("mine")
