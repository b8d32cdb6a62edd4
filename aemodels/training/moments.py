"""What is seen of a model while it trains: the codes of held-out digits on a plane, some digits rebuilt, how good it is, and its loss so
far."""

from dataclasses import dataclass, fields
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aemodels.codes import planes, turning
from aemodels.data import shipped
from aemodels.models.autoencoders import Autoencoder
from aemodels.quality import evaluation, metrics
from aemodels.storage import arrays

NUM_REBUILT = 10


@dataclass(frozen=True)
class Moment:
    """A model at one moment of its training.

    places   (n, 2) float32: codes of `shipped.held_out()`; of more than two numbers, on their first two principal axes
    share    of the codes' variance that lies in this plane, in [0, 1]
    rebuilt  (NUM_REBUILT, H, W) uint8: the first digit of each class, rebuilt
    bce      on the held-out digits, nats a pixel, under the model's own noise
    psnr_db  likewise
    curve    (m, 5) float64, a row a moment so far: seconds, steps, mean training loss since the last one (not a number for the first),
             held-out bce, and the share of places whose nearest other one is of the same digit
    """

    places: np.ndarray
    share: float
    rebuilt: np.ndarray
    bce: float
    psnr_db: float
    curve: np.ndarray


def measure(
    model: Autoencoder, before: Moment | None = None, seconds: float = 0.0, step: int = 0, loss: float = float("nan")
) -> Moment:
    """The model now, after `before`; loss is the mean over the steps in between."""
    images, labels = shipped.held_out()
    codes = evaluation.encode_all(model, images)
    places, share = on_plane(codes, None if before is None else before.places)
    figures = metrics.evaluate(model, images, **evaluation.own_noise(model.config))
    with torch.no_grad():
        rebuilt = (255 * model.generate(codes[first_of_each(labels)])).round().byte()[:, 0].numpy()
    neighbours = planes.plane_stats(torch.from_numpy(places), labels).neighbour_accuracy
    row = np.array([[seconds, step, loss, figures["bce"], neighbours]])
    curve = row if before is None else np.concatenate([before.curve, row])
    return Moment(places, share, rebuilt, figures["bce"], figures["psnr_db"], curve)


def first_of_each(labels: Tensor) -> Tensor:
    """Places of the first digit of each class (NUM_REBUILT,)."""
    return torch.stack([(labels == digit).nonzero()[0, 0] for digit in range(NUM_REBUILT)])


def on_plane(codes: Tensor, before: np.ndarray | None) -> tuple[np.ndarray, float]:
    """Codes (n, D) as places (n, 2) float32, and the share of their variance there: codes of two numbers as they are, others on their
    first two principal axes.

    Principal axes have no direction of their own, and two that are as strong may turn: they are turned and mirrored so that the
    places come nearest to those before.
    """
    x = codes.flatten(1).double().nan_to_num()
    if prod(codes.shape[1:]) == 2:
        return codes.flatten(1).float().numpy(), 1.0
    x = x - x.mean(0)
    _left, spread, axes = torch.linalg.svd(x, full_matrices=False)
    places, squared = x @ axes[:2].T, spread.square()
    if before is not None:
        places = places @ turning.turn(places, torch.from_numpy(before))
    return places.float().numpy(), float(squared[:2].sum() / squared.sum()) if squared.any() else 1.0


def save(moment: Moment, path: Path) -> None:
    """Writes it whole, in place of the one before; raises FileError where it cannot be written."""
    arrays.save(path, {field.name: getattr(moment, field.name) for field in fields(Moment)})


def load(path: Path) -> Moment | None:
    """The moment in a file; None where there is none."""
    found = arrays.read(path)
    return None if found is None else Moment(**{name: float(a) if a.ndim == 0 else a for name, a in found.items()})
