"""The folder of a training that a visitor of the app asked for: what was asked, who watches, what is seen of it, how it ended.

Each visit of the app's page touches the file `beat` about once a second. A job whose beat stops is nobody's any more.
"""

import contextlib
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from aemodels.files import replacing
from aemodels.storage import own_models
from aemodels.training import live_recipes, moments
from aemodels.training.moments import Moment
from aemodels.training.recipes import Recipe

ALONE_S = 30  # without a beat; a browser slows the timers of a tab in the background down, but not so far in the first minutes
# States of a job; of the second line those that its process tells as it ends.
WAITING, TRAINING, MEASURING = "waiting", "training", "measuring"
DONE, TOO_SHORT, DIVERGED, LEFT, NO_ROOM, NO_DATA, FAILED = (
    "done", "too short", "diverged", "left", "no room", "no data", "failed"
)  # fmt: skip
KILLED = "killed"  # it ended without a word
RUNNING = (TRAINING, MEASURING)


@dataclass(frozen=True)
class Job:
    """A training in its folder, whose name begins with the time at which it was asked for."""

    folder: Path

    @property
    def model_path(self) -> Path:
        return self.folder / "model.safetensors"

    @property
    def moment_path(self) -> Path:
        return self.folder / "moment.npz"

    def moment(self) -> Moment | None:
        """What is seen of it now."""
        return moments.load(self.moment_path)

    def kept_name(self) -> str:
        """Under which name its model is kept; empty where it is not, or not any more."""
        name = read(self.folder / "kept.json").get("name", "")
        return name if name in own_models.names() else ""

    def note_kept(self, name: str) -> None:
        write(self.folder / "kept.json", {"name": name})

    def asked(self) -> dict[str, Any]:
        """What was asked for: "visitor", "folder" of the data sets, and the recipe's tables."""
        return read(self.folder / "job.json")

    def recipe(self) -> Recipe:
        return live_recipes.from_dict(self.asked())

    def beat(self) -> None:
        """Somebody watches. A job that is gone stays gone."""
        with contextlib.suppress(OSError):
            os.utime(self.folder / "beat")

    def is_alone(self) -> bool:
        """Whether nobody watches any more."""
        return self.unseen_s() > ALONE_S

    def unseen_s(self) -> float:
        """For how long nobody has watched."""
        return time.time() - modified_s(self.folder / "beat")

    def stop(self) -> None:
        """Asks the process to stop training and to save what it has learnt. Raises FileError where that cannot be written."""
        write(self.folder / "stop", {})

    def is_asked_to_stop(self) -> bool:
        return (self.folder / "stop").exists()

    def end(self, state: str, **more: Any) -> None:
        """What became of it, the last word of its process."""
        if self.folder.exists():
            write(self.folder / "end.json", {"state": state, **more})

    def state(self) -> tuple[str, dict[str, Any]]:
        """One of the states above, and what the process said as it ended."""
        is_alive = self._is_alive()  # first: it may end between two looks
        if said := read(self.folder / "end.json"):
            return said["state"], said
        if is_alive:
            return (MEASURING if (self.folder / "measuring").exists() else TRAINING), {}
        if not (self.folder / "process.json").exists():
            return WAITING, {}
        reason = self._last_words()
        return (FAILED, {"reason": reason}) if reason else (KILLED, {})

    def _last_words(self) -> str:
        """Why its process ended and where, if Python says so in its log: a variant that somebody is writing may be no Python at all."""
        try:
            log = (self.folder / "log.txt").read_text(encoding="utf-8", errors="replace").strip()
        except OSError:
            return ""
        places = re.findall(r'^ *File "(.+)", line (\d+)', log, re.MULTILINE)
        own = [(file, line) for file, line in places if "-packages" not in file and not file.startswith("<")]
        return f"{log.splitlines()[-1]} ({Path(own[-1][0]).name}:{own[-1][1]})" if own else ""

    def _is_alive(self) -> bool:
        told = read(self.folder / "process.json")
        try:
            process = psutil.Process(told["pid"])
            # Another process may have got the number of one that is dead.
            return process.create_time() == told["created"] and process.status() != psutil.STATUS_ZOMBIE
        except (KeyError, psutil.Error):
            return False

    def running_s(self) -> float:
        """For how long its process has run."""
        return time.time() - modified_s(self.folder / "process.json")

    def kill(self) -> None:
        """Ends its process without asking."""
        if self._is_alive():
            with contextlib.suppress(psutil.Error):
                psutil.Process(read(self.folder / "process.json")["pid"]).kill()

    def ended_s(self) -> float:
        """When it ended, or was last seen."""
        return max(modified_s(self.folder / name) for name in ("end.json", "moment.npz", "beat"))


def read(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write(path: Path, values: dict[str, Any]) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(values), encoding="utf-8")


def modified_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
