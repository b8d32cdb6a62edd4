"""A picture under a grid, one cell of it picked, or several marked, by click, drag or keys: a channel's map, or a place of the code."""

from collections.abc import Callable, Collection
from pathlib import Path

import numpy as np
import streamlit as st

from aemodels.export import components
from aemodels.language import _, sentences
from aemodels.report import figures

HTML = '<canvas tabindex="0" role="application"></canvas>'
CSS = """
canvas { width: 100%; display: block; cursor: pointer; touch-action: none;
  border-radius: var(--st-base-radius); }
canvas:focus-visible { outline: 3px solid var(--st-primary-color); outline-offset: 2px; }
"""
_COMPONENT = st.components.v2.component(
    "cells", html=HTML, css=CSS, js=components.module(Path(__file__).with_suffix(".js"))
)


def show(
    picture: np.ndarray,
    grid: tuple[int, int],
    pick: tuple[int, int],
    label: str,
    on_pick: Callable[[int, int], None],
    key: str,
    is_active: bool = True,
    names: list[str] | None = None,
) -> None:
    """Draws a picture under a grid of cells; calls on_pick(row, column), from 0, before the next run.

    picture    uint8 (H, W, 3)
    grid       rows and columns of cells
    pick       (row, column) of the framed cell; a dashed frame where it is not active
    label      what the picture is, a sentence for screen readers
    names      one a cell, row by row, written into its corner; cells beyond the last name are empty
    """

    def picked() -> None:
        event = st.session_state[key].pick
        if event:  # None when another trigger of the same component fired
            st.session_state[f"{key}_answered"] = event["number"]
            row, column = (min(max(int(i), 0), most - 1) for i, most in zip(event["cell"], grid, strict=True))
            if not names or row * grid[1] + column < len(names):
                on_pick(row, column)

    # What the frame is on is put in by the browser, which moves it.
    words = {
        "number": _("{label} Picked: number {number}. Arrow keys move the frame.").format(label=label, number="{0}"),
        "place": _("{label} Picked: row {row}, column {column}. Arrow keys move the frame.").format(
            label=label, row="{0}", column="{1}"
        ),
    }
    _draw(
        picture,
        grid,
        key,
        words,
        {"pick": list(pick), "active": is_active, "names": names or [], "marked": None},
        on_pick_change=picked,
    )


def show_marked(
    picture: np.ndarray,
    grid: tuple[int, int],
    marked: Collection[tuple[int, int]],
    label: str,
    on_mark: Callable[[list[tuple[int, int]]], None],
    key: str,
) -> None:
    """Draws a picture under a grid of cells, those cut out covered; calls on_mark with all of them, (row, column) from 0 each, before
    the next run.

    A click or Enter covers a cell or uncovers it, dragging does so with each cell on the way, and arrow keys move a frame.

    label  what the picture is, a sentence for screen readers
    """

    def told() -> None:
        event = st.session_state[key].mark
        if event:
            st.session_state[f"{key}_answered"] = event["number"]
            places = {(int(row), int(column)) for row, column in event["cells"]}
            on_mark(sorted(p for p in places if 0 <= p[0] < grid[0] and 0 <= p[1] < grid[1]))

    keys = _("Arrow keys move the frame, Enter cuts its cell out or puts it back.")
    at = {"row": "{0}", "column": "{1}"}
    words = {
        "marked": sentences([label, _("Row {row}, column {column}: cut out.").format(**at), keys]),
        "unmarked": sentences([label, _("Row {row}, column {column}: kept.").format(**at), keys]),
    }
    state = {"pick": [0, 0], "active": True, "names": [], "marked": [list(place) for place in sorted(marked)]}
    _draw(picture, grid, key, words, state, on_mark_change=told)


def _draw(
    picture: np.ndarray,
    grid: tuple[int, int],
    key: str,
    words: dict[str, str],
    state: dict[str, object],
    **on_change: Callable[[], None],
) -> None:
    _COMPONENT(
        key=key,
        data={
            "picture": "data:image/png;base64," + figures.png_base64(picture),
            "grid": list(grid),
            "words": words,
            "answered": st.session_state.get(f"{key}_answered", 0),
            "page": st.session_state.get("page_path"),
            **state,
        },
        **on_change,
    )
