"""Scenes made before they are asked for: once a page stands, the one that "Draw again" leads to is computed and kept.

A click then costs what it takes to show a picture, not to compute it. Only for visitors who have drawn again once: for all
others it would be work for nothing.
"""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

import streamlit as st

from aemodels import language
from pages.parts.shared import controls, turns

Scene = TypeVar("Scene")
REST_S = 0.2  # in which the browser fetches the pictures and draws the page: it may have the same cores
MAX_SCENES = 48  # of up to 10 MB, shared by all visitors


class _Place(Generic[Scene]):
    """Where one scene is kept: computed by whoever asks first, while others who ask for it wait."""

    def __init__(self) -> None:
        self.scenes: list[Scene] = []
        self._lock = threading.Lock()

    def get(self, compute: Callable[[], Scene]) -> Scene:
        with self._lock:
            if not self.scenes:
                self.scenes.append(compute())
            return self.scenes[0]


def scene(
    compute: Callable[[int], Scene],
    seed: int,
    *depends_on: Hashable,
    meanwhile: Callable[[], None] = lambda: None,
) -> Scene:
    """compute(seed), kept for everyone who asks for the same in the same language; nobody may change it.

    depends_on  the scene's own name, then all else that it depends on besides the seed
    meanwhile   shows on the page what is there already, where the scene is not, and nobody waits for a turn
    """
    spoken = language.current()
    st.session_state.setdefault("next_scenes", {})[depends_on[0]] = (
        controls.next_seed(seed),
        spoken,
        depends_on,
        compute,
    )
    if not _place(seed, spoken, depends_on).scenes and not turns.of_pages.has_waiting():
        meanwhile()
    return _keep(seed, spoken, depends_on, compute)


def prepare_next() -> None:
    """Once the page stands, or a fragment of it that runs alone: the scenes that "Draw again" leads to. In a fragment that runs with its
    page it does nothing: the rest of the page comes first, and nobody shall wait for the page's turn meanwhile."""
    if st.session_state.get("is_whole_run"):
        return
    scenes = st.session_state.pop("next_scenes", {})
    if scenes and st.session_state.get("has_drawn_again"):
        time.sleep(REST_S)
        for scene in scenes.values():
            _keep(*scene)


def _keep(seed: int, spoken: str, depends_on: tuple[Hashable, ...], compute: Callable[[int], Scene]) -> Scene:
    with language.speaking(spoken):
        return _place(seed, spoken, depends_on).get(lambda: compute(seed))


@st.cache_resource(max_entries=MAX_SCENES, show_spinner=False)
def _place(seed: int, spoken: str, depends_on: tuple[Hashable, ...]) -> _Place:
    return _Place()
