"""The colours of pictures whose files say that their numbers are not sRGB's, in other ways than by an embedded profile."""

import io
import struct
import zlib

import numpy as np
import pillow_heif
import pytest
from PIL import Image
from test_photos import colour, encode

from aemodels.data import profiles

# sRGB's purest red, green and blue in Display P3 (CSS Color 4).
IN_P3 = {(234, 51, 35): (255, 0, 0), (117, 251, 76): (0, 255, 0), (0, 0, 245): (0, 0, 255)}
P3, BT_2020, UNSPECIFIED = 12, 9, 2
SRGB, PQ, HLG = 13, 16, 18
GREY = 97  # 38 % of 255


def chunk(kind, content):
    """Of a PNG."""
    return struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))


def png(image, *chunks, **options):
    """A PNG with chunks behind its first."""
    content = encode(image, **options).getvalue()
    return io.BytesIO(content[:33] + b"".join(chunks) + content[33:])


def with_codes(kind, image, primaries, transfer, **options):
    """A file without a profile that says by two numbers of ITU-T H.273 what its colours are."""
    if kind == "HEIF":
        pillow_heif.register_heif_opener()
        return encode(image, kind, quality=-1, color_primaries=primaries, transfer_characteristics=transfer, **options)
    if kind == "AVIF":
        content = encode(image, kind, quality=100, subsampling="4:4:4", **options).getvalue()
        return io.BytesIO(content.replace(b"colrnclx\0\1\0\15", b"colrnclx" + struct.pack(">2H", primaries, transfer)))
    return png(image, chunk(b"cICP", bytes([primaries, transfer, 0, 1])), **options)


def jpeg_2000(image, profile, method=2):
    """A JPEG 2000 file with a profile in place of the number of its colour space."""
    content = encode(image, "JPEG2000").getvalue()
    start = content.index(b"jp2h") - 4
    length = int.from_bytes(content[start : start + 4])
    boxes = content[start + 8 : content.index(b"colr") - 4]
    boxes += struct.pack(">I4s3B", 11 + len(profile), b"colr", method, 0, 0) + profile
    return io.BytesIO(
        content[:start] + struct.pack(">I4s", 8 + len(boxes), b"jp2h") + boxes + content[start + length :]
    )


def off(file, right):
    return np.abs(np.array(colour(file)) - right).max()


@pytest.mark.parametrize("kind", ["PNG", "HEIF", "AVIF"])
@pytest.mark.parametrize("stored", IN_P3)
def test_display_p3_by_its_code(kind, stored):
    assert off(with_codes(kind, Image.new("RGB", (64, 64), stored), P3, SRGB), IN_P3[stored]) <= 4


@pytest.mark.parametrize("method", [2, 3])
@pytest.mark.parametrize("mode", ["RGB", "L"])
def test_the_profile_of_jpeg_2000(method, mode):
    image = Image.new("RGB", (64, 64), (102, 159, 70)).convert(mode)
    profile = profiles.of_gamma(563 / 256, profiles.ADOBE_RGB)
    right = (60, 160, 60) if mode == "RGB" else image.convert("RGB").getpixel((0, 0))
    assert off(jpeg_2000(image, profile, method), right) <= 2
    assert off(jpeg_2000(image, b"broken", method), image.convert("RGB").getpixel((0, 0))) <= 2


@pytest.mark.parametrize("kind", ["PNG", "HEIF", "AVIF"])
@pytest.mark.parametrize(("primaries", "transfer"), [(1, SRGB), (1, 1), (UNSPECIFIED, UNSPECIFIED), (1, 14)])
def test_codes_of_srgb_or_of_nothing_known_change_nothing(kind, primaries, transfer):
    image = Image.new("RGB", (64, 64), (102, 159, 70))
    pillow_heif.register_heif_opener()
    with Image.open(with_codes(kind, image, primaries, transfer)) as opened:
        plain = np.array(opened.convert("RGB"))[0, 0]
    assert colour(with_codes(kind, image, primaries, transfer)) == plain.tolist()


def test_the_code_of_a_png_goes_before_its_profile():
    """PNG 3, 4.3."""
    profile = profiles.of_gamma(563 / 256, profiles.ADOBE_RGB)
    image = Image.new("RGB", (9, 9), (117, 251, 76))
    assert off(with_codes("PNG", image, P3, SRGB, icc_profile=profile), (0, 255, 0)) <= 4
    assert colour(with_codes("PNG", image, 1, SRGB, icc_profile=profile)) == [117, 251, 76]


def test_the_profile_of_an_avif_goes_before_its_code():
    """The code is then how red, green and blue become luma and chroma."""
    profile = profiles.of_gamma(563 / 256, profiles.ADOBE_RGB)
    file = encode(Image.new("RGB", (64, 64), (102, 159, 70)), "AVIF", quality=100, icc_profile=profile)
    assert off(file, (60, 160, 60)) <= 4


@pytest.mark.parametrize("kind", ["PNG", "HEIF", "AVIF"])
@pytest.mark.parametrize(("transfer", "white"), [(PQ, 148), (HLG, 191)])
def test_paper_is_white_in_hdr_pictures(kind, transfer, white):
    """ITU-R BT.2408, table 1: white at 58 % of PQ and 75 % of HLG, a grey card of 18 % at 38 % of both, which is 26 of 203 cd/m²."""
    for stored, right in ((white, 255), (255, 255), (GREY, 101), (0, 0)):
        file = with_codes(kind, Image.new("RGB", (64, 64), (stored,) * 3), BT_2020, transfer)
        assert off(file, right) <= 6, stored


@pytest.mark.parametrize("length", [30, 41, 45, 49])
def test_a_file_that_ends_in_its_colours_is_told_as_broken(length):
    content = with_codes("PNG", Image.new("RGB", (9, 9)), P3, SRGB).getvalue()
    with pytest.raises(Exception, match=r"is broken|no picture"):
        colour(io.BytesIO(content[:length]))


@pytest.mark.parametrize(("gamma", "corners"), [(1, None), (100_000, [0] * 8), (100_000, [31270, 32900] * 4)])
def test_colours_that_cannot_be_are_passed_over(gamma, corners):
    told = [chunk(b"gAMA", struct.pack(">I", gamma))]
    told += [chunk(b"cHRM", struct.pack(">8I", *corners))] if corners else []
    assert colour(png(Image.new("RGB", (9, 9), (102, 159, 70)), *told)) == [102, 159, 70]
