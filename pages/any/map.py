"""The codes of a model on a plane, with pictures wherever there is room for them."""

import math

import streamlit as st
import torch

from aemodels.codes import faults, maps, planes
from aemodels.data import words
from aemodels.language import _, number
from aemodels.storage import catalogue
from pages.parts.map import atlas, canvas, choosing, findings, own, panel, picturing, walking, wording
from pages.parts.plane import address
from pages.parts.plane import canvas as planes_canvas
from pages.parts.shared import controls, fields, loaders, models


def change(event: dict) -> None:
    state = st.session_state
    state.map_code = event["picked"]
    state.map_view = address.join_box(event["view"])
    choosing.change(event)
    if event["only"] is not None:
        state.find = "" if event["only"] < 0 else str(event["only"])


def on_other_map(name: str, method: str) -> None:
    """A place on one map means nothing on another, nor a code of one model in another."""
    state = st.session_state
    if state.setdefault("map_shown", (name, method)) != (name, method):
        state.map_shown = (name, method)
        state.map_view = ""
        choosing.forget_outlines()
        if state.get("map_of") != name:
            state.map_code = 0
    state.map_of = name


def why_no_map(name: str) -> str:
    """Why a model's codes cannot be laid out, in a sentence; empty where they can."""
    codes = loaders.checkpoint(name).codes
    if len(codes) < maps.MIN_CODES:
        return _("A map needs at least {number} codes. There are fewer of {name}: train with more images.").format(
            number=number(maps.MIN_CODES), name=models.said(name)
        )
    if not faults.vary(codes):
        return _("All {number} codes of {name} are the same: there is nothing to lay out.").format(
            number=number(len(codes)), name=models.said(name)
        )
    return ""


@st.fragment  # a click changes what is picked, and leaves the page's frame alone
def show_map() -> None:
    with controls.row():
        name, group = models.choose_model(catalogue.SPACE)
        method = controls.choose(_("Layout"), wording.methods(), key="layout")
    if why := why_no_map(name):
        st.info(why, icon=":material/map:")
        st.stop()
    ckpt, kind = loaders.checkpoint(name), words.of(group.data.config)
    on_other_map(name, method)
    picture = st.container()
    layout, pictures = atlas.layout(name, method), atlas.pictures(name)
    label_names, labels = ckpt.data.label_names, ckpt.labels.numpy()
    whole = planes.widen(planes.box(torch.from_numpy(layout.places), 1.0))
    found = sorted(set(labels.tolist()) - {-1}, key=lambda label: label_names[label])
    classes = {str(label): label_names[label] for label in found}
    with controls.row():
        colourings = wording.colourings(bool(found), bool(len(pictures.psnr)))
        colouring = controls.choose(_("Colour by"), colourings, key="colour")
        only = controls.choose(_("Find"), {"": _("All")} | classes, key="find")
        picked = fields.number(_("Code"), 0, len(labels) - 1, "map_code", 0, width=140)
        view = address.box(_("View: x from, to, y from, to"), "map_view", whole)
    groups = choosing.show(ckpt, layout, classes, picked)
    place, about_own = own.show(name, ckpt, method)
    with picture:
        told = picturing.data(ckpt, pictures, whole, view, picked, groups, colouring, only, place)
        canvas.touch("map", told, change)
        st.caption(findings.of_axes(name, method))
        if about_own:
            st.markdown(about_own)
    canvas.store(name, method)
    index = atlas.neighbours(name)[0]
    walk = walking.show(name, picked, groups)
    shared = atlas.shared(name)
    by_codes, by_pixels = atlas.accuracies(name)
    points = [
        *models.notes(name),
        findings.of_layout(layout),
        *findings.of_shared(shared, kind),
        *([walking.finding(walk, label_names, kind)] if walk else []),
        *findings.of_labels(by_codes, by_pixels, math.prod(ckpt.model_config.latent_shape), kind),
    ]
    controls.notice(points)
    if shared:
        st.header(_("What neighbours in the code share"), anchor=False)
        st.markdown(findings.table(shared, kind))
    panel.show(panel.Scene(ckpt, method, layout, whole, pictures, index, picked, groups, walk))


planes_canvas.frame()
controls.header(
    _("Map"),
    _(
        "A code of many numbers cannot be drawn. Here the codes are laid out on a plane, so that codes that are alike come to lie near each other. "
        "Zoom in: the nearer, the more pictures."
    ),
)
show_map()
