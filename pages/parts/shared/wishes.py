"""What the address asks for at the start of a visit: whose widget cannot show it is said, so that no other scene is taken for it."""

import contextlib

import streamlit as st


def note() -> None:
    """Before the page: all that the address asks for."""
    st.session_state.asked = {key: value for key, value in st.query_params.to_dict().items() if value}


def forget() -> None:
    """The visit has gone on; a page that stopped early has said nothing of them."""
    st.session_state.pop("asked", None)


def empty() -> list[str]:
    """The keys of the address without a value: of such a one Streamlit 1.67 makes None, where a choice is required too, and the page
    would end with an error."""
    return [key for key, value in st.query_params.to_dict().items() if not value]


def asked(key: str) -> str | None:
    """What is asked for of this key, and not settled yet."""
    return st.session_state.get("asked", {}).get(key)


def settle(key: str) -> bool:
    """The page shows what was asked for of this key, or says itself why not; returns whether anything was asked for."""
    return st.session_state.get("asked", {}).pop(key, None) is not None


def lost() -> dict[str, str]:
    """After the page: what no widget of it shows, key -> value."""
    asked = st.session_state.pop("asked", {})
    told = {key: value for key, value in asked.items() if not key.startswith("utm_")}  # a mail adds those to its links
    return {key: value for key, value in told.items() if not _is_shown(key, value)}


def _is_shown(key: str, asked: str) -> bool:
    """Whether a widget of the page has that value. It stands in the address still, or Streamlit took it out, as it does with what a widget
    would have without one."""
    if key not in st.session_state:
        return False
    value = st.session_state[key]
    if st.query_params.get(key) == asked or str(value).casefold() == asked.casefold():
        return True
    with contextlib.suppress(TypeError, ValueError):
        return float(value) == float(asked)
    return False
