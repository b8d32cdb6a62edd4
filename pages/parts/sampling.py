"""Gaussians fitted on the codes that come with each checkpoint, kept so that a new draw costs one decode."""

import streamlit as st
import torch
from torch import Tensor

from aemodels import latents
from pages.parts import loaders

CODE_DRAW_SEED = 0  # which reference photos the Gaussian is fitted on; the page's seed draws the samples


def fitting_codes(name: str, num_codes: int) -> Tensor:
    """The first num_codes of a fixed shuffle of the checkpoint's reference codes, (num_codes, 16, 8, 8)."""
    codes = loaders.checkpoint(name).codes
    order = torch.randperm(len(codes), generator=torch.Generator().manual_seed(CODE_DRAW_SEED))
    return codes[order[:num_codes]]


@st.cache_resource(max_entries=32, show_spinner=False)
def _gaussian(name: str, trained: str, num_codes: int, covariance: str) -> tuple[latents.LatentStats, Tensor, int]:
    stats = latents.fit(fitting_codes(name, num_codes), covariance)
    return stats, latents.factor(stats), latents.rank(stats)


def gaussian(name: str, num_codes: int, covariance: str) -> tuple[latents.LatentStats, Tensor, int]:
    """The Gaussian fitted on num_codes codes of this checkpoint, its covariance's factor, and its rank."""
    ckpt = loaders.checkpoint(name)
    # The provenance changes with every training, so a new checkpoint under an old name is fitted anew.
    return _gaussian(name, str(ckpt.provenance), num_codes, covariance)


def sample_codes(name: str, num_codes: int, covariance: str, seeds: list[int]) -> Tensor:
    """Codes (len(seeds), 16, 8, 8) drawn from that Gaussian, one seed a code."""
    stats, factor, _ = gaussian(name, num_codes, covariance)
    return latents.sample(stats, seeds, factor).unflatten(1, loaders.checkpoint(name).model_config.latent_shape)


def detail(x: Tensor) -> float:
    """How much fine detail images (B, 3, H, W) have: the mean absolute step between neighbouring pixels, in grey levels."""
    return 255 * float(x.diff(dim=3).abs().mean() + x.diff(dim=2).abs().mean()) / 2


def excess_kurtosis(codes: Tensor) -> float:
    """Mean over the code's elements of the kurtosis beyond a Gaussian's: 0 where every element is Gaussian."""
    centred = codes.flatten(1) - codes.flatten(1).mean(0)
    return float((centred.pow(4).mean(0) / centred.square().mean(0).square().clamp(min=1e-12) - 3).mean())
