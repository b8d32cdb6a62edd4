"""Plain gradient descent beside what encode does, measured in small steps between the visitor's clicks, and the charts of both."""

import threading
import time
from collections.abc import Iterator

import streamlit as st
import torch
from torch import Tensor

from aemodels.codes import axes
from aemodels.language import _, ngettext, number, percent, sentences
from aemodels.quality import encoding
from aemodels.report import charts
from aemodels.report.plotly_objects import go
from pages.parts.photos import probes
from pages.parts.photos.stages import Stages
from pages.parts.shared import controls, loaders

MAX_STEPS = 200
STEP_S = 0.1  # about the longest that a click waits for steps under way
REST_S = 0.5  # how long a scene has stood before steps are made
PAUSE_S = 0.05
CHART_PX = 380
STYLE = "@media (width <= 1200px) { .st-key-descents .stColumn { min-width: calc(100% - 1rem); } }"


class Descent:
    """Plain descent on one picture, as far as it has come; shared by all who look at it.

    psnr, codes  in dB and (1, C, h, w), after each step; the first are those of the encoder's first code
    """

    def __init__(self, steps: Iterator[tuple[Tensor, Tensor]], z: Tensor, first_db: float, target_db: float) -> None:
        self.psnr, self.codes = [first_db], [z]
        self.target_db = target_db
        self.shown_at = time.monotonic()
        self._steps, self._lock = steps, threading.Lock()

    @property
    def arrives(self) -> bool:
        return self.psnr[-1] >= self.target_db

    @property
    def is_done(self) -> bool:
        return self.arrives or len(self.psnr) > MAX_STEPS

    def advance(self) -> None:
        """Some steps more, for a fraction of a second, unless another visitor's page is at it."""
        end = time.monotonic() + STEP_S
        if self._lock.acquire(blocking=False):
            try:
                while not self.is_done and time.monotonic() < end:
                    z, psnr = next(self._steps)
                    self.codes.append(z)
                    self.psnr.append(float(psnr[0]))
            finally:
                self._lock.release()


@st.cache_resource(max_entries=64, show_spinner=False)
def _descent(name: str, digest: str, picture: int, _x: Tensor, _stages: Stages) -> Descent:
    z, (first, *_between, last) = _stages.codes[0, picture][None], _stages.psnr[:, picture].tolist()
    return Descent(encoding.plain_descent(loaders.load(name).model, _x[picture][None], z), z, first, last)


@st.fragment
def show(name: str, x: Tensor, stages: Stages, picture: int, one: str) -> None:
    """Two charts of picture number `picture` (from 0) of x: PSNR by step, and the path of the code; and what plain descent needed.

    one  what it is, in words
    """
    controls.redraw_if_missed()
    descent = _descent(name, stages.digest, picture, x, stages)
    if not descent.is_done and time.monotonic() > descent.shown_at + REST_S:
        descent.advance()
    st.html(f"<style>{STYLE}</style>")
    left, right = st.container(key="descents").columns(2, gap="medium")
    with left:
        st.subheader(_("How far each step gets"), anchor=False)
        alt = _("PSNR after each step of encode, for this {one} and on average, and after each step of plain descent")
        st.plotly_chart(_psnr_chart(stages, picture, descent, one), key="psnr_by_step", alt=alt.format(one=one))
    with right:
        st.subheader(_("The code's path"), anchor=False)
        chart, share = _path_chart(stages.codes[:, picture], descent)
        alt = _("The path of the code on two axes, by encode and by plain descent")
        st.plotly_chart(chart, key="code_path", alt=alt)
    if descent.is_done:
        st.caption(sentences([_needed(descent, stages, one), _how(), _in_plane(share)]))
    else:
        num_steps = len(descent.psnr) - 1
        st.progress(
            num_steps / MAX_STEPS,
            _("Plain gradient descent on this {one}: step {number} …").format(one=one, number=number(num_steps)),
        )
        now = time.monotonic()
        pause_s = max(PAUSE_S, descent.shown_at + REST_S - now)
        probes.pace("descent_pacer", now, pause_s)


def _needed(descent: Descent, stages: Stages, one: str) -> str:
    num_steps = len(descent.psnr) - 1
    if not num_steps:
        return _(
            "On this {one} encode gains nothing over the first code, so plain descent has nothing to catch up with."
        ).format(one=one)
    if descent.arrives:
        message = ngettext(
            "Plain gradient descent needs **{number} step** to reach the {psnr} dB of `encode` on this {one}; `encode` takes {own}.",
            "Plain gradient descent needs **{number} steps** to reach the {psnr} dB of `encode` on this {one}; `encode` takes {own}.",
            num_steps,
        )
    else:
        message = _(
            "After **{number} steps** plain gradient descent is at {reached} dB, still short of the {psnr} dB that encode reaches on this {one} "
            "in {own} steps."
        )
    return message.format(
        number=number(num_steps),
        psnr=number(descent.target_db, 2),
        reached=number(descent.psnr[-1], 2),
        one=one,
        own=number(stages.num_steps),
    )


def _how() -> str:
    return _(
        "It starts from the same first code. Each step goes straight down the gradient, and a line search chooses its length: the best of "
        "{first} at the first step, then of half, the same and twice the last length."
    ).format(first=number(len(encoding.FIRST_LENGTHS)))


def _in_plane(share: float) -> str:
    return _(
        "The path is drawn on the two axes along which the codes of `encode` spread most, which hold {share} of its squared extent."
    ).format(share=percent(share))


def _psnr_chart(stages: Stages, picture: int, descent: Descent, one: str) -> go.Figure:
    num_stages, num_pictures = stages.psnr.shape
    steps = range(num_stages)
    series = {_("encode, this {one}").format(one=one): (steps, stages.psnr[:, picture].tolist())}
    if num_pictures > 1:
        label = _("encode, mean of {number}").format(number=number(num_pictures))
        series[label] = (steps, stages.psnr.mean(1).tolist())
    if descent.is_done:
        label = _("plain descent, this {one}").format(one=one)
        series[label] = (range(len(descent.psnr)), descent.psnr)
    chart = charts.lines(series, _("step"), _("PSNR / dB"))
    for line in chart.data[:-1] if descent.is_done else chart.data:
        line.customdata, line.hovertemplate = stages.names, "%{y:.2f} dB (%{customdata})"
    if descent.is_done:
        chart.data[-1].update(hovertemplate="%{y:.2f} dB", marker={"size": 4}, line={"dash": "dot"})
    return chart.update_layout(height=CHART_PX)


def _path_chart(codes: Tensor, descent: Descent) -> tuple[go.Figure, float]:
    """The path of codes (S, C, h, w) and of plain descent from the first of them, and the share of the former's squared extent that
    the plane holds."""
    plane, share = axes.plane_of_path(codes)
    paths = {_("encode"): codes}
    if descent.is_done:
        paths[_("plain descent")] = torch.cat(descent.codes)
    series = {}
    for label, path in paths.items():
        along, across = ((path - codes[0]).flatten(1) @ plane).T.tolist()
        series[label] = (along, across)
    chart = charts.lines(series, _("first axis"), _("second axis"))
    if descent.is_done:
        chart.data[-1].update(marker={"size": 4}, line={"dash": "dot"})
    ends = [series[_("encode")][i][j] for j in (0, -1) for i in (0, 1)]
    for x, y, text in ((*ends[:2], _("first code")), (*ends[2:], _("what encode gives"))):
        chart.add_annotation(x=x, y=y, text=text, showarrow=True, arrowhead=0, ax=0, ay=-28)
    return chart.update_layout(height=CHART_PX, hovermode="closest"), share
