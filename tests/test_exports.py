"""What the pages export: files that can be told apart by their names, and numbers that programs read as numbers."""

import io
import re

import numpy as np
import pandas as pd
import pytest
from apptest import open_page
from PIL import Image

from aemodels.report import figures, panels
from aemodels.report.screen_png import screen_png
from aemodels.storage import checkpoints
from pages.parts.shared import export, models
from pages.parts.shared.export import of_models

release = pytest.mark.release
# Page, its address, and what of the settings must stand in the file's name.
SCENES = [
    ("mnist/latent_plane", {}),
    ("mnist/twins", {}),
    ("mnist/path", {}),
    ("mnist/denoise", {}),
    ("dogs/noise_regularised", {}),
    pytest.param("any/map", {}, marks=release),
    pytest.param("any/map", {"layout": "pca", "model": "dog-ae"}, marks=release),
    pytest.param("any/film", {}, marks=release),
    pytest.param("any/code_size", {}, marks=release),
    pytest.param("any/anomaly", {}, marks=release),
    pytest.param("dogs/noise_regularised", {"noise_view": "samples"}, marks=release),
    pytest.param("dogs/sample", {}, marks=release),
    pytest.param("dogs/axes", {}, marks=release),
    pytest.param("dogs/interpolate", {}, marks=release),
    pytest.param("dogs/perturb", {}, marks=release),
    pytest.param("dogs/reconstruct", {"compare": "true"}, marks=release),
    *(
        pytest.param("dogs/generate", {"view": view}, marks=release)
        for view in ("nine", "way", "between", "back", "filling")
    ),
]
# What is known of the lab's own models alone.
OF_THE_LAB = [
    ("dogs/noise_regularised", {"noise_view": "cliff"}),
    ("dogs/stages", {}),
    ("dogs/generate", {"view": "measured"}),
]
# A number with more beside it: "26.23 ± 0.12", "5%", "3.2 dB", "1,886".
NUMBER_IN_WORDS = re.compile(r"[+−-]?\d[\d,.]*\s*(±.*|%|dB|[×x]|,\d{3})?", re.ASCII)
TEXTS = {"nearest_codes", "name", "label", "of", "curve", "model", "group", "class", "drawn", "sketch"}


@pytest.mark.usefixtures("with_photos", "quickly")
@pytest.mark.parametrize(("page", "query"), SCENES)
def test_files_tell_page_model_and_seed_and_numbers_are_numbers(page, query):
    check(page, query)


@release
@pytest.mark.usefixtures("with_photos", "lab_models")
@pytest.mark.parametrize(("page", "query"), OF_THE_LAB)
def test_so_they_do_where_only_the_labs_models_are_known(page, query):
    check(page, query)


def check(page, query):
    app = open_page(page, seed=417, **query)
    assert not app.exception
    exports = app.session_state["exports"]
    assert exports
    names = checkpoints.list_checkpoints()
    titles = {models.title(name) for name in names} - set(names)
    for name, _draw, rows, settings, *_rest in exports.values():
        title = page.partition("/")[2]
        assert name.startswith(title.split("_")[0]), name
        told = [word for value in settings.values() for word in re.split("[, ]+", str(value)) if word in names]
        assert any(model in name for model in told) if told else settings, (name, settings)
        if "seed" in settings:
            assert "417" in name
        table = pd.read_csv(io.BytesIO(panels.to_csv(rows() if callable(rows) else rows)))
        for column in {"model", "curve"}.intersection(table):
            assert not titles & {*table[column]}, "a model is told by its title, and elsewhere by its name"
        for column in table.select_dtypes(exclude="number"):
            if column not in TEXTS:
                found = [cell for cell in table[column].dropna() if NUMBER_IN_WORDS.fullmatch(str(cell))]
                assert not found, (name, column, found[:3])


@pytest.mark.parametrize("num_pictures", [1, 2, 3, 9])
def test_the_panel_of_a_few_pictures_is_no_higher_than_wide(num_pictures):
    tiles, notes = [np.zeros((64, 64, 3), np.uint8)] * num_pictures, ["12.3 dB"] * num_pictures
    panel = export.pictures_panel([tiles] * 4, ["Original", "Rebuilt"] * 2, [notes, [], [], notes], 1400, figures.LIGHT)
    assert panel.height <= panel.width == 1400


def test_many_models_make_no_endless_name():
    assert of_models(["a"]) == "a"
    assert of_models("abcd") == "a_b_c_d"
    assert of_models("abcde") == "a-and-4-more"


@pytest.mark.parametrize("colours", ["photo", "drawing"])
def test_a_panel_with_photos_is_a_small_file_and_a_drawing_an_exact_one(colours):
    smooth = np.random.default_rng(1).integers(0, 256, (20, 70, 3), np.uint8)
    photo = Image.fromarray(smooth).resize((export.SCREEN_PX, 400), Image.Resampling.BICUBIC)
    panel = photo if colours == "photo" else photo.quantize(256).convert("RGB")
    file = export.on_screen(lambda width_px, ink: panel)
    shown = np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), float)
    mse = np.square(shown - np.asarray(panel, float)).mean()
    if colours == "photo":
        assert len(file) < len(screen_png(panel)) / 2
        assert 10 * np.log10(255**2 / mse) > 40
    else:
        assert mse == 0
