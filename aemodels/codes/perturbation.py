"""Noise for codes that is shaped like the codes themselves, and how unevenly codes use their directions."""

from collections.abc import Sequence

from torch import Tensor

from aemodels.noise import seeded_normal


def shaped_normal(codes: Tensor, white: Tensor, seeds: Sequence[int]) -> Tensor:
    """Gaussian noise with the correlations of codes (n, ...), one seed a code, (len(seeds), ...), as `shaped` gives it."""
    return shaped(centred(codes), white, seeds)


def shaped(centred: Tensor, white: Tensor, seeds: Sequence[int]) -> Tensor:
    """The same of codes that were centred before, (n, D), which takes most of the time.

    Each is a combination of the centred codes with N(0, 1) weights: zero mean, and exactly the codes' sample covariance but
    for the scale, which gives each the same total power as `white` (len(seeds), ...) has. Zero where the codes do not differ.
    """
    noise = seeded_normal(seeds, (len(centred),)).double() @ centred
    power, power_of_white = (of_each.square().mean(1, keepdim=True) for of_each in (noise, white.flatten(1)))
    scale = (power_of_white / power).sqrt().where(power > 0, 0)
    return (noise * scale).view_as(white).to(white.dtype)


def effective_dimensions(codes: Tensor) -> float:
    """Over how many equal directions the variance of codes (n, ...) is spread, in effect: (Σλ)² / Σλ².

    λ are the eigenvalues of the covariance; this is their participation ratio, from 1 to the code's number of elements. 0 where
    the codes do not differ.
    """
    x = centred(codes)
    products = x @ x.T if len(x) < x.shape[1] else x.T @ x  # of the same eigenvalues, but for zeros and a factor
    return float(products.trace().square() / products.square().sum()) if products.any() else 0.0


def centred(codes: Tensor) -> Tensor:
    """Codes (n, ...) less their mean, (n, D) in double precision; zero where an element is the same in all of them."""
    x = codes.flatten(1).double()
    differs = (x != x[:1]).any(0)
    return (x - x.mean(0)).where(differs, 0)
