"""How each checkpoint was made: loss curves, settings, provenance."""

from math import exp

import numpy as np
import pandas as pd
import streamlit as st

import aemodels
from aemodels import checkpoints, figures
from aemodels.errors import LatentLabError
from pages.parts import controls

GROUPS = {"mnist": "MNIST", "dog": "Dogs"}
ALONG = {"epoch": "Epochs", "minutes": "Minutes", "step": "Steps"}

controls.header(
    "Training",
    "Every checkpoint carries its own loss curve, settings and provenance; this page reads them from the files.",
)
headers = {}
for name in aemodels.list_checkpoints():
    try:
        headers[name] = checkpoints.read_header(name)
    except LatentLabError as error:
        st.error(str(error), icon=":material/error:")
if not headers:
    st.info(
        "There are no checkpoints yet; make them with `python train.py`, or with `python train.py --quick --out checkpoints` for a first look."
    )
    st.stop()

with controls.row():
    group = controls.choose("Data set", GROUPS, key="group")
    along = controls.choose("Curves along", ALONG, key="along")
chosen = {name: header for name, header in headers.items() if name.startswith(group)}
if not chosen:
    st.info(f"There are no checkpoints for {GROUPS[group]} yet; make them with `python train.py`.")
    st.stop()


def curve(name: str, value: str) -> tuple[list[float], list[float]]:
    """(along, value) after each epoch of one training; epochs without the value are left out."""
    epochs = [e | {"minutes": e["seconds"] / 60} for e in chosen[name]["history"] if e.get(value) is not None]
    is_logarithm = value == "reconstruction" and chosen[name]["model_config"]["reconstruction"] == "log_mse"
    return [e[along] for e in epochs], [exp(e[value]) if is_logarithm else e[value] for e in epochs]


LOSSES = {"bce": "BCE / nats a pixel", "mse": "MSE", "log_mse": "geometric mean of MSE"}
losses = {h["model_config"]["reconstruction"] for h in chosen.values()}
loss_unit = " or ".join(unit for loss, unit in LOSSES.items() if loss in losses)
left, right = st.columns(2, gap="medium")
for column, title, value, unit, log_y in [
    (left, "Training loss", "reconstruction", loss_unit, True),
    (right, "PSNR on test images", "psnr_db", "mean PSNR / dB", False),
]:
    with column:
        st.subheader(title, anchor=False)
        chart = figures.lines({n: curve(n, value) for n in chosen}, ALONG[along].lower(), unit, log_y)
        chart.update_layout(height=460)
        if log_y:
            chart.update_yaxes(
                tickvals=[m * 10.0**e for e in range(-4, 1) for m in (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8)]
            )
        st.plotly_chart(chart, key=value, alt=f"{title} of {', '.join(chosen)}, along {ALONG[along].lower()}")
st.caption(
    "Each under the noise it is trained with, so a model trained with more noise has a higher loss by right. Left: mean over each epoch, "
    "of the weights being trained. Right: a fixed sample of test images after each epoch, with the averaged weights that are kept. "
    "Nothing was chosen by these curves."
)


def last_tenth_gain_db(name: str) -> float:
    """What the last tenth of the training brought on the sample of test images."""
    epochs = [e for e in chosen[name]["history"] if e.get("psnr_db") is not None]
    steps, psnr = [e["step"] for e in epochs], [e["psnr_db"] for e in epochs]
    return psnr[-1] - float(np.interp(0.9 * steps[-1], steps, psnr))


minutes = sum(h["provenance"]["wall_s"] for h in chosen.values()) / 60
devices = sorted({h["provenance"]["device"] for h in chosen.values()})
points = [f"These {len(chosen)} models took {minutes:,.0f} minutes together, on {' and '.join(devices)}."]
if continued := [f"`{name}`" for name, h in chosen.items() if h["train_config"].get("start_from") == name]:
    points.append(
        f"{', '.join(continued)} went on from earlier checkpoints of the same name, whose curves and minutes are not shown here."
    )
if averaged := [f"`{name}`" for name, h in chosen.items() if h["provenance"].get("averaged_with")]:
    points.append(
        f"The weights of {', '.join(averaged)} are the mean of those at the training's end and those it started from, which was "
        "better than either; the curves are of the training alone."
    )
gains = {
    n: last_tenth_gain_db(n) for n in chosen if sum(e.get("psnr_db") is not None for e in chosen[n]["history"]) > 1
}
if gains:
    most = max(gains, key=gains.get)
    gain = f"{gains[most]:+.2f} dB".replace("-", "−")
    points.append(
        f"The last tenth of its steps brought `{most}` **{gain}**, the most of these; where that is much, a longer training "
        "would pay. The learning rate falls to zero over it, and that alone brings a part."
    )
if unfinished := [f"`{name}`" for name, h in chosen.items() if not h["provenance"]["finished"]]:
    points.append(f"Not finished: {', '.join(unfinished)}; the same `python train.py` goes on with them.")
controls.notice(points)


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
        "gradient steps on the code": str(model.get("refiner_steps", 0)),
        "loss": {"bce": "BCE", "mse": "MSE", "log_mse": "logarithm of MSE"}[model["reconstruction"]],
        "noise on the input, σ": f"{model['noise_factor']:g}",
        "noise on the code, variance": f"{model['noise_variance']:g}",
        "L2 on the code": f"{model['code_l2']:g}",
        "weight decay": f"{train['weight_decay']:g}",
        "learning rate, peak": f"{train['learning_rate']:g}",
        "batch": str(train["batch_size"]),
        "mirrored at random": "yes" if train["flips"] else "no",
        "shifted at random, px": f"{train.get('shift_px', 0):g}",
        "bent at random, px": f"{train.get('warp_px', 0):g}",
        "starts from": train["start_from"] or "random weights",
        "trained": "the refiner alone" if train.get("refiner_only") else "all weights",
        "epochs done": f"{header['history'][-1]['epoch']:.1f}" if header["history"] else "0",
        "steps": f"{made['steps']:,}",
        "training time": f"{made['wall_s'] / 60:.1f} min",
        "images/s": f"{made['images_per_s']:,.0f}",
        "device": made["device"],
        "train images": f"{made['num_train_images']:,}",
        "data fingerprint": made["data_fingerprint"][:12],
        "seed": str(made["seed"]),
        "finished": "yes" if made["finished"] else "no",
    }


table = pd.DataFrame({name: settings(name) for name in chosen})
differs = table.nunique(axis=1) > 1
if differs.any():
    st.subheader("Where they differ", anchor=False)
    st.table(table[differs])
if not differs.all():
    st.subheader("The same in all" if len(chosen) > 1 else "Settings", anchor=False)
    st.markdown(" · ".join(f"{key}: **{value}**" for key, value in table[~differs].iloc[:, 0].items()))
history = pd.concat([pd.DataFrame(h["history"]).assign(model=name) for name, h in chosen.items()])
with st.container(horizontal=True):
    for label, content, file in [("Settings (CSV)", table, "settings"), ("Curves (CSV)", history, "curves")]:
        st.download_button(
            label,
            content.to_csv(index=file == "settings").encode(),
            file_name=f"training-{group}-{file}.csv",
            mime="text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
