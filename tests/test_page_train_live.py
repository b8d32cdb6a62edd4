"""The page Train live without a browser, its processes left out: choices, the queue, how a training ends, a name for what it learnt."""

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import psutil
import pytest
import streamlit as st
import torch
from apptest import collected, go_to, notice, open_page, start, text
from test_pages_zh import in_english, read, unmarked

from aemodels.data import shipped
from aemodels.language import speaking
from aemodels.storage import own_models
from aemodels.training import live, live_jobs, live_queue, live_recipes
from pages.parts.anomaly import scoring
from pages.parts.digits import live_choices, live_words
from pages.parts.shared import loaders, originals, visitors

PAGE = "mnist/train_live"
pytestmark = pytest.mark.usefixtures("without_photos")


@pytest.fixture(autouse=True)
def no_processes(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr(live_queue, "_start", lambda job: None)
    monkeypatch.setattr(live_jobs, "ALONE_S", 900)  # while it is trained here, no page beats


def press_start(app):
    app.button(key="live_start").click().run()
    assert not app.exception
    return live_queue.of_visitor(app.session_state["visitor"])


def train_to_its_end(app, seconds=1.0):
    job = press_start(app)
    asked = job.asked()
    asked["training"]["minutes"] = seconds / 60
    live_jobs.write(job.folder / "job.json", asked)
    live.run(job)
    app.run()
    assert not app.exception
    return job


def test_the_untrained_network_shows_at_once_and_a_place_in_the_queue():
    first, second = open_page(PAGE), open_page(PAGE)
    assert "8,000 of MNIST's 10,000 test digits" in text(first)
    assert "Press Start" in first.info[0].value
    one = press_start(first)
    assert "about to start" in text(first)
    assert len(one.moment().curve) == 1
    press_start(second)
    assert "1 is before yours" in text(second)
    assert "in 3 minutes at the latest" in text(second)
    second.button(key="live_stop").click().run()
    assert not second.exception
    assert live_queue.of_visitor(second.session_state["visitor"]) is None
    assert second.button(key="live_start")


def test_the_choices_are_the_recipe_and_the_address():
    app = open_page(
        PAGE, live_kind="denoising", live_noise_factor=0.7, live_code=5, live_widths="128", live_minutes=5, seed=9
    )
    recipe = press_start(app).recipe()
    assert recipe.model.variant == "denoising"
    assert dict(recipe.model.settings) == {"noise_factor": 0.7}
    assert (recipe.model.latent_shape, recipe.model.widths) == ((5,), (128,))
    assert (recipe.training.minutes, recipe.training.seed) == (5, 9)
    assert recipe.data == shipped.CONFIG
    app.selectbox(key="live_kind").set_value("weights-l2").run()
    assert not app.exception
    assert app.query_params["live_kind"] in ("weights-l2", ["weights-l2"])
    assert app.number_input(key="live_weight_decay").value == 0.1


def test_a_model_gets_a_name_and_every_page_lists_it():
    app = open_page(PAGE, live_kind="vae", live_widths="128")
    job = train_to_its_end(app)
    moment = job.moment()
    assert f"**{moment.bce:.4f}** nats a pixel and the PSNR **{moment.psnr_db:.2f} dB**" in notice(app)
    assert re.search(
        r"“VAE”, trained by train\.py, reaches 0\.1\d+ nats and 15\.\d+ dB on the same digits", notice(app)
    )
    assert (
        f"of the held-out digits the nearest dot is of the same digit. Before training it was {moment.curve[0, 4]:.0%}"
        in notice(app)
    )
    assert app.text_input(key="live_name").value == "my-vae"
    app.text_input(key="live_name").set_value("mnist-ae").run()
    app.button(key="live_keep").click().run()
    assert "model of the lab" in app.error[0].value
    app.text_input(key="live_name").set_value("the class's").run()
    app.button(key="live_keep").click().run()
    assert not app.exception
    assert "Kept as **the class's**" in app.success[0].value
    assert own_models.names() == ["the class's"]
    (link,) = (link.proto for link in app.get("page_link") if link.proto.label == "See how it was trained")
    assert "data=MNIST-8000" in str(link)

    images = originals.of_codes(loaders.load("the class's"))
    assert torch.equal(images, shipped.held_out()[0])  # of those that it was not trained on
    assert scoring.kinds(loaders.load("mnist-ae"))[1] != "MNIST-8000"  # which are no strange pictures
    go_to(app, "about/home")
    assert "the class's" in text(app)
    go_to(app, "mnist/latent_plane")
    app.segmented_control(key="mnist_data").set_value("MNIST-8000").run()
    assert not app.exception
    assert "2,000" in text(app)
    for page in ("mnist/twins", "mnist/path", "about/training", "any/anomaly"):
        go_to(app, page)
        assert [error.value for error in app.error] == []


def test_a_model_kept_in_one_tab_is_kept_in_the_other():
    one = open_page(PAGE, live_widths="128")
    train_to_its_end(one)
    other = open_page("about/home")
    other.session_state["visitor"] = one.session_state["visitor"]
    go_to(other, PAGE)
    one.button(key="live_keep").click().run()
    other.text_input(key="live_name").set_value("another name")
    other.button(key="live_keep").click().run()
    assert not other.exception
    assert "Kept as **my-plain**" in other.success[0].value
    assert own_models.names() == ["my-plain"]


def test_the_offer_to_keep_a_model_looks_whether_it_is_still_open(monkeypatch):
    every, fragment = [], st.fragment
    monkeypatch.setattr(st, "fragment", lambda function, run_every: every.append(run_every) or fragment(function))
    app = open_page(PAGE, live_widths="128")
    train_to_its_end(app)
    assert every[-1] is not None
    app.button(key="live_keep").click().run()
    assert every[-1] is None


def test_a_name_that_is_taken_is_asked_about(monkeypatch):
    own_models.keep(own_models.PROJECT / "checkpoints/mnist-ae.safetensors", "mine", ())
    app = open_page(PAGE, live_widths="128")
    train_to_its_end(app)
    app.text_input(key="live_name").set_value("Mine").run()
    app.button(key="live_keep").click().run()
    assert "There is a model mine already" in app.error[0].value
    go_to(app, "about/home")
    go_to(app, PAGE)
    assert app.text_input(key="live_name").value == "Mine"
    assert app.button(key="live_keep").label == "Replace"
    own_models.keep(own_models.PROJECT / "checkpoints/mnist-ae.safetensors", "another", ())
    app.text_input(key="live_name").set_value("another").run()
    assert app.button(key="live_keep").label == "Keep"  # nothing was asked about this one
    assert not app.error
    own_models.remove("another")
    app.text_input(key="live_name").set_value("Mine").run()
    app.button(key="live_keep").click().run()
    app.button(key="live_keep").click().run()
    assert "Kept as **mine**" in app.success[0].value
    app.toggle(key="live_sure_mine").set_value(True).run()
    unlink = Path.unlink
    with monkeypatch.context() as patch:
        patch.setattr(
            Path, "unlink", lambda path, **how: unlink(path / "beneath")
        )  # a stand-in for a file that may not be deleted
        app.button(key="live_remove").click().run()
    assert not app.exception
    assert "mine.safetensors could not be written" in app.error[0].value
    app.toggle(key="live_sure_mine").set_value(True).run()
    assert not app.error
    app.button(key="live_remove").click().run()
    assert not app.exception
    assert own_models.names() == []
    assert not app.success
    assert app.text_input(key="live_name").value == "Mine"  # it can be kept again


def test_who_was_sure_of_one_model_is_not_yet_sure_of_another():
    for name in ("mine", "yours"):
        own_models.keep(own_models.PROJECT / "checkpoints/mnist-ae.safetensors", name, ())
    app = open_page(PAGE)
    app.toggle(key="live_sure_mine").set_value(True).run()
    assert not app.button(key="live_remove").disabled
    for name in ("yours", "mine"):
        app.selectbox(key="live_kept").set_value(name).run()
        assert app.button(key="live_remove").disabled


@pytest.mark.parametrize("state", live_words.ENDS)
def test_each_end_is_a_sentence_and_start_is_there_again(state):
    app = open_page(PAGE, live_widths="128")
    job = press_start(app)
    if state == live_jobs.KILLED:
        live_jobs.write(job.folder / "process.json", {"pid": 2**22 + 1, "created": 0})
    else:
        job.end(state, reason="ValueError: no *such* shape.")
    app.run()
    assert not app.exception
    (said,) = app.error
    assert said.value.replace("\\", "") == live_words.of_end(*job.state())
    assert ("no *such* shape" in said.value.replace("\\", "")) == (state == live_jobs.FAILED)
    assert own_models.names() == []
    press_start(app)
    assert not app.error


def test_a_full_disk_at_the_start_is_a_sentence(monkeypatch):
    app = open_page(PAGE)

    def full(*args):
        raise live_queue.FileError("models could not be written: No space left on device; make room.")

    monkeypatch.setattr(live_queue, "submit", full)
    app.button(key="live_start").click().run()
    assert not app.exception
    assert "No space left on device" in app.error[0].value


def test_the_panel_tells_how_it_was_trained():
    app = open_page(PAGE, live_kind="code-l2", live_code=4, live_widths="128", seed=3)
    train_to_its_end(app)
    assert "two principal axes of 4" in notice(app)
    app.button(key="add_to_report").click().run()
    assert not app.exception
    (panel,) = collected(app)
    assert panel.settings["seed"] == 3
    assert panel.settings["L2 on the code"] == "0.001"
    assert set(panel.rows[-1]) == {"seconds", "step", "training_loss", "held_out_bce_nats", "nearest_is_same_digit"}


def test_a_variant_that_somebody_adds_can_be_chosen(monkeypatch):
    from aemodels.models import autoencoders

    class Own(autoencoders.Autoencoder):
        @dataclass(frozen=True)
        class Settings:
            rate: float  # as the page calls its field for the learning rate

    monkeypatch.setitem(autoencoders.VARIANTS, "own", Own)
    app = open_page(PAGE, live_kind="own")
    asked = press_start(app).recipe()
    assert asked.model.variant == "own"
    assert asked.model.settings["rate"] == live_recipes.OF_ANOTHER_VARIANT[0]
    assert asked.training.learning_rate == live_recipes.LEARNING_RATES[0]


def test_what_is_like_a_lab_model_is_held_against_it():
    of = live_recipes.recipe("plain", {}, 2, (8,), 1e-3, 1, 1)
    decayed = replace(of, training=replace(of.training, weight_decay=0.1))
    assert live_choices.kind_of(decayed) == "weights-l2"
    app = start()
    assert not app.exception
    assert live_words.labs_like(of)[0] == "mnist-ae"
    assert live_words.labs_like(decayed)[0] == "mnist-ae-l2-weights"
    assert live_words.labs_like(live_recipes.recipe("vae", {"beta": 1}, 7, (8,), 1e-3, 1, 1)) is None


def test_a_cookie_tells_visitors_apart_and_without_one_each_visit_is_another():
    assert open_page(PAGE).session_state["visitor"] != open_page(PAGE).session_state["visitor"]


def test_nothing_is_left_in_english(monkeypatch):
    monkeypatch.setattr(visitors, "name", lambda: "me")
    app = open_page(PAGE, lang="zh", live_code=3, live_widths="128")
    texts = read(app) + read(app.button(key="live_start").click().run())
    job = live_queue.of_visitor("me")
    live_jobs.write(job.folder / "process.json", {"pid": os.getpid(), "created": psutil.Process().create_time()})
    texts += read(app.run())
    live_jobs.write(job.folder / "measuring", {})
    texts += read(app.run())
    job.end(live_jobs.DONE)
    texts += read(app.run())
    job.note_kept("模型")
    own_models.keep(own_models.PROJECT / "checkpoints/mnist-ae.safetensors", "模型", ())
    texts += read(app.run())
    moment = job.moment()
    later = replace(moment, curve=np.vstack([moment.curve, [2, 40, 0.5, 0.4, 0.3]]))
    with speaking("zh"):
        texts += [live_words.of_training(job.recipe(), each, 99) for each in (moment, later)]
        texts += [live_words.of_end(state, {}) for state in live_words.ENDS]
        texts += [live_words.about_data(live_recipes.MNIST)]
    assert not app.exception
    assert len(texts) > 60
    found = {text: wrong for text in texts if (wrong := in_english(text) or unmarked(text))}
    assert not found
