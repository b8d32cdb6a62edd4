"""Nine samples, beside the nearest real code of each and what a Gaussian makes of the same noise."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from aemodels.codes import flows, latents
from aemodels.language import _, number, percent
from aemodels.quality import detail
from aemodels.report import figures
from pages.parts.generate.chosen import Chosen
from pages.parts.photos import drawings, generation_findings, learned, references, sampling
from pages.parts.shared import controls, export, models

NUM_SAMPLES = 9


@dataclass(frozen=True)
class Nine:
    """Codes z, pictures x, the nearest real code of each and how far it is; the panel's tiles."""

    z: Tensor
    x: Tensor
    nearest: Tensor
    to_nearest: Tensor
    tiles: list[np.ndarray]


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


def look(chosen: Chosen, z: Tensor, x: Tensor, x_gaussian: Tensor) -> Nine:
    """Codes z and their pictures x beside their nearest real codes, and the pictures of a Gaussian."""
    nearest, to_nearest = latents.nearest(chosen.ckpt.codes, z)
    real = sampling.in_threes(references.tiles(chosen.ckpt.name, nearest.tolist()))
    return Nine(z, x, nearest, to_nearest, [sampling.nine(x), real, sampling.nine(x_gaussian)])


def draw(
    tiles: list[np.ndarray], first: str, of_photo: str, width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    titles = [first, of_photo, _("Same noise, Gaussian")]
    return figures.panel([tiles], column_labels=titles, caption=caption, width_px=width_px, ink=ink)


def show(chosen: Chosen) -> None:
    """The samples, which sharpen while they are drawn, what to notice, and the downloads."""
    place, of_photo = st.empty(), _("Nearest real {photo} of each").format(photo=chosen.picture.one)
    drawn_with = seeds(chosen.seed)
    x_gaussian = drawings.watch(gaussian(chosen.setting), drawn_with, lambda moment: None).x

    def show_tiles(tiles: list[np.ndarray], t: float) -> None:
        title = _("Being drawn: t = {t}").format(t=number(t, 2))
        with place.container():
            export.show(export.on_screen(draw, tiles, title, of_photo), _("Nine samples while they are drawn"))

    def show_now(moment: flows.Moment) -> None:
        show_tiles(look(chosen, moment.z, drawings.decode(chosen.ckpt, moment.z), x_gaussian).tiles, moment.t)

    if not drawings.start(chosen.setting, tuple(drawn_with)).is_done(0):
        tile = sampling.nine(x_gaussian)
        blank = figures.blank((3, *tile.shape[:2]), export.ink())
        show_tiles([blank, blank, tile], 1)  # what is there at once
    drawn = drawings.watch(chosen.setting, drawn_with, show_now)
    found = look(chosen, drawn.z, drawn.x, x_gaussian)
    title = _("Nine samples, seed {seed}").format(seed=chosen.seed)
    if chosen.class_name:
        title = _("{class_}, seed {seed}").format(class_=chosen.class_name, seed=chosen.seed)
    alt = _(
        "Left nine samples of the prior, in the middle the nearest real code of each, right what a Gaussian draws from the same noise, all decoded"
    )
    with place.container():
        export.show(export.on_screen(draw, found.tiles, title, of_photo), alt)
    controls.notice(_points(chosen, found, x_gaussian))
    numbers = [
        {"sample": i + 1, "seed": seed, "mean_square": float(z.square().mean()), "nearest_code": int(nearest)}
        | {"distance_to_nearest_code": float(distance)}
        for i, (seed, z, nearest, distance) in enumerate(
            zip(drawn_with, found.z, found.nearest, found.to_nearest, strict=True)
        )
    ]
    export.export_row(
        chosen.file_name("nine"), partial(draw, found.tiles, title, of_photo), numbers, chosen.settings(), alt
    )


def _points(chosen: Chosen, found: Nine, x_gaussian: Tensor) -> list[str]:
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
        samples=number(detail.mean_step(found.x), 1),
        gaussian=number(detail.mean_step(x_gaussian), 1),
        codes=number(rebuilt, 1),
    )
    return [
        first,
        *models.notes(ckpt.name),
        *generation_findings.learnt(chosen.group.data, ckpt.name, learned.of(chosen.group.data, ckpt.name)),
        *learned.in_short(chosen.group.data, ckpt.name),
        fine,
        sampling.how_near(ckpt.name, len(ckpt.codes), found.to_nearest),
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
