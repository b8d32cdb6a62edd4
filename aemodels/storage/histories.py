"""What the trainings behind checkpoints tell: curves over all of them, what the last steps brought, each training once.

A training is a mapping as `checkpoints.trainings` gives it, and its history a list of epochs, each with "epoch", "step" and
"seconds" since it began, and the values measured then.
"""

import re
from collections.abc import Mapping, Sequence
from math import exp
from typing import Any

import numpy as np

Training = Mapping[str, Any]
Curve = tuple[list[float], list[float | None]]  # x and y; where y is None, the curve has a gap
_LOSSES_OF_PRIORS = {"velocity", "velocity_loss", "gaussian_loss"}
_NO_FURTHER_TERM = {"epoch", "step", "seconds", "learning_rate", "reconstruction", "psnr_db", *_LOSSES_OF_PRIORS}


def curve(trainings: Sequence[Training], name: str, along: str, value: str) -> Curve:
    """A value after each epoch of those of `trainings`, oldest first, that made a checkpoint of this name: (x, y).

    x counts the trainings between as well, where the curve has a gap. Epochs without the value are
    left out. A "reconstruction" loss that is the logarithm of the MSE comes as its exponential, a geometric mean of MSE.

    along  "epoch", "step" or "minutes"
    value  a key of the epochs, such as "reconstruction" or "psnr_db"
    """
    points, done = [], 0.0
    for training in trainings:
        is_logarithm = value == "reconstruction" and training["model_config"]["reconstruction"] == "log_mse"
        epochs = [e | {"minutes": e["seconds"] / 60} for e in training["history"]]
        if training["name"] == name:
            found = [(done + e[along], e[value]) for e in epochs if e.get(value) is not None]
            points += [(x, exp(y) if is_logarithm else y) for x, y in found]
        elif points:
            points.append((done, None))
        done += epochs[-1][along] if epochs else 0
    return [x for x, _ in points], [y for _, y in points]


def further_terms(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """The terms of a training's loss beside "reconstruction", such as "kl", in the order in which they first come."""
    return [key for key in dict.fromkeys(key for epoch in history for key in epoch) if key not in _NO_FURTHER_TERM]


def psnr_db_at(history: Sequence[Mapping[str, Any]], *shares: float) -> list[float]:
    """ "psnr_db" after these shares of a training's steps, interpolated between epochs; empty where fewer than two measured it."""
    epochs = [e for e in history if e.get("psnr_db") is not None]
    if len(epochs) < 2:
        return []
    steps, psnr = [e["step"] for e in epochs], [e["psnr_db"] for e in epochs]
    return np.interp([share * steps[-1] for share in shares], steps, psnr).tolist()


def last_tenth_gain_db(history: Sequence[Mapping[str, Any]]) -> float | None:
    """What the last tenth of a training's steps added to "psnr_db", in dB; None where fewer than two epochs measured it."""
    before, after = psnr_db_at(history, 0.9, 1.0) or (None, None)
    return None if before is None else after - before


def each_once(trainings: Mapping[str, Sequence[Training]]) -> tuple[list[Training], list[int | None]]:
    """The trainings of several checkpoints, each once, though several checkpoints may have begun with the same ones.

    Also, of each, the place in that list of the training that it went on from; None for one from random weights.

    trainings  of each checkpoint by its name, oldest first
    """
    made: list[Training] = []
    starts: list[int | None] = []
    for of_checkpoint in trainings.values():
        start = None
        for training in of_checkpoint:
            if training not in made:
                made.append(training)
                starts.append(start)
            start = made.index(training)
    return made, starts


def processors(trainings: Sequence[Training]) -> list[str]:
    """The processors that trainings ran on, each once and sorted, without how many processes and cores took part."""
    around = r"^(\d+ × )?(CPU: )?|, \d+ of \d+ cores$|\((R|TM)\)"
    return sorted({re.sub(around, "", training["provenance"]["device"]) for training in trainings})
