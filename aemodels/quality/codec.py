"""An image codec at the capacity of the channel: what separate source and channel coding could reach at best.

Shannon (1948): n real uses of a Gaussian channel carry at most n·½·log2(1 + power / variance) bits without error. A photo is
compressed to that many bytes and sent by an ideal channel code, at unit power. No real channel code reaches this at 1,024 uses.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import exp, floor, inf, log, log2
from types import MappingProxyType
from typing import Any, TypeVar

import numpy as np
import torch
from torch import Tensor

from aemodels.errors import LatentLabError
from aemodels.models.autoencoders import MSE_FLOOR
from aemodels.noise import seeded_order
from aemodels.quality import partly
from aemodels.quality.metrics import summarise

# A way to encode is tried thoroughly if, encoded quickly, its error is within 0.2 dB of the best way's: on eight training photos that takes
# AVIF 86 encodings instead of 190 and loses 0.008 dB.
WORTH_TRYING = 10**0.02
STEP = log(1.12)  # one level's share of the bytes, to begin with


@dataclass(frozen=True)
class Encoding:
    """One way to store a photo: bytes of payload, the mean squared error of what is decoded, and the codec's settings for it."""

    num_bytes: int
    mse: float
    settings: tuple[str | float, ...] = ()


Way = TypeVar("Way")  # how a photo is encoded but for how finely: at which scale, say


def capacity_bytes(variance: float, num_uses: int = 1024) -> int:
    """Whole bytes that num_uses real channel uses of unit power carry through noise of this variance (> 0), at most."""
    if not variance > 0:
        raise ValueError(f"A channel with noise variance {variance:g} has no finite capacity; it must be above 0.")
    return floor(num_uses * 0.5 * log2(1 + 1 / variance) / 8)


def search(
    encode: Callable[..., Encoding],
    ways: Sequence[Way],
    num_levels: int,
    budgets: Sequence[int],
    stride: int = 1,
) -> list[Encoding]:
    """The encodings among which are the best of a photo within each of the budgets, in bytes.

    encode(way, level, quick)  one encoding; level 0 is the coarsest of num_levels; quick: by a fast encoder, for a first look
    stride                      the first look takes every so many levels

    Each way is encoded quickly first. Thoroughly encoded are, of each way that comes near to the best one within some budget, the levels
    from the finest that is within all its budgets to the first above them all. Empty where nothing fits.
    """
    first = {way: walk(partial(encode, way, quick=True), num_levels, budgets, stride=stride) for way in ways}
    errors = {(way, b): interpolated(list(first[way].values()), b) for way in ways for b in budgets}
    found: list[Encoding] = []
    for way in ways:
        near = [
            b
            for b in budgets
            if errors[way, b] < inf and errors[way, b] <= WORTH_TRYING * min(errors[w, b] for w in ways)
        ]
        if near:
            start = max(level for level, e in first[way].items() if e.num_bytes <= max(near))
            found += walk(partial(encode, way, quick=False), num_levels, near, start).values()
    return found


def walk(
    encode: Callable[[int], Encoding],
    num_levels: int,
    budgets: Sequence[int],
    start: int | None = None,
    stride: int = 1,
) -> dict[int, Encoding]:
    """Encodings by level, among them all from one within the smallest budget to one above the largest, or every stride-th of them.

    encode(level)  takes more bytes for a finer level (0 is the coarsest), give or take a few
    start          a level that may take about as many as the largest budget
    """
    found: dict[int, Encoding] = {}

    def num_bytes(level: int) -> int:
        if level not in found:
            found[level] = encode(level)
        return found[level].num_bytes

    level, last = num_levels // 2 if start is None else start, num_levels - 1
    while level not in found:
        level = min(max(level + round(log(max(budgets) / num_bytes(level)) / STEP), 0), last)
    while num_bytes(level) <= max(budgets) and level < last:
        level = min(level + stride, last)
    while num_bytes(level) > min(budgets) and level > 0:
        level = max(level - stride, 0)
    return found


def undominated(encodings: Sequence[Encoding]) -> list[Encoding]:
    """Those that no other one matches in both bytes and error, smallest first."""
    best: list[Encoding] = []
    for encoding in sorted(encodings, key=lambda e: (e.num_bytes, e.mse)):
        if not best or encoding.mse < best[-1].mse:
            best.append(encoding)
    return best


def interpolated(encodings: Sequence[Encoding], num_bytes: int) -> float:
    """The mean squared error at exactly num_bytes: between neighbours by bytes, of those that none dominates, its logarithm lies on a
    line. Infinite below the smallest; above the largest, the least error."""
    best = undominated(encodings)
    if not best or num_bytes < best[0].num_bytes:
        return inf
    return exp(np.interp(num_bytes, [e.num_bytes for e in best], [log(max(e.mse, MSE_FLOOR)) for e in best]))


def best_within(encodings: Sequence[Encoding], max_bytes: int) -> Encoding:
    """The encoding with the least error of those that take at most max_bytes; raises LatentLabError where there is none."""
    fitting = [encoding for encoding in encodings if encoding.num_bytes <= max_bytes]
    if not fitting:
        raise LatentLabError(
            f"So noisy a code carries {max_bytes} bytes of a photo, and no file of this codec is that small; give the model a longer code."
        )
    return min(fitting, key=lambda encoding: encoding.mse)


def in_random_order(num_photos: int) -> list[int]:
    """The places of num_photos photos, in an order that is always the same: the first are a fair sample of all."""
    return seeded_order(num_photos, 0).tolist()


def at_capacity(
    found: Mapping[int, Sequence[Encoding]],
    num_photos: int,
    variances: Sequence[float],
    num_uses: int = 1024,
    others: Mapping[str, Mapping[float, Tensor]] = MappingProxyType({}),
) -> tuple[list[dict[str, Any]], dict[float, Tensor]]:
    """Figures of photos, each as the best of its encodings that fits the capacity at each noise variance (> 0).

    found   encodings of each photo that was measured, by its place among num_photos test photos; at least one
    others  by key, in baselines.json, of what else was measured, the nearest to this codec first: by noise variance, its error on each
            test photo (num_photos,)

    Gives one dictionary a variance, as metrics.evaluate does, with the budget and the mean payload in bytes, and by variance the error
    on each photo (num_photos,), NaN where it is not measured. Where some are not, "num_test_images" is how many there are, and the
    figures are those of partly.summarise_part by the first of the others that is known on all photos; "beside" is its key. Raises
    LatentLabError where none fits.
    """
    rows, errors = [], {}
    for variance in variances:
        budget = capacity_bytes(variance, num_uses)
        chosen = {i: best_within(encodings, budget) for i, encodings in found.items()}
        of_all = torch.full((num_photos,), torch.nan, dtype=torch.double)
        for i, encoding in chosen.items():
            of_all[i] = encoding.mse
        figures: dict[str, Any] = summarise(of_all[of_all.isfinite()])
        if len(found) < num_photos:
            figures["num_test_images"] = num_photos
            known = {key: by_variance[variance] for key, by_variance in others.items() if variance in by_variance}
            whole = (key for key, e in known.items() if len(e) == num_photos and e.isfinite().all())
            if len(found) > 1 and (key := next(whole, None)):
                figures = partly.summarise_part(of_all, known[key]) | {"beside": key}
        mean_bytes = sum(encoding.num_bytes for encoding in chosen.values()) / len(chosen)
        rows.append({"noise_variance": variance, **figures, "budget_bytes": budget, "mean_payload_bytes": mean_bytes})
        errors[variance] = of_all
    return rows, errors
