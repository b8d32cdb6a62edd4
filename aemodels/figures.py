"""Arrays in, pictures out: Pillow panels of image tiles for the screen and for print, and plotly charts."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, floor
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont, PngImagePlugin
from torch import Tensor

# Okabe & Ito's eight colours, safe for colour-blind readers, and two greys that stand apart from them.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8A7F00", "#7F3C8D", "#6E6E6E", "#B07A4B",
)  # fmt: skip
PRINT_DPI = 300
FONTS = Path(__file__).parent / "assets"  # DejaVu Sans: Pillow's own font has no σ, × or é


@dataclass(frozen=True)
class Ink:
    """Colours of text and background of a panel."""

    text: str
    muted: str
    background: str


LIGHT = Ink("#1b1f24", "#57606a", "#ffffff")
DARK = Ink("#e6edf3", "#9aa4af", "#0e1117")


def to_tiles(x: Tensor) -> list[np.ndarray]:
    """Images (B, C, H, W), float in [0, 1], C 1 or 3, to B uint8 arrays (H, W, 3); values outside are clipped."""
    if x.shape[1] == 1:
        x = x.expand(-1, 3, -1, -1)
    rgb = (x.detach().float().clamp(0, 1) * 255).round().byte()
    return list(rgb.permute(0, 2, 3, 1).cpu().numpy())


def diverging(values: np.ndarray, limit: float) -> np.ndarray:
    """Values (...,) on a symmetric scale, −limit blue, 0 white, +limit red, to uint8 colours (..., 3)."""
    t = np.clip(values / limit if limit else values, -1, 1)[..., None]
    blue, white, red = np.array([33, 102, 172]), np.array([247, 247, 247]), np.array([178, 24, 43])
    return np.where(t < 0, white + (white - blue) * t, white + (red - white) * t).round().astype(np.uint8)


def heat(values: np.ndarray, limit: float) -> np.ndarray:
    """Values (...,) on a scale from 0 black over red and yellow to `limit` white, to uint8 colours (..., 3)."""
    t = np.clip(values / limit if limit else values, 0, 1)[..., None]
    return (np.clip(3 * t - np.array([0, 1, 2]), 0, 1) * 255).round().astype(np.uint8)


def channel_maps(z: Tensor, limit: float, gap: int = 1) -> np.ndarray:
    """The channels of one code (C, h, w) as one uint8 picture of diverging maps, 4 a row, `gap` cells apart."""
    num_channels, height, width = z.shape
    columns = min(4, num_channels)
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


def panel(
    rows: Sequence[Sequence[np.ndarray]],
    row_labels: Sequence[str] = (),
    notes: Sequence[Sequence[str]] = (),
    column_labels: Sequence[str] = (),
    caption: str = "",
    width_px: int = 1400,
    ink: Ink = LIGHT,
) -> Image.Image:
    """A labelled table of pictures, `width_px` wide, as a report wants it.

    rows           each a list of uint8 tiles (H, W, 3); tiles are scaled to one size, small ones without blur
    row_labels     one a row, on the left
    notes          for each row, one short text under each tile ("" for none), on two lines at most; a row's letters are smaller
                   where a word would not fit
    column_labels  one a column, on top
    caption        below, wrapped to the panel's width
    """
    unit = width_px / 1400
    font, small = (ImageFont.truetype(FONTS / "DejaVuSans.ttf", size * unit) for size in (20, 19))
    bold = ImageFont.truetype(FONTS / "DejaVuSans-Bold.ttf", 20 * unit)
    pad, label_width = round(10 * unit), round(150 * unit) if any(row_labels) else 0
    columns = max(len(row) for row in rows)
    side = (width_px - label_width - pad * (columns + 1)) // columns
    tile_height = max(round(side * tile.shape[0] / tile.shape[1]) for row in rows for tile in row)
    note_fonts = [_fitting(font, " ".join(row), side, 0.75) for row in notes]
    note_lines = [[_two_lines(note, f, side) for note in row] for row, f in zip(notes, note_fonts, strict=True)]
    note_lines += [[]] * (len(rows) - len(notes))
    most_lines = [max(map(len, row), default=0) for row in note_lines]
    note_heights = [round((6 + 24 * n) * unit) if n else 0 for n in most_lines]
    header = round(38 * unit) if any(column_labels) else 0
    lines = _wrap(caption, small, width_px - 2 * pad)
    line_height = round(28 * unit)
    tops = [header + pad + i * (tile_height + pad) + sum(note_heights[:i]) for i in range(len(rows))]
    caption_height = len(lines) * line_height + pad if lines else 0
    height = tops[-1] + tile_height + note_heights[-1] + pad + caption_height

    image = Image.new("RGB", (width_px, height), ink.background)
    draw = ImageDraw.Draw(image)
    for j, label in enumerate(column_labels):
        centre = (label_width + pad + j * (side + pad) + side / 2, header / 2 + pad / 2)
        draw.text(centre, _shorten(label, bold, side), ink.text, bold, "mm")
    for i, (row, top) in enumerate(zip(rows, tops, strict=True)):
        if i < len(row_labels):
            for k, line in enumerate(label_lines := _wrap(row_labels[i], bold, label_width - pad)):
                y = top + tile_height / 2 + (k - (len(label_lines) - 1) / 2) * line_height
                draw.text((pad, y), line, ink.text, bold, "lm")
        for j, tile in enumerate(row):
            left = label_width + pad + j * (side + pad)
            enlarges = tile.shape[1] < side
            method = Image.Resampling.NEAREST if enlarges and tile.shape[1] <= 64 else Image.Resampling.LANCZOS
            image.paste(
                Image.fromarray(tile).resize((side, round(side * tile.shape[0] / tile.shape[1])), method), (left, top)
            )
            for k, line in enumerate(note_lines[i][j] if j < len(note_lines[i]) else []):
                y = top + tile_height + (15 + 24 * k) * unit
                draw.text((left + side / 2, y), line, ink.muted, note_fonts[i], "mm")
    for k, line in enumerate(lines):
        draw.text((pad, height - (len(lines) - k) * line_height - pad / 2), line, ink.muted, small)
    return image


def png(image: Image.Image, description: str = "") -> bytes:
    """PNG file of a panel at 300 dpi, the description in its metadata."""
    info = PngImagePlugin.PngInfo()
    if description:
        info.add_itxt("Description", description)
    buffer = io.BytesIO()
    # Level 1 takes a fifth of the default's time, for files about as large.
    image.save(buffer, "PNG", compress_level=1, dpi=(PRINT_DPI, PRINT_DPI), pnginfo=info)
    return buffer.getvalue()


def _wrap(text: str, font: ImageFont.FreeTypeFont, width_px: float) -> list[str]:
    lines: list[str] = []
    for word in text.split():
        while font.getlength(word) > width_px and len(word) > 1:  # a path, say: broken where it must be
            head = _prefix(word, font, width_px)
            lines.append(head)
            word = word[len(head) :]
        if lines and font.getlength(f"{lines[-1]} {word}") <= width_px:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return lines


def _fitting(font: ImageFont.FreeTypeFont, text: str, width_px: float, smallest: float) -> ImageFont.FreeTypeFont:
    """The font, made smaller where a word of the text is wider than width_px, but no smaller than that share of its size."""
    widest = max(map(font.getlength, text.split()), default=0)
    return font if widest <= width_px else font.font_variant(size=font.size * max(smallest, 0.97 * width_px / widest))


def _two_lines(text: str, font: ImageFont.FreeTypeFont, width_px: float) -> list[str]:
    lines = _wrap(text, font, width_px)
    return lines if len(lines) <= 2 else [lines[0], _shorten(text.removeprefix(lines[0]).lstrip(), font, width_px)]


def _shorten(text: str, font: ImageFont.FreeTypeFont, width_px: float) -> str:
    if font.getlength(text) <= width_px:
        return text
    return f"{_prefix(text, font, width_px - font.getlength('…')).rstrip()}…"


def _prefix(text: str, font: ImageFont.FreeTypeFont, width_px: float) -> str:
    """The longest beginning of a text that fits the width; one letter at least."""
    return next((text[:n] for n in range(len(text), 1, -1) if font.getlength(text[:n]) <= width_px), text[:1])


def lines(series: dict[str, tuple[Sequence[float], Sequence[float]]], x_title: str, y_title: str, log_y: bool = False):
    """One line a series: name -> (x, y). Returns a plotly Figure."""
    import plotly.graph_objects as go

    figure = go.Figure()
    for i, (name, (x, y)) in enumerate(series.items()):
        figure.add_scatter(
            x=list(x), y=list(y), name=name, mode="lines+markers", line={"color": PALETTE[i % len(PALETTE)], "width": 3}
        )
    figure.update_layout(
        height=420,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        legend={"font": {"size": 15}, "orientation": "h", "yanchor": "bottom", "y": 1.02},
        hovermode="x unified",
    )
    figure.update_xaxes(title=x_title, title_font_size=16, tickfont_size=14)
    figure.update_yaxes(title=y_title, title_font_size=16, tickfont_size=14, type="log" if log_y else "linear")
    return figure


def bars(names: Sequence[str], values: Sequence[float], x_title: str, y_title: str, height_px: int = 380):
    """One bar a name, in the order given, its value above it. Returns a plotly Figure."""
    import plotly.graph_objects as go

    text = [f"{value:.1f}" for value in values]
    figure = go.Figure(
        go.Bar(
            x=list(names), y=list(values), text=text, textposition="outside", cliponaxis=False, marker_color=PALETTE[0]
        )
    )
    figure.update_layout(height=height_px, margin={"l": 8, "r": 8, "t": 28, "b": 8}, font_size=15)
    figure.update_layout(uniformtext={"minsize": 13, "mode": "show"})  # or plotly shrinks the values that are tight
    figure.update_xaxes(title=x_title, title_font_size=16, tickfont_size=15, type="category")
    figure.update_yaxes(title=y_title, title_font_size=16, tickfont_size=14)
    return figure


def scatter_tile(
    codes: np.ndarray, labels: np.ndarray, extent: tuple[float, float, float, float], side_px: int, ink: Ink = LIGHT
) -> np.ndarray:
    """Codes (n, 2) inside extent (x_min, x_max, y_min, y_max), a dot each, below a key of digits, with axes z₁ and z₂: uint8
    (side, side, 3)."""
    x_min, x_max, y_min, y_max = extent
    share = (codes - [x_min, y_min]) / [x_max - x_min, y_max - y_min]
    inside = ((share >= 0) & (share <= 1)).all(1)
    image = Image.new("RGB", (side_px, side_px), ink.background)
    draw = ImageDraw.Draw(image)
    key, left = round(side_px / 14), round(side_px / 10)
    radius, right, bottom = side_px / 400, side_px - 1, side_px - round(side_px / 12)
    bold = ImageFont.truetype(FONTS / "DejaVuSans-Bold.ttf", 0.05 * side_px)
    small = ImageFont.truetype(FONTS / "DejaVuSans.ttf", 0.034 * side_px)
    for digit, colour in enumerate(PALETTE):
        draw.text((left + (digit + 0.5) * (right - left) / 10, key / 2), str(digit), colour, bold, "mm")
    draw.rectangle((left, key, right, bottom), outline=ink.muted)
    for tick in _ticks(x_min, x_max):
        x = left + (tick - x_min) / (x_max - x_min) * (right - left)
        draw.line((x, bottom, x, bottom + 2 * radius), ink.muted)
        draw.text((x, bottom + 4 * radius), f"{tick:g}".replace("-", "−"), ink.text, small, "mt")
    for tick in _ticks(y_min, y_max):
        y = bottom - (tick - y_min) / (y_max - y_min) * (bottom - key)
        draw.line((left - 2 * radius, y, left, y), ink.muted)
        draw.text((left - 4 * radius, y), f"{tick:g}".replace("-", "−"), ink.text, small, "rm")
    draw.text((right, side_px), "z₁", ink.text, small, "rd")
    draw.text((0, key), "z₂", ink.text, small, "lt")
    for (x, y), digit in zip(share[inside] * [right - left, bottom - key], labels[inside], strict=True):
        draw.ellipse((left + x - radius, bottom - y - radius, left + x + radius, bottom - y + radius), PALETTE[digit])
    return np.asarray(image)


def _ticks(low: float, high: float) -> list[float]:
    """Two to five round numbers between low and high; not so near to an end that its label would stand on another."""
    for step in (m * 10.0**k for k in range(-6, 9) for m in (1, 2, 5)):
        ticks = [
            i * step
            for i in range(ceil((low + 0.04 * (high - low)) / step), floor((high - 0.08 * (high - low)) / step) + 1)
        ]
        if len(ticks) <= 5:
            return ticks
    return []
