"""The MNIST pages in both languages, and sentences that depend on how figures are rounded."""

import dataclasses
import re

import numpy as np
import pytest
from apptest import notice, open_page, pictures, text
from test_page_latent_plane import sent

import aemodels
from aemodels.data import words
from aemodels.export import wording
from aemodels.language import speaking
from aemodels.storage import checkpoints
from pages.parts.plane import findings

PLAIN = aemodels.load_checkpoint("mnist-ae")
ENGLISH = re.compile(r"\b[a-z]{4,}\b")
CHINESE = re.compile("[一-鿿]")
COMPONENTS = {"latent_plane": "plane", "twins": "plane_twins", "path": "plane_path"}


@pytest.mark.parametrize(("page", "component"), COMPONENTS.items())
def test_components_get_their_words_in_the_visitors_language(page, component):
    for language, other in (("en", CHINESE), ("zh", ENGLISH)):
        (shown,) = sent(open_page(f"mnist/{page}", lang=language), component)
        for name, message in shown["words"].items():
            assert not other.search(re.sub(r"\{\w+\}", "", message)), (name, message)


@pytest.mark.parametrize("page", ["latent_plane", "twins", "path", "denoise"])
def test_no_english_sentence_is_left_of_a_page(page):
    app = open_page(f"mnist/{page}", lang="zh")
    shown = text(app, "header", "title").replace(
        "**What to notice**", ""
    )  # that and the files' names may be in English
    shown = re.sub(r"mnist-[\w-]+", "", shown)
    assert len(CHINESE.findall(shown)) > 100
    assert ENGLISH.findall(shown) == []


@pytest.mark.parametrize(("page", "index"), [("twins", 0), ("twins", 1), ("path", 0), ("denoise", 0)])
def test_a_panel_that_is_kept_is_not_shown_in_another_language(page, index):
    shown = [pictures(open_page(f"mnist/{page}", lang=language))[index] for language in ("en", "zh", "en", "zh")]
    assert shown[0] == shown[2] != shown[1] == shown[3]


def test_every_kind_of_place_has_a_word_in_both_languages():
    for language, expected in (("en", ["supported", "sparse", "hole"]), ("zh", ["有支撑", "稀疏", "空洞"])):
        with speaking(language):
            assert [wording.kind_of_place(kind) for kind in ("supported", "sparse", "hole")] == expected


@pytest.mark.parametrize(
    ("hole", "said"),
    [
        (0.5, "are greyer than"),
        (0.41, "are about as grey as"),
        (0.39, "are about as grey as"),
        (0.3, "are less grey than"),
    ],
)
def test_pictures_are_greyer_only_where_one_could_see_it(hole, said):
    grid = {
        "shares": np.array([0.0, 0.5]),
        "entropy": np.array([hole, 0.4]),
        "classes": np.array([3, 3]),
    }
    points = findings.of_grid(PLAIN, words.of(PLAIN.data.config), "the dashed box", 0.5, grid, None)
    (point,) = (point for point in points if "in holes are" in point)
    assert f"{said} those at supported places" in point
    assert f"pixel entropy {hole:.3f} against 0.400 nats" in point


def test_twins_names_the_models_that_it_leaves_out(checkpoint_folder):
    for i in range(8):
        checkpoints.save_checkpoint(dataclasses.replace(PLAIN, name=f"mnist-{i}", title=f"run {i}"), checkpoint_folder)
    app = open_page("mnist/twins")
    assert app.session_state["twins"] == [f"mnist-{i}" for i in range(6)]
    app.session_state["twins"] = [f"mnist-{i}" for i in range(1, 8)]
    app.run()
    assert "The first 6 of 7 models are shown. Left out: Run 7." in text(app)
    assert "Run 7" not in notice(app)
