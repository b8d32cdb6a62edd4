"""Why a Gaussian fails, what a flow does: what codes have that a Gaussian has not, measured; one formula, three papers."""

import numpy as np
import streamlit as st
import torch

from aemodels.codes import dependence, latents
from aemodels.language import _, all_of, percent, signed
from aemodels.report import charts, figures
from aemodels.report.plotly_objects import go
from pages.parts.generate import nine
from pages.parts.generate.chosen import Chosen
from pages.parts.photos import drawings, sampling
from pages.parts.shared import controls, models

CHART_PX = 380
MAX_DOTS = 2000
NUM_BINS = 8
STYLE = "@media (width <= 1200px) { .st-key-lesson .stColumn { min-width: calc(100% - 1rem); } }"


def show(chosen: Chosen) -> None:
    codes = chosen.ckpt.codes[:MAX_DOTS]
    drawn = sampling.fitted(chosen.ckpt.name, len(chosen.ckpt.codes), "full")
    gaussian = latents.sample(drawn, range(len(codes))).unflatten(1, codes.shape[1:])
    bend = dependence.strongest_bend(chosen.ckpt.codes) if latents.rank(drawn) > 1 else None
    has_cells = codes.ndim == 4
    st.html(f"<style>{STYLE}</style>")
    left, right = st.container(key="lesson").columns(2, gap="medium")
    if bend:
        with left:
            st.subheader(_("Codes lie along a curve"), anchor=False)
            axes = all_of(str(place + 1) for place in bend.places)
            alt = _(
                "Real codes and a Gaussian's on the principal axes {axes}, and the mean height of each along the way"
            )
            st.plotly_chart(_bend_chart(bend, codes, gaussian), key="bend", alt=alt.format(axes=axes))
    points = [
        _(
            "**Real codes have more order than a Gaussian knows.** It knows only the mean of each number of the code, "
            "and the covariance of any two."
        ),
        *models.notes(chosen.ckpt.name),
    ]
    if bend:
        points.append(
            _(
                "The places of a code on the principal axes {first} and {second} are uncorrelated. Yet the one "
                "depends on the other: the place on axis {second} and the square of the place on axis {first} have a "
                "correlation of **{bend}**. For a Gaussian it is 0."
            ).format(first=bend.places[0] + 1, second=bend.places[1] + 1, bend=signed(bend.bend, 2))
        )
    if has_cells:
        with st.spinner(_("Drawing nine samples …")):
            learnt = drawings.watch(chosen.setting, nine.seeds(chosen.seed), lambda moment: None).z
        strengths = {
            _("real codes"): dependence.cell_strengths(codes, chosen.ckpt.codes),
            _("Gaussian"): dependence.cell_strengths(gaussian, chosen.ckpt.codes),
            _("these nine samples"): dependence.cell_strengths(learnt, chosen.ckpt.codes),
        }
        with right:
            st.subheader(_("Some cells are empty, some full"), anchor=False)
            alt = _("How strong the cells of real codes, of a Gaussian's and of the nine samples are")
            st.plotly_chart(_strength_chart(strengths), key="strengths", alt=alt)
        weak = [percent(float((s < 0.3).float().mean()), 1) for s in strengths.values()]
        full = [percent(float((s > 2).float().mean()), 1) for s in strengths.values()]
        points.append(
            _(
                "Of the cells of a real {photo}, **{weak}** are weaker than 0.3, and {full} are stronger than 2 (1 is the mean of all real "
                "cells). For a Gaussian's codes it is {weak_gaussian} and {full_gaussian}, for the nine samples {weak_learnt} and "
                "{full_learnt}."
            ).format(
                photo=chosen.picture.one,
                weak=weak[0],
                full=full[0],
                weak_gaussian=weak[1],
                full_gaussian=full[1],
                weak_learnt=weak[2],
                full_learnt=full[2],
            )
        )
    else:
        with right:
            _flow()
    controls.notice(points)
    if has_cells:
        _flow()


def _flow() -> None:
    st.subheader(_("What a flow does"), anchor=False)
    st.markdown(
        _(
            "Mix a code $x$ with noise $e$: $x_t = (1 - t)\\,x + t\\,e$. A network sees $x_t$ and $t$, and learns to "
            "predict $e - x$, the direction from the code to the noise. It cannot know which code was mixed in. So "
            "it learns the mean direction, the velocity $v$. To draw a sample, start from noise at $t = 1$ and go "
            "against the velocity in small steps, down to $t = 0$."
        )
    )
    st.latex(
        r"\frac{\mathrm{d}x_t}{\mathrm{d}t} = v(x_t, t) = \underbrace{U\,\mathrm{diag}\!\left[\frac{t-(1-t)\lambda}{(1-t)^2\lambda+t^2}\right]U^\top x_t}"
        r"_{v_G} \;+\; s\, f(x_t, t)"
    )
    st.markdown(
        _(
            "The first part, $v_G$, is the velocity for a Gaussian with the codes' covariance. $U$ holds its axes, "
            "and $λ$ the variances along them: all of this is known without training. The network $f$ learns only "
            "what the Gaussian misses. The slider “Learned part” is $s$: at 0 you see a Gaussian, at 1 all "
            "that is learnt."
        )
    )
    st.markdown(
        _(
            "To read on: [Liu et al. 2022](https://arxiv.org/abs/2209.03003) on rectified flows, [Lipman et al. 2022](https://arxiv.org/abs/2210.02747) "
            "on flow matching, [Rombach et al. 2022](https://arxiv.org/abs/2112.10752) on drawing codes instead of pixels."
        )
    )


def _bend_chart(bend: dependence.Bend, codes: torch.Tensor, gaussian: torch.Tensor) -> go.Figure:
    chart = go.Figure()
    for i, (name, z) in enumerate(((_("Gaussian"), gaussian), (_("real codes"), codes))):
        colour = (figures.PALETTE[1], figures.PALETTE[0])[i]
        across, up = bend.coordinates(z).T.numpy()
        chart.add_scattergl(
            x=across,
            y=up,
            mode="markers",
            name=charts.plotly_text(name),
            marker={"size": 4, "opacity": 0.35, "color": colour},
        )
        edges = np.quantile(across, np.linspace(0, 1, NUM_BINS + 1))
        bins = np.clip(np.searchsorted(edges, across, side="right") - 1, 0, NUM_BINS - 1)
        means = [(across[bins == b].mean(), up[bins == b].mean()) for b in range(NUM_BINS) if (bins == b).any()]
        chart.add_scatter(
            x=[m[0] for m in means],
            y=[m[1] for m in means],
            mode="lines+markers",
            name=charts.plotly_text(_("{name}: mean height").format(name=name)),
            line={"width": 5, "color": colour},
        )
    title = _("axis {axis}, standard deviations")
    chart.update_xaxes(title=title.format(axis=bend.places[0] + 1), range=[-3.5, 3.5], title_font_size=16)
    chart.update_yaxes(title=title.format(axis=bend.places[1] + 1), range=[-3.5, 3.5], title_font_size=16)
    return _sized(chart)


def _strength_chart(strengths: dict[str, torch.Tensor]) -> go.Figure:
    edges = np.linspace(0, 4, 33)
    series = {}
    for name, s in strengths.items():
        counts, _edges = np.histogram(s.clamp(max=3.999).flatten().numpy(), edges)
        series[name] = ((edges[:-1] + edges[1:]) / 2, 100 * counts / counts.sum())
    chart = charts.lines(series, _("strength of a cell"), _("share of the cells / %"))
    return _sized(chart.update_traces(mode="lines"))


def _sized(chart: go.Figure) -> go.Figure:
    chart.update_layout(height=CHART_PX, margin={"l": 8, "r": 8, "t": 8, "b": 8}, hovermode="closest")
    return chart.update_layout(legend={"font": {"size": 15}, "orientation": "h", "yanchor": "bottom", "y": 1.02})
