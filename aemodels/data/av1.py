"""An AV1 stream: the units that it is made of, and what it tells of its colours.

The numbers are sections of the AV1 specification, version 1.0.0 with errata 1.
"""

from collections.abc import Iterator
from dataclasses import dataclass

SEQUENCE_HEADER, TEMPORAL_DELIMITER = 1, 2  # kinds of OBU, 6.2.2


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


class Bits:
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


def colour_codes(stream: bytes) -> tuple[int, int] | None:
    """The primaries and the transfer characteristics, two numbers of ITU-T H.273, that a stream, or its beginning, tells; None where it tells
    none. Raises ValueError where it is broken.

    They stand in the sequence header (5.5.1 and 5.5.2); what stands there before them is stepped over.
    """
    header = next((obu.content for obu in obus(stream) if obu.kind == SEQUENCE_HEADER), None)
    if header is None:
        return None
    bits = Bits(header)
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


def _skip_operating_points(bits: Bits) -> None:
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
