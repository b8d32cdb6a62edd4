"""One picture: opened safely, upright, whole, in sRGB; and as the square that networks see."""

import io
import os
from math import isqrt
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from torch import Tensor

from aemodels.data import colour_tags, colours, samples
from aemodels.errors import DataError
from aemodels.language import N_, _
from aemodels.text import one_line

MAX_PIXELS = 100_000_000
FORMAT_NAMES = N_("JPEG, PNG, WebP, HEIC, AVIF, TIFF, GIF, BMP, JPEG 2000 or PPM")
PHOTO_SUFFIXES = frozenset((
    ".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo", ".png", ".apng", ".webp", ".heic", ".heif", ".hif", ".avif",
    ".tif", ".tiff", ".gif", ".bmp", ".dib", ".jp2", ".j2k", ".jpf", ".jpx", ".j2c", ".jpc", ".ppm", ".pgm", ".pbm", ".pnm",
))  # fmt: skip
# Named, so that a file of another kind under a photo's name never reaches a decoder that runs programs (EPS).
_PILLOW_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "DIB", "GIF", "TIFF", "AVIF", "JPEG2000", "PPM")
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF8", *_TIFF_MAGIC)


class _TooLargeError(Exception):
    pass


class UnreadableError(DataError):
    """A picture that cannot be read now, for a reason that lies outside it and may pass."""


def open_photo(file: str | Path | BinaryIO, size: int, num_channels: int = 3) -> Tensor:
    """A photo as uint8 (C, size, size) in 0..255: read as `open_picture` does, cropped to the centred square, resized.

    num_channels  C: 3 for red, green and blue, 1 for grey (luma after ITU-R BT.601, as Pillow has it)
    Transparent places become white. Raises DataError as `open_picture` does; ValueError where size is below 1
    or the photo would have more than 100 megapixels itself.
    """
    if size < 1:
        raise ValueError(f"size is {size} px, but must be at least 1.")
    if size * size > MAX_PIXELS:
        raise ValueError(f"size is {size} px, but must be at most {isqrt(MAX_PIXELS)}.")
    image = open_picture(file, 2 * size)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side))
    if image.mode == "RGBA":
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    image = image.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    if num_channels == 1:
        return torch.from_numpy(np.array(image.convert("L"))).unsqueeze(0)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def open_picture(file: str | Path | BinaryIO, side_px: int | None = None) -> Image.Image:
    """A whole picture, turned as its EXIF says, in sRGB of 8 bits: mode "RGB", or "RGBA" where it may be transparent.

    `file` is a path or a seekable binary stream. An embedded colour profile is followed, more than 8 bits are brought to
    8, and of an animation or of several pages the first is taken. With `side_px` a JPEG may be decoded at a fraction of
    its size, no side shorter than that. Raises DataError where the file cannot be opened or decoded as a picture, where
    nothing tells what its numbers mean, or where it has more than 100 megapixels; ValueError where `file` is something else.
    """
    if isinstance(file, (str, os.PathLike)):
        try:
            with open(os.path.expanduser(file), "rb") as stream:
                return open_picture(stream, side_px)
        except (OSError, ValueError) as error:  # the latter where there is a zero byte in the path
            raise DataError(
                _("{path} cannot be opened ({reason}); check path and permissions.").format(
                    path=one_line(os.fspath(file)), reason=getattr(error, "strerror", error)
                )
            ) from error

    _check_stream(file)
    name = file_name(file)
    try:
        return _decode(file, name, side_px)
    except DataError:
        raise
    except samples.UnknownRangeError as error:
        raise DataError(
            _("{name} {fault}; save it as a picture of 8 or 16 bits.").format(name=name, fault=error)
        ) from error
    except UnidentifiedImageError as error:
        raise DataError(
            _("{name} is no picture this can read; use a {formats} file.").format(name=name, formats=_(FORMAT_NAMES))
        ) from error
    except (_TooLargeError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(
            _("{name} has more than {number} megapixels; make it smaller first.").format(
                name=name, number=MAX_PIXELS // 1_000_000
            )
        ) from error
    except MemoryError as error:
        raise UnreadableError(
            _("{name} needs more memory than is free; close other programs or make the picture smaller.").format(
                name=name
            )
        ) from error
    except Exception as error:  # a hostile file can make a decoder raise nearly anything
        reason = one_line(str(error)).rstrip(".") or type(error).__name__
        raise DataError(
            _("{name} is broken ({reason}); use an intact copy of it.").format(name=name, reason=reason)
        ) from error


def _decode(file: BinaryIO, name: str, side_px: int | None) -> Image.Image:
    file.seek(0)
    head = file.read(64)
    if not head:
        raise DataError(_("{name} is empty; choose another picture.").format(name=name))
    formats = _PILLOW_FORMATS
    if head[4:8] == b"ftyp" and not _HEIF_BRANDS.isdisjoint(head[i : i + 4] for i in range(8, 64, 4)):
        import pillow_heif  # slow to import, and seldom needed

        pillow_heif.register_heif_opener()
        formats = ("HEIF",)
    try:
        with Image.open(file, formats=formats) as image:
            _check_pixels(*image.size)
            if samples.is_misread(image):
                return colours.to_srgb(samples.read_tiff(file, _check_pixels))
            image.info |= _told_of_colours(image, file)
            if side_px:
                image.draft(None, (side_px, side_px))
            return colours.to_srgb(samples.read(image, file))
    except UnidentifiedImageError:
        if formats == ("HEIF",):
            raise DataError(_("{name} is a broken HEIC file; use an intact copy of it.").format(name=name)) from None
        if not head.startswith(_TIFF_MAGIC):
            raise
        return colours.to_srgb(samples.read_tiff(file, _check_pixels))


def _told_of_colours(image: Image.Image, file: BinaryIO) -> dict[str, Any]:
    place = file.tell()
    try:
        return colour_tags.read(image.format, image.info, file)
    except Exception:  # of what is broken there the picture need not be
        return {}
    finally:
        file.seek(place)


def begins_like_a_picture(path: str | Path) -> bool:
    """Whether the first bytes of a file are those of a JPEG, PNG, GIF, TIFF, WebP, HEIC or AVIF picture; not where it cannot be read."""
    try:
        with open(path, "rb") as stream:
            head = stream.read(12)
    except OSError:
        return False
    is_webp, brand = head[:4] == b"RIFF" and head[8:] == b"WEBP", head[8:] if head[4:8] == b"ftyp" else b""
    return head.startswith(_BEGINNINGS) or is_webp or brand in _HEIF_BRANDS | {b"mif1", b"avif", b"avis"}


def _check_stream(file: object) -> None:
    if isinstance(file, (bytes, bytearray, memoryview)):
        raise ValueError("file is a picture's content; give io.BytesIO(content), or the path of a file.")
    if not (hasattr(file, "read") and hasattr(file, "seek")) or isinstance(file, io.TextIOBase):
        raise ValueError(
            f"file is a {type(file).__name__}, but must be a path, or a file that is open for reading bytes."
        )
    if getattr(file, "closed", False):
        raise ValueError("file is a stream that is closed; open it again.")
    if hasattr(file, "seekable") and not file.seekable():
        raise ValueError("file is a stream that cannot go back to its start; give io.BytesIO(file.read()).")


def _check_pixels(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise _TooLargeError


def unreadable(path: Path, error: OSError) -> UnreadableError:
    """What to say where the system does not give a photo that was in its folder when that was listed."""
    message = _("{name} cannot be read ({reason}); check its permissions.")
    if isinstance(error, FileNotFoundError):
        message = _("{name} was removed after its folder had been listed; put it back to have it read.")
    return UnreadableError(message.format(name=one_line(path.name), reason=error.strerror))


def file_name(file: str | Path | BinaryIO) -> str:
    """The name of a path's or stream's file, to stand in a message."""
    path = file if isinstance(file, (str, os.PathLike)) else getattr(file, "name", None)
    return one_line(Path(path).name) if isinstance(path, (str, os.PathLike)) else _("The picture")
