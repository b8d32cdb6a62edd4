"""What the pages of the plane measure and decode, kept so that a new place costs one decode."""

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from aemodels.codes import latents, planes, twins
from aemodels.export import wording
from aemodels.language import _, list_of, number, percent, sentences
from aemodels.noise import seeded_normal
from aemodels.report import figures, plane_figures
from pages.parts.shared import controls, loaders, models, originals

NUM_NEAREST = 3
CLOUD = 0.998  # nearly every code: the last few strays would shrink all the rest to a blot


def require_codes(*names: str) -> None:
    """Stops the page with a sentence where a model has too few codes for the density of a place."""
    few = [name for name in names if len(loaders.checkpoint(name).codes) < planes.MIN_CODES]
    if few:
        st.info(
            _(
                "This page needs at least {number} codes to tell how dense a place is. There are fewer of {names}: train with more images."
            ).format(number=number(planes.MIN_CODES), names=list_of(map(models.said, few))),
            icon=":material/scatter_plot:",
        )
        st.stop()


def measure(name: str) -> dict:
    """What depends on the checkpoint alone: its box, a wider one that holds nearly every code ("cloud"), the
    figures, and a picture of the holes in the box, a PNG file in base64."""
    return _measure(*loaders.version(name), loaders.checkpoint(name))


def whole(name: str) -> planes.Extent:
    """What is seen of the whole plane: nearly every code, and some room around them."""
    return planes.widen(measure(name)["cloud"])


def hole_share(name: str, box: planes.Extent) -> float:
    """`planes.hole_share` of a box by the checkpoint's codes."""
    return _hole_share(*loaders.version(name), box, loaders.checkpoint(name))


def decode_grid(name: str, box: planes.Extent, side: int) -> dict:
    """The centres of the side² cells of a box, decoded; see `_decode`."""
    return _decode(*loaders.version(name), box, side, None, loaders.checkpoint(name))


def manifold(name: str, box: planes.Extent, side: int, fades: bool) -> tuple[np.ndarray, str]:
    """The picture of `decode_grid`, faded by density if asked, and its PNG file in base64."""
    return _manifold(*loaders.version(name), box, side, fades)


def decode_uniform(name: str, box: planes.Extent, side: int, seed: int) -> dict:
    """side² places drawn uniformly from a box, decoded; see `_decode`."""
    return _decode(*loaders.version(name), box, side, seed, loaders.checkpoint(name))


def uniform_picture(name: str, box: planes.Extent, side: int, seed: int) -> np.ndarray:
    """The picture of `decode_uniform` alone."""
    z = planes.uniform(box, controls.image_seeds(seed, side**2))
    return figures.mosaic(figures.to_tiles(loaders.checkpoint(name).model.decode(z)), side)


def decode_normal(name: str, side: int, seed: int) -> dict:
    """side² places drawn from N(0, I), decoded; see `_decode`."""
    return _decode(*loaders.version(name), None, side, seed, loaders.checkpoint(name))


def support(name: str, z: Tensor) -> Tensor:
    """`planes.support` of places z (B, 2) by the checkpoint's codes: (B,)."""
    return _support(*loaders.version(name), loaders.checkpoint(name))(z)


def scatter(name: str, box: planes.Extent, side_px: int, ink: figures.Ink) -> np.ndarray:
    """The checkpoint's codes in a box, a dot each, as a tile; see `plane_figures.scatter_tile`."""
    return _scatter(*loaders.version(name), box, side_px, ink, loaders.checkpoint(name))


def read(name: str, z: Tensor) -> dict:
    """What is known of a place z (2,): its kind, the word for it, its density as text, and the test images with the nearest codes."""
    share = support(name, z[None]).item()
    index, distance = planes.nearest_k(loaders.checkpoint(name).codes, z, NUM_NEAREST)
    distances = [f"{d:.2g}" if d > 1e-4 else "0" for d in distance.tolist()]  # a place has six digits
    nearest = [
        {"index": i, "label": label(name, i), "distance": d, "picture": figures.png_base64(tile(name, i))}
        for i, d in zip(index.tolist(), distances, strict=True)
    ]
    kind = planes.kind_of_place(share)
    return {
        "kind": kind,
        "verdict": wording.kind_of_place(kind).capitalize(),
        "share": percent(share, 1),
        "nearest": nearest,
    }


def label(name: str, index: int) -> str:
    """What is said of the image of a code: its class, or its number where it has none."""
    ckpt = loaders.checkpoint(name)
    if ckpt.labels[index] >= 0:
        return ckpt.data.label_names[ckpt.labels[index]]
    return _("number {index}").format(index=index)


def images(name: str) -> Tensor:
    """The images (n, C, H, W), uint8, whose codes come with the checkpoint; where they are not on this computer, what the model
    rebuilds from these codes (see `are_rebuilt`)."""
    ckpt = loaders.checkpoint(name)
    found = originals.of_codes(ckpt)
    return _rebuilt(*loaders.version(name), ckpt) if found is None else found


def are_rebuilt(name: str) -> bool:
    """Whether `images` are not the originals."""
    return not originals.has_those_of_codes(loaders.checkpoint(name))


def about_images(name: str) -> str:
    """A sentence, as Markdown, where `images` are not the originals; else empty."""
    if not are_rebuilt(name):
        return ""
    instead = _(
        "The originals are not on this computer: in their place stand the pictures that the model rebuilds from their codes."
    )
    return sentences([instead, originals.why_none(loaders.checkpoint(name).data)])


def tile(name: str, index: int) -> np.ndarray:
    """One of `images` as a tile (H, W, 3)."""
    ckpt = loaders.checkpoint(name)
    found = originals.of(ckpt.data)
    if found and found.is_same and ckpt.index[index] < len(found):
        return figures.to_tiles(found.pictures(ckpt.index[index : index + 1]))[0]
    return figures.to_tiles(ckpt.model.decode(ckpt.codes[index : index + 1]))[0]


@st.cache_resource(max_entries=4, show_spinner=False)
def _rebuilt(name: str, modified_ns: int, _ckpt) -> Tensor:
    return torch.cat([(255 * _ckpt.model.decode(z)).round().byte() for z in _ckpt.codes.split(1000)])


@st.cache_resource(max_entries=8, show_spinner=False)
def _support(name: str, modified_ns: int, _ckpt) -> planes.Support:
    return planes.Support(_ckpt.codes)


@st.cache_resource(max_entries=32, show_spinner=False)
def _scatter(name: str, modified_ns: int, box: planes.Extent, side_px: int, ink: figures.Ink, _ckpt) -> np.ndarray:
    return plane_figures.scatter_tile(
        _ckpt.codes.numpy(), _ckpt.labels.numpy(), _ckpt.data.label_names, box, side_px, ink, plane_figures.rings(_ckpt)
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _measure(name: str, modified_ns: int, _ckpt) -> dict:
    box = planes.box(_ckpt.codes)
    return {
        "box": box,
        "cloud": planes.box(_ckpt.codes, CLOUD),
        "stats": planes.plane_stats(_ckpt.codes, _ckpt.labels),
        "holes": figures.png_base64(plane_figures.tint(support(name, planes.cells(box, 100)).numpy())),
        "normal_hole_share": planes.normal_hole_share(_support(name, modified_ns, _ckpt)),
        "weight_rms": twins.weight_rms(_ckpt.model),
    }


@st.cache_resource(max_entries=32, show_spinner=False)
def _hole_share(name: str, modified_ns: int, box: planes.Extent, _ckpt) -> float:
    return planes.hole_share(_support(name, modified_ns, _ckpt), box)


@st.cache_resource(max_entries=32, show_spinner=False)
def _manifold(name: str, modified_ns: int, box: planes.Extent, side: int, fades: bool) -> tuple[np.ndarray, str]:
    grid = decode_grid(name, box, side)
    picture = plane_figures.fade(grid["picture"], grid["shares"]) if fades else grid["picture"]
    return picture, figures.png_base64(picture)


@st.cache_resource(max_entries=32, show_spinner=False)
def _decode(name: str, modified_ns: int, box: planes.Extent | None, side: int, seed: int | None, _ckpt) -> dict:
    """The decoded places as one picture of side × side tiles; of each place its density (see planes.support), the pixel
    entropy of its image in nats, and the class of its nearest code."""
    if seed is None:
        z = planes.cells(box, side)
    else:
        seeds = controls.image_seeds(seed, side**2)
        z = planes.uniform(box, seeds) if box else seeded_normal(seeds, (2,))
    x_hat = _ckpt.model.decode(z)
    return {
        "picture": figures.mosaic(figures.to_tiles(x_hat), side),
        "shares": support(name, z).numpy(),
        "entropy": planes.pixel_entropy(x_hat).numpy(),
        "classes": _ckpt.labels[latents.nearest(_ckpt.codes, z)[0]].numpy(),
    }
