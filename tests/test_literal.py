"""Texts of users in Streamlit's Markdown. What each sign needs was tried in a browser, with Streamlit 1.67."""

import ntpath
from pathlib import PureWindowsPath
from types import SimpleNamespace

import pytest

from pages.parts.shared import markdown
from pages.parts.shared.markdown import code, literal, sentence

J = "\u2060"


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("mnist-ae_2 (copy).png", "mnist-ae_2 (copy).png"),
        ("狗狗 26.23 ± 0.1", "狗狗 26.23 ± 0.1"),
        ("$x$_*a*[b](c).png", r"\$x\$\_\*a\*\[b\](c).png"),
        ("<b>", r"\<b\>"),
        ("~~x~~", r"\~\~x\~\~"),
        ("`a`", r"\`a\`"),
        ("a|b &amp;", r"a\|b \&amp;"),
        ("C:\\dog", r"C:\\dog"),
        ("# a", r"\# a"),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("12) a", r"12\) a"),
        (":smile:", f":{J}smile:"),
        (":red[a]", rf":{J}red\[a\]"),
        (":material/home:", f":{J}material/home:"),
        ("a -> b", rf"a -{J}\> b"),
        ("www.a.com", f"www{J}.a.com"),
        ("me@b.com", f"me@{J}b.com"),
        ("a\nb", "a b"),
        ("    a", f"{J}\xa0{J}\xa0\xa0 a"),
        ("caf\udce9", "caf⟨U+DCE9⟩"),
    ],
)
def test_literal(name, expected):
    assert literal(name) == expected


def test_a_sentence_keeps_its_commands():
    said = "There is no *x*; train it with `python train.py --only *x*` or `rm x`."
    assert sentence(ValueError(said)) == r"There is no \*x\*; train it with `python train.py --only *x*` or \`rm x\`."


def test_code():
    assert [code("a*b"), code("a`b"), code("``")] == ["`a*b`", "`` a`b ``", "``` `` ```"]


def test_a_chinese_sentence_tells_a_folder_as_far_as_its_mark():
    folder = markdown.PROJECT / "data"
    assert sentence(f"请检查{folder}，然后重试。") == "请检查data，然后重试。"


def test_a_folder_of_windows_is_told_as_one_of_the_project(monkeypatch):
    monkeypatch.setattr(markdown, "os", SimpleNamespace(path=ntpath))
    monkeypatch.setattr(markdown, "PROJECT", PureWindowsPath(r"C:\Users\王\lab"))
    assert sentence(r"There is no C:\Users\王\lab\data\dogs; look.") == r"There is no data\\dogs; look."
    assert sentence("请检查C:/Users/王/lab/data，然后重试。") == "请检查data，然后重试。"
    assert sentence(r"There is no \\server\share\photos; look.") == "There is no photos; look."
    assert sentence(r"No photo in D:\pictures\dogs.") == "No photo in dogs."
