"""A Gaussian is fitted on the codes of 256 photos, nine codes are drawn from it and decoded."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from aemodels.codes import latents
from aemodels.data import words
from aemodels.language import _, list_of, number, percent, signed
from aemodels.quality.generation import LEARNED
from aemodels.report import drawing, figures
from aemodels.storage import catalogue
from pages.parts.photos import generation, generation_findings, references, sampling
from pages.parts.shared import ahead, controls, export, fields, loaders, models

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
    drawn = sampling.nine_samples(name, num_codes, sampler, seed)
    nearest, to_nearest = latents.nearest(codes, drawn.z)
    real = sampling.in_threes(references.tiles(name, sampling.places(name, nearest)))
    tiles = [drawn.tile, real, sampling.rebuilt_nine(name)]
    shown, share = export.on_screen(draw, tiles, seed), drawn.detail / sampling.rebuilt_detail(name)
    return Scene(drawn.z, nearest, to_nearest, tiles, shown, drawn.detail, share)


def draw(tiles: list[np.ndarray], seed: int, width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    titles = [_("Nine samples, seed {seed}").format(seed=seed), _("Nearest real code of each"), _("Nine real codes")]
    return figures.panel([tiles], column_labels=titles, caption=caption, width_px=width_px, ink=ink)


def compute_models(seed: int) -> bytes:
    """Nine samples of each model of the data set, one panel's PNG file."""
    tiles = [sampling.nine_samples(other, num_codes, sampler, seed).tile for other in others]
    return export.on_screen(partial(figures.panel, [tiles], column_labels=[*map(models.title, others)]))


def compute_ladder(seed: int) -> bytes:
    """Nine samples of this model by each of its samplers, one panel's PNG file."""
    titles = sampling.names(name)
    tiles = [sampling.nine_samples(name, num_codes, step, seed).tile for step in sampling.LADDER]
    return export.on_screen(partial(figures.panel, [tiles], column_labels=[titles[step] for step in sampling.LADDER]))


SENTENCE = _(
    "A Gaussian is fitted to the codes of random {photos} (their mean and covariance). Nine new codes are drawn from it and decoded. Do they give "
    "nine new {dogs}? They would if codes were really distributed like a Gaussian."
)
sentence = controls.header(_("Sample"), SENTENCE.format(photos=_("photos"), dogs=_("photos")))
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
with controls.row():
    sampler = controls.choose(_("Drawn from"), sampling.names(name), key="sampler")
    num_codes = st.select_slider(
        _("Codes it is fitted on"),
        NUM_CODES,
        value=256,
        key="fitted_on",
        width=260,
        disabled=sampler == LEARNED,
        **fields.BOUND,
    )
ckpt = loaders.checkpoint(name)
picture = words.of(ckpt.data.config)
sentence.markdown(SENTENCE.format(photos=picture.many, dogs=picture.what_many))
if not models.varying([name]):
    st.stop()
num_codes = min(num_codes, len(ckpt.codes))
codes = sampling.fitting_codes(name, num_codes)
version = loaders.version(name), sampling.prior_version(name, sampler)
scene = ahead.scene(compute, seed, "sample", version, num_codes, sampler, export.is_dark())

ALT = _("Left nine decoded samples, in the middle the nearest real code of each, right nine real codes, all decoded")
export.show(scene.panel, alt=ALT)

fine_detail = _(
    "The samples carry **{share}** of the fine detail of the nine real codes shown (mean difference between "
    "neighbouring pixels, {samples} against {codes} of 255 grey levels)."
).format(
    share=percent(scene.detail_share),
    samples=number(scene.detail, 1),
    codes=number(scene.detail / scene.detail_share, 1),
)
kurtosis = _(
    "How Gaussian is one element of the real codes? Its excess kurtosis over {all} test codes is {kurtosis} on average: it is 0 for a "
    "Gaussian, and larger if more values lie far from the mean. And a mean and a covariance never say how three or more elements go together."
).format(all=number(len(ckpt.codes)), kurtosis=signed(sampling.excess_kurtosis(name), 2))
controls.notice(
    [
        *models.notes(name),
        *([] if sampler == LEARNED else generation_findings.verdict(group.data, name)),  # it is of Gaussians
        *generation_findings.learnt(group.data, name),
        sampling.about(name, num_codes, sampler),
        fine_detail,
        sampling.how_near(name, num_codes, scene.to_nearest),
        kurtosis,
    ]
)

settings = {
    _("model"): name,
    _("seed"): seed,
}
if sampler == LEARNED:
    settings[_("drawn from")] = loaders.prior_of(name)
else:
    settings |= {
        _("Gaussian"): sampling.names()[sampler],
        _("fitted on"): _("{number} codes of test {photos} (drawn with seed {seed})").format(
            number=num_codes, photos=picture.many, seed=drawing.FIT_SEED
        ),
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

if loaders.prior_of(name):
    st.header(_("From N(0, I) to what is learned"), anchor=False)
    with st.spinner(_("Drawing nine samples …")):
        version = loaders.version(name), sampling.prior_version(name)
        ladder = ahead.scene(compute_ladder, seed, "ladder", version, num_codes, export.is_dark())
    export.show(ladder, alt=_("Nine samples of each sampler, from the same noise"))
    st.caption(
        _(
            "The same noise in all: each sampler knows more of the codes than the one on its left. The one on the right is the learned prior."
        )
    )
    st.page_link("dogs/generate.py", label=_("See how the learned prior draws"), icon=":material/auto_awesome:")

others = models.varying(models.present(group.names))
if sampler == LEARNED:
    others = [other for other in others if loaders.prior_of(other)]
if len(others) > 1:
    st.header(_("The same seeds in every model"), anchor=False)
    versions = tuple((loaders.version(other), sampling.prior_version(other, sampler)) for other in others)
    of_all = ahead.scene(compute_models, seed, "samples of all models", versions, num_codes, sampler, export.is_dark())
    export.show(of_all, alt=_("Nine samples from each of {models}").format(models=list_of(map(models.title, others))))

st.header(_("Spectrum: variance along each principal axis"), anchor=False)
shown = list(dict.fromkeys(["full", "diagonal", "shrinkage", sampler if sampler in sampling.SAMPLERS else "full"]))
st.plotly_chart(
    sampling.spectrum_chart(name, num_codes, shown),
    key="spectrum",
    alt=_("Variance along each of up to {number} axes of {samplers}, on a log scale").format(
        number=number(scene.z[0].numel()), samplers=list_of(sampling.names()[s] for s in shown)
    ),
)
st.page_link("dogs/axes.py", label=_("Walk along the codes' axes"), icon=":material/open_with:")
generation.show(group)
