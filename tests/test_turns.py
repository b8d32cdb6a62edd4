"""The order in which pages are computed where many are asked for at once."""

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import pytest
import torch

from pages.parts.shared import cores, turns
from pages.parts.shared.turns import Turns

WAIT_S = 120  # for a thread; the machine may have other things to do


def wait_until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not holds():
        assert time.monotonic() < deadline, "it has not come true"
        time.sleep(0.001)


def started(turns: Turns, name: str, begun: list[str], end: threading.Event, waits: bool = False) -> threading.Thread:
    """A thread that has its turn when this returns, or waits for it."""

    def work() -> None:
        with turns.take():
            begun.append(name)
            end.wait(WAIT_S)

    before = len(turns._waiting)
    thread = threading.Thread(target=work)
    thread.start()
    wait_until(lambda: len(turns._waiting) == before + 1 if waits else name in begun)
    return thread


def test_as_many_as_are_allowed_begin_and_the_others_follow_in_their_order():
    turns, begun, ends = Turns(2, patience_s=WAIT_S), [], [threading.Event() for _ in range(5)]
    threads = [started(turns, name, begun, end, name > "b") for name, end in zip("abcde", ends, strict=True)]
    assert begun == ["a", "b"]
    for i, name in ((1, "c"), (0, "d"), (2, "e"), (3, "e"), (4, "e")):
        ends[i].set()
        threads[i].join()
        wait_until(lambda name=name: name in begun)
    assert begun == ["a", "b", "c", "d", "e"]


def test_one_that_takes_long_keeps_no_one_waiting(monkeypatch):
    clock, begun, end = SimpleNamespace(now=0.0), [], threading.Event()
    monkeypatch.setattr("pages.parts.shared.turns.time", SimpleNamespace(monotonic=lambda: clock.now))
    turns = Turns(1, patience_s=0.02)
    threads = [started(turns, "long", begun, end), started(turns, "next", begun, end, waits=True)]
    assert begun == ["long"]
    clock.now = 0.03
    wait_until(lambda: begun == ["long", "next"])
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


def test_who_computes_alone_has_all_cores_and_who_is_one_of_many_its_own(monkeypatch):
    monkeypatch.setattr(turns, "of_pages", Turns(2, patience_s=WAIT_S))
    monkeypatch.setattr(cores.os, "cpu_count", lambda: 2)
    begun, end, x = [], threading.Event(), torch.arange(7)
    with turns.of_pages.take():
        assert (cores.num_free(), turns.of_pages.has_waiting()) == (2, False)
        threads = [started(turns.of_pages, name, begun, end, name == "b") for name in "ab"]
        assert (cores.num_free(), turns.of_pages.has_waiting()) == (1, True)
        shares = []
        assert cores.rows(lambda a, b: shares.append(len(a)) or a + b, x, x).equal(2 * x)
        assert shares == [7]
        end.set()
        [thread.join() for thread in threads]
        assert cores.rows(lambda a, b: shares.append(len(a)) or a + b, x, x).equal(2 * x)
        assert sorted(shares[1:]) == [3, 4]


def test_batches_are_shared_out_alike_though_another_page_begins_meanwhile(monkeypatch):
    free = iter([2] + [1] * 9)
    monkeypatch.setattr(cores, "num_free", lambda: next(free))
    x = torch.arange(7)
    assert cores.rows(torch.add, x, x).equal(2 * x)
