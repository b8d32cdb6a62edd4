"""What one visitor collects for a report: panels, own words and what is filled in, in an SQLite file that outlives the visit.

Each change is one transaction on the rows that it concerns, so that two tabs of a visitor take nothing from each other. Where the
file cannot be used, the notebook goes on in memory and says so.
"""

import hashlib
import io
import json
import logging
import os
import re
import sqlite3
import time
from collections.abc import Callable, Mapping
from contextlib import closing, suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from PIL import Image

from aemodels.errors import LatentLabError
from aemodels.language import _
from aemodels.report import figures
from aemodels.report.panels import Panel

MAX_PANELS = 40  # some 2 MB each in a visitor's file
MAX_DAYS = 30  # after which a notebook that nobody opened is removed
THUMBNAIL_PX = 640
TOKEN = re.compile(r"[\w-]{43}", re.ASCII)  # as secrets.token_urlsafe(32) makes them
SUFFIX = "-1.sqlite"  # the number is that of the tables below: other versions of Latent Lab have files of their own
Result = TypeVar("Result")
logger = logging.getLogger("aemodels")


@dataclass(frozen=True)
class Entry:
    """A collected panel and where it comes from.

    scene   the page and its values, relative to the app's address: "dogs-sample?seed=2"; empty where it has none
    models  name -> digest of the checkpoints that it was made with
    """

    panel: Panel
    scene: str = ""
    models: Mapping[str, str] = field(default_factory=dict)


class FullError(LatentLabError):
    """A report that holds as many panels as it may."""


def folder() -> Path:
    """Where visitors' notebooks lie: the environment's LATENT_LAB_REPORTS, else in the user's data folder."""
    if named := os.environ.get("LATENT_LAB_REPORTS"):
        return Path(os.path.expanduser(named))
    import platformdirs

    return platformdirs.user_data_path("latent-lab") / "reports"


def path_of(token: str) -> Path | None:
    """The file of the visitor who has this token; None for what is no token. Its name does not tell the token."""
    if not TOKEN.fullmatch(token):
        return None
    return folder() / f"{hashlib.sha256(token.encode()).hexdigest()}{SUFFIX}"


def remove_old() -> None:
    """Removes the notebooks that nobody opened for MAX_DAYS. What cannot be removed stays."""
    oldest_s = time.time() - MAX_DAYS * 24 * 3600
    with suppress(OSError):
        for path in folder().iterdir():
            with suppress(OSError):
                if SUFFIX in path.name and path.stat().st_mtime < oldest_s:
                    path.unlink()


def key_of(panel: Panel) -> str:
    """What tells a panel from others: the digest of its picture."""
    return hashlib.sha256(panel.png).hexdigest()[:16]


class Notebook:
    """The panels in their order, and texts by key.

    path   of its file, which the first change makes; None for one in memory alone
    fault  a sentence on why the file is not used or what of it was lost, empty while all is well
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path, self.fault = path, ""
        self._memory = sqlite3.connect(":memory:", check_same_thread=False)  # Streamlit runs a visit in many threads
        _make_tables(self._memory)
        if path is not None:
            with suppress(OSError):
                os.utime(path)  # it is in use, see `remove_old`

    def thumbnails(self) -> dict[str, Entry]:
        """key -> entry in the report's order, each with a small picture in place of the one at print size."""
        rows = self._read("SELECT key, entry, thumbnail FROM panels ORDER BY place")
        return {key: _entry(text, thumbnail) for key, text, thumbnail in rows}

    def entries(self) -> list[Entry]:
        """All of it, in the report's order."""
        return [_entry(text, png) for text, png in self._read("SELECT entry, png FROM panels ORDER BY place")]

    def num_panels(self) -> int:
        ((number,),) = self._read("SELECT count(*) FROM panels") or [(0,)]
        return number

    def texts(self) -> dict[str, str]:
        """What was written, by key; no empty one."""
        return dict(self._read("SELECT key, text FROM texts"))

    def add(self, entry: Entry) -> bool:
        """Adds a panel as the last one; False where it is in the report already. Raises FullError where MAX_PANELS are in it."""
        png = entry.panel.png
        text = json.dumps(asdict(replace(entry, panel=replace(entry.panel, png=b""))), default=plain)
        row = (key_of(entry.panel), text, png, thumbnail(png))

        def insert(db: sqlite3.Connection) -> bool:
            if db.execute("SELECT 1 FROM panels WHERE key = ?", row[:1]).fetchone():
                return False
            if db.execute("SELECT count(*) FROM panels").fetchone()[0] >= MAX_PANELS:
                raise FullError(
                    _("The report is full: it holds {number} panels; remove one on the page Report first.").format(
                        number=MAX_PANELS
                    )
                )
            next_place = "(SELECT coalesce(max(place), 0) + 1 FROM panels)"
            db.execute(f"INSERT INTO panels VALUES (?, {next_place}, ?, ?, ?)", row)
            return True

        return self._change(insert)

    def remove(self, key: str) -> None:
        self._change(lambda db: db.execute("DELETE FROM panels WHERE key = ?", (key,)))

    def move(self, key: str, step: int) -> None:
        """A panel earlier (-1) or later (1); nothing where it is not in the report any more."""

        def reorder(db: sqlite3.Connection) -> None:
            keys = [row[0] for row in db.execute("SELECT key FROM panels ORDER BY place")]
            if key in keys:
                at = keys.index(key)
                keys.insert(max(at + step, 0), keys.pop(at))
                db.executemany("UPDATE panels SET place = ? WHERE key = ?", list(enumerate(keys)))

        self._change(reorder)

    def recaption(self, key: str, caption: str) -> None:
        def change(db: sqlite3.Connection) -> None:
            for (text,) in db.execute("SELECT entry FROM panels WHERE key = ?", (key,)).fetchall():
                fields = json.loads(text)
                fields["panel"]["caption"] = caption
                db.execute("UPDATE panels SET entry = ? WHERE key = ?", (json.dumps(fields), key))

        self._change(change)

    def write(self, key: str, text: str) -> None:
        """Keeps a text in place of what stood under this key; an empty one leaves nothing."""
        if text:
            self._change(lambda db: db.execute("INSERT OR REPLACE INTO texts VALUES (?, ?)", (key, text)))
        else:
            self._change(lambda db: db.execute("DELETE FROM texts WHERE key = ?", (key,)))

    def _read(self, question: str) -> list[tuple]:
        if self.path is not None and not self.path.exists():
            return []
        return self._do(lambda db: db.execute(question).fetchall())

    def _change(self, action: Callable[[sqlite3.Connection], Result]) -> Result:
        if self.path is not None and not self.path.exists():
            remove_old()
            with suppress(OSError):  # what hinders is said by the attempt to open the file
                self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return self._do(action)

    def _do(self, action: Callable[[sqlite3.Connection], Result]) -> Result:
        while self.path is not None:
            try:
                return _in_file(self.path, action)
            except sqlite3.Error as error:
                self._give_up_file(self.path, error)
        with self._memory:
            return action(self._memory)

    def _give_up_file(self, path: Path, error: sqlite3.Error) -> None:
        """Puts a broken file aside, to start a new one; where the file cannot be used otherwise, goes on in memory."""
        logger.warning("%s cannot be used: %s", path, error)
        if type(error) is sqlite3.DatabaseError and not self.fault:  # "file is not a database", "… malformed"
            self.fault = _("What you collected earlier cannot be read, for its file is broken; the report starts anew.")
            with suppress(OSError):
                return os.replace(path, f"{path}.broken")
        self.fault = _(
            "The report cannot be kept on this computer ({reason}): it lasts until you close or reload this tab. "
            "Save it to a file, or make room on the disk."
        ).format(reason=error)
        self.path = None
        with suppress(sqlite3.Error), closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as db:
            db.backup(self._memory)
        _make_tables(self._memory)


def _in_file(path: Path, action: Callable[[sqlite3.Connection], Result]) -> Result:
    with closing(sqlite3.connect(path, timeout=10, isolation_level=None)) as db, db:
        db.execute("BEGIN IMMEDIATE")
        _make_tables(db)
        return action(db)


def _make_tables(db: sqlite3.Connection) -> None:
    db.execute(
        "CREATE TABLE IF NOT EXISTS panels (key TEXT PRIMARY KEY, place INTEGER, entry TEXT, png BLOB, thumbnail BLOB)"
    )
    db.execute("CREATE TABLE IF NOT EXISTS texts (key TEXT PRIMARY KEY, text TEXT)")


def _entry(text: str, png: bytes) -> Entry:
    fields = json.loads(text)
    return Entry(**fields | {"panel": Panel(**fields["panel"] | {"png": png})})


def thumbnail(png: bytes) -> bytes:
    """The picture, small: a PNG of at most THUMBNAIL_PX on each side."""
    with Image.open(io.BytesIO(png)) as image:
        image.thumbnail((THUMBNAIL_PX, THUMBNAIL_PX))
        return figures.png(image)


def plain(value: Any) -> Any:
    """A number of NumPy or PyTorch as one of Python; bytes, of which only the empty picture is left, as nothing."""
    return value.item() if hasattr(value, "item") else str(value)
