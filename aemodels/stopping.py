"""How a command ends on Ctrl-C before it has begun."""

import contextlib
import os
import signal
import sys
from collections.abc import Iterator
from types import FrameType

STATUS = 130  # the exit status, as shells have it


@contextlib.contextmanager
def at_once(sentence: str) -> Iterator[None]:
    """Within, Ctrl-C ends the program with the sentence: for the seconds in which it imports what it needs. A KeyboardInterrupt there would
    show where it was, or become an error of what is being imported."""

    def stop(signum: int, frame: FrameType | None) -> None:
        print(f"\n{sentence}", file=sys.stderr, flush=True)
        os._exit(STATUS)

    before = signal.getsignal(signal.SIGINT)
    if before is not signal.SIG_IGN:  # as of a script's command that ends in &
        signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
