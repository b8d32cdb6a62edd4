"""The component that plays films, and what it hands to the browser."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st

from aemodels.export import packing
from pages.parts.plane import canvas
from pages.parts.shared import loaders

NUM_DRAWN = 5000  # codes at most: what a browser without a GPU draws smoothly in several planes

HTML = """
<div class="bar"><div class="legend" role="group" data-label="classes"></div></div>
<div class="controls">
  <button type="button" class="tool" id="play"><svg viewBox="0 0 24 24" aria-hidden="true"><path /></svg></button>
  <input id="time" type="range" min="0" max="1" step="0.001" data-label="time">
  <output id="when"></output>
</div>
<div class="room">
<div class="charts"><figure><figcaption></figcaption><canvas role="img"></canvas></figure></div>
<div class="films">
  <figure>
    <figcaption><canvas class="dash" aria-hidden="true"></canvas><span class="name"></span></figcaption>
    <p></p>
    <canvas class="plane codes" role="img"></canvas>
    <canvas class="plane grid" role="img"></canvas>
  </figure>
</div>
</div>
<p class="hint" data-text="hint"></p>
"""
_FILM = canvas.on_panes("film", HTML, Path(__file__).parent, "film")


def play(key: str, data: dict, on_change: Callable[[dict], None]) -> None:
    """Films side by side under one clock; on_change gets {"step": …} where it was stopped."""
    canvas.mount(_FILM, key, data, on_change)


def store(name: str) -> None:
    """Hands a model's film to the browser."""
    canvas.store_packed(f"film-{name}", _film(*loaders.version(name), loaders.film_version(name)))


@st.cache_resource(max_entries=8, show_spinner=False)
def _film(name: str, modified_ns: int, film_modified_ns: int) -> bytes:
    film, labels = loaders.film(name), loaders.checkpoint(name).labels
    n = min(len(labels), NUM_DRAWN)
    header = {
        "name": f"film-{name}",
        "kind": "film",
        "version": f"{name} {modified_ns} {film_modified_ns}",
        "steps": film.steps.tolist(),
        "num_codes": n,
        "low": film.low.tolist(),
        "high": film.high.tolist(),
        "boxes": film.boxes.tolist(),
        "sizes": [len(picture) for picture in film.pictures],
    }
    places = np.ascontiguousarray(film.places[:, :n])
    return packing.join(header, places.tobytes(), labels[:n].numpy().astype(np.int32).tobytes(), *film.pictures)
