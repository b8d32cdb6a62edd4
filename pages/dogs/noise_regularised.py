"""D5: autoencoders whose power-normalised code passed through Gaussian noise while training."""

import pandas as pd
import streamlit as st

from aemodels import figures, psnr_matrix
from aemodels.noise import snr_db
from pages.parts import channel, controls, export, loaders, sampling

controls.header(
    "Noise-regularised",
    "Each code is scaled to unit mean square, then zero-mean Gaussian noise is added to it while the network trains: it learns "
    "codes that survive noise, as a transmitter and receiver over a noisy channel must.",
)
with controls.row():
    convention = controls.choose("PSNR of a set of photos", psnr_matrix.CONVENTIONS, key="psnr")
    seed = controls.seed_control()
ckpts = {name: loaders.checkpoint(name) for name in loaders.DOG_MODELS}
baselines = loaders.baselines() or {}
measured = {label: ckpts[name].metrics["evaluations"] for name, label in loaders.DOG_MODELS.items()}
models = {label: psnr_matrix.curve(rows, convention) for label, rows in measured.items()}
references = {
    label: scores
    for label, key in channel.BASELINES.items()
    if (scores := psnr_matrix.curve(baselines.get(key, []), convention))
}
st.plotly_chart(
    psnr_matrix.chart(models, references, "PSNR / dB", export.ink()),
    key="matrix",
    alt="PSNR against noise variance while testing: one curve for each model, dashed lines for the baselines",
    config={"toImageButtonOptions": {"filename": "noise-regularised-psnr", "scale": 3}},
)
num_images = ckpts["dog-ae"].metrics["num_images"]
st.caption(
    f"PSNR = 10·log10(max(x)² / MSE), max(x) = 1.0, MSE over all pixels and channels, {num_images:,} test photos; bars: 95 % intervals over photos. "
    "Noise variance is per real element of a unit-power code; noise on the plain model's code is scaled to that code's power."
    + channel.about_baselines(baselines)
)

st.subheader("At the lab's three variances", anchor=False)
st.table(
    pd.DataFrame(
        {
            f"variance {v:.2f} ({snr_db(v):.1f} dB)": [
                channel.cell(scores.get(v), references, v) for scores in models.values()
            ]
            + [str(scores[v]) for scores in references.values()]
            for v in channel.LAB_VARIANCES
        },
        index=[*models, *references],
    )
)

seeds = controls.image_seeds(seed, 9)
samples = {m: ckpt.model.decode(sampling.sample_codes(m, 256, "full", seeds)) for m, ckpt in ckpts.items()}
rebuilt = {m: ckpt.model.decode(sampling.fitting_codes(m, 256)[:9]) for m, ckpt in ckpts.items()}
st.subheader("Does sampling generate now?", anchor=False)


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> object:
    grids = [
        [figures.mosaic(figures.to_tiles(x), columns=3, gap=4) for x in pictures.values()]
        for pictures in (samples, rebuilt)
    ]
    return figures.panel(
        grids, ["Gaussian samples", "Real codes, decoded"], [], list(ckpts), caption=caption, width_px=width_px, ink=ink
    )


shown = "Nine Gaussian samples and nine decoded real codes of each dog model"
export.show(draw(export.SCREEN_PX, export.ink()), alt=shown)

share = {label: sampling.detail(samples[m]) / sampling.detail(rebuilt[m]) for m, label in loaders.DOG_MODELS.items()}
kurtosis = {label: sampling.excess_kurtosis(ckpts[m].codes) for m, label in loaders.DOG_MODELS.items()}
own = {loaders.DOG_MODELS[m]: ckpts[m].model_config.noise_variance for m in loaders.NOISE_MODELS}
controls.notice(
    [
        *channel.findings(models, references, own),
        "Fine detail of the samples, as a share of what decoded real codes have: "
        + ", ".join(f"{s:.0%} ({label})" for label, s in share.items())
        + ". A share near 100 % alone makes no dog: look whether the parts belong together.",
        "Mean excess kurtosis of the code's elements, 0 for a Gaussian: "
        + ", ".join(f"{k:+.2f} ({label})" for label, k in kurtosis.items())
        + ".",
    ]
)

st.subheader("Power audit", anchor=False)
st.table(
    pd.DataFrame.from_dict(
        {label: channel.audit(measured[label], ckpts[m].codes) for m, label in loaders.DOG_MODELS.items()},
        orient="index",
    )
)
st.caption(
    "Measured, not assumed: the mean square of the codes that are sent, and the variance of the noise that reaches the decoder, per unit of "
    "that mean square, beside the variance asked for. Half of it would mean that the noise of a complex channel was taken by mistake."
)

export.export_row(
    f"noise-regularised-{seed}",
    draw,
    channel.numbers(measured, {label: baselines.get(key, []) for label, key in channel.BASELINES.items()}),
    {
        "seed": seed,
        "Gaussian": f"full covariance of {len(sampling.fitting_codes('dog-ae', 256))} codes",
        "models": "all four",
    },
    alt=shown,
)
