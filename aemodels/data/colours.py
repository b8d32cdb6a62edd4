"""The colours that a picture's numbers stand for, as sRGB."""

import contextlib
import functools
import io
import struct

import numpy as np
from PIL import ExifTags, Image, ImageCms

SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)  # x and y of white, red, green, blue
ADOBE_RGB = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
SRGB_GAMMA = 0.45455  # as PNG writes it: number = light ** gamma
_MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK", "Lab ": "LAB"}


def to_srgb(image: Image.Image) -> Image.Image:
    """A loaded picture of 8 bits in any of Pillow's modes as "RGB", or "RGBA" where it may be transparent, in sRGB.

    Its numbers are read through its embedded ICC profile; without one, or with a broken one or one for other numbers, through
    PNG's gAMA and cHRM or EXIF's mark of Adobe RGB; without these as sRGB.
    """
    for profile in (image.info.get("icc_profile"), _told_profile(image)):
        if profile and (converted := _through(profile, image)):
            return converted
    if image.mode == "LAB":
        return ImageCms.profileToProfile(
            image, ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB"), outputMode="RGB"
        )
    mode = "RGBA" if image.has_transparency_data else "RGB"
    return image if image.mode == mode else image.convert(mode)


def _through(profile: bytes, image: Image.Image) -> Image.Image | None:
    """The image in sRGB; None where the profile cannot be used for it."""
    space, transform = _transform(profile)
    mode = _MODES.get(space)
    fits = mode == image.mode or (mode == "L" and image.mode in ("1", "LA")) or mode == "RGB"
    if not fits or transform is None or (mode == "RGB" and image.mode in ("CMYK", "LAB")):
        return None
    alpha = image.convert("RGBA").getchannel("A") if image.has_transparency_data else None
    # Of a palette's transparent entry only the colour is wanted here.
    colours = image if image.mode == mode else image.convert("RGBA").convert(mode) if alpha else image.convert(mode)
    converted = transform.apply(colours)
    if alpha:
        converted.putalpha(alpha)
    return converted


@functools.lru_cache(maxsize=8)
def _transform(profile: bytes) -> tuple[str, ImageCms.ImageCmsTransform | None]:
    """The kind of colours that the profile is for, and the way from them to sRGB; "" and None where it is broken."""
    try:
        opened = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        space = opened.profile.xcolor_space
        transform = ImageCms.buildTransform(opened, ImageCms.createProfile("sRGB"), _MODES[space], "RGB")
        return space, transform
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, LookupError):
        return "", None


def _told_profile(image: Image.Image) -> bytes | None:
    """A profile for what a file without one tells about its colours."""
    gamma = image.info.get("gamma")
    if gamma and image.info.get("srgb") is None:
        primaries = image.info.get("chromaticity", SRGB)
        is_srgb = abs(gamma - SRGB_GAMMA) < 0.01 and np.allclose(primaries, SRGB, atol=0.003)
        return None if is_srgb else _profile(1 / gamma, tuple(primaries))
    if image.format in ("JPEG", "MPO") and "exif" in image.info:
        with contextlib.suppress(Exception):  # EXIF is often broken, and says nothing then
            if image.getexif().get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex) == "R03":
                return _profile(563 / 256, ADOBE_RGB)
    return None


@functools.lru_cache(maxsize=8)
def _profile(gamma: float, primaries: tuple[float, ...]) -> bytes | None:
    """An ICC profile of light = number ** gamma and the primaries' x and y; None where these cannot be.

    ICC.1:2001-04; the white is brought to D50 by the Bradford matrix (annex E).
    """
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in zip(primaries[::2], primaries[1::2], strict=True)]).T
    white, rgb = xyz[:, 0], xyz[:, 1:]
    d50 = np.array([0.9642, 1, 0.8249])
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    adapt = np.linalg.inv(bradford) @ np.diag(bradford @ d50 / (bradford @ white)) @ bradford
    columns = (adapt @ (rgb * np.linalg.solve(rgb, white))).T

    def numbers(values: np.ndarray) -> bytes:
        return struct.pack(">4s4x3i", b"XYZ ", *np.round(values * 65536).astype(int))

    tags = {b"wtpt": numbers(d50)}
    tags |= {kind + b"XYZ": numbers(column) for kind, column in zip((b"r", b"g", b"b"), columns, strict=True)}
    curve = struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256))
    tags |= {kind + b"TRC": curve for kind in (b"r", b"g", b"b")}
    table, content, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, offset + len(content), len(tag))
        content += tag
    body = struct.pack(">I", len(tags)) + table + content
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x3i", 128 + len(body), 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp", 63190, 65536, 54061
    )
    return header.ljust(128, b"\0") + body
