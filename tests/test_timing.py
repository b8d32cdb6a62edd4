"""How long work takes is told from some of it, whatever holds single tries of it up."""

import pytest

from aemodels import timing


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still but for what is added to clock[0]."""
    now = [0.0]
    monkeypatch.setattr(timing.time, "monotonic", lambda: now[0])
    return now


@pytest.mark.parametrize("held_up", [0, 1, 2], ids=["the first try", "the second", "the last"])
def test_a_try_that_other_work_holds_up_does_not_count(clock, held_up):
    tried = []

    def work(n):
        clock[0] += 0.001 * n + (60 if len(tried) % 3 == held_up else 0)
        tried.append(n)

    assert timing.seconds_for(work, 10_000) == pytest.approx(10)
    assert max(tried) == 64


def test_each_try_takes_a_while_however_few_images_it_has(clock):
    def work(n):
        clock[0] += 0.2

    assert timing.seconds_for(work, 10_000) == pytest.approx(10_000 / 64 * 0.2)


@pytest.mark.parametrize(("per_image_s", "most"), [(1.0, 4), (0.02, 16), (0.001, 50)])
def test_no_more_is_tried_than_there_is_nor_than_it_takes_to_tell(clock, per_image_s, most):
    tried = []

    def work(n):
        clock[0] += per_image_s * n
        tried.append(n)

    assert timing.seconds_for(work, 50) == pytest.approx(50 * per_image_s)
    assert max(tried) == most
