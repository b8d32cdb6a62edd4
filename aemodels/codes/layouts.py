"""The files of maps: the layouts of a checkpoint's codes lie beside it, made by train.py."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

import numpy as np
from torch import Tensor

from aemodels.codes.maps import Layout
from aemodels.storage import arrays
from aemodels.storage.checkpoints import checkpoint_path

CODES = "codes"  # under which the file has the digest of the codes that the layouts are of


def path_of(name: str, folder: str | Path | None = None) -> Path:
    """Where the layouts of a checkpoint's codes lie: beside it."""
    return checkpoint_path(name, folder).with_name(f"{name}.map.npz")


def read(name: str, codes: Tensor, method: str, folder: str | Path | None = None) -> Layout | None:
    """The layout of these codes of a checkpoint by one of maps.METHODS; None where there is none, or one of other codes."""
    found = arrays.read(path_of(name, folder)) or {}
    places, trust, kept = (found.get(f"{method}-{field.name}") for field in fields(Layout))
    if places is None or trust is None or kept is None or str(found.get(CODES)) != _digest(codes):
        return None
    is_whole = places.shape == (len(codes), 2) and np.isfinite(places).all()
    return Layout(places, float(trust), float(kept)) if is_whole else None


def save(name: str, codes: Tensor, layouts: Mapping[str, Layout], folder: str | Path | None = None) -> Path:
    """Keeps layouts of a checkpoint's codes, by method, in place of what was there. Raises FileError where they cannot be written."""
    path = path_of(name, folder)
    of_layouts = {
        f"{method}-{field.name}": np.asarray(getattr(layout, field.name))
        for method, layout in layouts.items()
        for field in fields(Layout)
    }
    arrays.save(path, {CODES: np.array(_digest(codes)), **of_layouts})
    return path


def _digest(codes: Tensor) -> str:
    return hashlib.sha256(codes.contiguous().numpy().tobytes()).hexdigest()[:32]
