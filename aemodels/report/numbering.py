"""The numbers of a report's figures, tables and references: the same in every file that is made of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from aemodels.report.document import Block, Figure, Observations, Paragraph, Reference, Report, Table

_CITATION = re.compile(r"\[@[\w:.-]+(?:; ?@[\w:.-]+)*\]")
_KEY = re.compile(r"@([\w:.-]+)")


@dataclass(frozen=True)
class Citation:
    """A reference where a text mentions it; shown as [number]."""

    number: int


class Numbering:
    """Figures and tables are counted from 1 in the order they stand in, references in the order of their first mention.

    references  those that are cited; the first has number 1
    """

    def __init__(self, report: Report) -> None:
        self._known = report.references
        self._numbers: dict[str, int] = {}
        self.figures: list[Figure] = []
        self.tables: list[Table] = []
        for section in report.sections:
            for block in section.blocks:
                if isinstance(block, Figure):
                    self.figures.append(block)
                elif isinstance(block, Table):
                    self.tables.append(block)
                for text in _texts(block):
                    for match in _CITATION.finditer(text):
                        for key in self._keys(match):
                            self._numbers.setdefault(key, len(self._numbers) + 1)

    @property
    def references(self) -> list[Reference]:
        return [self._known[key] for key in self._numbers]

    def pieces(self, text: str) -> Iterator[str | Citation]:
        """The text, and in place of each [@key] its citation, of [@one; @other] both; a key that no reference has stays as it is."""
        start = 0
        for match in _CITATION.finditer(text):
            if keys := self._keys(match):
                if match.start() > start:
                    yield text[start : match.start()]
                yield from (Citation(self._numbers[key]) for key in keys)
                start = match.end()
        if start < len(text):
            yield text[start:]

    def _keys(self, match: re.Match[str]) -> list[str]:
        """The keys of a citation; none where one of them is no reference's."""
        keys = _KEY.findall(match[0])
        return keys if all(key in self._known for key in keys) else []


def _texts(block: Block) -> tuple[str, ...]:
    """What of a block may mention references."""
    match block:
        case Paragraph(text):
            return (text,)
        case Figure(panel):
            return (panel.caption,)
        case Table(caption=caption):
            return (caption,)
        case Observations(sentences):
            return sentences
    return ()
