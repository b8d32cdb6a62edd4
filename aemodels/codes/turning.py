"""Planes turned so that they agree with one another: where the loss does not care how a plane lies, nor should the eye have to."""

from collections.abc import Sequence

import torch
from torch import Tensor


def turn(codes: Tensor, target: Tensor) -> Tensor:
    """The orthogonal matrix (D, D) that brings codes (n, D), times it, nearest to the target (n, D), each seen from its own mean, in
    the sum of squares (Schönemann 1966, the orthogonal Procrustes problem). It may mirror."""
    a, b = (of - of.mean(0) for of in (codes.double(), target.double()))
    u, _, v = torch.linalg.svd(a.T @ b)
    return u @ v


def turns(moments: Sequence[Tensor]) -> list[Tensor]:
    """Of codes (n, D) of the same n images at moments one after another, the orthogonal matrix (D, D) for each.

    The last stays as it is. Each one before is turned to agree with the next as that is turned, so that a film of them moves no more
    than it must.
    """
    matrices = [torch.eye(moments[-1].shape[1], dtype=torch.double)]
    for codes, following in zip(reversed(moments[:-1]), reversed(moments[1:]), strict=True):
        matrices.append(turn(codes, following.double() @ matrices[-1]))
    return matrices[::-1]
