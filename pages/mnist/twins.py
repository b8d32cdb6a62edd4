"""What each regulariser did to the plane, beside the plain autoencoder, under one cursor."""

from functools import partial

import numpy as np
import streamlit as st
import torch
from PIL import Image

from aemodels.codes import planes, twins
from aemodels.data import words
from aemodels.export import wording
from aemodels.language import _, current, list_of, number, pgettext, sentences
from aemodels.report import figures, plane_figures
from aemodels.storage import catalogue
from pages.parts.plane import address, canvas, comparisons, measured, plane
from pages.parts.shared import ahead, controls, export, loaders, markdown, models

GRID, NUM_SAMPLES = 20, 10  # a side
MAX_TWINS = 6


def change(event: dict) -> None:
    st.session_state.twins_z = address.join(event["z"])


@st.fragment  # the cursor moves and leaves the panel alone
def show_planes(seed: int, scale: str, link: str) -> None:
    views = [union if scale == "same" else plane.whole(name) for name in measures]
    codes = [ckpt.codes for ckpt in ckpts.values()]
    default = codes[0][torch.randint(len(codes[0]), (), generator=torch.Generator().manual_seed(seed))].tolist()
    picture = st.container()  # above the field that it depends on
    z = address.place(
        _("Cursor in the plane of {model}: z₁, z₂").format(model=models.said(first.name)), "twins_z", default
    )
    places = twins.places(torch.tensor(z), codes, views, link)
    shown = [
        {
            "name": name,
            "title": group.titles[name],
            "facts": [
                *wording.facts(
                    (row["spread_z1"], row["spread_z2"]), row["hole_share"], row["neighbour_accuracy"], kind
                ),
                measured.loss(row),
            ],
            "view": view,
            "box": box,
            "rings": plane_figures.rings(ckpts[name]),
            "readout": plane.read(name, place),
        }
        for name, row, view, box, place in zip(ckpts, numbers, views, boxes.values(), places, strict=True)
    ]
    with picture:
        canvas.twins(f"twins-{len(shown)}", first, {"planes": shown, "link": link, "z": z}, change)
        st.caption(sentences([wording.below_twins(), rings]))


controls.header(
    _("Twins"),
    _(
        "Models with a code of two numbers, each trained in its own way. **L2 on the code** is a penalty on z², **L2 on the weights** (weight decay) one on the "
        "weights. A variational autoencoder (**VAE**) makes a Gaussian of each picture, with a penalty for differing from N(0, I). Move the cursor in one plane, and "
        "it moves in all."
    ),
)
canvas.frame()
with controls.row():
    group = models.choose_group(catalogue.PLANE, key="mnist_data")
    kind = words.of(group.data.config)
    without_noise = [model.name for model in group.models if not model.noise_factor]
    to_choose = without_noise or group.names  # what a denoiser reaches, it reaches under noise
    names = to_choose
    if len(to_choose) > 1:
        names = models.choose_several({name: group.titles[name] for name in to_choose}, "twins", MAX_TWINS)
    scale = controls.choose(
        pgettext("scales of plots", "Axes"), {"same": _("Same scale"), "own": _("Each its own")}, key="scale"
    )
    links = {"place": _("Same place"), "digit": _("Same {one}").format(one=kind.one)}
    link = controls.choose(_("Cursor"), links, key="link")
    seed = controls.seed_control()
ckpts = models.present(names[:MAX_TWINS])
if len(names) > MAX_TWINS:
    left_out = list_of(markdown.literal(group.titles[name]) for name in names[MAX_TWINS:])
    st.caption(
        _("The first {shown} of {number} models are shown. Left out: {names}.").format(
            shown=number(MAX_TWINS), number=number(len(names)), names=left_out
        )
    )
first = next(iter(ckpts.values()))
plane.require_codes(*ckpts)
titles = [group.titles[name] for name in ckpts]
with_prior = [name for name, ckpt in ckpts.items() if ckpt.model.has_prior]
rings = wording.rings_of_twins() if with_prior else ""
measures = {name: plane.measure(name) for name in ckpts}
versions = tuple(map(loaders.version, ckpts))


boxes = {name: m["box"] for name, m in measures.items()}
clouds = zip(*(m["cloud"] for m in measures.values()), strict=True)
union = planes.widen([f(ends) for f, ends in zip((min, max, min, max), clouds, strict=True)])


Rows = dict[str, list[np.ndarray]]


def plane_rows(width_px: int, ink: figures.Ink) -> Rows:
    """What does not depend on the seed: the codes on two scales, and the grids."""
    same_scale, own_scale = (
        [plane.scatter(name, extent, width_px // len(ckpts), ink) for name, extent in extents.items()]
        for extents in (dict.fromkeys(ckpts, union), boxes)
    )
    grid_row = [grid["picture"] for grid in grids.values()]
    return {
        _("Test codes, same scale"): same_scale,
        _("Central 98% of them"): own_scale,
        _("Grid of that box"): grid_row,
    }


def samples(seed: int) -> Rows:
    pictures = [plane.uniform_picture(name, box, NUM_SAMPLES, seed) for name, box in boxes.items()]
    return {_("{number} uniform samples").format(number=number(NUM_SAMPLES**2)): pictures}


def panel(rows: Rows, titles: list[str], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    return export.models_panel(rows, titles, width_px, ink, caption)


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    return panel(plane_rows(width_px, ink) | samples(seed), titles, width_px, ink, caption)


@st.cache_resource(max_entries=4, show_spinner=False)
def plane_rows_on_screen(versions: tuple[tuple[str, int], ...], ink: figures.Ink, language: str) -> bytes:
    return export.on_screen(partial(panel, plane_rows(export.SCREEN_PX, ink), titles))


def samples_on_screen(seed: int) -> bytes:
    return export.on_screen(panel, samples(seed), [""] * len(titles))


above = st.container()
shown = ahead.scene(samples_on_screen, seed, "twins", versions, export.is_dark())
# First: the browser fetches it while the rest is made.
export.show(shown, alt=_("Uniform samples of {names}").format(names=list_of(titles)))


grids = {name: plane.decode_grid(name, measures[name]["box"], GRID) for name in ckpts}
numbers = measured.of_planes(ckpts, grids)
with above:
    show_planes(seed, scale, link)
    st.header(_("Measured"), anchor=False)
    st.table(measured.table(numbers, [markdown.literal(title) for title in titles]))
    export.show(
        plane_rows_on_screen(versions, export.ink(), current()),
        alt=_("Codes and manifold grid of {names}").format(names=list_of(titles)),
    )
for name, m in measures.items():  # last: no picture needs to wait until the models are hashed
    canvas.store_model(name)
    canvas.store_picture(f"holes-{name}", name, m["holes"], m["box"])


matrices = {name: twins.num_scale_free(ckpt.model) for name, ckpt in ckpts.items() if ckpt.train_config.weight_decay}
alone = (
    [] if len(ckpts) > 1 else
    [_("One plane alone has no twin: choose a second model above.")] if len(to_choose) > 1 else
    [_("There is nothing to compare: {name} has one such model.").format(name=markdown.literal(group.title))]
)  # fmt: skip
controls.notice([*models.notes(*ckpts), *alone, *comparisons.of_planes(numbers, kind, matrices)])
export.export_row(
    f"twins-{export.of_models(ckpts)}-{seed}",
    draw,
    numbers,
    {_("models"): list_of(ckpts), _("seed"): seed, _("grid"): f"{GRID} × {GRID}"},
    _("Codes on two scales, manifold grid and uniform samples, a column a model: {names}").format(
        names=list_of(titles)
    ),
    legend=rings,
)
