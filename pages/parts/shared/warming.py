"""What visitors of a page would wait for, made ready by a thread of its own while the app has nothing else to do: libraries that only some
pages need, the pictures of Home, the list of photos; then, where nobody comes for a while, what takes minutes and is kept on disk."""

import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch

from pages.parts.shared import garbage, loaders, originals, thumbnails, turns

REST_S = 2.0  # how long no page has been on its way, nor the server started: a browser, too, computes until its first page stands
LONG_REST_S = 20.0  # the same before work that takes minutes
LIBRARIES = (
    "pandas",  # tables
    "scipy.spatial",  # planes
    "scipy.ndimage",  # digits that are drawn
    "scipy.stats",
    "sklearn.metrics",  # ROC curves, of Anomaly
    "sklearn.cluster",
    "sklearn.decomposition",  # Map
    "sklearn.neighbors",
)

logger = logging.getLogger("aemodels")


Steps = Iterator[Callable[[], object]]  # short ones, so that who comes meanwhile waits for one at most


def start(*long: Callable[[], Steps]) -> None:
    """Starts the thread, which ends with the process; long() gives the steps of what takes minutes."""
    threading.Thread(target=_make_ready, args=(long,), name="warming", daemon=True).start()


def _make_ready(long: Sequence[Callable[[], Steps]]) -> None:
    torch.set_num_threads(1)  # of this thread, see router.py
    _run(_steps(), REST_S)
    for steps in long:
        try:
            _run(steps(), LONG_REST_S)
        except Exception:  # a model or the photos may have gone meanwhile; the page that needs them says so
            logger.warning("Not measured while nobody came: %s", steps, exc_info=True)


def _steps() -> Steps:
    for library in LIBRARIES:
        yield partial(importlib.import_module, library)
    groups = loaders.read_catalogue().groups
    for is_dark in (False, True):
        for page in thumbnails.THUMBNAILS:
            yield partial(thumbnails.jpeg, page, is_dark)
    for group in groups:
        yield partial(originals.look_for, group.data)


def _run(steps: Steps, rest_s: float) -> None:
    _rest(rest_s)
    for step in steps:
        _rest(rest_s)
        try:
            step()
        except Exception:  # the page that needs it says so
            logger.warning("Not made ready ahead of the first visitor: %s", step, exc_info=True)
        garbage.freeze()  # the memory that the step took goes back now and then, not when the next visitor comes


def _rest(rest_s: float) -> None:
    """Until the app has had nothing else to do for so long."""
    while (idle_s := turns.of_pages.idle_s()) < rest_s:
        time.sleep(rest_s - idle_s)
