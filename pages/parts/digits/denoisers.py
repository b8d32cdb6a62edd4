"""The denoisers that are compared, and what they reach on test images over the noise factor, measured once."""

from collections.abc import Collection, Iterable, Mapping
from math import isfinite

import streamlit as st
import torch
from torch import Tensor

from aemodels.language import N_, _, list_of, number, sentences, signed
from aemodels.quality import denoising
from aemodels.quality.curves import EVERY, FACTORS
from aemodels.report import charts, figures
from aemodels.text import visible
from pages.parts.shared import loaders, markdown, measurements

NONE, LINEAR = "none", "linear"  # names in curves.json
TITLES = {NONE: N_("Noisy (clipped)"), LINEAR: N_("Best linear")}


def load(names: Iterable[str], is_mnist: bool) -> dict[str, denoising.Denoiser]:
    """Name -> denoiser: none at all, the best linear one, which is known for MNIST, and the networks of these checkpoints."""
    linear = {LINEAR: _linear()} if is_mnist else {}
    return {NONE: denoising.nothing, **linear} | {name: _network(name) for name in names}


def title(name: str, titles: Mapping[str, str]) -> str:
    """What a denoiser of `load` is called on the screen.

    titles  of the checkpoints, by name
    """
    return titles[name] if name in titles else _(TITLES[name])


def measured_on(num_images: int) -> Tensor:
    """Which of so many test images the curves are measured on: one in EVERY, but some 200 at least where there are."""
    return torch.arange(0, num_images, max(1, min(EVERY, num_images // 200)))


def curves(
    names: Collection[str], is_mnist: bool, images: Tensor, fingerprint: str, are_part: bool = False
) -> dict[str, dict[str, list[float]]]:
    """`denoising.sweep` of each denoiser of `load` on images uint8 (n, C, H, W), those of `measured_on`: for MNIST as kept beside the
    checkpoints, else measured.

    are_part  whether they are of a part of MNIST's test digits alone, so that what is kept is of others
    """
    kept: dict[str, dict] = {}
    if is_mnist and not are_part:
        kept = {name: measurements.curves()["denoisers"].get(name) for name in TITLES}
        kept |= {name: measurements.curves_of(name).get("denoising") for name in names}
    versions = {name: loaders.version(name) for name in names}
    with st.spinner(_("Measuring test images; this happens once …")):
        return {
            name: kept.get(name) or _curve(name, versions.get(name), fingerprint, denoise, images)
            for name, denoise in load(names, is_mnist).items()
        }


def draw(
    curves: Mapping[str, Mapping[str, list[float]]],
    titles: Mapping[str, str],
    of_models: Mapping[str, str],
    trained_at: float,
) -> None:
    """Two charts of `curves`, PSNR and SSIM.

    titles, of_models  how the networks are called, and the colour of each, by its name
    """
    scores = {
        "psnr_db": (_("mean PSNR / dB"), _("Mean PSNR in dB against the noise factor, of {names}")),
        "ssim": (_("mean SSIM"), _("Mean SSIM against the noise factor, of {names}")),
    }
    of_baselines = {_(TITLES[NONE]): figures.PALETTE[9], _(TITLES[LINEAR]): figures.PALETTE[8]}
    colours = of_baselines | {titles[name]: of_models[name] for name in titles}
    for column, (score, (axis, shown)) in zip(st.columns(2), scores.items(), strict=True):
        finite = {
            title(name, titles): [(f, v) for f, v in zip(FACTORS, of[score], strict=True) if isfinite(v)]
            for name, of in curves.items()
        }
        series = {k: zip(*v, strict=True) for k, v in finite.items()}
        chart = charts.lines(series, _("noise factor"), axis, colours=colours)
        for called, line in zip(series, chart.data, strict=True):
            if called in of_baselines:
                line.update(line_dash="dot")  # as no model's line is, whose colour may be the same
        charts.upright(chart, trained_at, "dot", _("trained here"))
        column.plotly_chart(chart, key=score, alt=visible(shown.format(names=list_of(finite))))


def compare(
    curves: Mapping[str, Mapping[str, list[float]]],
    sizes: Mapping[str, int],
    titles: Mapping[str, str],
    trained_at: float,
    num_images: int,
    many: str,
) -> list[str]:
    """Sentences on `curves`: each network against the best linear map, and two networks against each other.

    sizes, titles     numbers of a code, and what the network is called, by its name
    num_images, many  of which the curves are, and how these images are called
    """
    at = FACTORS.index(min(FACTORS, key=lambda f: abs(f - trained_at)))
    linear, points = curves.get(LINEAR), []
    for name in reversed(sizes) if linear else ():
        network = curves[name]
        gain, similarity = (network[score][at] - linear[score][at] for score in ("psnr_db", "ssim"))
        better = [f for f, a, b in zip(FACTORS, network["psnr_db"], linear["psnr_db"], strict=True) if a > b]
        against = (
            _("**{name} is better than the best linear map**: by {gain} dB at factor {factor} (SSIM {similarity}).")
            if gain > 0
            else _("**{name} is worse than the best linear map**: by {gain} dB at factor {factor} (SSIM {similarity}).")
        )
        where = (
            _("It has the higher PSNR at {number} of the {all} factors measured, from {first} to {last}.")
            if better
            else _("Its PSNR is lower at every factor measured.")
        )
        points.append(
            sentences([against, where]).format(
                name=markdown.literal(f"“{titles[name]}”"),
                factor=f"{FACTORS[at]:g}",
                gain=number(abs(gain), 2),
                similarity=signed(similarity, 2),
                number=number(len(better)),
                all=number(len(FACTORS)),
                first=f"{better[0]:g}" if better else "",
                last=f"{better[-1]:g}" if better else "",
            )
        )
    if len(set(sizes.values())) == len(sizes) == 2:
        small, large = (curves[name]["psnr_db"] for name in sizes)
        of_small, of_large = sizes.values()
        worth = _(
            "A code of {large} numbers instead of {small} changes the mean PSNR of these {number} test {many} by {without} dB without "
            "noise, by **{trained} dB** at factor {factor}, and by {most} dB at factor 1."
        ).format(
            number=number(num_images),
            many=many,
            large=number(of_large),
            small=number(of_small),
            without=signed(large[0] - small[0], 2),
            trained=signed(large[at] - small[at], 2),
            factor=f"{FACTORS[at]:g}",
            most=signed(large[-1] - small[-1], 2),
        )
        reached = (
            _("Without noise the networks reach {small} and {large} dB; the linear map then changes nothing.")
            if linear
            else _("Without noise the networks reach {small} and {large} dB.")
        ).format(small=number(small[0], 2), large=number(large[0], 2))
        points.append(sentences([worth, reached]))
    return points


def _network(name: str) -> denoising.Denoiser:
    model = loaders.checkpoint(name).model
    return lambda x_noisy, factor: model.decode(model.encode(x_noisy))


@st.cache_resource(show_spinner=False)
def _linear() -> denoising.LinearDenoiser:
    return denoising.load_linear()


@st.cache_data(max_entries=16, show_spinner=False)
def _curve(
    name: str, version: tuple[str, int] | None, fingerprint: str, _denoise: denoising.Denoiser, _images: Tensor
) -> dict[str, list[float]]:
    return denoising.sweep(_denoise, _images, FACTORS)
