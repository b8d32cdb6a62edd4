"""Where an AVIF file holds its picture's AV1 stream; the numbers are sections of ISO/IEC 14496-12."""

import os
from collections.abc import Iterator
from typing import BinaryIO

from aemodels.data.av1 import Bits

HEAD_BYTES = 4096  # of a stream, in which its sequence header lies
MAX_META_BYTES = 2**20


def stream_head(file: BinaryIO) -> bytes:
    """The beginning of the picture's stream, or of its first tile's. Raises ValueError or LookupError where the file is broken."""
    boxes = _meta(file)
    in_idat, offset = _location(boxes)
    if in_idat:
        return boxes[b"idat"][offset : offset + HEAD_BYTES]
    file.seek(offset)
    return file.read(HEAD_BYTES)


def _meta(file: BinaryIO) -> dict[bytes, bytes]:
    """The boxes in the file's meta box (8.11.1), by their kinds."""
    file.seek(0)
    while len(head := file.read(8)) == 8:
        size = int.from_bytes(head[:4], "big")
        if head[4:] == b"meta":
            return dict(_boxes(file.read(min(max(size, 8), MAX_META_BYTES) - 8)[4:]))
        if size < 8:
            break
        file.seek(size - 8, os.SEEK_CUR)
    raise LookupError("no meta box")


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the content of each box (4.2)."""
    start = 0
    while start + 8 <= len(content):
        end = start + max(8, int.from_bytes(content[start : start + 4], "big"))
        yield content[start + 4 : start + 8], content[start + 8 : end]
        start = end


def _location(boxes: dict[bytes, bytes]) -> tuple[bool, int]:
    """Whether the stream lies in the box idat, and where there or in the file (8.11.3)."""
    item = _item(boxes)
    bits = Bits(boxes[b"iloc"])
    version = bits.read(8)
    bits.skip(24)
    offset_bits, length_bits, base_bits, index_bits = (8 * bits.read(4) for _ in range(4))
    for _ in range(bits.read(32 if version == 2 else 16)):
        found = bits.read(32 if version == 2 else 16)
        method = bits.read(16) & 15 if version else 0
        bits.skip(16)
        base = bits.read(base_bits)
        num_extents = bits.read(16)
        extent_bits = (index_bits if version else 0) + offset_bits + length_bits
        if found == item and num_extents:
            bits.skip(index_bits if version else 0)
            return method == 1, base + bits.read(offset_bits)
        bits.skip(num_extents * extent_bits)
    raise LookupError("no such item")


def _item(boxes: dict[bytes, bytes]) -> int:
    """The item that holds the picture, or its first tile: the main one if it is an AV1 stream, else the first that is."""
    bits = Bits(boxes[b"pitm"])
    version = bits.read(8)
    bits.skip(24)
    main = bits.read(32 if version else 16)
    streams = []
    entries = boxes[b"iinf"][4 + (4 if boxes[b"iinf"][0] else 2) :]
    for _, entry in _boxes(entries):
        bits = Bits(entry)
        version = bits.read(8)
        bits.skip(24)
        item = bits.read(32 if version == 3 else 16)
        bits.skip(16)
        if bits.read(32).to_bytes(4, "big") == b"av01":
            streams.append(item)
    return main if main in streams else streams[0]
