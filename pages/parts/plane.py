"""The latent plane: what is measured in it, cached, and a canvas with a dot a code and a cross at the picked place."""

import base64
from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
import torch

from aemodels import checkpoints, figures, latents
from pages.parts import controls, loaders

HTML = """
<div id="legend" role="group" aria-label="Digits"></div>
<canvas tabindex="0" role="application"></canvas>
"""
CSS = """
canvas { width: 100%; height: 470px; display: block; cursor: crosshair; touch-action: none; }
canvas:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
#legend { display: flex; flex-wrap: wrap; gap: 1px; padding-left: 54px; }
#legend button { font: 600 18px var(--st-font); color: var(--st-text-color); background: none; cursor: pointer;
  border: 2px solid transparent; border-radius: 6px; padding: 2px 4px; display: flex; align-items: center; gap: 5px; }
#legend button[aria-pressed="true"] { border-color: var(--st-text-color); }
#legend i { width: 16px; height: 16px; border-radius: 4px; }
"""
_COMPONENT = st.components.v2.component(
    "latent_plane", html=HTML, css=CSS, js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)

Extent = tuple[float, float, float, float]


def encode_points(codes: np.ndarray, labels: np.ndarray, view: Extent) -> str:
    """Codes (n, 2) inside the view, with their digits, as base64 of uint16 triples (x, y, digit): 8 bytes a code."""
    x_min, x_max, y_min, y_max = view
    share = (codes - [x_min, y_min]) / [x_max - x_min, y_max - y_min]
    inside = ((share >= 0) & (share <= 1)).all(1)
    triples = np.column_stack([(share[inside] * 65535).round(), labels[inside]]).astype("<u2")
    return base64.b64encode(triples.tobytes()).decode()


def show(
    points: str, view: Extent, box: Extent, pick: tuple[float, float], on_pick: Callable[[float, float], None], key: str
) -> None:
    """Draws the plane; calls on_pick(z1, z2) before the next run when the user picks a place.

    points    from encode_points, for the same view
    box       drawn as a dashed rectangle
    """

    def picked() -> None:
        event = st.session_state[key].pick
        if event:  # None when another trigger of the same component fired
            st.session_state[f"{key}_answered"] = event["number"]
            on_pick(*map(float, event["z"]))

    _COMPONENT(
        key=key,
        data={
            "points": points,
            "view": view,
            "box": box,
            "colours": figures.PALETTE,
            "pick": [round(z, 6) for z in pick],
            "answered": st.session_state.get(f"{key}_answered", 0),
        },
        on_pick_change=picked,
    )


def measure(name: str) -> dict:
    """What depends on the checkpoint alone: view, box, points (for `show`), PlaneStats and the weights' RMS."""
    return _measure(name, _modified_ns(name), loaders.checkpoint(name))


def decode_grid(name: str, side: int) -> dict:
    """A regular grid of side² places over the codes' box; see `_decode`."""
    ckpt = loaders.checkpoint(name)
    return _decode(name, _modified_ns(name), side, None, ckpt)


def decode_uniform(name: str, side: int, seed: int) -> dict:
    """side² places drawn uniformly from the codes' box; see `_decode`."""
    ckpt = loaders.checkpoint(name)
    return _decode(name, _modified_ns(name), side, seed, ckpt)


def _modified_ns(name: str) -> int:
    return checkpoints.checkpoint_path(name).stat().st_mtime_ns


@st.cache_data(max_entries=8, show_spinner=False)
def _measure(name: str, modified_ns: int, _ckpt) -> dict:
    # Nearly the whole cloud: the last few strays would shrink all the rest to a blot.
    x_min, x_max, y_min, y_max = latents.box(_ckpt.codes, 0.998)
    dx, dy = 0.03 * (x_max - x_min), 0.03 * (y_max - y_min)
    view = (x_min - dx, x_max + dx, y_min - dy, y_max + dy)
    weights = torch.cat([p.flatten() for p in _ckpt.model.parameters() if p.ndim > 1])
    return {
        "view": view,
        "box": latents.box(_ckpt.codes),
        "points": encode_points(_ckpt.codes.numpy(), _ckpt.labels.numpy(), view),
        "stats": latents.plane_stats(_ckpt.codes, _ckpt.labels),
        "weight_rms": weights.square().mean().sqrt().item(),
    }


@st.cache_data(max_entries=24, show_spinner=False)
def _decode(name: str, modified_ns: int, side: int, seed: int | None, _ckpt) -> dict:
    """The decoded places as one picture of side × side tiles; of each place its kind, the pixel entropy of its image in
    nats, and the digit of its nearest code."""
    box = latents.box(_ckpt.codes)
    z = latents.grid(box, side) if seed is None else latents.uniform(box, controls.image_seeds(seed, side**2))
    x_hat = _ckpt.model.decode(z)
    return {
        "picture": figures.mosaic(figures.to_tiles(x_hat), side),
        "kinds": np.array([latents.kind_of_place(share) for share in latents.support(_ckpt.codes, z).tolist()]),
        "entropy": latents.pixel_entropy(x_hat).numpy(),
        "digits": _ckpt.labels[latents.nearest(_ckpt.codes, z)[0]].numpy(),
    }
