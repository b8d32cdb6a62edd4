"""The one way in which files are written: whole, or not at all; and whether there is a file or a folder."""

import contextlib
import functools
import os
import stat
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from aemodels.errors import DataError, FileError
from aemodels.language import _
from aemodels.text import one_line

try:
    import fcntl
except ImportError:  # Windows, which deletes no file that a process has open
    fcntl = None

PREFIX, SUFFIX = ".latent-lab-", ".part"  # of files that are being written
PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
ROOM_FOR = 0.75  # of the bytes that a folder may have stays where there are more
LEFT_S = 600  # after its last change, without locks, a file is a leftover


def is_folder(path: str | Path) -> bool:
    """Whether there is such a folder. Raises DataError where the system does not tell: in a folder that may not be entered, or where the
    name is too long."""
    return stat.S_ISDIR(_mode(path))


def is_file(path: str | Path) -> bool:
    """Whether there is such a file, with the same error."""
    return stat.S_ISREG(_mode(path))


def _mode(path: str | Path) -> int:
    try:
        return os.stat(path).st_mode
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return 0  # ValueError: what can be no path, such as one with a zero byte
    except OSError as error:
        raise DataError(
            _("{path} cannot be opened ({reason}); check path and permissions.").format(
                path=one_line(path), reason=error.strerror
            )
        ) from error


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary file beside `path` that takes its place if, and only if, writing it succeeds.

    Raises FileError, which is an OSError too, where the disk is full or the folder or the file cannot be written. Windows
    replaces no file that some program has open; that is tried again for three seconds. What a process that was killed has left in
    the folder is removed. Write into the temporary file itself: safetensors' save_file would put another one in its place, which
    nobody holds, and which Windows refuses.
    """
    handle = temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_leftovers(path.parent)
        handle, temporary = _begin(path.parent)
        yield Path(temporary)
        os.chmod(temporary, 0o644)
        if not fcntl:
            os.utime(temporary)
            os.close(handle)
            handle = None
        _replace(temporary, path)
    except FileError:
        raise
    except (OSError, RuntimeError) as error:  # the latter is torch.save's of a full disk
        raise _not_written(path, error) from error
    finally:
        if handle is not None:
            os.close(handle)
        if temporary:
            with contextlib.suppress(OSError):
                os.unlink(temporary)


def _begin(folder: Path) -> tuple[int, str]:
    """An open file of a new name in the folder, and its path. As long as it is open, no other process removes it."""
    while True:
        # Its name tells nothing: that of the file to come may be as long as a file's name can be.
        handle, temporary = tempfile.mkstemp(dir=folder, prefix=PREFIX, suffix=SUFFIX)
        if _lock(handle, waits=True) is not False and os.path.exists(temporary):
            return handle, temporary
        os.close(handle)  # another process took it for a leftover before it was locked


def _lock(handle: int, waits: bool) -> bool | None:
    """Locks a file until it is closed, by the system, which takes the lock back from a process that dies; whether that was possible, None
    where the system or the file system knows no such locks."""
    if not fcntl:
        return None
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | (0 if waits else fcntl.LOCK_NB))
    except BlockingIOError:
        return False
    except OSError:
        return None
    return True


@functools.cache  # once in each process
def remove_leftovers(folder: Path) -> None:
    """Removes from the folder what `replacing` has left there in processes that were killed; what living ones are writing stays."""
    for path in folder.glob(f"{PREFIX}*{SUFFIX}"):
        with contextlib.suppress(OSError):
            if not fcntl:
                # One that is being put in its place is closed by then.
                if time.time() - path.stat().st_mtime > LEFT_S:
                    path.unlink()
                continue
            handle = os.open(path, os.O_RDWR)
            try:
                if _lock(handle, waits=False):
                    path.unlink()
            finally:
                os.close(handle)


@contextlib.contextmanager
def alone_in(folder: Path, by: str = ".lock", waits: bool = True) -> Iterator[None]:
    """One process at a time of those that read a file of the folder, change what it holds and write it again.

    by     name of the file in the folder that is locked, by the system, which gives the lock back when its holder dies
    waits  whether to wait for another process; else raises Timeout, of filelock, where one is in there

    Where the folder cannot be written there is no lock, and writing says why; some file systems know no locks.
    """
    with contextlib.ExitStack() as held:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            held.enter_context(FileLock(folder / by, timeout=-1 if waits else 0))
        except Timeout:
            raise
        except (OSError, NotImplementedError):
            pass
        yield


def remove_oldest(folder: Path, pattern: str, max_bytes: int) -> None:
    """Where the folder's files of this pattern have more bytes, the oldest go until three quarters of that are left; nothing where the folder
    cannot be read."""
    files = []
    for path in folder.glob(pattern):
        with contextlib.suppress(OSError):  # another process is at it too
            found = path.stat()
            files.append((found.st_mtime_ns, found.st_size, path))
    num_bytes = sum(size for _time, size, _path in files)
    if num_bytes <= max_bytes:
        return
    for _time, size, path in sorted(files):
        with contextlib.suppress(OSError):
            path.unlink()
        num_bytes -= size
        if num_bytes <= ROOM_FOR * max_bytes:
            return


def check_writable(folder: Path) -> None:
    """Raises FileError where no file can be written into the folder: before a computation of minutes, not after it."""
    with said(folder):
        tempfile.TemporaryFile(dir=folder).close()


@contextlib.contextmanager
def said(path: Path) -> Iterator[None]:
    """Raises an OSError as FileError, which says what is wrong in a sentence; path: what was to be written."""
    try:
        yield
    except FileError:
        raise
    except OSError as error:
        raise _not_written(path, error) from error


def _not_written(path: Path, error: Exception) -> FileError:
    # torch.save raises an error of its own in the place of the system's.
    reasons = (getattr(of, "strerror", None) for of in (error, error.__context__))
    reason = next(filter(None, reasons), str(error).partition("\n")[0])
    return FileError(
        _(
            "{path} could not be written: {reason}; whoever runs Latent Lab can make room or choose another folder."
        ).format(path=path, reason=reason)
    )


def _replace(temporary: str, path: Path) -> None:
    for pause_s in PAUSES_S:
        try:
            return os.replace(temporary, path)
        except PermissionError:
            time.sleep(pause_s)
    try:
        os.replace(temporary, path)
    except PermissionError as error:
        raise FileError(
            _(
                "{path} could not be replaced: another program has it open, or it may not be written; whoever runs Latent Lab can close that "
                "program or choose another folder."
            ).format(path=path)
        ) from error
