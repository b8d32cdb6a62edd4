"""Keeps what stays out of the garbage collection that Streamlit starts after each run: PyTorch's modules alone take 90 ms of it, and what
the pages keep for each visitor takes more the more of them there are."""

import gc
import sys
import time

from aemodels import memory

FREEZE_EVERY_S, THAW_EVERY_S = 3, 20  # garbage that was frozen waits for the next thaw, which takes some 0.2 s
GIVE_BACK_EVERY_S = 2  # it takes some 10 ms; in ten seconds fifty visitors leave 0.2 GB

_num_modules = 0
_frozen_at = -float(FREEZE_EVERY_S)
_thawed_at = _given_back_at = time.monotonic()  # there is nothing to collect before the first visitor comes


def freeze() -> None:
    """To be called before the first run and at the end of each; does something only where modules were imported, or time has gone by,
    since the last time."""
    global _num_modules, _frozen_at, _thawed_at, _given_back_at
    now = time.monotonic()
    if thaws := now - _thawed_at > THAW_EVERY_S:
        _thawed_at = now
        gc.unfreeze()
        gc.collect()
    if now - _given_back_at > GIVE_BACK_EVERY_S:
        _given_back_at = now
        memory.give_back()
    # After a thaw at once: until then the collection after each run goes through all that is alive.
    if thaws or now - _frozen_at > FREEZE_EVERY_S or len(sys.modules) != _num_modules:
        _num_modules, _frozen_at = len(sys.modules), now
        gc.freeze()
