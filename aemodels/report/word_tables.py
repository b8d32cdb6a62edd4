"""Tables of a Word document: columns as wide as their content wants, never wider than the page."""

import re
from collections.abc import Sequence

from docx.document import Document as WordDocument
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

from aemodels.report.lettering import Lettering
from aemodels.report.word_parts import keep_rows_whole, one_line, set_borders, set_cell_border, set_columns, set_margins
from aemodels.report.word_styles import SMALLEST_PT, TABLE_PT, WIDTH_CM

TWIPS_A_PT = 20
MAX_WIDTH = round(WIDTH_CM / 2.54 * 72)  # points
PADDING_PT = 4  # on the left and on the right of a cell's text
SHORT_EM = 4  # so long a text is not broken
MAX_LINE = 200  # letters of a cell that are looked at for the width of its column
MAX_ROWS_TOGETHER = 15  # a longer table may run over pages
_NUMBER = re.compile(
    r"[+−–-]?\d[\d,]*(\.\d+)?(e[+−-]?\d+)?([ \xa0]?±[ \xa0]?\d[\d,]*(\.\d+)?)?([ \xa0]?%)?", re.ASCII | re.IGNORECASE
)
_NONE = {"", "–", "—", "-", "∞"}


def add_table(document: WordDocument, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with a line above, one below its head and one at its end; numbers stand on the right."""
    lines = [[_cell(text) for text in line] for line in (head, *rows)]
    size, widths = fit(list(zip(*lines, strict=True)))
    right = [is_numeric(column) for column in zip(*lines[1:], strict=True)] or [False] * len(head)
    table = document.add_table(len(lines), len(head))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    set_borders(table, top=(12, "000000"), bottom=(12, "000000"))
    set_margins(table, top=30, left=PADDING_PT * TWIPS_A_PT, bottom=30, right=PADDING_PT * TWIPS_A_PT)
    set_columns(table, [round(width * TWIPS_A_PT) for width in widths])
    cells = table._cells  # table.cell() finds all of them anew for every one
    for i, line in enumerate(lines):
        for j, text in enumerate(line):
            cell = cells[i * len(head) + j]
            paragraph = cell.paragraphs[0]
            paragraph.style = document.styles["Table Text"]
            run = paragraph.add_run(text)
            run.font.bold = i == 0 or None
            if size != TABLE_PT:
                run.font.size = Pt(size)
            if right[j]:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            together = i < 2 or i == len(lines) - 2 or len(lines) <= MAX_ROWS_TOGETHER
            paragraph.paragraph_format.keep_with_next = True if together and i < len(lines) - 1 else None
            if i == 0:
                set_cell_border(cell, "bottom", 6, "000000")
    keep_rows_whole(table, num_heads=1)


def is_numeric(column: Sequence[str]) -> bool:
    """Whether all cells are numbers, or a sign for none, and one at least is a number."""
    numbers = [cell for cell in column if cell not in _NONE]
    return bool(numbers) and all(_NUMBER.fullmatch(cell) for cell in numbers)


def fit(columns: Sequence[Sequence[str]]) -> tuple[float, list[float]]:
    """The size of the letters and the columns' widths, all in points; the widths sum up to MAX_WIDTH at most.

    Each column gets what its longest cell wants where all of them find room; else what its longest word needs, and of what is
    left a share by what it wants more. Letters are made smaller, down to SMALLEST_PT, where the longest words do not fit.
    """
    for size in (TABLE_PT, 8, SMALLEST_PT):
        letters = Lettering(size)
        least = [max(_least(letters, text) for text in column) + 2 * PADDING_PT + 1 for column in columns]
        if sum(least) <= MAX_WIDTH:
            break
    else:
        return size, [MAX_WIDTH * width / sum(least) for width in least]
    wanted = [max(letters.width(text[:MAX_LINE]) for text in column) + 2 * PADDING_PT + 1 for column in columns]
    spare, more = MAX_WIDTH - sum(least), sum(wanted) - sum(least)
    share = min(1.0, spare / more) if more > 0 else 0.0
    return size, [low + share * (high - low) for low, high in zip(least, wanted, strict=True)]


def _cell(text: str) -> str:
    """A cell as it is printed: a number stays on one line with its interval and its unit."""
    line = one_line(text)
    return line.replace(" ", "\xa0") if _NUMBER.fullmatch(line) else line


def _least(letters: Lettering, text: str) -> float:
    """What a text needs: its longest word, and a short text of Chinese its whole length."""
    return max(letters.widest_word(text), min(letters.width(text[:MAX_LINE]), SHORT_EM * letters.size))
