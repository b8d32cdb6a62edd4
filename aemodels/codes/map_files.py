"""What is computed of a map once, kept on disk beside the decoded photos, in a file for each checkpoint as it is now."""

import contextlib
import zipfile
from collections.abc import Callable

import numpy as np

from aemodels.data.photos import cache_root
from aemodels.errors import FileError
from aemodels.files import replacing

VERSION = 1  # to be raised when what is computed changes


def kept(digest: str, part: str, compute: Callable[[], dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """compute()'s arrays by name, from their file where there is one. Where the file cannot be written they are computed each time.

    digest  of the checkpoint, as `checkpoints.read_digest` gives it
    part    what they are, as a part of the file's name
    """
    path = cache_root() / f"map{VERSION}-{digest}-{part}.npz"
    unreadable = contextlib.suppress(OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError)
    with unreadable, np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
    arrays = compute()
    with contextlib.suppress(FileError), replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(file, **arrays)
    return arrays
