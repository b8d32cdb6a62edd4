"""One program at a time works on a model in a folder, by a lock that the system gives back when its holder dies."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from aemodels.errors import LatentLabError


class InUseError(LatentLabError):
    """Another program works on the model."""


@contextlib.contextmanager
def alone(name: str, out: Path) -> Iterator[None]:
    """Raises InUseError where another program trains the model of this name in the folder, or makes its film."""
    path = out / ".resume" / f"{name}.lock"
    with contextlib.ExitStack() as held:
        # Where the folder cannot be written, keeping the state says so; and some file systems know no locks.
        with contextlib.suppress(OSError, NotImplementedError):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                held.enter_context(FileLock(path, timeout=0))
            except Timeout as error:
                raise InUseError(
                    f"{name} is being trained into {out} by another program; wait for that or stop it, or give another folder with --out."
                ) from error
        yield
