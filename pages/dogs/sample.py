"""A Gaussian is fitted on the codes of 256 photos, nine codes are drawn from it and decoded."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from aemodels.codes import latents
from aemodels.data import words
from aemodels.quality import detail
from aemodels.report import figures, standard
from aemodels.storage import catalogue
from pages.parts.photos import generation, sampling
from pages.parts.shared import ahead, controls, export, loaders, models

NUM_CODES = (16, 32, 64, 128, 256, 512, 1024)


@dataclass(frozen=True)
class Scene:
    """Nine codes z, the index of the nearest real code of each and how far it is; what the panel shows, and its PNG file; the
    samples' fine detail in grey levels, and as a share of the real codes'."""

    z: Tensor
    nearest: Tensor
    to_nearest: Tensor
    tiles: list[np.ndarray]
    panel: bytes
    detail: float
    detail_share: float


def compute(seed: int) -> Scene:
    seeds = controls.image_seeds(seed, 9)
    z = sampling.sample_codes(name, num_codes, sampler, seeds)
    nearest, to_nearest = latents.nearest(codes, z)
    x_sampled, x_nearest = ckpt.model.decode(z), ckpt.model.decode(codes[nearest])
    tiles = [sampling.nine(x) for x in (x_sampled, x_nearest, sampling.rebuilt_nine(name))]
    return Scene(
        z,
        nearest,
        to_nearest,
        tiles,
        export.on_screen(draw, tiles, seed),
        detail.mean_step(x_sampled),
        sampling.detail_share(name, x_sampled),
    )


def draw(tiles: list[np.ndarray], seed: int, width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    titles = [f"Nine samples, seed {seed}", "Nearest real code of each", "Nine real codes"]
    return figures.panel([tiles], column_labels=titles, caption=caption, width_px=width_px, ink=ink)


def compute_models(seed: int) -> bytes:
    """Nine samples of each model of the data set, one panel's PNG file."""
    seeds = controls.image_seeds(seed, 9)
    tiles = [
        sampling.nine(loaders.checkpoint(other).model.decode(sampling.sample_codes(other, num_codes, sampler, seeds)))
        for other in others
    ]
    return export.on_screen(partial(figures.panel, [tiles], column_labels=others))


SENTENCE = (
    "A Gaussian is fitted to the codes of random {} (their mean and covariance). Nine new codes are drawn from it and decoded. If codes "
    "were really distributed like a Gaussian, these would be nine new {}."
)
sentence = controls.header("Sample", SENTENCE.format("photos", "photos"))
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
with controls.row():
    sampler = controls.choose("Gaussian", sampling.SAMPLERS, key="sampler")
    num_codes = st.select_slider(
        "Codes it is fitted on",
        NUM_CODES,
        value=256,
        key="fitted_on",
        width=340,
        bind="query-params",
        persist_state="session",
    )
ckpt = loaders.checkpoint(name)
picture = words.of(ckpt.data.config)
sentence.markdown(SENTENCE.format(picture.many, f"{picture.what}s"))
if not models.varying([name]):
    st.stop()
num_codes = min(num_codes, len(ckpt.codes))
codes = sampling.fitting_codes(name, num_codes)
scene = ahead.scene(compute, seed, "sample", loaders.version(name), num_codes, sampler, export.is_dark())

ALT = "Left nine decoded samples, in the middle the nearest real code of each, right nine real codes, all decoded"
export.show(scene.panel, alt=ALT)

stats = sampling.fitted(name, num_codes, sampler)
size, rank = scene.z[0].numel(), len(sampling.spectrum(name, num_codes, sampler))
relative = scene.to_nearest / sampling.mean_spacing(name, num_codes)
kurtosis = latents.excess_kurtosis(ckpt.codes)
fitted_on = f"It is fitted on {num_codes:,} codes of {size:,} numbers. Its covariance has rank **{rank:,}**: samples vary in {rank:,} of {size:,} directions"
fitted_on += " and not at all in the others." if rank < size else "."
how = {
    "full": "",
    "diagonal": " Each element is drawn by itself, so the connection between neighbouring cells is lost.",
    "shrinkage": f" Ledoit and Wolf's formula mixes {stats.shrinkage:.1%} of a multiple of the identity into the covariance, so that samples vary in all "
    "directions, also in those that no code used.",
    "mixture": f" On the {latents.mixture_size(num_codes, size)[1]} strongest axes it is a mixture of {len(stats.weights)} Gaussians. On the "
    "other axes it is the Ledoit–Wolf Gaussian, because a mixture there would need more codes.",
}
if sampler == "standard":
    gaussian = f"N(0, I) does not look at the codes at all. Their mean square is {float(codes.square().mean()):.2f}; that of its samples is 1."
else:
    gaussian = fitted_on + how[sampler]
controls.notice(
    [
        *models.notes(name),
        *generation.verdict(group.data, name),
        gaussian,
        f"The samples carry **{scene.detail_share:.0%}** of the fine detail of the nine real codes shown (mean step between neighbouring "
        f"pixels, {scene.detail:.1f} against {scene.detail / scene.detail_share:.1f} of 255 grey levels).",
        f"On average a sample lies {relative.mean():.2f} times as far from its nearest real code as a real code lies from its nearest neighbour. For the "
        f"closest of the nine, number {int(relative.argmin()) + 1}, it is {relative.min():.2f} times"
        + (f", so none is a copy of one of these {num_codes:,} codes." if relative.min() > 0.5 else "."),
        f"How Gaussian is one element of the real codes? Its excess kurtosis is {controls.signed(kurtosis, 2)} on average: it is 0 for a Gaussian, and larger "
        "if more values lie far from the mean. And a mean and a covariance never say how three or more elements go together.",
    ]
)  # fmt: skip

settings = {
    "model": name,
    "seed": seed,
    "Gaussian": sampling.SAMPLERS[sampler],
    "fitted on": f"{num_codes} codes of test {picture.many} (drawn with seed {standard.FIT_SEED})",
}
numbers = [
    {"sample": i + 1, "seed": s, "mean_square": float(z.square().mean()), "nearest_code": int(index)}
    | {"distance_to_nearest_code": float(distance)}
    for i, (s, z, index, distance) in enumerate(
        zip(controls.image_seeds(seed, 9), scene.z, scene.nearest, scene.to_nearest, strict=True)
    )
]
export.export_row(
    f"sample-{name}-{sampler}-{num_codes}-{seed}", partial(draw, scene.tiles, seed), numbers, settings, alt=ALT
)

others = models.varying(models.present(group.names))
if len(others) > 1:
    st.header("The same seeds in every model", anchor=False)
    versions = tuple(map(loaders.version, others))
    of_all = ahead.scene(compute_models, seed, "samples of all models", versions, num_codes, sampler, export.is_dark())
    export.show(of_all, alt=f"Nine samples from each of {', '.join(others)}")

st.header("Spectrum: variance along each principal axis", anchor=False)
shown = list(dict.fromkeys(["full", "diagonal", "shrinkage", sampler]))
st.plotly_chart(
    sampling.spectrum_chart(name, num_codes, shown),
    key="spectrum",
    alt=f"Variance along each of up to {size:,} axes of {', '.join(sampling.SAMPLERS[s] for s in shown)}, on a log scale",
)
st.page_link("dogs/axes.py", label="Walk along the codes' axes", icon=":material/open_with:")
generation.show(group)
