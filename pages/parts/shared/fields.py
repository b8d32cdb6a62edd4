"""What keeps a widget's value in the URL; fields for a number between limits."""

import contextlib
import math

import streamlit as st

from aemodels import language
from aemodels.language import _
from pages.parts.shared import streamlit_internals, wishes
from pages.parts.shared.streamlit_internals import StreamlitChanged

BOUND = {"bind": "query-params", "persist_state": "session"}  # the latter for when the page is left and come back to
Number = int | float


def number(label: str, least: Number, most: Number, key: str, value: Number | None, **shown: object) -> Number | None:
    """A number from least to most, at first `value`; None is an empty field, where that is the value.

    Another number is refused, and the field holds again what it held; `say_refused` says so. With Streamlit's own limits it would go on
    to show the number that was typed, and the page a picture of the number before.

    shown  more arguments of `st.number_input`
    """
    state, taken_key = st.session_state, f"{key}_taken"
    if _is_infinite(st.query_params.get(key)):  # Streamlit 1.67 would end the page, for there is no whole number of it
        _forget_in_address(key)
    taken, restored = state.get(taken_key, value), state.setdefault("restored", {})
    if key in restored:
        state[key] = restored.pop(key)
    if (
        taken is not None and state.get(key) == taken and not least <= taken <= most
    ):  # of another model, with wider limits
        state[key] = min(max(taken, least), most)
    shown = {"step": type(least)(1)} | shown  # without limits, it alone tells whole numbers from others
    n = st.number_input(label, value=value, key=key, **BOUND, **shown)
    if n is not None and not least <= n <= most:
        restored[key] = taken
        message = _("“{field}” takes a number from {least} to {most}, so {refused} was not taken.")
        numbers = {"least": _written(least), "most": _written(most), "refused": _written(n)}
        state.setdefault("refused", []).append(message.format(field=label, **numbers))
        if wishes.settle(key):
            _forget_in_address(key)
        st.rerun()  # from the page's first line: once its widget stands, no value can be set
    state[taken_key] = n
    return n


def are_refusing() -> bool:
    """Whether this run ends for the next one to give fields back what they held."""
    return bool(st.session_state.get("restored"))


def say_refused() -> None:
    """After the page: what its fields did not take."""
    for sentence in st.session_state.pop("refused", []):
        st.toast(sentence, icon=":material/edit:", duration="long")


def _written(n: Number) -> str:
    return language.number(n) if isinstance(n, int) else f"{n:g}"


def _is_infinite(told: str | None) -> bool:
    """Whether the address tells a number that is too large for a computer, such as 1e400."""
    with contextlib.suppress(TypeError, ValueError):
        return math.isinf(float(told))
    return False


def _forget_in_address(key: str) -> None:
    with contextlib.suppress(StreamlitChanged):
        streamlit_internals.forget_in_address([key])
