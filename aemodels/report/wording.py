"""Words that every file of a report has, in the language that is spoken."""

import re

from aemodels import language
from aemodels.language import pgettext, sentences
from aemodels.report.document import Section
from aemodels.report.panels import Panel
from aemodels.text import collapsed

MAX_LINE = 255  # letters of a line on the cover; a document's properties hold no more either
_TOGETHER = re.compile(  # a number and what it is the value of, and units in words
    r"(?<=\d) (?=(?:nats?|bytes?)(?!\w)|× \d)|(?<=[×=]) (?=[\d−+])|(?<=\w) (?== [\d−+])| (?=/ dB)|(?<=/) (?=dB)"
)
_SENTENCE_ENDS = (".", "!", "?", "。", "！", "？", "…", ":", "：")


def after_number() -> str:
    """What parts the number of a figure or a table from its caption."""
    return pgettext("between the number of a figure and its caption", ". ")


def caption_of(panel: Panel, section: Section) -> str:
    """The panel's title, unless the section has the same, and its caption."""
    title = panel.title.strip()
    if not title or title == section.title.strip():
        return panel.caption
    if not title.endswith(_SENTENCE_ENDS):
        title += pgettext("the end of a sentence", ".")
    return sentences([title, panel.caption])


def held_together(text: str) -> str:
    """The text with spaces at which no line ends in "26.23 ± 0.12 dB" and "λ = 0.3"."""
    return _TOGETHER.sub("\xa0", language.unbroken(text))


def shortened(text: str) -> str:
    """One line of the cover; what no cover has room for ends with …"""
    line = collapsed(text)
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…"
