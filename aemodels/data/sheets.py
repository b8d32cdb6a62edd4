"""A sheet in a picture that shows more than the sheet: paper on a table, a card on a cloth, a frame around a digit."""

from collections.abc import Callable, Iterator

import numpy as np
import scipy
from PIL import Image, ImageDraw

from aemodels.data.thresholds import otsu

MIN_SIDE = 0.15  # of the picture's shorter side: a smaller sheet is a bar of ink
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
        for corners in _quadrangles(mask, grey):
            sheet = _upright(pixels, corners)
            if min(sheet.shape[:2]) < 8:
                continue
            ink = ink_of(sheet)
            if ink is not None and _is_a_drawing(ink > 0.5):
                return sheet
    return None


def _masks(grey: np.ndarray) -> Iterator[np.ndarray]:
    """Where a sheet may lie: what parts from most of the picture's border by brightness, at several thresholds; then the other side of
    these, for a sheet may reach over three borders."""
    first = otsu(grey)
    thresholds = [first]
    for part in (grey[grey <= first], grey[grey > first]):
        if len(part) and np.ptp(part) > 25:
            thresholds.append(otsu(part))
    masks = []
    for threshold in thresholds:
        light = grey > threshold
        border = np.concatenate([light[0], light[-1], light[:, 0], light[:, -1]])
        masks.append(~light if border.mean() >= 0.5 else light)
    yield from masks
    yield from (~mask for mask in masks)


def _quadrangles(mask: np.ndarray, grey: np.ndarray) -> Iterator[np.ndarray]:
    """The corners (4, 2) of what may be a sheet, see `_corners`: of the part that reaches furthest, such as the line of a frame, and of the
    largest one."""
    parts, num_parts = scipy.ndimage.label(mask)
    if not num_parts:
        return
    boxes = scipy.ndimage.find_objects(parts)
    furthest = np.argmax([np.prod([side.stop - side.start for side in box]) for box in boxes])
    largest = np.bincount(parts.ravel())[1:].argmax()
    for number in dict.fromkeys((furthest, largest)):
        if all(side.stop - side.start == all_of for side, all_of in zip(boxes[number], mask.shape, strict=True)):
            continue  # what lies in the whole picture is the ground
        # As far as its edge is looked at: a photo's other parts cost time alone.
        near = tuple(slice(max(0, side.start - EDGE_PX), side.stop + EDGE_PX) for side in boxes[number])
        corners = _corners(scipy.ndimage.binary_fill_holes(parts[near] == number + 1), grey[near], min(mask.shape))
        if corners is not None:
            yield corners + np.array([near[1].start, near[0].start])


def _corners(sheet: np.ndarray, grey: np.ndarray, shorter: int) -> np.ndarray | None:
    """The corners (4, 2), as x and y, from the upper left one on downwards, of a part without holes; None where it is no sheet.

    shorter  the picture's shorter side
    """
    y, x = np.nonzero(sheet)
    ends = [(x + y).argmin(), (x - y).argmin(), (x + y).argmax(), (x - y).argmax()]
    corners = np.stack([x[ends], y[ends]], axis=1).astype(float)
    if np.hypot(*_sides(corners).T).min() < MIN_SIDE * shorter:
        return None
    drawn = Image.new("1", sheet.shape[::-1])
    ImageDraw.Draw(drawn).polygon([tuple(corner) for corner in corners], fill=1)
    quadrangle = np.asarray(drawn)
    if (quadrangle & sheet).sum() < LIKENESS * (quadrangle | sheet).sum():
        return None
    return corners if _is_sharp(sheet, grey, corners) else None


def _is_sharp(sheet: np.ndarray, grey: np.ndarray, corners: np.ndarray) -> bool:
    """Whether brightness steps at each of its sides that does not lie on the picture's border: the brighter half of a sheet has one that does not."""
    within = sheet & ~scipy.ndimage.binary_erosion(sheet, iterations=EDGE_PX, border_value=1)
    around = scipy.ndimage.binary_dilation(sheet, iterations=EDGE_PX) & ~sheet
    normals = _sides(corners)[:, ::-1] * (1, -1) / np.hypot(*_sides(corners).T)[:, None]
    steps = []
    for side in range(4):
        grey_of = []
        for band in (within, around):
            y, x = np.nonzero(band)
            away = abs(np.stack([x, y], axis=1) @ normals.T - (corners * normals).sum(1))  # (N, 4), from each side
            grey_of.append(grey[band][away.argmin(1) == side])
        if len(grey_of[1]) > len(grey_of[0]) / 2:
            steps.append(abs(grey_of[0].mean() - grey_of[1].mean()))
    return bool(steps) and min(steps) >= MIN_STEP


def _sides(corners: np.ndarray) -> np.ndarray:
    """From each corner to the next, (4, 2)."""
    return np.roll(corners, -1, axis=0) - corners


def _upright(pixels: np.ndarray, corners: np.ndarray) -> np.ndarray:
    """The quadrangle of the corners as a rectangle, without its edge."""
    left, bottom, right, top = np.hypot(*_sides(corners).T)
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
