"""The look of a Word document: page, fonts, styles, properties."""

from datetime import UTC, datetime

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.style import WD_STYLE_TYPE
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_TAB_ALIGNMENT, WD_TAB_LEADER
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Cm, Length, Pt, RGBColor
from docx.styles.style import ParagraphStyle

from aemodels.report.document import Cover
from aemodels.report.word_parts import add_field, element
from aemodels.report.wording import shortened

PAGE_CM, MARGIN_CM = (21.0, 29.7), 2.0
WIDTH_CM = PAGE_CM[0] - 2 * MARGIN_CM
BODY_PT, TABLE_PT, SMALLEST_PT = 10.5, 9.0, 7.0
# Both on every Windows and with Word for macOS.
SERIF, SANS = ("Times New Roman", "SimSun"), ("Arial", "Microsoft YaHei")
ACCENT, GREY = "1F4E79", "404040"
TAGS = {"en": "en-GB", "zh": "zh-CN"}


def new_document(cover: Cover, language: str) -> WordDocument:
    """An empty document with its page, styles and properties."""
    document = Document()
    _set_page(document)
    _set_fonts(document)
    _set_styles(document, language)
    _set_properties(document, cover, language)
    return document


def _set_page(document: WordDocument) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(PAGE_CM[0]), Cm(PAGE_CM[1])
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(MARGIN_CM)
    section.header_distance = section.footer_distance = Cm(1)
    section.different_first_page_header_footer = True  # the cover has no number
    footer = section.footer.paragraphs[0]
    footer.alignment = WD_ALIGN_PARAGRAPH.CENTER
    add_field(footer, "PAGE", "1")


def _set_fonts(document: WordDocument) -> None:
    for fonts in document.styles.element.iter(qn("w:rFonts")):  # the template's theme names none for Chinese
        fonts.attrib.clear()
        for where, font in zip(("ascii", "hAnsi", "cs", "eastAsia"), (SANS[0], SANS[0], SANS[0], SANS[1]), strict=True):
            fonts.set(qn(f"w:{where}"), font)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:val"), "en-GB")
        language.set(qn("w:eastAsia"), "zh-CN")
    for language in document.settings.element.iter(qn("w:themeFontLang")):  # the template's is Japanese
        language.set(qn("w:eastAsia"), "zh-CN")


def _set_styles(document: WordDocument, language: str) -> None:
    _style(document, "Normal", BODY_PT, SERIF, spacing=1.15)
    body = _style(document, "Body Text", BODY_PT, SERIF, after=6, spacing=Pt(17))
    if language == "zh":  # the first line of a Chinese paragraph begins two characters further in
        body.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        body.paragraph_format.first_line_indent = Pt(2 * BODY_PT)
        body.element.pPr.ind.set(qn("w:firstLineChars"), "200")
    title = _style(document, "Title", 24, SANS, after=12, colour=ACCENT, bold=True)
    for border in title.element.pPr.findall(qn("w:pBdr")):
        title.element.pPr.remove(border)
    subtitle = _style(document, "Subtitle", 14, SANS, after=12, colour=GREY)
    _style(document, "Heading 1", 15, SANS, before=18, after=8, colour=ACCENT, bold=True)
    caption = _style(document, "Caption", 9, SANS, before=4, after=10, spacing=Pt(13.5), colour=GREY)
    for style in (title, subtitle, caption):
        style.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    _style(document, "Table Text", TABLE_PT, SANS, spacing=Pt(12.5))
    _style(document, "Box Head", 9, SANS, after=3, colour=ACCENT, bold=True).paragraph_format.keep_with_next = True
    _style(document, "Box Text", BODY_PT, SERIF, after=2, spacing=Pt(16.5))
    hint = document.styles.add_style("Placeholder Text", WD_STYLE_TYPE.CHARACTER).font
    hint.italic, hint.color.rgb = language == "en", RGBColor.from_string("6B6B6B")  # Chinese has no italics
    reference = _style(document, "Reference", BODY_PT, SERIF, after=4, spacing=Pt(15.5)).paragraph_format
    reference.left_indent, reference.first_line_indent = Cm(0.9), Cm(-0.9)
    reference.tab_stops.add_tab_stop(Cm(0.9))
    _style(document, "Contents Heading", 15, SANS, after=10, colour=ACCENT, bold=True)
    contents = _style(document, "TOC 1", BODY_PT, SERIF, after=5, spacing=Pt(17)).paragraph_format
    contents.tab_stops.add_tab_stop(Cm(WIDTH_CM), WD_TAB_ALIGNMENT.RIGHT, WD_TAB_LEADER.DOTS)


def _style(
    document: WordDocument,
    name: str,
    size_pt: float,
    fonts: tuple[str, str],
    before: float = 0,
    after: float = 0,
    spacing: float | Length = 1.0,
    colour: str = "000000",
    bold: bool = False,
) -> ParagraphStyle:
    """A paragraph style, made where the template has none; distances in points.

    spacing  a length is the distance of its lines, whatever fonts are in them: Chinese and Latin letters in one text differ in height
    """
    styles = document.styles
    style = styles[name] if name in styles else styles.add_style(name, WD_STYLE_TYPE.PARAGRAPH)
    font, paragraph = style.font, style.paragraph_format
    font.size, font.bold, font.italic, font.color.rgb = Pt(size_pt), bold, False, RGBColor.from_string(colour)
    for old in [*style.element.rPr.findall(qn("w:spacing")), *style.element.rPr.findall(qn("w:kern"))]:
        style.element.rPr.remove(old)
    letters = style.element.rPr.get_or_add_rFonts()
    for where in ("ascii", "hAnsi", "cs"):
        letters.set(qn(f"w:{where}"), fonts[0])
    letters.set(qn("w:eastAsia"), fonts[1])
    paragraph.space_before, paragraph.space_after, paragraph.line_spacing = Pt(before), Pt(after), spacing
    return style


def _set_properties(document: WordDocument, cover: Cover, language: str) -> None:
    properties, now = document.core_properties, datetime.now(UTC)
    properties.title, properties.author = shortened(cover.title), shortened(cover.name)
    properties.subject = shortened(cover.course)
    properties.last_modified_by, properties.comments, properties.language = properties.author, "", TAGS[language]
    properties.created = properties.modified = now
    settings = document.settings.element
    compatibility = settings.find(qn("w:compat"))
    if compatibility is None:
        compatibility = OxmlElement("w:compat")
        settings.insert_element_before(
            compatibility, "w:docVars", "w:rsids", "m:mathPr", "w:themeFontLang", "w:clrSchemeMapping"
        )
    compatibility.append(  # today's Word opens what lacks this in a compatibility mode
        element("w:compatSetting", name="compatibilityMode", uri="http://schemas.microsoft.com/office/word", val=15)
    )
    package = document.part.package  # the template's thumbnail shows another document
    for key in [key for key, rel in package.rels.items() if rel.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del package.rels[key]
