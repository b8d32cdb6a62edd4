"""What clicks have set, kept from a timer's message that the browser sent before it heard of them.

Each message carries all that the browser holds, and Streamlit believes it. A timer's message brings no news: a change by
hand sends a message of its own, earlier.
"""

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx


def remember(*keys: str) -> None:
    """Notes the values of these widgets, now that they are shown."""
    st.session_state.shown = {key: st.session_state[key] for key in keys}


def undo() -> None:
    """In a fragment that has a timer, and in a run of it alone: puts the widgets back to the values last shown."""
    if len(get_script_run_ctx().fragment_ids_this_run or ()) == 1:
        st.session_state.update(st.session_state.get("shown", {}))
