"""Arrays in, pictures out: Pillow panels of image tiles for the screen and for print."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, gcd

import numpy as np
from PIL import Image, ImageColor, ImageDraw, PngImagePlugin
from torch import Tensor

from aemodels.report.lettering import Lettering
from aemodels.report.screen_png import screen_png
from aemodels.text import visible

# Okabe & Ito's eight colours, safe for colour-blind readers, and two greys that stand apart from them.
PALETTE = (
    "#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#8A7F00", "#7F3C8D", "#6E6E6E", "#B07A4B",
)  # fmt: skip
PRINT_DPI = 300
SMALLEST = 7 * 2.54 / (17 * 72)  # size of letters as a share of a picture's width: 7 points where it is 17 cm wide
MAX_HEAD_LINES = 4  # of a column's label: names that begin alike often differ at the end
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
    x = x.detach().float().cpu()
    levels = (x.clamp(0, 1) * 255).round_().byte().permute(0, 2, 3, 1)
    rgb = (levels.expand(-1, -1, -1, 3) if x.shape[1] == 1 else levels).contiguous().numpy()
    if x.sum().isnan():  # most often there is none to look for
        rgb[x.isnan().any(1).numpy()] = NO_NUMBER
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


def channel_maps(z: Tensor, limit: float) -> np.ndarray:
    """The channels of one code (C, h, w) as one uint8 picture of diverging maps, `map_columns` a row, a cell apart."""
    return mosaic(diverging(z.numpy(), limit), map_columns(len(z)), gap=1, background=128)


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
    of_px: int | None = None,
) -> Image.Image:
    """A labelled table of pictures, `width_px` wide, as a report wants it.

    rows           each a list of uint8 tiles (H, W, 3), scaled to one size, small ones without blur; a text stands where there is no
                   picture and says why. At least one is a picture.
    row_labels     one a row, on the left, in as many lines as the tiles are high
    notes          for each row, one short text under each tile ("" for none), on two lines at most; a row's letters are a little
                   smaller where a word would not fit
    column_labels  one a column, on top, in MAX_HEAD_LINES at most
    caption        below, wrapped to the panel's width
    of_px          the width of a panel whose letters this one has; its own where none is given
    """
    unit = (of_px or width_px) / 1400
    least = SMALLEST * (of_px or width_px)
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
    note_lines = [[f.even_lines(note, side, most=2) for note in row] for row, f in zip(notes, note_fonts, strict=True)]
    note_lines += [[]] * (len(rows) - len(notes))
    most_lines = [max(map(len, row), default=0) for row in note_lines]
    note_heights = [round((6 + 24 * n) * unit) if n else 0 for n in most_lines]
    heads = [bold.even_lines(label, side, MAX_HEAD_LINES) for label in column_labels]
    header = round((10 + 28 * max(map(len, heads))) * unit) if any(column_labels) else 0
    lines = small.lines(caption, width_px - 2 * pad)
    line_height = round(28 * unit)
    most_label_lines = max(1, tile_height // line_height)
    tops = [header + pad + i * (tile_height + pad) + sum(note_heights[:i]) for i in range(len(rows))]
    caption_height = len(lines) * line_height + pad if lines else 0
    height = tops[-1] + tile_height + note_heights[-1] + pad + caption_height

    image = Image.new("RGB", (width_px, height), ink.background)
    draw = ImageDraw.Draw(image)

    def write(lines: Sequence[str], x: float, middle: float, letters: Lettering, colour: str, anchor: str) -> None:
        """Lines around a height in px."""
        for k, line in enumerate(lines):
            y = middle + (k - (len(lines) - 1) / 2) * line_height
            letters.draw(draw, (x, y), line, colour, anchor)

    for j, head in enumerate(heads):
        write(head, label_width + pad + j * (side + pad) + side / 2, header / 2 + pad / 2, bold, ink.text, "mm")
    for i, (row, top) in enumerate(zip(rows, tops, strict=True)):
        if i < len(row_labels):
            label_lines = bold.even_lines(row_labels[i], label_width - pad, most_label_lines)
            write(label_lines, pad, top + tile_height / 2, bold, ink.text, "lm")
        for j, tile in enumerate(row):
            left = label_width + pad + j * (side + pad)
            if isinstance(tile, str):
                words = small.lines(tile, side - 2 * pad, most_label_lines)
                write(words, left + side / 2, top + tile_height / 2, small, ink.muted, "mm")
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


def png_base64(picture: np.ndarray) -> str:
    """A uint8 picture (H, W, 3 or 4) as a PNG file in base64, as browsers take it."""
    return base64.b64encode(png(Image.fromarray(picture))).decode()
