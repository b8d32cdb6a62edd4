"""All that Latent Lab uses of Streamlit's inside, which no version promises to keep; tried with 1.67.0.

Public functions do not tell which page a run is for before `st.navigation` stands, nor the address as the browser has it. Where a
later Streamlit lacks one of these things, StreamlitChanged says which, and scenes.py goes on without it.
"""

import contextlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import parse_qsl

import streamlit as st

TRIED_WITH = "1.67.0"


class StreamlitChanged(Exception):
    """This Streamlit lacks something that is used here; the message says what."""


@dataclass(frozen=True)
class Run:
    """What a run of the script is for: the page's key, whether the browser's Back or Forward asked for it, and the values in the
    browser's address, which is still that of the page before."""

    page_key: str
    is_history_navigation: bool
    address: dict[str, str]


def has_visitor() -> bool:
    """Whether this thread works for a visitor: runs the script, a fragment or a callback. Where that cannot be told, yes: without a
    visitor Streamlit then writes a warning into its log, and no more."""
    try:
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        return get_script_run_ctx(suppress_warning=True) is not None
    except (ImportError, TypeError):
        return True


def this_run() -> Run:
    """To be called before `st.navigation`."""
    with _used() as ctx:
        address = dict(parse_qsl(ctx.query_string))
        return Run(ctx.pages_manager.intended_page_script_hash, ctx.is_history_navigation, address)


def key(page: st.Page) -> str:
    """What tells this page from the others, as `Run.page_key` does."""
    with _used():
        return page._script_hash


def set_address(values: Mapping[str, str]) -> None:
    """The address holds these values alone, in their order, for the widgets that are bound to it to start from."""
    with _used() as ctx, ctx.session_state.query_params() as query_params:
        start_from_address = query_params.set_initial_query_params_from_current  # first, so that all is done or nothing
        st.query_params.from_dict(values)
        start_from_address()


def keep_at_leaving(key: str) -> None:
    """Once the page stands: the address holds this key's value still when another page's run begins; in this page's next run its widget
    is bound to the address anew.

    Streamlit would take the value out and tell the browser, as an entry in its history that looks like the one before.
    """
    with _used() as ctx, ctx.session_state.query_params() as query_params:
        if binding := query_params.get_binding_for_param(key):
            query_params.unbind_widget(binding.widget_id)


def is_bound(key: str) -> bool:
    """Whether a widget of the page is bound to this key of the address; the browser's address may not hold it yet."""
    with _used() as ctx, ctx.session_state.query_params() as query_params:
        return query_params.get_binding_for_param(key) is not None


def forget_in_address(keys: Iterable[str]) -> None:
    """Takes the keys out of the address, and no widget starts from them."""
    with _used() as ctx, ctx.session_state.query_params() as query_params:
        start_from_address = query_params.set_initial_query_params_from_current
        for key in keys:
            query_params.remove_param(key)  # `del st.query_params[key]` refuses where a widget is bound to it
        start_from_address()


@contextlib.contextmanager
def _used() -> Iterator:
    """This run's context; what is missing in the block becomes a StreamlitChanged."""
    try:
        from streamlit.runtime.scriptrunner import get_script_run_ctx

        yield get_script_run_ctx()
    except (ImportError, AttributeError, TypeError) as error:
        raise StreamlitChanged(
            f"Streamlit {st.__version__} is not as Latent Lab knows it ({error}), so a page's seed and model do not come along to "
            f"the next page. Install streamlit=={TRIED_WITH}, or bring {__name__.replace('.', '/')}.py up to date."
        ) from error
