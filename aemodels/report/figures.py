"""Arrays in, pictures out: Pillow panels of image tiles for the screen and for print, and plotly charts."""

import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil, gcd

import numpy as np
from PIL import Image, ImageColor, ImageDraw, PngImagePlugin
from torch import Tensor

from aemodels.report import scales
from aemodels.report.lettering import Lettering, shown
from aemodels.report.screen_png import screen_png
from aemodels.text import abridged, visible

# Okabe & Ito's eight colours, safe for colour-blind readers, and two greys that stand apart from them.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8A7F00", "#7F3C8D", "#6E6E6E", "#B07A4B",
)  # fmt: skip
DASHES = ("solid", "dash", "dashdot", "longdash")  # where there are more lines than colours
MOST_LETTERS = 32  # of a name in an interactive chart's key, which fits on a phone
KEY_ROW_PX, MOST_MORE = 21, 14  # rows more than colours that make such a chart higher
PRINT_DPI = 300
MAX_KEY_ROWS = 3  # of the classes above a scatter
SMALLEST = 7 * 2.54 / (17 * 72)  # size of letters as a share of a picture's width: 7 points where it is 17 cm wide
NO_NUMBER = (200, 0, 200)  # the colour of NaN, which no scale here has


@dataclass(frozen=True)
class Ink:
    """Colours of text and background of a panel."""

    text: str
    muted: str
    background: str


LIGHT = Ink("#1b1f24", "#57606a", "#ffffff")
DARK = Ink("#e6edf3", "#9aa4af", "#0e1117")


def to_tiles(x: Tensor) -> list[np.ndarray]:
    """Images (B, C, H, W), float in [0, 1], C 1 or 3, to B uint8 arrays (H, W, 3); values outside are clipped, NaN is purple."""
    x = x.detach().float().permute(0, 2, 3, 1).cpu()
    rgb = (x.nan_to_num(0).clamp(0, 1) * 255).round().byte().numpy()
    rgb = rgb.repeat(3, axis=-1) if x.shape[-1] == 1 else rgb
    rgb[x.isnan().any(-1).numpy()] = NO_NUMBER
    return list(rgb)


def diverging(values: np.ndarray, limit: float) -> np.ndarray:
    """Values (...,) on a symmetric scale, −limit blue, 0 white, +limit red, to uint8 colours (..., 3); NaN is purple."""
    share = np.clip(values / limit if limit else values, -1, 1)
    t = np.nan_to_num(share)[..., None]
    blue, white, red = np.array([33, 102, 172]), np.array([247, 247, 247]), np.array([178, 24, 43])
    colours = np.where(t < 0, white + (white - blue) * t, white + (red - white) * t).round().astype(np.uint8)
    colours[np.isnan(share)] = NO_NUMBER
    return colours


def heat(values: np.ndarray, limit: float) -> np.ndarray:
    """Values (...,) on a scale from 0 black over red and yellow to `limit` white, to uint8 colours (..., 3); NaN is purple."""
    share = np.clip(values / limit if limit else values, 0, 1)
    t = np.nan_to_num(share)[..., None]
    colours = (np.clip(3 * t - np.array([0, 1, 2]), 0, 1) * 255).round().astype(np.uint8)
    colours[np.isnan(share)] = NO_NUMBER
    return colours


def map_columns(num_channels: int) -> int:
    """How many channel maps stand in a row: four, and more where there are more than 16."""
    return min(num_channels, max(4, ceil(num_channels**0.5)))


def channel_maps(z: Tensor, limit: float, gap: int = 1) -> np.ndarray:
    """The channels of one code (C, h, w) as one uint8 picture of diverging maps, `map_columns` a row, `gap` cells apart."""
    num_channels, height, width = z.shape
    columns = map_columns(num_channels)
    rows = ceil(num_channels / columns)
    picture = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), 128, np.uint8)
    for i, channel in enumerate(diverging(z.numpy(), limit)):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        picture[top : top + height, left : left + width] = channel
    return picture


def mosaic(tiles: Sequence[np.ndarray], columns: int, gap: int = 0, background: int = 255) -> np.ndarray:
    """Tiles (H, W, 3) of one size, row by row, as one uint8 array."""
    height, width, _ = tiles[0].shape
    rows = ceil(len(tiles) / columns)
    picture = np.full((rows * (height + gap) - gap, columns * (width + gap) - gap, 3), background, np.uint8)
    for i, tile in enumerate(tiles):
        top, left = i // columns * (height + gap), i % columns * (width + gap)
        picture[top : top + height, left : left + width] = tile
    return picture


def blank(image_shape: Sequence[int], ink: Ink) -> np.ndarray:
    """A plain tile in the place of an image (C, H, W) that is still to come: of its proportions, in the fewest pixels, and little
    darker or lighter than the panel."""
    height, width = image_shape[1:]
    background, text = (np.array(ImageColor.getrgb(colour)) for colour in (ink.background, ink.text))
    colour = (0.93 * background + 0.07 * text).astype(np.uint8)
    return np.tile(colour, (height // gcd(height, width), width // gcd(height, width), 1))


def panel(
    rows: Sequence[Sequence[np.ndarray | str]],
    row_labels: Sequence[str] = (),
    notes: Sequence[Sequence[str]] = (),
    column_labels: Sequence[str] = (),
    caption: str = "",
    width_px: int = 1400,
    ink: Ink = LIGHT,
) -> Image.Image:
    """A labelled table of pictures, `width_px` wide, as a report wants it.

    rows           each a list of uint8 tiles (H, W, 3), scaled to one size, small ones without blur; a text stands where there is no
                   picture and says why. At least one is a picture.
    row_labels     one a row, on the left, in as many lines as the tiles are high
    notes          for each row, one short text under each tile ("" for none), on two lines at most; a row's letters are a little
                   smaller where a word would not fit
    column_labels  one a column, on top
    caption        below, wrapped to the panel's width
    """
    unit = width_px / 1400
    least = SMALLEST * width_px
    font, small, bold = Lettering(21 * unit), Lettering(least), Lettering(21 * unit, bold=True)
    pad, label_width = round(10 * unit), round(150 * unit) if any(row_labels) else 0
    columns = max(len(row) for row in rows)
    side = (width_px - label_width - pad * (columns + 1)) // columns
    pictures = [tile for row in rows for tile in row if not isinstance(tile, str)]
    tile_height = max(round(side * tile.shape[0] / tile.shape[1]) for tile in pictures)
    note_fonts = [
        min((font.fitting(note, side, least / font.size) for note in row), key=lambda f: f.size, default=font)
        for row in notes
    ]
    note_lines = [[f.lines(note, side, most=2) for note in row] for row, f in zip(notes, note_fonts, strict=True)]
    note_lines += [[]] * (len(rows) - len(notes))
    most_lines = [max(map(len, row), default=0) for row in note_lines]
    note_heights = [round((6 + 24 * n) * unit) if n else 0 for n in most_lines]
    header = round(38 * unit) if any(column_labels) else 0
    lines = small.lines(caption, width_px - 2 * pad)
    line_height = round(28 * unit)
    most_label_lines = max(1, tile_height // line_height)
    tops = [header + pad + i * (tile_height + pad) + sum(note_heights[:i]) for i in range(len(rows))]
    caption_height = len(lines) * line_height + pad if lines else 0
    height = tops[-1] + tile_height + note_heights[-1] + pad + caption_height

    image = Image.new("RGB", (width_px, height), ink.background)
    draw = ImageDraw.Draw(image)
    for j, label in enumerate(column_labels):
        centre = (label_width + pad + j * (side + pad) + side / 2, header / 2 + pad / 2)
        bold.draw(draw, centre, bold.shorten(label, side), ink.text, "mm")
    for i, (row, top) in enumerate(zip(rows, tops, strict=True)):
        if i < len(row_labels):
            label_lines = bold.lines(row_labels[i], label_width - pad, most_label_lines)
            for k, line in enumerate(label_lines):
                y = top + tile_height / 2 + (k - (len(label_lines) - 1) / 2) * line_height
                bold.draw(draw, (pad, y), line, ink.text, "lm")
        for j, tile in enumerate(row):
            left = label_width + pad + j * (side + pad)
            if isinstance(tile, str):
                words = small.lines(tile, side - 2 * pad, most_label_lines)
                for k, line in enumerate(words):
                    y = top + tile_height / 2 + (k - (len(words) - 1) / 2) * line_height
                    small.draw(draw, (left + side / 2, y), line, ink.muted, "mm")
                continue
            enlarges = tile.shape[1] < side
            method = Image.Resampling.NEAREST if enlarges and tile.shape[1] <= 64 else Image.Resampling.LANCZOS
            image.paste(
                Image.fromarray(tile).resize((side, round(side * tile.shape[0] / tile.shape[1])), method), (left, top)
            )
            for k, line in enumerate(note_lines[i][j] if j < len(note_lines[i]) else []):
                y = top + tile_height + (15 + 24 * k) * unit
                note_fonts[i].draw(draw, (left + side / 2, y), line, ink.muted, "mm")
    for k, line in enumerate(lines):
        small.draw(draw, (pad, height - (len(lines) - k) * line_height - pad / 2), line, ink.muted)
    return image


def png(image: Image.Image, description: str = "") -> bytes:
    """PNG file of a panel at 300 dpi, the description in its metadata."""
    if image.mode == "RGB":
        return screen_png(image, visible(description))
    info = PngImagePlugin.PngInfo()
    if description:
        info.add_itxt("Description", visible(description))
    buffer = io.BytesIO()
    # Level 1 takes a fifth of the default's time, for files about as large.
    image.save(buffer, "PNG", compress_level=1, dpi=(PRINT_DPI, PRINT_DPI), pnginfo=info)
    return buffer.getvalue()


def plotly_text(text: str) -> str:
    """A text for plotly, which takes <b> for bold and $x$ for a formula, to be shown letter by letter."""
    return html.escape(visible(text), quote=False).replace("$", "&#36;")


def lines(
    series: dict[str, tuple[Sequence[float], Sequence[float]]],
    x_title: str,
    y_title: str,
    log_y: bool = False,
    height_px: int = 420,
    colours: Mapping[str, str] | None = None,
    mode: str = "lines+markers",
):
    """One line a series: name -> (x, y). Returns a plotly Figure, higher where it has more lines than there are colours.

    Of some hundred points give arrays: plotly looks at each number of a list.

    colours  of lines by name; the others have colours of the palette, in order
    """
    import plotly.graph_objects as go

    # In one piece: plotly takes ten milliseconds to put the same together from calls of its methods.
    traces = [
        {
            "type": "scatter",
            "x": x if isinstance(x, np.ndarray) else list(x),
            "y": y if isinstance(y, np.ndarray) else list(y),
            "name": plotly_text(abridged(name, MOST_LETTERS)),
            "mode": mode,
            "line": {
                "color": (colours or {}).get(name, PALETTE[i % len(PALETTE)]),
                "dash": DASHES[i // len(PALETTE) % len(DASHES)],
                "width": 3,
            },
        }
        for i, (name, (x, y)) in enumerate(series.items())
    ]
    layout = {
        # Plotly's key takes half of the height at most, and is scrolled beyond that.
        "height": height_px + KEY_ROW_PX * min(MOST_MORE, max(0, len(series) - len(PALETTE))),
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "legend": {"font": {"size": 15}, "orientation": "h", "yanchor": "bottom", "y": 1.02},
        "hovermode": "x unified",
        "xaxis": axis(x_title),
        "yaxis": axis(y_title) | {"type": "log" if log_y else "linear"},
    }
    return go.Figure(traces, layout)


def upright(figure, x: float, dash: str, text: str = ""):
    """Adds an upright grey line at x over the whole height, the text beside its upper end; one, in a sixth of the time of add_vline."""
    place = {"xref": "x", "yref": "y domain"}
    shape = {"type": "line", "x0": x, "x1": x, "y0": 0, "y1": 1, "line": {"color": "#808080", "dash": dash}} | place
    note = {"x": x, "y": 1, "text": text, "showarrow": False, "xanchor": "left", "yanchor": "top"} | place
    return figure.update_layout(shapes=[shape], annotations=[note] if text else [])


def axis(title: str) -> dict[str, object]:
    """Title and numbers of a chart's axis, for plotly."""
    return {"title": {"text": title, "font": {"size": 16}}, "tickfont": {"size": 14}}


def bars(names: Sequence[str], values: Sequence[float], x_title: str, y_title: str, height_px: int = 380):
    """One bar a name, in the order given, its value above it. Returns a plotly Figure."""
    import plotly.graph_objects as go

    text = [f"{value:.1f}" for value in values]
    figure = go.Figure(
        go.Bar(
            x=[plotly_text(name) for name in names],
            y=list(values),
            text=text,
            textposition="outside",
            cliponaxis=False,
            marker_color=PALETTE[0],
        )
    )
    figure.update_layout(height=height_px, margin={"l": 8, "r": 8, "t": 28, "b": 8}, font_size=15)
    figure.update_layout(uniformtext={"minsize": 13, "mode": "show"})  # or plotly shrinks the values that are tight
    figure.update_xaxes(title=x_title, title_font_size=16, tickfont_size=15, type="category")
    figure.update_yaxes(title=y_title, title_font_size=16, tickfont_size=14)
    return figure


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
    extent: tuple[float, float, float, float],
    side_px: int,
    ink: Ink = LIGHT,
    rings: Sequence[float] = (),
    least_px: float = 0,
    axes: tuple[str, str] | None = ("z₁", "z₂"),
) -> np.ndarray:
    """Codes (n, 2) inside extent (x_min, x_max, y_min, y_max), a dot each, below a key of the classes: uint8 (side, side, 3). An axis without length is drawn a little longer, codes that are no numbers not at all.

    labels   (n,) places in `classes`; -1 for none. Dots are of one colour, and there is no key, where class_colours has none
    rings    radii of circles around the origin, in the codes' unit
    least_px  size of letters at least
    axes     their names; None where they mean nothing: then they have no numbers either

    Raises ValueError for an extent that is not finite or falls.
    """
    x_min, x_max, y_min, y_max = (*scales.ends(*extent[:2]), *scales.ends(*extent[2:]))
    share = (codes - [x_min, y_min]) / [x_max - x_min, y_max - y_min]
    inside = ((share >= 0) & (share <= 1)).all(1)
    image = Image.new("RGB", (side_px, side_px), ink.background)
    draw = ImageDraw.Draw(image)
    letter_px = max(0.034 * side_px, least_px)
    left, right = round(max(side_px / 10, 3 * letter_px)), side_px - 1
    radius, bottom = side_px / 400, side_px - round(max(side_px / 12, 2.45 * letter_px))
    bold, small = Lettering(max(0.05 * side_px, letter_px), bold=True), Lettering(letter_px)
    colours = class_colours(classes)
    columns, font = _key_of_classes(classes[: len(colours)], right - left, bold, max(0.5, least_px / bold.size))
    line, width = round(bold.size * 10 / 7), (right - left) / columns
    key = line * max(1, ceil(len(colours) / columns))
    for i, colour in enumerate(colours):
        middle = left + (i % columns + 0.5) * width, (i // columns + 0.5) * line
        font.draw(draw, middle, font.shorten(classes[i], 0.95 * width), colour, "mm")
    draw.rectangle((left, key, right, bottom), outline=ink.muted)
    for tick, text in scales.ticks(x_min, x_max).items() if axes else ():
        x = left + (tick - x_min) / (x_max - x_min) * (right - left)
        draw.line((x, bottom, x, bottom + 2 * radius), ink.muted)
        font = small.fitting(text, (right - left) / 6, max(0.2, least_px / small.size))
        font.draw(draw, (x, bottom + 4 * radius), text, ink.text, "ma")
    for tick, text in scales.ticks(y_min, y_max).items() if axes else ():
        y = bottom - (tick - y_min) / (y_max - y_min) * (bottom - key)
        draw.line((left - 2 * radius, y, left, y), ink.muted)
        font = small.fitting(text, left - 4 * radius, max(0.2, least_px / small.size))
        font.draw(draw, (left - 4 * radius, y), text, ink.text, "rm")
    if axes:
        small.draw(draw, (right, side_px), axes[0], ink.text, "rd")
        small.draw(draw, (0, key), axes[1], ink.text, "la")
    for (x, y), label in zip(share[inside] * [right - left, bottom - key], labels[inside], strict=True):
        colour = colours[label] if 0 <= label < len(colours) else PALETTE[0]
        draw.ellipse((left + x - radius, bottom - y - radius, left + x + radius, bottom - y + radius), colour)
    plot, circles = (left, key, right, bottom), Image.new("L", image.size)
    x_unit, y_unit = (right - left) / (x_max - x_min), (bottom - key) / (y_max - y_min)
    x, y = left - x_min * x_unit, bottom + y_min * y_unit  # of the origin
    for r in rings:
        circle = (x - r * x_unit, y - r * y_unit, x + r * x_unit, y + r * y_unit)
        ImageDraw.Draw(circles).ellipse(circle, outline=255, width=max(1, round(2 * radius)))
    image.paste(ink.text, plot, circles.crop(plot))
    return np.asarray(image)
