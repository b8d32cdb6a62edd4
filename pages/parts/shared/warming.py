"""What the first visitor of a page would wait for, made ready by a thread of its own once the port answers and while nobody waits:
libraries that only some pages need, the list of photos, the pictures of Home."""

import importlib
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial

from pages.parts.shared import loaders, originals, thumbnails, turns

PAUSE_S = 0.05  # between two looks whether a page is on its way
LIBRARIES = (
    "pandas",  # tables
    "scipy.spatial",  # planes
    "sklearn.metrics",  # ROC curves, of Anomaly
    "sklearn.cluster",
    "sklearn.decomposition",  # Map
    "sklearn.neighbors",
)


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
    for step in steps:
        while turns.of_pages.are_taken():
            time.sleep(PAUSE_S)
        step()
