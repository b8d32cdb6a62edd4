"""Noise for codes that is shaped like the codes themselves, and how unevenly codes use their directions."""

from collections.abc import Sequence

import torch
from torch import Tensor

from aemodels.noise import seeded_normal


def shaped_normal(codes: Tensor, white: Tensor, seeds: Sequence[int]) -> Tensor:
    """Gaussian noise with the correlations of codes (n, ...), one seed a code, (len(seeds), ...).

    Each is a combination of the centred codes with N(0, 1) weights: zero mean, and exactly the codes' sample covariance but
    for the scale, which gives each the same total power as `white` (len(seeds), ...) has.
    """
    centred = (codes - codes.mean(0)).flatten(1).float()
    shaped = seeded_normal(seeds, (len(codes),)) @ centred
    power, power_of_white = (noise.square().mean(1, keepdim=True) for noise in (shaped, white.flatten(1)))
    return (shaped * (power_of_white / power).sqrt()).view_as(white)


def effective_dimensions(codes: Tensor) -> float:
    """Over how many equal directions the variance of codes (n, ...) is spread, in effect: (Σλ)² / Σλ².

    λ are the eigenvalues of the covariance; this is their participation ratio, from 1 to the code's number of elements.
    """
    covariance = torch.cov(codes.flatten(1).double().T)
    return float(covariance.trace().square() / covariance.square().sum())
