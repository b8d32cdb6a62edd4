"""The error of each test image by itself, by the noise while testing: of a model in NAME.errors.npz beside its checkpoint, of the
baselines in baselines.npz.

With them, two that were tested on the same images are compared image by image.
"""

import contextlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aemodels.files import alone_in, replacing, said
from aemodels.storage import arrays, checkpoints

Errors = Mapping[float, Tensor]  # noise variance -> mean squared error (N,) of each test image, float64
WEIGHTS = "weights"  # under which a model's file has the digest of the weights that the errors are of


def errors_path(name: str, folder: str | Path | None = None) -> Path:
    """Where a model's errors lie: beside its checkpoint."""
    return checkpoints.checkpoint_path(name, folder).with_name(f"{name}.errors.npz")


def baselines_path(folder: str | Path | None = None) -> Path:
    """Where those of the baselines lie."""
    return checkpoints.checkpoint_folder(folder) / "baselines.npz"


def save(name: str, errors: Errors, folder: str | Path | None = None) -> None:
    """Keeps the errors of a model whose checkpoint is saved. Raises FileError where they cannot be written."""
    digest = checkpoints.read_weights_digest(name, folder)
    _write(errors_path(name, folder), {WEIGHTS: np.array(digest)} | _arrays("", errors))


def read(name: str, folder: str | Path | None = None) -> dict[float, Tensor]:
    """Those of the checkpoint as it is now; empty where there are none, or those of other weights."""
    found = arrays.read(errors_path(name, folder)) or {}
    is_of_these = str(found.pop(WEIGHTS, "")) == checkpoints.read_weights_digest(name, folder)
    return _errors("", found) if is_of_these else {}


def save_baselines(key: str, errors: Errors, fingerprint: str, folder: str | Path | None = None) -> None:
    """Keeps the errors of one baseline on the test images of the data set with this fingerprint, beside what is there of others.

    Raises FileError where they cannot be written, or what is there cannot be read, which would be lost.
    """
    path, start = baselines_path(folder), f"{fingerprint} {key} "
    with alone_in(path.parent), said(path):
        others = {name: array for name, array in _known(path).items() if not name.startswith(start)}
        _write(path, others | _arrays(start, errors))


def read_baselines(fingerprint: str, folder: str | Path | None = None) -> dict[str, dict[float, Tensor]]:
    """Those of each baseline that was kept for this data set, by its key; empty where there are none."""
    found = arrays.read(baselines_path(folder)) or {}  # without them intervals are left out
    keys = dict.fromkeys(name.split()[1] for name in found if name.startswith(f"{fingerprint} "))
    return {key: _errors(f"{fingerprint} {key} ", found) for key in keys}


def _arrays(start: str, errors: Errors) -> dict[str, np.ndarray]:
    return {f"{start}{variance!r}": e.cpu().float().numpy() for variance, e in errors.items()}


def _errors(start: str, found: Mapping[str, np.ndarray]) -> dict[float, Tensor]:
    return {
        float(name.removeprefix(start)): torch.from_numpy(array).double()
        for name, array in found.items()
        if name.startswith(start)
    }


def _known(path: Path) -> dict[str, np.ndarray]:
    """Nothing for a file that is not there, or broken; of one that cannot be read the error is raised."""
    with contextlib.suppress(FileNotFoundError, *arrays.BROKEN), np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
    return {}


def _write(path: Path, kept: Mapping[str, np.ndarray]) -> None:
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, **kept)
