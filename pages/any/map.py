"""The codes of a model on a plane, with pictures wherever there is room for them."""

import base64
import math

import numpy as np
import streamlit as st
import torch
from PIL import Image

from aemodels.codes import faults, maps, planes
from aemodels.data import words
from aemodels.language import _, list_of, number, percent, signed
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.map import atlas, boxes, canvas, findings, own, wording
from pages.parts.plane import address
from pages.parts.plane import canvas as planes_canvas
from pages.parts.shared import controls, export, loaders, models, originals

RAMP = (
    "#00224e",
    "#123570",
    "#3b496c",
    "#575d6d",
    "#707173",
    "#8a8678",
    "#a59c74",
    "#c3b369",
    "#e1cc55",
    "#fee838",
)  # cividis


def change(event: dict) -> None:
    state = st.session_state
    state.map_code = event["picked"]
    state.map_view = address.join(event["view"], 4)
    for key in ("a", "b"):
        state[f"box_{key}"] = address.join(event[key], 4) if event[key] else ""
    if "only" in event:
        state.find = "" if event["only"] < 0 else str(event["only"])


def on_other_map(name: str, method: str) -> None:
    """Boxes of one map mean nothing on another."""
    state = st.session_state
    if state.setdefault("map_shown", (name, method)) != (name, method):
        state.map_shown = (name, method)
        state.map_view = state.box_a = state.box_b = ""
        if state.get("map_of") != name:
            state.map_code = 0
    state.map_of = name


def png_base64(tile: np.ndarray) -> str:
    return base64.b64encode(figures.png(Image.fromarray(tile))).decode()


def scale_of(value: str, numbers: np.ndarray) -> dict:
    """The colours of numbers (n,), from the lowest hundredth to the highest."""
    low, high = np.quantile(numbers, [0.01, 0.99]).tolist()
    ends = {"from": wording.of_value(value, low), "to": wording.of_value(value, high)}
    return {"value": value, "low": low, "high": high, "colours": RAMP, **ends}


@st.fragment  # a click changes what is picked, and leaves the page's frame alone
def show_map() -> None:
    with controls.row():
        name, group = models.choose_model(catalogue.SPACE)
        method = controls.choose(_("Layout"), dict(sorted(wording.methods().items())), key="layout")
    ckpt = loaders.checkpoint(name)
    if len(ckpt.codes) < maps.MIN_CODES:
        st.info(
            _("A map needs at least {number} codes. There are fewer of {name}: train with more images.").format(
                number=number(maps.MIN_CODES), name=controls.literal(name)
            ),
            icon=":material/map:",
        )
        st.stop()
    if not faults.vary(ckpt.codes):
        st.info(
            _("All {number} codes of {name} are the same: there is nothing to lay out.").format(
                number=number(len(ckpt.codes)), name=controls.literal(name)
            ),
            icon=":material/map:",
        )
        st.stop()
    kind, label_names = words.of(group.data.config), ckpt.data.label_names
    on_other_map(name, method)
    picture = st.container()
    layout, pictures = atlas.layout(name, method), atlas.pictures(name)
    places, n = layout.places, len(layout.places)
    labels = ckpt.labels[:n].numpy()
    whole = planes.widen(planes.box(torch.from_numpy(places), 1.0))
    with controls.row():
        colouring = controls.choose(
            _("Colour by"), wording.colourings(bool((labels >= 0).any()), bool(len(pictures.psnr))), key="colour"
        )
        found = sorted(set(labels.tolist()) - {-1}, key=lambda label: label_names[label])
        finds = {"": _("All")} | {str(label): label_names[label] for label in found}
        only = controls.choose(_("Find"), finds, key="find")
        picked = st.number_input(
            _("Code"), 0, n - 1, key="map_code", width=140, bind="query-params", persist_state="session"
        )
        view = address.box(_("View: x from, to, y from, to"), "map_view", whole)
        box_a, box_b = (
            address.box(_("Box {letter}").format(letter=letter), f"box_{letter.lower()}", whole) for letter in "AB"
        )
    box_a, box_b = (box if box != whole else None for box in (box_a, box_b))
    place, about_own = own.show(name, ckpt, method)
    x_hat = figures.to_tiles(ckpt.model.decode(ckpt.codes[picked][None]))[0]
    images = originals.of_codes(ckpt)
    original = None if images is None else figures.to_tiles(images[picked][None].float() / 255)[0]
    numbers_of_each = {"brightness": pictures.brightness, "power": pictures.power, "psnr": pictures.psnr}
    with picture:
        data = {
            "photos": ckpt.model_config.image_shape[-1] > 32,
            "view": view,
            "whole": whole,
            "picked": picked,
            "a": box_a,
            "b": box_b,
            "only": int(only) if only else None,
            "names": label_names,
            "colours": figures.class_colours(label_names),
            "scale": None if colouring == "label" else scale_of(colouring, numbers_of_each[colouring][:n]),
            "own": place,
            "detail": {
                "picked": picked,
                "decoded": png_base64(x_hat),
                "original": png_base64(original) if original is not None else None,
            },
        }
        canvas.touch("map", data, change)
        if about_own:
            st.markdown(about_own)
        if n < len(ckpt.codes):
            st.caption(
                _("t-SNE takes minutes for {all} codes: this map shows the first {number}. PCA shows all.").format(
                    all=number(len(ckpt.codes)), number=number(n)
                )
            )
    canvas.store(name, method)
    index = atlas.neighbours(name, n)[0]
    chosen = {letter: boxes.inside(places, box) for letter, box in (("A", box_a), ("B", box_b))}
    walk = show_boxes(name, picked, chosen, label_names)
    by_codes, by_pixels = atlas.accuracies(name)
    points = [
        *models.notes(name),
        findings.of_layout(layout, method),
        *([boxes.finding(walk, label_names, kind)] if walk else []),
        *findings.of_labels(by_codes, by_pixels, math.prod(ckpt.model_config.latent_shape), kind),
        *findings.of_neighbours(index, pictures.brightness[:n], labels, kind),
    ]
    controls.notice(points)

    def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
        cloud = figures.scatter_tile(places, labels, label_names, whole, width_px // (3 if walk else 2), ink)
        near = figures.to_tiles(ckpt.model.decode(ckpt.codes[torch.tensor([picked, *index[picked][:8].tolist()])]))
        tiles = [cloud, figures.mosaic(near, 3, 1)]
        notes = [
            _("{number} codes by {method}").format(number=number(n), method=wording.methods()[method]),
            _("Code {picked} and its 8 nearest codes, row by row").format(picked=picked),
        ]
        if walk:
            tiles.append(figures.mosaic([*walk.means, x_hat, *walk.rows[0][2:], *walk.rows[1][2:]], 3, 1))
            steps = list_of(number(step, 1) for step in boxes.STEPS[2:])
            notes.append(
                _("Mean of A, mean of B, code {picked}; {steps} times from A to B; as far at random").format(
                    picked=picked, steps=steps
                )
            )
        return figures.panel([tiles], [], [notes], [], caption, width_px, ink)

    settings = {
        _("model"): name,
        _("layout"): wording.methods()[method],
        _("code"): picked,
        _("trustworthiness"): number(layout.trust, 3),
        _("neighbours kept"): percent(layout.kept),
    }
    for letter, box in (("A", box_a), ("B", box_b)):
        if box:
            settings[_("box {letter}").format(letter=letter)] = address.join(box, 3)
    rows = [
        {
            "code": i,
            "x": float(x),
            "y": float(y),
            "label": label_names[labels[i]] if labels[i] >= 0 else "",
            "brightness": float(pictures.brightness[i]),
            "code_power": float(pictures.power[i]),
            **({"psnr_db": float(pictures.psnr[i])} if len(pictures.psnr) else {}),
            "nearest_codes": " ".join(map(str, index[i][:4].tolist())),
        }
        for i, (x, y) in enumerate(places.tolist())
    ]
    alt = _(
        "Map of {number} codes by {method}; beside it the picture of code {picked} and those of its nearest codes"
    ).format(number=number(n), method=wording.methods()[method], picked=picked)
    export.export_row(f"map-{method}-{picked}", draw, rows, settings, alt)


def show_boxes(name: str, picked: int, chosen: dict, label_names: tuple[str, ...]) -> boxes.Walk | None:
    """The means of the codes in the boxes, and the walk from the picked code along their difference."""
    used = {letter: codes for letter, codes in chosen.items() if len(codes) >= boxes.MIN_IN_BOX}
    few = [letter for letter, codes in chosen.items() if 0 < len(codes) < boxes.MIN_IN_BOX]
    if few:
        st.info(
            _("Box {letters} holds fewer than {number} codes: draw it larger.").format(
                letters=list_of(few), number=boxes.MIN_IN_BOX
            ),
            icon=":material/crop_free:",
        )
    if not used:
        return None
    walk = boxes.walk(name, picked, used["A"], used["B"]) if len(used) == 2 else None
    st.header(_("The codes in the boxes"), anchor=False)
    if walk is None:
        ((letter, codes),) = used.items()
        alt = _("The decoded mean of the codes in box {letter}").format(letter=letter)
        st.image(boxes.mean_tile(name, codes), alt=alt, width=200, output_format="PNG")
        st.markdown(
            _(
                "The mean of the {number} codes in {letter}, decoded. Draw the other box for the direction between them."
            ).format(number=number(len(codes)), letter=letter)
        )
        return None
    steps = ["0" if step == 0 else signed(step, 1) for step in boxes.STEPS]
    labels = [[_("mean of A"), _("mean of B")] + [""] * (len(boxes.STEPS) - 2), steps, steps]
    names = ["A, B", _("A to B"), _("random")]

    def draw(width_px: int, ink: figures.Ink) -> Image.Image:
        return figures.panel([walk.means, *walk.rows], names, labels, [], "", width_px, ink)

    export.show(
        export.on_screen(draw),
        _("The decoded means of A and B; code {picked} moved from A to B and along a random direction as long").format(
            picked=picked
        ),
    )
    st.markdown(
        _(
            "Code {picked} plus so many times the mean of B ({b} codes) minus the mean of A ({a}): an **attribute vector**. Below it a random direction as long."
        ).format(picked=picked, a=number(len(used["A"])), b=number(len(used["B"])))
    )
    return walk


planes_canvas.frame()
controls.header(
    _("Map"),
    _(
        "A code of many numbers cannot be drawn. Here the codes are laid out on a plane, so that codes that are alike come to lie near each other. "
        "Zoom in: the nearer, the more pictures."
    ),
)
show_map()
