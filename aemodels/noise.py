"""The Gaussian channel: power normalisation, noise of a given variance, and its SNR; and what a seed draws.

One real channel use carries one element of the code. "Variance" is always the variance of one real element (σ²), never
halved per dimension as it is for complex channels.
"""

from collections.abc import Sequence
from math import log10

import torch
from torch import Tensor

from aemodels.checks import check_amount


def power(z: Tensor) -> Tensor:
    """Mean square (B,) of each of codes z (B, ...)."""
    return z.square().flatten(1).mean(1)


def power_normalise(z: Tensor) -> Tensor:
    """z (B, ...) scaled per image to unit mean square: z / √mean(z²). An all-zero code stays zero."""
    mean_square = power(z.float()).view(-1, *[1] * (z.ndim - 1))
    return z * (mean_square + 1e-12).rsqrt()


def add_noise(x: Tensor, variance: float, generator: torch.Generator) -> Tensor:
    """x + √variance · N(0, 1), element by element; the generator lives on x's device. Raises ValueError for a negative variance."""
    check_amount(variance, "variance")
    return x + variance**0.5 * torch.randn(x.shape, generator=generator, device=x.device, dtype=x.dtype)


def perturb(z: Tensor, variance: float, noise: Tensor) -> Tensor:
    """z + √(variance · mean(z²)) · noise: noise of this variance per unit of each image's code power.

    The mean square is 1 for a power-normalised code, so that there `variance` is the noise variance itself; for a code
    of any other scale this is the same as normalising, adding noise and scaling back. Raises ValueError for a negative variance.
    """
    check_amount(variance, "variance")
    mean_square = power(z).view(-1, *[1] * (z.ndim - 1))
    return z + (variance * mean_square).sqrt() * noise


def seeded_normal(seeds: Sequence[int], shape: Sequence[int]) -> Tensor:
    """N(0, 1) noise (len(seeds), *shape), float32 on the CPU: one seed an image, whatever batch the image is in."""
    noise = [torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return torch.stack(noise) if noise else torch.empty(0, *shape)


def seeded_noise(x: Tensor, seeds: Sequence[int]) -> Tensor:
    """seeded_normal noise for x (B, ...), of its shape and on its device. Raises ValueError unless there are B seeds."""
    if len(seeds) != len(x):
        raise ValueError(f"{len(x)} images need as many seeds, not {len(seeds)}.")
    return seeded_normal(seeds, x.shape[1:]).to(x.device)


def seeded_signs(seed: int, like: Tensor) -> Tensor:
    """−1 or 1 for each element of `like`, as likely, of its shape and on its device."""
    signs = torch.randint(0, 2, like.shape, generator=torch.Generator().manual_seed(seed))
    return (2 * signs - 1).to(like)


def seeded_order(n: int, seed: int) -> Tensor:
    """A permutation of 0 … n − 1, (n,) on the CPU: what a seed picks out of n things, the first k of it for k of them."""
    return torch.randperm(n, generator=torch.Generator().manual_seed(seed))


def snr_db(variance: float) -> float:
    """Signal-to-noise ratio, in dB, of a unit-power code in noise of this variance (> 0): 10·log10(1 / variance)."""
    return -10 * log10(variance)


def variance_of(snr_db: float) -> float:
    """Noise variance at which a unit-power code has this signal-to-noise ratio in dB; inverse of snr_db."""
    return 10 ** (-snr_db / 10)
