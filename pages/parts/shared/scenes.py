"""What belongs to a scene when one goes to another page and back: Streamlit 1.67 alone loses it.

Of an address it drops what a widget of the page before is bound to, and seed and model are bound on most pages
(QueryParams.populate_from_query_string). What came by an address, not by a click, it does not carry to the next page.
"""

from urllib.parse import parse_qsl

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

CARRIED = ("seed", "model", "mnist_model")  # keys of the widgets that several pages have


def follow() -> None:
    """Before `st.navigation`: seed and model come along from the page before, by the browser's Back and Forward all of the scene
    in which this page was left.

    `st.navigation` sends the browser to the page. An address written after that would be a second entry of the same page in the
    browser's history, and Back would lead to the first one: the same page, without its scene.
    """
    state, ctx = st.session_state, get_script_run_ctx()
    scenes, last = state.setdefault("scenes", {}), state.get("page_shown")
    page = ctx.pages_manager.intended_page_script_hash
    if last in (None, page):
        return
    if ctx.is_history_navigation:
        scene = scenes.get(page, {})
    else:  # the address is still that of the page before, with what its fragments wrote there
        scenes[last] = dict(parse_qsl(ctx.query_string))
        scene = {key: value for key, value in scenes[last].items() if key in CARRIED}
    if scene and st.query_params.to_dict() != scene:
        st.query_params.update(scene)
        with ctx.session_state.query_params() as query_params:  # the widgets take their values from these
            query_params.set_initial_query_params_from_current()


def show(page: st.Page) -> None:
    """Runs the page, then remembers its address for `follow`."""
    state = st.session_state
    state.page_shown = page._script_hash
    page.run()
    state.scenes[page._script_hash] = st.query_params.to_dict()
