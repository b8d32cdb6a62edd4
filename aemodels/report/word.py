"""A report as a Word document (.docx)."""

import io

from docx.document import Document as WordDocument
from docx.enum.table import WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.shared import Cm, Pt
from docx.table import _Cell
from docx.text.paragraph import Paragraph as WordParagraph
from PIL import Image

from aemodels import language
from aemodels.language import _
from aemodels.report.document import (
    Block,
    Cover,
    Equation,
    Figure,
    Observations,
    OwnWords,
    Paragraph,
    Report,
    Section,
    Table,
)
from aemodels.report.embedded import picture_file
from aemodels.report.lettering import Lettering
from aemodels.report.numbering import Numbering
from aemodels.report.omml import to_omml
from aemodels.report.word_parts import (
    Bookmarks,
    add_field,
    add_hint,
    add_link,
    add_text,
    begin_field,
    element,
    end_field,
    keep_rows_whole,
    reference_mark,
    set_borders,
    set_columns,
    set_margins,
    shade,
    underline_cell,
)
from aemodels.report.word_styles import ACCENT, BODY_PT, WIDTH_CM, new_document
from aemodels.report.word_tables import add_table
from aemodels.report.wording import after_number, caption_of, shortened
from aemodels.text import collapsed, visible

MAX_PICTURE_CM = (WIDTH_CM, 19.5)  # leaves room for a heading and a caption
MIN_DPI = 150  # a picture of few pixels is printed smaller
MAX_TOGETHER = 500  # letters of a caption whose lines stay on one page
BOX_TWIPS = round(WIDTH_CM / 2.54 * 1440)
COVER_PT = 14
EMPTY_BOX_CM = 3.0


def build_docx(report: Report) -> bytes:
    """The report as Word, LibreOffice and WPS open it: A4, in the report's language, every number kept by a field."""
    with language.speaking(report.language):
        writer = _Writer(report)
        writer.write()
        buffer = io.BytesIO()
        writer.document.save(buffer)
        return buffer.getvalue()


class _Writer:
    def __init__(self, report: Report) -> None:
        self.report, self.numbering, self.bookmarks = report, Numbering(report), Bookmarks()
        self.document: WordDocument = new_document(report.cover, report.language)
        self.num_headings = self.num_figures = self.num_tables = 0

    def write(self) -> None:
        self.add_cover(self.report.cover)
        headings = [collapsed(section.title) for section in self.report.sections]
        headings += [_("References")] if self.numbering.references else []
        headings += [_("About the pictures")] if self.report.data_note else []
        self.add_contents(headings)
        for section in self.report.sections:
            self.add_section(section)
        self.add_references()
        if self.report.data_note:
            self.add_heading(_("About the pictures"))
            add_text(self.document.add_paragraph(style="Body Text"), self.report.data_note)

    def add_cover(self, cover: Cover) -> None:
        course = self.document.add_paragraph(style="Subtitle")
        course.paragraph_format.space_before = Cm(4)
        course.add_run(shortened(cover.course))
        title = self.document.add_paragraph(style="Title")
        run = title.add_run(shortened(cover.title))
        if len(cover.title) > 40:
            run.font.size = Pt(18)
        title.paragraph_format.space_after = Cm(6)
        fields = {_("Name"): cover.name, _("Student number"): cover.number, _("Date"): cover.date}
        table = self.document.add_table(len(fields), 2)
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        set_borders(table)
        set_margins(table, top=80, left=80, bottom=40, right=80)
        label_width = max(map(Lettering(COVER_PT).width, fields)) * 20 + 200
        set_columns(table, [round(label_width), 4300])
        for row, (label, value) in zip(table.rows, fields.items(), strict=True):
            for cell, text in zip(row.cells, (label, shortened(value)), strict=True):
                cell.paragraphs[0].add_run(text).font.size = Pt(COVER_PT if len(text) < 40 else BODY_PT)
            row.cells[0].paragraphs[0].alignment = WD_ALIGN_PARAGRAPH.RIGHT
            underline_cell(row.cells[1], "7F7F7F")
        keep_rows_whole(table)

    def add_contents(self, headings: list[str]) -> None:
        """The table of contents as a field with its entries in it, each with the page of its bookmark; none of a single heading.

        A tab stands behind TOC: Word takes it for a space. LibreOffice then keeps the pages as fields, which it computes at once;
        in a table of contents of its own it would not.
        """
        if len(headings) < 2:
            return
        heading = self.document.add_paragraph(_("Contents"), style="Contents Heading")
        heading.paragraph_format.page_break_before = True
        for number, text in enumerate(headings, 1):
            entry = self.document.add_paragraph(style="TOC 1")
            if number == 1:
                begin_field(entry, 'TOC\t\\o "1-1" \\h \\z \\u')
            mark = heading_mark(number)
            link = add_link(entry, text, anchor=mark)
            link[-1].append(element("w:tab"))
            add_field(entry, f"PAGEREF {mark} \\h", "", link)
            if number == len(headings):
                end_field(entry)

    def add_heading(self, text: str) -> None:
        heading = self.document.add_paragraph(text, style="Heading 1")
        self.num_headings += 1
        if self.num_headings == 1:  # after the contents or the cover
            heading.paragraph_format.page_break_before, heading.paragraph_format.space_before = True, Pt(0)
        self.bookmarks.around(heading, heading_mark(self.num_headings))

    def add_section(self, section: Section) -> None:
        self.add_heading(collapsed(section.title))
        for block in section.blocks:
            self.add_block(block, section)
            if block is section.blocks[0] and isinstance(block, Paragraph):
                # No heading stands with one line alone at a page's foot.
                self.document.paragraphs[-1].paragraph_format.keep_with_next = True

    def add_block(self, block: Block, section: Section) -> None:
        match block:
            case Paragraph(text):
                add_text(self.document.add_paragraph(style="Body Text"), text, self.numbering)
            case Equation(latex):
                paragraph = self.document.add_paragraph(style="Normal")
                paragraph.paragraph_format.space_before = paragraph.paragraph_format.space_after = Pt(6)
                paragraph._p.append(to_omml(latex))
            case Figure():
                self.add_figure(block, section)
            case Table():
                self.add_table(block)
            case Observations(sentences):
                self.add_observations(sentences)
            case OwnWords():
                self.add_own_words(block)

    def add_figure(self, figure: Figure, section: Section) -> None:
        panel = figure.panel
        width_px, height_px = Image.open(io.BytesIO(panel.png)).size
        widest, highest = MAX_PICTURE_CM
        width_cm = min(widest, highest * width_px / height_px, width_px / MIN_DPI * 2.54)
        paragraph = self.document.add_paragraph(style="Normal")
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        paragraph.paragraph_format.space_before = Pt(8)
        paragraph.paragraph_format.keep_with_next = True
        picture = paragraph.add_run().add_picture(io.BytesIO(picture_file(panel.png)[1]), width=Cm(width_cm))
        picture._inline.docPr.set("descr", visible(panel.alt))
        for side in "TBLR":  # LibreOffice moves a picture without them to the right
            picture._inline.set(f"dist{side}", "0")
        self.num_figures += 1
        self.add_caption(_("Figure"), self.num_figures, caption_of(panel, section))

    def add_table(self, table: Table) -> None:
        self.num_tables += 1
        self.add_caption(_("Table"), self.num_tables, table.caption, before_table=True)
        add_table(self.document, table.head, table.rows)
        self.add_gap()

    def add_caption(self, kind: str, number: int, text: str, before_table: bool = False) -> None:
        """A caption such as "Figure 1. text" in Word's own style; Word keeps the numbers right when captions are moved."""
        paragraph = self.document.add_paragraph(style="Caption")
        paragraph.add_run(f"{kind} ")
        add_field(paragraph, f"SEQ {kind} \\* ARABIC", str(number))
        paragraph.add_run(after_number())
        for run in paragraph.runs:
            run.font.bold = True
        add_text(paragraph, text, self.numbering)
        layout = paragraph.paragraph_format
        layout.keep_together = len(text) <= MAX_TOGETHER or None
        if before_table:
            layout.keep_with_next, layout.space_before, layout.space_after = True, Pt(10), Pt(4)

    def add_observations(self, sentences: tuple[str, ...]) -> None:
        cells = self.add_box(1 + len(sentences), left=(36, ACCENT))
        keep_rows_whole(cells[0]._parent)
        self.styled(cells[0], "Box Head").add_run(_("What was measured"))
        for cell, sentence in zip(cells[1:], sentences, strict=True):
            paragraph = self.styled(cell, "Box Text")
            layout = paragraph.paragraph_format
            layout.left_indent, layout.first_line_indent = Cm(0.4), Cm(-0.4)
            layout.tab_stops.add_tab_stop(Cm(0.4))
            paragraph.add_run("•\t")
            add_text(paragraph, sentence, self.numbering)
        for cell in cells:
            shade(cell, "EEF3F8")
        self.add_gap()

    def add_own_words(self, own: OwnWords) -> None:
        line = (8, "7F7F7F")
        (cell,) = self.add_box(1, top=line, left=line, bottom=line, right=line)
        add_text(self.styled(cell, "Box Head"), collapsed(own.asks))
        if own.text.strip():
            for text in visible(own.text).strip().split("\n\n"):
                add_text(cell.add_paragraph(style="Box Text"), text)
        else:
            add_hint(
                cell.add_paragraph(style="Box Text"), own.key, _("Write here what you see and how you explain it.")
            )
            row = cell._parent.rows[0]
            row.height, row.height_rule = Cm(EMPTY_BOX_CM), WD_ROW_HEIGHT_RULE.AT_LEAST
            keep_rows_whole(cell._parent)
        self.add_gap()

    def add_box(self, num_rows: int, **lines: tuple[int, str]) -> list[_Cell]:
        """A frame as wide as the page."""
        table = self.document.add_table(num_rows, 1)
        set_borders(table, **lines)
        set_margins(table, top=40, left=160, bottom=20, right=160)
        set_columns(table, [BOX_TWIPS])
        return table._cells

    def add_gap(self) -> None:
        """Tables that follow each other would become one."""
        gap = self.document.add_paragraph(style="Normal").paragraph_format
        gap.space_after, gap.line_spacing = Pt(0), Pt(8)

    def styled(self, cell: _Cell, style: str) -> WordParagraph:
        cell.paragraphs[0].style = self.document.styles[style]
        return cell.paragraphs[0]

    def add_references(self) -> None:
        if self.numbering.references:
            self.add_heading(_("References"))
        for number, reference in enumerate(self.numbering.references, 1):
            paragraph = self.document.add_paragraph(style="Reference")
            paragraph.add_run(f"[{number}]\t{collapsed(reference.text)}")
            if reference.url:
                paragraph.add_run(" ")
                add_link(paragraph, reference.url, url=reference.url)
            self.bookmarks.around(paragraph, reference_mark(number))


def heading_mark(number: int) -> str:
    """The name of a heading's bookmark, as Word itself names those of a table of contents."""
    return f"_Toc{number:09d}"
