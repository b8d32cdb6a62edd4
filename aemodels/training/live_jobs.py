"""Trainings that visitors of the app ask for: one folder each, one running at a time on this machine, the others in a queue.

Each visit of the app's page touches the file `beat` of its job about once a second. A job whose beat stops is nobody's any more: one that
waits is removed, one that trains ends. Whoever visits starts the job whose turn it is, so that the queue needs no process of its own.
Several processes of the app share it, by a lock that the system gives back when its holder dies.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from aemodels.errors import FileError
from aemodels.files import replacing
from aemodels.language import _
from aemodels.storage import own_models
from aemodels.training import live_recipes, making, moments
from aemodels.training.moments import Moment
from aemodels.training.recipes import Recipe

ALONE_S = 30  # without a beat; a browser slows the timers of a tab in the background down, but not so far in the first minutes
KEPT_S = 900  # how long a result waits for a name
LOCK_S = 10
NICENESS = 10
MAX_THREADS = 4  # for networks as small as these more are slower
# States of a job; of the second line those that its process tells as it ends.
WAITING, TRAINING, MEASURING = "waiting", "training", "measuring"
DONE, TOO_SHORT, DIVERGED, LEFT, NO_ROOM, NO_DATA = "done", "too short", "diverged", "left", "no room", "no data"
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
        """Under which name its model is kept; empty where it is not."""
        return _read(self.folder / "kept.json").get("name", "")

    def note_kept(self, name: str) -> None:
        _write(self.folder / "kept.json", {"name": name})

    def asked(self) -> dict[str, Any]:
        """What was asked for: "visitor", "folder" of the data sets, and the recipe's tables."""
        return _read(self.folder / "job.json")

    def recipe(self) -> Recipe:
        return live_recipes.from_dict(self.asked())

    def beat(self) -> None:
        """Somebody watches. A job that is gone stays gone."""
        with contextlib.suppress(OSError):
            os.utime(self.folder / "beat")

    def is_alone(self) -> bool:
        """Whether nobody watches any more."""
        return time.time() - _modified_s(self.folder / "beat") > ALONE_S

    def stop(self) -> None:
        """Asks the process to stop training and to save what it has learnt."""
        (self.folder / "stop").touch()

    def is_asked_to_stop(self) -> bool:
        return (self.folder / "stop").exists()

    def end(self, state: str, **more: Any) -> None:
        """What became of it, the last word of its process."""
        if self.folder.exists():
            _write(self.folder / "end.json", {"state": state, **more})

    def state(self) -> tuple[str, dict[str, Any]]:
        """One of the states above, and what the process said as it ended."""
        is_alive = self._is_alive()  # first: it may end between two looks
        if said := _read(self.folder / "end.json"):
            return said["state"], said
        if is_alive:
            return (MEASURING if (self.folder / "measuring").exists() else TRAINING), {}
        return (KILLED if (self.folder / "process.json").exists() else WAITING), {}

    def _is_alive(self) -> bool:
        told = _read(self.folder / "process.json")
        try:
            process = psutil.Process(told["pid"])
            # Another process may have got the number of one that is dead.
            return process.create_time() == told["created"] and process.status() != psutil.STATUS_ZOMBIE
        except (KeyError, psutil.Error):
            return False

    def kill(self) -> None:
        """Ends its process without asking."""
        if self._is_alive():
            with contextlib.suppress(OSError):
                os.kill(_read(self.folder / "process.json")["pid"], signal.SIGTERM)

    def _ended_s(self) -> float:
        """When it ended, or was last seen."""
        return max(_modified_s(self.folder / name) for name in ("end.json", "moment.npz", "beat"))


def submit(recipe: Recipe, visitor: str, data_folder: Path) -> Job:
    """A new job at the end of the queue, with the untrained model's moment; the visitor's earlier one, if that has ended, is gone.
    Where that has not, it is returned.

    Raises FileError where the folder cannot be written.
    """
    # So that a job is there with all that belongs to it, or not at all.
    begun = folder() / f".{secrets.token_hex(8)}"
    try:
        with _said(begun):
            begun.mkdir(parents=True)
        _write(begun / "job.json", live_recipes.to_dict(recipe) | {"visitor": visitor, "folder": str(data_folder)})
        moments.save(moments.measure(making.initial_model(recipe, begun).eval()), begun / "moment.npz")
        with _locked():
            earlier = of_visitor(visitor)
            if earlier and earlier.state()[0] in (WAITING, *RUNNING):
                return earlier
            job = Job(folder() / f"{time.time_ns():020}")
            with _said(begun):
                (begun / "beat").touch()
                begun.rename(job.folder)
            if earlier:
                shutil.rmtree(earlier.folder, ignore_errors=True)
            _advance()
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    return job


def tend(job: Job) -> None:
    """What each look at a job does: it beats, and starts whose turn it is. Raises FileError where no process can be started."""
    job.beat()
    if job.state()[0] == WAITING:
        with _locked():
            _advance()


def withdraw(job: Job) -> None:
    """Removes a job and ends its process, if it has one."""
    with _locked():
        job.kill()
        shutil.rmtree(job.folder, ignore_errors=True)
        _advance()


def of_visitor(visitor: str) -> Job | None:
    """The last job that this visitor asked for."""
    return next((job for job in reversed(_jobs()) if job.asked().get("visitor") == visitor), None)


def before(job: Job) -> list[tuple[Job, str]]:
    """The jobs that run or wait before this one, each with its state."""
    others = [(other, other.state()[0]) for other in _jobs() if other != job]
    return [
        (o, state) for o, state in others if state in RUNNING or (state == WAITING and o.folder.name < job.folder.name)
    ]


def folder() -> Path:
    """Where the jobs lie, beside the models that visitors have kept."""
    return own_models.folder() / ".jobs"


def _jobs() -> list[Job]:
    """In the order in which they were asked for."""
    return [Job(path) for path in sorted(folder().glob("[0-9]*")) if path.is_dir()]


def _advance() -> None:
    """Removes what is nobody's any more, and starts the first that waits where none runs. For one who holds the lock."""
    for job in _jobs():
        state, _said = job.state()
        is_over = time.time() - job._ended_s() > KEPT_S
        if (state == WAITING and job.is_alone()) or (state not in (WAITING, *RUNNING) and is_over):
            shutil.rmtree(job.folder, ignore_errors=True)
    states = {job: job.state()[0] for job in _jobs()}
    waiting = [job for job, state in states.items() if state == WAITING]
    if waiting and not set(RUNNING) & set(states.values()):
        _start(waiting[0])


def _start(job: Job) -> None:
    """A process of its own, in a group of its own, after all others where there is not enough time for all."""
    threads = max(1, min(MAX_THREADS, (os.cpu_count() or 2) - 1))
    environment = os.environ | {"OMP_NUM_THREADS": str(threads)}
    own_group = {"start_new_session": True} if os.name == "posix" else {"creationflags": 0x00000200}
    command = [sys.executable, "-m", "aemodels.training.live", str(job.folder.resolve())]
    with _said(job.folder), open(job.folder / "log.txt", "wb") as log:
        started = subprocess.Popen(
            command,
            cwd=own_models.PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            **own_group,
        )
    try:
        process = psutil.Process(started.pid)
        process.nice(min(19, process.nice() + NICENESS) if os.name == "posix" else psutil.BELOW_NORMAL_PRIORITY_CLASS)
        _write(job.folder / "process.json", {"pid": started.pid, "created": process.create_time()})
    except (FileError, psutil.Error):
        started.kill()
        raise


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """One at a time of all processes of the app."""
    with _said(folder()):
        folder().mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder() / "lock", timeout=LOCK_S)
        try:
            lock.acquire()
        except Timeout as error:
            raise FileError(_("The queue of trainings is busy; try again in a moment.")) from error
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def _said(path: Path) -> Iterator[None]:
    """An OSError as a sentence."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise FileError(
            _("{path} could not be written: {reason}; make room or choose another folder.").format(
                path=path, reason=error.strerror or error
            )
        ) from error


def _read(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _write(path: Path, values: dict[str, Any]) -> None:
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(values), encoding="utf-8")


def _modified_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
