"""The direction from one group of codes to another (an attribute vector, Larsen et al. 2016), and what a step along it changes."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from aemodels.codes import latents
from aemodels.noise import power, seeded_normal

NUM_MOVED = 32  # codes that are moved to measure an effect


@dataclass(frozen=True)
class Effect:
    """What one step along a direction does.

    change   root mean square change of the pictures, in [0, 1]
    reached  share of the moved codes whose nearest code has the label that is asked for; NaN where none is
    """

    change: float
    reached: float


def between(codes: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """From the mean of the codes at places a (n,) to that at places b (m,): a direction (...) of the codes' shape."""
    return codes[b].mean(0) - codes[a].mean(0)


def random_like(direction: Tensor, seed: int) -> Tensor:
    """A random direction, every one as likely, as long as this one."""
    other = seeded_normal([seed], direction.shape)[0]
    return other * direction.norm() / other.norm()


def effect(
    codes: Tensor, labels: Tensor, moved: Tensor, direction: Tensor, label: int, decode: Callable[[Tensor], Tensor]
) -> Effect:
    """What the direction does to the first NUM_MOVED of the codes at places `moved` (n,).

    label  a place in the data set's classes that moved codes should reach, -1 for none
    """
    moved = moved[:NUM_MOVED]
    z = codes[moved]
    change = power(decode(z + direction) - decode(z)).mean().sqrt().item()
    if label < 0:
        return Effect(change, float("nan"))
    others = torch.ones(len(codes), dtype=torch.bool)
    others[moved] = False  # a code that barely moves would find itself
    nearest = latents.nearest(codes[others].flatten(1), (z + direction).flatten(1))[0]
    return Effect(change, (labels[others][nearest] == label).float().mean().item())
