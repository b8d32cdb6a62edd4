"""Walks along the principal axes of the codes, from a photo's code or from the mean, and what an axis moves in the picture."""

from dataclasses import dataclass
from functools import partial

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.codes import axes, latents
from aemodels.data import words
from aemodels.noise import power, seeded_order
from aemodels.quality import curves
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.photos import axis_curves
from pages.parts.shared import ahead, controls, export, loaders, models

NUM_AXES = 4
STEPS = torch.arange(-3.0, 4.0)
STARTS = {"photo": "A picture's code", "mean": "The mean code"}


@dataclass(frozen=True)
class Scene:
    """Where the walks start; their codes (axes, steps, C, h, w) and pictures (axes, steps, C, H, W); the panel's PNG."""

    start: str
    z: Tensor
    x: Tensor
    panel: bytes


def compute(seed: int) -> Scene:
    picked = int(seeded_order(len(ckpt.codes), seed)[0])
    start, z_start = (f"code {picked}", ckpt.codes[picked]) if starts_at == "photo" else ("the mean code", mean)
    z = torch.stack([axes.walk(stats, z_start, axis, STEPS) for axis in shown])
    x = ckpt.model.decode(z.flatten(0, 1)).unflatten(0, z.shape[:2])
    return Scene(start, z, x, export.on_screen(draw, z, x))


def draw(z: Tensor, x: Tensor, width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    labels = [f"Axis {axis + 1} σ={stats.scales[0, axis]:.2f}" for axis in shown]
    notes = [[f"E[z²] {p:.2f}" for p in power(row)] for row in z]
    columns = [f"{controls.signed(step, 0)} σ" if step else "0" for step in STEPS.tolist()]
    return figures.panel([figures.to_tiles(row) for row in x], labels, notes, columns, caption, width_px, ink)


controls.header(
    "Axes",
    "The codes of pictures vary more along some directions than along others. The directions along which they vary most are the principal axes. "
    "Each row walks along one of them, in steps of one standard deviation (σ) of the codes.",
)
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
ckpt = loaders.checkpoint(name)
if not models.varying([name]):
    st.stop()
stats = axis_curves.fitted(name)
mean = stats.mean.view(ckpt.codes.shape[1:])
rank = latents.rank(stats)
last_first = max(1, rank - NUM_AXES + 1)
if st.session_state.get("axis", 1) > last_first:  # another model's codes may have more axes
    st.session_state.axis = last_first
with controls.row():
    starts_at = controls.choose("Start from", STARTS, key="start")
    first = st.number_input(
        "First axis shown", 1, last_first, key="axis", width=150, bind="query-params", persist_state="session"
    )
shown = range(first - 1, min(rank, first - 1 + NUM_AXES))
scene = ahead.scene(compute, seed, "axes", loaders.version(name), starts_at, first, export.is_dark())
alt = f"Seven steps from −3 σ to +3 σ along axes {shown[0] + 1} to {shown[-1] + 1}, from {scene.start}, decoded"
export.show(scene.panel, alt=alt)
st.caption("Below each picture: E[z²], the mean square of its code.")

variances = latents.spectrum(stats)
share = variances / variances.sum()
half = int((share.cumsum(0) < 0.5).sum()) + 1
along = (ckpt.codes.flatten(1) - stats.mean) @ stats.basis[:, list(shown)]
kurtosis = latents.excess_kurtosis(along)
moved = axis_curves.measure(name)
controls.notice(
    [
        *models.notes(name),
        f"Axes {shown[0] + 1} to {shown[-1] + 1} hold **{float(share[list(shown)].sum()):.1%}** of the variance of {len(ckpt.codes):,} codes; "
        f"the strongest holds {float(share[0]):.1%}. It takes **{half}** of {rank:,} axes to hold half of it.",
        f"One σ along axis {moved.axes[0]} changes the picture by **{moved.grey_levels[0]:.1f}** of 255 grey levels (RMS). {moved.coarse[0]:.0%} of "
        f"the squared change is in regions of {curves.CELL_PX} px and more{': light and colour' if moved.coarse[0] > 0.5 else ''}. Along axis "
        f"{moved.axes[-1]} it is {moved.grey_levels[-1]:.1f} grey levels, and {moved.coarse[-1]:.0%} in such regions.",
        f"The mean code decodes to a picture with a contrast of **{moved.mean_contrast:.0f}** grey levels (standard deviation of its pixels); real codes have "
        f"{moved.photos_contrast:.0f}. The mean square of the mean code is {float(mean.square().mean()):.2f}, that of the real codes {float(ckpt.codes.square().mean()):.2f}. "
        "So a Gaussian is densest at a place where no code lies.",
        f"Along the axes shown the codes have an excess kurtosis of {controls.signed(kurtosis, 2)} on average. It is 0 for a Gaussian, and larger if more "
        "codes lie far out.",
    ]
)  # fmt: skip

settings = {"model": name, "seed": seed, "start": scene.start, "axes": f"{shown[0] + 1} to {shown[-1] + 1}"}
settings["fitted on"] = f"{stats.n:,} codes of test {words.of(group.data.config).many}"
numbers = [
    {
        "axis": axis + 1,
        "sigma": float(stats.scales[0, axis]),
        "variance_share": float(share[axis]),
        "step_sigma": step,
        "mean_square": mean_square,
    }
    for axis, row in zip(shown, scene.z, strict=True)
    for step, mean_square in zip(STEPS.tolist(), power(row).tolist(), strict=True)
]
export.export_row(f"axes-{name}-{shown[0] + 1}-{seed}", partial(draw, scene.z, scene.x), numbers, settings, alt=alt)

st.header("What an axis moves", anchor=False)
effects = {model: axis_curves.measure(model) for model in models.varying(models.present(group.names))}
left, right = st.columns(2)
left.plotly_chart(
    axis_curves.draw(effects, "grey_levels", "change by one σ / grey levels"),
    key="change",
    alt=f"RMS change of the picture by one standard deviation along an axis, against the axis's number, for {', '.join(effects)}",
)
right.plotly_chart(
    axis_curves.draw(effects, "coarse", f"share coarser than {curves.CELL_PX} px"),
    key="coarse",
    alt=f"Share of that change which is left in means over 16 px, against the axis's number, for {', '.join(effects)}",
)
st.caption(
    f"Left: root mean square over pixels, colours and the first {curves.NUM_CODES} codes, from half a σ below to half a σ above. Right: the share of the "
    f"squared change that is left after averaging over {curves.CELL_PX}×{curves.CELL_PX} px."
)
