"""A picture of one digit as MNIST shows digits: light on dark, in a box of 20 px, its centre of mass where MNIST's is."""

from math import ceil
from pathlib import Path
from typing import BinaryIO

import numpy as np
import scipy  # its modules are imported where they are first used: ndimage takes a fifth of a second
import torch
from PIL import Image
from torch import Tensor

from aemodels.data import sheets
from aemodels.data.ink import ink_in
from aemodels.data.pictures import file_name, open_picture
from aemodels.errors import DataError
from aemodels.language import _

SIDE_PX, BOX_PX = 28, 20
CENTRE_PX = 14.0  # the mean centre of mass of MNIST's digits, rows 13.99 and columns 14.01, counted from the first pixel's centre
WORK_PX = 400  # the longest side on which a picture is looked at
# Breadth of strokes, in px of a digit 20 px large: of MNIST's digits 98 in 100 have 1.5 to 5.0, half of them 2.3 to 3.2.
THINNEST_PX, THIN_PX, THICK_PX, THICKEST_PX = 1.4, 2.5, 3.7, 5.2
MOST_AROUND = 3
MAX_LINE_PX, FAINT = 7, 0.2  # breadth and ink of a line of the paper


def read_digit(file: str | Path | BinaryIO) -> Tensor:
    """A photo, scan or drawing of one digit as MNIST shows digits, (1, 28, 28) float in [0, 1].

    `file` is a path or a seekable binary stream. Any ink on any other ground, light or dark, coloured or transparent, evenly
    lit or not. A sheet that does not fill the picture is made upright, and what lies around it is left out. A picture that is one of
    MNIST's comes back as it is. Raises DataError where the file is no picture (see `open_picture`), or where nothing or more than one digit
    stands out in it; ValueError where `file` is something else.
    """
    picture = torch.from_numpy(np.array(open_picture(file, WORK_PX))).permute(2, 0, 1)
    return as_mnist_digit(picture, file_name(file))


def as_mnist_digit(picture: Tensor, name: str) -> Tensor:
    """`read_digit` of a picture uint8 (3, H, W), or (4, H, W) with its opacity last; `name` stands in the error's message."""
    pixels = _sized(picture.permute(1, 2, 0).numpy())
    for _around in range(MOST_AROUND):  # a sheet on a board on a table
        if (sheet := sheets.inside(pixels, ink_in)) is None:
            break
        pixels = _sized(sheet)
    ink = ink_in(pixels)
    if ink is None:
        raise DataError(_("{name} shows no digit: nothing stands out from the background.").format(name=name))
    if picture.shape[1:] == (SIDE_PX, SIDE_PX):
        small = ink.reshape(SIDE_PX, len(ink) // SIDE_PX, SIDE_PX, -1).mean((1, 3))
        if _is_mnist(small):
            return torch.from_numpy(small).float()[None]
    ink = _without_specks(ink)
    if _are_several(ink > 0.5):
        raise DataError(_("{name} shows more than one digit; draw or cut out one alone.").format(name=name))
    small = _boxed(_normal_stroke(ink))
    digit = torch.zeros(1, SIDE_PX, SIDE_PX)
    height, width = small.shape
    top, left = (
        int(np.clip(round(CENTRE_PX - at), 0, SIDE_PX - side))
        for at, side in zip(scipy.ndimage.center_of_mass(small), small.shape, strict=True)
    )
    digit[0, top : top + height, left : left + width] = torch.from_numpy(small.copy())
    return digit


def _sized(pixels: np.ndarray) -> np.ndarray:
    """The picture (H, W, C), its longest side at most WORK_PX and, by repeating pixels, at least half of that."""
    height, width = pixels.shape[:2]
    if (scale := WORK_PX / max(height, width)) < 1:
        size = max(1, round(scale * width)), max(1, round(scale * height))
        pixels = np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BOX))
    else:
        times = max(1, ceil(WORK_PX / 2 / max(height, width)))
        pixels = pixels.repeat(times, 0).repeat(times, 1)
    return pixels


def _is_mnist(ink: np.ndarray) -> bool:
    """Whether ink (28, 28) lies as in MNIST: in a box of 20 px, its centre of mass within half a pixel of the centre."""
    rows, columns = _extent(ink > 0)
    box = max(rows.stop - rows.start, columns.stop - columns.start)
    return abs(box - BOX_PX) <= 1 and all(abs(at - CENTRE_PX) <= 0.6 for at in scipy.ndimage.center_of_mass(ink))


def _boxed(ink: np.ndarray) -> np.ndarray:
    """The ink's box, brought to 20 px along its longer side; the shorter keeps the same scale, so that it may take in an edge."""
    rows, columns = _extent(ink > 0.4)
    pixel = max(rows.stop - rows.start, columns.stop - columns.start) / BOX_PX
    margin = ceil(pixel)
    sides = [max(1, round((part.stop - part.start) / pixel)) for part in (rows, columns)]
    top, left = ((p.start + p.stop - n * pixel) / 2 + margin for p, n in zip((rows, columns), sides, strict=True))
    frame = Image.fromarray(np.pad(ink, margin).astype(np.float32))
    box = (left, top, left + sides[1] * pixel, top + sides[0] * pixel)
    return np.asarray(frame.resize(sides[::-1], Image.Resampling.BOX, box=box))


def _extent(mask: np.ndarray) -> tuple[slice, slice]:
    return scipy.ndimage.find_objects(mask.astype(int))[0]


def _without_specks(ink: np.ndarray) -> np.ndarray:
    """The digit alone: no specks, no faint lines away from it, and nothing that only reaches in from the border."""
    ink = _without_lines(ink)
    parts, num_parts = scipy.ndimage.label(ink > 0.5, np.ones((3, 3)))
    sizes = np.bincount(parts.ravel(), minlength=num_parts + 1)[1:]
    at_border = np.unique(np.concatenate([parts[0], parts[-1], parts[:, 0], parts[:, -1]]))
    keep = sizes >= 0.04 * sizes.max()
    inner = keep.copy()
    inner[at_border[at_border > 0] - 1] = False
    if sizes[inner].sum() > 0.3 * sizes.sum():
        keep = inner
    digit = np.isin(parts, np.flatnonzero(keep) + 1)
    rows, columns = _extent(digit)
    reach = 1.5 / BOX_PX * max(rows.stop - rows.start, columns.stop - columns.start)
    return np.where(scipy.ndimage.distance_transform_edt(~digit) <= reach, ink, 0)


def _are_several(mask: np.ndarray) -> bool:
    """Whether what is to be a digit is in parts side by side, with a gap between them; of MNIST's 10,000 test digits one is."""
    if _is_at_border(mask):  # cropped at the digit
        return False
    boxes = scipy.ndimage.find_objects(scipy.ndimage.label(mask, np.ones((3, 3)))[0])
    tallest = max(rows.stop - rows.start for rows, _columns in boxes)
    columns = sorted((c.start, c.stop) for rows, c in boxes if rows.stop - rows.start >= tallest / 2)
    ends = np.maximum.accumulate([stop for _start, stop in columns])
    return any(start - end >= tallest / 10 for (start, _stop), end in zip(columns[1:], ends, strict=False))


def _without_lines(ink: np.ndarray) -> np.ndarray:
    """The ink without the lines of ruled or squared paper, which are thinner than strokes and go from border to border."""
    boxes = scipy.ndimage.find_objects(scipy.ndimage.label(ink > FAINT, np.ones((3, 3)))[0])
    if not any(part == slice(0, side) for box in boxes for part, side in zip(box, ink.shape, strict=True)):
        return ink
    for breadth in range(3, MAX_LINE_PX + 1, 2):
        strokes = scipy.ndimage.grey_opening(ink, breadth)
        if strokes.max() > 0.5 and not _is_at_border(strokes > FAINT):
            return strokes
    return ink  # a picture that was cropped at the digit


def _is_at_border(mask: np.ndarray) -> bool:
    return any(edge.any() for edge in (mask[0], mask[-1], mask[:, 0], mask[:, -1]))


def _normal_stroke(ink: np.ndarray) -> np.ndarray:
    """The ink, its strokes made broader or finer where no digit of MNIST has such."""
    mask = np.pad(ink > 0.5, len(ink) // 4)
    rows, columns = _extent(mask)
    box = max(rows.stop - rows.start, columns.stop - columns.start)
    unit = box / BOX_PX
    grounds, _number = scipy.ndimage.label(~mask)
    mask |= (np.bincount(grounds.ravel()) < (unit / 2) ** 2)[
        grounds
    ]  # pinholes, as between the dots of a black-and-white scan
    inside = scipy.ndimage.distance_transform_edt(mask)
    breadth = 4 * inside[mask].mean() - 1  # px; the mean distance to the edge is a quarter of it
    if THINNEST_PX <= breadth / unit <= THICKEST_PX:
        return ink
    wanted = THIN_PX if breadth / unit < THINNEST_PX else THICK_PX
    grow = (wanted * unit - breadth) / 2 / (1 - wanted / BOX_PX)
    distance = inside - scipy.ndimage.distance_transform_edt(~mask)
    normal = (distance + grow).clip(0, 1)
    return normal if normal.max() > 0.5 else ink  # of a dot of few pixels nothing finer is left
