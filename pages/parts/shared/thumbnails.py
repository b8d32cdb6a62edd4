"""The six pictures on the home page, computed from the loaded checkpoints; each is two squares side by side."""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels import Checkpoint
from aemodels.codes import faults, latents, planes
from aemodels.noise import perturb, seeded_normal
from aemodels.quality.metrics import reconstruct
from aemodels.report import figures
from aemodels.storage import checkpoints
from pages.parts.shared import export, loaders

SIDE_PX = 320
CODE = 13  # the reference code that stands for all: a dog that can be made out at this size
STRIP = (0.0, 0.1, 0.2, 0.4, 0.6, 0.9, 1.4, 2.0)  # noise variances


def _square(pictures: np.ndarray) -> Image.Image:
    """A picture at the thumbnail's height, small ones without blur."""
    method = Image.Resampling.NEAREST if pictures.shape[0] <= 64 else Image.Resampling.LANCZOS
    size = round(SIDE_PX * pictures.shape[1] / pictures.shape[0]), SIDE_PX
    return Image.fromarray(pictures).resize(size, method)


def _code(ckpt: Checkpoint) -> Tensor:
    """The code (1, C, h, w) of one photo, the same for all dog models."""
    return ckpt.codes[CODE % len(ckpt.codes)][None]


def _beside(left: np.ndarray, right: np.ndarray) -> Image.Image:
    image = Image.new("RGB", (2 * SIDE_PX, SIDE_PX))
    image.paste(_square(left), (0, 0))
    image.paste(_square(right), (SIDE_PX, 0))
    return image


def _plane(ink: figures.Ink, plain: Checkpoint) -> Image.Image:
    box = planes.box(plain.codes)
    codes = figures.scatter_tile(plain.codes.numpy(), plain.labels.numpy(), box, SIDE_PX, ink)
    grid = figures.to_tiles(plain.model.decode(planes.grid(box, 12)))
    return _beside(codes, figures.mosaic(grid, 12))


def _denoise(ink: figures.Ink, denoiser: Checkpoint) -> Image.Image:
    x = loaders.test_digits()[0][:9].float() / 255
    x_noisy, _, x_hat = reconstruct(denoiser.model, x, denoiser.model_config.settings["noise_factor"], seeds=range(9))
    return _beside(*(figures.mosaic(figures.to_tiles(images), 3) for images in (x_noisy, x_hat)))


def _reconstruct(ink: figures.Ink, plain: Checkpoint) -> Image.Image:
    z = _code(plain)
    maps = figures.channel_maps(z[0], float(z.abs().quantile(0.995)))
    return _beside(maps, figures.to_tiles(plain.model.decode(z))[0])


def _sample(ink: figures.Ink, plain: Checkpoint) -> Image.Image | None:
    if not faults.vary(plain.codes):
        return None
    z = latents.sample(latents.fit(plain.codes[:128]), range(8)).unflatten(1, plain.codes.shape[1:])
    return _square(figures.mosaic(figures.to_tiles(plain.model.decode(z)), 4))


def _perturb(ink: figures.Ink, plain: Checkpoint) -> Image.Image:
    z = _code(plain)
    noise = seeded_normal([0], z.shape[1:])
    strip = torch.cat([perturb(z, variance, noise) for variance in STRIP])
    return _square(figures.mosaic(figures.to_tiles(plain.model.decode(strip)), 4))


def _noise_regularised(ink: figures.Ink, plain: Checkpoint, regularised: Checkpoint) -> Image.Image:
    def noisy(ckpt: Checkpoint) -> np.ndarray:
        z = _code(ckpt)
        variance = regularised.model_config.settings["noise_variance"]
        return figures.to_tiles(ckpt.model.decode(perturb(z, variance, seeded_normal([0], z.shape[1:]))))[0]

    return _beside(noisy(plain), noisy(regularised))


@dataclass(frozen=True)
class Thumbnail:
    """draw(ink, *checkpoints of these names) -> the picture, None where their codes are too few or all the same; alt says what is on it."""

    draw: Callable[..., Image.Image | None]
    names: tuple[str, ...]
    alt: str


THUMBNAILS = {
    "latent_plane": Thumbnail(
        _plane, ("mnist-ae",), "Left, a dot for each test digit on the plane; right, the plane decoded on a grid"
    ),
    "denoise": Thumbnail(_denoise, ("mnist-dae",), "Left, nine noisy digits; right, the same denoised"),
    "reconstruct": Thumbnail(
        _reconstruct, ("dog-ae",), "Left, the 16 channels of a code, blue to red; right, the photo rebuilt from it"
    ),
    "sample": Thumbnail(_sample, ("dog-ae",), "Eight pictures decoded from random codes"),
    "perturb": Thumbnail(_perturb, ("dog-ae",), "One code decoded under more and more noise, in eight steps"),
    "noise_regularised": Thumbnail(
        _noise_regularised,
        ("dog-ae", "dog-noise-0.15"),
        "The same noise on the code of one photo: left, the plain model; right, the one trained with noise",
    ),
}


def jpeg(page: str) -> bytes | None:
    """The thumbnail of a page in the theme's colours, a JPEG file; None where there is none, for want of a checkpoint or of codes."""
    return _jpeg(page, export.is_dark(), [loaders.version(name) for name in THUMBNAILS[page].names])


@st.cache_data(max_entries=32, show_spinner=False)
def _jpeg(page: str, is_dark: bool, versions: list[tuple[str, int]]) -> bytes | None:
    thumbnail = THUMBNAILS[page]
    try:
        ckpts = [loaders.load(name) for name in thumbnail.names]
    except checkpoints.CheckpointError:
        return None
    picture, buffer = thumbnail.draw(figures.DARK if is_dark else figures.LIGHT, *ckpts), io.BytesIO()
    if picture is None:
        return None
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
