"""The denoisers that are compared, and what they reach on test digits over the noise factor, measured once."""

from collections.abc import Collection, Iterable

import streamlit as st

from aemodels.quality import denoising
from aemodels.quality.curves import denoised
from pages.parts.shared import loaders

NOISY, LINEAR = "Noisy (clipped)", "Best linear"
KEPT = {NOISY: "none", LINEAR: "linear"}  # names in curves.json


def load(names: Iterable[str]) -> dict[str, denoising.Denoiser]:
    """Name on the screen -> denoiser: none at all, the best linear one, and the networks of these checkpoints."""
    networks = {loaders.DENOISERS[name]: _network(name) for name in names}
    return {NOISY: denoising.nothing, LINEAR: _linear()} | networks


def curves(names: Collection[str]) -> dict[str, dict[str, list[float]]]:
    """`denoised` of each denoiser of `load`: as kept beside the checkpoints, else measured."""
    kept = {label: loaders.curves()["denoisers"].get(name) for label, name in KEPT.items()}
    kept |= {loaders.DENOISERS[name]: loaders.curves_of(name).get("denoising") for name in names}
    versions = {loaders.DENOISERS[name]: loaders.version(name) for name in names}
    return {label: kept[label] or _curve(label, versions.get(label), denoise) for label, denoise in load(names).items()}


def _network(name: str) -> denoising.Denoiser:
    model = loaders.checkpoint(name).model
    return lambda x_noisy, factor: model.decode(model.encode(x_noisy))


@st.cache_resource(show_spinner=False)
def _linear() -> denoising.LinearDenoiser:
    return denoising.load_linear()


@st.cache_data(max_entries=8, show_spinner="Measuring test digits; this happens once …")
def _curve(label: str, version: tuple[str, int] | None, _denoise: denoising.Denoiser) -> dict[str, list[float]]:
    return denoised(_denoise)
