"""PSNR of every model of a data set against the variance of the noise on its codes, white noise and shaped noise."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import streamlit as st
from torch import Tensor

from aemodels import Checkpoint
from aemodels.codes import perturbation
from aemodels.data import words
from aemodels.language import _, number, sentences
from aemodels.noise import seeded_normal
from aemodels.quality import curves as model_curves
from aemodels.report import charts
from aemodels.report.plotly_objects import go
from pages.parts.shared import cores, loaders, measurements, models, originals
from pages.parts.shared.once import per_model


@dataclass(frozen=True)
class Curves:
    """What they are, in the language that is spoken; model -> (variances, mean PSNR in dB) for both noises, `shaped` without those of which nothing is known."""

    how: str
    white: dict[str, tuple[list[float], list[float]]]
    shaped: dict[str, tuple[list[float], list[float]]]


def noises(name: str, seeds: list[int]) -> dict[str, Tensor]:
    """ "white" noise and as much "shaped" noise, with the correlations of this model's codes, if these differ; one direction a seed."""
    codes = loaders.checkpoint(name).codes
    white = seeded_normal(seeds, codes.shape[1:])
    if not models.vary(name):
        return {"white": white}
    return {"white": white, "shaped": perturbation.shaped(_centred(name), white, seeds)}


@per_model(2)  # of 8 MB
def _centred(name: str) -> Tensor:
    return perturbation.centred(loaders.checkpoint(name).codes)


def measure(ckpts: Mapping[str, Checkpoint]) -> Curves:
    """White noise on the whole test split, as stored with the models; shaped noise on a few test photos, always the same ones."""
    data = next(iter(ckpts.values())).data
    evaluations = {
        name: [e for e in ckpt.metrics["evaluations"] if not e.get("noise_factor")] for name, ckpt in ckpts.items()
    }
    white = {
        name: ([e["noise_variance"] for e in scores], [e["psnr_db"] for e in scores])
        for name, scores in evaluations.items()
    }
    num_images = next(iter(evaluations.values()))[0]["num_images"]
    widest = max(e["psnr_db_ci95"] for scores in evaluations.values() for e in scores)
    solid = _(
        "Solid: white noise, as train.py measured it on {total} test {photos}, against the originals; 95% intervals of the means: "
        "±{widest} dB or less."
    ).format(total=number(num_images), photos=words.of(data.config).many, widest=number(widest, 2))
    with st.spinner(_("Measuring shaped noise on a few photos; this happens once …")):
        measured = {name: of for name in ckpts if models.vary(name) and (of := _shaped(name))}
    if not measured:
        return Curves(solid, white, {})
    dotted = _(
        "Dotted: shaped noise of the same power, on {few} of these photos, always the same ones. At variance 0 solid and dotted lines "
        "differ only because these few photos are easier or harder than all."
    ).format(few=number(next(iter(measured.values()))["num_images"]))
    shaped = {name: (of["variances"], of["psnr_db"]) for name, of in measured.items()}
    return Curves(sentences([solid, dotted]), white, shaped)


def _shaped(name: str) -> Mapping[str, Any]:
    """`model_curves.shaped` as train.py has kept it, else measured here; empty where the pictures of the codes are not here."""
    if kept := measurements.curves_of(name).get("shaped"):
        return kept
    if not originals.has_those_of_codes(loaders.checkpoint(name)):
        return {}
    return _measured(name)


def draw(curves: Curves) -> go.Figure:
    """One colour a model; solid for white, dotted for shaped noise."""
    white = {models.title(name): line for name, line in curves.white.items()}
    chart = charts.lines(white, _("noise variance"), _("mean PSNR / dB"))
    colours = {name: solid.line.color for name, solid in zip(curves.white, chart.data, strict=True)}
    for name, (x, y) in curves.shaped.items():
        line = {"color": colours[name], "width": 3, "dash": "dot"}
        label = charts.plotly_text(_("{model}, shaped").format(model=models.title(name)))
        chart.add_scatter(x=x, y=y, name=label, mode="lines", line=line, showlegend=False)
    return chart


def effective_dimensions(ckpts: Mapping[str, Checkpoint]) -> dict[str, float]:
    """Model -> over how many equal directions its codes are spread, in effect, if they differ at all."""
    return {name: _effective_dimensions(name) for name in ckpts if models.vary(name)}


@per_model(8)
def _measured(name: str) -> dict[str, Any]:
    ckpt = loaders.checkpoint(name)
    x = originals.of(ckpt.data).pictures(ckpt.index[model_curves.for_shaped(ckpt)])
    return model_curves.shaped(ckpt, x, partial(cores.rows, ckpt.model.decode))


@per_model(8)
def _effective_dimensions(name: str) -> float:
    return perturbation.effective_dimensions(loaders.checkpoint(name).codes)
