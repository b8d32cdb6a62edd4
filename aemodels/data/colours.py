"""The colours that a picture's numbers stand for, as sRGB."""

import contextlib
import functools
import io

import numpy as np
from PIL import ExifTags, Image, ImageCms

from aemodels.data import colour_tags, profiles

SRGB_GAMMA = 0.45455  # as PNG writes it: number = light ** gamma
_MODES = {"GRAY": "L", "RGB ": "RGB", "CMYK": "CMYK", "Lab ": "LAB"}


def to_srgb(image: Image.Image) -> Image.Image:
    """A loaded picture of 8 bits in any of Pillow's modes as "RGB", or "RGBA" where it may be transparent, in sRGB.

    Its numbers are read through its embedded ICC profile; without one, or with a broken one or one for other numbers, through
    the codes of PNG, HEIC and AVIF, PNG's gAMA and cHRM or EXIF's mark of Adobe RGB; without these as sRGB. Of HDR pictures what is
    brighter than paper is white.
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
    if codes := image.info.get(colour_tags.CODES):
        return profiles.of_codes(*codes)
    gamma = image.info.get("gamma")
    if gamma and image.info.get("srgb") is None:
        primaries = image.info.get("chromaticity", profiles.SRGB)
        is_srgb = abs(gamma - SRGB_GAMMA) < 0.01 and np.allclose(primaries, profiles.SRGB, atol=0.003)
        return None if is_srgb else profiles.of_gamma(1 / gamma, tuple(primaries))
    if image.format in ("JPEG", "MPO") and "exif" in image.info:
        with contextlib.suppress(Exception):  # EXIF is often broken, and says nothing then
            if image.getexif().get_ifd(ExifTags.IFD.Interop).get(ExifTags.Interop.InteropIndex) == "R03":
                return profiles.of_gamma(563 / 256, profiles.ADOBE_RGB)
    return None
