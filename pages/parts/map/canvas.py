"""The map's component: dots and pictures on a canvas, which pans and zooms by itself, and how it speaks with Python."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import streamlit as st

from aemodels.export import packing
from aemodels.report import sheets
from pages.parts.map import atlas, wording
from pages.parts.plane import canvas
from pages.parts.shared import loaders

NUM_NEIGHBOURS = 8  # shown of each code
POINTS, SHEET = "map", "map-sheet"  # under which names the browser keeps them

HTML = """
<div class="bar">
  <div class="legend" role="group" data-label="classes"></div>
  <div class="scale"><span id="low"></span><i></i><span id="high"></span></div>
  <div class="tools">
    <button type="button" class="tool" id="lasso-a" data-shape="lasso" data-letter="a" data-label="lasso_a" aria-pressed="false">◌ A</button>
    <button type="button" class="tool" id="lasso-b" data-shape="lasso" data-letter="b" data-label="lasso_b" aria-pressed="false">◌ B</button>
    <button type="button" class="tool" id="box-a" data-shape="box" data-letter="a" data-label="box_a" aria-pressed="false">▭ A</button>
    <button type="button" class="tool" id="box-b" data-shape="box" data-letter="b" data-label="box_b" aria-pressed="false">▭ B</button>
    <button type="button" class="tool" id="no-groups" data-text="no_groups"></button>
    <button type="button" class="tool" id="nearer" data-label="nearer">+</button>
    <button type="button" class="tool" id="out" data-label="out">−</button>
    <button type="button" class="tool" id="reset" data-text="reset"></button>
  </div>
</div>
<div class="map">
  <canvas id="codes" class="plane" tabindex="0" role="application"></canvas>
  <section class="readout" aria-live="polite">
    <div>
      <p id="who"></p><p id="psnr"></p>
      <div class="pair">
        <figure><canvas id="tile" class="digit" role="img"></canvas><img id="decoded" hidden><figcaption data-text="decoded"></figcaption></figure>
        <figure hidden><img id="original" hidden><figcaption data-text="original"></figcaption></figure>
      </div>
    </div>
    <div><p data-text="nearest"></p><div id="neighbours"></div></div>
  </section>
  <p class="hint" data-text="hint"></p>
</div>
"""
_MAP = canvas.on_panes("map", HTML, Path(__file__).parent, "map_pane", "map_groups", "map")


def touch(key: str, name: str, method: str, with_psnr: bool, data: dict, on_change: Callable[[dict], None]) -> None:
    """The map of a model, whose codes and pictures `store` hands over; on_change gets
    {"picked": index, "view": box, "a": …, "b": …, "only": label, or −1 for all}. What is None stays as it is.

    with_psnr  whether those of the pictures are known
    "a", "b"   the group's outline, or the index whose nearest codes it shall be, or [] for none
    """
    version = loaders.version(name)
    versions = {"points": _version_of_points(*version, method, with_psnr), "sheet": _version_of_sheet(*version)}
    canvas.mount(_MAP, key, data | versions | {"words": wording.of_map()}, on_change)


def store(name: str, method: str) -> None:
    """Hands a model's map and its pictures to the browser."""
    canvas.store_packed(POINTS, _points(*loaders.version(name), method, bool(len(atlas.pictures(name).psnr))))
    canvas.store_packed(SHEET, _sheet(*loaders.version(name), len(atlas.pictures(name).psnr)))


def _version_of_points(name: str, modified_ns: int, method: str, with_psnr: bool) -> str:
    return f"{name} {modified_ns} {method} {with_psnr}"


def _version_of_sheet(name: str, modified_ns: int) -> str:
    return f"{name} {modified_ns}"


@st.cache_resource(max_entries=8, show_spinner=False)
def _points(name: str, modified_ns: int, method: str, with_psnr: bool) -> bytes:
    places = atlas.layout(name, method).places
    n, pictures = len(places), atlas.pictures(name)
    index, distances = atlas.neighbours(name)
    values = {"brightness": pictures.brightness, "power": pictures.power} | (
        {"psnr": pictures.psnr} if with_psnr else {}
    )
    k = min(NUM_NEIGHBOURS, index.shape[1])
    header = {
        "name": POINTS,
        "kind": "map",
        "version": _version_of_points(name, modified_ns, method, with_psnr),
        "num_codes": n,
        "num_neighbours": k,
        "values": list(values),
    }
    return packing.join(
        header,
        _bytes(places, np.float32),
        _bytes(loaders.checkpoint(name).labels.numpy(), np.int32),
        _bytes(atlas.order(name, method), np.int32),
        _bytes(index[:, :k], np.int32),
        _bytes(distances[:, :k], np.float32),
        *(_bytes(of_each, np.float32) for of_each in values.values()),
    )


@st.cache_resource(max_entries=4, show_spinner=False)
def _sheet(name: str, modified_ns: int, num_psnr: int) -> bytes:
    pictures = atlas.pictures(name)
    header = {
        "name": SHEET,
        "kind": "sheet",
        "version": _version_of_sheet(name, modified_ns),
        "tile": pictures.tile,
        "columns": sheets.columns(len(pictures.power)),
    }
    return packing.join(header, pictures.sheet)


def _bytes(values: Sequence | np.ndarray, kind: type) -> bytes:
    return np.ascontiguousarray(values, kind).tobytes()
