"""Autoencoders whose power-normalised code passed through Gaussian noise while training."""

from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from aemodels.codes import latents
from aemodels.data import words
from aemodels.noise import snr_db
from aemodels.report import figures, panels, psnr_matrix
from aemodels.storage import catalogue
from pages.parts.photos import channel, generation, sampling
from pages.parts.shared import ahead, controls, export, loaders, models


@st.cache_resource(max_entries=8, show_spinner=False)
def chart(models: dict[str, psnr_matrix.Curve], references: dict[str, psnr_matrix.Curve], ink: figures.Ink):
    return psnr_matrix.chart(models, references, "PSNR / dB", ink)


controls.header(
    "Noise-regularised",
    "While these networks train, each code is scaled to a mean square of 1, and Gaussian noise of mean zero is added to it. So they learn "
    "codes that survive noise, like a transmitter and a receiver with a noisy channel between them.",
)
with controls.row():
    group = models.choose_group(catalogue.MAPS, key="data")
    convention = controls.choose("PSNR of a set of photos", psnr_matrix.CONVENTIONS, key="psnr")
    seed = controls.seed_control()
ckpts = models.present(group.names)
baselines = loaders.baselines(group.data)
present = [model for model in group.models if model.name in ckpts]
own = {model.name: model.noise_variance for model in present if model.noise_variance}
without_noise = [model for model in present if not model.noise_variance]
# The one that the others are held against: plain, where there is one.
plain = next((m.name for m in sorted(without_noise, key=lambda m: m.config.variant != "plain")), None)
measured = {name: ckpt.metrics["evaluations"] for name, ckpt in ckpts.items()}
curves = {name: psnr_matrix.curve(rows, convention) for name, rows in measured.items()}
references = psnr_matrix.baseline_curves(baselines, convention)
st.plotly_chart(
    chart(curves, references, export.ink()),
    key="matrix",
    alt="PSNR against noise variance while testing: one curve for each model, dashed lines for the baselines",
    config={"toImageButtonOptions": {"filename": "noise-regularised-psnr", "scale": 3}},
)
num_images = next(iter(ckpts.values())).metrics["num_images"]
picture = words.of(group.data.config)
st.caption(
    channel.ABOUT_PSNR[convention].format(number=f"{num_images:,}", one=picture.one, many=picture.many)
    + f"; bars: 95 % intervals over {picture.many}. Noise variance is per real element of a "
    "code of mean square 1; the axis is spaced by its root, σ."
    + channel.about_baselines(baselines, prod(present[0].config.latent_shape))
)

st.header("At the lab's three variances", anchor=False)
st.table(
    pd.DataFrame(
        {
            f"variance {v:.2f} ({snr_db(v):.1f} dB)": [
                channel.cell(scores.get(v), references, v) for scores in curves.values()
            ]
            + [str(scores[v]) for scores in references.values()]
            for v in psnr_matrix.LAB_VARIANCES
        },
        index=[*curves, *references],
    ).rename_axis("model or baseline")
)
relative = (
    f" Codes of {controls.literal(', '.join(m.name for m in without_noise))} have no fixed mean square: their noise is scaled to each code's own, so that the signal-to-noise ratio (SNR) is the same."
    if plain
    else ""
)
st.caption(f"A model that was trained with noise sends codes of mean square 1.{relative}")
everything = channel.numbers(measured, {label: baselines.get(key, []) for label, key in psnr_matrix.BASELINES.items()})
st.download_button(
    "All figures, at every variance (CSV)",
    partial(panels.to_csv, everything),
    file_name="noise-regularised-all.csv",
    mime="text/csv",
    icon=":material/table:",
    on_click="ignore",
)


@dataclass(frozen=True)
class Scene:
    """The panel's rows of tiles, samples and real codes, a tile a model; its PNG file; the samples' fine detail by model, as a
    share of the real codes'."""

    rows: dict[str, list[np.ndarray]]
    panel: bytes
    detail: dict[str, float]


def compute(seed: int) -> Scene:
    seeds = controls.image_seeds(seed, 9)
    samples = {m: ckpts[m].model.decode(sampling.sample_codes(m, 256, "full", seeds)) for m in sampled}
    rows = {
        "Gaussian samples": list(map(sampling.nine, samples.values())),
        "Real codes, decoded": [sampling.nine(sampling.rebuilt_nine(m)) for m in sampled],
    }
    shares = {m: sampling.detail_share(m, x) for m, x in samples.items()}
    return Scene(rows, export.on_screen(draw, rows), shares)


def draw(rows: dict[str, list[np.ndarray]], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    return export.models_panel(rows, sampled, width_px, ink, caption)


st.header("Does sampling generate now?", anchor=False)
sampled, scene, shown = models.varying(ckpts), None, "Nine Gaussian samples and nine decoded real codes of each model"
if sampled:
    versions = tuple(map(loaders.version, sampled))
    scene = ahead.scene(compute, seed, "noise-regularised", versions, export.is_dark())
    export.show(scene.panel, alt=shown)

of_samples = (
    []
    if scene is None
    else [
        "Fine detail of the samples, as a share of what decoded real codes have: "
        + ", ".join(f"{share:.0%} ({m})" for m, share in scene.detail.items())
        + f". A share near 100% alone makes no {picture.what}: look whether the parts belong together."
    ]
)
kurtosis = {m: latents.excess_kurtosis(ckpt.codes) for m, ckpt in ckpts.items()}
controls.notice(
    [
        *models.notes(*ckpts),
        *generation.verdict(group.data, *own, beside=plain),
        *channel.findings(curves, references, own, plain),
        *of_samples,
        "How Gaussian each element of the code is (mean excess kurtosis: 0 for a Gaussian, larger if more values "
        "lie far from the mean): " + ", ".join(f"{controls.signed(k, 2)} ({m})" for m, k in kurtosis.items()) + ".",
    ]
)

st.header("Power audit", anchor=False)
audits = {label: channel.audit(rows) for label, rows in measured.items()}
st.table(pd.DataFrame.from_dict(audits, orient="index").rename_axis("model"))
st.caption(
    "A check by measurement. E[z²] is the mean square of the codes that are sent. The other columns give the measured variance of the noise, divided by "
    "E[z²]: it should be the variance asked for. Half of it would mean that noise of a complex channel was used by mistake."
)

if scene:
    settings = {
        "seed": seed,
        "PSNR": psnr_matrix.CONVENTIONS[convention],
        "Gaussian": f"full covariance of {len(sampling.fitting_codes(sampled[0], 256))} codes",
        "models": f"all {len(sampled)} of {group.title}"
        if sampled == group.names and len(sampled) > 1
        else ", ".join(sampled),
    }
    numbers = psnr_matrix.table(curves | references)
    export.export_row(f"noise-regularised-{seed}", partial(draw, scene.rows), numbers, settings, alt=shown)
