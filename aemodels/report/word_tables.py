"""Tables of a Word document: columns as wide as their content wants, never wider than the page."""

from collections.abc import Sequence

from docx.document import Document as WordDocument
from docx.enum.table import WD_ALIGN_VERTICAL, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Pt

from aemodels.report.columns import MAX_ROWS_TOGETHER, fit, is_numeric, printed
from aemodels.report.word_parts import keep_rows_whole, set_borders, set_columns, set_margins, underline_cell
from aemodels.report.word_styles import SMALLEST_PT, TABLE_PT, WIDTH_CM

TWIPS_A_PT = 20
MAX_WIDTH_PT = WIDTH_CM / 2.54 * 72
PADDING_PT = 4  # on the left and on the right of a cell's text


def add_table(document: WordDocument, head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table with a line above, one below its head and one at its end; numbers stand on the right."""
    lines = [[printed(text) for text in line] for line in (head, *rows)]
    size, widths = fit(list(zip(*lines, strict=True)), MAX_WIDTH_PT, PADDING_PT, (TABLE_PT, 8, SMALLEST_PT))
    right = [is_numeric(column) for column in zip(*lines[1:], strict=True)] or [False] * len(head)
    table = document.add_table(len(lines), len(head))
    table.alignment = WD_TABLE_ALIGNMENT.CENTER
    set_borders(table, top=(12, "000000"), bottom=(12, "000000"))
    set_margins(table, top=30, left=PADDING_PT * TWIPS_A_PT, bottom=30, right=PADDING_PT * TWIPS_A_PT)
    set_columns(table, [int(width * TWIPS_A_PT) for width in widths])
    style = document.styles["Table Text"].style_id  # found once: python-docx reads all styles each time
    cells = table._cells  # table.cell() finds all of them anew for every one
    for i, line in enumerate(lines):
        for j, text in enumerate(line):
            cell = cells[i * len(head) + j]
            paragraph = cell.paragraphs[0]
            paragraph._p.style = style
            run = paragraph.add_run(text)
            if i == 0:
                run.font.bold = True
            if size != TABLE_PT:
                run.font.size = Pt(size)
            if right[j]:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            together = i < 2 or i >= len(lines) - 3 or len(rows) <= MAX_ROWS_TOGETHER
            paragraph.paragraph_format.keep_with_next = True if together and i < len(lines) - 1 else None
            cell.vertical_alignment = WD_ALIGN_VERTICAL.CENTER if i else WD_ALIGN_VERTICAL.BOTTOM
            if i == 0:
                underline_cell(cell, "000000")
    keep_rows_whole(table, num_heads=1)
