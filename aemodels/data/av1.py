"""What the AV1 stream in an AVIF file tells of its colours, and the units that such a stream is made of.

Section numbers without a name are those of the AV1 specification, version 1.0.0 with errata 1.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

SEQUENCE_HEADER, TEMPORAL_DELIMITER = 1, 2  # kinds of OBU, 6.2.2
HEAD_BYTES = 4096  # of a stream, in which its sequence header lies
MAX_META_BYTES = 2**20


@dataclass(frozen=True)
class Obu:
    """An open bitstream unit: its kind, its content, and how many bytes it takes in all."""

    kind: int
    content: bytes
    num_bytes: int


def obus(stream: bytes) -> Iterator[Obu]:
    """The units of a stream (5.3). Raises ValueError where it is cut short."""
    start = 0
    while start < len(stream):
        kind, has_extension, has_size = stream[start] >> 3 & 15, stream[start] >> 2 & 1, stream[start] >> 1 & 1
        begin = start + 1 + has_extension
        size, begin = _leb128(stream, begin) if has_size else (len(stream) - begin, begin)
        end = begin + size
        if end > len(stream):
            raise ValueError(f"The AV1 stream is broken: an OBU at byte {start} does not fit into {len(stream)} bytes.")
        yield Obu(kind, stream[begin:end], end - start)
        start = end


def _leb128(stream: bytes, start: int) -> tuple[int, int]:
    """The number that begins at `start`, seven bits a byte, lowest first (4.10.5), and where it ends."""
    number = 0
    for i, byte in enumerate(stream[start : start + 8]):
        number |= (byte & 127) << 7 * i
        if byte < 128:
            return number, start + i + 1
    raise ValueError(f"The AV1 stream is broken: the size at byte {start} has no end.")


def colour_codes(file: BinaryIO) -> tuple[int, int] | None:
    """The primaries and the transfer characteristics, two numbers of ITU-T H.273, that the stream of an AVIF file's picture tells; None where
    it tells none. Raises ValueError or LookupError where the file is broken."""
    boxes = _meta(file)
    in_idat, offset = _location(boxes)
    if in_idat:
        stream = boxes[b"idat"][offset : offset + HEAD_BYTES]
    else:
        file.seek(offset)
        stream = file.read(HEAD_BYTES)
    header = next((obu.content for obu in obus(stream) if obu.kind == SEQUENCE_HEADER), None)
    return header and _colours(_Bits(header))


class _Bits:
    """A content's bits, read from its beginning."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._place = 0

    def read(self, num_bits: int) -> int:
        """The next bits as a number, the highest first."""
        end = self._place + num_bits
        if end > 8 * len(self._content):
            raise ValueError("cut short")
        number = int.from_bytes(self._content[self._place // 8 : -(-end // 8)], "big") >> (-end % 8)
        self._place = end
        return number & ((1 << num_bits) - 1)

    def skip(self, *numbers_of_bits: int) -> None:
        self._place += sum(numbers_of_bits)


def _boxes(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The kind and the content of each box (ISO/IEC 14496-12, 4.2)."""
    while len(content) >= 8:
        size = max(8, int.from_bytes(content[:4], "big"))
        yield content[4:8], content[8:size]
        content = content[size:]


def _meta(file: BinaryIO) -> dict[bytes, bytes]:
    """The boxes in the file's meta box (ISO/IEC 14496-12, 8.11.1), by their kinds."""
    file.seek(0)
    while len(head := file.read(8)) == 8:
        size = int.from_bytes(head[:4], "big")
        if head[4:] == b"meta":
            return dict(_boxes(file.read(min(size, MAX_META_BYTES) - 8)[4:]))
        if size < 8:
            break
        file.seek(size - 8, os.SEEK_CUR)
    raise LookupError("no meta box")


def _location(boxes: dict[bytes, bytes]) -> tuple[bool, int]:
    """Whether the picture's AV1 stream lies in the box idat, and where there or in the file (ISO/IEC 14496-12, 8.11.3). Of a picture in
    tiles it is the first tile's."""
    item = _item(boxes)
    bits = _Bits(boxes[b"iloc"])
    version = bits.read(8)
    bits.skip(24)
    offset_bits, length_bits, base_bits, index_bits = (8 * bits.read(4) for _ in range(4))
    for _ in range(bits.read(32 if version == 2 else 16)):
        found = bits.read(32 if version == 2 else 16)
        method = bits.read(16) & 15 if version else 0
        bits.skip(16)
        base = bits.read(base_bits)
        for place in range(bits.read(16)):
            bits.skip(index_bits if version else 0)
            offset = bits.read(offset_bits)
            bits.skip(length_bits)
            if found == item and place == 0:
                return method == 1, base + offset
    raise LookupError("no such item")


def _item(boxes: dict[bytes, bytes]) -> int:
    """The item that holds the picture, or its first tile: the main one if it is an AV1 stream, else the first that is."""
    bits = _Bits(boxes[b"pitm"])
    version = bits.read(8)
    bits.skip(24)
    main = bits.read(32 if version else 16)
    streams = []
    entries = boxes[b"iinf"][4 + (4 if boxes[b"iinf"][0] else 2) :]
    for _, entry in _boxes(entries):
        bits = _Bits(entry)
        version = bits.read(8)
        bits.skip(24)
        item = bits.read(32 if version == 3 else 16)
        bits.skip(16)
        if bits.read(32).to_bytes(4, "big") == b"av01":
            streams.append(item)
    return main if main in streams else streams[0]


def _colours(bits: _Bits) -> tuple[int, int] | None:
    """The colours in a sequence header (5.5.1 and 5.5.2); what stands before them is stepped over."""
    profile = bits.read(3)
    bits.skip(1)
    is_reduced = bits.read(1)
    if is_reduced:
        bits.skip(5)
    else:
        _skip_operating_points(bits)
    width_bits, height_bits = bits.read(4) + 1, bits.read(4) + 1
    bits.skip(width_bits, height_bits)
    if not is_reduced and bits.read(1):  # frame numbers
        bits.skip(4, 3)
    bits.skip(1, 1, 1)
    if not is_reduced:
        bits.skip(1, 1, 1, 1)
        has_order_hint = bits.read(1)
        bits.skip(2 if has_order_hint else 0)
        screen_content = 2 if bits.read(1) else bits.read(1)
        if screen_content and not bits.read(1):
            bits.skip(1)
        bits.skip(3 if has_order_hint else 0)
    bits.skip(1, 1, 1)
    has_high_depth = bits.read(1)
    bits.skip(1 if profile == 2 and has_high_depth else 0)
    bits.skip(0 if profile == 1 else 1)
    return (bits.read(8), bits.read(8)) if bits.read(1) else None


def _skip_operating_points(bits: _Bits) -> None:
    model_bits = 0
    if bits.read(1):  # timing
        bits.skip(32, 32)
        if bits.read(1):
            num_zeros = 0
            while not bits.read(1):
                num_zeros += 1
            bits.skip(num_zeros)
        if bits.read(1):  # decoder model
            model_bits = bits.read(5) + 1
            bits.skip(32, 5, 5)
    has_delays = bits.read(1)
    for _ in range(bits.read(5) + 1):
        bits.skip(12)
        if bits.read(5) > 7:
            bits.skip(1)
        if model_bits and bits.read(1):
            bits.skip(model_bits, model_bits, 1)
        if has_delays and bits.read(1):
            bits.skip(4)
