"""The denoisers that are compared, and what they reach on test images over the noise factor, measured once."""

from collections.abc import Mapping

import streamlit as st
import torch
from torch import Tensor

from aemodels.quality import denoising
from aemodels.quality.curves import EVERY, FACTORS
from pages.parts.shared import controls, loaders

NOISY, LINEAR = "Noisy (clipped)", "Best linear"
KEPT = {NOISY: "none", LINEAR: "linear"}  # names in curves.json


def load(titles: Mapping[str, str], is_mnist: bool) -> dict[str, denoising.Denoiser]:
    """Name on the screen -> denoiser: none at all, the best linear one, which is known for MNIST, and the networks.

    titles  of the checkpoints, by name
    """
    linear = {LINEAR: _linear()} if is_mnist else {}
    return {NOISY: denoising.nothing, **linear} | {title: _network(name) for name, title in titles.items()}


def measured_on(num_images: int) -> Tensor:
    """Which of so many test images the curves are measured on: one in EVERY, but some 200 at least where there are."""
    return torch.arange(0, num_images, max(1, min(EVERY, num_images // 200)))


def curves(
    titles: Mapping[str, str], is_mnist: bool, images: Tensor, fingerprint: str
) -> dict[str, dict[str, list[float]]]:
    """`denoising.sweep` of each denoiser of `load` on images uint8 (n, C, H, W), those of `measured_on`: for MNIST as kept beside the
    checkpoints, else measured."""
    kept: dict[str, dict] = {}
    if is_mnist:
        kept = {label: loaders.curves()["denoisers"].get(name) for label, name in KEPT.items()}
        kept |= {title: loaders.curves_of(name).get("denoising") for name, title in titles.items()}
    versions = {title: loaders.version(name) for name, title in titles.items()}
    return {
        label: kept.get(label) or _curve(label, versions.get(label), fingerprint, denoise, images)
        for label, denoise in load(titles, is_mnist).items()
    }


def compare(curves: Mapping[str, Mapping[str, list[float]]], sizes: Mapping[str, int], trained_at: float) -> list[str]:
    """Sentences on `curves`: each network against the best linear map, and two networks against each other.

    sizes  numbers of a code, by the network's name on the screen
    """
    at = FACTORS.index(min(FACTORS, key=lambda f: abs(f - trained_at)))
    linear, points = curves.get(LINEAR), []
    for label in sizes if linear else ():
        network = curves[label]
        gain, similarity = (network[score][at] - linear[score][at] for score in ("psnr_db", "ssim"))
        better = [f for f, a, b in zip(FACTORS, network["psnr_db"], linear["psnr_db"], strict=True) if a > b]
        where = (
            f"ahead of it from factor {better[0]:g} to {better[-1]:g}"
            if better
            else "behind it at every factor measured"
        )
        points.append(
            f"**{controls.literal(label)}** against the best linear map, at factor {FACTORS[at]:g}: **{controls.signed(gain, 1)} dB**, SSIM "
            f"{controls.signed(similarity, 2)}; in PSNR {where}."
        )
    if len(set(sizes.values())) == len(sizes) == 2:
        small, large = (curves[label]["psnr_db"] for label in sizes)
        of_small, of_large = sizes.values()
        points.append(
            f"What {of_large:,} numbers are worth over {of_small:,}: {large[0] - small[0]:.1f} dB without noise, "
            f"**{large[at] - small[at]:.1f} dB** at factor {FACTORS[at]:g}, {large[-1] - small[-1]:.1f} dB at factor 1. Without noise the "
            f"networks reach {small[0]:.1f} and {large[0]:.1f} dB"
            + ("; the linear map then changes nothing." if linear else ".")
        )
    return points


def _network(name: str) -> denoising.Denoiser:
    model = loaders.checkpoint(name).model
    return lambda x_noisy, factor: model.decode(model.encode(x_noisy))


@st.cache_resource(show_spinner=False)
def _linear() -> denoising.LinearDenoiser:
    return denoising.load_linear()


@st.cache_data(max_entries=16, show_spinner="Measuring test images; this happens once …")
def _curve(
    label: str, version: tuple[str, int] | None, fingerprint: str, _denoise: denoising.Denoiser, _images: Tensor
) -> dict[str, list[float]]:
    return denoising.sweep(_denoise, _images, FACTORS)
