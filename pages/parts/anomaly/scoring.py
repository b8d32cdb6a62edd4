"""Usual and strange pictures for a model, and their scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.noise import seeded_order
from pages.parts.anomaly import pools
from pages.parts.anomaly.pools import Pool
from pages.parts.shared import cores, loaders, originals
from pages.parts.shared.once import per_model

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


def kinds(ckpt: Checkpoint) -> tuple[list[str], str]:
    """Which kinds of pictures there are for a model whose data set is on this computer, and the name of the other data set, "" where there
    is none. Turning needs square pictures."""
    _channels, height, width = ckpt.model_config.image_shape
    title, other = pools.of_another_data_set(ckpt)
    there_are = {
        USUAL: True,
        LEFT_OUT: bool(torch.isin(originals.of(ckpt.data).labels, left_out(ckpt)).any()),
        OTHER: other is not None,
        NOISE: True,
        TURNED: height == width,
    }
    return [kind for kind in there_are if there_are[kind]], title


def usual(ckpt: Checkpoint, seed: int) -> Tensor:
    """Places (n,) of the usual pictures among the test images of the model's data set: those of classes that it was trained on."""
    return _test_images(ckpt, seed, of_left_out=False)


def measure(ckpt: Checkpoint, seed: int, kinds: Sequence[str]) -> dict[str, Scored]:
    """By kind of pictures what their scores are, kept for all who ask for the same; nobody may change them."""
    data_folder = str(loaders.data_folder().resolve())
    return {kind: _measure(ckpt.name, data_folder, seed, kind) for kind in kinds}


@per_model(64)
def _measure(name: str, data_folder: str, seed: int, kind: str) -> Scored:
    ckpt = loaders.load(name)
    return _score(ckpt, *_drawn(ckpt, seed, kind))


def _drawn(ckpt: Checkpoint, seed: int, kind: str) -> tuple[Pool, Tensor]:
    """The pictures of one kind, and the places (n,) of those that the seed draws."""
    test_images, index = pools.of_test_images(ckpt), usual(ckpt, seed)
    if kind == LEFT_OUT:
        return test_images, _test_images(ckpt, seed, of_left_out=True)
    if kind in (OTHER, NOISE):
        pool = pools.of_noise(ckpt) if kind == NOISE else pools.of_another_data_set(ckpt)[1]
        return pool, seeded_order(pool.size, seed)[: len(index)]
    return pools.turned(test_images) if kind == TURNED else test_images, index


def _test_images(ckpt: Checkpoint, seed: int, of_left_out: bool) -> Tensor:
    labels = originals.of(ckpt.data).labels
    order = seeded_order(len(labels), seed)
    is_asked_for = torch.isin(labels[order], left_out(ckpt)) == of_left_out
    return order[is_asked_for][: MANY if prod(ckpt.model_config.image_shape) <= pools.SMALL else FEW]


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
