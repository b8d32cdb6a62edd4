"""The six pictures on the home page, computed from the loaded checkpoints; each is two squares side by side."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels import Checkpoint
from aemodels.codes import faults, latents, planes
from aemodels.language import N_, _
from aemodels.noise import perturb, seeded_normal
from aemodels.quality.metrics import reconstruct
from aemodels.report import figures, plane_figures
from aemodels.storage import checkpoints
from aemodels.storage.catalogue import DENOISER, MAPS, PLANE, Model
from pages.parts.shared import loaders, originals

SIDE_PX = 320
CODE = 13  # the reference code that stands for all: one that can be made out at this size
STRIP = (0.0, 0.1, 0.2, 0.4, 0.6, 0.9, 1.4, 2.0)  # noise variances


def _square(pictures: np.ndarray) -> Image.Image:
    """A picture at the thumbnail's height, small ones without blur."""
    method = Image.Resampling.NEAREST if pictures.shape[0] <= 64 else Image.Resampling.LANCZOS
    size = round(SIDE_PX * pictures.shape[1] / pictures.shape[0]), SIDE_PX
    return Image.fromarray(pictures).resize(size, method)


def _code(ckpt: Checkpoint) -> Tensor:
    """The code (1, C, h, w) of one photo, the same for all models of a data set."""
    return ckpt.codes[CODE % len(ckpt.codes)][None]


def _beside(left: np.ndarray, right: np.ndarray) -> Image.Image:
    image = Image.new("RGB", (2 * SIDE_PX, SIDE_PX), "#808080")
    for i, half in enumerate(map(_square, (left, right))):
        half.thumbnail((SIDE_PX, SIDE_PX))  # one that is no square, such as the maps of few channels
        image.paste(half, (i * SIDE_PX, (SIDE_PX - half.height) // 2))
    return image


def _plane(ink: figures.Ink, model: Model, plain: Checkpoint) -> Image.Image:
    box = planes.box(plain.codes)
    codes = plane_figures.scatter_tile(
        plain.codes.numpy(), plain.labels.numpy(), plain.data.label_names, box, SIDE_PX, ink
    )
    grid = figures.to_tiles(plain.model.decode(planes.grid(box, 12)))
    return _beside(codes, figures.mosaic(grid, 12))


def _denoise(ink: figures.Ink, model: Model, denoiser: Checkpoint) -> Image.Image:
    found = originals.of(denoiser.data)
    x = found.pictures(torch.arange(min(9, len(found)))) if found else denoiser.model.decode(denoiser.codes[:9])
    x_noisy, _z, x_hat = reconstruct(denoiser.model, x, model.noise_factor, seeds=range(len(x)))
    return _beside(*(figures.mosaic(figures.to_tiles(images), 3) for images in (x_noisy, x_hat)))


def _reconstruct(ink: figures.Ink, model: Model, plain: Checkpoint) -> Image.Image:
    z = _code(plain)
    maps = figures.channel_maps(z[0], float(z.abs().quantile(0.995)))
    return _beside(maps, figures.to_tiles(plain.model.decode(z))[0])


def _sample(ink: figures.Ink, model: Model, plain: Checkpoint) -> Image.Image | None:
    if not faults.vary(plain.codes):
        return None
    z = latents.sample(latents.fit(plain.codes[:128]), range(8)).unflatten(1, plain.codes.shape[1:])
    return _square(figures.mosaic(figures.to_tiles(plain.model.decode(z)), 4))


def _perturb(ink: figures.Ink, model: Model, plain: Checkpoint) -> Image.Image:
    z = _code(plain)
    noise = seeded_normal([0], z.shape[1:])
    strip = torch.cat([perturb(z, variance, noise) for variance in STRIP])
    return _square(figures.mosaic(figures.to_tiles(plain.model.decode(strip)), 4))


def _noise_regularised(
    ink: figures.Ink, model: Model, noisy_model: Model, plain: Checkpoint, regularised: Checkpoint
) -> Image.Image:
    def noisy(ckpt: Checkpoint) -> np.ndarray:
        z = _code(ckpt)
        variance = noisy_model.noise_variance
        return figures.to_tiles(ckpt.model.decode(perturb(z, variance, seeded_normal([0], z.shape[1:]))))[0]

    return _beside(noisy(plain), noisy(regularised))


@dataclass(frozen=True)
class Thumbnail:
    """draw(ink, *checkpoints) -> the picture, None where their codes are too few or all the same.

    models   picks them from those of a data set, by what they are
    message  what is on it, in English
    """

    kind: str
    draw: Callable[..., Image.Image | None]
    models: Callable[[Sequence[Model]], list[Model]]
    message: str

    @property
    def alt(self) -> str:
        """What is on it, in the language that is spoken."""
        return _(self.message)


def _first(models: Sequence[Model]) -> list[Model]:
    return [*models[:1]]


def _plain(models: Sequence[Model]) -> list[Model]:
    """The first without noise on its code, or the first."""
    return sorted(models, key=lambda model: model.noise_variance > 0)[:1]


def _plain_and_noisy(models: Sequence[Model]) -> list[Model]:
    """The first without noise on its code, and the one with most; none where there are not both."""
    noisy, plain = max(models, key=lambda model: model.noise_variance), _plain(models)[0]
    return [plain, noisy] if noisy.noise_variance and not plain.noise_variance else []


THUMBNAILS = {
    "latent_plane": Thumbnail(
        PLANE, _plane, _first, N_("Left, a dot for each test image on the plane; right, the plane decoded on a grid")
    ),
    "denoise": Thumbnail(DENOISER, _denoise, _first, N_("Left, nine noisy images; right, the same denoised")),
    "reconstruct": Thumbnail(
        MAPS, _reconstruct, _plain, N_("Left, the channels of a code, blue to red; right, the picture rebuilt from it")
    ),
    "sample": Thumbnail(MAPS, _sample, _plain, N_("Eight pictures decoded from random codes")),
    "perturb": Thumbnail(MAPS, _perturb, _plain, N_("One code decoded under more and more noise, in eight steps")),
    "noise_regularised": Thumbnail(
        MAPS,
        _noise_regularised,
        _plain_and_noisy,
        N_("The same noise on the code of one picture: left, the plain model; right, the one trained with noise"),
    ),
}


def jpeg(page: str, is_dark: bool) -> bytes | None:
    """The thumbnail of a page in a theme's colours, a JPEG file; None where there is none, for want of a checkpoint or of codes."""
    groups = loaders.read_catalogue().of_kind(THUMBNAILS[page].kind)
    chosen = THUMBNAILS[page].models(groups[0].models) if groups else []
    return _jpeg(page, is_dark, [loaders.version(model.name) for model in chosen], chosen) if chosen else None


@st.cache_data(max_entries=32, show_spinner=False)
def _jpeg(page: str, is_dark: bool, versions: list[tuple[str, int]], _models: list[Model]) -> bytes | None:
    try:
        ckpts = [loaders.load(model.name) for model in _models]
    except checkpoints.CheckpointError:
        return None
    picture, buffer = THUMBNAILS[page].draw(figures.DARK if is_dark else figures.LIGHT, *_models, *ckpts), io.BytesIO()
    if picture is None:
        return None
    picture.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()
