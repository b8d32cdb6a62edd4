"""What users and the library wrote, for Streamlit's Markdown: shown letter by letter."""

import os
import re
from pathlib import Path

from aemodels.text import one_line

PROJECT = Path(__file__).resolve().parents[3]
_COMMAND = re.compile("( ?`(?:python|pip|streamlit) [^`]*` ?)")  # as the library's sentences have them
_MARKUP = re.compile(r"[\\`*\[\]<>$~|&]|(?<![^\W_])_|_(?![^\W_])|^[#+=-]|^\d+(?=[.)](?:\s|$))")
# What Streamlit and its plugins look for once the Markdown is read, where no backslash helps: :red[a], :smile:, :material/home:,
# addresses, and arrows and signs that stand alone.
_AFTERWARDS = re.compile(r"(:|@|\bwww)(?=[\w+/.:-])|(?<!\S)[<>~-](?=[>=-]+(?!\S))")
# An absolute path, as far as the first blank or mark; a Chinese sentence has no blank before it.
_IN_PATH = r"[^\s;:,()'\"，。；：、（）“”"
_FOLDER = re.compile(
    rf"(?<![A-Za-z0-9])(?:[A-Za-z]:[\\/]|\\\\){_IN_PATH}]+|(?<![A-Za-z0-9_.~/-])/{_IN_PATH}/]+(?:/{_IN_PATH}]*)?"
)
_WORD_JOINER = "\u2060"  # has no width


def literal(text: str) -> str:
    """A text that a user named or typed, for Streamlit's Markdown, which then shows it letter by letter, on one line."""
    text = re.sub("^ | (?= )| $", "\xa0", one_line(text))
    text = re.sub("^\xa0|\xa0$", rf"{_WORD_JOINER}\g<0>{_WORD_JOINER}", text)  # ** before a space would not be bold
    text = _AFTERWARDS.sub(rf"\g<0>{_WORD_JOINER}", text)
    return _MARKUP.sub(lambda match: match[0] + "\\" if match[0].isdigit() else "\\" + match[0], text)


def code(text: str) -> str:
    """The same in the letters of code, between more backticks than the text has in a row."""
    text = one_line(text)
    fence = "`" * (1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence} {text} {fence}" if "`" in text else f"`{text}`"


def sentence(error: Exception | str) -> str:
    """What a LatentLabError says, for Streamlit's Markdown: its commands in backticks stay code, names in it are literal, folders are
    relative to the project's: where that lies on the server is nobody's business."""
    return "".join(part if i % 2 else literal(part) for i, part in enumerate(_COMMAND.split(_without_folders(error))))


def printed(error: Exception | str) -> str:
    """The same for a report, which is no Markdown: commands stand in quotes."""
    return re.sub("`([^`]*)`", r"“\1”", _without_folders(error))


def _without_folders(error: Exception | str) -> str:
    return _FOLDER.sub(_relative, str(error))


def _relative(folder: re.Match) -> str:
    try:
        return os.path.relpath(folder[0], PROJECT)
    except ValueError:  # on another drive of Windows
        return os.path.basename(folder[0])
