"""Arrays in a file, for what is kept because to compute it anew takes long: one that cannot be read counts as missing."""

import contextlib
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from aemodels.files import replacing

BROKEN = (ValueError, zipfile.BadZipFile, EOFError, KeyError)
UNREADABLE = (OSError, *BROKEN)


def read(path: Path) -> dict[str, np.ndarray] | None:
    """The file's arrays by name; None where there is no such file, or it is damaged."""
    with contextlib.suppress(*UNREADABLE), np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
    return None


def save(path: Path, arrays: Mapping[str, np.ndarray]) -> None:
    """Puts them in place of what was there. Raises FileError where the file cannot be written."""
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)
