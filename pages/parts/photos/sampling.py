"""Samplers fitted on the codes that come with each checkpoint, kept so that a new draw costs one decode."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
from torch import Tensor

from aemodels.codes import latents
from aemodels.noise import seeded_order
from aemodels.quality import detail
from aemodels.report import figures, standard
from pages.parts.shared import loaders

SAMPLERS = {
    "full": "Full covariance",
    "diagonal": "Diagonal",
    "shrinkage": "Ledoit–Wolf",
    "mixture": "Mixture",
    "standard": "N(0, I)",
}


def fitting_codes(name: str, num_codes: int) -> Tensor:
    """The first num_codes of a fixed shuffle of the checkpoint's reference codes, (num_codes, C, h, w), as in the report."""
    codes = loaders.checkpoint(name).codes
    order = seeded_order(len(codes), standard.FIT_SEED)
    return codes[order[:num_codes]]


def rebuilt_nine(name: str) -> Tensor:
    """The first nine of those codes, decoded: (9, C, H, W) in [0, 1]."""
    return _rebuilt_nine(*loaders.version(name))


def detail_share(name: str, x: Tensor) -> float:
    """Fine detail of pictures x (n, C, H, W), `detail.mean_step`, as a share of that of `rebuilt_nine`."""
    return detail.mean_step(x) / detail.mean_step(rebuilt_nine(name))


@st.cache_resource(max_entries=8, show_spinner=False)
def _rebuilt_nine(name: str, modified_ns: int) -> Tensor:
    return loaders.checkpoint(name).model.decode(fitting_codes(name, 9))


@st.cache_resource(max_entries=16, show_spinner=False)
def _fitted(name: str, modified_ns: int, num_codes: int, sampler: str) -> latents.LatentStats:
    return latents.fit(fitting_codes(name, num_codes), sampler)


def fitted(name: str, num_codes: int, sampler: str) -> latents.LatentStats:
    """The sampler fitted on num_codes codes of this checkpoint."""
    return _fitted(*loaders.version(name), num_codes, sampler)


@st.cache_data(max_entries=64, show_spinner=False)
def _spectrum(name: str, modified_ns: int, num_codes: int, sampler: str) -> np.ndarray:
    return latents.used(latents.spectrum(fitted(name, num_codes, sampler))).numpy()


def spectrum(name: str, num_codes: int, sampler: str) -> np.ndarray:
    """Variances (rank,) along that sampler's principal axes, largest first; see latents.spectrum."""
    return _spectrum(*loaders.version(name), num_codes, sampler)


def sample_codes(name: str, num_codes: int, sampler: str, seeds: Sequence[int]) -> Tensor:
    """Codes (len(seeds), C, h, w) drawn from that sampler, one seed a code."""
    z = latents.sample(fitted(name, num_codes, sampler), seeds)
    return z.unflatten(1, loaders.checkpoint(name).model_config.latent_shape)


@st.cache_data(max_entries=64, show_spinner=False)
def _mean_spacing(name: str, modified_ns: int, num_codes: int) -> float:
    return latents.mean_spacing(fitting_codes(name, num_codes))


def mean_spacing(name: str, num_codes: int) -> float:
    """`latents.mean_spacing` of the codes that a sampler is fitted on."""
    return _mean_spacing(*loaders.version(name), num_codes)


def spectrum_chart(name: str, num_codes: int, samplers: Sequence[str]):
    """Variance along each principal axis of several samplers, on a logarithmic scale; a line ends where its rank does."""
    series = {}
    for sampler in samplers:
        variances = spectrum(name, num_codes, sampler)
        series[f"{SAMPLERS[sampler]}: rank {len(variances):,}"] = (range(1, len(variances) + 1), variances)
    chart = figures.lines(series, "principal axis, strongest first", "variance", log_y=True)
    return chart.update_traces(mode="lines").update_yaxes(dtick=1)  # a label a power of ten


def nine(x: Tensor) -> np.ndarray:
    """Up to nine images (B, C, H, W) as one tile, three a row."""
    return figures.mosaic(figures.to_tiles(x), columns=3, gap=4)
