"""The one file that makes a report again, and what is told of it where something changed or somebody tampered with it."""

import io
import json
import struct
import tracemalloc
import zipfile
import zlib
from dataclasses import replace

import pytest
from PIL import Image
from test_notebook import some_entry, some_panel

from aemodels.errors import DataError
from aemodels.report import figures, likeness, merging, notebook, replay
from aemodels.report.document import Figure, Observations, OwnWords, Paragraph, Section, Table

TEXTS = {"words/M2": "我看到的\n<b>&", "cover/name": "姓名 😀"}
LAB = {
    "seed": 5,
    "sets": ["MNIST", "犬"],
    "language": "zh",
    "models": {"dog-ae": "ab" * 16},
    "sections": {"M2": "ab 00"},
}


def a_file(num_panels=2):
    return replay.write([some_entry(i) for i in range(num_panels)], TEXTS, LAB)


def changed(content, **members):
    """The zip with these members in place of its own; None leaves one out."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        files = {name: old.read(name) for name in old.namelist()}
        for name, data in (files | {key.replace("__", "/"): value for key, value in members.items()}).items():
            if data is not None:
                new.writestr(name, data)
    return buffer.getvalue()


def with_json(content, **fields):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        plain = json.loads(archive.read("report.json"))
    return changed(content, **{"report.json": json.dumps(plain | fields)})


def with_panel(content, **fields):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        plain = json.loads(archive.read("panels/01.json"))
    for key, value in fields.items():
        (plain if key in plain else plain["panel"])[key] = value
    return changed(content, **{"panels__01.json": json.dumps(plain)})


def test_a_file_holds_what_was_put_in():
    held = replay.read(a_file())
    assert list(held.entries) == [some_entry(0), some_entry(1)]
    assert held.texts == TEXTS
    assert held.lab == LAB
    assert held.said == []


def test_a_report_without_the_lab_has_none():
    assert replay.read(replay.write([], {}, {})) == replay.Replay([], {}, {}, [])


def no_zip_at_all():
    return b"PK" + bytes(1000)


def cut_short():
    return a_file()[:-50]


def one_bit_less():
    content = bytearray(a_file())
    content[60] ^= 1
    return bytes(content)


def foreign_zip():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("figures.csv", "a,b")
    return buffer.getvalue()


def nested_without_end():
    return changed(a_file(), **{"report.json": "[" * 100_000})


def json_bomb():
    return changed(a_file(), **{"report.json": b" " * (replay.MAX_JSON_BYTES + 1)})


def a_million_names():
    """A directory that says that it is 50 MB long."""
    content = a_file()
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 65535, 65535, 50_000_000, 0, 0)
    return content[:-22] + end


def password():
    """As if encrypted: the flag in both headers of the first member."""
    content = bytearray(a_file())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    return bytes(content)


FOREIGN = [
    no_zip_at_all,
    cut_short,
    one_bit_less,
    foreign_zip,
    nested_without_end,
    json_bomb,
    a_million_names,
    password,
]


@pytest.mark.parametrize("make", FOREIGN)
def test_a_file_that_is_none_is_one_sentence(make):
    with pytest.raises(DataError, match="no report that Latent Lab saved") as raised:
        replay.read(make())
    assert str(raised.value).count(". ") == 0


@pytest.mark.parametrize("content", [b"", b"a", "实验".encode(), b"\x89PNG\r\n\x1a\n" + bytes(100)])
def test_other_files_are_one_sentence(content):
    with pytest.raises(DataError, match="no report"):
        replay.read(content)


@pytest.mark.parametrize(
    "fields",
    [
        {"format": "other"},
        {"panels": "two"},
        {"panels": None},
        {"panels": []},
        {"texts": ["a"]},
        {"texts": {"words/M2": 5}},
        {"texts": {"../../etc": "x"}},
        {"texts": {"lab": "x"}},
        {"texts": {"words/M2": "x" * (replay.MAX_LETTERS + 1)}},
    ],
)
def test_wrong_types_are_one_sentence(fields):
    with pytest.raises(DataError, match="no report"):
        replay.read(with_json(a_file(), **fields))


@pytest.mark.parametrize(
    "lab",
    [
        [],
        None,
        {"seed": "1"},
        {**LAB, "seed": -1},
        {**LAB, "seed": True},
        {**LAB, "sets": 3},
        {**LAB, "sections": {"M2": 3}},
    ],
)
def test_a_lab_that_is_none_is_left_out(lab):
    held = replay.read(with_json(a_file(), lab=lab))
    assert held.lab == {}
    assert len(held.entries) == 2


def a_png(width, height):
    """A header that promises a picture of that size."""
    head = struct.pack(">II5B", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", len(head)) + b"IHDR" + head + struct.pack(">I", zlib.crc32(b"IHDR" + head))
    return b"\x89PNG\r\n\x1a\n" + chunk


@pytest.mark.parametrize(
    "members",
    [
        {"panels__01.png": None},
        {"panels__01.json": None},
        {"panels__01.png": b"GIF89a"},
        {"panels__01.png": a_png(100_000, 100_000)},
        {"panels__01.png": a_png(9_000, 9_000)},
        {"panels__01.png": bytes(replay.MAX_PICTURE_BYTES + 1)},
        {"panels__01.json": "[1, 2]"},
        {"panels__01.json": '{"panel": null}'},
        {"panels__01.json": "{" * 5000},
    ],
)
def test_a_broken_panel_is_left_out_and_the_others_stay(members):
    held = replay.read(changed(a_file(), **members))
    assert [entry.panel.title for entry in held.entries] == ["Panel 1"]
    assert len(held.said) == 1
    assert "Panel 1 of the file" in held.said[0]


def test_broken_panels_are_told_in_one_sentence():
    held = replay.read(with_json(a_file(), panels=10**9))
    assert len(held.entries) == 2
    assert len(held.said) == 2
    assert held.said[0].startswith("Panels 3, 4, 5, ")
    assert "40 of the file are left out" in held.said[0]


@pytest.mark.parametrize(
    "fields",
    [
        {"title": 5},
        {"rows": {"a": 1}},
        {"rows": [[1]]},
        {"rows": [{"a": {"b": 1}}]},
        {"settings": ["seed"]},
        {"caption": "x" * (replay.MAX_LETTERS + 1)},
        {"scene": "javascript:alert(1)"},
        {"scene": "https://example.org/?seed=1"},
        {"scene": "../../etc/passwd"},
        {"scene": "//example.org"},
        {"models": [1]},
        {"models": {"dog-ae": 3}},
    ],
)
def test_a_panel_of_wrong_types_is_left_out(fields):
    held = replay.read(with_panel(a_file(), **fields))
    assert len(held.entries) == 1
    assert len(held.said) == 1


def test_odd_letters_become_harmless():
    content = with_panel(a_file(), title="\ud800\x00\u202eevil", scene="dogs-sample?a=%22%3E&b=")
    (first, _second) = replay.read(content).entries
    assert first.panel.title == "⟨U+D800⟩⟨U+0000⟩⟨U+202E⟩evil"
    assert first.scene == "dogs-sample?a=%22%3E"
    notebook.Notebook().add(first)


def test_names_in_the_zip_are_no_paths(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    replay.read(changed(a_file(), **{"../../evil.png": b"x", "/etc/evil": b"y"}))
    assert list(tmp_path.iterdir()) == []


def test_a_bomb_costs_no_memory():
    content = changed(a_file(), **{"panels__01.png": bytes(150 << 20)})
    assert len(content) < 1 << 20
    tracemalloc.start()
    replay.read(content)
    assert tracemalloc.get_traced_memory()[1] < 70 << 20
    tracemalloc.stop()


def test_a_million_panels_are_as_many_as_a_report_holds():
    held = replay.read(with_json(a_file(notebook.MAX_PANELS), panels=10**6))
    assert len(held.entries) == notebook.MAX_PANELS
    assert str(notebook.MAX_PANELS) in held.said[-1]


def test_another_version_is_said_and_what_is_known_is_there():
    held = replay.read(with_json(a_file(), version=7, more="x"))
    assert len(held.entries) == 2
    assert len(held.said) == 1
    assert "another version" in held.said[0]
    assert "7" in held.said[0]


def test_models_that_changed_or_are_gone_are_told_panel_by_panel():
    entry = replace(some_entry(1), models={"dog-ae": "a", "dog-noise-0.10": "b", "mnist-ae": "c"})
    said = merging.changes(entry, {"dog-ae": "a", "dog-noise-0.10": "x"})
    assert len(said) == 2
    assert "dog-noise-0.10 is not the one of then" in said[0]
    assert "mnist-ae is not here" in said[1]
    assert all("Panel 1" in sentence for sentence in said)


def test_loading_takes_nothing_from_what_is_there():
    book = notebook.Notebook()
    book.add(some_entry(5))
    for key, text in {"words/M2": "mine", "words/M3": "x" * (replay.MAX_LETTERS - 1), "cover/name": "姓名"}.items():
        book.write(key, text)
    texts = {
        "words/M2": "theirs",
        "words/M3": "long",
        "words/M4": "new",
        "cover/name": "another",
        "cover/course": "课" * 300,
    }
    held = replay.read(replay.write([some_entry(i) for i in (5, 6)], texts, {}))
    for _turn in range(2):  # once more changes nothing
        said = merging.merge(book, held, {"dog-ae": "ab" * 16})
        assert [entry.panel.title for entry in book.entries()] == ["Panel 5", "Panel 6"]
        assert book.texts() == {
            "words/M2": "mine\n\ntheirs",
            "words/M3": "x" * (replay.MAX_LETTERS - 1),
            "words/M4": "new",
            "cover/name": "姓名",
            "cover/course": "课" * replay.MAX_COVER_LETTERS,
        }
    assert len(said) == 1
    assert "M3 is left out" in said[0]


def test_what_a_full_report_cannot_take_is_said():
    book = notebook.Notebook()
    for number in range(notebook.MAX_PANELS - 1):
        book.add(some_entry(number))
    said = merging.merge(book, replay.Replay([some_entry(i) for i in (100, 101, 102)], {}), {"dog-ae": "ab" * 16})
    assert book.num_panels() == notebook.MAX_PANELS
    assert len(said) == 1
    assert "full" in said[0]


def section(psnr="20.1", colour=100, words=""):
    png = figures.png(Image.linear_gradient("L").point(lambda level: min(level + colour, 255)))
    blocks = (
        Paragraph("A text"),
        Figure(replace(some_panel(1), png=png)),
        Table("psnr", "PSNR", ("model", "PSNR / dB"), (("dog-ae", psnr),)),
        Observations((f"It is {psnr} dB.",)),
        OwnWords("M2", "What do you see?", words),
    )
    return Section("M2", "Title", blocks)


def test_a_section_made_again_is_the_same_whatever_its_author_writes():
    one, again = likeness.of_section(section()), likeness.of_section(section(words="I see"))
    assert likeness.says_the_same(one, again)
    assert likeness.looks_the_same(one, again)
    assert len(one) < replay.MAX_LETTERS / 5


def test_another_figure_or_number_is_told():
    one, number, picture = map(likeness.of_section, (section(), section(psnr="20.2"), section(colour=110)))
    assert not likeness.says_the_same(one, number)
    assert likeness.looks_the_same(one, number)
    assert likeness.says_the_same(one, picture)
    assert not likeness.looks_the_same(one, picture)
    assert likeness.looks_the_same(one, likeness.of_section(section(colour=101)))
