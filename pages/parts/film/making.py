"""The film as a file that moves: made when it is asked for, with a bar that shows how far it is, then offered to download."""

from collections.abc import Callable, Mapping

import streamlit as st

from aemodels.language import _, current
from aemodels.report import panels
from pages.parts.shared import loaders


def offer(name: str, animate: Callable[..., bytes], settings: Mapping[str, object], of: tuple[str, ...]) -> None:
    """A button that makes the file, and then one that downloads it.

    name     file name without its ending
    animate  animate(caption, progress=...) -> the file
    of       names of the models in it
    """
    scene = (
        *((*loaders.version(model), loaders.film_version(model)) for model in of),
        tuple(settings.items()),
        current(),
    )
    with st.container(horizontal=True, vertical_alignment="center"):
        made = st.session_state.get("film_made")
        if made and made[0] == scene:
            st.download_button(
                _("Film (animated WebP)"),
                made[1],
                file_name=f"{name}.webp",
                mime="image/webp",
                icon=":material/download:",
                on_click="ignore",
            )
        elif st.button(_("Make a film to take along"), icon=":material/movie:", key="make_film"):
            with st.container():
                bar = st.progress(0.0, _("The film is being made …"))
                st.session_state.film_made = scene, animate(panels.describe(settings), progress=bar.progress)
            st.rerun()
