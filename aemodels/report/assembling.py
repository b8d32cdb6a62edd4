"""A report of what a visitor has: the lab's sections with the visitor's own words in them, the collected panels, and a cover."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from babel.dates import format_date

from aemodels import language
from aemodels.language import _
from aemodels.report.document import Cover, Figure, OwnWords, Reference, Report, Section
from aemodels.report.notebook import Entry
from aemodels.report.panel_tables import table_of

COLLECTED = "collected"  # key of the section of the visitor's own panels
WORDS = "words/"  # before an OwnWords' key: where a notebook has the text
COVER = "cover/"  # before a field of Cover


def assemble(
    sections: Sequence[Section],
    entries: Sequence[Entry],
    texts: Mapping[str, str],
    references: Mapping[str, Reference],
    data_note: str,
) -> Report:
    """The report in the language that is spoken.

    sections  of the lab, with empty places for own words; may be none
    entries   the collected panels, which make the last section
    texts     of the notebook
    """
    if entries:
        sections = [*sections, of_panels(entries)]
    return Report(
        cover(texts), [with_words(section, texts) for section in sections], language.current(), references, data_note
    )


def of_panels(entries: Sequence[Entry]) -> Section:
    """The section of the collected panels, each with a table of its numbers where they are few."""
    asks = OwnWords(COLLECTED, _("What do these figures show, and how do you explain it?"))
    blocks = [block for entry in entries for block in (Figure(entry.panel), table_of(entry.panel)) if block]
    return Section(COLLECTED, _("Figures of my own"), (*blocks, asks))


def with_words(section: Section, texts: Mapping[str, str]) -> Section:
    """The section with what its author wrote."""
    blocks = (
        replace(block, text=texts.get(WORDS + block.key, "")) if isinstance(block, OwnWords) else block
        for block in section.blocks
    )
    return replace(section, blocks=tuple(blocks))


def cover(texts: Mapping[str, str]) -> Cover:
    """The cover as it was filled in; the title and the date have something to begin with."""
    said = {key: texts.get(COVER + key, "") for key in ("course", "name", "number")}
    title = texts.get(f"{COVER}title") or _("Lab 3: latent spaces of autoencoders")
    return Cover(title, date=format_date(day(texts), "long", language.locale()), **said)


def day(texts: Mapping[str, str]) -> date:
    """The date on the cover: the one that was chosen, else today's."""
    try:
        return date.fromisoformat(texts.get(f"{COVER}date", ""))
    except ValueError:
        return date.today()
