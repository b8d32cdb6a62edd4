"""What is computed of a checkpoint once and kept on disk, beside the decoded photos: a file for each checkpoint as it is now."""

import contextlib
from collections.abc import Callable

import numpy as np

from aemodels.data.photo_cache import cache_root
from aemodels.errors import FileError
from aemodels.files import remove_oldest
from aemodels.storage import arrays

VERSION = 3  # to be raised when what is computed changes
SOURCE = "source"
MAX_BYTES = 512 * 2**20  # some hundred models of digits


def once(
    digest: str, part: str, compute: Callable[[], dict[str, np.ndarray]], source: str = ""
) -> dict[str, np.ndarray]:
    """compute()'s arrays by name, from their file where there is one. Where the file cannot be written they are computed each time. Of all
    models together MAX_BYTES are kept, the newest.

    digest  of the checkpoint, as `checkpoints.read_digest` gives it
    part    what they are, as a part of the file's name
    source  tells what else they are made of; those made of something else give way
    """
    path = cache_root() / f"map{VERSION}-{digest}-{part}.npz"
    found = arrays.read(path)
    if found is not None and str(found.pop(SOURCE, "")) == source:
        return found
    computed = compute()
    with contextlib.suppress(FileError):
        arrays.save(path, computed | ({SOURCE: np.array(source)} if source else {}))
        remove_oldest(path.parent, "map*.npz", MAX_BYTES)
    return computed
