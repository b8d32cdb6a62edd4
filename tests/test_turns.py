"""The order in which pages are computed where many are asked for at once."""

import threading
import time

import pytest
import torch

from pages.parts.shared import cores, turns
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


def test_who_computes_alone_has_all_cores_and_who_is_one_of_many_its_own(monkeypatch):
    monkeypatch.setattr(turns, "of_pages", Turns(2, patience_s=60))
    monkeypatch.setattr(cores.os, "cpu_count", lambda: 2)
    begun, end, x = [], threading.Event(), torch.arange(7)
    with turns.of_pages.take():
        assert (cores.num_free(), turns.of_pages.has_waiting()) == (2, False)
        threads = [started(turns.of_pages, name, begun, end) for name in "ab"]
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
