"""How many pages are computed at once: in the order in which they were asked for, as many as there are cores.

Side by side all would wait until the last is there. Python runs one thread at a time, and a thread that computes in PyTorch asks for its
turn after each small operation: among fifty threads that takes ten times as long as among two.
"""

import contextlib
import os
import threading
import time
from collections.abc import Iterator

PATIENCE_S = 3.0  # who computes for longer no longer keeps others waiting


class Turns:
    """Turns for any number of threads, in the order in which they come.

    num_at_once  how many have a turn at the same time, but for those who have had theirs longer than patience_s seconds
    """

    def __init__(self, num_at_once: int, patience_s: float = PATIENCE_S) -> None:
        self._num_at_once, self._patience_s = num_at_once, patience_s
        self._changed = threading.Condition()
        self._waiting: list[object] = []
        self._since: dict[object, float] = {}  # of those who have a turn: when they got it, in seconds

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Waits for a turn and has it until the block ends."""
        me = object()
        with self._changed:
            self._waiting.append(me)
            try:
                while self._waiting[0] is not me or (pause_s := self._until_next()) > 0:
                    self._changed.wait(pause_s if self._waiting[0] is me else None)
                self._since[me] = time.monotonic()
            finally:
                self._waiting.remove(me)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                del self._since[me]
                self._changed.notify_all()

    def _until_next(self) -> float:
        """Seconds until one more may have a turn, unless someone ends theirs before; 0 or less: now."""
        latest = sorted(self._since.values())[-self._num_at_once :]
        return latest[0] + self._patience_s - time.monotonic() if len(latest) == self._num_at_once else 0.0


of_pages = Turns(os.cpu_count() or 1)
