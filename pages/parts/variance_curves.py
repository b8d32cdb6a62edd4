"""PSNR of every dog model against the variance of the noise on its codes: measured on a few photos, or else as stored."""

from dataclasses import dataclass

import plotly.graph_objects as go
import streamlit as st
from torch import Tensor

from aemodels import figures, perturbation
from aemodels.metrics import psnr_db
from aemodels.noise import perturb, seeded_normal
from pages.parts import loaders, photos

VARIANCES = (0.0, 0.05, 0.1, 0.15, 0.3, 0.6)
NUM_PHOTOS = 6


@dataclass(frozen=True)
class Curves:
    """Model's name on the screen -> (variances, mean PSNR in dB); `shaped` is empty without photos."""

    of: str
    how: str
    white: dict[str, tuple[list[float], list[float]]]
    shaped: dict[str, tuple[list[float], list[float]]]


def noises(name: str, seeds: list[int]) -> dict[str, Tensor]:
    """White noise, and as much noise with the correlations of this model's codes, one direction a seed."""
    codes = loaders.checkpoint(name).codes
    white = seeded_normal(seeds, codes.shape[1:])
    return {"White": white, "Shaped": perturbation.shaped_normal(codes, white, seeds)}


def measure() -> Curves:
    """On the same few test photos each time; the stored evaluations on the whole test split where there are no photos."""
    if few := photos.random_test_photos(0, NUM_PHOTOS):
        folder = str(loaders.data_folder().resolve())
        measured = {label: _psnr(*_version(name), folder, few.x) for name, label in loaders.DOG_MODELS.items()}
        white, shaped = ({label: (list(VARIANCES), of[i]) for label, of in measured.items()} for i in range(2))
        how = "Solid: white noise. Dotted: shaped noise of the same power. The same photos whatever the seed."
        return Curves(f"{len(few.x)} test photos", how, white, shaped)
    evaluations = {label: loaders.checkpoint(name).metrics["evaluations"] for name, label in loaders.DOG_MODELS.items()}
    white = {
        label: ([e["noise_variance"] for e in scores], [e["psnr_db"] for e in scores])
        for label, scores in evaluations.items()
    }
    widest = max(e["psnr_db_ci95"] for scores in evaluations.values() for e in scores)
    how = f"White noise, as train.py measured it against the originals; 95 % intervals of the means: ±{widest:.2f} dB or less."
    return Curves("whole test split", how, white, {})


def draw(curves: Curves) -> go.Figure:
    """One colour a model; solid for white, dotted for shaped noise."""
    chart = figures.lines(curves.white, "noise variance", "mean PSNR / dB")
    for solid, (label, (x, y)) in zip(chart.data, curves.shaped.items(), strict=False):
        line = {"color": solid.line.color, "width": 3, "dash": "dot"}
        chart.add_scatter(x=x, y=y, name=f"{label}, shaped", mode="lines", line=line, showlegend=False)
    return chart


def effective_dimensions() -> dict[str, float]:
    """Model's name on the screen -> over how many equal directions its codes are spread, in effect."""
    return {label: _effective_dimensions(*_version(name)) for name, label in loaders.DOG_MODELS.items()}


def _version(name: str) -> tuple[str, int]:
    loaders.checkpoint(name)  # stops the page with a sentence where there is none
    return loaders.version(name)


@st.cache_data(max_entries=8, show_spinner="Measuring all models on a few photos; this happens once …")
def _psnr(name: str, modified_ns: int, folder: str, _x: Tensor) -> tuple[list[float], list[float]]:
    """Mean PSNR in dB at each of VARIANCES, for white and for shaped noise."""
    model = loaders.checkpoint(name).model
    z = photos.encode(model, _x)
    white, shaped = (
        [psnr_db(_x, model.decode(perturb(z, variance, noise))).mean().item() for variance in VARIANCES]
        for noise in noises(name, list(range(len(_x)))).values()
    )
    return white, shaped


@st.cache_data(max_entries=8, show_spinner=False)
def _effective_dimensions(name: str, modified_ns: int) -> float:
    return perturbation.effective_dimensions(loaders.checkpoint(name).codes)
