"""How each checkpoint was made: loss curves, settings, provenance."""

import pandas as pd
import streamlit as st

from aemodels.models.config import ModelConfig
from aemodels.report import documents, figures, panels
from aemodels.storage import checkpoints, histories
from aemodels.text import visible
from pages.parts.shared import controls, loaders, models

OF_VARIANTS = {
    "noise_factor": "noise on the input, σ",
    "noise_variance": "noise on the code, variance",
    "code_l2": "L2 on the code",
    "beta": "weight of the KL divergence, β",
}
TERMS = {"kl": "KL divergence", "code_l2": "L2 on the code"}
ALONG = {"epoch": "Epochs", "minutes": "Minutes", "step": "Steps"}

controls.header(
    "Training",
    "How each model was trained: its loss curve, its settings, and the computer that did it. All of this is kept in the model's file.",
)
found = loaders.read_catalogue()
models.say_broken(found.broken)
if not found.groups:
    st.info(
        "There are no checkpoints yet; make them with `python train.py`, or with `python train.py --quick --out checkpoints` for a first look."
    )
    st.stop()

with controls.row():
    groups = {group.title: group for group in found.groups}
    group = groups[controls.choose_named("Data set", {title: title for title in groups}, "group")]
    along = controls.choose("Curves along", ALONG, key="along")
chosen = {model.name: model.header for model in group.models}
trainings = {name: checkpoints.trainings(name, header) for name, header in chosen.items()}
counts = {model.name: model.data.num_images for model in group.models}
alike: dict[tuple, list[str]] = {}  # models by how their images were split
for model in group.models:
    alike.setdefault((*map(counts[model.name].get, ("train", "validation", "test")), model.data.split), []).append(
        model.name
    )
splits = [
    (f"{', '.join(map(controls.code, names))}: " if len(alike) > 1 else "")
    + f"{train:,} images to train on, {validation:,} to validate on, {test:,} to test on. Split: {controls.literal(rule)}."
    for (train, validation, test, rule), names in alike.items()
]
st.markdown(f"**{controls.literal(group.title)}**. " + "  \n".join(splits))


validated = [name for name, count in counts.items() if count["validation"]]
judged_on = "validation" if len(validated) == len(chosen) else "validation or test" if validated else "test"
LOSSES = {"bce": "BCE / nats a pixel", "mse": "MSE", "log_mse": "geometric mean of MSE"}
losses = {t["model_config"]["reconstruction"] for name in chosen for t in trainings[name] if t["name"] == name}
loss_unit = " or ".join(unit for loss, unit in LOSSES.items() if loss in losses)
left, right = st.columns(2, gap="medium")
for column, title, value, unit, log_y in [
    (left, "Training loss", "reconstruction", loss_unit, True),
    (right, f"PSNR on {judged_on} images", "psnr_db", "mean PSNR / dB", False),
]:
    with column:
        st.header(title, anchor=False)
        chart = figures.lines(
            {n: histories.curve(trainings[n], n, along, value) for n in chosen}, ALONG[along].lower(), unit, log_y
        )
        chart.update_layout(height=460)
        if log_y:
            chart.update_yaxes(
                tickvals=[m * 10.0**e for e in range(-4, 1) for m in (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8)]
            )
        st.plotly_chart(chart, key=value, alt=f"{title} of {visible(', '.join(chosen))}, along {ALONG[along].lower()}")
old = [controls.code(name) for name in chosen if name not in validated]
how_chosen = (
    "" if not old else
    ("These models are" if not validated else f"{', '.join(old)}: ") + " older than the validation part: their settings were chosen by "
    "figures on test images (docs/experiments.md), so a little of the best is luck."
)  # fmt: skip
st.caption(
    "Each model is measured under the noise that it is trained with, so more noise in training means a higher loss. Left: the mean over each epoch, "
    f"for the weights as they are being trained. Right: a fixed sample of {judged_on} images after each saved epoch, for the averaged weights, which "
    f"are the ones kept. {how_chosen}"
)
if "log_mse" in losses:
    st.caption(
        "The loss “log MSE” is the logarithm of each image’s MSE, averaged over the images. Training that makes it smaller makes the mean PSNR larger. "
        "Drawn here is its exponential: the geometric mean of the images’ MSEs."
    )
further = {
    (name, term): histories.curve(trainings[name], name, along, term)
    for name, header in chosen.items()
    for term in histories.further_terms(header["history"])
}
if further:
    st.header("Further terms of the loss", anchor=False)
    curves = {f"{name}, {TERMS.get(term, term)}": curve for (name, term), curve in further.items()}
    chart = figures.lines(curves, ALONG[along].lower(), "mean over each epoch", log_y=True)
    alt = f"Loss beside the reconstruction: {visible(', '.join(curves))}, along {ALONG[along].lower()}"
    st.plotly_chart(chart, key="further", alt=alt)
    st.caption("What is paid beside the reconstruction, its weight included, in the unit of the training loss above.")


def other_plain_steps(start: histories.Training, end: histories.Training) -> str:
    before, after = (t["model_config"].get("descent_steps", 0) for t in (start, end))
    return f" with {before} plain gradient steps in place of {after}" if before != after else ""


made, starts = histories.each_once(trainings)
wall_s = sum(t["provenance"]["wall_s"] for t in made)
took = f"{wall_s / 60:,.0f} minutes" if wall_s >= 90 else f"{wall_s:.0f} seconds"
processors = histories.processors(made)
points = [
    *models.faults_of(*chosen),
    (f"These {len(chosen)} models took {took} together" if len(chosen) > 1 else f"Training took {took}")
    + f", on {controls.literal(' and '.join(processors))}.",
]
if continued := [f"{controls.code(name)} {len(trainings[name])}" for name in chosen if len(trainings[name]) > 1]:
    points.append(
        f"These models went through several trainings: {', '.join(continued)}. Each began with the weights at the end of another. The axis counts "
        "all of them. A curve shows only the trainings of a model of that name. The settings below are those of the last training."
    )
if averaged := [
    name for name, h in chosen.items() if h["provenance"].get("averaged_with") and len(trainings[name]) > 1
]:
    pairs = {name: trainings[name][-2:] for name in averaged}
    points.append(
        "For these models, the mean of the weights before and after the last training was kept: "
        + ", ".join(
            f"{controls.code(name)} **{mean['psnr_db']:.2f} dB** on the test images, {start['psnr_db']:.2f} at its start"
            + other_plain_steps(start, mean)
            for name, (start, mean) in pairs.items()
        )
        + ". The curves show the training before this mean was taken, and without plain gradient steps."
    )
gains = {name: histories.last_tenth_gain_db(header["history"]) for name, header in chosen.items()}
if gains := {name: gain for name, gain in gains.items() if gain is not None}:
    most = max(gains, key=gains.get)
    points.append(
        "In the last tenth of the steps the learning rate falls to zero. This gained "
        + (
            f"{controls.code(most)} **{controls.signed(gains[most], 2)} dB**{', the most of these' if len(gains) > 1 else ''}."
            if round(gains[most], 2) > 0
            else "none of these as much as 0.01 dB."
        )
    )
if unfinished := [controls.code(name) for name, h in chosen.items() if not h["provenance"]["finished"]]:
    points.append(f"Not finished: {', '.join(unfinished)}; the same `python train.py` goes on with them.")
controls.notice(points)


own_settings = dict.fromkeys(key for h in chosen.values() for key in ModelConfig.from_dict(h["model_config"]).settings)


def settings(name: str) -> dict[str, str]:
    header = chosen[name]
    model, train, made = header["model_config"], header["train_config"], header["provenance"]
    return {
        "PSNR on test images, dB": f"{header['metrics']['psnr_db']:.2f}",
        "variant": f"{model['variant']}, {model['network']}",
        "code": "×".join(map(str, model["latent_shape"])),
        "widths": ", ".join(map(str, model["widths"])),
        "blocks, encoder / decoder / corrector": " / ".join(
            ", ".join(map(str, model.get(part, ()))) or "–"
            for part in ("encoder_depths", "decoder_depths", "corrector_depths")
        ),
        "gradient steps on the code, learned / plain": f"{model.get('refiner_steps', 0)} / {model.get('descent_steps', 0)}",
        "loss": {"bce": "BCE", "mse": "MSE", "log_mse": "log MSE"}[model["reconstruction"]],
        **{OF_VARIANTS.get(key, key): f"{model[key]:g}" if model.get(key) else "none" for key in own_settings},
        "weight decay": f"{train['weight_decay']:g}",
        "learning rate, peak": f"{train['learning_rate']:g}",
        "batch": str(train["batch_size"]),
        "mirrored at random": "yes" if train["flips"] else "no",
        "shifted at random, px": f"{train.get('shift_px', 0):g}",
        "bent at random, px": f"{train.get('warp_px', 0):g}",
        "starts from": train["start_from"] or "random weights",
        "share of training before the learned gradient steps": f"{train.get('refine_from', 0):.0%}",
        "epochs done": f"{header['history'][-1]['epoch']:.1f}" if header["history"] else "0",
        "steps": f"{made['steps']:,}",
        "training time": f"{made['wall_s'] / 60:.1f} min",
        "images/s": f"{made['images_per_s']:,.0f}",
        "device": made["device"],
        "matrices multiplied in": made.get("precision", "bfloat16"),  # all were, before it was chosen
        "train images": f"{made['num_train_images']:,}",
        "validation images": f"{counts[name]['validation']:,}",
        "test images": f"{counts[name]['test']:,}",
        "data fingerprint": made["data_fingerprint"][:12],
        "seed": str(made["seed"]),
        "finished": "yes" if made["finished"] else "no",
    }


table = pd.DataFrame({name: settings(name) for name in chosen}).rename_axis("setting")
differs = table.nunique(axis=1) > 1
if differs.any():
    st.header("Where they differ", anchor=False)
    st.table(table[differs].rename(columns=controls.literal).map(controls.literal))
if any(h["model_config"].get("refiner_steps") for h in chosen.values()):
    st.caption(
        "Corrector: a smaller encoder that sees each photo together with its first reconstruction, and adds something to the code. Learned gradient steps: "
        "a network, the refiner, sees the gradient of the error with respect to the code and says what to add, several times. "
        "Plain gradient steps: ordinary descent after that (L-BFGS; under noise, straight down the gradient), which is not used while training. "
        "The number of learned steps is among the settings that were chosen."
    )
if not differs.all():
    st.header("The same in all" if len(chosen) > 1 else "Settings", anchor=False)
    st.markdown(
        " · ".join(f"{key}: **{controls.literal(value)}**" for key, value in table[~differs].iloc[:, 0].items())
    )
if continued:
    with st.expander(f"All {len(made)} trainings"):
        rows = {
            number: {
                "model": t["name"],
                "starts from": "random weights" if start is None else f"the end of {start + 1}",
                "minutes": f"{t['provenance']['wall_s'] / 60:.0f}",
                "epochs": f"{t['history'][-1]['epoch']:.1f}" if t["history"] else "0",
                "learning rate, peak": f"{t['train_config']['learning_rate']:g}",
                "batch": str(t["train_config"]["batch_size"]),
                "corrector": "yes" if t["model_config"].get("corrector_depths") else "no",
                "learned gradient steps": str(t["model_config"].get("refiner_steps", 0)),
                "PSNR / dB": f"{t['psnr_db']:.2f}",
            }
            for number, (t, start) in enumerate(zip(made, starts, strict=True), start=1)
        }
        st.table(pd.DataFrame.from_dict(rows, orient="index").rename_axis("training").map(controls.literal))
history = pd.concat(
    [
        pd.DataFrame(t["history"]).assign(model=name, training=number, made=t["name"])
        for name in chosen
        for number, t in enumerate(trainings[name], start=1)
    ]
)
with st.container(horizontal=True):
    for label, content, file in [("Settings (CSV)", table, "settings"), ("Curves (CSV)", history, "curves")]:
        st.download_button(
            label,
            content.rename(columns=panels.cell).map(panels.cell).to_csv(index=file == "settings").encode("utf-8-sig"),
            file_name=f"training-{documents.safe_file_name(group.title)}-{file}.csv",
            mime="text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
