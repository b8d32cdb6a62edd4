"""The queue of trainings that visitors of the app ask for: one runs at a time on this machine, the others wait.

A job that waits and that nobody watches any more is removed. Whoever visits starts the job whose turn it is, so that the queue needs no
process of its own. Several processes of the app share it, by a lock that the system gives back when its holder dies; that a training runs
is told by its process, so that one that was killed holds nobody up.
"""

import contextlib
import os
import secrets
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from aemodels.errors import FileError, LatentLabError
from aemodels.files import said
from aemodels.language import _
from aemodels.storage import own_models
from aemodels.training import autoencoding, live_recipes, moments, needs
from aemodels.training.live_jobs import RUNNING, WAITING, Job, modified_s, write
from aemodels.training.recipes import Recipe

KEPT_S = 900  # how long a result waits for a name
HUNG_S = 120  # after which a process that nobody watches should long have ended by itself
LOCK_S = 10
NICENESS = 10
MAX_THREADS = 4  # for networks as small as these more are slower


def folder() -> Path:
    """Where the jobs lie, beside the models that visitors have kept."""
    return own_models.folder() / ".jobs"


def submit(recipe: Recipe, visitor: str, data_folder: Path) -> Job:
    """A new job at the end of the queue, with the untrained model's moment; the visitor's earlier one, if that has ended, is gone.
    Where that has not, it is returned.

    Raises FileError where the folder cannot be written, and ConfigError where `needs.check` does: for a variant that somebody is writing.
    """
    needs.check(recipe, recipe.training.batch_size, "cpu")
    # So that a job is there with all that belongs to it, or not at all.
    begun = folder() / f".{secrets.token_hex(8)}"
    try:
        with said(begun):
            begun.mkdir(parents=True)
        write(begun / "job.json", live_recipes.to_dict(recipe) | {"visitor": visitor, "folder": str(data_folder)})
        moments.save(moments.measure(autoencoding.initial_model(recipe, begun).eval()), begun / "moment.npz")
        with _locked():
            earlier = of_visitor(visitor)
            if earlier and earlier.state()[0] in (WAITING, *RUNNING):
                return earlier
            job = Job(folder() / f"{time.time_ns():020}")
            with said(begun):
                (begun / "beat").touch()
                begun.rename(job.folder)
            if earlier:
                shutil.rmtree(earlier.folder, ignore_errors=True)
            _advance()
    finally:
        shutil.rmtree(begun, ignore_errors=True)
    return job


def tend(job: Job) -> None:
    """What each look at a job does: it beats, and starts whose turn it is. Raises LatentLabError where no process can be started."""
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


def _jobs() -> list[Job]:
    """In the order in which they were asked for."""
    return [Job(path) for path in sorted(folder().glob("[0-9]*")) if path.is_dir()]


def _advance() -> None:
    """Removes what is nobody's any more, and starts the first that waits where none runs. For one who holds the lock."""
    for job in _jobs():
        state, _more = job.state()
        if state in RUNNING and job.unseen_s() > HUNG_S:
            job.kill()
        is_over = time.time() - job.ended_s() > KEPT_S
        if (state == WAITING and job.is_alone()) or (state not in (WAITING, *RUNNING) and is_over):
            shutil.rmtree(job.folder, ignore_errors=True)
    for begun in folder().glob(".*"):  # by a process that died over it
        if time.time() - modified_s(begun) > KEPT_S:
            shutil.rmtree(begun, ignore_errors=True)
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
    with said(job.folder), open(job.folder / "log.txt", "wb") as log:
        try:
            started = subprocess.Popen(
                command,
                cwd=own_models.PROJECT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                **own_group,
            )
        except OSError as error:  # no fault of the folder: too many processes, too little memory
            raise LatentLabError(
                _(
                    "No process can be started for the training: {reason}; whoever runs Latent Lab can raise the limit of processes or of memory."
                ).format(reason=error.strerror or error)
            ) from error
    created_s = 0.0
    with contextlib.suppress(psutil.Error):  # it may have died at once
        process = psutil.Process(started.pid)
        created_s = process.create_time()
        process.nice(min(19, process.nice() + NICENESS) if os.name == "posix" else psutil.BELOW_NORMAL_PRIORITY_CLASS)
    try:
        write(job.folder / "process.json", {"pid": started.pid, "created": created_s})
    except FileError:
        started.kill()
        raise


@contextlib.contextmanager
def _locked() -> Iterator[None]:
    """One at a time of all processes of the app."""
    with said(folder()):
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
