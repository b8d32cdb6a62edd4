"""What one standard deviation along each principal axis moves in the picture, for every model of a data set."""

import streamlit as st

from aemodels.codes import latents
from aemodels.language import _
from aemodels.quality import curves
from aemodels.quality.curves import Effects
from aemodels.report import charts
from aemodels.report.plotly_objects import go
from pages.parts.photos import sampling
from pages.parts.shared import loaders, measurements, models
from pages.parts.shared.once import per_model


def fitted(name: str) -> latents.LatentStats:
    """The Gaussian of all codes that come with a checkpoint."""
    return sampling.fitted(name, len(loaders.checkpoint(name).codes), "full")


def measure(name: str) -> Effects:
    """What the axes of a model's codes move, from the same few codes each time."""
    loaders.checkpoint(name)  # stops the page with a sentence where there is none
    kept = measurements.curves_of(name)
    if "axes" in kept:
        return Effects(**kept["axes"])
    with st.spinner(_("Measuring what each axis moves; this happens once a model …")):
        return _measure(name)


@per_model(8)
def _measure(name: str) -> Effects:
    return curves.effects(loaders.checkpoint(name), fitted(name))


def draw(effects: dict[str, Effects], key: str, title: str) -> go.Figure:
    """One of the two measures, a line a model, against the axis's number on a logarithmic scale."""
    series = {models.title(name): (of.axes, getattr(of, key)) for name, of in effects.items()}
    chart = charts.lines(series, _("principal axis, strongest first"), title, log_y=key == "grey_levels")
    chart.update_layout(xaxis={"type": "log", "tickvals": [2**i for i in range(10)]})
    if key == "grey_levels":
        tickvals = [m * 10.0**e for e in range(-2, 3) for m in (1, 2, 5)]
        chart.update_layout(yaxis={"tickvals": tickvals, "tickformat": "~g"})
    return chart
