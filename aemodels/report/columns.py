"""Columns of a printed table: which hold numbers, and how wide each shall be."""

import re
from collections.abc import Sequence

from aemodels.report.lettering import Lettering
from aemodels.report.wording import held_together
from aemodels.text import collapsed

MAX_ROWS_TOGETHER = 12  # a longer table may run over pages
SHORT_EM = 4  # so long a text is not broken
MAX_LINE = 200  # letters of a cell that are looked at for the width of its column
_NUMBER = re.compile(
    r"[+−–-]?\d[\d,]*(\.\d+)?(e[+−-]?\d+)?([ \xa0]?±[ \xa0]?\d[\d,]*(\.\d+)?)?([ \xa0]?%)?", re.ASCII | re.IGNORECASE
)
_BESIDE = re.compile(r"(?<=[一-鿿])(?=[A-Za-z0-9])|(?<=[A-Za-z0-9])(?=[一-鿿])")
_QUOTING = re.compile(r"[“”‘’](?=[一-鿿])|(?<=[一-鿿])[“”‘’]")
_NONE = {"", "–", "—", "-", "∞"}


def is_numeric(column: Sequence[str]) -> bool:
    """Whether all cells are numbers, or a sign for none, and one at least is a number."""
    numbers = [cell for cell in column if cell not in _NONE]
    return bool(numbers) and all(_NUMBER.fullmatch(cell) for cell in numbers)


def fit(
    columns: Sequence[Sequence[str]], max_width: float, padding: float, sizes: Sequence[float]
) -> tuple[float, list[float]]:
    """The size of the letters and the columns' widths; the widths sum up to max_width at most. All in points.

    Each column gets what its longest cell wants where all of them find room; else what its longest word needs, and of what is
    left a share by what it wants more. Where the longest words do not fit, the next of the sizes is tried; at the last of them words
    are broken at their hyphens, as in names of models, rather than a short word of another column.

    columns  the cells of each, its head among them, as `printed` gives them
    padding  on each side of a text
    """
    for size in sizes:
        letters = Lettering(size)
        least = [max(_least(letters, text) for text in column) + 2 * padding + 1 for column in columns]
        if sum(least) <= max_width:
            break
    else:
        broken = [[text.replace("-", "- ") for text in column] for column in columns]
        least = [max(_least(letters, text) for text in column) + 2 * padding + 1 for column in broken]
        if sum(least) > max_width:
            return size, [max_width * width / sum(least) for width in least]
    wanted = [max(_width(letters, text) for text in column) + 2 * padding + 1 for column in columns]
    spare, more = max_width - sum(least), sum(wanted) - sum(least)
    share = min(1.0, spare / more) if more > 0 else 0.0
    return size, [low + share * (high - low) for low, high in zip(least, wanted, strict=True)]


def printed(text: str) -> str:
    """A cell as it is printed: a number stays on one line with its interval and its unit."""
    line = collapsed(text)
    return line.replace(" ", "\xa0") if _NUMBER.fullmatch(line) else held_together(line)


def _least(letters: Lettering, text: str) -> float:
    """What a text needs: its longest word, or what `held_together` does not break; a short text of Chinese its whole length."""
    widest = max(_width(letters, part) if "\xa0" in part else letters.widest_word(part) for part in text.split(" "))
    return max(widest, min(_width(letters, text), SHORT_EM * letters.size))


def _width(letters: Lettering, text: str) -> float:
    """Of a text on one line; Word and LibreOffice put a quarter of an em between a Chinese character and a Latin letter or a digit, and a
    quotation mark beside a Chinese character is as wide as that."""
    line = text[:MAX_LINE]
    return letters.width(line) + (len(_BESIDE.findall(line)) / 4 + len(_QUOTING.findall(line)) / 2) * letters.size
