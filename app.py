"""Start with `streamlit run app.py`, or `streamlit run app.py -- --data DIR` for photos that lie elsewhere."""

import contextlib
from collections.abc import AsyncIterator

import streamlit as st


@contextlib.asynccontextmanager
async def ready(app: st.App) -> AsyncIterator[None]:
    """Before the port answers: PyTorch and the checkpoints are loaded, so that no visitor waits for them."""
    from pages.parts import loaders  # imports torch, and once Streamlit runs its caches may be filled

    loaders.load_all()
    yield


def say(error: Exception) -> bool:
    """What a visitor sees where a page fails; Streamlit has written the traceback into its log."""
    st.error(
        "This page could not be shown: something went wrong in it. Reload it, or choose another page; what happened is in the "
        "terminal where Latent Lab runs.",
        icon=":material/error:",
    )
    return True


app = st.App("pages/router.py", lifespan=ready, on_script_error=say)
