"""Pictures of more than 8 bits a sample brought to 8: where 0 and white lie, and what Pillow does not read of them."""

import re
import sys
from collections.abc import Callable
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageOps

from aemodels.language import _

# Tags of TIFF files.
BITS_PER_SAMPLE, COMPRESSION, PHOTOMETRIC, DESCRIPTION, ORIENTATION, MAX_SAMPLE = 258, 259, 262, 270, 274, 281
PLANAR_CONFIGURATION = 284
SAMPLE_FORMAT, S_MAX_SAMPLE, ICC_PROFILE = 339, 341, 34675
UNSIGNED = 1
MIN_IS_WHITE = 0


class UnknownRangeError(Exception):
    """Nothing tells what a picture's numbers mean; the message is the end of a sentence that begins with its name."""


def read(image: Image.Image, file: BinaryIO) -> Image.Image:
    """The opened image, loaded, upright, and of 8 bits. `file` is what it was opened from.

    Raises UnknownRangeError where nothing tells the range of its numbers.
    """
    tag = getattr(image, "tag_v2", {}).get
    rawmode = _rawmode(image)
    key = image.info.get("transparency")
    ImageOps.exif_transpose(image, in_place=True)
    image.load()
    if image.mode in ("I", "F") or image.mode.startswith("I;16"):
        values = np.asarray(image)
        if image.mode == "I" and values.min() < 0 and tag(SAMPLE_FORMAT, (UNSIGNED,))[0] == UNSIGNED:
            values = values.view(np.uint32)
    elif low_bytes := _low_bytes(rawmode):
        with Image.open(file, formats=(image.format,)) as again:
            again.tile = [tile._replace(args=_with_rawmode(tile.args, low_bytes)) for tile in again.tile]
            ImageOps.exif_transpose(again, in_place=True)
            values = np.asarray(image).astype(np.uint16) << 8 | np.asarray(again)
    else:
        # Of colours multiplied by their alpha Pillow has made others already, of greys not.
        return image.convert("LA") if image.mode == "La" else image

    told = 65535 if image.format == "PPM" else _told_range(tag)
    picture = to_8_bits(values, told, image.mode == "CMYK")
    if tag(PHOTOMETRIC) == MIN_IS_WHITE:
        picture = ImageOps.invert(picture)
    if key is not None and not picture.has_transparency_data:
        opaque = (values != np.array(key)).reshape(*values.shape[:2], -1).any(-1)
        picture.putalpha(Image.fromarray(opaque))
    picture.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return picture


def _rawmode(image: Image.Image) -> str:
    """How the samples lie in the file, by Pillow's name for it, such as "RGB;16B"."""
    args = image.tile[0].args if getattr(image, "tile", None) else ""
    mode = args[0] if isinstance(args, tuple) else args
    return mode if isinstance(mode, str) else ""


def _with_rawmode(args: str | tuple[Any, ...], rawmode: str) -> str | tuple[Any, ...]:
    return (rawmode, *args[1:]) if isinstance(args, tuple) else rawmode


def _low_bytes(rawmode: str) -> str | None:
    """Of colours of 16 bits, of which Pillow keeps the upper byte: the raw mode in which it takes the lower for the upper."""
    kind, of_16_bits, order = rawmode.partition(";16")
    if not of_16_bits or kind not in ("RGB", "RGBA", "RGBX", "CMYK"):
        return None
    is_big = order == "B" or (order == "N" and sys.byteorder == "big")
    return f"{kind};16{'L' if is_big else 'B'}"


def is_misread(image: Image.Image) -> bool:
    """Whether Pillow takes the bytes of the opened image for others: those of colours of 16 bits in a TIFF, not compressed, one plane after
    another (seen in Pillow 13.0)."""
    tag = getattr(image, "tag_v2", {}).get
    in_planes = tag(PLANAR_CONFIGURATION) == 2 and tag(COMPRESSION) == 1
    return in_planes and np.max(tag(BITS_PER_SAMPLE, 1)) > 8


def read_tiff(file: BinaryIO, check_pixels: Callable[[int, int], None]) -> Image.Image:
    """A TIFF of a kind that Pillow does not know or misreads, such as colours in floating point: loaded, upright, of 8 bits.

    `check_pixels(width, height)` raises where that is too large. Raises UnknownRangeError as `read` does.
    """
    import tifffile  # slow to import, and seldom needed

    file.seek(0)
    with tifffile.TiffFile(file) as tiff:
        page = tiff.pages.first
        check_pixels(page.imagewidth, page.imagelength)
        kind, num_channels = page.photometric.name, page.samplesperpixel
        if page.axes not in ("YX", "YXS", "SYX") or num_channels > 8:
            raise UnknownRangeError(
                _("holds {number} channels in axes {axes}, not one picture").format(number=num_channels, axes=page.axes)
            )
        values = np.moveaxis(page.asarray(), 0, -1) if page.axes == "SYX" else page.asarray()
        tags = {entry.code: entry.value for entry in page.tags}

    num_colours = {"MINISWHITE": 1, "MINISBLACK": 1, "RGB": 3, "SEPARATED": 4}.get(kind)
    if kind == "MINISBLACK" and num_channels == 3:
        num_colours = 3  # as science's programs save colours
    if num_colours is None or num_channels < num_colours:
        raise UnknownRangeError(
            _("holds {number} channels of a kind that cannot be shown ({kind})").format(number=num_channels, kind=kind)
        )
    alpha_kind = page.extrasamples[0] if num_channels > num_colours and page.extrasamples else 0
    values = values.reshape(*values.shape[:2], -1)[:, :, : num_colours + bool(alpha_kind and num_colours < 4)]
    if alpha_kind == 1 and num_colours < 4:  # colours are multiplied by it
        alpha = values[:, :, -1:].astype(np.float64)
        top = np.iinfo(values.dtype).max if values.dtype.kind in "ui" else 1.0
        colours = values[:, :, :-1] * (top / np.maximum(alpha, top / 65535))
        values = np.concatenate([colours.clip(0, top), alpha], axis=-1).astype(values.dtype)
    picture = to_8_bits(values, _told_range(tags.get), kind == "SEPARATED")
    if kind == "MINISWHITE":
        picture = ImageOps.invert(picture)
    if profile := tags.get(ICC_PROFILE):
        picture.info["icc_profile"] = bytes(profile)
    picture.getexif()[ORIENTATION] = int(tags.get(ORIENTATION, 1))
    ImageOps.exif_transpose(picture, in_place=True)
    return picture


def _told_range(tag: Callable[[int], Any]) -> float | None:
    """The number that means white, where the tags of a TIFF file tell it."""
    bits = np.atleast_1d(tag(BITS_PER_SAMPLE) or 0)[0]
    if 8 < bits < 16:
        return 2.0**bits - 1
    if told := tag(S_MAX_SAMPLE) or tag(MAX_SAMPLE):
        return float(np.max(told))
    found = re.search(r"^max=([\d.]+)", str(tag(DESCRIPTION)), re.MULTILINE)  # what ImageJ shows as white
    return float(found[1]) if found and bits == 32 else None


def to_8_bits(values: np.ndarray, white: float | None, is_cmyk: bool = False) -> Image.Image:
    """Numbers (H, W) or (H, W, C), of which `white` means white or full ink, as a picture of 8 bits.

    Without `white` the range is found from the greatest number: [0, 1] or [0, 255] in floating point; in integers the
    fewest of 8, 10, 12, 14 or 16 bits that hold it. Raises UnknownRangeError where that cannot be known.
    """
    values = values.reshape(*values.shape[:2], -1)
    num_colours = {2: 1, 4: 3}.get(values.shape[2], values.shape[2]) if not is_cmyk else 4
    parts = [values[:, :, :num_colours], values[:, :, num_colours:]]  # transparency has a range of its own
    bytes_ = np.concatenate([_scale(part, white if i == 0 else None) for i, part in enumerate(parts)], axis=-1)
    mode = "CMYK" if is_cmyk else ("L", "LA", "RGB", "RGBA")[bytes_.shape[2] - 1]
    return Image.frombytes(mode, bytes_.shape[1::-1], bytes_.tobytes())


def _scale(values: np.ndarray, white: float | None) -> np.ndarray:
    if not values.size:
        return np.zeros(values.shape, np.uint8)
    low, high = float(values.min()), float(values.max())
    if white is None or not high <= white:
        white = _white(values.dtype, low, high)
    scaled = values.astype(np.float32)
    scaled *= 255 / white
    return scaled.round().clip(0, 255).astype(np.uint8)


def _white(dtype: np.dtype, low: float, high: float) -> float:
    if dtype.kind == "f":
        if low >= -0.1 and high <= 1.1:  # a resized picture may run over a little
            return 1.0
        if low >= -1 and 16 <= high <= 256:
            return 255.0
    elif low >= 0:
        for bits in (8, 10, 12, 14, 16):
            if high < 2**bits:
                return 2.0**bits - 1
        if dtype.itemsize == 4 and high >= 2**31:
            return 2.0**32 - 1
    raise UnknownRangeError(
        _("has numbers from {least} to {most}, and nothing tells which of them is white").format(
            least=f"{low:g}", most=f"{high:g}"
        )
    )
