"""Panels on the screen and in files: one PNG for the eye, one at print size, one CSV with the numbers."""

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import streamlit as st
from PIL import Image

from aemodels import figures

SCREEN_PX = 1400
PRINT_PX = 2400  # 20 cm at 300 dpi


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def ink() -> figures.Ink:
    """Panel colours that fit the theme on the screen."""
    return figures.DARK if is_dark() else figures.LIGHT


def show(image: Image.Image, alt: str) -> None:
    """A panel of up to 1,460 px, as wide as its column."""
    st.image(image, alt=alt, width="stretch", output_format="PNG")


def export_row(
    name: str, draw: Callable[..., Image.Image], rows: Sequence[Mapping[str, object]], settings: Mapping[str, object]
) -> None:
    """The scene's settings and two downloads.

    name      file name without its ending
    draw      draw(width_px=..., ink=..., caption=...) -> the panel; called again at print size when the button is clicked
    rows      the numbers, one mapping a line of the CSV
    settings  what makes the same scene again: shown, and part of the panel's caption
    """
    text = " · ".join(f"{key}: {value}" for key, value in settings.items())
    with st.container(horizontal=True, vertical_alignment="center", key="export"):
        st.download_button(
            "Panel (PNG, 300 dpi)",
            partial(_print, draw, text),
            file_name=f"{name}.png",
            mime="image/png",
            icon=":material/download:",
            on_click="ignore",
        )
        st.download_button(
            "Numbers (CSV)",
            partial(_csv, list(rows)),
            file_name=f"{name}.csv",
            mime="text/csv",
            icon=":material/table:",
            on_click="ignore",
        )
        st.caption(text)


def _print(draw: Callable[..., Image.Image], text: str) -> bytes:
    return figures.png(draw(width_px=PRINT_PX, ink=figures.LIGHT, caption=text), text)


def _csv(rows: list[Mapping[str, object]]) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(rows[0]) if rows else [])
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()
