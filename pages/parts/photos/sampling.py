"""Samplers fitted on the codes that come with each checkpoint, kept so that a new draw costs one decode."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import mean

import numpy as np
import streamlit as st
from torch import Tensor

from aemodels.codes import flows, latents
from aemodels.data import words
from aemodels.language import N_, _, number, percent, sentences
from aemodels.noise import seeded_order
from aemodels.quality import detail, generation
from aemodels.report import charts, drawing, figures
from pages.parts.photos import drawings
from pages.parts.shared import controls, loaders, models
from pages.parts.shared.once import per_model

SAMPLERS = {
    "full": N_("Full covariance"),
    "diagonal": N_("Diagonal"),
    "shrinkage": N_("Ledoit–Wolf"),
    "mixture": N_("Mixture"),
    "standard": N_("N(0, I)"),
}

LADDER = ("standard", "diagonal", "full", "mixture", generation.LEARNED)  # each knows more of the codes than the last


def names(*models: str) -> dict[str, str]:
    """The samplers that one of these models has, each with its name in the language that is spoken: Gaussians, and a learned prior where
    one of its codes was trained."""
    learned = {generation.LEARNED: N_("Learned")} if any(map(loaders.prior_of, models)) else {}
    return {sampler: _(name) for sampler, name in (SAMPLERS | learned).items()}


def fitting_codes(name: str, num_codes: int) -> Tensor:
    """The first num_codes of a fixed shuffle of the checkpoint's reference codes, (num_codes, C, h, w), as in the report."""
    codes = loaders.checkpoint(name).codes
    order = seeded_order(len(codes), drawing.FIT_SEED)
    return codes[order[:num_codes]]


def places(name: str, index: Tensor) -> list[int]:
    """Where fitting codes of these numbers stand among the checkpoint's reference codes."""
    return seeded_order(len(loaders.checkpoint(name).codes), drawing.FIT_SEED)[index].tolist()


def rebuilt_nine(name: str) -> np.ndarray:
    """The first nine of those codes, decoded, as one tile, see `nine`; nobody may change it."""
    return _rebuilt_nine(name)[0]


def rebuilt_detail(name: str) -> float:
    """Their fine detail, `detail.mean_step`."""
    return _rebuilt_nine(name)[1]


@per_model(8)
def _rebuilt_nine(name: str) -> tuple[np.ndarray, float]:
    x = loaders.checkpoint(name).model.decode(fitting_codes(name, 9))
    return nine(x), detail.mean_step(x)


@per_model(16)
def fitted(name: str, num_codes: int, sampler: str) -> latents.LatentStats:
    """The sampler fitted on num_codes codes of this checkpoint."""
    return latents.fit(fitting_codes(name, num_codes), sampler)


@per_model(64)
def spectrum(name: str, num_codes: int, sampler: str) -> np.ndarray:
    """Variances (rank,) along that sampler's principal axes, largest first; see latents.spectrum."""
    return latents.used(latents.spectrum(fitted(name, num_codes, sampler))).numpy()


def about(name: str, num_codes: int, sampler: str) -> str:
    """What that sampler does, in sentences with the figures of its fit."""
    if sampler == "standard":
        return _(
            "N(0, I) does not look at the codes at all. Their mean square is {mean_square}; that of its samples is 1."
        ).format(mean_square=number(float(fitting_codes(name, num_codes).square().mean()), 2))
    if sampler == generation.LEARNED:
        prior, picture = loaders.prior_of(name), words.of(loaders.checkpoint(name).data.config)
        return _(
            "A learned prior draws here: {prior}, a second network, which has learnt where the codes of {number} training {photos} lie. It "
            "turns noise into a code in {steps} steps. Each sample is of another {class_}. The page Generate shows how."
        ).format(
            prior=models.said(prior),
            number=number(loaders.checkpoint(prior).data.num_images["train"]),
            photos=picture.many,
            class_=picture.class_,
            steps=flows.NUM_STEPS,
        )
    size, rank = loaders.checkpoint(name).codes[0].numel(), len(spectrum(name, num_codes, sampler))
    fit = _("“{sampler}” is fitted on {codes} codes of {size} numbers.")
    points = [fit.format(sampler=_(SAMPLERS[sampler]), codes=number(num_codes), size=number(size))]
    if rank < size:
        message = _(
            "Its covariance has rank **{rank}**: samples vary in {rank} of {size} directions and not at all in the others."
        )
    else:
        message = _("Its covariance has rank **{rank}**: samples vary in {rank} of {size} directions.")
    points.append(message.format(rank=number(rank), size=number(size)))
    if sampler == "diagonal":
        points.append(_("Each element is drawn by itself, so the connection between neighbouring cells is lost."))
    elif sampler == "shrinkage":
        message = _(
            "Ledoit and Wolf's formula mixes {share} of a multiple of the identity into the covariance, so that samples vary in all "
            "directions, also in those that no code used."
        )
        points.append(message.format(share=percent(fitted(name, num_codes, sampler).shrinkage, 1)))
    elif sampler == "mixture":
        message = _(
            "On the {axes} strongest axes it is a mixture of {gaussians} Gaussians. On the "
            "other axes it is the Ledoit–Wolf Gaussian, because a mixture there would need more codes."
        )
        num_axes, num_gaussians = (
            latents.mixture_size(num_codes, size)[1],
            len(fitted(name, num_codes, sampler).weights),
        )
        points.append(message.format(axes=number(num_axes), gaussians=number(num_gaussians)))
    return sentences(points)


def prior_version(name: str, sampler: str = generation.LEARNED) -> tuple[str, int] | None:
    """What a drawn code depends on besides the model, for what is kept of it: its prior, where the sampler is one."""
    prior = loaders.prior_of(name) if sampler == generation.LEARNED else None
    return loaders.version(prior) if prior else None


def _learned(name: str) -> drawings.Setting:
    return drawings.by_default(loaders.prior_of(name))


def sample_codes(name: str, num_codes: int, sampler: str, seeds: Sequence[int]) -> Tensor:
    """Codes (len(seeds), C, h, w) drawn from that sampler, one seed a code."""
    if sampler == generation.LEARNED:
        return drawings.watch(_learned(name), seeds, lambda moment: None).z
    z = latents.sample(fitted(name, num_codes, sampler), seeds)
    return z.unflatten(1, loaders.checkpoint(name).model_config.latent_shape)


@dataclass(frozen=True)
class Nine:
    """Nine samples: their codes (9, C, h, w), their pictures as one tile, see `nine`, and these pictures' fine detail in grey levels."""

    z: Tensor
    tile: np.ndarray
    detail: float


def nine_samples(name: str, num_codes: int, sampler: str, seed: int) -> Nine:
    """Those of a page's seed, kept for all pages; nobody may change them."""
    return _nine_samples(loaders.version(name), prior_version(name, sampler), num_codes, sampler, seed)


@st.cache_resource(max_entries=32, show_spinner=False)  # of 0.5 MB
def _nine_samples(
    version: tuple[str, int], prior: tuple[str, int] | None, num_codes: int, sampler: str, seed: int
) -> Nine:
    seeds = controls.image_seeds(seed, 9)
    if sampler == generation.LEARNED:
        drawn = drawings.watch(_learned(version[0]), seeds, lambda moment: None)
        z, x = drawn.z, drawn.x
    else:
        z = sample_codes(version[0], num_codes, sampler, seeds)
        x = drawings.decode(loaders.checkpoint(version[0]), z)
    return Nine(z, nine(x), detail.mean_step(x))


@per_model(64)
def mean_spacing(name: str, num_codes: int) -> float:
    """`latents.mean_spacing` of the codes that a sampler is fitted on."""
    return latents.mean_spacing(fitting_codes(name, num_codes))


def how_near(name: str, num_codes: int, to_nearest: Tensor) -> str:
    """How far samples lie from the nearest real code of each (n,), in spacings of the real codes."""
    relative = (to_nearest / mean_spacing(name, num_codes)).tolist()
    on_average = _(
        "On average a sample lies {times} times as far from its nearest real code as a real code lies from its nearest neighbour."
    )
    closest = _("For the closest of the nine, number {which}, it is {times} times.")
    if min(relative) > 0.5:
        closest = _(
            "For the closest of the nine, number {which}, it is {times} times, so none is a copy of one of these {codes} codes."
        )
    which = relative.index(min(relative)) + 1
    closest = closest.format(which=which, times=number(min(relative), 2), codes=number(num_codes))
    return sentences([on_average.format(times=number(mean(relative), 2)), closest])


@per_model(64)
def excess_kurtosis(name: str) -> float:
    """`latents.excess_kurtosis` of the checkpoint's reference codes."""
    return latents.excess_kurtosis(loaders.checkpoint(name).codes)


def spectrum_chart(name: str, num_codes: int, samplers: Sequence[str]):
    """Variance along each principal axis of several samplers, on a logarithmic scale; a line ends where its rank does."""
    series = {}
    for sampler in samplers:
        variances = spectrum(name, num_codes, sampler)
        label = _("{sampler}: rank {rank}").format(sampler=_(SAMPLERS[sampler]), rank=number(len(variances)))
        series[label] = (np.arange(1, len(variances) + 1), variances)
    chart = charts.lines(series, _("principal axis, strongest first"), _("variance"), log_y=True, mode="lines")
    return chart.update_yaxes(dtick=1)  # a label a power of ten


def nine(x: Tensor) -> np.ndarray:
    """Up to nine images (B, C, H, W) as one tile, three a row."""
    return in_threes(figures.to_tiles(x))


def in_threes(tiles: Sequence[np.ndarray]) -> np.ndarray:
    """The same of uint8 pictures (H, W, 3)."""
    return figures.mosaic(tiles, columns=3, gap=max(1, len(tiles[0]) // 32))  # white in the dark theme too
