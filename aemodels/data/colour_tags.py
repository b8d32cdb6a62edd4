"""What a file says about its colours and Pillow does not pass on."""

import os
import struct
from typing import Any, BinaryIO

CODES = "colour codes"  # the primaries and the transfer characteristics, two numbers of ITU-T H.273


def read(kind: str, info: dict[str, Any], file: BinaryIO) -> dict[str, Any]:
    """What is to be added to the `info` of an image of Pillow's: its "icc_profile", or its CODES.

    kind  of the file, as Pillow calls it
    """
    if kind == "PNG":
        return _of_png(file)
    if kind == "JPEG2000":
        return _of_jpeg_2000(file)
    if kind == "AVIF" and "icc_profile" not in info:
        import pillow_heif  # which decodes no AVIF, but reads its header; slow to import

        info = pillow_heif.open_heif(file).info
    nclx = info.get("nclx_profile")
    return {CODES: (nclx["color_primaries"], nclx["transfer_characteristics"])} if nclx else {}


def _of_png(file: BinaryIO) -> dict[str, Any]:
    """Its chunk cICP, which goes before a profile (PNG 3, 4.3)."""
    file.seek(8)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"cICP":
            return {CODES: tuple(file.read(2)), "icc_profile": None}
        if kind == b"IDAT":
            break
        file.seek(length + 4, os.SEEK_CUR)
    return {}


def _of_jpeg_2000(file: BinaryIO) -> dict[str, Any]:
    """The profile in its box colr (ISO/IEC 15444-1, I.5.3.3)."""
    file.seek(0)
    while len(head := file.read(8)) == 8:
        length, kind = struct.unpack(">I4s", head)
        if kind == b"jp2h":
            continue  # colr is inside
        if length < 8:  # the picture itself
            break
        if kind == b"colr" and (colr := file.read(length - 8))[0] in (2, 3):
            return {"icc_profile": colr[3:]}
        if kind != b"colr":
            file.seek(length - 8, os.SEEK_CUR)
    return {}
