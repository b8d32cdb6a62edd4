"""What one standard deviation along each principal axis moves in the picture, for every dog model."""

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st

from aemodels import axes, figures, latents
from pages.parts import loaders, sampling

AXES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512)
NUM_CODES = 8
CELL_PX = 16


@dataclass(frozen=True)
class Effects:
    """Along the axes (numbered from 1): RMS change of the picture in grey levels, and the share of it that is coarse; the
    contrast of the mean code's picture and of some photos', in grey levels."""

    axes: list[int]
    grey_levels: list[float]
    coarse: list[float]
    mean_contrast: float
    photos_contrast: float


def fitted(name: str) -> latents.LatentStats:
    """The Gaussian of all codes that come with a checkpoint."""
    return sampling.fitted(name, len(loaders.checkpoint(name).codes), "full")


def measure(name: str) -> Effects:
    """What the axes of a model's codes move, from the same few codes each time."""
    loaders.checkpoint(name)  # stops the page with a sentence where there is none
    return _measure(*loaders.version(name))


@st.cache_data(max_entries=8, show_spinner="Measuring what each axis moves; this happens once a model …")
def _measure(name: str, modified_ns: int) -> Effects:
    ckpt, stats = loaders.checkpoint(name), fitted(name)
    numbers = [n for n in AXES if n <= latents.rank(stats)]
    codes, mean = ckpt.codes[:NUM_CODES], stats.mean.view(1, *ckpt.codes.shape[1:])
    effects = [axes.effect(ckpt.model.decode, stats, codes, n - 1, CELL_PX) for n in numbers]
    contrasts = (255 * float(ckpt.model.decode(z).flatten(1).std(1).mean()) for z in (mean, codes))
    return Effects(numbers, [255 * rms for rms, _ in effects], [coarse for _, coarse in effects], *contrasts)


def draw(effects: dict[str, Effects], key: str, title: str) -> go.Figure:
    """One of the two measures, a line a model, against the axis's number on a logarithmic scale."""
    series = {name: (of.axes, getattr(of, key)) for name, of in effects.items()}
    chart = figures.lines(series, "principal axis, strongest first", title, log_y=key == "grey_levels")
    if key == "grey_levels":
        chart.update_yaxes(tickvals=[m * 10.0**e for e in range(-2, 3) for m in (1, 2, 5)], tickformat="~g")
    return chart.update_xaxes(type="log", tickvals=[2**i for i in range(10)])
