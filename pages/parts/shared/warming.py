"""What the first visitor of a page would wait for, made ready by a thread of its own while the app has nothing else to do: libraries that
only some pages need, the pictures of Home, the list of photos."""

import importlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

import torch

from pages.parts.shared import loaders, originals, thumbnails, turns

REST_S = 2.0  # how long no page has been on its way, nor the server started: a browser, too, computes until its first page stands
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


def start() -> None:
    """Starts the thread; it ends with the process."""
    threading.Thread(target=_run, args=(_steps(),), name="warming", daemon=True).start()


def _steps() -> Iterator[Callable[[], object]]:
    """Short ones, so that who comes meanwhile waits for one at most."""
    for library in LIBRARIES:
        yield partial(importlib.import_module, library)
    groups = loaders.read_catalogue().groups
    for is_dark in (False, True):
        for page in thumbnails.THUMBNAILS:
            yield partial(thumbnails.jpeg, page, is_dark)
    for group in groups:
        yield partial(originals.look_for, group.data)


def _run(steps: Iterator[Callable[[], object]]) -> None:
    torch.set_num_threads(1)  # of this thread, see router.py
    for step in steps:
        while (idle_s := turns.of_pages.idle_s()) < REST_S:
            time.sleep(REST_S - idle_s)
        try:
            step()
        except Exception:  # the page that needs it says so
            logger.warning("Not made ready ahead of the first visitor: %s", step, exc_info=True)
