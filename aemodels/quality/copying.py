"""Is a picture a copy of one that was learnt from? How near to those pictures come, beside how near pictures come that nobody has seen."""

from math import sqrt
from typing import Any

import torch
from torch import Tensor

NEAR = 0.01  # the share of unseen pictures that counts as near


def nearest(thumbnails: Tensor, known: Tensor, batch_size: int = 512) -> Tensor:
    """Distance (n,) of each of thumbnails (n, D) to the nearest of `known` (m, D)."""
    return torch.cat([torch.cdist(batch, known).amin(1) for batch in thumbnails.split(batch_size)])


def mirrored(thumbnails: Tensor, num_channels: int, side_px: int) -> Tensor:
    """Thumbnails (n, C · side²) of the pictures mirrored left-right."""
    return thumbnails.view(len(thumbnails), num_channels, side_px, side_px).flip(3).flatten(1)


def expected_smallest(distances: Tensor, m: int) -> float:
    """Mean of the smallest of m out of distances (n,), over all ways to choose the m: Σ d₍ᵢ₎ · C(n − i, m − 1) / C(n, m), d₍₁₎ the smallest.

    The smallest of more is smaller, so two sets are compared at the same m. Raises ValueError unless 1 ≤ m ≤ n.
    """
    n = len(distances)
    if not 1 <= m <= n:
        raise ValueError(f"{m} of {n} distances cannot be chosen.")
    log_factorial = torch.lgamma(torch.arange(n + 1).double() + 1)

    def log_binomial(a: Tensor, b: int) -> Tensor:
        return log_factorial[a] - log_factorial[b] - log_factorial[a - b]

    rest = torch.arange(n - 1, m - 2, -1)  # that lie above the first, the second, …
    weights = (log_binomial(rest, m - 1) - log_binomial(torch.tensor(n), m)).exp()
    return float((weights * distances.double().sort().values[: len(rest)]).sum())


def compare(samples: Tensor, unseen: Tensor) -> dict[str, Any]:
    """How near samples and unseen pictures come to known ones, of their distances (n,) and (m,).

    "num_…", "smallest_…"   of each, over all there are
    "smallest_of_equal"     what the smallest of as many samples as there are unseen ones is on average, or the other way round, under
                            "samples" and "unseen"
    "near_at"               the distance that the nearest NEAR of the unseen ones come to
    "near", "near_ci95"     share of the samples that come as near, with half its 95 % confidence interval
    """
    m = min(len(samples), len(unseen))
    at = float(unseen.double().quantile(NEAR))
    near = float((samples <= at).double().mean())
    return {
        "num_samples": len(samples),
        "num_unseen": len(unseen),
        "smallest_sample": float(samples.min()),
        "smallest_unseen": float(unseen.min()),
        "smallest_of_equal": {"samples": expected_smallest(samples, m), "unseen": expected_smallest(unseen, m)},
        "near_at": at,
        "near": near,
        "near_ci95": 1.96 * sqrt(near * (1 - near) / len(samples)),
    }
