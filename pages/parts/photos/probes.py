"""What every channel and every cell of the shown codes is worth, measured in small steps between the user's clicks."""

import hashlib
import time
from pathlib import Path

import streamlit as st
import torch
from torch import Tensor

from aemodels.codes import probing
from aemodels.export import components
from aemodels.language import _, number, percent
from aemodels.quality.metrics import mse
from aemodels.report import charts
from pages.parts.shared import controls, loaders
from pages.parts.shared.once import per_model

STEP_S = 0.25  # the longest that a click waits for a measurement under way
REST_S = 0.5  # how long a scene has stood before it is measured
PAUSE_S = 0.05  # between two steps of a measurement
CHART_PX = 380
STYLE = "@media (width <= 1200px) { .st-key-probes .stColumn { min-width: calc(100% - 1rem); } }"
_PACER = st.components.v2.component("pacer", js=components.module(Path(__file__).parents[1] / "shared/pacer.js"))


@per_model(64)
def _store(name: str, scene: str) -> tuple[float, dict[tuple[str, int], Tensor]]:
    """When the scene was first shown, and what has been measured of it so far, filled as time permits and shared by all
    who look at it."""
    return time.monotonic(), {}


@per_model(8)
def mean(name: str) -> Tensor:
    """Mean (C, h, w) of the checkpoint's reference codes."""
    return loaders.checkpoint(name).codes.mean(0)


@per_model(8)
def colour_axes(name: str) -> tuple[Tensor, Tensor, float]:
    """`probing.colour_axes` of the checkpoint's reference codes."""
    return probing.colour_axes(loaders.checkpoint(name).codes)


def pace(key: str, step: float, pause_s: float) -> None:
    """Has the fragment run again after a pause; step: a number that is new in each run."""
    data = {"step": step, "pause_ms": 1000 * pause_s, "page": st.session_state.get("page_path")}
    _PACER(key=key, data=data, on_next_change=lambda: None)


def show(name: str, z: Tensor, x_hat: Tensor, x: Tensor | None) -> None:
    """Two charts: what each channel is worth to these pictures, and how far a cell reaches in them.

    x  the originals, or None where there are only codes: the channels are then ranked by the change alone
    """
    content = (z, x_hat) if x is None else (z, x)
    scene = hashlib.blake2b(b"".join(t.numpy().tobytes() for t in content), digest_size=16).hexdigest()
    shown_at, store = _store(name, scene)
    num_parts = z.shape[1] + z.shape[2]

    @st.fragment
    def measure() -> None:
        controls.redraw_if_missed()
        if len(store) < num_parts and time.monotonic() > shown_at + REST_S:
            _measure(store, name, z, x_hat, x_hat if x is None else x)
        st.html(f"<style>{STYLE}</style>")
        channels, cells = st.container(key="probes").columns(2, gap="medium")
        for column, title in ((channels, _("What each channel is worth")), (cells, _("How far one cell reaches"))):
            column.subheader(title, anchor=False)
        if len(store) == num_parts:
            with channels:
                _channel_chart(store, x_hat, x, z.shape[1])
            with cells:
                _reach_chart(store, z.shape[2:], x_hat.shape[-1] // z.shape[-1])
        else:
            # As high as the charts that take its place.
            with st.container(height=CHART_PX + 100, border=False):
                doing = _("Knocking out each channel and each cell of {number} codes …").format(number=len(z))
                st.progress(len(store) / num_parts, doing)
                now = time.monotonic()
                pause_s = max(PAUSE_S, shown_at + REST_S - now)
                pace("pacer", now, pause_s)

    measure()


def _measure(store: dict[tuple[str, int], Tensor], name: str, z: Tensor, x_hat: Tensor, target: Tensor) -> None:
    """Adds to the store for a fraction of a second."""
    decode, end = loaders.checkpoint(name).model.decode, time.monotonic() + STEP_S
    steps = [("channel", i) for i in range(z.shape[1])] + [("row", i) for i in range(z.shape[2])]
    for kind, i in steps:
        if (kind, i) in store:
            continue
        store[kind, i] = (
            probing.knock_out_mse(decode, z, mean(name), probing.channel(i), target)
            if kind == "channel"
            else probing.reach_of_row(decode, z, x_hat, mean(name), i)
        )
        if time.monotonic() > end:
            return


def _channel_chart(store: dict[tuple[str, int], Tensor], x_hat: Tensor, x: Tensor | None, num_channels: int) -> None:
    errors = torch.stack([store["channel", i] for i in range(num_channels)])
    if x is None:
        worth, unit = 255 * errors.sqrt().mean(1), _("change / grey levels")
    else:
        worth, unit = probing.psnr_lost_db(errors, mse(x, x_hat)), _("PSNR lost / dB")
    order = worth.argsort(descending=True).tolist()
    values = [float(worth[i]) for i in order]
    chart = charts.bars([str(i + 1) for i in order], values, _("channel knocked out"), unit, CHART_PX)
    # Where the window is narrow, values would stand on each other, and plotly would leave out every other channel's number.
    chart.update_layout(uniformtext={"mode": "hide"}).update_xaxes(dtick=1)
    first, last = order[0] + 1, order[-1] + 1
    alt = _("{measure} by channel, ranked, from channel {first}").format(measure=unit, first=first)
    st.plotly_chart(chart, key="channel_worth", alt=alt)
    if x is None:
        st.caption(
            _(
                "Root mean square change of the pictures, of 255. Without channel {first} they change by **{most}**, without channel {last} "
                "by {least}."
            ).format(first=first, most=number(values[0], 1), last=last, least=number(values[-1], 1))
        )
    else:
        st.caption(
            (
                _("Measured on the picture shown. Channel {first} is worth **{most} dB**, channel {last} {least} dB.")
                if len(x) == 1
                else _(
                    "Mean over the {number} pictures shown. Channel {first} is worth **{most} dB**, channel {last} {least} dB."
                )
            ).format(number=len(x), first=first, most=number(values[0], 2), last=last, least=number(values[-1], 2))
        )


def _reach_chart(store: dict[tuple[str, int], Tensor], cells: tuple[int, int], block_px: int) -> None:
    shares = torch.cat([store["row", i] for i in range(cells[0])])
    shares = shares[shares.isfinite().all(1)].mean(0)  # a cell that is at its mean already changes nothing
    names = [_("its own"), *map(str, range(1, len(shares)))]
    chart = charts.bars(names, (100 * shares).tolist(), _("cells away"), _("squared change / %"), CHART_PX)
    st.plotly_chart(chart, key="reach", alt=_("Share of the squared change by distance from the cell"))
    st.caption(
        _(
            "Averaged over all {number} cells of these pictures. When one cell is knocked out, **{own}** of the squared change lies in its own "
            "{size}×{size} pixels, and {near} there or in the cells next to it."
        ).format(
            number=cells[0] * cells[1],
            own=percent(float(shares[0])),
            size=block_px,
            near=percent(float(shares[:2].sum()), 1),
        )
    )
