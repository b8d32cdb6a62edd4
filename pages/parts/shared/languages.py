"""The visitor's language: at first that of the browser, then what the address or the switch on top of every page says."""

import streamlit as st

from aemodels import language
from aemodels.language import _
from pages.parts.shared import streamlit_internals

KEY = "lang"
ADDRESS = "told_language"  # what the address told in the run before, in session_state
BEFORE = "language_told_before"  # what it told before that


def of_visitor() -> str:
    """The language of the visitor for whom this thread works; English where it works for none."""
    return st.session_state.get(KEY, language.DEFAULT) if streamlit_internals.has_visitor() else language.DEFAULT


def settle() -> None:
    """First of all in a run: its language, a new one if the address came with one."""
    state, address = st.session_state, st.query_params.get(KEY)
    is_old = address == state.get(BEFORE) and not state.get("goes_back")  # see `controls.comes_anew`
    if address in language.LANGUAGES and address != state.get(ADDRESS) and not is_old:
        state[KEY] = address
    # Set in each run, as `controls.choose` does.
    state[KEY] = state[KEY] if state.get(KEY) in language.LANGUAGES else language.of_browser(st.context.locale)
    if address is not None or state[KEY] != language.of_browser(st.context.locale):
        if state.get(ADDRESS) not in (None, state[KEY]):
            state[BEFORE] = state[ADDRESS]
        state[ADDRESS] = state[KEY]
        if address != state[KEY]:
            st.query_params[KEY] = state[KEY]


def in_address() -> dict[str, str]:
    """What the address of each page holds of the language: nothing while it is the browser's."""
    return {KEY: st.session_state[KEY]} if ADDRESS in st.session_state else {}


def switch() -> None:
    """English | 简体中文, and which it is for the browser, whose letters and voice depend on it."""
    with st.container(horizontal=True, horizontal_alignment="right", key="language"):
        st.segmented_control(
            _("Language"),
            list(language.LANGUAGES),
            required=True,
            format_func=language.LANGUAGES.get,
            key=KEY,
            persist_state="session",
            label_visibility="collapsed",
        )
        tag = "-".join(filter(None, (language.locale().language, language.locale().script)))
        st.html(f"<script>document.documentElement.lang = '{tag}'</script>", unsafe_allow_javascript=True)
