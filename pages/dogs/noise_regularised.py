"""D5: autoencoders whose power-normalised code passed through Gaussian noise while training."""

import pandas as pd
import streamlit as st

from aemodels import figures
from aemodels.noise import seeded_normal, snr_db
from pages.parts import controls, export, loaders, sampling

controls.header(
    "Noise-regularised",
    "Each code is scaled to unit mean square, then zero-mean Gaussian noise is added to it while the network trains: it learns "
    "codes that survive noise, as a transmitter and receiver over a noisy channel must.",
)
with controls.row():
    seed = controls.seed_control()
ckpts = {model: loaders.checkpoint(model) for model in loaders.DOG_MODELS}
evaluations = {model: {e["noise_variance"]: e for e in ckpt.metrics["evaluations"]} for model, ckpt in ckpts.items()}
variances = sorted(evaluations["dog-ae"])
scores = {loaders.DOG_MODELS[model]: evaluations[model] for model in ckpts}
baseline = loaders.baselines()
if baseline:
    scores["Optimal linear code"] = {e["noise_variance"]: e for e in baseline["linear_code"]}

st.subheader("Mean PSNR over the test split, in dB", anchor=False)


def column(variance: float) -> str:
    return f"variance {variance:.2f} ({snr_db(variance):.1f} dB SNR)" if variance else "no noise"


st.table(
    pd.DataFrame(
        {
            column(v): [f"{row[v]['psnr_db']:.2f} ± {row[v]['psnr_db_ci95']:.2f}" for row in scores.values()]
            for v in variances
        },
        index=list(scores),
    )
)
num_images = evaluations["dog-ae"][variances[0]]["num_images"]
st.caption(
    f"Rows: how the model was trained; columns: noise while testing. PSNR = 10·log10(max(x)² / MSE) with max(x) = 1.0 and the MSE "
    f"over all pixels and channels of one image, averaged over the {num_images:,} test photos; ± is the 95 % interval of that mean. "
    "The noise variance σ² is per real element of a unit-power code; the plain model's code is scaled likewise."
    + (
        f" The last row needs no network: {baseline['num_components']:,} principal components of the train photos, power shared out "
        "among them by water-filling, decoded by the best linear estimator."
        if baseline
        else ""
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


export.show(
    draw(export.SCREEN_PX, export.ink()), alt="Nine Gaussian samples and nine decoded real codes of each dog model"
)

own = {m: ckpts[m].model_config.noise_variance for m in loaders.NOISE_MODELS}
gains = {m: evaluations[m][v]["psnr_db"] - evaluations["dog-ae"][v]["psnr_db"] for m, v in own.items()}
prices = {m: evaluations["dog-ae"][0.0]["psnr_db"] - evaluations[m][0.0]["psnr_db"] for m in own}
share = {m: sampling.detail(samples[m]) / sampling.detail(rebuilt[m]) for m in ckpts}
kurtosis = {m: sampling.excess_kurtosis(ckpts[m].codes) for m in ckpts}
power = {m: float(ckpts[m].codes.square().mean()) for m in own}
noise_power = float(seeded_normal(range(1000), ckpts["dog-ae"].codes.shape[1:]).square().mean())
last = list(own)[-1]
against_linear = (
    [
        "Against the optimal linear code at the same noise: "
        + ", ".join(
            f"**{evaluations[m][v]['psnr_db'] - scores['Optimal linear code'][v]['psnr_db']:+.2f} dB** ({v:.2f})"
            for m, v in own.items()
        )
        + "."
    ]
    if baseline
    else []
)
controls.notice(
    [
        *against_linear,
        "Against the plain model, at the noise it was trained for: "
        + ", ".join(f"**{gain:+.2f} dB** ({own[m]:.2f})" for m, gain in gains.items())
        + "; without noise: "
        + ", ".join(f"{-price:+.2f} dB ({own[m]:.2f})" for m, price in prices.items())
        + ".",
        "Mean excess kurtosis of the code's elements, 0 for a Gaussian: "
        + ", ".join(f"{k:+.2f} ({m})" for m, k in kurtosis.items())
        + ".",
        "Fine detail of the samples, as a share of what decoded real codes have: "
        + ", ".join(f"{s:.0%} ({m})" for m, s in share.items())
        + ". A share near 100 % alone makes no dog: look whether the parts belong together.",
        f"Power audit: measured E[z²] is {', '.join(f'{p:.4f}' for p in power.values())} (asked for: 1), and the unit noise drawn for "
        f"1,000 images has variance {noise_power:.4f}, so that variance {own[last]:.2f} is {own[last] * noise_power:.4f} per element, "
        "never half of it.",
    ]
)

numbers = [
    {"trained": label, "noise_variance": v, "snr_db": snr_db(v) if v else None}
    | {key: row[v][key] for key in ("psnr_db", "psnr_db_ci95", "num_images")}
    for label, row in scores.items()
    for v in variances
]
export.export_row(
    f"noise-regularised-{seed}",
    draw,
    numbers,
    {
        "seed": seed,
        "Gaussian": f"full covariance of {len(sampling.fitting_codes('dog-ae', 256))} codes",
        "models": "all four",
    },
)
