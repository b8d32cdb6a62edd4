"""Walks along the principal axes of codes, and how much of the picture a step along one moves."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from aemodels.codes.latents import LatentStats


def walk(stats: LatentStats, z: Tensor, axis: int, steps: Tensor) -> Tensor:
    """Codes (S, ...) on the line through one code z (...) along a principal axis, from 0 for the strongest.

    stats  a Gaussian fitted on such codes
    steps  (S,) where on the line, in standard deviations of those codes along the axis; 0 is z itself

    An axis has no sign of its own; it points to where its largest element is positive.
    """
    direction = stats.basis[:, axis]
    direction = direction * direction[direction.abs().argmax()].sign()
    return z + steps.view(-1, *[1] * z.ndim) * stats.scales[0, axis] * direction.view(z.shape)


def effect(
    decode: Callable[[Tensor], Tensor], stats: LatentStats, codes: Tensor, axis: int, cell_px: int
) -> tuple[float, float]:
    """What one standard deviation along a principal axis does to the pictures of codes (n, ...), half of it either way.

    Returns the root mean square change of a pixel, in units of the pixel range, and the share of its square, in [0, 1],
    that is left when the change is averaged over cells of cell_px × cell_px pixels: 1 for light and colour of whole
    regions, about 0 for detail.
    """
    ends = torch.stack([walk(stats, z, axis, torch.tensor([-0.5, 0.5])) for z in codes], dim=1)  # (2, n, ...)
    before, after = decode(ends.flatten(0, 1)).chunk(2)
    change = after - before
    power, coarse_power = (x.square().mean().item() for x in (change, F.avg_pool2d(change, cell_px)))
    return power**0.5, coarse_power / power if power else 0.0


def plane_of_path(path: Tensor) -> tuple[Tensor, float]:
    """The two directions (D, 2), orthonormal, along which a path of codes (S, ...) of D elements spreads most, and the share in
    [0, 1] of its squared distance from its mean that lies in them; 1 for a path that stays where it is.

    S and D are at least 2.
    """
    points = path.flatten(1).double()
    _left, spread, directions = torch.linalg.svd(points - points.mean(0), full_matrices=False)
    squared = spread.square()
    share = float(squared[:2].sum() / squared.sum()) if squared.any() else 1.0
    return directions[:2].T.float(), share
