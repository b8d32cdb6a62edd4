"""Nine samples, beside the nearest real code of each and what a Gaussian makes of the same noise."""

from dataclasses import dataclass, replace
from functools import partial
from statistics import mean

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from aemodels.codes import flows, latents
from aemodels.language import _, number, percent, sentences
from aemodels.quality import detail
from aemodels.report import figures
from pages.parts.generate.chosen import Chosen
from pages.parts.photos import drawings, generation_findings, learned, references, sampling
from pages.parts.shared import ahead, controls, export, models

NUM_SAMPLES = 9


@dataclass(frozen=True)
class Nine:
    """Codes z, the nearest real code of each and how far it is; the panel's tiles and its PNG file; fine detail in grey levels of the
    samples and of the Gaussian's."""

    z: Tensor
    nearest: Tensor
    to_nearest: Tensor
    tiles: list[np.ndarray]
    panel: bytes
    detail: float
    gaussian_detail: float


def seeds(seed: int) -> list[int]:
    """One a sample, those that the page Sample draws with."""
    return controls.image_seeds(seed, NUM_SAMPLES)


def gaussian(setting: drawings.Setting) -> drawings.Setting:
    """How the Gaussian beside the samples is drawn: any number of steps would give the same."""
    return replace(setting.gaussian(), num_steps=1)


def start(setting: drawings.Setting, seed: int) -> None:
    """Begins to draw all that this seed's panel needs."""
    for needed in (gaussian(setting), setting):
        drawings.start(needed, tuple(seeds(seed)))


def _tiles(chosen: Chosen, nearest: Tensor, x: Tensor, x_gaussian: Tensor) -> list[np.ndarray]:
    real = sampling.in_threes(references.tiles(chosen.ckpt.name, nearest.tolist()))
    return [sampling.nine(x), real, sampling.nine(x_gaussian)]


def _titles(chosen: Chosen, first: str) -> list[str]:
    return [first, _("Nearest real {photo} of each").format(photo=chosen.picture.one), _("Same noise, Gaussian")]


def _title(chosen: Chosen, seed: int) -> str:
    if chosen.class_name:
        return _("{class_}, seed {seed}").format(class_=chosen.class_name, seed=seed)
    return _("Nine samples, seed {seed}").format(seed=seed)


def draw(tiles: list[np.ndarray], titles: list[str], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    return figures.panel([tiles], column_labels=titles, caption=caption, width_px=width_px, ink=ink)


def _compute(chosen: Chosen, seed: int) -> Nine:
    drawn = drawings.watch(chosen.setting, seeds(seed), lambda moment: None)
    x_gaussian = drawings.watch(gaussian(chosen.setting), seeds(seed), lambda moment: None).x
    nearest, to_nearest = latents.nearest(chosen.ckpt.codes, drawn.z)
    tiles = _tiles(chosen, nearest, drawn.x, x_gaussian)
    panel = export.on_screen(draw, tiles, _titles(chosen, _title(chosen, seed)))
    return Nine(drawn.z, nearest, to_nearest, tiles, panel, detail.mean_step(drawn.x), detail.mean_step(x_gaussian))


def _show_on_the_way(chosen: Chosen, place: st.delta_generator.DeltaGenerator) -> None:
    """What the Gaussian makes of the noise at once, and the samples while they sharpen."""
    drawn_with = seeds(chosen.seed)
    x_gaussian = drawings.watch(gaussian(chosen.setting), drawn_with, lambda moment: None).x

    def show(tiles: list[np.ndarray], t: float) -> None:
        titles = _titles(chosen, _("Being drawn: t = {t}").format(t=number(t, 2)))
        with place.container():
            export.show(export.on_screen(draw, tiles, titles), _("Nine samples while they are drawn"))

    def show_now(moment: flows.Moment) -> None:
        nearest, _to_nearest = latents.nearest(chosen.ckpt.codes, moment.z)
        show(_tiles(chosen, nearest, drawings.decode(chosen.ckpt, moment.z), x_gaussian), moment.t)

    if not drawings.start(chosen.setting, tuple(drawn_with)).is_done(0):
        tile = sampling.nine(x_gaussian)
        blank = figures.blank((3, *tile.shape[:2]), export.ink())
        show([blank, blank, tile], 1)
    drawings.watch(chosen.setting, drawn_with, show_now)


def show(chosen: Chosen) -> None:
    """The samples, which sharpen while they are drawn, what to notice, and the downloads."""
    place, drawn_with = st.empty(), seeds(chosen.seed)
    found = ahead.scene(
        partial(_compute, chosen),
        chosen.seed,
        "nine",
        chosen.setting,
        export.is_dark(),
        meanwhile=partial(_show_on_the_way, chosen, place),
    )
    alt = _(
        "Left nine samples of the prior, in the middle the nearest real code of each, right what a Gaussian draws from the same noise, all decoded"
    )
    with place.container():
        export.show(found.panel, alt)
    controls.notice(_points(chosen, found))
    numbers = [
        {"sample": i + 1, "seed": seed, "mean_square": float(z.square().mean()), "nearest_code": int(nearest)}
        | {"distance_to_nearest_code": float(distance)}
        for i, (seed, z, nearest, distance) in enumerate(
            zip(drawn_with, found.z, found.nearest, found.to_nearest, strict=True)
        )
    ]
    printed = partial(draw, found.tiles, _titles(chosen, _title(chosen, chosen.seed)))
    export.export_row(chosen.file_name("nine"), printed, numbers, chosen.settings(), alt)


def _points(chosen: Chosen, found: Nine) -> list[str]:
    ckpt, strength = chosen.ckpt, chosen.setting.strength
    if strength and chosen.setting.label is not None:
        first = _(
            "**Compare left and right.** Both start from the same noise. The difference is what the network has learnt, and the {class_} that it is told."
        ).format(class_=chosen.picture.class_)
    elif strength:
        first = _(
            "**Compare left and right.** Both start from the same noise; what the network has learnt is the only difference."
        )
    else:
        first = _(
            "**Left and right are the same**: at 0 nothing of what is learnt is used. Move the slider “Learned part” to 1."
        )
    rebuilt = sampling.rebuilt_detail(ckpt.name)
    fine = _(
        "Fine detail (mean difference between neighbouring pixels, of 255 grey levels): {samples} in the samples, "
        "{gaussian} in the Gaussian's, {codes} in nine real codes, decoded."
    ).format(
        samples=number(found.detail, 1),
        gaussian=number(found.gaussian_detail, 1),
        codes=number(rebuilt, 1),
    )
    num_codes = len(ckpt.codes)
    relative = (found.to_nearest / sampling.mean_spacing(ckpt.name, num_codes)).tolist()
    on_average = _(
        "On average a sample lies {times} times as far from its nearest real code as a real code lies from its nearest neighbour."
    ).format(times=number(mean(relative), 2))
    closest = _("For the closest of the nine, number {which}, it is {times} times.")
    if min(relative) > 0.5:
        closest = _(
            "For the closest of the nine, number {which}, it is {times} times, so none is a copy of one of these {codes} codes."
        )
    closest = closest.format(
        which=relative.index(min(relative)) + 1, times=number(min(relative), 2), codes=number(num_codes)
    )
    return [
        first,
        *models.notes(ckpt.name),
        *generation_findings.learnt(chosen.group.data, ckpt.name, learned.of(chosen.group.data, ckpt.name)),
        *learned.in_short(chosen.group.data, ckpt.name),
        fine,
        sentences([on_average, closest]),
        *_about_guidance(chosen, percent(strength)),
    ]


def _about_guidance(chosen: Chosen, strength: str) -> list[str]:
    if chosen.class_name and chosen.setting.guidance > 1:
        return [
            _(
                "Guidance {weight}: each step goes {weight} times as far from “any {class_}” towards “{name}” as the "
                "network says. More guidance makes the samples more alike."
            ).format(weight=number(chosen.setting.guidance, 1), class_=chosen.picture.class_, name=chosen.class_name)
        ]
    return []
