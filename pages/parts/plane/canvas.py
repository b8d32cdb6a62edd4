"""The components of the plane's pages: canvases that decode in the browser, and how they speak with Python."""

import json
from collections.abc import Callable
from pathlib import Path

import streamlit as st
import torch
from torch import nn

import aemodels
from aemodels import Checkpoint
from aemodels.codes import planes
from aemodels.data import words
from aemodels.errors import ConfigError
from aemodels.language import _
from aemodels.report import figures
from pages.parts.plane import wording
from pages.parts.shared import controls, loaders

_SCRIPTS = Path(aemodels.__file__).parent / "assets/plane"
# Words come with the data: data-text and data-label say which of them an element shows, and which a screen reader says of it.
_BAR = '<div class="bar"><div class="legend" role="group" data-label="classes"></div>{}</div>'
_PLANE = '<canvas id="{}" class="plane" tabindex="0" role="application"></canvas>'
_DIGIT = '<canvas id="{}" class="digit" role="img"></canvas>'

TOUCH = f"""
{
    _BAR.format('''
<div class="tools">
  <button type="button" class="tool" id="box" aria-pressed="false">▭ <span data-text="box"></span></button>
  <button type="button" class="tool" id="out" data-text="out"></button>
  <button type="button" class="tool" id="reset" data-text="reset"></button>
</div>''')
}
<div class="touch">
  <figure><figcaption class="title"></figcaption>{_PLANE.format("codes")}</figure>
  <figure><figcaption class="title"></figcaption>{_PLANE.format("grid")}</figure>
  <p class="hint" data-text="hint"></p>
  <section class="readout" aria-live="polite">
    <div>{_DIGIT.format("decoded")}<p id="place"></p></div>
    <div><p id="verdict"></p><p id="share"></p></div>
    <div><p id="what"></p><div id="nearest"></div></div>
  </section>
</div>
"""

_TWIN = f"""<figure>
  <figcaption class="title"></figcaption><div class="facts"></div>{_PLANE.format("codes")}
  <section class="readout" aria-live="polite">
    {_DIGIT.format("decoded")}
    <div><p class="place"></p><p id="verdict"></p><p id="share"></p><p id="near"></p></div>
  </section>
</figure>"""
TWINS = f"""
{_BAR.format("")}
<div class="twins">{_TWIN}</div>
"""
PATH = f"""
{_BAR.format("")}
<div class="path">
  {_PLANE.format("codes")}
  <section>
    <div class="pictures">
      <figure><figcaption data-text="walk"></figcaption>{_DIGIT.format("walk")}</figure>
      <figure><figcaption data-text="fade"></figcaption>{_DIGIT.format("fade")}</figure>
    </div>
    <div class="steps">
      {_DIGIT.format("a")}
      <input id="step" type="range" min="0" max="1" step="0.01" value="0.5" data-label="slider">
      {_DIGIT.format("b")}
      <p>A</p><p id="how-far"></p><p>B</p>
    </div>
    <p class="hint" data-text="hint"></p>
  </section>
</div>
"""


def _component(name: str, html: str, *scripts: str):
    js = "\n".join((_SCRIPTS / f"{script}.js").read_text(encoding="utf-8") for script in scripts)
    css = (_SCRIPTS / "plane.css").read_text(encoding="utf-8")
    return st.components.v2.component(name, html=html, css=css, js=js)


_STORE = _component("plane_store", "\n<span></span>\n", "decoder", "store")
_TOUCH = _component("plane", TOUCH, "pane", "plane")
_TWINS = _component("plane_twins", TWINS, "pane", "twins")
_PATH = _component("plane_path", PATH, "pane", "path")


def frame() -> None:
    """Room for the planes: a wider page, and no gaps for the components that show nothing."""
    st.html(
        "<style>.stMainBlockContainer { padding-left: clamp(1rem, 3vw, 2.5rem); padding-right: clamp(1rem, 3vw, 2.5rem); }"
        '[class*="st-key-store-"] { display: none; }</style>'
    )


def store_model(name: str) -> None:
    """Hands a checkpoint's decoder, codes and labels to the browser, under its name; says so where the browser cannot decode them."""
    ckpt = loaders.checkpoint(name)
    try:
        _STORE(key=f"store-{name}", data=_payload(*loaders.version(name), ckpt))
    except ConfigError as error:
        st.warning(f"{controls.code(name)}: {controls.sentence(error)}", icon=":material/warning:")


def store_picture(name: str, model: str, picture: str, extent: planes.Extent) -> None:
    """Hands a PNG file in base64, which covers `extent` of a model's plane, to the browser."""
    _STORE(key=f"store-{name}", data={"name": name, "model": model, "picture": picture, "extent": extent})


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
    def changed() -> None:
        event = st.session_state[key].change
        if event:
            st.session_state[f"{key}_answered"] = event["number"]
            on_change(event)

    answered = st.session_state.get(f"{key}_answered", 0)
    classes = list(ckpt.data.label_names)
    shared = {"classes": classes, "colours": figures.class_colours(classes), "words": spoken, "answered": answered}
    component(key=key, data=data | shared, on_change_change=changed)


@st.cache_resource(max_entries=8, show_spinner=False)
def _payload(name: str, modified_ns: int, _ckpt: Checkpoint) -> bytes:
    """Length of the header, uint32; the header, JSON; weights in float16, as in the checkpoint file; codes; labels, uint8.

    Streamlit hashes a component's data in every run, and for JSON would write it out twice as well.
    """
    layers, weights = decoder_layers(_ckpt.model.decoder)
    header = {
        "name": name,
        "version": modified_ns,
        "layers": [*layers, {"kind": "sigmoid"}],
        "num_weights": len(weights),
        "num_codes": len(_ckpt.codes),
    }
    text = json.dumps(header).encode()
    arrays = (weights.half(), _ckpt.codes, _ckpt.labels.byte())
    return b"".join([len(text).to_bytes(4, "little"), text, *(a.contiguous().numpy().tobytes() for a in arrays)])


def decoder_layers(decoder: nn.Module) -> tuple[list[dict], torch.Tensor]:
    """A decoder's layers in order, with their sizes, and all their weights in one float vector, for decoder.js.

    Raises ConfigError for a layer that the browser does not know.
    """
    layers, weights = [], []
    for layer in decoder.modules():
        match layer:
            case nn.Linear():
                layers.append({"kind": "linear", "inputs": layer.in_features, "outputs": layer.out_features})
            case nn.LayerNorm():
                layers.append({"kind": "norm", "size": layer.normalized_shape[0], "eps": layer.eps})
            case nn.SiLU():
                layers.append({"kind": "silu"})
            case nn.Sequential() | nn.Flatten() | nn.Unflatten():
                continue
            case _:
                raise ConfigError(
                    _("The browser cannot decode with a layer of the kind {kind}.").format(kind=type(layer).__name__)
                )
        weights += [p.flatten() for p in layer.parameters()]
    return layers, torch.cat(weights)
