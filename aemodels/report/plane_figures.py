"""Pictures of a plane of 2-D codes: a dot a code, and how densely they lie. Densities are those of `planes.Support`, in [0, 1]."""

from collections.abc import Sequence
from dataclasses import replace
from math import ceil

import numpy as np
from PIL import Image, ImageDraw

from aemodels.codes import planes
from aemodels.codes.planes import HOLE_BELOW, SPARSE_BELOW, Extent
from aemodels.report import scales
from aemodels.report.figures import LIGHT, PALETTE, Ink
from aemodels.report.lettering import Lettering, shown
from aemodels.storage.checkpoints import Checkpoint

MAX_KEY_ROWS = 3  # of the classes above a scatter
Box = tuple[int, int, int, int]  # left, top, right, bottom in px
SPARSE_COLOUR, HOLE_COLOUR = (240, 190, 40, 60), (220, 60, 50, 70)  # red, green, blue, alpha


def rings(ckpt: Checkpoint) -> tuple[float, ...]:
    """Radii of the circles that show N(0, I) on a plane whose model learnt to have its codes lie so; none on another."""
    return planes.RINGS if ckpt.model.has_prior else ()


def tint(shares: np.ndarray) -> np.ndarray:
    """Densities (side²,) of cells, row by row, as a picture uint8 (side, side, 4): holes red, sparse places yellow, all of it
    transparent."""
    side = round(len(shares) ** 0.5)
    picture = np.zeros((len(shares), 4), np.uint8)
    picture[shares < SPARSE_BELOW] = SPARSE_COLOUR
    picture[shares < HOLE_BELOW] = HOLE_COLOUR
    return picture.reshape(side, side, 4)


def fade(picture: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A picture uint8 (H, H, 3) of side × side cells, made transparent (H, H, 4) where few codes lie.

    A cell as crowded as the median code (share 0.5) or more is full, one below a share of 0.05 is a tenth.

    shares  the densities (side²,) of its cells, row by row
    """
    side = round(len(shares) ** 0.5)
    cell = np.ones((len(picture) // side,) * 2)
    opacity = np.clip(2 * shares, 0.1, 1).reshape(side, side)
    return np.dstack([picture, (255 * np.kron(opacity, cell)).round().astype(np.uint8)])


def over(picture: np.ndarray, background: str) -> np.ndarray:
    """A picture uint8 (H, W, 3 or 4) laid on a colour such as "#ffffff": (H, W, 3)."""
    image = Image.fromarray(picture).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, background), image).convert("RGB"))


def class_colours(classes: Sequence[str]) -> Sequence[str]:
    """A colour for each class of a data set; none where there are more classes than colours."""
    return PALETTE[: len(classes)] if len(classes) <= len(PALETTE) else ()


def _key_of_classes(names: Sequence[str], width_px: float, bold: Lettering, smallest: float) -> tuple[int, Lettering]:
    """How many names stand in a row of the key, and in which letters: as few rows as they fit in with letters of at least `smallest` of
    their size, MAX_KEY_ROWS at most."""
    widest = max((bold.width(shown(name)) for name in names), default=1)

    def columns(num_rows: int) -> int:
        return max(1, ceil(len(names) / num_rows))

    def share(num_rows: int) -> float:
        return min(1, 0.95 * width_px / columns(num_rows) / widest)

    num_rows = next((n for n in range(1, MAX_KEY_ROWS) if share(n) >= smallest), MAX_KEY_ROWS)
    return columns(num_rows), replace(bold, size=bold.size * max(smallest, share(num_rows)))


def scatter_tile(
    codes: np.ndarray,
    labels: np.ndarray,
    classes: Sequence[str],
    extent: Extent,
    side_px: int,
    ink: Ink = LIGHT,
    rings: Sequence[float] = (),
    least_px: float = 0,
    axes: tuple[str, str] | None = ("z₁", "z₂"),
    place: Sequence[float] = (),
) -> np.ndarray:
    """Codes (n, 2) inside an extent, a dot each, below a key of the classes: uint8 (side, side, 3). An axis without length is drawn a little longer, codes that are no numbers not at all.

    labels   (n,) places in `classes`; -1 for none. Dots are of one colour, and there is no key, where class_colours has none
    rings    radii of circles around the origin, in the codes' unit
    least_px  size of letters at least
    axes     their names; None where they mean nothing: then they have no numbers either
    place    one that is marked with a cross, in the codes' unit; none where it lies outside the extent

    Raises ValueError for an extent that is not finite or falls.
    """
    extent = (*scales.ends(*extent[:2]), *scales.ends(*extent[2:]))
    x_min, x_max, y_min, y_max = extent
    image = Image.new("RGB", (side_px, side_px), ink.background)
    draw = ImageDraw.Draw(image)
    letter_px = max(0.034 * side_px, least_px)
    left, right = round(max(side_px / 10, 3 * letter_px)), side_px - 1
    radius, bottom = side_px / 400, side_px - round(max(side_px / 12, 2.45 * letter_px))
    bold, small = Lettering(max(0.05 * side_px, letter_px), bold=True), Lettering(letter_px)
    colours = class_colours(classes)
    top = _draw_key(draw, classes[: len(colours)], colours, (left, right), bold, max(0.5, least_px / bold.size))
    plot = (left, top, right, bottom)
    draw.rectangle(plot, outline=ink.muted)
    if axes:
        _draw_ticks(draw, plot, extent, 2 * radius, small, max(0.2, least_px / small.size), ink)
        small.draw(draw, (right, side_px), axes[0], ink.text, "rd")
        small.draw(draw, (0, top), axes[1], ink.text, "la")
    share = (codes - [x_min, y_min]) / [x_max - x_min, y_max - y_min]
    inside = ((share >= 0) & (share <= 1)).all(1)
    for (x, y), label in zip(share[inside] * [right - left, bottom - top], labels[inside], strict=True):
        colour = colours[label] if 0 <= label < len(colours) else PALETTE[0]
        draw.ellipse((left + x - radius, bottom - y - radius, left + x + radius, bottom - y + radius), colour)
    _draw_rings(image, rings, plot, extent, max(1, round(2 * radius)), ink)
    if len(place):
        inside_plot = image.crop(plot)
        _cross(inside_plot, place, extent, ink)
        image.paste(inside_plot, plot)
    return np.asarray(image)


def _draw_key(
    draw: ImageDraw.ImageDraw,
    classes: Sequence[str],
    colours: Sequence[str],
    ends: tuple[int, int],
    bold: Lettering,
    smallest: float,
) -> int:
    """The classes at the top, each in its colour, between two ends in px; returns where the key ends, in px from the top."""
    left, right = ends
    columns, font = _key_of_classes(classes, right - left, bold, smallest)
    line, width = round(bold.size * 10 / 7), (right - left) / columns
    for i, (name, colour) in enumerate(zip(classes, colours, strict=True)):
        middle = left + (i % columns + 0.5) * width, (i // columns + 0.5) * line
        font.draw(draw, middle, font.shorten(name, 0.95 * width), colour, "mm")
    return line * max(1, ceil(len(classes) / columns))


def _draw_ticks(
    draw: ImageDraw.ImageDraw, plot: Box, extent: Extent, tick_px: float, small: Lettering, smallest: float, ink: Ink
) -> None:
    """Round numbers below and on the left of a plot, in letters that shrink to `smallest` of their size."""
    (left, top, right, bottom), (x_min, x_max, y_min, y_max) = plot, extent
    beside_px = left - 2 * tick_px

    def below(text: str) -> Lettering:
        return small.fitting(text, (right - left) / 6, smallest)

    apart = scales.ticks_apart(x_min, x_max, right - left, lambda text: below(text).width(text) + 0.4 * small.size)
    for tick, text in apart.items():
        x = left + (tick - x_min) / (x_max - x_min) * (right - left)
        draw.line((x, bottom, x, bottom + tick_px), ink.muted)
        below(text).draw(draw, (x, bottom + 2 * tick_px), text, ink.text, "ma")
    for tick, text in scales.ticks(y_min, y_max).items():
        y = bottom - (tick - y_min) / (y_max - y_min) * (bottom - top)
        draw.line((left - tick_px, y, left, y), ink.muted)
        small.fitting(text, beside_px, smallest).draw(draw, (beside_px, y), text, ink.text, "rm")


def _draw_rings(image: Image.Image, radii: Sequence[float], plot: Box, extent: Extent, width_px: int, ink: Ink) -> None:
    """Circles around the origin, as far as they lie in the plot."""
    (left, top, right, bottom), (x_min, x_max, y_min, y_max) = plot, extent
    x_unit, y_unit = (right - left) / (x_max - x_min), (bottom - top) / (y_max - y_min)
    x, y = left - x_min * x_unit, bottom + y_min * y_unit  # of the origin
    circles = Image.new("L", image.size)
    for r in radii:
        circle = (x - r * x_unit, y - r * y_unit, x + r * x_unit, y + r * y_unit)
        ImageDraw.Draw(circles).ellipse(circle, outline=255, width=width_px)
    image.paste(ink.text, plot, circles.crop(plot))


def with_cross(picture: np.ndarray, extent: Extent, place: Sequence[float], ink: Ink = LIGHT) -> np.ndarray:
    """A picture uint8 (H, W, 3) that covers an extent of a plane, a place of it marked as in scatter_tile."""
    image = Image.fromarray(picture)
    _cross(image, place, extent, ink)
    return np.asarray(image)


def _cross(image: Image.Image, place: Sequence[float], extent: Extent, ink: Ink) -> None:
    """A ring with four arms, as on the page, with a border in the background's colour; nothing where the place lies outside."""
    (x, y), (x_min, x_max, y_min, y_max) = place, extent
    if not (x_min <= x <= x_max and y_min <= y <= y_max):
        return
    x, y, unit = (
        (x - x_min) / (x_max - x_min) * image.width,
        (y_max - y) / (y_max - y_min) * image.height,
        image.width / 500,
    )
    draw = ImageDraw.Draw(image)
    for colour, width in ((ink.background, 6 * unit), (ink.text, 2.5 * unit)):
        outer = 10 * unit + width / 2  # Pillow draws a ring's line inside its box
        draw.ellipse((x - outer, y - outer, x + outer, y + outer), outline=colour, width=max(1, round(width)))
        for dx, dy in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            ends = (x + 10 * unit * dx, y + 10 * unit * dy, x + 24 * unit * dx, y + 24 * unit * dy)
            draw.line(ends, colour, max(1, round(width)))
