"""One figure of a report with all that belongs to it, and its numbers as CSV."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

from aemodels.language import _
from aemodels.text import visible

_FORMULA = re.compile(r"[=+\-@＝＋－＠\t\n]")  # how a cell begins that Excel or LibreOffice would compute
_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)

Row = Mapping[str, object]


@dataclass(frozen=True)
class Panel:
    """A figure and what a report says of it.

    name      file name without its ending
    title     the heading above it
    caption   the sentence below it
    alt       what it shows, in words
    png       the picture at print size
    rows      its numbers, one mapping a line
    settings  what makes the same picture again, its seed among them
    """

    name: str
    title: str
    caption: str
    alt: str
    png: bytes
    rows: Sequence[Row]
    settings: Row


def describe(settings: Row) -> str:
    """Settings in one line."""
    return " · ".join(_("{name}: {value}").format(name=key, value=value) for key, value in settings.items())


def columns(rows: Sequence[Row]) -> list[str]:
    """Every key that any of the rows has, in the order in which they first come."""
    return list(dict.fromkeys(key for row in rows for key in row))


def to_csv(rows: Sequence[Row]) -> bytes:
    """Rows as CSV, one column a key; what a row lacks stays empty."""
    keys = columns(rows)
    return lines_to_csv([keys, *([row.get(key) for key in keys] for row in rows)])


def lines_to_csv(lines: Iterable[Iterable[object]]) -> bytes:
    """Lines as CSV in UTF-8, each cell as `cell` has it. It begins with a byte-order mark, without which Excel takes σ and × for
    something else."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(map(cell, line) for line in lines)
    return buffer.getvalue().encode("utf-8-sig")


def cell(value: object) -> object:
    """A value as a cell of a CSV: a text that a spreadsheet would take for a formula, such as the name =1.png, gets a ' before it,
    which spreadsheets have for text; numbers stay numbers, with the seven digits that float32 tells: 0.016, not 0.016000000000000014.
    What is no number is an empty cell: spreadsheets take "nan" for a word."""
    if isinstance(value, float) and isnan(value):
        return None
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.7g}"
    if not isinstance(value, str):
        return value
    text = visible(value).replace("\xa0", " ")  # which nobody types to look for
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text
