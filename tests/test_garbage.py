"""What stays is kept out of the garbage collection that Streamlit starts after each run."""

import gc
import sys
import time
import weakref

from pages.parts.shared import garbage
from pages.parts.shared.garbage import freeze  # itself: in other tests it does nothing


class Left:
    """What a page left behind: only a collection finds it."""

    def __init__(self):
        self.itself = self


def test_what_stays_is_set_aside_again_right_after_a_thaw(monkeypatch):
    left = weakref.ref(Left())
    gc.freeze()
    monkeypatch.setattr(garbage, "_frozen_at", time.monotonic())
    monkeypatch.setattr(garbage, "_num_modules", len(sys.modules))
    monkeypatch.setattr(garbage, "_thawed_at", -float("inf"))
    freeze()
    assert gc.get_freeze_count() > 0
    assert left() is None
