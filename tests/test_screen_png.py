"""PNG files for the screen and reports: the very pixels, at 300 dpi, read by others."""

import io

import numpy as np
import pytest
from PIL import Image

from aemodels.report.screen_png import screen_png


@pytest.mark.parametrize("size", [(1, 1), (7, 1), (1, 5), (130, 67)])
def test_every_pixel_comes_back(size):
    width, height = size
    pixels = np.random.default_rng(3).integers(0, 256, (height, width, 3), np.uint8)
    pixels[height // 2 :] = (12, 34, 56)
    image = Image.open(io.BytesIO(screen_png(Image.fromarray(pixels))))
    np.testing.assert_array_equal(np.asarray(image), pixels)
    assert (image.format, image.mode) == ("PNG", "RGB")
    assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)


def test_grey_and_palette_become_colours():
    grey = Image.linear_gradient("L")
    image = Image.open(io.BytesIO(screen_png(grey)))
    np.testing.assert_array_equal(np.asarray(image), np.asarray(grey.convert("RGB")))


@pytest.mark.parametrize("text", ["", "seed: 5; σ² = 0.10, 图"])
def test_the_description_is_in_the_file(text):
    image = Image.open(io.BytesIO(screen_png(Image.linear_gradient("L"), text)))
    image.load()
    assert image.info.get("Description", "") == text
