"""The curves of trainings side by side, and what they are."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from aemodels.language import N_, _, any_of, list_of, sentences
from aemodels.report import charts
from aemodels.report.plotly_objects import go
from aemodels.report.training_described import OF_CURVES
from aemodels.storage import histories
from aemodels.storage.catalogue import Group
from aemodels.storage.histories import Training
from aemodels.text import visible
from pages.parts.shared import models

ALONG = {"epoch": N_("Epochs"), "minutes": N_("Minutes"), "step": N_("Steps")}
TERMS = {"kl": N_("KL divergence"), "code_l2": N_("L2 on the code")}
LOSS_TICKS = [m * 10.0**e for e in range(-4, 1) for m in (1, 1.5, 2, 3, 4, 6)]  # on a phone they stand close, but apart
TERM_TICKS = [m * 10.0**e for e in range(-8, 2) for m in (1, 2, 5)]
HEIGHT_PX = 460

Trainings = Mapping[str, Sequence[Training]]  # by the name of the model that they made, oldest first


@dataclass(frozen=True)
class Look:
    """How the curves are drawn: along which of ALONG, each model's colour by its name, and the model whose curves stand out, if one does."""

    along: str
    colours: Mapping[str, str]
    chosen: str | None = None


def show_priors(trainings: Trainings, look: Look) -> None:
    """How well priors predict the velocity, on the codes that they learn from and on others."""
    unit = _("mean squared error of the velocity")
    left, right = _two_columns()
    with left:
        _chart("velocity", _("Training loss"), _curves(trainings, look.along, "velocity"), unit, look, trainings)
    of_gaussian = {
        _("{model}, the Gaussian alone").format(model=called): curve
        for called, curve in _curves(trainings, look.along, "gaussian_loss").items()
    }
    curves = _curves(trainings, look.along, "velocity_loss") | of_gaussian
    with right:
        _chart("velocity_loss", _("Loss on validation codes"), curves, unit, look, trainings)
    st.caption(
        _(
            "A prior learns to predict the velocity, the direction from a code to the noise that it is mixed with. This "
            "cannot be predicted exactly, so the loss does not fall to 0. On validation codes: the averaged weights, which are the ones "
            "kept, beside the Gaussian that the prior starts from."
        )
    )


def show_autoencoders(group: Group, trainings: Trainings, look: Look) -> None:
    """The loss of autoencoders and their PSNR on images that they do not learn from, then the further terms of their losses."""
    unvalidated = [model.name for model in group.models if not model.data.num_images["validation"]]
    images = (
        _("validation images") if not unvalidated else
        _("validation or test images") if len(unvalidated) < len(group.models) else _("test images")
    )  # fmt: skip
    own = [training for name in trainings for training in trainings[name] if training["name"] == name]
    losses = {training["model_config"]["reconstruction"] for training in own}
    unit = any_of(_(said) for loss, said in OF_CURVES.items() if loss in losses)
    left, right = _two_columns()
    with left:
        curves = _curves(trainings, look.along, "reconstruction")
        _chart("reconstruction", _("Training loss"), curves, unit, look, trainings, LOSS_TICKS)
    with right:
        title = _("PSNR on {images}").format(images=images)
        _chart("psnr_db", title, _curves(trainings, look.along, "psnr_db"), _("mean PSNR / dB"), look, trainings)
    about = _(
        "Each model is measured under the noise that it is trained with, so more noise in training means a higher loss. Training loss: the mean over each epoch, "
        "for the weights as they are being trained. PSNR: of a fixed sample of {images} after each saved epoch, for the averaged weights, which "
        "are the ones kept."
    ).format(images=images)
    st.caption(sentences([about, _say_unvalidated(unvalidated, len(group.models))]))
    if "log_mse" in losses:
        _say_logarithm([m.name for m in group.models if m.header["model_config"]["reconstruction"] == "log_mse"])
    _show_further_terms(group, trainings, look)


def _curves(trainings: Trainings, along: str, value: str) -> dict[str, histories.Curve]:
    """By what each model is called."""
    return {models.title(name): histories.curve(of, name, along, value) for name, of in trainings.items()}


def _chart(
    key: str,
    title: str,
    curves: Mapping[str, histories.Curve],
    unit: str,
    look: Look,
    names: Iterable[str],
    ticks: Sequence[float] = (),
) -> None:
    """With ticks its axis of values is logarithmic."""
    st.header(title, anchor=False)
    axis = _(ALONG[look.along]).lower()
    colours = {models.title(name): colour for name, colour in look.colours.items()}
    chart = charts.lines(curves, axis, unit, bool(ticks), HEIGHT_PX, colours)
    _put_on_top(chart, [bool(look.chosen) and called == models.title(look.chosen) for called in curves])
    if ticks:
        chart.update_yaxes(tickvals=ticks)
    alt = _("{title} of {models}, along {axis}").format(
        title=title, models=visible(list_of(map(models.title, names))), axis=axis
    )
    st.plotly_chart(chart, key=key, alt=alt)


def _two_columns() -> Sequence[st.delta_generator.DeltaGenerator]:
    """Side by side where the window is wide enough for the keys of many curves, else one below the other."""
    st.html("<style>@media (width <= 1200px) { .st-key-curves .stColumn { min-width: calc(100% - 1rem); } }</style>")
    return st.container(key="curves").columns(2, gap="medium")


def _put_on_top(chart: go.Figure, chosen: Sequence[bool]) -> None:
    """The chosen curves thick and before the others, which are pale; nothing where none is chosen."""
    if not any(chosen):
        return
    for trace, is_chosen in zip(chart.data, chosen, strict=True):
        trace.update({"line_width": 5, "zorder": 1} if is_chosen else {"opacity": 0.4})


def _say_unvalidated(names: Sequence[str], num_models: int) -> str:
    if not names:
        return ""
    if len(names) == num_models:
        return _(
            "These models were made before there was a validation split. Their settings were chosen by figures on test "
            "images (docs/experiments.md), so the best figures owe a little to luck."
        )
    return _(
        "{models}: made before there was a validation split. Settings were chosen by figures on test images "
        "(docs/experiments.md), so the best figures owe a little to luck."
    ).format(models=list_of(map(models.said, names)))


def _say_logarithm(names: Sequence[str]) -> None:
    if names:
        st.caption(
            _(
                "The lab asks for the MSE as the loss, and `python train.py` trains with it. The last training of "
                "{models} used the logarithm of the MSE instead, which had brought 0.01 dB."
            ).format(models=list_of(map(models.said, names)))
        )
    st.caption(
        _(
            "The loss “log MSE” is the logarithm of each image’s MSE, averaged over the images. Training that makes it smaller makes the mean PSNR larger. "
            "Drawn here is its exponential: the geometric mean of the images’ MSEs."
        )
    )


def _show_further_terms(group: Group, trainings: Trainings, look: Look) -> None:
    named = {
        _curve_of(models.title(model.name), _(TERMS[term]) if term in TERMS else term): (model.name, term)
        for model in group.models
        for term in histories.further_terms(model.header["history"])
    }
    if not named:
        return
    curves = {name: histories.curve(trainings[model], model, look.along, term) for name, (model, term) in named.items()}
    colours = {name: look.colours[model] for name, (model, _term) in named.items()}
    st.header(_("Further terms of the loss"), anchor=False)
    axis = _(ALONG[look.along]).lower()
    chart = charts.lines(curves, axis, _("mean over each epoch"), log_y=True, colours=colours)
    _put_on_top(chart, [model == look.chosen for model, _term in named.values()])
    chart.update_yaxes(tickvals=TERM_TICKS, tickformat="~g")
    alt = _("Loss beside the reconstruction: {curves}, along {axis}").format(curves=visible(list_of(curves)), axis=axis)
    st.plotly_chart(chart, key="further", alt=alt)
    st.caption(
        _(
            "What the loss holds beside the reconstruction error. Each term is multiplied by its weight, and has the "
            "unit of the training loss above."
        )
    )


def _curve_of(model: str, term: str) -> str:
    """What the curve of a model's term is called; once, where the model is called after it."""
    return model if model == term else _("{model}, {term}").format(model=model, term=term)
