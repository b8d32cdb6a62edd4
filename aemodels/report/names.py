"""Names of the files that a report becomes."""

import re

from pathvalidate import sanitize_filename

from aemodels.language import _
from aemodels.text import collapsed, visible

REPORT_PATTERN = "实验三_{name}_{number}"  # as the course asks for it
SOURCE_PATTERN = "实验三代码_{name}_{number}"  # the code that belongs to it
MAX_NAME_BYTES = 200  # file systems take 255, and ".docx" and a browser's " (1)" come on top
MAX_LETTERS = 40  # of the author's name and number, so that both find room
_SEPARATORS = r"[\s_.,、·—–-]*"


def safe_file_name(name: str) -> str:
    """`name`, without its ending, as Windows, macOS and Linux all take it; letters of every language stay."""
    return (
        sanitize_filename(visible(name), replacement_text="_", platform="universal", max_len=MAX_NAME_BYTES) or "report"
    )


def source_pattern(report_pattern: str) -> str:
    """The pattern of the source's file: the course's beside a report that is named as the course asks for it, else one in the language
    that is spoken."""
    return SOURCE_PATTERN if report_pattern == REPORT_PATTERN else _("lab-3-code_{name}_{number}")


def file_name(pattern: str, name: str, number: str) -> str:
    """A file's name, without its ending: {name} and {number} of the pattern stand for those of the author.

    One that is empty goes with what parts it from the text before it: 实验三_{name}_{number} of nobody is 实验三.
    """
    values = {"name": collapsed(name)[:MAX_LETTERS].strip(), "number": collapsed(number)[:MAX_LETTERS].strip()}
    filled = re.sub(
        rf"({_SEPARATORS})\{{(name|number)\}}", lambda m: f"{m[1]}{values[m[2]]}" if values[m[2]] else "", pattern
    )
    return safe_file_name(re.sub(rf"^{_SEPARATORS}", "", filled))
