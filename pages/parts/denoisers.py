"""The denoisers that are compared, and what they reach on test digits over the noise factor, measured once."""

from collections.abc import Collection, Iterable

import streamlit as st
from torch import Tensor

from aemodels import denoising
from pages.parts import loaders

NOISY, LINEAR = "Noisy (clipped)", "Best linear"
FACTORS = [i / 10 for i in range(11)]
EVERY = 20  # one test digit in twenty: the first half of MNIST's test digits is easier than the second


def load(names: Iterable[str]) -> dict[str, denoising.Denoiser]:
    """Name on the screen -> denoiser: none at all, the best linear one, and the networks of these checkpoints."""
    networks = {loaders.DENOISERS[name]: _network(name) for name in names}
    return {NOISY: lambda x_noisy, factor: x_noisy.clamp(0, 1), LINEAR: _linear()} | networks


def test_digits() -> Tensor:
    """The digits that `curves` measures, uint8 (500, 1, 28, 28)."""
    return loaders.test_digits()[0][::EVERY]


def curves(names: Collection[str]) -> dict[str, dict[str, list[float]]]:
    """Of each denoiser of `load` the mean "psnr_db" and "ssim" at each of FACTORS."""
    versions = {loaders.DENOISERS[name]: loaders.version(name) for name in names}
    return {label: _curve(label, versions.get(label), denoise) for label, denoise in load(names).items()}


def _network(name: str) -> denoising.Denoiser:
    model = loaders.checkpoint(name).model
    return lambda x_noisy, factor: model.decode(model.encode(x_noisy))


@st.cache_resource(show_spinner=False)
def _linear() -> denoising.LinearDenoiser:
    return denoising.load_linear()


@st.cache_data(max_entries=8, show_spinner="Measuring 500 test digits; this happens once …")
def _curve(label: str, version: tuple[str, int] | None, _denoise: denoising.Denoiser) -> dict[str, list[float]]:
    return denoising.sweep(_denoise, test_digits(), FACTORS)
