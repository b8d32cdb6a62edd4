"""What belongs to a scene when one goes to another page and back: Streamlit 1.67 alone loses it.

Of an address it drops what a widget of the page before is bound to, and seed and model are bound on most pages
(QueryParams.populate_from_query_string). What came by an address, not by a click, it does not carry to the next page.
"""

from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

CARRIED = ("seed", "model", "mnist_model")  # keys of the widgets that several pages have


def follow(page: st.Page) -> None:
    """Before a page runs: seed and model come along from the page before, by the browser's Back and Forward all of the scene in
    which this page was left."""
    state, ctx = st.session_state, get_script_run_ctx()
    scenes, last = state.setdefault("scenes", {}), state.get("page_shown")
    state.page_shown = page.url_path
    if last in (None, page.url_path):
        return
    if ctx.is_history_navigation:
        scene = scenes.get(page.url_path, {})
    else:  # the address is still that of the page before, with what its fragments wrote there
        scenes[last] = dict(parse_qsl(ctx.query_string))
        scene = {key: value for key, value in scenes[last].items() if key in CARRIED}
    if scene and st.query_params.to_dict() != scene:
        st.query_params.update(scene)
        st.rerun()  # a run of one page takes its widgets' values from the address


def keep(page: st.Page) -> None:
    """After a page has run: its address is remembered, for `follow`."""
    st.session_state.scenes[page.url_path] = st.query_params.to_dict()
