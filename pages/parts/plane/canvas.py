"""The components of the plane's pages: canvases that decode in the browser, and how they speak with Python."""

from collections.abc import Callable
from pathlib import Path

import streamlit as st

from aemodels import Checkpoint
from aemodels.codes import planes
from aemodels.data import words
from aemodels.errors import ConfigError
from aemodels.export import components, packing, wording
from aemodels.language import _
from aemodels.report import plane_figures
from pages.parts.shared import loaders, markdown, models


def _component(name: str, of: components.Component):
    return st.components.v2.component(name, html=of.html, css=of.css, js=of.js)


def on_panes(name: str, html: str, folder: Path, *scripts: str):
    """A component of another page, made of the plane's panes, with NAME.css and scripts of its own in a folder."""
    css = components.read("plane.css") + (folder / f"{name}.css").read_text(encoding="utf-8")
    js = components.module(components.ASSETS / "pane.js", *(folder / f"{script}.js" for script in scripts))
    return st.components.v2.component(name, html=html, css=css, js=js)


_STORE = _component("plane_store", components.STORE)
_TOUCH = _component("plane", components.TOUCH)
_TWINS = _component("plane_twins", components.TWINS)
_PATH = _component("plane_path", components.PATH)


def frame() -> None:
    """No gaps for the components that show nothing."""
    st.html('<style>[class*="st-key-store-"] { display: none; }</style>')


def store_model(name: str) -> None:
    """Hands a checkpoint's decoder, codes and labels to the browser, under its name; says so where the browser cannot decode them."""
    ckpt = loaders.checkpoint(name)
    try:
        _STORE(key=f"store-{name}", data=_payload(*loaders.version(name), ckpt))
    except ConfigError as error:
        said = _("{name}: {sentence}").format(name=models.said(name), sentence=markdown.sentence(error))
        st.warning(said, icon=":material/warning:")


def store_picture(name: str, model: str, picture: str, extent: planes.Extent) -> None:
    """Hands a PNG file in base64, which covers `extent` of a model's plane, to the browser."""
    _STORE(key=f"store-{name}", data={"name": name, "model": model, "picture": picture, "extent": extent})


def store_packed(name: str, data: bytes) -> None:
    """Hands what `packing.join` made to the browser, under its name."""
    _STORE(key=f"store-{name}", data=data)


def touch(key: str, ckpt: Checkpoint, data: dict, on_change: Callable[[dict], None]) -> None:
    """A checkpoint's plane to touch; on_change gets {"z": [z1, z2], "box": [x_min, x_max, y_min, y_max]}."""
    _mount(_TOUCH, key, ckpt, data, wording.of_touch(words.of(ckpt.data.config)), on_change)


def twins(key: str, ckpt: Checkpoint, data: dict, on_change: Callable[[dict], None]) -> None:
    """Planes of one data set, as many as data["planes"], under one cursor; on_change gets {"z": [z1, z2]}, a place in the first, which
    is the checkpoint's."""
    _mount(_TWINS, key, ckpt, data, wording.of_twins(words.of(ckpt.data.config)), on_change)


def path(key: str, ckpt: Checkpoint, data: dict, on_change: Callable[[dict], None]) -> None:
    """Two of a checkpoint's codes and the line between them; on_change gets {"ends": [i, j]}, their indices."""
    _mount(_PATH, key, ckpt, data, wording.of_path(), on_change)


def _mount(
    component, key: str, ckpt: Checkpoint, data: dict, spoken: dict[str, str], on_change: Callable[[dict], None]
) -> None:
    classes = list(ckpt.data.label_names)
    mount(
        component,
        key,
        data | {"classes": classes, "colours": plane_figures.class_colours(classes), "words": spoken},
        on_change,
    )


def mount(component, key: str, data: dict, on_change: Callable[[dict], None]) -> None:
    """Shows a component; what it sends as "change" goes to on_change, and its number comes back to it as data["answered"]."""

    def changed() -> None:
        event = st.session_state[key].change
        if event:
            st.session_state[f"{key}_answered"] = event["number"]
            on_change(event)

    answered = st.session_state.get(f"{key}_answered", 0)
    component(
        key=key, data=data | {"answered": answered, "page": st.session_state.get("page_path")}, on_change_change=changed
    )


@st.cache_resource(max_entries=8, show_spinner=False)
def _payload(name: str, modified_ns: int, _ckpt: Checkpoint) -> bytes:
    """Streamlit hashes a component's data in every run, and for JSON would write it out twice as well."""
    return packing.pack(_ckpt, modified_ns)
