"""One file that makes a report again: a zip of report.json and the pictures of the collected panels.

The lab's sections are made anew from their seed and models, and are held against what the file says of them. A file that comes from
elsewhere is not trusted: nothing in it is more than text, numbers and PNG, of bounded size.
"""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from PIL import Image

from aemodels.errors import DataError
from aemodels.language import _, list_of, ngettext
from aemodels.report import notebook
from aemodels.report.assembling import COVER, WORDS
from aemodels.report.notebook import Entry
from aemodels.report.panels import Panel
from aemodels.text import visible

ENDING = ".latent-lab.zip"
VERSION = 1
MAX_FILE_BYTES = 200 << 20
MAX_JSON_BYTES, MAX_PANEL_BYTES = 8 << 20, 16 << 20  # of report.json, of a panel's numbers
MAX_PICTURE_BYTES, MAX_PICTURE_PX = 20 << 20, 30_000_000
MAX_LETTERS = 20_000  # of one text, some six pages
MAX_COVER_LETTERS = 255  # of a field of the cover: a document's properties hold no more
MAX_SEED = 999_999
MAX_COLUMNS, MAX_TEXTS = 200, 200
_MAX_DIRECTORY_BYTES = 1 << 20
_FORMAT = "latent-lab-report"
_PANEL = "panels/{:02d}.{}"
_TEXT_KEY = re.compile(rf"(?:{WORDS}|{COVER})[\w-]{{1,60}}")
# What broken content makes zipfile, json, Pillow and the checks below raise; RuntimeError is for an encrypted zip, and for JSON
# nested without end.
_BROKEN = (
    zipfile.BadZipFile, zlib.error, ValueError, LookupError, TypeError, AttributeError, OSError, EOFError, RuntimeError,
    SyntaxError, Image.DecompressionBombError,
)  # fmt: skip
_PAGE = re.compile(r"[\w-]*", re.ASCII)


@dataclass(frozen=True)
class Replay:
    """What a file holds.

    texts  key -> text, as in a notebook
    lab    what was saved of the lab's sections; empty where the report had none
    said   a sentence on each thing that the file has and this one leaves out
    """

    entries: Sequence[Entry]
    texts: Mapping[str, str]
    lab: Mapping[str, Any] = field(default_factory=dict)
    said: Sequence[str] = ()


def write(entries: Sequence[Entry], texts: Mapping[str, str], lab: Mapping[str, Any]) -> bytes:
    """The file. `lab` is plain JSON, its sections told by `likeness.of_section`."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        content = {"format": _FORMAT, "version": VERSION, "panels": len(entries), "texts": dict(texts), "lab": lab}
        archive.writestr("report.json", json.dumps(content, ensure_ascii=False, indent=1))
        for number, entry in enumerate(entries, 1):
            plain = asdict(replace(entry, panel=replace(entry.panel, png=b"")))
            del plain["panel"]["png"]
            archive.writestr(
                _PANEL.format(number, "json"), json.dumps(plain, ensure_ascii=False, default=notebook.plain)
            )
            archive.writestr(_PANEL.format(number, "png"), entry.panel.png)
    return buffer.getvalue()


def read(content: bytes) -> Replay:
    """What the file holds; DataError, with one sentence, for a file that is none."""
    try:
        return _read(content)
    except _BROKEN as error:
        raise DataError(
            _(
                "This is no report that Latent Lab saved, or the file is broken; choose one whose name ends with {ending}."
            ).format(ending=ENDING)
        ) from error


def _read(content: bytes) -> Replay:
    if len(content) > MAX_FILE_BYTES:
        raise DataError(_("This file is larger than any report that is saved here; choose another one."))
    _refuse_large_directory(content)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        plain = json.loads(_member(archive, "report.json", MAX_JSON_BYTES))
        if plain["format"] != _FORMAT:
            raise ValueError(f"format {plain['format']}")
        said, entries = [], []
        if plain["version"] != VERSION:
            said.append(
                _(
                    "The file was saved by another version of Latent Lab (its format is {theirs}, this version's is {ours}): what "
                    "this version does not know is left out."
                ).format(theirs=_text(str(plain["version"]))[:20], ours=VERSION)
            )
        broken = []
        for number in range(1, min(plain["panels"], notebook.MAX_PANELS) + 1):
            try:
                entries.append(_entry(archive, number))
            except _BROKEN:
                broken.append(str(number))
        if broken:
            sentence = ngettext(
                "Panel {numbers} of the file is left out, for its picture or its numbers are missing or broken.",
                "Panels {numbers} of the file are left out, for their pictures or numbers are missing or broken.",
                len(broken),
            )
            said.append(sentence.format(numbers=list_of(broken)))
        if plain["panels"] > notebook.MAX_PANELS:
            said.append(
                _("A report holds {number} panels; the file has more, which are left out.").format(
                    number=notebook.MAX_PANELS
                )
            )
        texts = dict(_checked(key, text) for key, text in list(plain["texts"].items())[:MAX_TEXTS])
        return Replay(entries, texts, _lab(plain["lab"]), said)


def _refuse_large_directory(content: bytes) -> None:
    """Python's zipfile makes an object for each name in a zip's directory, before anyone can count them."""
    end, before = (
        content[-22:],
        content[-42:-22],
    )  # the last record of a zip without a comment; what only a huge one has
    is_ours = end.startswith(b"PK\x05\x06") and end.endswith(b"\0\0") and not before.startswith(b"PK\x06\x07")
    if not is_ours or int.from_bytes(end[12:16], "little") > _MAX_DIRECTORY_BYTES:
        raise ValueError("no zip as `write` makes it")


def _member(archive: zipfile.ZipFile, name: str, max_bytes: int) -> bytes:
    """A file of the zip; never more than max_bytes of it are unpacked. Its name is not used as a path."""
    with archive.open(name) as file:
        content = file.read(max_bytes + 1)
    if len(content) > max_bytes:
        raise ValueError(f"{name} is too large")
    return content


def _entry(archive: zipfile.ZipFile, number: int) -> Entry:
    plain = json.loads(_member(archive, _PANEL.format(number, "json"), MAX_PANEL_BYTES))
    png = _member(archive, _PANEL.format(number, "png"), MAX_PICTURE_BYTES)
    _refuse_odd_picture(png)
    panel = plain["panel"]
    if not isinstance(panel["rows"], list):
        raise ValueError("rows")
    texts = {key: _text(panel[key]) for key in ("name", "title", "caption", "alt")}
    rows, settings = [_cells(row) for row in panel["rows"]], _cells(panel["settings"])
    models = {_text(name): _text(digest) for name, digest in plain["models"].items()}
    return Entry(Panel(**texts, png=png, rows=rows, settings=settings), _scene(plain["scene"]), models)


def _refuse_odd_picture(png: bytes) -> None:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        if image.width * image.height > MAX_PICTURE_PX:
            raise ValueError("too many pixels")
        image.load()


def _cells(row: Mapping[str, Any]) -> dict[str, Any]:
    if len(row) > MAX_COLUMNS or not all(
        value is None or isinstance(value, str | int | float) for value in row.values()
    ):
        raise ValueError("not a row of texts and numbers")
    return {_text(key): visible(value) if isinstance(value, str) else value for key, value in row.items()}


def _scene(text: str) -> str:
    """An address within the app: a page and its values."""
    page, _mark, values = _text(text).partition("?")
    if not _PAGE.fullmatch(page):
        raise ValueError("not a page of the app")
    return f"{page}?{urlencode(parse_qsl(values, max_num_fields=100))}"


def _lab(plain: Mapping[str, Any]) -> dict[str, Any]:
    """Seed, data sets and digests of the sections; empty where it is not as the page Report saves it."""
    try:
        seed, sets, sections = plain["seed"], plain["sets"], plain["sections"]
        if type(seed) is not int or not 0 <= seed <= MAX_SEED or not isinstance(sets, list):
            return {}
        lab = {"seed": seed, "sets": [_text(title) for title in sets[:MAX_TEXTS]], "language": _text(plain["language"])}
        return lab | {
            "models": {_text(k): _text(v) for k, v in list(plain["models"].items())[:MAX_TEXTS]},
            "sections": {_text(k): _text(v) for k, v in list(sections.items())[:MAX_TEXTS]},
        }
    except _BROKEN:
        return {}


def _checked(key: str, text: str) -> tuple[str, str]:
    if not _TEXT_KEY.fullmatch(key):
        raise ValueError("no key of a text")
    return key, _text(text)[: MAX_COVER_LETTERS if key.startswith(COVER) else None]


def _text(text: str) -> str:
    if not isinstance(text, str) or len(text) > MAX_LETTERS:
        raise ValueError("no text, or too long")
    return visible(text)
