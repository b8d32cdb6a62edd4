"""Groups of codes: those inside an outline on a map, those of a class, the nearest of one."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor


def inside(places: np.ndarray, outline: Sequence[float]) -> Tensor:
    """The numbers (m,) of the codes whose places (n, 2) lie in an outline: a box (x_min, x_max, y_min, y_max), or a polygon by its
    corners (x, y, x, y, ...), three or more; of one that crosses itself, what a ray leaves after an odd number of sides."""
    x, y = places.T
    if len(outline) == 4:
        x_min, x_max, y_min, y_max = outline
        return _numbers((x >= x_min) & (x <= x_max) & (y >= y_min) & (y <= y_max))
    corners = np.asarray(outline, float).reshape(-1, 2)
    is_inside = np.zeros(len(places), bool)
    for (x1, y1), (x2, y2) in zip(corners, np.roll(corners, -1, axis=0), strict=True):
        if y1 != y2:  # else no horizontal ray crosses the side
            is_inside ^= ((y1 > y) != (y2 > y)) & (x < x1 + (y - y1) / (y2 - y1) * (x2 - x1))
    return _numbers(is_inside)


def of_label(labels: Tensor, label: int) -> Tensor:
    """The numbers (m,) of the codes of a class."""
    return torch.nonzero(labels == label).flatten()


def nearest(codes: Tensor, i: int, k: int) -> Tensor:
    """The numbers of code i and its nearest ones, k in all (or all there are), the nearest first."""
    distances = (codes - codes[i]).flatten(1).norm(dim=1)
    distances[i] = -1  # before one that is the same
    return distances.argsort(stable=True)[:k]


def _numbers(is_chosen: np.ndarray) -> Tensor:
    return torch.from_numpy(np.flatnonzero(is_chosen))
