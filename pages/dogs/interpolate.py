"""From one photo to another: the straight line and the great circle between two codes, and the cross-fade of their pictures."""

from functools import partial

import streamlit as st
import torch
from torch import Tensor

from aemodels import noise
from aemodels.codes import latents
from aemodels.data import words
from aemodels.quality import detail
from aemodels.quality.metrics import mse
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.shared import ahead, controls, export, loaders, models

NUM_PICTURES, NUM_STEPS = 8, 9
WAYS = {"lerp": "Straight line (lerp)", "slerp": "Great circle (slerp)", "fade": "Cross-fade of pictures"}

SENTENCE = (
    "Nine steps from one {} to another, in three ways: on the straight line between their codes; on the great circle, which keeps the "
    "length of the code; and, for comparison, by fading one picture into the other."
)
sentence = controls.header("Interpolate", SENTENCE.format("photo"))
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
ckpt = loaders.checkpoint(name)
what = words.of(group.data.config).what
sentence.markdown(SENTENCE.format(what))


def compute(seed: int) -> tuple[Tensor, Tensor, bytes]:
    """Which reference codes, their pictures, and the PNG file that shows them numbered."""
    picked = noise.seeded_order(len(ckpt.codes), seed)[:NUM_PICTURES]
    x_ends = ckpt.model.decode(ckpt.codes[picked])
    labels = [str(i + 1) for i in range(len(picked))]
    return picked, x_ends, export.on_screen(partial(figures.panel, [figures.to_tiles(x_ends)], column_labels=labels))


picked, x_ends, panel = ahead.scene(compute, seed, "interpolate", loaders.version(name), export.is_dark())
codes = ckpt.codes[picked]
export.show(panel, alt=f"{len(codes)} numbered {what}s, decoded from codes of test images")


def pick(label: str, default: int, key: str) -> int:
    """Which of the numbered pictures, from 0."""
    numbers = range(1, len(codes) + 1)
    kept = {"bind": "query-params", "persist_state": "session"}
    return st.segmented_control(label, numbers, default=default, required=True, key=key, **kept) - 1


with controls.row():
    start, end = pick("From", 1, "from"), pick("To", len(codes), "to")

ways, points = {"lerp": latents.lerp(codes[start], codes[end], NUM_STEPS)}, models.notes(name)
try:
    ways["slerp"] = latents.slerp(codes[start], codes[end], NUM_STEPS)
except ValueError as error:  # of opposite codes, and of a code of length 0
    points.append(f"There is no great circle between these two codes. {error}")
pictures = {way: ckpt.model.decode(z) for way, z in ways.items()}
pictures["fade"] = latents.lerp(x_ends[start], x_ends[end], NUM_STEPS)
power = {way: noise.power(z) for way, z in ways.items()}
detailed = {way: [detail.mean_step(x[None]) for x in xs] for way, xs in pictures.items()}
steps = [f"{t:.0%}" for t in torch.linspace(0, 1, NUM_STEPS).tolist()]
notes = [[f"E[z²] {p:.2f}" for p in power[way]] if way in power else [""] * NUM_STEPS for way in pictures]


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> object:
    tiles = [figures.to_tiles(x) for x in pictures.values()]
    return figures.panel(tiles, [WAYS[way] for way in pictures], notes, steps, caption, width_px, ink)


ALT = f"Nine steps from {what} {start + 1} to {what} {end + 1}, decoded along the straight line and the great circle, and cross-faded"
export.show(draw(export.SCREEN_PX, export.ink()), alt=ALT)
st.caption("Below each picture: E[z²], the mean square of its code.")

middle = NUM_STEPS // 2
model = next(model for model in group.models if model.name == name)
angle = float(latents.angle(codes[start], codes[end]).rad2deg())
apart = {way: float(mse(pictures[way], pictures["fade"])[middle].sqrt()) * 255 for way in ways}
ends_apart = float(mse(x_ends[[start]], x_ends[[end]]).sqrt()) * 255
ends = float((power["lerp"][0] + power["lerp"][-1]) / 2)
if start == end:
    points.append(f"Both ends are the same {what}, and so is every step between them: choose another one.")
elif "slerp" in ways:
    points += [
        f"The angle between the two codes is **{angle:.0f}°**. In {codes[0].numel():,} dimensions, two codes that have nothing in "
        "common are at nearly 90°.",
        f"Half way, the straight line's code has **{float(power['lerp'][middle]) / ends:.0%}** of the ends' mean square, the great "
        f"circle's {float(power['slerp'][middle]) / ends:.0%}"
        + ("; this model has only seen codes of mean square 1." if model.noise_variance else "."),
        f"The picture half way has {detailed['lerp'][middle]:.1f} grey levels of fine detail on the straight line, "
        f"{detailed['slerp'][middle]:.1f} on the great circle and {detailed['fade'][middle]:.1f} in the cross-fade; the two {what}s "
        f"have {detailed['fade'][0]:.1f} and {detailed['fade'][-1]:.1f}.",
        f"It differs from the plain cross-fade by {apart['lerp']:.1f} (straight line) and {apart['slerp']:.1f} (great circle) of 255 "
        f"grey levels (RMS); at 0, decoding would do no more than a cross-fade. The two {what}s differ from each other by {ends_apart:.1f}.",
    ]
controls.notice(points)

settings = {"model": name, "seed": seed, "from": f"code {int(picked[start])}", "to": f"code {int(picked[end])}"}
numbers = [
    {
        "way": WAYS[way],
        "step": step,
        "mean_square": float(power[way][i]) if way in power else "",
        "detail": detailed[way][i],
    }
    for way in pictures
    for i, step in enumerate(steps)
]
export.export_row(f"interpolate-{name}-{start + 1}-{end + 1}-{seed}", draw, numbers, settings, alt=ALT)
