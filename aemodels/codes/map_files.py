"""What is computed of a map or a film once and kept on disk: layouts beside their checkpoint, made by train.py; all else, and the layouts
of other checkpoints, beside the decoded photos, in a file for each checkpoint as it is now."""

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields
from pathlib import Path

import numpy as np
from torch import Tensor

from aemodels.codes.maps import Layout
from aemodels.data.photo_cache import cache_root
from aemodels.errors import FileError
from aemodels.files import remove_oldest
from aemodels.storage import arrays
from aemodels.storage.checkpoints import checkpoint_path

VERSION = 3  # to be raised when what is computed changes
SOURCE = "source"
MAX_BYTES = 512 * 2**20  # some hundred models of digits
CODES = "codes"  # under which a file of layouts has the digest of the codes that they are of


def kept(
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


def layouts_path(name: str, folder: str | Path | None = None) -> Path:
    """Where the layouts of a checkpoint's codes lie: beside it."""
    return checkpoint_path(name, folder).with_name(f"{name}.map.npz")


def read_layout(name: str, codes: Tensor, method: str, folder: str | Path | None = None) -> Layout | None:
    """The layout of these codes of a checkpoint by one of maps.METHODS; None where there is none, or one of other codes."""
    with (
        contextlib.suppress(*arrays.UNREADABLE),
        np.load(layouts_path(name, folder), allow_pickle=False) as file,
    ):
        places = file[f"{method}-places"]
        if str(file[CODES]) == _digest(codes) and places.shape == (len(codes), 2) and np.isfinite(places).all():
            return Layout(places, *(float(file[f"{method}-{figure}"]) for figure in ("trust", "kept")))
    return None


def save_layouts(name: str, codes: Tensor, layouts: Mapping[str, Layout], folder: str | Path | None = None) -> Path:
    """Keeps layouts of a checkpoint's codes, by method, in place of what was there. Raises FileError where they cannot be written."""
    path = layouts_path(name, folder)
    of_layouts = {
        f"{method}-{field.name}": np.asarray(asdict(layout)[field.name])
        for method, layout in layouts.items()
        for field in fields(Layout)
    }
    arrays.save(path, {CODES: np.array(_digest(codes)), **of_layouts})
    return path


def _digest(codes: Tensor) -> str:
    return hashlib.sha256(codes.contiguous().numpy().tobytes()).hexdigest()[:32]
