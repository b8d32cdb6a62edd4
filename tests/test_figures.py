import io
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from browser import REPO
from PIL import Image

from aemodels.data.mnist import FAMILY
from aemodels.report.charts import bars, lines, plotly_text, upright
from aemodels.report.figures import (
    DARK,
    LIGHT,
    PALETTE,
    channel_maps,
    diverging,
    heat,
    mosaic,
    panel,
    png,
    to_tiles,
)
from aemodels.report.lettering import Lettering
from aemodels.report.plane_figures import scatter_tile, with_cross
from aemodels.report.scales import ends, ticks

WHITE, RED, BLUE = diverging(np.array([0.0, 1.0, -1.0]), 1).astype(int)
DIGITS = tuple("0123456789")
CAPTION = "The code is sent through a Gaussian channel of the given variance and decoded. "


def random_tile(height, width, seed=0):
    """A tile without white pixels."""
    return np.random.default_rng(seed).integers(0, 200, (height, width, 3), dtype=np.uint8)


def flat_tile(colour, side=8):
    return np.full((side, side, 3), colour, np.uint8)


def colours_of(picture):
    """The colours of a picture, each with its number of pixels."""
    packed, counts = np.unique(np.asarray(picture).astype(int) @ [2**16, 2**8, 1], return_counts=True)
    return {(c >> 16, c >> 8 & 255, c & 255): n for c, n in zip(packed.tolist(), counts.tolist(), strict=True)}


def place_of(picture, colour):
    """(top, bottom, left, right), ends included, of the pixels of a colour."""
    rows, columns = np.nonzero((np.asarray(picture) == colour).all(-1))
    return rows.min(), rows.max(), columns.min(), columns.max()


def test_to_tiles_scales_to_bytes_and_clips():
    x = torch.tensor([0.0, 0.5, 1.0, -0.3, 1.7, 0.2]).view(1, 1, 2, 3).expand(1, 3, 2, 3)
    (tile,) = to_tiles(x)
    assert tile.dtype == np.uint8
    assert tile.shape == (2, 3, 3)
    assert tile[:, :, 0].tolist() == [[0, 128, 255], [0, 255, 51]]


def test_to_tiles_keeps_bytes_exactly():
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    assert (to_tiles(pixels / 255)[0][:, :, 1] == pixels[0, 0].numpy()).all()


def test_to_tiles_makes_grey_of_one_channel_and_keeps_the_order_of_three():
    grey = to_tiles(torch.rand(2, 1, 4, 5))
    assert len(grey) == 2
    assert (grey[0] == grey[0][:, :, :1]).all()
    red = torch.zeros(1, 3, 4, 5)
    red[:, 0] = 1
    assert (to_tiles(red)[0] == [255, 0, 0]).all()


def test_diverging_is_white_at_zero_red_above_and_blue_below():
    assert WHITE.min() > 240
    assert RED[0] > 2 * max(RED[1:])
    assert BLUE[2] > 1.5 * max(BLUE[:2])


def test_diverging_is_symmetric():
    t = np.linspace(0, 1, 21)
    towards_red = (WHITE - diverging(t, 1)) / np.maximum(np.abs(WHITE - RED), 1) * np.sign(WHITE - RED)
    towards_blue = (WHITE - diverging(-t, 1)) / np.maximum(np.abs(WHITE - BLUE), 1) * np.sign(WHITE - BLUE)
    np.testing.assert_allclose(towards_red, np.repeat(t[:, None], 3, 1), atol=0.02)
    np.testing.assert_allclose(towards_blue, np.repeat(t[:, None], 3, 1), atol=0.02)


def test_diverging_scales_by_its_limit_and_clips():
    np.testing.assert_array_equal(diverging(np.array([2.5, -50.0]), 5), diverging(np.array([0.5, -1.0]), 1))
    assert diverging(np.zeros((3, 4, 5)), 1).shape == (3, 4, 5, 3)


def test_a_limit_of_zero_divides_nothing():
    assert (diverging(np.zeros((2, 2)), 0) == WHITE).all()
    assert (heat(np.zeros((2, 2)), 0) == 0).all()


def test_heat_runs_from_black_over_red_and_yellow_to_white():
    colours = heat(np.array([0, 1, 2, 3, 9, -1]), 3)
    assert colours.tolist() == [[0, 0, 0], [255, 0, 0], [255, 255, 0], [255, 255, 255], [255, 255, 255], [0, 0, 0]]


@pytest.mark.parametrize(("num_channels", "rows", "columns"), [(16, 4, 4), (4, 1, 4), (5, 2, 4), (2, 1, 2), (1, 1, 1)])
def test_channel_maps_lie_four_a_row(num_channels, rows, columns):
    z = torch.randn(num_channels, 3, 5)
    picture = channel_maps(z, limit=2.0)
    assert picture.dtype == np.uint8
    assert picture.shape == (rows * 4 - 1, columns * 6 - 1, 3)
    covered = np.zeros(picture.shape[:2], dtype=bool)
    for i in range(num_channels):
        top, left = i // 4 * 4, i % 4 * 6
        np.testing.assert_array_equal(picture[top : top + 3, left : left + 5], diverging(z[i].numpy(), 2.0))
        covered[top : top + 3, left : left + 5] = True
    assert (picture[~covered] == 128).all()


def test_mosaic_lays_tiles_row_by_row():
    tiles = [random_tile(3, 4, seed) for seed in range(5)]
    picture = mosaic(tiles, columns=3, gap=2, background=7)
    assert picture.shape == (3 + 2 + 3, 4 + 2 + 4 + 2 + 4, 3)
    covered = np.zeros(picture.shape[:2], dtype=bool)
    for i, (top, left) in enumerate([(0, 0), (0, 6), (0, 12), (5, 0), (5, 6)]):
        np.testing.assert_array_equal(picture[top : top + 3, left : left + 4], tiles[i])
        covered[top : top + 3, left : left + 4] = True
    assert (picture[~covered] == 7).all()


def test_mosaic_without_gaps_is_the_tiles_alone():
    tiles = [random_tile(2, 2, seed) for seed in range(4)]
    expected = np.concatenate([np.concatenate(tiles[:2], 1), np.concatenate(tiles[2:], 1)])
    np.testing.assert_array_equal(mosaic(tiles, columns=2), expected)


@pytest.mark.parametrize("width_px", [300, 1400, 2000])
def test_a_panel_is_as_wide_as_asked(width_px):
    rows = [[random_tile(8, 8, seed) for seed in range(3)]] * 2
    image = panel(rows, ["first", "second"], [["a", "b", "c"], []], ["x", "y", "z"], CAPTION, width_px)
    assert image.mode == "RGB"
    assert image.width == width_px


def test_small_tiles_are_enlarged_without_blur():
    tile = random_tile(4, 4)
    image = panel([[tile]], width_px=600)
    colours = colours_of(image)
    assert len(colours) == 17  # the tile's pixels differ from each other
    assert set(colours) == {tuple(colour) for colour in tile.reshape(-1, 3).tolist()} | {(255, 255, 255)}
    counts = [count for colour, count in colours.items() if colour != (255, 255, 255)]
    assert max(counts) < 1.05 * min(counts)  # squares of one size
    assert sum(counts) > 0.9 * image.width**2
    for i in range(4):
        for j in range(4):
            top, bottom, left, right = place_of(image, tile[i, j])
            assert tuple(tile[i, j]) == image.getpixel((int(left + right) // 2, int(top + bottom) // 2))
            assert abs(top - i * 600 / 4) < 20
            assert abs(left - j * 600 / 4) < 20


def test_tiles_lie_in_rows_and_columns():
    colours = [[(200, 0, 0), (0, 200, 0), (0, 0, 200)], [(90, 0, 0), (0, 90, 0), (0, 0, 90)]]
    image = panel([[flat_tile(colour) for colour in row] for row in colours], width_px=700)
    places = np.array([[place_of(image, colour) for colour in row] for row in colours])
    sides = places[..., 1] - places[..., 0], places[..., 3] - places[..., 2]
    assert len(set(sides[0].flat) | set(sides[1].flat)) == 1  # all squares of one size
    assert (places[0, :, 1] < places[1, :, 0]).all()
    assert (places[:, :-1, 3] < places[:, 1:, 2]).all()
    assert (places[0, :, 2] == places[1, :, 2]).all()
    gap = places[0, 1, 2] - places[0, 0, 3]
    assert (places[0, 2, 2] - places[0, 1, 3]) == gap > 1


def test_tiles_keep_their_proportions():
    image = panel([[flat_tile((9, 9, 9))[:4], flat_tile((80, 80, 80))[:4]]], width_px=800)
    top, bottom, left, right = place_of(image, (9, 9, 9))
    assert (bottom - top + 1) == pytest.approx((right - left + 1) / 2, abs=1)


def test_large_tiles_are_shrunk_whole():
    tile = np.zeros((256, 256, 3), np.uint8)
    tile[:, 128:] = 200
    image = panel([[tile] * 8], width_px=800)
    assert image.width == 800
    assert np.asarray(image)[image.height // 2, 20].max() < 30
    assert abs(int(np.asarray(image)[image.height // 2, 85].max()) - 200) < 10


def test_labels_notes_and_captions_each_leave_ink_and_make_room():
    tile = flat_tile((0, 0, 200))
    bare = panel([[tile, tile]], width_px=700)
    for text in (
        {"row_labels": ["original"]},
        {"notes": [["21.50 dB", ""]]},
        {"column_labels": ["a", "b"]},
        {"caption": CAPTION},
    ):
        image = panel([[tile, tile]], width_px=700, **text)
        assert len(colours_of(image)) > 5, text  # antialiased letters
        assert colours_of(bare).keys() == {(255, 255, 255), (0, 0, 200)}
        area = colours_of(image)[0, 0, 200]
        top, bottom, *_ = place_of(image, (0, 0, 200))
        assert area == 2 * (bottom - top + 1) ** 2, text  # no letter lies on a tile


def test_words_stand_in_the_middle_of_a_place_without_a_picture():
    red, blue = (200, 0, 0), (0, 0, 200)
    image = panel([[flat_tile(red), "No learned prior"], [flat_tile(blue), flat_tile(blue)]], width_px=700)
    top, bottom, _, right = place_of(image, red)
    beside = np.asarray(image)[top:bottom, right + 1 :]
    rows, columns = np.nonzero((beside < 200).all(axis=-1))
    middle = [
        (of.min() + of.max()) / 2 / length for of, length in ((rows, beside.shape[0]), (columns, beside.shape[1]))
    ]
    assert middle == pytest.approx([0.5, 0.5], abs=0.05)
    assert image.size == panel([[flat_tile(red)] * 2, [flat_tile(blue)] * 2], width_px=700).size


def test_empty_texts_take_no_room():
    tile = flat_tile((0, 0, 200))
    bare = panel([[tile, tile]], width_px=700)
    assert panel([[tile, tile]], [""], [["", ""]], ["", ""], "", 700).tobytes() == bare.tobytes()


@pytest.mark.parametrize("width_px", [400, 1400])
@pytest.mark.parametrize(
    "caption", [CAPTION * 8, "x" * 300, "checkpoints/" + "very-long-name-" * 20], ids=["words", "x", "path"]
)
def test_a_long_caption_makes_the_panel_grow_and_stays_inside(width_px, caption):
    tile = flat_tile((0, 0, 200))
    short, long = (panel([[tile] * 4], caption=text, width_px=width_px) for text in ("short", caption))
    assert long.height > short.height
    edge = np.asarray(long)
    margin = max(1, round(4 * width_px / 1400))
    for strip in (edge[:, :margin], edge[:, -margin:], edge[-margin:]):
        assert (strip == 255).all()
    assert (edge[:, margin:-margin].min((0, 2)) < 255).mean() > 0.9  # there is ink all along the lines
    tile_bottom = place_of(long, (0, 0, 200))[1]
    assert (edge[tile_bottom + 1 : tile_bottom + 1 + margin] == 255).all()


@pytest.mark.parametrize("label", ["Gaussian samples", "Denoised, 64-D code", "Variance 0.05", "Noisy (clipped)"])
def test_row_labels_stay_left_of_the_tiles(label):
    image = panel([[flat_tile((0, 0, 200))] * 9], row_labels=[label])
    left = place_of(image, (0, 0, 200))[2]
    letters = np.asarray(image)[:, :left]
    assert (letters < 255).any()
    assert (letters[:, -2:] == 255).all()
    assert (letters[:, :2] == 255).all()


def test_labels_of_columns_that_begin_alike_are_told_apart_by_their_ends():
    tiles = [[flat_tile(0)] * 6]
    first, other = (
        np.asarray(panel(tiles, column_labels=[f"L2 on the weights (mnist-ae-l2-weights-{i})"] * 6)) for i in (1, 2)
    )
    assert (first != other).any()


def test_a_long_note_stays_under_its_tile():
    tile = flat_tile((0, 0, 200))
    image = panel([[tile] * 9], notes=[["", "a note that is far too long for one tile", *[""] * 7]])
    top, bottom, *_ = place_of(image, (0, 0, 200))
    columns = np.nonzero((np.asarray(image)[bottom + 1 :] < 255).any((0, 2)))[0]
    side = bottom - top + 1
    assert columns.min() >= side
    assert columns.max() <= 2 * side + 30
    assert len(columns) > side / 2


def test_a_note_of_two_words_takes_a_second_line_where_one_is_too_short():
    tile = flat_tile((0, 0, 200))
    one, two = (panel([[tile] * 9], notes=[[note] + [""] * 8]) for note in ("Pekinese", "Shetland sheepdog"))
    assert two.height - one.height == 24
    inked = (np.asarray(two)[place_of(two, (0, 0, 200))[1] + 1 :] < 255).any((1, 2))
    assert np.diff(inked.astype(int)).tolist().count(1) == 2  # two lines of letters, with white above each


def test_a_word_that_is_too_long_is_drawn_whole_in_smaller_letters():
    tile = flat_tile((0, 0, 200))
    ends = {panel([[tile] * 9], ["name"], [[f"affenpinsche{end}"] + [""] * 8]).tobytes() for end in "rst"}
    assert len(ends) == 3


def test_letters_beyond_ascii_are_drawn():
    def ink(caption):
        return np.asarray(panel([[flat_tile((0, 0, 200))] * 4], caption=caption)).tobytes()

    pictures = {ink(letter) for letter in ("σ", "²", "×", "é", "·", "₁", "\ufffe")}  # the last one has no letter
    assert len(pictures) == 7


def test_every_word_of_a_caption_is_drawn():
    tile = flat_tile((0, 0, 200))

    def ink(caption):
        return (255 - np.asarray(panel([[tile] * 4], caption=caption, width_px=700))[..., 0].astype(int)).sum()

    once, bare = ink(CAPTION) - ink(""), ink("")
    assert ink(CAPTION * 6) - bare == pytest.approx(6 * once, rel=0.02)


def test_ink_sets_the_background():
    image = panel([[flat_tile((0, 0, 200))]], caption="dark", width_px=300, ink=DARK)
    assert image.getpixel((0, 0)) == (14, 17, 23)
    assert (np.asarray(image).max(-1) > 120).any()  # light letters


def test_png_is_ready_for_print_and_describes_itself():
    image = panel([[random_tile(4, 4)]], width_px=200)
    described = "dog-ae, seed 7, σ² = 0.05 · 潜在空间"
    with Image.open(io.BytesIO(png(image, described))) as loaded:
        assert loaded.format == "PNG"
        assert loaded.size == image.size
        assert loaded.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        assert loaded.text["Description"] == described
        assert np.array_equal(np.asarray(loaded), np.asarray(image))


def test_png_without_a_description():
    with Image.open(io.BytesIO(png(panel([[random_tile(4, 4)]], width_px=200)))) as loaded:
        assert loaded.text == {}
        assert loaded.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_the_palette_has_ten_colours():
    assert len(set(PALETTE)) == len(PALETTE) == 10


def test_scatter_tile_puts_each_code_in_its_place_and_colour():
    codes = np.array([[0.0, 10.0], [4.0, 10.0], [1.0, 19.0], [9.0, 15.0], [4.0, 99.0]])
    labels = np.array([0, 1, 2, 3, 4])
    tile = scatter_tile(codes, labels, DIGITS, (-1.0, 5.0, 8.0, 20.0), 600, LIGHT)
    assert tile.dtype == np.uint8
    assert tile.shape == (600, 600, 3)
    key = round(600 / 14)  # the strip on top that tells each digit's colour
    plane = tile[key : 600 - 50, 60:]  # between the axes' labels, 50 and 60 px wide
    height, width = plane.shape[:2]
    for digit, (x, y) in {0: (1 / 6, 5 / 6), 1: (5 / 6, 5 / 6), 2: (1 / 3, 1 / 12)}.items():
        colour = [int(PALETTE[digit][i : i + 2], 16) for i in (1, 3, 5)]
        assert (tile[:key] == colour).all(-1).any()
        top, bottom, left, right = place_of(plane, colour)
        assert ((left + right) / 2, (top + bottom) / 2) == pytest.approx((x * width, y * height), abs=1.5)
        assert bottom - top < 10
    colours = colours_of(plane)
    assert not {tuple(int(PALETTE[d][i : i + 2], 16) for i in (1, 3, 5)) for d in (3, 4)} & set(colours)  # outside
    assert colours[255, 255, 255] > 0.97 * plane[..., 0].size


def test_a_picked_place_is_marked_with_a_cross():
    """Of 600 px, 60 on the left, 50 below and 43 above are not the plane's."""
    nothing = (np.zeros((0, 2)), np.zeros(0, int), DIGITS, (-1.0, 5.0, -2.0, 4.0), 600, LIGHT)
    changed = (scatter_tile(*nothing) != scatter_tile(*nothing, place=(2.0, 0.0))).any(-1)
    rows, columns = changed.nonzero()
    assert (columns.min() + columns.max()) / 2 == pytest.approx(60 + 539 * 3 / 6, abs=1)
    assert (rows.min() + rows.max()) / 2 == pytest.approx(43 + 507 * 4 / 6, abs=1)
    assert columns.max() - columns.min() < 100
    at_edge = (scatter_tile(*nothing) != scatter_tile(*nothing, place=(-1.0, 0.0))).any(-1)
    assert at_edge.any()
    assert not at_edge[:, :60].any()
    assert (scatter_tile(*nothing) == scatter_tile(*nothing, place=(-1.1, 0.0))).all()

    grey = np.full((560, 560, 3), 128, np.uint8)
    rows, columns = (with_cross(grey, (-1.0, 5.0, -2.0, 4.0), (2.0, 0.0)) != grey).any(-1).nonzero()
    assert (np.median(columns), np.median(rows)) == pytest.approx((280, 560 * 4 / 6), abs=2)
    assert (with_cross(grey, (-1.0, 5.0, -2.0, 4.0), (2.0, 4.1)) == grey).all()


def test_scatter_tile_draws_rings_around_the_origin_inside_the_axes():
    """Of 600 px, 60 on the left, 50 below and 43 above are not the plane's: x runs from −1 to 5, y from −2 to 4."""
    nothing = (np.zeros((0, 2)), np.zeros(0, int), DIGITS, (-1.0, 5.0, -2.0, 4.0), 600, LIGHT)
    changed = (scatter_tile(*nothing) != scatter_tile(*nothing, rings=(1.0, 3.0))).any(-1)
    assert not changed[:43].any()
    assert not changed[551:].any()
    assert not changed[:, :60].any()
    rows, columns = changed.nonzero()
    x, y = -1 + (columns - 60) / 539 * 6, 4 - (rows - 43) / 507 * 6
    far = np.hypot(x, y)
    assert (np.minimum(abs(far - 1), abs(far - 3)) < 0.05).all()
    for r in (1, 3):
        angles = np.arctan2(y, x)[abs(far - r) < 0.05]
        assert np.diff(np.sort(angles)).max() < (0.1 if r == 1 else 4)


@pytest.mark.parametrize("least_px", [0, 20])
def test_long_names_of_classes_are_not_cut(least_px, monkeypatch):
    drawn = []
    monkeypatch.setattr(Lettering, "draw", lambda self, on, xy, line, *colour: drawn.append((line, xy, self)))
    nothing = (np.zeros((0, 2)), np.zeros(0, int))
    names = FAMILY["fashion-mnist"].label_names
    tile = scatter_tile(*nothing, names, (-1.0, 5.0, 8.0, 20.0), 600, least_px=least_px)
    key = drawn[: len(names)]
    assert tile.shape == (600, 600, 3)
    assert tuple(line for line, _xy, _letters in key) == names
    rows = {y: [] for _line, (_x, y), _letters in key}
    assert len(rows) > 1
    for line, (x, y), letters in key:
        rows[y].append((x - letters.width(line) / 2, x + letters.width(line) / 2))
    for spans in rows.values():
        assert all(right < left for (_left, right), (left, _right) in pairwise(spans))
        assert spans[-1][1] <= 600


@pytest.mark.parametrize("high", [0.52, 0.65, 1.9, 2.0, 3.1, 9.9])
def test_numbers_of_a_small_plane_stand_apart(high, monkeypatch):
    """As in the strip of a film, whose letters are large beside its planes."""
    drawn = []
    monkeypatch.setattr(Lettering, "draw", lambda self, on, xy, line, *colour: drawn.append((line, xy, self)))
    scatter_tile(np.zeros((0, 2)), np.zeros(0, int), (), (-high, high, 8.0, 20.0), 300, least_px=20)
    below = max(y for _line, (_x, y), _letters in drawn[:-2])
    spans = [(x, letters.width(line) / 2) for line, (x, y), letters in drawn[:-2] if y == below]
    assert spans
    assert all(x + half < next_x - next_half for (x, half), (next_x, next_half) in pairwise(spans))


def test_letters_may_be_those_of_a_wider_panel(monkeypatch):
    sizes = []
    monkeypatch.setattr(Lettering, "draw", lambda self, *where: sizes.append(self.size))
    for of_px in (None, 1400):
        panel([[np.zeros((28, 28, 3), np.uint8)]], [], [["note"]], ["head"], "caption", 600, of_px=of_px)
    assert min(sizes[3:]) > 2 * min(sizes[:3])


def test_axes_that_mean_nothing_have_neither_names_nor_numbers(monkeypatch):
    drawn = []
    monkeypatch.setattr(Lettering, "draw", lambda self, on, xy, line, *colour: drawn.append(line))
    nothing = (np.zeros((0, 2)), np.zeros(0, int), (), (-1.0, 5.0, 8.0, 20.0), 600)
    scatter_tile(*nothing, axes=None)
    assert not drawn
    scatter_tile(*nothing, axes=("PC 1", "PC 2"))
    assert {"PC 1", "PC 2", "0"} <= set(drawn)


def test_scatter_tile_has_ticks_at_round_numbers():
    """Of 600 px, 60 on the left and 50 below are the axes': x runs from −1 to 5 over 540 px, y from 8 to 20."""
    tile = scatter_tile(np.zeros((0, 2)), np.zeros(0, int), DIGITS, (-1.0, 5.0, 8.0, 20.0), 600, LIGHT)
    muted = [int(LIGHT.muted[i : i + 2], 16) for i in (1, 3, 5)]
    below, beside = (tile[552, 60:] == muted).all(-1), (tile[: 600 - 50, 58] == muted).all(-1)
    assert np.flatnonzero(below) == pytest.approx([(x + 1) / 6 * 539 for x in range(5)], abs=1)
    assert np.flatnonzero(beside) == pytest.approx(
        [550 - (y - 8) / 12 * (550 - 43) for y in (18, 16, 14, 12, 10)], abs=1
    )


def test_lines_draws_each_series():
    figure = lines({"dog-ae": ([0, 1], [24, 20]), "PCA": ((0, 1), (23, 21))}, "variance", "PSNR / dB", log_y=True)
    assert [trace.name for trace in figure.data] == ["dog-ae", "PCA"]
    assert list(figure.data[1].x) == [0, 1]
    assert list(figure.data[1].y) == [23, 21]
    assert (figure.layout.xaxis.title.text, figure.layout.yaxis.title.text) == ("variance", "PSNR / dB")
    assert figure.layout.yaxis.type == "log"
    assert lines({"a": ([0], [1])}, "x", "y").layout.yaxis.type == "linear"


def test_many_lines_are_told_apart_and_make_the_chart_higher():
    few, many = (lines({f"model {i}": ([0, 1], [i, i]) for i in range(n)}, "x", "y") for n in (10, 40))
    assert len({(trace.line.color, trace.line.dash) for trace in many.data}) == 40
    assert {trace.line.dash for trace in few.data} == {"solid"}
    assert many.layout.height >= few.layout.height + 200
    long = lines({f"a long title of a model {i}": ([0, 1], [i, i]) for i in range(10)}, "x", "y")
    assert long.layout.height >= few.layout.height + 100


def test_lines_of_one_colour_differ_in_their_dashes():
    chart = lines(dict.fromkeys("abc", ([1, 2], [3, 4])), "x", "y", colours=dict.fromkeys("ac", "#123456"))
    assert [line.line.dash for line in chart.data] == ["solid", "solid", "dash"]


def test_a_long_name_keeps_its_beginning_and_its_end_in_the_key():
    names = ["a" * 59 + "1", "a" * 59 + "2", "狗" * 60, "mnist-ae-l2-weights"]
    shown = [trace.name for trace in lines({name: ([0], [1]) for name in names}, "x", "y").data]
    assert shown[0][:10] + shown[0][-2:] == "a" * 11 + "1"
    assert shown[0] != shown[1]
    assert [len(name) for name in shown[:3]] == [32, 32, 16]
    assert shown[3] == names[3]


def test_names_are_literal_in_charts():
    figure = lines({"<b>$x$</b> &amp;": ([0], [1])}, "x", "y")
    assert figure.data[0].name == "&lt;b&gt;&#36;x&#36;&lt;/b&gt; &amp;amp;"
    assert plotly_text("狗-ae_2") == "狗-ae_2"


@pytest.mark.parametrize("span", [1e-300, 1e-30, 1e-6, 0.07, 1, 8, 16, 300, 1e6, 1e30, 1e300])
@pytest.mark.parametrize("middle", [0, 0.5, -3])
def test_marks_of_an_axis_follow_from_its_span(span, middle):
    low, high = span * (middle - 0.5), span * (middle + 0.5)
    found = ticks(*ends(low, high))
    assert 2 <= len(found) <= 5
    assert all(low <= tick <= high for tick in found)
    steps = np.diff(list(found))
    assert steps == pytest.approx(steps[0], rel=1e-6)
    assert f"{steps[0]:.0e}"[0] in "125"
    assert [float(text.replace("−", "-")) for text in found.values()] == pytest.approx(list(found), rel=1e-6)


@pytest.mark.parametrize("extent", [(3, 3), (0, 0), (-1e6, -1e6), (1e6, 1e6 + 1e-9), (0, 5e-324)])
def test_an_axis_without_length_is_drawn(extent):
    tile = scatter_tile(np.full((5, 2), extent[0]), np.zeros(5, int), DIGITS, extent * 2, 300)
    colour = [int(PALETTE[0][i : i + 2], 16) for i in (1, 3, 5)]
    assert (tile[30:270, 40:] == colour).all(-1).any()  # the dot
    low, high = ends(*extent)
    assert low <= extent[0] < extent[1] + (high - low) / 2 < high + (high - low)
    assert len(set(ticks(low, high).values())) == len(ticks(low, high)) >= 2


@pytest.mark.parametrize("ends", [(np.nan, 1), (0, np.inf), (-np.inf, np.inf), (1, 0), (-1.7e308, 1.7e308)])
def test_an_axis_without_ends_is_refused(ends):
    with pytest.raises(ValueError, match="two finite ends"):
        scatter_tile(np.zeros((1, 2)), np.zeros(1, int), DIGITS, (*ends, 0, 1), 300)


def test_what_is_no_number_is_purple():
    values, purple = np.array([np.nan, 0.0, np.inf, -np.inf]), [200, 0, 200]
    assert diverging(values, 1)[[0, 2, 3]].tolist() == [purple, RED.tolist(), BLUE.tolist()]
    assert heat(values, 1).tolist() == [purple, [0, 0, 0], [255, 255, 255], [0, 0, 0]]
    assert diverging(values, np.nan).tolist() == [purple] * 4
    x = torch.zeros(1, 3, 1, 3)
    x[0, 1, 0, 0], x[0, 1, 0, 1] = torch.nan, torch.inf
    assert to_tiles(x)[0].tolist() == [[purple, [0, 255, 0], [0, 0, 0]]]


def test_a_row_label_stays_beside_its_tiles():
    image = panel([[flat_tile((0, 0, 200))] * 9] * 2, row_labels=["非常" * 5000, "second"])
    top = np.asarray(image)[:8, :100]
    assert (top == 255).all()
    short = panel([[flat_tile((0, 0, 200))] * 9] * 2, row_labels=["first", "second"])
    assert image.size == short.size


@pytest.mark.parametrize("text", ["", "here"])
def test_an_upright_line_is_that_of_plotly(text):
    ours, plotlys = (lines({"a": ([1, 2, 4], [3, 4, 5])}, "x", "y") for _ in range(2))
    plotlys.add_vline(2, line_dash="dot", line_color="#808080", **({"annotation_text": text} if text else {}))
    assert upright(ours, 2, "dot", text).to_dict() == plotlys.to_dict()


PANDAS_ON_ITS_WAY = """
import importlib, sys, threading
from aemodels.report import charts
is_half_there, may_go_on = threading.Event(), threading.Event()
class Slow:
    def find_spec(name, *_):
        if name == "pandas.core.api":
            is_half_there.set()
            may_go_on.wait(60)
sys.meta_path.insert(0, Slow)
threading.Thread(target=importlib.import_module, args=("pandas",)).start()
is_half_there.wait(60)
threading.Timer(0.5, may_go_on.set).start()
print(len(charts.lines({"a": ([1, 2], [3, 4])}, "x", "y").data))
"""


@pytest.mark.parametrize(("values", "said"), [([1.26, 0.04], ("1.3", "0.0")), ([0.06, 0.02], ("0.06", "0.02"))])
def test_bars_tell_small_values_apart(values, said):
    assert bars(["a", "b"], values, "x", "y").data[0].text == said


@pytest.mark.release
def test_a_chart_can_be_drawn_while_another_thread_imports_pandas():
    run = subprocess.run([sys.executable, "-c", PANDAS_ON_ITS_WAY], cwd=REPO, capture_output=True, text=True)
    assert run.stdout == "1\n", run.stderr
