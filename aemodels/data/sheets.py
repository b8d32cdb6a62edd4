"""A sheet in a picture that shows more than the sheet: paper on a table, a card on a cloth, a frame around a digit."""

from collections.abc import Callable, Iterator

import numpy as np
import scipy
from PIL import Image, ImageDraw

from aemodels.data.thresholds import otsu

MIN_SIDE = 0.25  # of the picture's shorter side: a smaller sheet is a bar of ink
LIKENESS = 0.88  # intersection over union of a sheet and the quadrangle of its corners; of an ellipse it is 0.64
EDGE_PX, MIN_STEP = 4, 25  # grey levels between both sides of a sheet's edge, so near it; light falls off more slowly
MARGIN = 0.045  # of the sheet's sides: soft edges, and the line of a frame
MAX_AT_EDGE, MIN_INK, MAX_INK = 0.03, 0.002, 0.4  # shares of the sheet's edge and of all of it

Ink = Callable[[np.ndarray], np.ndarray | None]


def inside(pixels: np.ndarray, ink_of: Ink) -> np.ndarray | None:
    """What is on the sheet in a picture uint8 (H, W, C), the sheet made upright and its edge left out; None where there is no sheet, or nothing is
    on it.

    ink_of  gives how much ink lies where in a picture, in [0, 1], (H, W), or None where nothing stands out
    """
    grey = pixels[:, :, :3].mean(2)
    for mask in _masks(grey):
        corners = _corners(mask, grey)
        if corners is None:
            continue
        sheet = _upright(pixels, corners)
        if min(sheet.shape[:2]) < 8:
            continue
        ink = ink_of(sheet)
        if ink is not None and _is_a_drawing(ink > 0.5):
            return sheet
    return None


def _masks(grey: np.ndarray) -> Iterator[np.ndarray]:
    """Where a sheet may lie: what parts from the picture's border by brightness, at several thresholds."""
    first = otsu(grey)
    thresholds = [first]
    for part in (grey[grey <= first], grey[grey > first]):
        if len(part) and np.ptp(part) > 25:
            thresholds.append(otsu(part))
    for threshold in thresholds:
        light = grey > threshold
        border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
        yield ~light if border.mean() >= 0.5 else light


def _corners(mask: np.ndarray, grey: np.ndarray) -> np.ndarray | None:
    """The corners (4, 2), as x and y, from the upper left one on downwards, of the largest part, its holes filled; None where it is no sheet."""
    parts, num_parts = scipy.ndimage.label(mask)
    if not num_parts:
        return None
    largest = parts == 1 + np.bincount(parts.ravel())[1:].argmax()
    sheet = scipy.ndimage.binary_fill_holes(largest)
    y, x = np.nonzero(sheet)
    ends = [(x + y).argmin(), (x - y).argmin(), (x + y).argmax(), (x - y).argmax()]
    corners = np.stack([x[ends], y[ends]], axis=1).astype(float)
    sides = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    if sides.min() < MIN_SIDE * min(mask.shape):
        return None
    drawn = Image.new("1", mask.shape[::-1])
    ImageDraw.Draw(drawn).polygon([tuple(corner) for corner in corners], fill=1)
    quadrangle = np.asarray(drawn)
    if (quadrangle & sheet).sum() < LIKENESS * (quadrangle | sheet).sum():
        return None
    within = sheet & ~scipy.ndimage.binary_erosion(sheet, iterations=EDGE_PX, border_value=1)
    around = scipy.ndimage.binary_dilation(sheet, iterations=EDGE_PX) & ~sheet
    is_sharp = around.any() and abs(grey[within].mean() - grey[around].mean()) >= MIN_STEP
    return corners if is_sharp else None


def _upright(pixels: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The quadrangle of the corners as a rectangle, without its edge."""
    left, bottom, right, top = np.hypot(*(np.roll(corners, -1, axis=0) - corners).T)
    width, height = max(1, round((bottom + top) / 2)), max(1, round((left + right) / 2))
    flat = Image.fromarray(pixels).transform(
        (width, height), Image.Transform.QUAD, tuple(corners.ravel()), Image.Resampling.BILINEAR
    )
    x, y = (max(1, round(MARGIN * side)) for side in (width, height))
    return np.asarray(flat)[y : height - y, x : width - x]


def _is_a_drawing(ink: np.ndarray) -> bool:
    """Whether ink lies as a digit on a sheet: little of it, and hardly any at the edge."""
    edge = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
    return edge.mean() <= MAX_AT_EDGE and MIN_INK <= ink.mean() <= MAX_INK
