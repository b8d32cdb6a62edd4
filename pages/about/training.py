"""How each checkpoint was made: loss curves, settings, provenance."""

import pandas as pd
import streamlit as st

import aemodels
from aemodels import checkpoints, figures
from aemodels.errors import LatentLabError
from pages.parts import controls

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

groups = {"mnist": "MNIST", "dog": "Dogs"}
group = controls.choose("Data set", groups, key="group")
chosen = {name: header for name, header in headers.items() if name.startswith(group)}
left, right = st.columns(2)
with left:
    st.subheader("Training loss", anchor=False)
    series = {
        n: ([e["epoch"] for e in h["history"]], [e["reconstruction"] for e in h["history"]]) for n, h in chosen.items()
    }
    unit = "BCE / nats a pixel" if group == "mnist" else "MSE"
    st.plotly_chart(figures.lines(series, "epoch", unit, log_y=True), key="loss", alt="Reconstruction loss by epoch")
with right:
    st.subheader("PSNR on test images", anchor=False)
    series = {
        n: ([e["epoch"] for e in h["history"]], [e.get("psnr_db") for e in h["history"]]) for n, h in chosen.items()
    }
    st.plotly_chart(figures.lines(series, "epoch", "mean PSNR / dB"), key="psnr", alt="PSNR on test images by epoch")
st.caption(
    "Left: mean over each epoch, under the model's own training noise, of the weights being trained. Right: a fixed sample of test images after each "
    "epoch, with the averaged weights that are kept. Nothing was chosen by these curves."
)


def settings(name: str) -> dict[str, str]:
    header = chosen[name]
    model, train, made = header["model_config"], header["train_config"], header["provenance"]
    return {
        "variant": f"{model['variant']}, {model['network']}",
        "code": "×".join(map(str, model["latent_shape"])),
        "loss": model["reconstruction"].upper(),
        "noise on the input, σ": f"{model['noise_factor']:g}",
        "noise on the code, variance": f"{model['noise_variance']:g}",
        "L2 on the code": f"{model['code_l2']:g}",
        "weight decay": f"{train['weight_decay']:g}",
        "learning rate, peak": f"{train['learning_rate']:g}",
        "batch": str(train["batch_size"]),
        "starts from": train["start_from"] or "random weights",
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


st.subheader("Settings and provenance", anchor=False)
table = pd.DataFrame({name: settings(name) for name in chosen})
st.table(table)
st.download_button(
    "Settings (CSV)",
    table.to_csv().encode(),
    file_name=f"training-{group}.csv",
    mime="text/csv",
    icon=":material/table:",
    on_click="ignore",
)
