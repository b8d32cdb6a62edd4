"""The page Map without a browser: models of every kind, its words and figures, boxes, a picture of one's own."""

import re
import sys
import threading

import numpy as np
import pytest
import streamlit as st
import torch
from apptest import notice, numbers, open_page, png_file, text
from broken_models import BROKEN, save
from foreign_models import save_foreign

import aemodels
from aemodels.codes import maps
from pages.parts.map import atlas, panel

pytestmark = pytest.mark.usefixtures("without_photos")
TRUST = r"trustworthiness of this layout is \*\*([\d.]+)\*\*, measured on ([\d,]+) codes\. .* \*\*(\d+)%\*\* are among"


def test_it_says_how_far_the_map_can_be_trusted():
    app = open_page("any/map", layout="pca")
    x = maps.flat(aemodels.load_checkpoint("mnist-dae").codes)
    trust, n, kept = numbers(TRUST, app)
    places = maps.fit_pca(torch.from_numpy(x)).transform(x)
    assert trust == pytest.approx(maps.trust(x, places), abs=6e-4)
    assert n == 2000
    assert kept == pytest.approx(100 * maps.share_kept(x, places), abs=0.6)
    # The page opens with the layout that is to be trusted more.
    assert numbers(TRUST, open_page("any/map"))[0] > trust


def test_it_says_how_well_labels_are_read():
    app = open_page("any/map")
    nearest, linear, chance = numbers(
        r"nearest codes name the right digit for \*\*([\d.]+)%\*\* .* linear classifier for \*\*([\d.]+)%\*\*\. By chance, .* be ([\d.]+)%",
        app,
    )
    assert linear > 90
    assert nearest > 90
    assert chance == pytest.approx(11.35, abs=0.06)
    by_pixels = numbers(r"With PCA of the pixels.*\*\*([\d.]+)%\*\* and \*\*([\d.]+)%\*\*", app)
    assert all(50 < share < 100 for share in by_pixels)


@pytest.mark.parametrize(("side", "times"), [(28, 14), (32, 12), (128, 1)])
def test_small_pictures_of_the_panel_are_enlarged_without_blur(side, times):
    tile = (np.indices((side, side)).sum(0) % 2 * 255).astype(np.uint8)[..., None].repeat(3, -1)
    nine = panel._nine([tile] * 9, 1200)
    assert (nine[:times, :times] == tile[0, 0]).all()
    assert (nine[:times, times : 2 * times] == tile[0, 1]).all()
    assert nine.shape[0] == 3 * times * side + 2 * times


def test_groups_give_means_and_a_direction():
    app = open_page(
        "any/map", layout="pca", by_a="drawn", area_a="-6, -4, -2, 1", by_b="drawn", area_b="1, -1, 3, -1, 3, 1, 1, 1"
    )
    change, random = numbers(
        r"changes the pictures of A by \*\*([\d.]+)\*\* .* as long by \*\*([\d.]+)\*\* \(mean of 4\)", app
    )
    assert change > random
    ours, by_chance = numbers(r"nearest code is a \w+ for \*\*(\d+)%\*\*.* random step for \*\*(\d+)%\*\*", app)
    assert ours > by_chance
    assert "attribute vector" in text(app)
    app.selectbox(key="by_b").set_value("").run()
    assert not app.exception
    assert "Choose the other group" in text(app)
    app.text_input(key="area_a").set_value("90, 91, 90, 91").run()
    assert not app.exception
    assert "From A to B" not in notice(app)
    assert "A holds fewer than 3 codes" in app.info[0].value
    app.text_input(key="area_a").set_value("1, 2, 3, 4, 5").run()
    assert "neither a box" in app.warning[0].value


def test_groups_are_chosen_without_a_mouse():
    app = open_page("any/map", by_a="1", map_code=17)
    ckpt = aemodels.load_checkpoint("mnist-dae")
    assert f"The mean of the {int((ckpt.labels == 1).sum()):,} codes of A" in text(app)
    app.selectbox(key="by_b").set_value("near").run()
    assert not app.exception
    assert app.number_input(key="near_b").value == 17
    assert "mean of B (50 codes) minus the mean of A" in text(app)
    assert "codes A: 1" in text(app)
    assert "codes B: the 50 nearest of code 17" in text(app)


def test_another_layout_forgets_what_was_drawn_on_this_one(checkpoint_folder):
    save("mnist-dae", checkpoint_folder, num_codes=200)
    app = open_page("any/map", layout="pca", by_a="drawn", area_a="-6, -4, -2, 1", by_b="3")
    app.segmented_control(key="layout").set_value("tsne").run()
    assert not app.exception
    assert (app.selectbox(key="by_a").value, app.selectbox(key="by_b").value) == ("", "3")
    trust, n, _kept = numbers(TRUST, app)
    assert (trust > 0.85, n) == (True, 200)


def test_axes_say_what_they_mean(checkpoint_folder):
    save("mnist-dae", checkpoint_folder, num_codes=200)
    app = open_page("any/map", layout="pca")
    shares = maps.fit_pca(aemodels.load_checkpoint("mnist-dae").codes).explained_variance_ratio_
    assert numbers(r"1st principal axis .* with ([\d.]+)% .* 2nd, with ([\d.]+)%", app) == pytest.approx(
        100 * shares, abs=0.06
    )
    app.segmented_control(key="layout").set_value("tsne").run()
    assert "The axes of t-SNE mean nothing" in text(app)


def test_who_waits_for_a_layout_sees_how_much_is_done(checkpoint_folder, monkeypatch):
    save("mnist-dae", checkpoint_folder, num_codes=59)  # which no other test lays out, for layouts are kept
    shown, is_shown, lay_out, empty = [], threading.Event(), maps.lay_out, st.empty

    def slow(codes, method, progress):
        progress(0.25)
        assert is_shown.wait(120)
        return lay_out(codes, method, progress)

    def place():
        bar = empty()
        monkeypatch.setattr(bar, "progress", lambda share, said: (shown.append((share, said)), is_shown.set()))
        return bar

    monkeypatch.setattr(maps, "lay_out", slow)
    monkeypatch.setattr(atlas.st, "empty", place)
    app = open_page("any/map", layout="tsne")
    assert shown[0] == (0.25, "The 59 codes are laid out, once for all …")
    assert "trustworthiness" in notice(app)


def test_it_says_what_neighbours_share(checkpoint_folder):
    save("mnist-dae", checkpoint_folder, num_codes=200)
    app = open_page("any/map")
    ckpt = aemodels.load_checkpoint("mnist-dae")
    index = maps.neighbours(maps.flat(ckpt.codes))[0]
    other = float((ckpt.labels.numpy()[index] != ckpt.labels.numpy()[:, None]).mean())
    assert numbers(r"\| digit \| ([\d.]+)% have another", app)[0] == pytest.approx(100 * other, abs=0.06)
    ratios = [float(ratio) for ratio in re.findall(r"([\d.]+)% \|$", text(app), re.M)]
    assert len(ratios) == 3
    assert ratios == sorted(ratios)
    assert numbers(r"differ in it (\d+)% as much as any two codes do", app)[0] == ratios[0]


def test_a_label_is_found_and_a_code_picked_by_the_address():
    app = open_page("any/map", find="7", map_code=17, colour="power")
    assert app.selectbox(key="find").value == "7"
    assert app.number_input(key="map_code").value == 17
    assert "code: 17" in text(app)


@pytest.mark.parametrize("name", ["shapes-ae", "grey-ae", "fashion-denoiser", "fashion-3d", "shapes-denoiser"])
@pytest.mark.parametrize("layout", ["pca", "tsne"])
def test_models_of_any_code_have_a_map(name, layout, checkpoint_folder):
    save_foreign(name, checkpoint_folder)
    app = open_page("any/map", layout=layout)
    words = text(app, "info", "warning")
    assert "digit" not in words.replace("picture of one digit", "")
    assert "What to notice" in words
    assert not re.search(r"\b(nan|inf|None)\b", words)


@pytest.mark.parametrize("fault", BROKEN)
@pytest.mark.parametrize("layout", ["pca", "tsne"])
def test_codes_that_went_wrong_have_a_map_that_says_so(fault, layout, checkpoint_folder):
    save("mnist-dae", checkpoint_folder, BROKEN[fault], 60)
    app = open_page("any/map", layout=layout)
    assert not app.exception
    assert not app.error
    assert not re.search(r"\b(nan|inf)\b", text(app, "info", "warning"))


def test_few_codes_have_no_map(checkpoint_folder):
    save("mnist-dae", checkpoint_folder, num_codes=5)
    app = open_page("any/map")
    assert app.info[0].value.startswith("A map needs at least 20 codes.")


def test_a_plane_has_no_map(checkpoint_folder):
    save("mnist-ae", checkpoint_folder, num_codes=60)
    assert "There is no model with a code of more than two numbers" in open_page("any/map").info[0].value


@pytest.mark.parametrize("layout", ["pca", "tsne"])
def test_a_picture_of_ones_own_falls_on_the_map(layout, checkpoint_folder):
    save_foreign("shapes-ae", checkpoint_folder)
    app = open_page("any/map", layout=layout)
    app.file_uploader[0].upload("mine.png", png_file(), "image/png").run()
    assert not app.exception
    assert "**Your picture** is the circle" in text(app)
    assert ("it starts at its nearest codes" in text(app)) == (layout == "tsne")


def test_it_speaks_chinese():
    app = open_page("any/map", lang="zh")
    assert app.title[0].value == "隐空间地图"
    assert "观察要点" in text(app)


def test_what_was_computed_once_is_there_after_the_next_start(monkeypatch):
    """The first visitor after a start waits for no import of scikit-learn either."""
    open_page("any/map")
    before = [array.copy() for array in atlas.neighbours("mnist-dae")]
    st.cache_resource.clear()
    for module in ("sklearn", "sklearn.neighbors", "sklearn.decomposition"):
        monkeypatch.setitem(sys.modules, module, None)
    open_page("any/map")
    for array, again in zip(before, atlas.neighbours("mnist-dae"), strict=True):
        np.testing.assert_array_equal(array, again)
