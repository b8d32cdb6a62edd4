"""One program at a time works on a model in a folder."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from filelock import Timeout

from aemodels.errors import LatentLabError
from aemodels.files import alone_in


class InUseError(LatentLabError):
    """Another program works on the model."""


@contextlib.contextmanager
def alone(name: str, out: Path) -> Iterator[None]:
    """Raises InUseError where another program trains the model of this name in the folder, or makes its film."""
    with contextlib.ExitStack() as held:
        try:
            held.enter_context(alone_in(out / ".resume", f"{name}.lock", waits=False))
        except Timeout as error:
            raise InUseError(
                f"{name} is being trained into {out} by another program; wait for that or stop it, or give another folder with --out."
            ) from error
        yield
