"""A box to draw a digit in with the mouse, a pen or a finger; the drawing is kept in the URL as its strokes."""

import re
from pathlib import Path

import numpy as np
import streamlit as st
import torch
from PIL import Image, ImageDraw
from torch import Tensor

from aemodels.export import components
from aemodels.language import _
from pages.parts.shared import controls

HTML = """
<div id="sketch">
  <canvas role="img"></canvas>
  <div id="tools"><button type="button" id="undo"></button><button type="button" id="clear"></button></div>
</div>
"""
CSS = """
#sketch { display: flex; align-items: end; gap: 10px; }
#tools { display: flex; flex-direction: column; gap: 8px; }
canvas { width: 240px; height: 240px; display: block; cursor: crosshair; touch-action: none; background: #000;
  border: 2px solid var(--st-border-color); border-radius: 8px; box-sizing: border-box; }
button { font: 600 17px var(--st-font); color: var(--st-text-color); background: none; cursor: pointer;
  border: 1px solid var(--st-border-color); border-radius: 8px; padding: 6px 16px; }
button:hover:enabled { border-color: var(--st-primary-color); }
button:disabled { opacity: 0.4; cursor: default; }
button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 2px; }
"""
_COMPONENT = st.components.v2.component(
    "sketch", html=HTML, css=CSS, js=components.module(Path(__file__).with_suffix(".js"))
)

# Strokes as text: "-" between strokes, and of each place of a stroke two digits x, two digits y, in hundredths of the box.
STROKES = re.compile(r"(\d{4})+(-(\d{4})+)*")
MAX_LENGTH = 4000
SIDE_PX, DIGIT_PX, PEN_PX = 280, 200, 24  # ten times MNIST's image and box, and the usual breadth of its strokes


def show(key: str = "sketch") -> str:
    """The box to draw in; returns the strokes drawn so far, "" for none."""
    state, box, address = st.session_state, f"{key}_box", st.query_params.get(key)

    def drawn() -> None:
        event = state[box].drawn
        if event and is_strokes(event["strokes"]):
            state[f"{key}_answered"] = event["number"]
            state[key] = event["strokes"]

    # Another one came by a bookmark, or by Back and Forward: as in `controls.choose`.
    if controls.comes_anew(key, address):
        state[key] = address
    strokes = state.get(key) or ""
    if not is_strokes(strokes):
        st.warning(
            _("The drawing in this page's address is broken; please draw again."), icon=":material/broken_image:"
        )
        strokes = ""
    state[key] = strokes
    words = {
        "box": _("Box to draw one digit in, with a mouse, a pen or a finger. With a keyboard, upload one."),
        "undo": _("Undo"),
        "clear": _("Clear"),
    }
    answered = state.get(f"{key}_answered", 0)
    data = {
        "strokes": strokes,
        "answered": answered,
        "maxLength": MAX_LENGTH,
        "words": words,
        "page": state.get("page_path"),
    }
    _COMPONENT(key=box, data=data, on_drawn_change=drawn)
    if strokes:
        st.query_params[key] = strokes
    else:
        st.query_params.pop(key, None)
    controls.note_address(key)
    return strokes


def is_strokes(text: str) -> bool:
    """Whether the text is a drawing as `show` returns it, the empty one included."""
    return len(text) <= MAX_LENGTH and (not text or STROKES.fullmatch(text) is not None)


def rasterise(strokes: str) -> Tensor:
    """Strokes, at least one, as a picture uint8 (3, 280, 280), white on black, as large and as bold as MNIST's digits."""
    lines = [np.array(re.findall(r"(\d\d)(\d\d)", stroke), dtype=float) for stroke in strokes.split("-")]
    places = np.concatenate(lines)
    low, high = places.min(0), places.max(0)
    scale = (DIGIT_PX - PEN_PX) / max(high - low) if (high > low).any() else 1.0
    image = Image.new("RGB", (SIDE_PX, SIDE_PX))
    draw = ImageDraw.Draw(image)
    for line in lines:
        points = [tuple(point) for point in SIDE_PX / 2 + (line - (low + high) / 2) * scale]
        draw.line(points, "white", PEN_PX, joint="curve")
        for x, y in (points[0], points[-1]):  # round ends, and a dot where the stroke is one place
            draw.ellipse((x - PEN_PX / 2, y - PEN_PX / 2, x + PEN_PX / 2, y + PEN_PX / 2), "white")
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)
