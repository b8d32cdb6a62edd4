"""What is computed of a model once, and anew when its file has changed."""

from pages.parts.shared import loaders
from pages.parts.shared.once import per_model


def test_each_function_keeps_its_own_results_until_the_file_changes(monkeypatch):
    written, calls = 1, []
    monkeypatch.setattr(loaders, "version", lambda name: (name, written))

    @per_model(4)
    def first(name, n):
        calls.append(("first", name, n))
        return n

    @per_model(4)
    def second(name, n):
        calls.append(("second", name, n))
        return -n

    assert [first("a", 1), first("a", 1), second("a", 1), first("a", 2), first("b", 1)] == [1, 1, -1, 2, 1]
    assert calls == [("first", "a", 1), ("second", "a", 1), ("first", "a", 2), ("first", "b", 1)]
    written = 2
    first("a", 1)
    assert calls[4:] == [("first", "a", 1)]
