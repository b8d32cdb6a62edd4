"""One channel or one cell of a code, picked and scaled by hand: what the decoder makes of it, and which pixels change."""

import numpy as np
import streamlit as st
from PIL import Image, ImageDraw
from torch import Tensor

from aemodels.codes import probing
from aemodels.data import words
from aemodels.language import _, number, percent, signed
from aemodels.quality.metrics import psnr_db
from aemodels.report import figures
from pages.parts.photos import cells, probes
from pages.parts.shared import controls, export, fields, loaders

TILE_PX = 384
# Two pictures a row where four would be small; below 641 px Streamlit has one.
STYLE = "@media (641px <= width <= 960px) { .st-key-touched .stColumn { min-width: calc(50% - 1rem); } }"


def _pick_channel(row: int, column: int) -> None:
    st.session_state.part, st.session_state.channel = "channel", st.session_state.maps_a_row * row + column + 1


def _pick_cell(row: int, column: int) -> None:
    st.session_state.part, st.session_state.cell = "cell", (row, column)


def _typed(key: str) -> None:
    st.session_state.part = "channel" if key == "channel" else "cell"


def _tile(tile: np.ndarray, cell: tuple[int, int] | None, side: int) -> Image.Image:
    """A picture enlarged, the block of pixels of one of side×side cells framed."""
    image = Image.fromarray(tile).resize((TILE_PX, TILE_PX), Image.Resampling.LANCZOS)
    if cell:
        row, column = cell
        step = TILE_PX / side
        edges = (column * step, row * step, (column + 1) * step - 1, (row + 1) * step - 1)
        draw = ImageDraw.Draw(image)
        for colour, width in (("#000000", 5), ("#ffd400", 3)):
            draw.rectangle(edges, outline=colour, width=width)
    return image


def _choose(num_pictures: int, num_channels: int, side: int) -> tuple[int, str, int, tuple[int, int], float]:
    """The row of widgets: the picture from 0, "channel" or "cell", the channel from 0, the cell (row, column) from 0, and the gain."""
    places = [(row, column) for row in range(side) for column in range(side)]
    with controls.row():
        photo = fields.number(_("Picture"), 1, num_pictures, "photo", 1, width=120) - 1
        left_of_place = st.container(width="content")
        typed = {"on_change": _typed, "args": ("channel",)}
        channel = fields.number(_("Channel"), 1, num_channels, "channel", 1, width=84, **typed) - 1
        if st.session_state.get("cell", places[0]) not in places:
            del st.session_state.cell
        cell = st.selectbox(
            _("Cell (row, column)"),
            places,
            places.index((side // 2, side // 2)),
            format_func=lambda place: f"{place[0] + 1}, {place[1] + 1}",
            key="cell",
            width=150,
            on_change=_typed,
            args=("cell",),
            **fields.BOUND,
        )
        # After the places: each widget that a click moves is an entry of the browser's history, and Back should show the
        # scene before it, not this part at the place before.
        with left_of_place:
            part = controls.choose(_("Change"), {"channel": _("A channel"), "cell": _("A cell")}, key="part")
        with st.container(width=280):
            scale = _("Scale (0 knocks it out, 1 leaves it as it is)")
            gain = st.slider(scale, -2.0, 3.0, 0.0, 0.1, key="gain", **fields.BOUND)
    return photo, part, channel, cell, gain


@st.fragment
def show(name: str, z: Tensor, x_hat: Tensor, x: Tensor | None, limit: float) -> None:
    """The hands-on part of the page, for codes z (n, C, h, w) and their pictures x_hat; x the originals, or None.

    limit  ends of the colour scale of the channel maps
    """
    num_pictures, num_channels, side = z.shape[:3]
    st.session_state.maps_a_row = columns_of_maps = figures.map_columns(num_channels)
    photo, part, channel, cell, gain = _choose(num_pictures, num_channels, side)
    controls.note_drawn("photo", "part", "channel", "cell", "gain")
    if part == "channel":
        where, what, framed = probing.channel(channel), _("channel {number}").format(number=channel + 1), None
    else:
        what = _("cell {row}, {column}").format(row=cell[0] + 1, column=cell[1] + 1)
        where, framed = probing.cell(*cell), cell

    whole = x_hat[photo : photo + 1]
    ckpt = loaders.checkpoint(name)
    x_changed = ckpt.model.decode(probing.scale(z[photo : photo + 1], probes.mean(name), where, gain))
    change = (x_changed - whole)[0]
    difference = change.abs().mean(0).numpy()
    peak = float(difference.max())

    st.html(f"<style>{STYLE}</style>")
    columns = st.container(key="touched").columns(4, gap="small", vertical_alignment="bottom")
    with columns[0]:
        st.markdown(_("**Code**: click a channel"))
        maps = figures.mosaic(list(figures.diverging(z[photo].numpy(), limit)), columns_of_maps)
        numbers = [str(i + 1) for i in range(num_channels)]
        label = _("The {number} channel maps of picture {picture}.").format(number=num_channels, picture=photo + 1)
        at, grid = divmod(channel, columns_of_maps), (maps.shape[0] // side, columns_of_maps)
        cells.show(maps, grid, at, label, _pick_channel, "channels", part == "channel", numbers)
    with columns[1]:
        st.markdown(_("**Rebuilt**: click a cell"))
        label = _("Picture {picture} rebuilt, under the {side}×{side} cells of its code.").format(
            picture=photo + 1, side=side
        )
        cells.show(figures.to_tiles(whole)[0], (side, side), cell, label, _pick_cell, "cells", part == "cell")
    with columns[2]:
        scaled = _("**{part} times {gain}**") if gain else _("**{part} knocked out**")
        st.markdown(scaled.format(part=what.capitalize(), gain=f"{gain:g}".replace("-", "−")))
        alt = _("Picture {picture}, {part} times {gain}").format(picture=photo + 1, part=what, gain=f"{gain:g}")
        export.show(_tile(figures.to_tiles(x_changed)[0], None, side), alt)
    with columns[3]:
        changed = _("**What changed**, up to {peak}") if peak else _("**What changed**: nothing")
        st.markdown(changed.format(peak=number(peak, 2)))
        alt = _("Where picture {picture} changes when {part} is scaled by {gain}")
        alt = alt.format(picture=photo + 1, part=what, gain=f"{gain:g}")
        export.show(_tile(figures.heat(difference, peak), framed, side), alt)

    with st.container(horizontal=True, gap="medium"):
        change_rms = 255 * float(change.square().mean().sqrt())
        of_levels = _("{number} of 255").format(number=number(change_rms, 1))
        st.metric(_("The picture changes by (RMS)"), of_levels, width="content")
        if part == "cell":
            own = float(probing.shares_by_distance(change, *cell, (side, side))[0])
            block = whole.shape[-1] // side
            label = _("Of the squared change, in its own {size}×{size} px").format(size=block)
            st.metric(label, percent(own) if peak else "–", width="content")
        if x is not None:
            before, after = (float(psnr_db(x[photo : photo + 1], picture)) for picture in (whole, x_changed))
            label = _("PSNR against the {one}").format(one=words.of(ckpt.data.config).one)
            change = signed(after - before, 2).replace("−", "-")  # by which st.metric sees that it is less
            st.metric(label, f"{number(after, 2)} dB", f"{change} dB", width="content")
