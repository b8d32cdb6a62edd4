"""Files that are made when their button is pressed, from what the visitor has typed by then.

`st.download_button` makes a file on demand too, but each run of the page takes the file of the run before away. Here every typed letter
runs the form: a click that came before the browser had the new button ended in an error.
"""

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from aemodels.export import components
from aemodels.language import _

_HANDING = st.components.v2.component("handing", js=components.module(Path(__file__).with_suffix(".js")))


@dataclass(frozen=True)
class File:
    """What a button hands over: file name, media type, and the function that makes the content."""

    name: str
    mime: str
    make: Callable[[], bytes]


def hand_over(file: File | None, place: st.delta_generator.DeltaGenerator) -> None:
    """Makes the file, if one is asked for, and hands it to the browser. To be called in every run: a click on something else may end the run
    that made the file before it is sent, and then the next run sends it.

    place  where a spinner stands while it is made
    """
    state = st.session_state
    if file:
        with place, st.spinner(_("The file is being made …")):
            told = {"token": secrets.token_hex(8), "name": file.name, "mime": file.mime, "page": state.get("page_path")}
            state.handing = told["token"], json.dumps(told).encode() + b"\n" + file.make()
    _HANDING(key="handed_over", data=state.handing[1] if "handing" in state else None, on_handed_change=_forget)


def _forget() -> None:
    token = st.session_state.handed_over.handed
    if token and token == st.session_state.get("handing", [""])[0]:
        del st.session_state.handing
