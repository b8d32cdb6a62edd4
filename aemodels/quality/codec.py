"""An image codec at the capacity of the channel: what separate source and channel coding could reach at best.

Shannon (1948): n real uses of a Gaussian channel carry at most n·½·log2(1 + power / variance) bits without error. A photo is
compressed to that many bytes and sent by an ideal channel code, at unit power. No real channel code reaches this at 1,024 uses.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, log2
from typing import Any

import numpy as np
import torch
from PIL import Image, features
from torch import Tensor

from aemodels.errors import LatentLabError
from aemodels.quality.metrics import mse, summarise

# Fixed after trials on 16 test photos: tune=psnr gains 0.1 dB and 4:4:4 another 0.05 dB over Pillow's defaults; more scales gain
# nothing. One thread, so that the bytes are the same everywhere.
ENCODER = {"codec": "aom", "speed": 6, "subsampling": "4:4:4", "advanced": {"tune": "psnr"}, "max_threads": 1}
SCALES = (1, 3 / 4, 1 / 2, 3 / 8, 1 / 4)
# libavif turns Pillow's quality of 0..100 into one of AV1's 64 quantisers; one quality for each, coarsest first.
QUALITIES = tuple({((100 - quality) * 63 + 50) // 100: quality for quality in range(101)}.values())


@dataclass(frozen=True)
class Encoding:
    """One way to store a photo: bytes of payload, and the mean squared error of what is decoded."""

    num_bytes: int
    mse: float


def capacity_bytes(variance: float, num_uses: int = 1024) -> int:
    """Whole bytes that num_uses real channel uses of unit power carry through noise of this variance (> 0), at most."""
    if not variance > 0:
        raise ValueError(f"A channel with noise variance {variance:g} has no finite capacity; it must be above 0.")
    return floor(num_uses * 0.5 * log2(1 + 1 / variance) / 8)


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


def encodings(photo: Tensor, max_bytes: int) -> Iterator[Encoding]:
    """AVIF of a photo uint8 (3, H, W), or (1, H, W) in grey, at every scale and quality whose payload takes at most max_bytes."""
    x = photo.permute(1, 2, 0).numpy() if len(photo) == 3 else photo[0].numpy()
    original = Image.fromarray(x)
    for scale in SCALES:
        width, height = (max(1, round(scale * side)) for side in original.size)
        small = original if scale == 1 else original.resize((width, height), Image.Resampling.LANCZOS)
        for quality in QUALITIES:
            buffer = io.BytesIO()
            small.save(buffer, "AVIF", quality=quality, **ENCODER)
            num_bytes = payload_bytes(buffer.getvalue())
            if num_bytes > max_bytes:  # and finer ones take more, give or take a few
                break
            with Image.open(buffer) as decoded:
                x_hat = np.asarray(decoded.convert(original.mode).resize(original.size, Image.Resampling.BICUBIC))
            pair = (torch.from_numpy(a.copy()).view(1, *x.shape[:2], -1).float() / 255 for a in (x, x_hat))
            yield Encoding(num_bytes, mse(*pair).item())


def best_within(candidates: Sequence[Encoding], max_bytes: int) -> Encoding:
    """The encoding with the least error of those that take at most max_bytes; raises LatentLabError where there is none."""
    fitting = [candidate for candidate in candidates if candidate.num_bytes <= max_bytes]
    if not fitting:
        raise LatentLabError(f"No AVIF of this photo fits into {max_bytes} bytes; choose a smaller noise variance.")
    return min(fitting, key=lambda candidate: candidate.mse)


def avif_at_capacity(
    photos: Sequence[Tensor], variances: Sequence[float], num_uses: int = 1024
) -> list[dict[str, Any]]:
    """PSNR in dB of photos uint8 (N, C, H, W), each as the best AVIF that fits the capacity at each noise variance (> 0).

    One dictionary a variance, as metrics.evaluate gives them, with the budget and the mean payload in bytes. `photos` is gone
    through once, so that a progress bar may wrap it. Raises LatentLabError where Pillow cannot write AVIF, and where none fits.
    """
    if not features.check("avif"):
        raise LatentLabError(
            "This Pillow was built without AVIF; install it again with `pip install --upgrade pillow`."
        )
    budgets = {variance: capacity_bytes(variance, num_uses) for variance in variances}
    chosen: dict[float, list[Encoding]] = {variance: [] for variance in variances}
    for photo in photos:
        candidates = list(encodings(photo, max(budgets.values())))
        for variance, budget in budgets.items():
            chosen[variance].append(best_within(candidates, budget))
    return [
        {
            "noise_variance": variance,
            **summarise(torch.tensor([encoding.mse for encoding in chosen[variance]])),
            "budget_bytes": budget,
            "mean_payload_bytes": sum(encoding.num_bytes for encoding in chosen[variance]) / len(chosen[variance]),
        }
        for variance, budget in budgets.items()
    ]
