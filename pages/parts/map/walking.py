"""The means of two groups of codes decoded, and the way from one to the other, an attribute vector."""

from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.codes import directions
from aemodels.data.words import Words
from aemodels.language import _, number, percent, sentences, signed
from aemodels.report import figures
from pages.parts.map.choosing import MIN_IN_GROUP, Group
from pages.parts.shared import export, loaders, markdown
from pages.parts.shared.once import per_model

STEPS = (-1.0, 0.0, 0.5, 1.0, 1.5)  # of the direction, from the picked code on
RANDOM_SEEDS = (1, 2, 3, 4)  # of the directions beside it; the first is shown


@dataclass(frozen=True)
class Walk:
    """rows     tiles of the pictures from the picked code on: along the direction, and along a random one as long
    means    tiles of the decoded means of A and of B
    effects  of the direction, and of random ones on average, on codes of A
    label    a place in the classes: the commonest label in B; -1 where that is A's too
    """

    rows: list[list[np.ndarray]]
    means: list[np.ndarray]
    effects: tuple[directions.Effect, directions.Effect]
    label: int


def show(name: str, picked: int, chosen: dict[str, Group]) -> Walk | None:
    """The means of the groups, by letter, and the walk from the picked code along their difference; None where there are not two."""
    used = {letter: group for letter, group in chosen.items() if len(group.codes) >= MIN_IN_GROUP}
    if not used:
        return None
    st.header(_("The chosen codes"), anchor=False)
    if len(used) == 1:
        ((letter, group),) = used.items()
        alt = _("The decoded mean of the codes {letter}").format(letter=letter.upper())
        st.image(_mean_tile(name, group.codes), alt=alt, width=200, output_format="PNG")
        st.markdown(
            _(
                "The mean of the {number} codes of {letter}, decoded. Choose the other group for the direction between them."
            ).format(number=number(len(group.codes)), letter=letter.upper())
        )
        return None
    a, b = (used[letter].codes for letter in "ab")
    walk = _walk(name, picked, tuple(a.tolist()), tuple(b.tolist()))
    steps = ["0" if step == 0 else signed(step, 1) for step in STEPS]
    labels = [[_("mean of A"), _("mean of B")] + [""] * (len(STEPS) - 2), steps, steps]
    names = ["A, B", _("A to B"), _("random")]

    def draw(width_px: int, ink: figures.Ink) -> Image.Image:
        return figures.panel([walk.means, *walk.rows], names, labels, [], "", width_px, ink)

    export.show(
        export.on_screen(draw),
        _("The decoded means of A and B; code {picked} moved from A to B and along a random direction as long").format(
            picked=picked
        ),
    )
    st.markdown(
        _(
            "The mean of B ({b} codes) minus the mean of A ({a}) is an **attribute vector**. Here it is added to "
            "code {picked}, as many times as stands below each picture. Last row: a random direction of the same "
            "length."
        ).format(picked=picked, a=number(len(a)), b=number(len(b)))
    )
    return walk


def finding(found: Walk, names: tuple[str, ...], words: Words) -> str:
    """The effect of the direction beside that of random ones, in a sentence or two."""
    ours, other = found.effects
    changes = _(
        "**From A to B:** one step of this direction changes the pictures of A by **{change}** of 255 grey levels (RMS), random directions as long "
        "by **{other}** (mean of {number})."
    ).format(change=number(255 * ours.change, 1), other=number(255 * other.change, 1), number=number(len(RANDOM_SEEDS)))
    if found.label < 0:
        return changes
    reached = _(
        "After this step the nearest code is a {label} for **{share}** of them, after a random step for **{other}**."
    ).format(label=markdown.literal(names[found.label]), share=percent(ours.reached), other=percent(other.reached))
    return sentences([changes, reached])


def _mean_tile(name: str, chosen: Tensor) -> np.ndarray:
    """The decoded mean of the chosen codes."""
    ckpt = loaders.checkpoint(name)
    return figures.to_tiles(ckpt.model.decode(ckpt.codes[chosen].mean(0, keepdim=True)))[0]


@per_model(16)
def _walk(name: str, picked: int, a: tuple[int, ...], b: tuple[int, ...]) -> Walk:
    ckpt = loaders.checkpoint(name)
    model, codes, labels = ckpt.model, ckpt.codes, ckpt.labels
    a, b = torch.tensor(a), torch.tensor(b)
    direction = directions.between(codes, a, b)
    others = [directions.random_like(direction, seed) for seed in RANDOM_SEEDS]
    steps = torch.tensor(STEPS).view(-1, *[1] * direction.ndim)
    rows = [figures.to_tiles(model.decode(codes[picked] + steps * along)) for along in (direction, others[0])]
    label = _label_of(labels, a, b)
    ours, *random = (directions.effect(codes, labels, a, along, label, model.decode) for along in (direction, *others))
    by_chance = directions.Effect(
        *(float(np.mean([getattr(of, key) for of in random])) for key in ("change", "reached"))
    )
    return Walk(rows, [_mean_tile(name, chosen) for chosen in (a, b)], (ours, by_chance), label)


def _label_of(labels: Tensor, a: Tensor, b: Tensor) -> int:
    def commonest(chosen: Tensor) -> int:
        known = labels[chosen][labels[chosen] >= 0]
        return int(known.mode().values) if len(known) else -1

    return commonest(b) if commonest(a) != commonest(b) else -1
