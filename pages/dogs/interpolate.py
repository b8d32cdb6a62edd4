"""From one photo to another: the straight line and the great circle between two codes, and the cross-fade of their pictures."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from aemodels import noise
from aemodels.codes import latents
from aemodels.data import words
from aemodels.language import _, number, percent, percents_of_way
from aemodels.quality import detail
from aemodels.quality.metrics import mse
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.shared import ahead, controls, cores, export, fields, loaders, models

NUM_PICTURES, NUM_STEPS = 8, 9
WAYS = {
    "lerp": _("Straight line (lerp)"),
    "slerp": _("Great circle (slerp)"),
    "fade": _("Cross-fade of pictures"),
}

SENTENCE = _(
    "Nine steps from one {what} to another, in three ways: on the straight line between their codes; on the great circle, which keeps the "
    "length of the code; and, for comparison, by fading one picture into the other."
)
sentence = controls.header(_("Interpolate"), SENTENCE.format(what=_("photo")))
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
ckpt = loaders.checkpoint(name)
picture = words.of(group.data.config)
what = picture.what
sentence.markdown(SENTENCE.format(what=what))


def compute(seed: int) -> tuple[Tensor, Tensor, bytes]:
    """Which reference codes, their pictures, and the PNG file that shows them numbered."""
    picked = noise.seeded_order(len(ckpt.codes), seed)[:NUM_PICTURES]
    x_ends = ckpt.model.decode(ckpt.codes[picked])
    labels = [str(i + 1) for i in range(len(picked))]
    tiles = [*figures.to_tiles(x_ends), *[""] * (export.FEW + 1 - len(picked))]  # two alone would be huge
    return picked, x_ends, export.on_screen(partial(figures.panel, [tiles], column_labels=labels))


picked, x_ends, panel = ahead.scene(compute, seed, "interpolate", loaders.version(name), export.is_dark())
codes = ckpt.codes[picked]
choice = _("{number} numbered {what_many}, decoded from codes of test images")
export.show(panel, alt=choice.format(number=len(codes), what_many=picture.what_many))
with controls.row():
    start = fields.numbered(_("From"), len(codes), "from") - 1
    end = fields.numbered(_("To"), len(codes), "to", default=len(codes)) - 1

ways, points = {"lerp": latents.lerp(codes[start], codes[end], NUM_STEPS)}, models.notes(name)
try:
    ways["slerp"] = latents.slerp(codes[start], codes[end], NUM_STEPS)
except ValueError:
    points.append(
        _("There is no great circle between these two codes: they are opposite, or one of them has length 0.")
    )


@dataclass(frozen=True)
class Way:
    """What stays of the pictures on one way: their tiles, the fine detail of each, and how far the middle one is from the cross-fade's
    (RMS), both in grey levels. As tensors they would take four times the room for as long as the visitor looks at the page."""

    tiles: list[np.ndarray]
    detail: list[float]
    apart: float


def decoded(ways: dict[str, Tensor]) -> dict[str, Tensor]:
    """Pictures along the ways between two of those above, which are not decoded again."""
    x = cores.rows(ckpt.model.decode, torch.cat([z[1:-1] for z in ways.values()])).split(NUM_STEPS - 2)
    return {way: torch.cat([x_ends[[start]], part, x_ends[[end]]]) for way, part in zip(ways, x, strict=True)}


def seen(ways: dict[str, Tensor]) -> dict[str, Way]:
    """The ways between the codes, decoded, and the cross-fade."""
    fade = latents.lerp(x_ends[start], x_ends[end], NUM_STEPS)
    return {
        way: Way(
            figures.to_tiles(x), [detail.mean_step(one[None]) for one in x], 255 * float(mse(x, fade)[middle].sqrt())
        )
        for way, x in (decoded(ways) | {"fade": fade}).items()
    }


middle = NUM_STEPS // 2
pictures = seen(ways)
power = {way: noise.power(z) for way, z in ways.items()}
steps = percents_of_way(NUM_STEPS)
notes = [
    [f"E[z²] {number(p, 2)}" for p in power[way].tolist()] if way in power else [""] * NUM_STEPS for way in pictures
]


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> object:
    tiles = [shown.tiles for shown in pictures.values()]
    return figures.panel(tiles, [WAYS[way] for way in pictures], notes, steps, caption, width_px, ink)


ALT = _(
    "Nine steps from {what} {start} to {what} {end}, decoded along the straight line and the great circle, and cross-faded"
).format(what=what, start=start + 1, end=end + 1)
export.show(draw(export.SCREEN_PX, export.ink()), alt=ALT)
legend = _("Below each picture: E[z²], the mean square of its code.")
st.caption(legend)

model = next(model for model in group.models if model.name == name)
angle = float(latents.angle(codes[start], codes[end]).rad2deg())
ends_apart = float(mse(x_ends[[start]], x_ends[[end]]).sqrt()) * 255
ends = float((power["lerp"][0] + power["lerp"][-1]) / 2)
if start == end:
    same = _("Both ends are the same {what}, and so is every step between them: choose another one.")
    points.append(same.format(what=what))
elif "slerp" in ways:
    half_way = (
        _(
            "Half way, the straight line's code has **{line}** of the ends' mean square, the great circle's {circle}. This model has only seen "
            "codes of mean square 1."
        )
        if model.noise_variance
        else _(
            "Half way, the straight line's code has **{line}** of the ends' mean square, the great circle's {circle}."
        )
    )
    points += [
        _(
            "**Half way, fine detail is {line} on the straight line and {circle} on the great circle** (mean difference between neighbouring "
            "pixels, of 255 grey levels), {fade} in the cross-fade. The two {what_many} have {first} and {last}."
        ).format(
            line=number(pictures["lerp"].detail[middle], 1),
            circle=number(pictures["slerp"].detail[middle], 1),
            fade=number(pictures["fade"].detail[middle], 1),
            what_many=picture.what_many,
            first=number(pictures["fade"].detail[0], 1),
            last=number(pictures["fade"].detail[-1], 1),
        ),
        _(
            "Half way, the picture differs from the cross-fade by {line} (straight line) and {circle} (great circle) of 255 grey levels (RMS). If it were 0, "
            "decoding would do no more than a cross-fade. The two {what_many} differ from each other by {ends}."
        ).format(
            line=number(pictures["lerp"].apart, 1),
            circle=number(pictures["slerp"].apart, 1),
            what_many=picture.what_many,
            ends=number(ends_apart, 1),
        ),
        half_way.format(
            line=percent(float(power["lerp"][middle]) / ends), circle=percent(float(power["slerp"][middle]) / ends)
        ),
        _(
            "The angle between the two codes is **{angle}°**. In {dimensions} dimensions, two codes that have nothing in common are at "
            "nearly 90°."
        ).format(angle=number(angle), dimensions=number(codes[0].numel())),
    ]
controls.notice(points)

code = _("code {number}")
settings = {
    _("model"): name,
    _("seed"): seed,
    _("from"): code.format(number=int(picked[start])),
    _("to"): code.format(number=int(picked[end])),
}
numbers = [
    {
        "way": WAYS[way],
        "step": i / (NUM_STEPS - 1),
        "mean_square": float(power[way][i]) if way in power else None,
        "detail": pictures[way].detail[i],
    }
    for way in pictures
    for i in range(NUM_STEPS)
]
export.export_row(f"interpolate-{name}-{start + 1}-{end + 1}-{seed}", draw, numbers, settings, ALT, legend=legend)
