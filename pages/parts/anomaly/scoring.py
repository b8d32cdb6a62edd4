"""Usual and strange pictures for a model, and their scores."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from math import prod

import streamlit as st
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


def kinds(ckpt: Checkpoint) -> tuple[list[str], str]:
    """Which kinds of pictures there are for a model whose data set is on this computer, and the name of the other data set, "" where there
    is none. Turning needs square pictures."""
    _channels, height, width = ckpt.model_config.image_shape
    title, other = _other(ckpt)
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
    return _drawn(ckpt, seed, of_left_out=False)


def measure(ckpt: Checkpoint, seed: int, kinds: Sequence[str]) -> dict[str, Scored]:
    """By kind of pictures what their scores are, kept for all who ask for the same; nobody may change them."""
    depends_on = (*loaders.version(ckpt.name), str(loaders.data_folder().resolve()), seed)
    return {kind: _measure(*depends_on, kind) for kind in kinds}


@st.cache_resource(max_entries=64, show_spinner=False)
def _measure(name: str, modified_ns: int, data_folder: str, seed: int, kind: str) -> Scored:
    ckpt = loaders.load(name)
    return _score(ckpt.model, _pictures(ckpt, seed, kind))


def _drawn(ckpt: Checkpoint, seed: int, of_left_out: bool) -> Tensor:
    labels = originals.of(ckpt.data).labels
    order = seeded_order(len(labels), seed)
    is_asked_for = torch.isin(labels[order], left_out(ckpt)) == of_left_out
    return order[is_asked_for][: MANY if prod(ckpt.model_config.image_shape) <= SMALL else FEW]


def _pictures(ckpt: Checkpoint, seed: int, kind: str) -> Tensor:
    """Pictures (n, C, H, W) of one kind, float in [0, 1]."""
    shape, found, places = ckpt.model_config.image_shape, originals.of(ckpt.data), usual(ckpt, seed)
    if kind == LEFT_OUT:
        return found.pictures(_drawn(ckpt, seed, of_left_out=True))
    if kind == OTHER:
        return _fitted(_other(ckpt)[1], seed, len(places), shape)
    if kind == NOISE:
        return anomaly.noise(seed, len(places), shape)
    x = found.pictures(places)
    return x.rot90(1, (2, 3)) if kind == TURNED else x


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


def _other(ckpt: Checkpoint) -> tuple[str, Originals | None]:
    """Another data set that is on this computer, and its name."""
    own = ckpt.data.config
    for group in loaders.read_catalogue().groups:
        other = group.data.config
        if (
            other.name == own.name or "mnist" == other.source == own.source
        ):  # the same digits under two names are one set
            continue
        if (found := originals.of(group.data)) is not None:
            return other.name, found
    return ("", None) if own.source == "mnist" else ("MNIST", originals.mnist_digits())


def _fitted(found: Originals, seed: int, n: int, shape: tuple[int, int, int]) -> Tensor:
    """n pictures of another data set, brought to the model's shape; in parts, for a thousand photos as numbers are 200 MB."""
    parts = seeded_order(len(found), seed)[:n].split(64)
    return torch.cat(cores.each(lambda part: anomaly.fitted(found.at(part), shape), parts))
