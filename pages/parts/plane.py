"""What the pages of the plane measure and decode, kept so that a new place costs one decode."""

import base64

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels import figures, latents, planes
from pages.parts import controls, loaders

NUM_NEAREST = 3
CLOUD = 0.998  # nearly every code: the last few strays would shrink all the rest to a blot
RULE = (
    "A place is the denser the nearer its 10th nearest test code is. It is **supported** where it is denser than at least "
    f"{planes.SPARSE_BELOW:.0%} of the test codes are themselves, **sparse** below that, and a **hole** below {planes.HOLE_BELOW:.0%}."
)


def measure(name: str) -> dict:
    """What depends on the checkpoint alone: its box, a wider one that holds nearly every code ("cloud"), the
    figures, and a picture of the holes in the wider one, a PNG file in base64."""
    return _measure(*loaders.version(name), loaders.checkpoint(name))


def decode_grid(name: str, box: planes.Extent, side: int) -> dict:
    """The centres of the side² cells of a box, decoded; see `_decode`."""
    return _decode(*loaders.version(name), box, side, None, loaders.checkpoint(name))


def manifold(name: str, box: planes.Extent, side: int, fades: bool) -> tuple[np.ndarray, str]:
    """The picture of `decode_grid`, faded by density if asked, and its PNG file in base64."""
    return _manifold(*loaders.version(name), box, side, fades)


def decode_uniform(name: str, box: planes.Extent, side: int, seed: int) -> dict:
    """side² places drawn uniformly from a box, decoded; see `_decode`."""
    return _decode(*loaders.version(name), box, side, seed, loaders.checkpoint(name))


def support(name: str, z: Tensor) -> Tensor:
    """`planes.support` of places z (B, 2) by the checkpoint's codes: (B,)."""
    return _support(*loaders.version(name), loaders.checkpoint(name))(z)


def scatter(name: str, box: planes.Extent, side_px: int, ink: figures.Ink) -> np.ndarray:
    """The checkpoint's codes in a box, a dot each, as a tile; see `figures.scatter_tile`."""
    return _scatter(*loaders.version(name), box, side_px, ink, loaders.checkpoint(name))


def read(name: str, z: Tensor) -> dict:
    """What is known of a place z (2,): its kind, its density as text, and the nearest test digits."""
    codes, labels = loaders.checkpoint(name).codes, loaders.test_digits()[1]
    share = support(name, z[None]).item()
    index, distance = planes.nearest_k(codes, z, NUM_NEAREST)
    distances = [f"{d:.2g}" if d > 1e-4 else "0" for d in distance.tolist()]  # a place has six digits
    nearest = [
        {"index": i, "label": labels[i].item(), "distance": d, "picture": as_base64(digit_tile(i))}
        for i, d in zip(index.tolist(), distances, strict=True)
    ]
    return {"kind": planes.kind_of_place(share), "share": f"{share:.1%}", "nearest": nearest}


def twin_places(z: Tensor, codes: list[Tensor], views: list[planes.Extent], link: str) -> list[Tensor]:
    """Where the cursor, at z (2,) in the first plane, is in each: at the same place of its view, or at the same digit.

    As plane_twins.js does it.
    """
    if link == "digit":
        index = latents.nearest(codes[0], z[None])[0].item()
        return [of_plane[index] for of_plane in codes]
    low, high = (torch.tensor([[view[i], view[i + 2]] for view in views]) for i in (0, 1))
    return list(low + (z - low[0]) / (high[0] - low[0]) * (high - low))


def widen(extent: planes.Extent) -> planes.Extent:
    """A box a little wider, for dots on its edge."""
    x_min, x_max, y_min, y_max = extent
    dx, dy = 0.03 * (x_max - x_min), 0.03 * (y_max - y_min)
    return x_min - dx, x_max + dx, y_min - dy, y_max + dy


def fade(picture: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A picture (H, W, 3) of n × n cells, made transparent (H, W, 4) where few codes lie: a cell as crowded as the median
    code (share 0.5) is full, one that is lonelier than all is a tenth."""
    side = round(len(shares) ** 0.5)
    opacity = np.clip(2 * shares, 0.1, 1).reshape(side, side)
    alpha = (255 * np.kron(opacity, np.ones((28, 28)))).round().astype(np.uint8)
    return np.dstack([picture, alpha])


def over(picture: np.ndarray, background: str) -> np.ndarray:
    """A picture (H, W, 3 or 4) laid on a colour: (H, W, 3)."""
    image = Image.fromarray(picture).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, background), image).convert("RGB"))


def digit_tile(index: int) -> np.ndarray:
    """Test digit of this index as a tile (28, 28, 3)."""
    return figures.to_tiles(loaders.test_digits()[0][index][None].float() / 255)[0]


def as_base64(picture: np.ndarray) -> str:
    """A uint8 picture (H, W, 3 or 4) as a PNG file in base64."""
    return base64.b64encode(figures.png(Image.fromarray(picture))).decode()


def _tint(shares: np.ndarray) -> np.ndarray:
    """Densities of side² cells as a picture (side, side, 4): holes red, sparse places yellow, both transparent."""
    side = round(len(shares) ** 0.5)
    picture = np.zeros((len(shares), 4), np.uint8)
    picture[shares < planes.SPARSE_BELOW] = (240, 190, 40, 60)
    picture[shares < planes.HOLE_BELOW] = (220, 60, 50, 70)
    return picture.reshape(side, side, 4)


@st.cache_resource(max_entries=8, show_spinner=False)
def _support(name: str, modified_ns: int, _ckpt) -> planes.Support:
    return planes.Support(_ckpt.codes)


@st.cache_resource(max_entries=32, show_spinner=False)
def _scatter(name: str, modified_ns: int, box: planes.Extent, side_px: int, ink: figures.Ink, _ckpt) -> np.ndarray:
    return figures.scatter_tile(_ckpt.codes.numpy(), _ckpt.labels.numpy(), box, side_px, ink)


@st.cache_resource(max_entries=8, show_spinner=False)
def _measure(name: str, modified_ns: int, _ckpt) -> dict:
    weights = torch.cat([p.flatten() for p in _ckpt.model.parameters() if p.ndim > 1])
    cloud = planes.box(_ckpt.codes, CLOUD)
    return {
        "box": planes.box(_ckpt.codes),
        "cloud": cloud,
        "stats": planes.plane_stats(_ckpt.codes, _ckpt.labels),
        "hole_share": planes.hole_share(_ckpt.codes, cloud),
        "holes": as_base64(_tint(support(name, planes.cells(cloud, 100)).numpy())),
        "weight_rms": weights.square().mean().sqrt().item(),
    }


@st.cache_resource(max_entries=32, show_spinner=False)
def _manifold(name: str, modified_ns: int, box: planes.Extent, side: int, fades: bool) -> tuple[np.ndarray, str]:
    grid = decode_grid(name, box, side)
    picture = fade(grid["picture"], grid["shares"]) if fades else grid["picture"]
    return picture, as_base64(picture)


@st.cache_resource(max_entries=32, show_spinner=False)
def _decode(name: str, modified_ns: int, box: planes.Extent, side: int, seed: int | None, _ckpt) -> dict:
    """The decoded places as one picture of side × side tiles; of each place its density (see planes.support), the pixel
    entropy of its image in nats, and the digit of its nearest code."""
    z = planes.cells(box, side) if seed is None else planes.uniform(box, controls.image_seeds(seed, side**2))
    x_hat = _ckpt.model.decode(z)
    return {
        "picture": figures.mosaic(figures.to_tiles(x_hat), side),
        "shares": support(name, z).numpy(),
        "entropy": planes.pixel_entropy(x_hat).numpy(),
        "digits": _ckpt.labels[latents.nearest(_ckpt.codes, z)[0]].numpy(),
    }
