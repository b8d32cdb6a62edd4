"""A report as one web page that needs nothing else: pictures, formulas and styles are in it."""

import base64
from collections.abc import Iterator
from html import escape
from pathlib import Path

from lxml import etree

from aemodels import language
from aemodels.language import _
from aemodels.report.columns import MAX_ROWS_TOGETHER, is_numeric, printed
from aemodels.report.document import (
    Block,
    Equation,
    Figure,
    Observations,
    OwnWords,
    Paragraph,
    Reference,
    Report,
    Section,
    Table,
)
from aemodels.report.embedded import picture_file
from aemodels.report.equations import to_mathml
from aemodels.report.numbering import Citation, Numbering
from aemodels.report.wording import after_number, caption_of, held_together, shortened
from aemodels.text import collapsed, visible

_TAGS = {"en": "en", "zh": "zh-CN"}
_STYLE = Path(__file__).parents[1] / "assets/report.css"


def build_html(report: Report) -> bytes:
    """The report as a page in UTF-8, which browsers print on A4, light or dark as the reader's system is."""
    with language.speaking(report.language):
        return "\n".join(_Writer(report).page()).encode()


class _Writer:
    def __init__(self, report: Report) -> None:
        self.report, self.numbering = report, Numbering(report)
        self.num_figures = self.num_tables = 0

    def page(self) -> Iterator[str]:
        cover = self.report.cover
        style = _STYLE.read_text(encoding="utf-8")
        yield f'<!DOCTYPE html>\n<html lang="{_TAGS[self.report.language]}">\n<head>\n<meta charset="utf-8">'
        yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
        yield '<meta name="color-scheme" content="light dark">'
        yield f'<meta name="author" content="{text(shortened(cover.name))}">'
        yield f"<title>{text(shortened(cover.title))}</title>\n<style>\n{style}</style>\n</head>\n<body>"
        yield from self.cover()
        yield from self.contents()
        yield "<main>"
        for number, section in enumerate(self.report.sections, 1):
            yield f'<section>\n<h2 id="section-{number}">{text(collapsed(section.title))}</h2>'
            for block in section.blocks:
                yield self.block(block, section)
            yield "</section>"
        yield from self.references()
        if self.report.data_note:
            yield f'<section>\n<h2 id="pictures">{text(_("About the pictures"))}</h2>'
            yield f"<p>{text(self.report.data_note)}</p>\n</section>"
        yield "</main>\n</body>\n</html>\n"

    def cover(self) -> Iterator[str]:
        cover = self.report.cover
        yield f'<header class="cover">\n<p class="course">{text(shortened(cover.course))}</p>'
        yield f"<h1>{text(shortened(cover.title))}</h1>\n<dl>"
        fields = {_("Name"): cover.name, _("Student number"): cover.number, _("Date"): cover.date}
        for label, value in fields.items():
            yield f"<dt>{text(label)}</dt><dd><bdi>{text(shortened(value))}</bdi></dd>"
        yield "</dl>\n</header>"

    def contents(self) -> Iterator[str]:
        """A link to each heading; none where there is but one."""
        links = {f"section-{number}": section.title for number, section in enumerate(self.report.sections, 1)}
        links |= {"references": _("References")} if self.numbering.references else {}
        links |= {"pictures": _("About the pictures")} if self.report.data_note else {}
        if len(links) < 2:
            return
        yield f'<nav aria-labelledby="contents">\n<h2 id="contents">{text(_("Contents"))}</h2>\n<ol>'
        for anchor, title in links.items():
            yield f'<li><a href="#{anchor}">{text(collapsed(title))}</a></li>'
        yield "</ol>\n</nav>"

    def block(self, block: Block, section: Section) -> str:
        match block:
            case Paragraph(words):
                return f"<p>{self.cited(words)}</p>"
            case Equation(latex, says):
                formula = to_mathml(latex)
                formula.set("aria-label", visible(says))
                return f'<div class="formula">{etree.tostring(formula, encoding="unicode")}</div>'
            case Figure():
                return self.figure(block, section)
            case Table():
                return self.table(block)
            case Observations(sentences):
                said = "".join(f"<li>{self.cited(sentence)}</li>" for sentence in sentences)
                head = text(_("What was measured"))
                return f'<aside class="measured">\n<p class="head">{head}</p>\n<ul>{said}</ul>\n</aside>'
            case OwnWords():
                return own_words(block)
        raise TypeError(f"{type(block).__name__} is no block of a report")

    def figure(self, figure: Figure, section: Section) -> str:
        panel = figure.panel
        self.num_figures += 1
        kind, content = picture_file(panel.png)
        source = f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
        caption = self.caption(_("Figure"), self.num_figures, caption_of(panel, section))
        return (
            f'<figure id="figure-{self.num_figures}">\n<img src="{source}" alt="{text(panel.alt)}">\n'
            f"<figcaption>{caption}</figcaption>\n</figure>"
        )

    def table(self, table: Table) -> str:
        self.num_tables += 1
        columns = zip(*([collapsed(cell) for cell in row] for row in table.rows), strict=True)
        numeric = [is_numeric(column) for column in columns] or [False] * len(table.head)
        classes = [' class="number"' if right else "" for right in numeric]
        head = "".join(f'<th scope="col"{c}>{text(printed(h))}</th>' for c, h in zip(classes, table.head, strict=True))
        rows = "\n".join(
            f"<tr>{''.join(f'<td{c}>{text(printed(cell))}</td>' for c, cell in zip(classes, row, strict=True))}</tr>"
            for row in table.rows
        )
        caption = self.caption(_("Table"), self.num_tables, table.caption)
        kind = "scroll whole" if len(table.rows) <= MAX_ROWS_TOGETHER else "scroll"
        return (
            f'<div class="{kind}" role="region" tabindex="0" aria-label="{text(_("Table"))} {self.num_tables}">'
            f'<table id="table-{self.num_tables}">\n<caption>{caption}</caption>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody>\n</table></div>"
        )

    def caption(self, kind: str, number: int, words: str) -> str:
        return f"<b>{text(kind)} {number}{text(after_number())}</b>{self.cited(words)}"

    def cited(self, words: str) -> str:
        """A text with its references as links to the list of them."""
        return "".join(
            f'<a href="#reference-{piece.number}">[{piece.number}]</a>' if isinstance(piece, Citation) else text(piece)
            for piece in self.numbering.pieces(held_together(words))
        )

    def references(self) -> Iterator[str]:
        if not self.numbering.references:
            return
        yield f'<section>\n<h2 id="references">{text(_("References"))}</h2>\n<ol class="references">'
        for number, reference in enumerate(self.numbering.references, 1):
            yield f'<li id="reference-{number}">{text(collapsed(reference.text))}{link(reference)}</li>'
        yield "</ol>\n</section>"


def text(words: str) -> str:
    """A text as HTML; its lines stay lines."""
    return escape(visible(words).replace("\t", " ")).replace("\n", "<br>")


def link(reference: Reference) -> str:
    return f' <a href="{escape(reference.url)}">{escape(reference.url)}</a>' if reference.url else ""


def own_words(own: OwnWords) -> str:
    if own.text.strip():
        said = "".join(f"<p>{text(part)}</p>" for part in visible(own.text).strip().split("\n\n"))
    else:
        said = f'<p class="hint">{text(_("Write here what you see and how you explain it."))}</p>'
    return f'<div class="own">\n<p class="head">{text(collapsed(own.asks))}</p>\n{said}\n</div>'
