"""A saved report on the page: loaded into what the visitor has, with what changed since."""

import json

import streamlit as st

from aemodels.errors import DataError
from aemodels.language import _
from aemodels.report import merging, replay
from pages.parts.shared import loaders, markdown, visitors

MAX_FILE_MB = replay.MAX_FILE_BYTES >> 20


def show() -> None:
    """The widget that takes a file."""
    turn = st.session_state.setdefault("replay_turn", 0)  # a new widget after each file: the next one may be the same
    with st.popover(_("Go on with a saved report"), icon=":material/upload_file:", key=f"saved_{turn}"):
        st.markdown(
            _(
                "What is in the file is added to what is here: its panels, your words, the cover, and the lab's report with its seed. "
                "Nothing that is here is replaced."
            )
        )
        st.file_uploader(
            _("A file whose name ends with {ending}").format(ending=replay.ENDING),
            "zip",
            key=f"replay_{turn}",
            max_upload_size=MAX_FILE_MB,
            on_change=_load,
            args=(f"replay_{turn}",),
        )


def say() -> None:
    """What there is to say of the file that was loaded just now."""
    for kind, sentences in st.session_state.pop("replay_said", {}).items():
        if sentences:
            text = "\n\n".join(map(markdown.literal, sentences))
            {"error": st.error, "warning": st.warning, "success": st.success}[kind](text, icon=ICONS[kind])


ICONS = {"error": ":material/error:", "warning": ":material/difference:", "success": ":material/check:"}


def _load(key: str) -> None:
    file = st.session_state[key]
    if file is None:
        return
    st.session_state.replay_turn += 1
    try:
        held = replay.read(file.getvalue())
    except DataError as error:
        st.session_state.replay_said = {"error": [str(error)]}
        return
    book = visitors.own_notebook()
    names = {name for entry in held.entries for name in entry.models}
    said = merging.merge(book, held, loaders.digests(names))
    if held.lab:
        book.write("lab", json.dumps({"seed": held.lab["seed"], "sets": held.lab["sets"]}))
        st.session_state.replayed_lab = held.lab
    st.session_state.replay_said = {"success": [_("The report is loaded.")], "warning": said}
