"""Walks along the principal axes of the codes, from a photo's code or from the mean, and what an axis moves in the picture."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.codes import axes, latents
from aemodels.data import words
from aemodels.language import _, list_of, number, signed
from aemodels.noise import power, seeded_order
from aemodels.quality import curves
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.photos import axis_curves, axis_findings
from pages.parts.shared import ahead, controls, cores, export, fields, loaders, models

NUM_AXES = 4
STEPS = torch.arange(-3.0, 4.0)
STARTS = {"photo": _("A picture's code"), "mean": _("The mean code")}


@dataclass(frozen=True)
class Scene:
    """Where the walks start; their codes (axes, steps, C, h, w) and the tiles of each; the panel's PNG."""

    start: str
    z: Tensor
    tiles: list[list[np.ndarray]]
    panel: bytes


def start(seed: int) -> tuple[str, Tensor]:
    """Where the walks start, in words, and the code there (C, h, w)."""
    if starts_at == "mean":
        return _("the mean code"), mean
    picked = int(seeded_order(len(ckpt.codes), seed)[0])
    return _("code {number}").format(number=picked), ckpt.codes[picked]


def walks(z_start: Tensor) -> Tensor:
    """The codes of all walks (axes, steps, C, h, w)."""
    return torch.stack([axes.walk(stats, z_start, axis, STEPS) for axis in shown])


def compute(seed: int) -> Scene:
    said, z_start = start(seed)
    z = walks(z_start)
    # All walks start from the same picture.
    x = cores.rows(ckpt.model.decode, torch.cat([z_start[None], z[:, STEPS != 0].flatten(0, 1)]))
    first, *others = figures.to_tiles(x)
    walked = iter(others)
    tiles = [[next(walked) if step else first for step in STEPS.tolist()] for _axis in shown]
    return Scene(said, z, tiles, export.on_screen(draw, z, tiles))


def show_start() -> None:
    """The picture from which all walks start at once, and room for the others."""
    _said, z_start = start(seed)
    (first,) = figures.to_tiles(ckpt.model.decode(z_start[None]))
    blank = figures.blank(ckpt.model_config.image_shape, export.ink())
    tiles = [[blank if step else first for step in STEPS.tolist()] for _axis in shown]
    with place:
        export.show(export.on_screen(draw, walks(z_start), tiles), alt)


def draw(z: Tensor, tiles: list[list[np.ndarray]], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    label = _("Axis {axis} σ={sigma}")
    labels = [label.format(axis=axis + 1, sigma=number(stats.scales[0, axis].item(), 2)) for axis in shown]
    notes = [[f"E[z²] {number(p, 2)}" for p in power(row).tolist()] for row in z]
    columns = [f"{signed(step, 0)} σ" if step else "0" for step in STEPS.tolist()]
    return figures.panel(tiles, labels, notes, columns, caption, width_px, ink)


controls.header(
    _("Axes"),
    _(
        "The directions along which the codes of pictures vary most are the principal axes. Each row walks along one of "
        "them, in steps of one standard deviation (σ) of the codes."
    ),
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
with controls.row():
    starts_at = controls.choose(_("Start from"), STARTS, key="start")
    first = fields.number(_("First axis shown"), 1, last_first, "axis", 1, width=150)
shown = range(first - 1, min(rank, first - 1 + NUM_AXES))
ends = {"first": shown[0] + 1, "last": shown[-1] + 1}
is_only = rank == 1
if is_only:
    alt = _("Seven steps from −3 σ to +3 σ along the only axis, from {start}, decoded")
else:
    alt = _("Seven steps from −3 σ to +3 σ along axes {first} to {last}, from {start}, decoded")
alt = alt.format(start=start(seed)[0], **ends)
place = st.empty()
depends_on = (loaders.version(name), starts_at, first, export.is_dark())
scene = ahead.scene(compute, seed, "axes", *depends_on, meanwhile=show_start)
with place:
    export.show(scene.panel, alt=alt)
legend = _("Below each picture: E[z²], the mean square of its code.")
st.caption(legend)

moved = axis_curves.measure(name)
controls.notice([*models.notes(name), *axis_findings.of(ckpt.codes, stats, shown, moved)])

settings = {
    _("model"): name,
    _("seed"): seed,
    _("start"): scene.start,
    _("axes"): "1" if is_only else _("{first} to {last}").format(**ends),
    _("fitted on"): _("{number} codes of test {many}").format(
        number=number(stats.n), many=words.of(group.data.config).many
    ),
}
share = axis_findings.shares(stats)
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
printed = partial(draw, scene.z, scene.tiles)
export.export_row(f"axes-{name}-{shown[0] + 1}-{seed}", printed, numbers, settings, alt, legend=legend)

st.header(_("What an axis moves"), anchor=False)
effects = {model: axis_curves.measure(model) for model in models.varying(models.present(group.names))}
left, right = st.columns(2)
left.plotly_chart(
    axis_curves.draw(effects, "grey_levels", _("change by one σ / grey levels")),
    key="change",
    alt=_(
        "RMS change of the picture by one standard deviation along an axis, against the axis's number, for {models}"
    ).format(models=list_of(effects)),
)
right.plotly_chart(
    axis_curves.draw(effects, "coarse", _("share coarser than {size} px").format(size=curves.CELL_PX)),
    key="coarse",
    alt=_("Share of that change which is left in means over {size} px, against the axis's number, for {models}").format(
        size=curves.CELL_PX, models=list_of(effects)
    ),
)
st.caption(
    _(
        "Change: the root mean square over pixels, colours and the first {number} codes, from half a σ below to half a σ above. Share: what is left "
        "of the squared change after averaging over {size}×{size} px."
    ).format(number=curves.NUM_CODES, size=curves.CELL_PX)
)
