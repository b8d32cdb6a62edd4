"""What a visitor collects, in a file that outlives the visit: `aemodels/report/notebook.py`."""

import io
import os
import secrets
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from aemodels.report import figures, notebook
from aemodels.report.notebook import Entry, FullError, Notebook
from aemodels.report.panels import Panel


def some_panel(number):
    """A panel of its own for each number."""
    png = figures.png(Image.new("RGB", (30, 20), (number, 0, 0)))
    rows = [{"psnr_db": 20.5 + number, "note": "×σ"}, {"psnr_db": float("inf")}]
    return Panel(f"panel-{number}", f"Panel {number}", f"Caption {number}", "Alt", png, rows, {"seed": number})


def some_entry(number):
    return Entry(some_panel(number), f"dogs-sample?seed={number}", {"dog-ae": "ab" * 16})


@pytest.fixture
def token(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_REPORTS", str(tmp_path / "reports"))
    return secrets.token_urlsafe(32)


def titles(book):
    return [entry.panel.title for entry in book.entries()]


def test_what_is_collected_is_there_for_the_next_visit(token):
    book = Notebook(notebook.path_of(token))
    assert book.add(some_entry(1))
    assert book.add(some_entry(2))
    assert not book.add(some_entry(1))
    book.write("words/M2", "我看到的\n<b>&\x00")
    book.recaption(notebook.key_of(some_panel(1)), "图一")
    book.move(notebook.key_of(some_panel(2)), -1)

    again = Notebook(notebook.path_of(token))
    assert again.num_panels() == 2
    second, first = again.entries()
    assert second == some_entry(2)
    assert first.panel.caption == "图一"
    assert (first.panel.rows, first.panel.png) == (some_panel(1).rows, some_panel(1).png)
    assert again.texts() == {"words/M2": "我看到的\n<b>&\x00"}
    assert list(again.thumbnails()) == [notebook.key_of(entry.panel) for entry in (second, first)]

    again.remove(notebook.key_of(some_panel(2)))
    again.write("words/M2", "")
    assert titles(book) == ["Panel 1"]
    assert book.texts() == {}
    assert not book.fault


def test_numbers_of_numpy_are_kept_as_numbers():
    book = Notebook()
    panel = Panel("a", "A", "", "", some_panel(1).png, [{"x": np.float32(0.5), "n": np.int64(3)}], {})
    book.add(Entry(panel))
    assert book.entries()[0].panel.rows == [{"x": 0.5, "n": 3}]


def test_a_thumbnail_is_small(token):
    book = Notebook(notebook.path_of(token))
    png = figures.png(Image.new("RGB", (2400, 600)))
    book.add(Entry(Panel("wide", "Wide", "", "", png, [], {})))
    (entry,) = book.thumbnails().values()
    assert Image.open(io.BytesIO(entry.panel.png)).size == (notebook.THUMBNAIL_PX, notebook.THUMBNAIL_PX // 4)
    assert book.entries()[0].panel.png == png


def test_two_tabs_take_nothing_from_each_other(token):
    def add_ten(tab):
        book = Notebook(notebook.path_of(token))
        for i in range(10):
            book.add(some_entry(10 * tab + i))
            book.write(f"words/{10 * tab + i}", str(i))

    with ThreadPoolExecutor(4) as tabs:
        list(tabs.map(add_ten, range(4)))
    book = Notebook(notebook.path_of(token))
    assert sorted(titles(book)) == sorted(f"Panel {n}" for n in range(40))
    assert len(book.texts()) == 40


def test_a_panel_that_another_tab_removed_is_no_error(token):
    book = Notebook(notebook.path_of(token))
    book.add(some_entry(1))
    book.move("gone", 1)
    book.recaption("gone", "x")
    book.remove("gone")
    assert titles(book) == ["Panel 1"]


def test_a_full_report_says_so():
    book = Notebook()
    for number in range(notebook.MAX_PANELS):
        book.add(some_entry(number))
    with pytest.raises(FullError, match=str(notebook.MAX_PANELS)):
        book.add(some_entry(200))
    assert not book.add(some_entry(3))  # is in it, which is said first
    assert book.num_panels() == notebook.MAX_PANELS


@pytest.mark.parametrize(
    "name", ["", "../../etc/passwd", "a" * 42, "a" * 44, "a" * 42 + "/", "a" * 42 + "\n", "å" * 43, "\x00" * 43]
)
def test_what_is_no_token_has_no_file(name, token):
    assert notebook.path_of(name) is None


def test_a_file_tells_nothing_of_its_token_and_nobody_else_may_read_it(token, tmp_path):
    Notebook(notebook.path_of(token)).write("cover/name", "姓名")
    (path,) = (tmp_path / "reports").iterdir()
    assert path == notebook.path_of(token)
    assert token not in str(path)
    if os.name == "posix":
        assert path.parent.stat().st_mode & 0o077 == 0
    assert notebook.path_of(secrets.token_urlsafe(32)) != path


def test_reading_makes_no_file(token, tmp_path):
    book = Notebook(notebook.path_of(token))
    assert (book.entries(), book.thumbnails(), book.texts(), book.num_panels()) == ([], {}, {}, 0)
    assert not (tmp_path / "reports").exists()


def test_old_files_are_removed_and_those_in_use_stay(token, tmp_path):
    paths = [notebook.path_of(secrets.token_urlsafe(32)) for _ in range(3)]
    for path in paths:
        Notebook(path).write("cover/name", "a")
    for path in paths:
        os.utime(path, (time.time() - 31 * 24 * 3600,) * 2)
    other = tmp_path / "reports" / "notes.txt"
    other.write_text("mine")
    os.utime(other, (0, 0))
    assert Notebook(paths[0]).texts()  # opened again, which makes it new
    Notebook(notebook.path_of(token)).write("cover/name", "b")
    assert set((tmp_path / "reports").iterdir()) == {paths[0], notebook.path_of(token), other}


def test_a_broken_file_is_put_aside_and_the_visit_goes_on(token):
    path = notebook.path_of(token)
    path.parent.mkdir()
    path.write_bytes(b"no database" * 1000)
    book = Notebook(path)
    assert book.texts() == {}
    assert "broken" in book.fault
    book.add(some_entry(1))
    assert titles(Notebook(path)) == ["Panel 1"]
    assert path.with_name(path.name + ".broken").read_bytes() == b"no database" * 1000


def test_where_no_file_can_be_made_the_visit_goes_on_in_memory(token, tmp_path):
    (tmp_path / "reports").write_text("a file where the folder should be")
    book = Notebook(notebook.path_of(token))
    assert not book.fault
    assert book.add(some_entry(1))
    assert book.fault.count(". ") == 1
    assert titles(book) == ["Panel 1"]


@pytest.mark.skipif(os.name != "posix", reason="a limit to the size of files is set as POSIX does")
def test_a_full_disk_takes_nothing_and_is_one_sentence(token):
    import resource

    book = Notebook(notebook.path_of(token))
    book.add(some_entry(1))
    book.write("cover/name", "a")
    noise = np.random.default_rng(0).integers(0, 255, (200, 200, 3), dtype=np.uint8)
    big = Entry(Panel("big", "Big", "", "", figures.png(Image.fromarray(noise)), [], {}))
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, before[1]))
    try:
        book.add(big)
        book.write("cover/number", "b")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert "cannot be kept on this computer" in book.fault
    assert titles(book) == ["Panel 1", "Big"]
    assert book.texts() == {"cover/name": "a", "cover/number": "b"}
    assert titles(Notebook(notebook.path_of(token))) == ["Panel 1"]
