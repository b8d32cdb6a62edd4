"""Line charts for print, drawn by Pillow: loss and PSNR over a training, PSNR over the variance of noise, variances along axes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from math import isfinite, log10

import numpy as np
from PIL import Image, ImageDraw

from aemodels.report import figures
from aemodels.report.figures import LIGHT, PALETTE, SMALLEST
from aemodels.report.lettering import Lettering
from aemodels.report.scales import ends, log_ticks, ticks, ticks_apart

Curve = tuple[Sequence[float], Sequence[float | None]]  # x and y; a gap where y is None or not finite
WIDTH_TO_HEIGHT = 0.45  # of a chart that is a panel by itself
MARKED = 12  # points at most that each have a dot


@dataclass(frozen=True)
class Chart:
    """Curves on common axes.

    curves   name -> curve; the same names in all charts of a picture have the same colours
    log_y    whether the y axis is logarithmic; then there are gaps for values of 0 and below
    dashed   names of those drawn with gaps, such as what other curves are held against
    colours  of curves by name; the others have colours of the palette
    """

    curves: Mapping[str, Curve]
    x_title: str
    y_title: str
    log_y: bool = False
    dashed: frozenset[str] = frozenset()
    colours: Mapping[str, str] = field(default_factory=dict)


def draw(charts: Sequence[Chart], width_px: int, height_px: int = 900, of_px: int | None = None) -> Image.Image:
    """The charts side by side, each height_px high, below a legend of all their curves.

    of_px  the width of the picture that this one is a part of, which sets the size of its letters
    """
    letters = Lettering(1.03 * SMALLEST * (of_px or width_px))
    names = list(dict.fromkeys(name for chart in charts for name in chart.curves))
    colours = {name: PALETTE[i % len(PALETTE)] for i, name in enumerate(names)}
    for chart in charts:
        colours |= chart.colours
    dashed = frozenset[str]().union(*(chart.dashed for chart in charts))
    rows = _legend_rows(names, letters, width_px)
    line = 1.5 * letters.size
    top = round(line * len(rows) + 0.5 * line)
    image = Image.new("RGB", (width_px, top + height_px), LIGHT.background)
    pen = ImageDraw.Draw(image)
    for i, row in enumerate(rows):
        y = (i + 0.75) * line
        for x, name in row:
            _line(pen, [(x, y), (x + 2 * letters.size, y)], colours[name], 6, name in dashed)
            letters.draw(pen, (x + 2.5 * letters.size, y), _fitted(name, letters, width_px), LIGHT.text, "lm")
    width = width_px // len(charts)
    for i, chart in enumerate(charts):
        _draw_chart(pen, chart, (i * width, top, (i + 1) * width, top + height_px), letters, colours)
    return image


def panel(chart: Chart, width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    """One chart as a panel of a page."""
    drawn = draw([chart], width_px, round(WIDTH_TO_HEIGHT * width_px))
    return figures.panel([[np.asarray(drawn)]], caption=caption, width_px=width_px, ink=ink)


def _legend_rows(names: Sequence[str], letters: Lettering, width_px: int) -> list[list[tuple[float, str]]]:
    """Names, each with the place where its entry begins, in as many rows as they need; no row for one name alone."""
    if len(names) < 2:
        return []
    rows, x = [[]], 0.5 * letters.size
    for name in names:
        width = 4 * letters.size + letters.width(_fitted(name, letters, width_px))
        if rows[-1] and x + width > width_px:
            rows, x = [*rows, []], 0.5 * letters.size
        rows[-1].append((x, name))
        x += width
    return rows


def _fitted(name: str, letters: Lettering, width_px: int) -> str:
    return letters.shorten(name, width_px - 4 * letters.size)


def _draw_chart(
    pen: ImageDraw.ImageDraw,
    chart: Chart,
    frame: tuple[float, float, float, float],
    letters: Lettering,
    colours: Mapping[str, str],
) -> None:
    curves = {name: _shown(curve, chart.log_y) for name, curve in chart.curves.items()}
    points = [(x, y) for curve in curves.values() for x, y in curve if y is not None]
    size = letters.size
    if not points:
        return
    x_low, x_high = ends(min(x for x, _ in points), max(x for x, _ in points))
    y_low, y_high = _room(min(y for _, y in points), max(y for _, y in points), chart.log_y)
    marks = log_ticks(y_low, y_high) if chart.log_y else ticks(y_low, y_high, margins=(0.04, 0))
    left = frame[0] + 1.2 * size + max(letters.width(text) for text in marks.values())
    top, right, bottom = frame[1] + 2 * size, frame[2] - 1.5 * size, frame[3] - 3.4 * size
    scale = log10 if chart.log_y else float

    def place(x: float, y: float) -> tuple[float, float]:
        across, up = (x - x_low) / (x_high - x_low), (scale(y) - scale(y_low)) / (scale(y_high) - scale(y_low))
        return left + across * (right - left), bottom - up * (bottom - top)

    for value, text in marks.items():
        y = place(x_low, value)[1]
        pen.line((left, y, right, y), "#d8dee4", 2)
        letters.draw(pen, (left - 0.4 * size, y), text, LIGHT.text, "rm")
    most = max(5, round((right - left) / (5 * size)))
    apart = ticks_apart(x_low, x_high, right - left, lambda text: letters.width(text) + 0.5 * size, most, (0, 0))
    for value, text in apart.items():
        x = place(value, y_low)[0]
        pen.line((x, bottom, x, bottom + 0.25 * size), LIGHT.muted, 3)
        letters.draw(pen, (x, bottom + 0.35 * size), text, LIGHT.text, "ma")
    pen.line([(left, top), (left, bottom), (right, bottom)], LIGHT.muted, 3)
    letters.draw(pen, (frame[0] + 0.3 * size, frame[1] + 0.2 * size), chart.y_title, LIGHT.text, "la")
    letters.draw(pen, ((left + right) / 2, frame[3] - 0.3 * size), chart.x_title, LIGHT.text, "md")
    for name, curve in curves.items():
        for has_value, run in groupby(curve, lambda point: point[1] is not None):
            if has_value:
                _draw_run(pen, [place(*point) for point in run], colours[name], len(curve), name in chart.dashed)


def _draw_run(
    pen: ImageDraw.ImageDraw, run: list[tuple[float, float]], colour: str, num_points: int, dashed: bool
) -> None:
    _line(pen, run, colour, 5, dashed)
    if (num_points <= MARKED and not dashed) or len(run) == 1:
        for x, y in run:
            pen.ellipse((x - 9, y - 9, x + 9, y + 9), colour)


def _line(
    pen: ImageDraw.ImageDraw, points: Sequence[tuple[float, float]], colour: str, width: int, dashed: bool
) -> None:
    if not dashed:
        pen.line(list(points), colour, width, joint="curve")
        return
    drawn, on = 0.0, 24.0  # px of the line so far, and of each dash and gap
    for (x0, y0), (x1, y1) in pairwise(points):
        length, at = ((x1 - x0) ** 2 + (y1 - y0) ** 2) ** 0.5, 0.0
        while at < length:
            step = min(on - (drawn + at) % on, length - at)
            if int((drawn + at) / on + 1e-9) % 2 == 0:
                share = [at / length, (at + step) / length]
                pen.line([(x0 + t * (x1 - x0), y0 + t * (y1 - y0)) for t in share], colour, width)
            at += max(step, 1e-3)
        drawn += length


def _shown(curve: Curve, log_y: bool) -> list[tuple[float, float | None]]:
    return [(x, y if _can_show(y, log_y) else None) for x, y in zip(*curve, strict=True)]


def _can_show(y: float | None, log_y: bool) -> bool:
    return y is not None and isfinite(y) and (y > 0 or not log_y)


def _room(low: float, high: float, log_y: bool) -> tuple[float, float]:
    """The ends of the y axis: a little beyond the curves."""
    if log_y:
        ratio = max(high / low, 1.1) ** 0.05
        return low / ratio, high * ratio
    low, high = ends(low, high)
    return low - 0.05 * (high - low), high + 0.05 * (high - low)
