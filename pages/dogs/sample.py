"""D3: a Gaussian is fitted on the codes of 256 photos, nine codes are drawn from it and decoded."""

import streamlit as st
import torch

from aemodels import figures, latents
from pages.parts import controls, export, loaders, sampling

KINDS = {"full": "Full covariance", "diagonal": "Diagonal", "shrinkage": "Ledoit–Wolf shrinkage"}

controls.header(
    "Sample",
    "The codes of random photos are summed up by a mean and a covariance; nine new codes are drawn from that Gaussian and "
    "decoded. If the latent space were filled the way a Gaussian fills it, these would be nine new dogs.",
)
with controls.row():
    name = controls.choose("Noise variance in training", loaders.TRAIN_VARIANCE, key="model")
    seed = controls.seed_control()
with controls.row():
    covariance = controls.choose("Gaussian", KINDS, key="covariance")
    num_codes = int(
        controls.choose("Photos it is fitted on", {str(n): f"{n:,}" for n in (256, 16, 64, 1024)}, key="fitted_on")
    )
ckpt = loaders.checkpoint(name)
num_codes = min(num_codes, len(ckpt.codes))
seeds = controls.image_seeds(seed, 9)

codes = sampling.fitting_codes(name, num_codes)
z = sampling.sample_codes(name, num_codes, covariance, seeds)
order = torch.randperm(num_codes, generator=torch.Generator().manual_seed(seed))[:9]
x_sampled, x_rebuilt = ckpt.model.decode(z), ckpt.model.decode(codes[order])


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> object:
    both = [figures.mosaic(figures.to_tiles(x), columns=3, gap=4) for x in (x_sampled, x_rebuilt)]
    titles = [f"Nine samples, seed {seed}", "Nine real codes, decoded"]
    return figures.panel([both], column_labels=titles, caption=caption, width_px=width_px, ink=ink)


export.show(
    draw(export.SCREEN_PX, export.ink()), alt="Left nine decoded samples, right nine photos decoded from their codes"
)

_, _, rank = sampling.gaussian(name, num_codes, covariance)
_, to_nearest = latents.nearest(codes, z)
between_real = torch.cdist(codes.flatten(1), codes.flatten(1)).fill_diagonal_(torch.inf).min(1).values
ratio = float(to_nearest.mean() / between_real.mean())
kurtosis = sampling.excess_kurtosis(ckpt.codes)
alone = "close to Gaussian" if abs(kurtosis) < 0.5 else "far from Gaussian"
detail_ratio = sampling.detail(x_sampled) / sampling.detail(x_rebuilt)
size = z[0].numel()
controls.notice(
    [
        f"{num_codes} codes of {size:,} numbers give a covariance of rank **{rank}**: the Gaussian has variance in {rank} of "
        f"{size:,} directions" + (" and none in the rest." if rank < size else "."),
        f"The samples carry **{detail_ratio:.0%}** of the fine detail of the decoded real codes (mean step between neighbouring "
        f"pixels, {sampling.detail(x_sampled):.1f} against {sampling.detail(x_rebuilt):.1f} of 255 grey levels).",
        f"A sample lies {ratio:.2f} times as far from its nearest real code as a real code from its nearest neighbour, so none "
        "of the nine copies a photo." if ratio > 0.5 else
        f"A sample lies only {ratio:.2f} times as far from its nearest real code as real codes from each other.",
        f"Each element of the real codes by itself is {alone} (mean excess kurtosis {kurtosis:+.2f}; 0 for a Gaussian). Mean and "
        "covariance are all that the fit takes over: how more than two values go together, to make an eye or an ear, is in neither.",
    ]
)  # fmt: skip

settings = {
    "model": name,
    "seed": seed,
    "Gaussian": KINDS[covariance],
    "fitted on": f"{num_codes} codes of test photos (drawn with seed {sampling.CODE_DRAW_SEED})",
}
numbers = [
    {
        "sample": i + 1,
        "seed": s,
        "mean_square": float(z[i].square().mean()),
        "distance_to_nearest_code": float(to_nearest[i]),
    }
    for i, s in enumerate(seeds)
]
export.export_row(f"sample-{name}-{covariance}-{num_codes}-{seed}", draw, numbers, settings)

st.subheader("The same seeds in every model", anchor=False)
mosaics = []
for other in loaders.DOG_MODELS:
    z_other = sampling.sample_codes(other, num_codes, covariance, seeds)
    mosaics.append(figures.mosaic(figures.to_tiles(loaders.checkpoint(other).model.decode(z_other)), columns=3, gap=4))
export.show(
    figures.panel([mosaics], column_labels=list(loaders.DOG_MODELS), width_px=export.SCREEN_PX, ink=export.ink()),
    alt="Nine samples from each of the four dog models",
)
