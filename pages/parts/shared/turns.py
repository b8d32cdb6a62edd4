"""How many pages are computed at once: in the order in which they were asked for, as many as there are cores.

Side by side all would wait until the last is there. Python runs one thread at a time, and a thread that computes in PyTorch asks for its
turn after each small operation: among fifty threads that takes many times as long as among two.
"""

import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Iterator

PATIENCE_S = 3.0  # who computes for longer no longer keeps others waiting


class Turns:
    """Turns for any number of threads, in the order in which they come.

    num_at_once  how many have a turn at the same time, not counting those who have had theirs for longer than patience_s seconds
    """

    def __init__(self, num_at_once: int, patience_s: float = PATIENCE_S) -> None:
        self._num_at_once, self._patience_s = num_at_once, patience_s
        self._lock = threading.Lock()
        self._waiting: deque[threading.Event] = deque()
        self._since: dict[threading.Event, float] = {}  # of those who have a turn: when they got it, in seconds
        self._last_end = time.monotonic()

    @contextlib.contextmanager
    def take(self) -> Iterator[None]:
        """Waits for a turn and has it until the block ends."""
        mine = threading.Event()
        self._waiting.append(mine)
        self._give()
        while not mine.wait(self._patience_s):
            self._give()  # someone may have become slow meanwhile
        try:
            yield
        finally:
            with self._lock:
                del self._since[mine]
                self._last_end = time.monotonic()
            self._give()

    def num_free(self) -> int:
        """How many turns nobody has."""
        with self._lock:
            return max(0, self._num_at_once - len(self._since))

    def idle_s(self) -> float:
        """For how long nobody has had a turn, in seconds, at first since the start; 0 while anyone has one or waits for one."""
        return 0.0 if self._since or self._waiting else time.monotonic() - self._last_end

    def has_waiting(self) -> bool:
        """Whether someone waits for a turn."""
        return bool(self._waiting)

    def _give(self) -> None:
        """Turns to those who have waited longest, as far as there are any."""
        with self._lock:
            now = time.monotonic()
            num_free = self._num_at_once - sum(now - since < self._patience_s for since in self._since.values())
            for turn in [self._waiting.popleft() for _ in range(min(num_free, len(self._waiting)))]:
                self._since[turn] = now
                turn.set()


of_pages = Turns(os.cpu_count() or 1)
