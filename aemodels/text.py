"""Texts that people named, typed or pasted, made fit to be shown and to be written into files."""

import re
import reprlib
import unicodedata
from pathlib import Path

_LINE_END = re.compile("\r\n|[\r\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")
_NONCHARACTERS = "\ufdd0-\ufdef" + "".join(
    f"{chr(plane + 0xFFFE)}{chr(plane + 0xFFFF)}" for plane in range(0, 0x110000, 0x10000)
)
_HARMFUL = re.compile(f"[\x00-\x08\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff{_NONCHARACTERS}]")


def visible(text: str) -> str:
    """The text, its accents joined with their letters (NFC) and its lines ended by "\\n", with a code such as ⟨U+202E⟩ in place of
    what no file may hold or what changes the letters around it: control characters, overrides of the direction, and the bytes
    of a file name that are no UTF-8 (Python has a surrogate for each)."""
    text = _LINE_END.sub("\n", unicodedata.normalize("NFC", text))
    return _HARMFUL.sub(lambda match: code(match[0]), text)


def one_line(text: str | Path) -> str:
    """The same in one line, whatever it is that a message names: a file, a key, a reason."""
    return re.sub(r"[\t\n]", " ", visible(str(text)))


def collapsed(text: str) -> str:
    """The text as `visible` gives it, on one line: one space stands for each run of spaces, tabs and line ends."""
    return " ".join(visible(text).split())


def as_seen(text: str) -> str:
    """The text as a reader tells it from others: without what has no width, such as U+200B, and without capitals; "" if nothing is to be seen."""
    folded = unicodedata.normalize("NFC", visible(text).casefold())
    return "".join(letter for letter in folded if unicodedata.category(letter) != "Cf").strip()


def abridged(text: str, most: int) -> str:
    """The text, or its beginning and its end where it is wider than `most` letters: names that begin alike often differ at the end. A
    letter of Chinese, Japanese or Korean is as wide as two."""
    if _width(text) <= most:
        return text
    start = end = ""
    for first, last in zip(text, reversed(text), strict=True):
        if _width(start + first) <= most // 2:
            start += first
        if _width(last + end) < most - most // 2:
            end = last + end
    return f"{start}…{end}"


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def code(character: str) -> str:
    """What stands for a character that cannot be shown: ⟨U+202E⟩."""
    return f"⟨U+{ord(character):04X}⟩"


def is_text(value: object) -> bool:
    """Whether it is text that can be shown and written: without halves of a pair of surrogates, which are no letters."""
    return type(value) is str and not any("\ud800" <= letter <= "\udfff" for letter in value)


class _Short(reprlib.Repr):
    def repr_int(self, x: int, level: int) -> str:
        try:
            return super().repr_int(x, level)
        except ValueError:  # more digits than Python writes
            return f"{hex(x)[:18]}...{hex(x)[-19:]}"


def shown(value: object) -> str:
    """A value as Python writes it, shortened where it is long: in a message that says what is wrong with it."""
    return _Short().repr(value)
