"""Codes chosen by boxes on the map: their mean decoded, and the direction from one group to the other."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from aemodels.codes import directions
from aemodels.codes.planes import Extent
from aemodels.data.words import Words
from aemodels.language import _, number, percent, sentences
from aemodels.report import figures
from pages.parts.shared import controls, loaders

STEPS = (-1.0, 0.0, 0.5, 1.0, 1.5)  # of the direction, from the picked code on
RANDOM_SEED = 1
MIN_IN_BOX = 3


def inside(places: np.ndarray, box: Extent | None) -> Tensor:
    """The numbers (m,) of the codes whose places (n, 2) are in the box (x_min, x_max, y_min, y_max)."""
    if box is None:
        return torch.zeros(0, dtype=torch.long)
    x_min, x_max, y_min, y_max = box
    x, y = places.T
    return torch.from_numpy(np.flatnonzero((x >= x_min) & (x <= x_max) & (y >= y_min) & (y <= y_max)))


@dataclass(frozen=True)
class Walk:
    """rows     tiles of the pictures from the picked code on: along the direction, and along a random one as long
    means    tiles of the decoded means of A and of B
    effects  of the direction and of the random one on codes of A
    label    a place in the classes: the commonest label in B; -1 where that is A's too
    """

    rows: list[list[np.ndarray]]
    means: list[np.ndarray]
    effects: tuple[directions.Effect, directions.Effect]
    label: int


def mean_tile(name: str, chosen: Tensor) -> np.ndarray:
    """The decoded mean of the chosen codes."""
    ckpt = loaders.checkpoint(name)
    return figures.to_tiles(ckpt.model.decode(ckpt.codes[chosen].mean(0, keepdim=True)))[0]


def walk(name: str, picked: int, a: Tensor, b: Tensor) -> Walk:
    """What the direction from the codes a to the codes b does."""
    return _walk(*loaders.version(name), picked, tuple(a.tolist()), tuple(b.tolist()), loaders.checkpoint(name))


@st.cache_resource(max_entries=16, show_spinner=False)
def _walk(name: str, modified_ns: int, picked: int, a: tuple[int, ...], b: tuple[int, ...], _ckpt) -> Walk:
    model, codes, labels = _ckpt.model, _ckpt.codes, _ckpt.labels
    a, b = torch.tensor(a), torch.tensor(b)
    direction = directions.between(codes, a, b)
    other = directions.random_like(direction, RANDOM_SEED)
    steps = torch.tensor(STEPS).view(-1, *[1] * direction.ndim)
    rows = [figures.to_tiles(model.decode(codes[picked] + steps * along)) for along in (direction, other)]
    label = _label_of(labels, a, b)
    effects = tuple(directions.effect(codes, labels, a, along, label, model.decode) for along in (direction, other))
    return Walk(rows, [mean_tile(name, chosen) for chosen in (a, b)], effects, label)


def _label_of(labels: Tensor, a: Tensor, b: Tensor) -> int:
    def commonest(chosen: Tensor) -> int:
        known = labels[chosen][labels[chosen] >= 0]
        return int(known.mode().values) if len(known) else -1

    return commonest(b) if commonest(a) != commonest(b) else -1


def finding(found: Walk, names: tuple[str, ...], words: Words) -> str:
    """The effect of the direction beside that of a random one, in a sentence or two."""
    ours, other = found.effects
    changes = _(
        "**From A to B:** one step of this direction changes the pictures of A by **{change}** of 255 grey levels (RMS), a random direction as long "
        "by **{other}**."
    ).format(change=number(255 * ours.change, 1), other=number(255 * other.change, 1))
    if found.label < 0:
        return changes
    reached = _(
        "After it the nearest code is a {label} for **{share}** of them, after the random one for **{other}**."
    ).format(label=controls.literal(names[found.label]), share=percent(ours.reached), other=percent(other.reached))
    return sentences([changes, reached])
