"""Parts of a Word document that python-docx has no functions for: fields, bookmarks, links, frames of boxes."""

import re
from collections.abc import Iterable

from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

from aemodels import language
from aemodels.report.numbering import Citation, Numbering
from aemodels.report.wording import held_together
from aemodels.text import collapsed, visible

_INTERVAL = re.compile(r"± ([\d.,]+) (?=dB)")
_MARKS = re.compile("([“”‘’…]+)")


def element(tag: str, **attributes: object) -> BaseOxmlElement:
    """An element such as element("w:tab", pos=9) -> <w:tab w:pos="9"/>."""
    made = OxmlElement(tag)
    for name, value in attributes.items():
        made.set(qn(f"w:{name}"), str(value))
    return made


def add_text(paragraph: Paragraph, text: str, numbering: Numbering | None = None) -> None:
    """Adds a text; its lines stay lines, a tab becomes a space, [@key] the number of its reference, which leads to it."""
    for piece in numbering.pieces(_held(text)) if numbering else [text]:
        if isinstance(piece, Citation):
            add_link(paragraph, f"[{piece.number}]", anchor=reference_mark(piece.number))
        else:
            add_words(paragraph, visible(piece).replace("\t", " "))


def _held(text: str) -> str:
    """`held_together`; in Chinese of intervals alone, "± 0.12 dB": where Chinese stands before a number, LibreOffice takes no-break spaces for
    a place to break the number itself."""
    if language.current() != "zh":
        return held_together(text)
    return _INTERVAL.sub("±\xa0\\1\xa0", text.replace("\xa0", " "))


def add_words(paragraph: Paragraph, text: str) -> None:
    """Adds a text as it is. The quotation marks of Chinese are those of English, but as wide as a character: Word needs to be told."""
    for piece in _MARKS.split(text) if language.current() == "zh" else [text]:
        run = paragraph.add_run(piece) if piece else None
        if run is not None and _MARKS.fullmatch(piece):
            run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:hint"), "eastAsia")


def add_field(paragraph: Paragraph, code: str, result: str, parent: BaseOxmlElement | None = None) -> None:
    """A field, and what it shows until Word computes it."""
    begin_field(paragraph, code, parent)
    _add_run(paragraph, parent, text_element(result))
    end_field(paragraph, parent)


def begin_field(paragraph: Paragraph, code: str, parent: BaseOxmlElement | None = None) -> None:
    _add_run(paragraph, parent, element("w:fldChar", fldCharType="begin"))
    instruction = element("w:instrText")
    instruction.set(qn("xml:space"), "preserve")
    instruction.text = f" {code} "
    _add_run(paragraph, parent, instruction)
    _add_run(paragraph, parent, element("w:fldChar", fldCharType="separate"))


def end_field(paragraph: Paragraph, parent: BaseOxmlElement | None = None) -> None:
    _add_run(paragraph, parent, element("w:fldChar", fldCharType="end"))


def add_link(paragraph: Paragraph, text: str, anchor: str = "", url: str = "") -> BaseOxmlElement:
    """A link to a bookmark of the document or to a page of the web; more can be put into what is returned."""
    link = OxmlElement("w:hyperlink")
    if anchor:
        link.set(qn("w:anchor"), anchor)
    else:
        link.set(qn("r:id"), paragraph.part.relate_to(url, RELATIONSHIP_TYPE.HYPERLINK, is_external=True))
    link.set(qn("w:history"), "1")
    paragraph._p.append(link)
    run = _add_run(paragraph, link, text_element(text))
    if url:
        run.insert(0, OxmlElement("w:rPr"))
        run[0].append(element("w:color", val="0B4F8A"))
    return link


def add_hint(paragraph: Paragraph, name: str, text: str) -> None:
    """Adds a content control, which shows the hint until somebody writes in it."""
    hint = paragraph.add_run(text, style="Placeholder Text")
    control, properties, content = element("w:sdt"), element("w:sdtPr"), element("w:sdtContent")
    properties.append(element("w:alias", val=collapsed(name)[:64]))
    properties.append(element("w:showingPlcHdr"))
    hint._r.addprevious(control)
    content.append(hint._r)
    control.extend([properties, content])


class Bookmarks:
    """Gives each bookmark a number of its own."""

    def __init__(self) -> None:
        self._used = 0

    def around(self, paragraph: Paragraph, name: str) -> None:
        """Marks all that the paragraph holds now."""
        self._used += 1
        first = 1 if paragraph._p.pPr is not None else 0
        paragraph._p.insert(first, element("w:bookmarkStart", id=self._used, name=name))
        paragraph._p.append(element("w:bookmarkEnd", id=self._used))


def reference_mark(number: int) -> str:
    """The name of a reference's bookmark."""
    return f"ref_{number}"


def text_element(text: str) -> BaseOxmlElement:
    made = element("w:t")
    made.set(qn("xml:space"), "preserve")
    made.text = text
    return made


def set_borders(table: Table, **sides: tuple[int, str] | None) -> None:
    """The lines of a table: side=(eighths of a point, colour), sides that are not named have none."""
    borders = element("w:tblBorders")
    for side in ("top", "left", "bottom", "right", "insideH", "insideV"):
        width, colour = sides.get(side) or (0, "")
        borders.append(
            element(f"w:{side}", val="single", sz=width, space=0, color=colour)
            if width
            else element(f"w:{side}", val="nil")
        )
    _put(table._tbl.tblPr, borders, before=("w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook"))


def set_margins(table: Table, **twips: int) -> None:
    """The distances between the cells' borders and their text: top, left, bottom, right, in twentieths of a point."""
    margins = element("w:tblCellMar")
    for side in ("top", "left", "bottom", "right"):
        margins.append(element(f"w:{side}", w=twips.get(side, 0), type="dxa"))
    _put(table._tbl.tblPr, margins, before=("w:tblLook",))


def underline_cell(cell: _Cell, colour: str) -> None:
    """A line below the cell, three quarters of a point."""
    borders = element("w:tcBorders")
    borders.append(element("w:bottom", val="single", sz=6, space=0, color=colour))
    _put(cell._tc.get_or_add_tcPr(), borders, before=("w:shd", "w:noWrap", "w:tcMar", "w:vAlign"))


def shade(cell: _Cell, colour: str) -> None:
    shading = element("w:shd", val="clear", color="auto", fill=colour)
    _put(cell._tc.get_or_add_tcPr(), shading, before=("w:noWrap", "w:tcMar", "w:vAlign"))


def keep_rows_whole(table: Table, num_heads: int = 0) -> None:
    """No row is split between pages; the first `num_heads` stand on every page that the table runs over."""
    for i, row in enumerate(table.rows):
        properties = row._tr.get_or_add_trPr()
        properties.append(element("w:cantSplit"))
        if i < num_heads:
            properties.append(element("w:tblHeader"))


def set_columns(table: Table, widths: Iterable[int]) -> None:
    """Column widths, in twentieths of a point, which neither Word nor LibreOffice changes by what is in the cells."""
    widths = list(widths)
    table.autofit = False
    table._tbl.tblPr.find(qn("w:tblW")).set(qn("w:type"), "dxa")
    table._tbl.tblPr.find(qn("w:tblW")).set(qn("w:w"), str(sum(widths)))
    for column, width in zip(table._tbl.tblGrid.iter(qn("w:gridCol")), widths, strict=True):
        column.set(qn("w:w"), str(width))
    for row in table._tbl.tr_lst:
        for cell, width in zip(row.tc_lst, widths, strict=True):
            size = cell.get_or_add_tcPr().get_or_add_tcW()
            size.set(qn("w:type"), "dxa")
            size.set(qn("w:w"), str(width))


def _add_run(paragraph: Paragraph, parent: BaseOxmlElement | None, content: BaseOxmlElement) -> BaseOxmlElement:
    run = OxmlElement("w:r")
    run.append(content)
    (paragraph._p if parent is None else parent).append(run)
    return run


def _put(parent: BaseOxmlElement, child: BaseOxmlElement, before: tuple[str, ...]) -> None:
    """Where the schema wants the child."""
    for old in parent.findall(child.tag):
        parent.remove(old)
    parent.insert_element_before(child, *before)
