"""What a report holds, whatever file it becomes: word.py makes a .docx of it, web.py one HTML file, archive.py a zip of PNG and CSV.

All texts are in the language of the report; a writer adds words of its own ("Figure 1") in that language, too.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from aemodels.report.panels import Panel


@dataclass(frozen=True)
class Cover:
    """Who hands in what; every field is as its author typed it and may be empty.

    course  such as "Deep learning, lab 3"
    name    of the author; also in the file's properties
    number  the author's student number
    date    as it is to be read
    """

    title: str
    course: str = ""
    name: str = ""
    number: str = ""
    date: str = ""


@dataclass(frozen=True)
class Paragraph:
    """A text. [@kingma2014] in it is a reference, which becomes its number, [1]; [@kingma2014; @hinton2006] are two."""

    text: str


@dataclass(frozen=True)
class Equation:
    """A formula on a line of its own.

    latex  the formula in LaTeX, without delimiters
    says   the formula in words, for those who do not see it
    """

    latex: str
    says: str


@dataclass(frozen=True)
class Figure:
    """A picture with its caption and, for the zip, its numbers."""

    panel: Panel


@dataclass(frozen=True)
class Table:
    """Words and figures as they are printed.

    name     file name of its CSV, without its ending
    caption  the sentence above it; may hold references
    head     a column each, with its unit
    rows     as many cells each as the head has
    """

    name: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Observations:
    """Sentences that say what was measured, each with its figure; the document marks them as measured on these checkpoints."""

    sentences: tuple[str, ...]


@dataclass(frozen=True)
class OwnWords:
    """The place for what the author saw and how it is explained.

    key   tells it from the others: "M2"
    asks  the question to answer there
    text  as its author wrote it; an empty one leaves a visible place to write on
    """

    key: str
    asks: str
    text: str = ""


Block = Paragraph | Equation | Figure | Table | Observations | OwnWords


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it. `key` tells it from the others: "M2"."""

    key: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Reference:
    """A paper, as a list of references prints it: "Kingma, D. P. and Welling, M. Auto-encoding variational Bayes. ICLR, 2014."."""

    text: str
    url: str = ""


@dataclass(frozen=True)
class Report:
    """A whole report.

    language    of its words, a key of `aemodels.language.LANGUAGES`
    references  key -> paper; those that are cited are numbered in the order of their first mention
    data_note   what holds of the pictures in it: whose they are
    """

    cover: Cover
    sections: tuple[Section, ...]
    language: str
    references: Mapping[str, Reference] = field(default_factory=dict)
    data_note: str = ""
