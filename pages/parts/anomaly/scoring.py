"""Usual and strange pictures for a model, and their scores."""

from dataclasses import dataclass
from functools import partial
from math import prod

import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.models.autoencoders import Autoencoder
from aemodels.noise import seeded_order
from aemodels.quality import anomaly
from aemodels.quality.metrics import psnr_db
from pages.parts.shared import cores, loaders, originals
from pages.parts.shared.originals import Originals

MANY, FEW, SMALL = 1000, 64, 3 * 32 * 32  # pictures of up to SMALL numbers, and larger ones
NUM_SHOWN = 9
BATCH_NUMBERS = 2**19  # of pictures that are rebuilt at once: what a core keeps at hand
USUAL, LEFT_OUT, OTHER, NOISE, TURNED = "usual", "left-out", "other", "noise", "turned"


@dataclass(frozen=True)
class Scored:
    """Scores (n,) of pictures, see `anomaly.score`, their mean PSNR in dB, and the nine with the largest: x and x_hat (9, C, H, W),
    their scores, and their places among the n."""

    scores: Tensor
    psnr_db: float
    x: Tensor
    x_hat: Tensor
    places: list[int]


def measure(ckpt: Checkpoint, seed: int) -> tuple[dict[str, Scored], str, list[int]]:
    """By kind of pictures what their scores are, the name of the other data set, "" where there is none, and the places of the usual
    pictures among the test images of the model's data set, which must be on this computer. Usual are those of classes that the model
    was trained on. Turning needs square pictures."""
    shape, found = ckpt.model_config.image_shape, originals.of(ckpt.data)
    order, is_left_out = seeded_order(len(found), seed), torch.isin(found.labels, left_out(ckpt))
    most = MANY if prod(shape) <= SMALL else FEW
    index = order[~is_left_out[order]][:most]
    x = found.pictures(index)
    sets = {USUAL: x}
    if is_left_out.any():
        sets[LEFT_OUT] = found.pictures(order[is_left_out[order]][:most])
    title, other = _other(ckpt, seed, len(x))
    if other is not None:
        sets[OTHER] = other
    sets[NOISE] = anomaly.noise(seed, len(x), shape)
    if shape[1] == shape[2]:
        sets[TURNED] = x.rot90(1, (2, 3))
    return {kind: _score(ckpt.model, of_kind) for kind, of_kind in sets.items()}, title, index.tolist()


def left_out(ckpt: Checkpoint) -> Tensor:
    """The classes (n,) that the model was not trained on, places in its data set's label_names."""
    names = ckpt.data.label_names
    return torch.tensor([names.index(name) for name in ckpt.data.config.leave_out], dtype=torch.long)


def _score(model: Autoencoder, x: Tensor) -> Scored:
    batches = x.split(max(1, BATCH_NUMBERS // prod(x.shape[1:])))
    x_hat, scores, psnr = map(torch.cat, zip(*cores.each(partial(_rebuilt, model), batches), strict=True))
    places = scores.argsort(descending=True)[:NUM_SHOWN]
    return Scored(scores, float(psnr.clamp(max=80).mean()), x[places], x_hat[places], places.tolist())


def _rebuilt(model: Autoencoder, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What pictures x are rebuilt to, their scores and PSNRs."""
    x_hat = anomaly.rebuild(model, x)
    return x_hat, anomaly.score(model, x, x_hat), psnr_db(x, x_hat)


def _other(ckpt: Checkpoint, seed: int, n: int) -> tuple[str, Tensor | None]:
    """Pictures of another data set that is on this computer, brought to the model's shape, and its name."""
    shape, own = ckpt.model_config.image_shape, ckpt.data.config
    for group in loaders.read_catalogue().groups:
        other = group.data.config
        if (
            other.name == own.name or "mnist" == other.source == own.source
        ):  # the same digits under two names are one set
            continue
        if (found := originals.of(group.data)) is not None:
            return other.name, _fitted(found, seed, n, shape)
    if own.source == "mnist":
        return "", None
    return "MNIST", _fitted(originals.mnist_digits(), seed, n, shape)


def _fitted(found: Originals, seed: int, n: int, shape: tuple[int, int, int]) -> Tensor:
    """n of these pictures, brought to the shape; in parts, for a thousand photos as numbers are 200 MB."""
    parts = seeded_order(len(found), seed)[:n].split(64)
    return torch.cat(cores.each(lambda part: anomaly.fitted(found.at(part), shape), parts))
