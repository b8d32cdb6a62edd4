"""What a film of a training tells in figures: how far the codes reach and how well the classes part, moment by moment."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aemodels.codes import planes
from aemodels.storage.films import Film


@dataclass(frozen=True)
class Moment:
    """A moment of a film in figures.

    step                 how many steps were done
    loss                 as Film.losses has it
    spread               root mean square distance of the codes from their mean; no turn changes it
    neighbour_accuracy   share of codes whose nearest other code has the same label; not a number without labels
    """

    step: int
    loss: float
    spread: float
    neighbour_accuracy: float


def measure(film: Film, labels: Tensor) -> list[Moment]:
    """Each moment of a film in figures.

    labels  (n,) of the codes; -1 for none: those do not count for neighbour_accuracy
    """
    known, found = labels >= 0, []
    for i, (step, loss) in enumerate(zip(film.steps.tolist(), film.losses.tolist(), strict=True)):
        codes = torch.from_numpy(film.codes(i))
        spread = (codes.double() - codes.double().mean(0)).square().sum(1).mean().sqrt().item()
        accuracy = planes.plane_stats(codes[known], labels[known]).neighbour_accuracy if known.any() else float("nan")
        found.append(Moment(step, loss, spread, accuracy))
    return found


def halfway(values: Sequence[float]) -> int:
    """The first moment at which a value has gone at least half of its way from the first to the last."""
    way = values[-1] - values[0]
    return next(i for i, value in enumerate(values) if not (value - values[0]) * (1 if way >= 0 else -1) < abs(way) / 2)
