"""How each checkpoint was made: loss curves, settings, provenance."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd
import streamlit as st

from aemodels.language import _, all_of, any_of, list_of, ngettext, number, sentences, signed
from aemodels.report import figures, panels
from aemodels.report.names import safe_file_name
from aemodels.storage import checkpoints, histories
from aemodels.storage.catalogue import Group
from aemodels.text import visible
from pages.parts.shared import controls, loaders, models, training_settings

TERMS = {"kl": _("KL divergence"), "code_l2": _("L2 on the code")}
ALONG = {"epoch": _("Epochs"), "minutes": _("Minutes"), "step": _("Steps")}
LOSSES = {"bce": _("BCE / nats a pixel"), "mse": "MSE", "log_mse": _("geometric mean of MSE")}

controls.header(
    _("Training"),
    _(
        "How each model was trained: its loss curve, its settings, and the computer that did it. All of this is kept in the model's file."
    ),
)
found = loaders.read_catalogue()
models.say_broken(found.broken)
if not found.groups:
    st.info(
        _(
            "There are no checkpoints yet; make them with `python train.py`, or with `python train.py --quick --out checkpoints` for a first look."
        )
    )
    st.stop()


def of_one_kind() -> Iterator[Group]:
    """The models of each data set, its priors by themselves: their losses are others."""
    for group in found.groups:
        autoencoders, priors = ([m for m in group.models if m.is_prior == is_prior] for is_prior in (False, True))
        if autoencoders:
            yield replace(group, models=tuple(autoencoders))
        if priors:
            title = _("{data_set}, learned priors").format(data_set=group.title)
            yield replace(group, key=f"{group.key}, priors", title=title, models=tuple(priors))


with controls.row():
    groups = {group.key: group for group in of_one_kind()}
    group = groups[controls.choose(_("Data set"), {key: group.title for key, group in groups.items()}, "group")]
    along = controls.choose(_("Curves along"), ALONG, key="along")
chosen = {model.name: model.header for model in group.models}
trainings = {name: checkpoints.trainings(name, header) for name, header in chosen.items()}
counts = {model.name: model.data.num_images for model in group.models}
alike: dict[tuple, list[str]] = {}  # models by how their images were split
for model in group.models:
    parts = map(model.data.num_images.get, ("train", "validation", "test"))
    alike.setdefault((*parts, model.data.split_rule(), model.data.config.leave_out), []).append(model.name)
splits = []
for (*parts, rule, left_out), names in alike.items():
    counted = dict(zip(("train", "validation", "test"), map(number, parts), strict=True))
    split = _("{train} images to train on, {validation} to validate on, {test} to test on. Split: {rule}.").format(
        **counted, rule=controls.literal(rule)
    )
    if left_out:
        said = _("Left out of training and validation: {classes}.").format(classes=controls.literal(list_of(left_out)))
        split = sentences([split, said])
    named = _("{names}: {sentence}").format(names=list_of(map(controls.code, names)), sentence=split)
    splits.append(named if len(alike) > 1 else split)
title = f"**{controls.literal(group.title)}**"
st.markdown(_("{title}. {sentence}").format(title=title, sentence="  \n".join(splits)))


validated = [name for name, count in counts.items() if count["validation"]]
images = (
    _("validation images") if len(validated) == len(chosen) else
    _("validation or test images") if validated else _("test images")
)  # fmt: skip
losses = {t["model_config"]["reconstruction"] for name in chosen for t in trainings[name] if t["name"] == name}
loss_unit = any_of(unit for loss, unit in LOSSES.items() if loss in losses)
are_priors = group.models[0].is_prior
left, right = st.columns(2, gap="medium")
if are_priors:
    of_velocity = _("mean squared error of the velocity")
    charts = [
        (left, _("Training loss"), "velocity", of_velocity, False),
        (right, _("Loss on validation codes"), "velocity_loss", of_velocity, False),
    ]
else:
    charts = [
        (left, _("Training loss"), "reconstruction", loss_unit, True),
        (right, _("PSNR on {images}").format(images=images), "psnr_db", _("mean PSNR / dB"), False),
    ]
for column, title, value, unit, log_y in charts:
    with column:
        st.header(title, anchor=False)
        curves = {n: histories.curve(trainings[n], n, along, value) for n in chosen}
        if value == "velocity_loss":
            curves |= {
                _("{model}, the Gaussian alone").format(model=n): histories.curve(
                    trainings[n], n, along, "gaussian_loss"
                )
                for n in chosen
            }
        chart = figures.lines(curves, ALONG[along].lower(), unit, log_y)
        chart.update_layout(height=460)
        if log_y:
            chart.update_yaxes(
                tickvals=[m * 10.0**e for e in range(-4, 1) for m in (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8)]
            )
        alt = _("{title} of {models}, along {axis}").format(
            title=title, models=visible(list_of(chosen)), axis=ALONG[along].lower()
        )
        st.plotly_chart(chart, key=value, alt=alt)
old = [controls.code(name) for name in chosen if name not in validated]
how_chosen = _(
    "These models were made before there was a validation split. Their settings were chosen by figures on test "
    "images (docs/experiments.md), so the best figures owe a little to luck."
)
if validated:
    how_chosen = _(
        "{models}: made before there was a validation split. Settings were chosen by figures on test images "
        "(docs/experiments.md), so the best figures owe a little to luck."
    ).format(models=list_of(old))
about_priors = _(
    "A prior learns to predict the velocity, the direction from a code to the noise that it is mixed with. This "
    "cannot be predicted exactly, so the loss does not fall to 0. Right: the averaged weights, which are the ones "
    "kept, beside the Gaussian that the prior starts from."
)
about_curves = _(
    "Each model is measured under the noise that it is trained with, so more noise in training means a higher loss. Left: the mean over each epoch, "
    "for the weights as they are being trained. Right: a fixed sample of {images} after each saved epoch, for the averaged weights, which "
    "are the ones kept."
).format(images=images)
st.caption(about_priors if are_priors else sentences([about_curves, how_chosen if old else ""]))
if "log_mse" in losses:
    if by_logarithm := [
        controls.code(name) for name, h in chosen.items() if h["model_config"]["reconstruction"] == "log_mse"
    ]:
        st.caption(
            _(
                "The lab asks for the MSE as the loss, and `python train.py` trains with it. The last training of "
                "{models} used the logarithm of the MSE instead, which had brought 0.01 dB."
            ).format(models=list_of(by_logarithm))
        )
    st.caption(
        _(
            "The loss “log MSE” is the logarithm of each image’s MSE, averaged over the images. Training that makes it smaller makes the mean PSNR larger. "
            "Drawn here is its exponential: the geometric mean of the images’ MSEs."
        )
    )
further = {
    (name, term): histories.curve(trainings[name], name, along, term)
    for name, header in chosen.items()
    for term in histories.further_terms(header["history"])
}
if further:
    st.header(_("Further terms of the loss"), anchor=False)
    curves = {
        _("{model}, {term}").format(model=name, term=TERMS.get(term, term)): curve
        for (name, term), curve in further.items()
    }
    chart = figures.lines(curves, ALONG[along].lower(), _("mean over each epoch"), log_y=True)
    chart.update_yaxes(tickvals=[m * 10.0**e for e in range(-8, 2) for m in (1, 2, 5)], tickformat="~g")
    alt = _("Loss beside the reconstruction: {curves}, along {axis}").format(
        curves=visible(list_of(curves)), axis=ALONG[along].lower()
    )
    st.plotly_chart(chart, key="further", alt=alt)
    st.caption(
        _(
            "What the loss holds beside the reconstruction error. Each term is multiplied by its weight, and has the "
            "unit of the training loss above."
        )
    )


def about_mean(name: str) -> str:
    start, mean = trainings[name][-2:]
    before, after = (t["model_config"].get("descent_steps", 0) for t in (start, mean))
    message = (
        _("{name} **{psnr} dB** on the test images, {start} at its start") if before == after else
        _(
            "{name} **{psnr} dB** on the test images, {start} at its start with {before} plain gradient steps in place of {after}"
        )
    )  # fmt: skip
    psnr = {"psnr": number(mean["psnr_db"], 2), "start": number(start["psnr_db"], 2)}
    return message.format(name=controls.code(name), **psnr, before=before, after=after)


made, starts = histories.each_once(trainings)
wall_s = sum(t["provenance"]["wall_s"] for t in made)
minutes, seconds = round(wall_s / 60), round(wall_s)
time = (
    ngettext("{number} minute", "{number} minutes", minutes).format(number=number(minutes)) if wall_s >= 90 else
    ngettext("{number} second", "{number} seconds", seconds).format(number=number(seconds))
)  # fmt: skip
took = (
    _("These {number} models took {time} together, on {processors}.") if len(chosen) > 1 else
    _("Training took {time}, on {processors}.")
)  # fmt: skip
processors = controls.literal(all_of(histories.processors(made)))
points = [*models.faults_of(*chosen), took.format(number=number(len(chosen)), time=time, processors=processors)]
if continued := [f"{controls.code(name)} {len(trainings[name])}" for name in chosen if len(trainings[name]) > 1]:
    points.append(
        _(
            "These models went through several trainings: {models}. Each began with the weights at the end of another. The axis counts "
            "all of them. A curve shows only the trainings of a model of that name. The settings below are those of the last training."
        ).format(models=list_of(continued))
    )
if averaged := [
    name for name, h in chosen.items() if h["provenance"].get("averaged_with") and len(trainings[name]) > 1
]:
    points.append(
        _(
            "For these models, the mean of the weights before and after the last training was kept: {models}. The curves show the training "
            "before this mean was taken, and without plain gradient steps."
        ).format(models=list_of(map(about_mean, averaged)))
    )
gains = {name: histories.last_tenth_gain_db(header["history"]) for name, header in chosen.items()}
if gains := {name: gain for name, gain in gains.items() if gain is not None}:
    most = max(gains, key=gains.get)
    gained = (
        _("This gained none of these as much as 0.01 dB.") if round(gains[most], 2) <= 0 else
        _("This gained {model} **{gain} dB**, the most of these.") if len(gains) > 1 else
        _("This gained {model} **{gain} dB**.")
    )  # fmt: skip
    points.append(
        sentences(
            [
                _("In the last tenth of the steps the learning rate falls to zero."),
                gained.format(model=controls.code(most), gain=signed(gains[most], 2)),
            ]
        )
    )
if unfinished := [controls.code(name) for name, h in chosen.items() if not h["provenance"]["finished"]]:
    points.append(
        _("Not finished: {models}; the same `python train.py` goes on with them.").format(models=list_of(unfinished))
    )
controls.notice(points)


table = pd.DataFrame(training_settings.of_models(group.models)).rename_axis(_("setting"))
differs = table.nunique(axis=1) > 1
if differs.any():
    st.header(_("Where they differ"), anchor=False)
    st.table(table[differs].rename(columns=controls.literal).map(controls.literal))
if any(h["model_config"].get("refiner_steps") for h in chosen.values()):
    st.caption(
        _(
            "Corrector: a smaller encoder that sees each photo together with its first reconstruction, and adds something to the code. Learned gradient steps: "
            "a network, the refiner, sees the gradient of the error with respect to the code and says what to add, several times. "
            "Plain gradient steps: ordinary descent after that (L-BFGS; under noise, straight down the gradient), which is not used while training. "
            "The number of learned steps is among the settings that were chosen."
        )
    )
if not differs.all():
    st.header(_("The same in all") if len(chosen) > 1 else _("Settings"), anchor=False)
    st.markdown(
        " · ".join(
            _("{setting}: **{value}**").format(setting=key, value=controls.literal(value))
            for key, value in table[~differs].iloc[:, 0].items()
        )
    )
if continued:
    with st.expander(_("All {number} trainings").format(number=number(len(made)))):
        rows = training_settings.of_trainings(made, starts)
        st.table(pd.DataFrame.from_dict(rows, orient="index").rename_axis(_("training")).map(controls.literal))
history = pd.concat(
    [
        pd.DataFrame(t["history"]).assign(model=name, training=number, made=t["name"])
        for name in chosen
        for number, t in enumerate(trainings[name], start=1)
    ]
)
with st.container(horizontal=True):
    for label, content, file in [
        (_("Settings (CSV)"), table, "settings"),
        (_("Curves (CSV)"), history, "curves"),
    ]:
        st.download_button(
            label,
            content.rename(columns=panels.cell).map(panels.cell).to_csv(index=file == "settings").encode("utf-8-sig"),
            file_name=f"training-{safe_file_name(group.title)}-{file}.csv",
            mime="text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
