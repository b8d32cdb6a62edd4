"""Usual and strange pictures for a model, and their scores."""

from dataclasses import dataclass
from functools import partial
from math import prod

import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.noise import seeded_order
from aemodels.quality import anomaly
from pages.parts.anomaly import pools
from pages.parts.anomaly.pools import Pool
from pages.parts.shared import cores, originals

MANY, FEW = 1000, 64  # small pictures, and larger ones
NUM_SHOWN = 9
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
    most = MANY if prod(shape) <= pools.SMALL else FEW
    index, usual = order[~is_left_out[order]][:most], pools.of_test_images(ckpt)
    drawn = {USUAL: (usual, index)}
    if is_left_out.any():
        drawn[LEFT_OUT] = usual, order[is_left_out[order]][:most]
    title, other = pools.of_another_data_set(ckpt)
    if other is not None:
        drawn[OTHER] = other, seeded_order(other.size, seed)[: len(index)]
    noise = anomaly.noise(seed, len(index), shape)
    drawn[NOISE] = Pool("", len(noise), noise.__getitem__), torch.arange(len(noise))
    if shape[1] == shape[2]:
        drawn[TURNED] = pools.turned(usual), index
    return {kind: _score(ckpt, *of_kind) for kind, of_kind in drawn.items()}, title, index.tolist()


def left_out(ckpt: Checkpoint) -> Tensor:
    """The classes (n,) that the model was not trained on, places in its data set's label_names."""
    names = ckpt.data.label_names
    return torch.tensor([names.index(name) for name in ckpt.data.config.leave_out], dtype=torch.long)


def _score(ckpt: Checkpoint, pool: Pool, index: Tensor) -> Scored:
    """Of the pool's pictures at these places (n,)."""
    rebuilt = partial(pools.rebuilt, ckpt.model, pool)
    if known := pools.known(ckpt, pool):
        scores, psnr = (of_all[index] for of_all in known)
        places = scores.argsort(descending=True)[:NUM_SHOWN]
        x_hat, _scores, _psnr = rebuilt(index[places])
    else:
        parts = cores.each(rebuilt, pools.batches(index, ckpt.model_config.image_shape))
        all_x_hat, scores, psnr = map(torch.cat, zip(*parts, strict=True))
        places = scores.argsort(descending=True)[:NUM_SHOWN]
        x_hat = all_x_hat[places]
    return Scored(scores, float(psnr.clamp(max=80).mean()), pool.at(index[places]), x_hat, places.tolist())
