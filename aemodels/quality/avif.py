"""A photo as AVIF, the still picture of AV1, at the capacity of a channel."""

import io
from collections.abc import Sequence

import numpy as np
import torch
from PIL import Image, features
from torch import Tensor

from aemodels.errors import LatentLabError
from aemodels.quality.codec import Encoding, search
from aemodels.quality.metrics import mse

# tune=psnr gains 0.1 dB over Pillow's default. One thread, so that the bytes are the same everywhere.
ENCODER = {"codec": "aom", "advanced": {"tune": "psnr"}, "max_threads": 1}
SPEED, QUICK_SPEED = 0, 6
# How a photo may be stored: its scale, and how its colour is.
WAYS = tuple((scale, subsampling) for scale in (1, 3 / 4, 1 / 2, 3 / 8, 1 / 4) for subsampling in ("4:4:4", "4:2:0"))
# libavif turns Pillow's quality of 0..100 into one of AV1's 64 quantisers; one quality for each, coarsest first.
QUALITIES = tuple({((100 - quality) * 63 + 50) // 100: quality for quality in range(101)}.values())


def payload_bytes(file: bytes) -> int:
    """Bytes of coded picture in an AVIF file: what `picture_bytes` counts of its top-level `mdat` boxes (ISO/IEC 14496-12, 4.2).

    The other boxes say what every photo of one size has in common and are not counted; nor is the choice of scale, some 2 bits.
    Raises ValueError for a file cut short.
    """
    total, start = 0, 0
    while start < len(file):
        size, kind = int.from_bytes(file[start : start + 4], "big"), file[start + 4 : start + 8]
        head = 8
        if size == 1:  # a 64-bit size follows
            size, head = int.from_bytes(file[start + 8 : start + 16], "big"), 16
        if size == 0:  # to the end of the file
            size = len(file) - start
        if size < head or start + size > len(file):
            raise ValueError(f"The AVIF file is broken: a box at byte {start} does not fit into {len(file)} bytes.")
        if kind == b"mdat":
            total += picture_bytes(file[start + head : start + size])
        start += size
    return total


def picture_bytes(stream: bytes) -> int:
    """Bytes of an AV1 stream but for its temporal delimiter and sequence header (OBUs of type 2 and 1; AV1 specification, 5.3).

    Those are the same for every photo of one size, as the file's other boxes are. Raises ValueError for a stream cut short.
    """
    total, start = 0, 0
    while start < len(stream):
        kind, has_extension, has_size = stream[start] >> 3 & 15, stream[start] >> 2 & 1, stream[start] >> 1 & 1
        head = start + 1 + has_extension
        size, head = _leb128(stream, head) if has_size else (len(stream) - head, head)
        end = head + size
        if end > len(stream):
            raise ValueError(f"The AV1 stream is broken: an OBU at byte {start} does not fit into {len(stream)} bytes.")
        if kind not in (1, 2):
            total += end - start
        start = end
    return total


def _leb128(stream: bytes, start: int) -> tuple[int, int]:
    """The number that begins at `start`, seven bits a byte, lowest first (AV1 specification, 4.10.5), and where it ends."""
    number = 0
    for i, byte in enumerate(stream[start : start + 8]):
        number |= (byte & 127) << 7 * i
        if byte < 128:
            return number, start + i + 1
    raise ValueError(f"The AV1 stream is broken: the size at byte {start} has no end.")


def encodings(photo: Tensor, budgets: Sequence[int], speed: int = SPEED) -> list[Encoding]:
    """AVIF of a photo uint8 (3, H, W), or (1, H, W) in grey: what holds the best within each of the budgets, in bytes.

    Settings of each are its scale, subsampling and quality, as Pillow takes them. Raises LatentLabError where Pillow cannot write AVIF.
    """
    if not features.check("avif"):
        raise LatentLabError(
            "This Pillow was built without AVIF; install it again with `pip install --upgrade pillow`."
        )

    def at(way: tuple[float, str], level: int, quick: bool) -> Encoding:
        return encode(photo, *way, QUALITIES[level], QUICK_SPEED if quick else speed)

    return search(at, WAYS, len(QUALITIES), budgets, stride=4)


def encode(photo: Tensor, scale: float, subsampling: str, quality: int, speed: int = SPEED) -> Encoding:
    """AVIF of a photo uint8 (3, H, W), or (1, H, W) in grey, scaled by `scale`; the rest as Pillow takes it."""
    x = photo.permute(1, 2, 0).numpy() if len(photo) == 3 else photo[0].numpy()
    original = Image.fromarray(x)
    width, height = (max(1, round(scale * side)) for side in original.size)
    small = original if scale == 1 else original.resize((width, height), Image.Resampling.LANCZOS)
    buffer = io.BytesIO()
    small.save(buffer, "AVIF", quality=quality, subsampling=subsampling, speed=speed, **ENCODER)
    with Image.open(buffer) as decoded:
        x_hat = np.asarray(decoded.convert(original.mode).resize(original.size, Image.Resampling.LANCZOS))
    pair = (torch.from_numpy(a.copy()).view(1, *x.shape[:2], -1).float() / 255 for a in (x, x_hat))
    return Encoding(payload_bytes(buffer.getvalue()), mse(*pair).item(), (scale, subsampling, quality))
