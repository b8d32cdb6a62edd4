"""The page Film without a browser: its words and figures, which models have one, films that cannot be used."""

import re
import shutil

import pytest
import streamlit as st
from apptest import notice, numbers, open_page, text
from broken_models import save
from browser import REPO
from foreign_models import save_foreign

import aemodels
from aemodels import language
from aemodels.quality import filmed
from aemodels.storage import films
from pages.parts.film import canvas, reel, wording

pytestmark = pytest.mark.usefixtures("without_photos")
NAME = "mnist-ae"


@pytest.fixture
def folder(checkpoint_folder):
    """Checkpoints with one film among them."""
    for file in (f"{NAME}.safetensors", f"{NAME}.film"):
        shutil.copy(REPO / "checkpoints" / file, checkpoint_folder)
    save("mnist-dae-2d", checkpoint_folder, num_codes=60)
    return checkpoint_folder


def test_it_says_when_the_digits_part_and_how_far_the_codes_spread(folder):
    app = open_page("any/film")
    moments = filmed.measure(films.load_film(NAME), aemodels.load_checkpoint(NAME).labels)
    first, final, half, steps, _share = numbers(
        r"of the same digit for \*\*([\d.]+)%\*\* of the codes before .* for \*\*([\d.]+)%\*\* at the end\. Half of this rise is done by step "
        r"\*\*([\d,]+)\*\* of ([\d,]+), after ([\d.]+)% of the training",
        app,
    )
    shares = [moment.neighbour_accuracy for moment in moments]
    assert (first, final) == pytest.approx((100 * shares[0], 100 * shares[-1]), abs=0.051)
    assert (half, steps) == (moments[filmed.halfway(shares)].step, moments[-1].step)
    assert first < final / 2
    assert "Procrustes" in notice(app)
    assert "Without a film: “2-D code · denoiser”." in notice(app)


def test_of_several_films_it_says_each_thing_once_with_the_figures_of_all():
    points = notice(open_page("any/film", films="mnist-ae,mnist-vae")).splitlines()
    parted = [point for point in points if "Half of this rise" in point]
    share, step = r"\*\*[\d.]+%\*\*", r"\*\*[\d,]+\*\*"
    assert len(parted) == 1
    assert re.search(
        rf"at the end {share} \(Plain\), {share} \(VAE\)\. .* by step {step} \(Plain\), {step} \(VAE\)\.", parted[0]
    )
    (spread,) = (point for point in points if "root mean square distance" in point)
    last = {
        name: filmed.measure(films.load_film(name), aemodels.load_checkpoint(name).labels)[-1]
        for name in ("mnist-ae", "mnist-vae")
    }
    plain, vae = (moment.spread for moment in last.values())
    assert (
        f"in the end **{plain:.2f}** (Plain), **{vae:.2f}** (VAE). In the end, as a multiple of that of “Plain”: {vae / plain:.2f} (VAE)."
        in spread
    )


def test_it_says_how_many_of_the_codes_are_drawn():
    assert "10,000" not in wording.of_film(5_000, canvas.NUM_DRAWN)["hint"]
    hint = wording.of_film(10_000, canvas.NUM_DRAWN)["hint"]
    assert hint.endswith(
        "5,000 of the 10,000 codes are drawn, so that they move smoothly; the curves and figures are of all."
    )
    with language.speaking("zh"):
        assert wording.of_film(10_000, canvas.NUM_DRAWN)["hint"].endswith("曲线和数值则用全部编码计算。")


def test_a_step_and_models_are_in_the_address():
    app = open_page("any/film", films="mnist-ae-l2-code", film_step=100, film_scale="same")
    assert app.number_input(key="film_step").value == 100
    assert app.session_state["films"] == ["mnist-ae-l2-code"]
    assert "axes: same scale" in text(app)
    assert "Plain" not in notice(app)
    app.session_state["films"] = []
    assert not app.run().exception


def test_a_step_beyond_the_end_is_the_last(folder):
    app = open_page("any/film", film_step=10**6)
    assert app.number_input(key="film_step").value == films.load_film(NAME).steps[-1]


def test_models_without_a_film_say_where_one_comes_from(checkpoint_folder):
    save_foreign("fashion-plane", checkpoint_folder)
    app = open_page("any/film")
    assert app.info[0].value.startswith("No model of FashionMNIST has a film. train.py keeps one while it trains")


@pytest.mark.parametrize("fault", ["cut", "of another training"])
def test_a_film_that_cannot_be_used_is_named(fault, folder):
    path = films.film_path(NAME, folder)
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:-100])
    else:
        save(NAME, folder, num_codes=60)
    app = open_page("any/film")
    said = "broken or incomplete" if fault == "cut" else "of another training"
    assert app.error[0].value.startswith(f"{NAME}.film is {said}")


def test_the_panel_and_the_film_to_take_along(folder, monkeypatch):
    app = open_page("any/film")
    app.button(key="add_to_report").click().run()
    assert not app.exception
    panel = app.session_state["notebook"].entries()[0].panel
    assert [row["step"] for row in panel.rows] == films.load_film(NAME).steps.tolist()
    assert {"loss_bce_nats", "spread", "same_class_nearest"} <= panel.rows[0].keys()
    monkeypatch.setattr("aemodels.report.film_figures.NUM_FRAMES", 3)
    app.button(key="make_film").click().run()
    assert not app.exception
    assert app.session_state["film_made"][1][8:12] == b"WEBP"


def test_it_speaks_chinese():
    app = open_page("any/film", lang="zh")
    assert app.title[0].value == "训练影片"
    assert "观察要点" in text(app)


def test_a_film_that_is_not_here_is_said_to_be_gone():
    app = open_page("any/film", films="mnist-ae,nobody")
    assert app.session_state["films"] == ["mnist-ae"]
    assert "no model **nobody** here" in app.toast[0].value
    assert not open_page("any/film", films="mnist-ae,mnist-vae").toast


def test_the_moments_are_measured_once_for_all_starts(monkeypatch, tmp_path):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path))
    st.cache_resource.clear()
    measured = reel.moments(NAME)
    assert measured == filmed.measure(films.load_film(NAME), aemodels.load_checkpoint(NAME).labels)
    st.cache_resource.clear()
    monkeypatch.setattr("aemodels.quality.filmed.measure", None)
    assert reel.moments(NAME) == measured
