"""Two groups of codes, A and B: drawn on the map, of one class, or the nearest of one code."""

import contextlib
from dataclasses import dataclass, field

import streamlit as st
import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.codes import groups
from aemodels.codes.maps import Layout
from aemodels.language import _, list_of, ngettext, number
from pages.parts.plane import address
from pages.parts.shared import controls, fields, streamlit_internals
from pages.parts.shared.streamlit_internals import StreamlitChanged

LETTERS = ("a", "b")
DRAWN, NEAR = "drawn", "near"  # ways to choose; else a class by its number, or "" for none
NUM_NEAR = 50
MIN_IN_GROUP = 3


@dataclass(frozen=True)
class Group:
    """codes    (m,) their numbers
    way      how they were chosen: DRAWN, NEAR, a class by its number, or ""
    outline  as `groups.inside` takes it; () where they were not drawn
    said     which codes, in words; "" for none
    """

    codes: Tensor = field(default_factory=lambda: torch.zeros(0, dtype=torch.long))
    way: str = ""
    outline: tuple[float, ...] = ()
    said: str = ""


def show(ckpt: Checkpoint, layout: Layout, classes: dict[str, str], picked: int) -> dict[str, Group]:
    """Widgets for both groups, by letter.

    classes  number, as a text -> name of those that codes have
    picked   the code whose nearest are meant at first
    """
    st.caption(_("Choose two groups of codes, A and B, to see the direction from one to the other."))
    with controls.row():
        chosen = {letter: _choose(letter, ckpt, layout, classes, picked) for letter in LETTERS}
    few = [letter.upper() for letter, group in chosen.items() if group.said and len(group.codes) < MIN_IN_GROUP]
    if few:
        st.info(
            ngettext(
                "{letters} holds fewer than {number} codes: choose more.",
                "{letters} hold fewer than {number} codes each: choose more.",
                len(few),
            ).format(letters=list_of(few), number=MIN_IN_GROUP),
            icon=":material/crop_free:",
        )
    return chosen


def _choose(letter: str, ckpt: Checkpoint, layout: Layout, classes: dict[str, str], picked: int) -> Group:
    none, said = Group(), letter.upper()
    ways = {"": _("None"), DRAWN: _("Drawn on the map"), NEAR: _("The nearest of a code")}
    with controls.row():
        way = controls.choose(_("Codes {letter}").format(letter=said), ways | classes, key=f"by_{letter}")
        if way == DRAWN:
            outline = address.outline(_("Outline of {letter}").format(letter=said), f"area_{letter}")
            return Group(groups.inside(layout.places, outline), way, outline, _("drawn")) if outline else none
        if way == NEAR:
            key = f"near_{letter}"
            if key not in st.session_state and key not in st.query_params:
                st.session_state[key] = picked
            label = _("{letter}: nearest of code").format(letter=said)
            i = fields.number(label, 0, len(ckpt.codes) - 1, key, 0, width=180)
            about = _("the {number} nearest of code {code}").format(number=number(NUM_NEAR), code=i)
            return Group(groups.nearest(ckpt.codes, i, NUM_NEAR), way, (), about)
    return Group(groups.of_label(ckpt.labels, int(way)), way, (), classes[way]) if way else none


def change(event: dict) -> None:
    """Takes what was done to the groups on the map into the widgets: event as `canvas.touch` tells it."""
    state = st.session_state
    for letter in LETTERS:
        way, area = f"by_{letter}", f"area_{letter}"
        if isinstance(event[letter], int):
            state[way], state[area], state[f"near_{letter}"] = NEAR, "", event[letter]
            _tell_address(f"near_{letter}")
        elif event[letter]:
            state[way], state[area] = DRAWN, address.join(event[letter])  # fewer digits would make a small box flat
            _tell_address(area)
        elif event[letter] is not None or state.get(way) == DRAWN:
            state[way], state[area] = "", ""


def _tell_address(key: str) -> None:
    """A field that stands on the page tells the address its value, and nobody else may; one that is only to come does so not before its next
    change."""
    with contextlib.suppress(StreamlitChanged):  # the field then tells it at its next change
        if key not in st.query_params and not streamlit_internals.is_bound(key):
            st.query_params[key] = str(st.session_state[key])


def forget_outlines() -> None:
    """What was drawn on one map means nothing on another."""
    for letter in LETTERS:
        if st.session_state.get(f"by_{letter}") == DRAWN:
            st.session_state[f"by_{letter}"] = st.session_state[f"area_{letter}"] = ""
