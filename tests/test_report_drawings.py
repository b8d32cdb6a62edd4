"""Charts and drawings of networks at print size, and what networks are described as."""

from itertools import pairwise
from math import inf

import numpy as np
import pytest
import torch
from PIL import ImageColor
from torch import nn

import aemodels
from aemodels import language
from aemodels.models.building import build
from aemodels.report import network_figures, networks_described, photo_figures, psnr_matrix
from aemodels.report.curves import Chart, draw
from aemodels.report.figures import LIGHT, PALETTE
from aemodels.report.lettering import Lettering
from aemodels.report.scales import log_ticks, ticks


def has_colour(image, colour):
    rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
    return (np.abs(np.asarray(image).astype(int) - rgb).max(-1) < 8).sum()


def test_each_curve_has_its_colour_in_every_chart():
    curves = {"a": ([1, 2, 3], [1.0, 2.0, 4.0]), "b": ([1, 2, 3], [3.0, 2.0, 1.0])}
    image = draw([Chart(curves, "x", "y"), Chart({"b": curves["b"]}, "x", "y", log_y=True)], 2400)
    left, right = image.crop((0, 120, 1200, image.height)), image.crop((1200, 120, 2400, image.height))
    assert has_colour(left, PALETTE[0]) > 500
    assert has_colour(left, PALETTE[1]) > 500
    assert has_colour(right, PALETTE[1]) > 500
    assert not has_colour(right, PALETTE[0])


def test_a_curve_rises_where_its_values_do():
    image = draw([Chart({"a": ([0, 1], [0.0, 1.0])}, "x", "y")], 1200, 600)
    rgb = [int(PALETTE[0][i : i + 2], 16) for i in (1, 3, 5)]
    rows, columns = np.nonzero(np.abs(np.asarray(image).astype(int) - rgb).max(-1) < 8)
    assert np.corrcoef(rows, columns)[0, 1] < -0.99


@pytest.mark.parametrize(
    "curve",
    [([], []), ([1], [2.0]), ([1, 2], [2.0, 2.0]), ([0, 0], [1.0, 3.0]), ([1, 2, 3], [1.0, None, inf]), ([1, 2], [0.0, -1.0])],
)  # fmt: skip
@pytest.mark.parametrize("log_y", [False, True])
def test_any_curve_is_drawn_or_left_out(curve, log_y):
    assert draw([Chart({"a": curve}, "x", "y", log_y, frozenset("a"))], 1200, 500).size[0] == 1200


def test_a_gap_is_left_where_there_is_no_value():
    whole = draw([Chart({"a": ([0, 1, 2, 3], [1.0] * 4)}, "x", "y")], 1200, 500)
    broken = draw([Chart({"a": ([0, 1, 1.5, 2, 3], [1.0, 1.0, None, 1.0, 1.0])}, "x", "y")], 1200, 500)
    assert has_colour(broken, PALETTE[0]) < 0.8 * has_colour(whole, PALETTE[0])


@pytest.mark.parametrize(("low", "high"), [(0.15, 0.63), (0.002, 0.04), (1e-6, 1.0), (0.99, 1.01), (3, 300)])
def test_marks_of_a_logarithmic_axis(low, high):
    marks = log_ticks(low, high)
    assert 2 <= len(marks) <= 7
    assert all(low <= mark <= high for mark in marks)
    assert [float(text) for text in marks.values()] == pytest.approx(list(marks))


def test_a_chart_has_marks_up_to_its_ends(monkeypatch):
    """Of the lab's own figures, 26.23 dB without noise to 18.28 dB at variance 0.3."""
    drawn = []
    monkeypatch.setattr(Lettering, "draw", lambda self, on, xy, line, *colour: drawn.append(line))
    draw([Chart({"a": ([0, 0.05, 0.1, 0.15, 0.2, 0.3], [26.23, 23.17, 21.57, 20.45, 19.58, 18.28])}, "x", "y")], 2400)
    assert {"0", "0.05", "0.25", "0.3"} <= set(drawn)
    assert {"20", "22", "24", "26"} <= set(drawn)


def test_numbers_below_a_narrow_chart_stand_apart(monkeypatch):
    """As on the page Generate, where four charts stand side by side."""
    drawn = []
    monkeypatch.setattr(Lettering, "draw", lambda self, on, xy, line, *colour: drawn.append((line, xy, self)))
    draw([Chart({"a": ([2300, 7400], [130.0, 120.0])}, "x", "y")] * 4, 2400)
    (below,) = {y for line, (_x, y), _letters in drawn if line == "4000"}
    spans = [(x, letters.width(line) / 2) for line, (x, y), letters in drawn if y == below]
    assert len(spans) >= 8
    assert all(x + half < next_x - next_half for (x, half), (next_x, next_half) in pairwise(spans))


def test_a_wide_axis_has_more_marks():
    assert len(ticks(0, 0.37, 12)) > len(ticks(0, 0.37))


@pytest.mark.parametrize("name", ["mnist-ae", "mnist-dae", "mnist-vae", "dog-ae", "dog-noise-0.10"])
def test_layers_follow_one_another_and_hold_all_parameters(name):
    model = aemodels.load_checkpoint(name).model
    layers = networks_described.layers(model)
    assert layers[-1].shape == model.config.image_shape
    counted = sum(layer.num_parameters for layer in layers)
    assert counted == sum(p.numel() for part in (model.encoder, model.decoder) for p in part.parameters())
    with torch.no_grad():
        assert (
            model.encoder(torch.zeros(1, *model.config.image_shape)).shape[1:]
            == [layer.shape for layer in layers if layer.part == "encoder"][-1]
        )


def test_a_layer_of_another_kind_is_called_by_its_class(mlp_config):
    class Twist(nn.Module):
        def forward(self, x):
            return x.flip(1)

    model = build(mlp_config)
    model.decoder.insert(1, Twist())
    assert "Twist" in [layer.kind for layer in networks_described.layers(model)]
    assert any("Twist" in row[0] for row in networks_described.table("x", model).rows)


@pytest.mark.parametrize(
    ("name", "noisy", "steps"),
    [("mnist-ae", 0, 0), ("mnist-dae", 1, 0), ("mnist-vae", 1, 1), ("dog-ae", 0, 2), ("dog-noise-0.10", 1, 4)],
)
def test_the_drawing_shows_noise_and_steps_where_they_act(name, noisy, steps):
    model = aemodels.load_checkpoint(name).model
    rows = network_figures.rows(model)
    colours = [row.colour for row in rows]
    assert colours.count(network_figures.NOISE) == noisy
    assert colours.count(network_figures.STEP) == 2 + steps  # images at both ends
    assert colours.count(network_figures.CODE) == 1
    code = colours.index(network_figures.CODE)
    if name == "dog-noise-0.10":
        assert colours[code + 1] == network_figures.NOISE
    if name == "mnist-dae":
        assert colours[1] == network_figures.NOISE
    image = network_figures.draw(model, 2400)
    assert image.width == 2400
    assert image.height < 2400
    assert bool(has_colour(image, network_figures.NOISE)) == bool(noisy)


def test_the_drawing_speaks_chinese():
    model = aemodels.load_checkpoint("dog-noise-0.10").model
    english = network_figures.draw(model, 1200)
    with language.speaking("zh"):
        rows = network_figures.rows(model)
        assert network_figures.draw(model, 1200) != english
    assert not [row.text for row in rows if sum(c.isascii() and c.isalpha() for c in row.text) > 8]


def test_baselines_have_in_print_the_colours_that_they_have_on_the_screen():
    models = {
        f"model {i}": {0.0: psnr_matrix.Score(30 - i, 0.1), 0.3: psnr_matrix.Score(25 - i, 0.1)} for i in range(2)
    }
    baselines = {
        label: {0.05: psnr_matrix.Score(22 - i, 0.1), 0.3: psnr_matrix.Score(20 - i, 0.1)}
        for i, label in enumerate(psnr_matrix.BASELINES)
    }
    drawn = np.array(photo_figures.variances_panel(models, baselines, 1200, LIGHT))
    screen = {trace.name: trace.line.color for trace in psnr_matrix.chart(models, baselines, "PSNR / dB").data}
    for name in (*models, *baselines):
        assert (drawn == ImageColor.getrgb(screen[name])).all(-1).sum() > 50, name
