"""The anomaly scores of all pictures that a page may draw from, by model: kept beside the decoded photos, because to rebuild a photo takes
many times as long as to look its score up."""

import contextlib
from pathlib import Path

import torch
from torch import Tensor

from aemodels.data.photo_cache import cache_root
from aemodels.errors import FileError
from aemodels.storage import arrays

VERSION = 1  # to be raised when what is computed changes


def read(digest: str, pictures: str, num_pictures: int) -> tuple[Tensor, Tensor] | None:
    """Scores and PSNRs (num_pictures,), float; None where they are not kept, or not of so many pictures.

    digest    of the checkpoint, as `checkpoints.read_digest` gives it
    pictures  what they are of, as a part of the file's name
    """
    found = arrays.read(_path(digest, pictures)) or {}
    values = [found[name] for name in ("scores", "psnr_db") if name in found and found[name].shape == (num_pictures,)]
    return (torch.from_numpy(values[0]), torch.from_numpy(values[1])) if len(values) == 2 else None


def save(digest: str, pictures: str, scores: Tensor, psnr_db: Tensor) -> None:
    """Keeps them; where the file cannot be written, nothing is kept."""
    with contextlib.suppress(FileError):
        arrays.save(_path(digest, pictures), {"scores": scores.numpy(), "psnr_db": psnr_db.numpy()})


def _path(digest: str, pictures: str) -> Path:
    return cache_root() / f"scores{VERSION}-{digest}-{pictures}.npz"
