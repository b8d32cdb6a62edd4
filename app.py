"""Start with `streamlit run app.py`; for models and photos that lie elsewhere, `streamlit run app.py -- --checkpoints DIR --data DIR`."""

import contextlib
import gc
from collections.abc import AsyncIterator

import streamlit as st
from starlette.middleware import Middleware

from pages.parts.shared import arguments
from pages.parts.shared.visitors import Recognised

arguments.check()


@contextlib.asynccontextmanager
async def ready(app: st.App) -> AsyncIterator[None]:
    """Before the port answers: PyTorch and the checkpoints are loaded, so that no visitor waits for them; the rest follows, see warming."""
    gc.disable()  # it would go through PyTorch's modules again and again while more is loaded
    # Here, not above: the caches can only be filled once Streamlit runs.
    import torch

    from aemodels import memory
    from pages.parts.anomaly import pools
    from pages.parts.film import reel
    from pages.parts.map import atlas
    from pages.parts.photos import encoding
    from pages.parts.shared import garbage, loaders, warming

    torch.set_num_threads(1)  # see router.py: several would wait for each other at each of a thousand small tensors
    memory.share_heaps()
    loaders.load_all()
    garbage.freeze()
    gc.enable()
    long = [reel.steps, atlas.steps, encoding.steps, pools.steps]
    warming.start(*([] if arguments.given().only_when_asked else long))
    yield


def say(error: Exception) -> bool:
    """What a visitor sees where a page fails; Streamlit has written the traceback into its log."""
    from aemodels.errors import LatentLabError, as_words
    from aemodels.language import _
    from pages.parts.shared import markdown

    said = str(error)
    if not isinstance(error, LatentLabError):
        said = _(
            "This page stopped at a line of the program: {error}. Reload it, or go on with another page; if you are writing a variant or "
            "a network, mend that line. The terminal in which Latent Lab runs says more."
        ).format(error=as_words(error))
    st.error(markdown.sentence(said), icon=":material/error:")
    return True


app = st.App("pages/router.py", lifespan=ready, middleware=[Middleware(Recognised)], on_script_error=say)
