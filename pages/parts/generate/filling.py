"""Cells of a code that are cut out, and filled in by the prior to go with the others."""

from functools import partial

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.codes import flows
from aemodels.language import _, number
from aemodels.noise import seeded_order
from aemodels.report import figures
from pages.parts.generate import nine
from pages.parts.generate.chosen import Chosen
from pages.parts.photos import cells, drawings, sampling
from pages.parts.photos.drawings import Setting
from pages.parts.shared import controls, cores, export, fields, loaders

NUM_FILLED = 9
Cell = tuple[int, int]
# Two a row where three would be small; below 640 px Streamlit stacks them.
STYLE = (
    "@media (641px <= width <= 1200px) { .st-key-filling .stColumn { flex: 0 0 calc(50% - 0.5rem); min-width: 0; } }"
)


@st.cache_resource(max_entries=32, show_spinner=False)
def filled(setting: Setting, place: int, holes: tuple[Cell, ...], seeds: tuple[int, ...]) -> Tensor:
    """Pictures (len(seeds), C, H, W) of the reference code at that place, its holes filled in anew by each seed."""
    prior, ckpt = setting.model(), loaders.load(setting.autoencoder[0])
    known = torch.ones(ckpt.codes.shape[2:], dtype=torch.bool)
    for row, column in holes:
        known[row, column] = False
    z = ckpt.codes[place].expand(len(seeds), *ckpt.codes.shape[1:])
    own_class = drawings.known(ckpt.labels[place].expand(len(seeds)))

    def fill(z: Tensor, seeds: Tensor) -> Tensor:
        return flows.inpaint(prior, z, known, seeds.tolist(), setting.how(own_class and own_class[: len(z)]))

    return drawings.decode(ckpt, cores.rows(fill, z, seeds))


def shapes(height: int, width: int) -> dict[str, list[Cell]]:
    """Holes to begin with, by name."""
    everywhere = [(row, column) for row in range(height) for column in range(width)]
    middle = [
        c for c in everywhere if height // 4 <= c[0] < -(-3 * height // 4) and width // 4 <= c[1] < -(-3 * width // 4)
    ]
    return {
        _("The middle"): middle,
        _("The right half"): [c for c in everywhere if c[1] >= width // 2],
        _("The lower half"): [c for c in everywhere if c[0] >= height // 2],
        _("None"): [],
    }


def _cut_out(holes: list[Cell]) -> None:
    st.session_state.holes = holes


@st.fragment
def show(chosen: Chosen) -> None:
    ckpt, (height, width) = chosen.ckpt, chosen.ckpt.codes.shape[2:]
    places = [(row, column) for row in range(height) for column in range(width)]
    first = int(seeded_order(len(ckpt.codes), chosen.seed)[0])
    ready = shapes(height, width)
    if "holes" in st.session_state:  # of a code with more cells
        st.session_state.holes = [hole for hole in st.session_state.holes if hole in places]
    with controls.row():
        for name, holes in ready.items():
            st.button(name, on_click=_cut_out, args=(holes,))
    pictures = st.container(key="filling")  # above the field, which grows: nothing moves below the hand that drags
    holes = st.multiselect(
        _("Cells cut out (row, column)"),
        places,
        ready[_("The middle")],
        format_func=lambda place: f"{place[0] + 1}, {place[1] + 1}",
        key="holes",
        **fields.BOUND,
    )
    holes = tuple(sorted(holes))
    x = drawings.decode(ckpt, ckpt.codes[[first]])
    tile = figures.to_tiles(x)[0]
    seeds = nine.seeds(chosen.seed)[:NUM_FILLED]
    with st.spinner(_("Filling in …")):
        by_prior, by_gaussian = (
            filled(setting, first, holes, tuple(seeds)) for setting in (chosen.setting, chosen.setting.gaussian())
        )
    st.html(f"<style>{STYLE}</style>")
    columns = pictures.columns(3, gap="small")
    with columns[0]:
        st.markdown(_("**Code {number}**: click or drag over cells").format(number=first))
        label = _("Code {number} decoded, under its {height}×{width} cells.")
        label = label.format(number=first, height=height, width=width)
        cells.show_marked(tile, (height, width), holes, label, _cut_out, "holes_picture")
    for column, head, filled_in in (
        (columns[1], _("**Filled in by the prior**, nine times"), by_prior),
        (columns[2], _("**By a Gaussian**, same noise"), by_gaussian),
    ):
        with column:
            st.markdown(head)
            export.show(Image.fromarray(sampling.nine(filled_in)), head.replace("*", ""))
    block = ckpt.model_config.image_shape[1] // height, ckpt.model_config.image_shape[2] // width
    mask = torch.zeros(height, width, dtype=torch.bool)
    for row, column in holes:
        mask[row, column] = True
    inside = mask.repeat_interleave(block[0], 0).repeat_interleave(block[1], 1)
    points = [
        _(
            "**The prior fills the holes with what goes with the cells that are left.** It may give something else each time."
        )
    ]
    if holes:
        points.append(
            _(
                "In the holes the prior's nine fillings differ from each other by {prior} of 255 grey levels "
                "(standard deviation), those of the Gaussian by {gaussian}."
            ).format(prior=number(_spread(by_prior, inside), 1), gaussian=number(_spread(by_gaussian, inside), 1))
        )
    if holes and len(holes) < len(places):
        points.append(
            _(
                "In the cells that are kept, the code is the same in all nine. The picture still differs there by "
                "{kept} grey levels: the decoder mixes neighbouring cells."
            ).format(kept=number(_spread(by_prior, ~inside), 1))
        )
    if not holes:
        points = [_("No cell is cut out, so all pictures are the same. Click cells of the picture on the left.")]
    controls.notice(points)
    draw = partial(_draw, tile, by_prior, by_gaussian)
    numbers = [{"row": row + 1, "column": column + 1} for row, column in holes]
    settings = chosen.settings(**{_("code"): first, _("cells cut out"): len(holes)})
    alt = _(
        "Code {number} decoded, and with {holes} of its cells filled in nine times by the prior and nine times by a Gaussian"
    ).format(number=first, holes=number(len(holes)))
    export.export_row(chosen.file_name("filled"), draw, numbers, settings, alt)


def _spread(x: Tensor, where: Tensor) -> float:
    """Standard deviation of pictures (n, C, H, W) from each other where (H, W) is true, RMS over those pixels, in grey levels."""
    return 255 * float(x.var(0)[:, where].mean().sqrt())


def _draw(
    tile: object, by_prior: Tensor, by_gaussian: Tensor, width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    tiles = [tile, sampling.nine(by_prior), sampling.nine(by_gaussian)]
    heads = [_("The code"), _("Filled in by the prior"), _("By a Gaussian, same noise")]
    return figures.panel([tiles], column_labels=heads, caption=caption, width_px=width_px, ink=ink)
