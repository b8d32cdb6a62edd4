"""Codes drawn from a prior that was learnt on them: new pictures, and how they come about."""

import streamlit as st

from aemodels.errors import LatentLabError
from aemodels.language import _
from pages.parts.generate import back, between, chosen, filling, lesson, measured, nine, way
from pages.parts.shared import controls, markdown

SENTENCE = _("A network has learnt where the codes of {dogs} lie. It turns noise into new codes, step by step.")
VIEWS = {
    "nine": (_("Nine samples"), nine.show),
    "way": (_("From noise to picture"), way.show),
    "between": (_("Between two samples"), between.show),
    "back": (_("To noise and back"), back.show),
    "filling": (_("Fill in cells"), filling.show),
    "measured": (_("How good they are"), measured.show),
    "why": (_("Why it works"), lesson.show),
}

sentence = controls.header(_("Generate"), SENTENCE.format(dogs=_("photos")))
now = chosen.choose()
sentence.markdown(SENTENCE.format(dogs=now.picture.what_many))
OF_CELLS = ("filling", "measured")
names = {view: name for view, (name, _show) in VIEWS.items() if view not in OF_CELLS or now.has_cells}
view = controls.choose(_("Show"), names, key="view", most=len(VIEWS))
try:
    VIEWS[view][1](now)
except LatentLabError as error:
    st.error(markdown.sentence(error), icon=":material/error:")
    st.stop()
if st.session_state.get("has_drawn_again"):
    nine.start(now.setting, controls.next_seed(now.seed))
