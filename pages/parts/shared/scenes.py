"""What belongs to a scene when one goes to another page and back: Streamlit 1.67 alone loses it.

Of an address it drops what a widget of the page before is bound to, as the seed is on most pages
(QueryParams.populate_from_query_string), and what none is bound to. What came by an address, not by a click, it does not carry to the next
page. What it tells the browser on the way becomes an entry in the history, unless the browser's address is the same already.
"""

import contextlib
import warnings

import streamlit as st

from aemodels.language import _, current, list_of, speaking
from pages.parts.shared import (
    controls,
    export,
    fields,
    languages,
    loaders,
    markdown,
    streamlit_internals,
    turns,
    wishes,
)
from pages.parts.shared.streamlit_internals import StreamlitChanged

MOST_LETTERS = 40  # of an address, as a sentence repeats it
CARRIED = ("seed", "model", "mnist_model", "data", "mnist_data")  # keys of the widgets that several pages have


def follow() -> None:
    """Before `st.navigation`: language, seed and model come along from the page before, by the browser's Back and Forward all of the
    scene in which this page was left.

    `st.navigation` sends the browser to the page. An address written after that would be a second entry of the same page in the
    browser's history, and Back would lead to the first one: the same page, without its scene.
    """
    state = st.session_state
    scenes, last = state.setdefault("scenes", {}), state.get("page_shown")
    if "page_shown" not in state:
        wishes.note()
    elif not fields.are_refusing():
        wishes.forget()
    try:
        run = streamlit_internals.this_run()
        state.goes_back = run.is_history_navigation
        if run.page_key != last:
            state.enters_page = True
        if (last is None or run.is_history_navigation) and (empty := wishes.empty()):
            streamlit_internals.forget_in_address(empty)
        if last in (None, run.page_key):
            return
        chosen = controls.in_address()
        if run.is_history_navigation:
            scene = scenes.get(run.page_key, {})
            state.update({key: scene.get(key) for key in chosen})
        else:  # what widgets are bound to is still that of the page before, with what its fragments wrote there
            left = scenes.get(last, {})
            kept = "seed", left.get("seed")  # see `show`
            # The values of `st.page_link`, which stand in the address too.
            link = {key: value for key, value in st.query_params.to_dict().items() if (key, value) != kept}
            carried = {key: left[key] for key in left if key in CARRIED}
            before = carried | run.address | {key: left.get(key) for key in link} | chosen
            scenes[last] = {key: value for key, value in before.items() if value is not None}
            scene = {key: value for key, value in scenes[last].items() if key in CARRIED} | link
            if link:  # else a widget would begin with the value that it had when its page was left
                for key in {*link, *(scenes.get(run.page_key, {}).keys() - scene.keys())} - {languages.KEY}:
                    state.pop(key, None)
        controls.forget_address()  # a new page's address starts without them
        scene |= languages.in_address()
        if scene and st.query_params.to_dict() != scene:
            streamlit_internals.set_address(scene)
    except StreamlitChanged as changed:
        warnings.warn(str(changed), stacklevel=1)  # once in the terminal; the page is shown without its scene


def show(page: st.Page) -> None:
    """Runs the page, then remembers its address for `follow`."""
    state = st.session_state
    try:
        state.page_shown = streamlit_internals.key(page)
    except StreamlitChanged:
        state.page_shown = None  # `follow` has said so
    state.page_path = page.url_path  # a collected panel tells where it was made
    # Asked once: a page speaks hundreds of times, and each question would go through Streamlit's locks.
    state.is_whole_run = True  # until its end the next scenes wait, see ahead.py
    try:
        with turns.of_pages.take(), speaking(current()):
            controls.begin_choices()
            page.run()
    finally:
        state.is_whole_run = False
    controls.forget_undrawn()
    state.goes_back = False  # for a fragment of it that runs alone
    fields.say_refused()
    _say_lost({key: value for key, value in wishes.lost().items() if not _comes_along(key, value)})
    export.forget_other_pages()
    state.scenes[state.page_shown] = st.query_params.to_dict()
    with contextlib.suppress(StreamlitChanged):  # `follow` has said so
        streamlit_internals.keep_at_leaving("seed")


def _comes_along(key: str, value: str) -> bool:
    """Whether this page's widgets do not know the key, but another page's do, and show that value; `model` only where the page shows no models
    or this one too."""
    state = st.session_state
    if key not in CARRIED or key in state:
        return False
    if key == "model" and state.get("fitting") and value not in state.fitting:
        return False
    found = loaders.read_catalogue()
    names = {group.key for group in found.groups} if key.endswith("data") else {model.name for model in found.models}
    return value.isdecimal() if key == "seed" else value in names


def _say_lost(asked: dict[str, str]) -> None:
    if asked:
        told = list_of(markdown.code(f"{key}={value[:MOST_LETTERS]}") for key, value in asked.items())
        message = _("The address asks for {wishes}. This page cannot show that, and leaves it out.")
        st.toast(message.format(wishes=told), icon=":material/link_off:", duration="long")
