"""The order in which pages are computed where many are asked for at once."""

import threading
import time

import pytest

from pages.parts.shared.turns import Turns


def started(turns: Turns, name: str, begun: list[str], end: threading.Event) -> threading.Thread:
    """A thread that is waiting for its turn, or has it, when this returns."""

    def work() -> None:
        with turns.take():
            begun.append(name)
            end.wait(10)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.02)
    return thread


def test_as_many_as_are_allowed_begin_and_the_others_follow_in_their_order():
    turns, begun, ends = Turns(2, patience_s=60), [], [threading.Event() for _ in range(5)]
    threads = [started(turns, name, begun, end) for name, end in zip("abcde", ends, strict=True)]
    assert begun == ["a", "b"]
    for i in (1, 0, 2, 3, 4):
        ends[i].set()
        threads[i].join()
        time.sleep(0.02)
    assert begun == ["a", "b", "c", "d", "e"]


def test_one_that_takes_long_keeps_no_one_waiting():
    turns, begun, end = Turns(1, patience_s=0.2), [], threading.Event()
    threads = [started(turns, "long", begun, end)]
    start = time.monotonic()
    threads.append(started(turns, "next", begun, end))
    assert begun == ["long"]
    while len(begun) < 2 and time.monotonic() < start + 5:
        time.sleep(0.01)
    assert begun == ["long", "next"]
    assert time.monotonic() > start + 0.1
    end.set()
    [thread.join() for thread in threads]
    with turns.take():  # both have given theirs back
        pass


def test_a_turn_ends_where_a_page_fails():
    turns = Turns(1, patience_s=60)
    with pytest.raises(ZeroDivisionError), turns.take():
        1 / 0  # noqa: B018
    with turns.take():
        pass
