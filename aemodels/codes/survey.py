"""What a plane of 2-D codes holds, place by place on a regular grid: holes, whose neighbourhood a place is, how clear its picture is."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aemodels.codes import planes
from aemodels.codes.planes import HOLE_BELOW, SPARSE_BELOW, Extent

NEIGHBOURS = 10
ALIKE = 0.8  # of the neighbours of a place inside a class


@dataclass(frozen=True)
class Survey:
    """Measured over the cells of a box.

    hole_share        share of the places that are holes
    entropy           pixel entropy in nats of pictures decoded at places that are "supported", and at a "hole"; NaN where there are none
    border_share      share of the places whose nearest codes are of several classes: fewer than ALIKE of one; NaN without classes
    border_entropy    pixel entropy in nats there, and `inside_entropy` at the other places
    class_shares      (K,) share of the places whose nearest code is of each class
    """

    hole_share: float
    entropy: dict[str, float]
    border_share: float
    border_entropy: float
    inside_entropy: float
    class_shares: np.ndarray


def survey(
    codes: Tensor, labels: Tensor, num_classes: int, box: Extent, decode: Callable[[Tensor], Tensor], side: int = 100
) -> Survey:
    """Looks at side × side places of a box among codes (n, 2) of classes `labels` (n,), −1 for none."""
    from scipy.spatial import cKDTree

    z = planes.cells(box, side)
    shares = planes.support(codes, z)
    entropy = torch.cat([planes.pixel_entropy(decode(part)) for part in z.split(900)])

    def mean(chosen: Tensor) -> float:
        return entropy[chosen].double().mean().item()

    of_kind = {"supported": mean(shares >= SPARSE_BELOW), "hole": mean(shares < HOLE_BELOW)}
    hole_share = (shares < HOLE_BELOW).double().mean().item()
    if not num_classes or (labels < 0).any():
        nan = float("nan")
        return Survey(hole_share, of_kind, nan, nan, nan, np.zeros(0))
    k = min(NEIGHBOURS, len(codes))
    nearest = cKDTree(codes.numpy()).query(z.numpy(), list(range(1, k + 1)))[1]
    counts = np.stack([(labels.numpy()[nearest] == c).sum(1) for c in range(num_classes)], axis=1)
    is_border = torch.from_numpy(counts.max(1) < ALIKE * k)
    class_shares = np.bincount(labels.numpy()[nearest[:, 0]], minlength=num_classes) / len(z)
    border_share = is_border.double().mean().item()
    return Survey(hole_share, of_kind, border_share, mean(is_border), mean(~is_border), class_shares)


def most_mixed(codes: Tensor, labels: Tensor) -> tuple[int, int, float] | None:
    """The two classes that lie among each other most: of all codes whose nearest other code is of another class, the share that these
    two make. None where no code's is."""
    from scipy.spatial import cKDTree

    if len(codes) < 2:
        return None
    neighbour = cKDTree(codes.numpy()).query(codes.numpy(), [2])[1][:, 0]
    one, other = labels.numpy(), labels.numpy()[neighbour]
    pairs = np.sort(np.stack([one, other], axis=1)[one != other], axis=1)
    if not len(pairs):
        return None
    found, counts = np.unique(pairs, axis=0, return_counts=True)
    (a, b), count = found[counts.argmax()], counts.max()
    return int(a), int(b), float(count / len(pairs))
