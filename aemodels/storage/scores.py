"""The anomaly scores of all pictures that a page may draw from, by model: kept beside the decoded photos, because to rebuild a photo takes
many times as long as to look its score up."""

import contextlib
import zipfile
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aemodels.data.photo_cache import cache_root
from aemodels.errors import FileError
from aemodels.files import replacing

VERSION = 1  # to be raised when what is computed changes


def read(digest: str, pictures: str, num_pictures: int) -> tuple[Tensor, Tensor] | None:
    """Scores and PSNRs (num_pictures,), float; None where they are not kept, or not of so many pictures.

    digest    of the checkpoint, as `checkpoints.read_digest` gives it
    pictures  what they are of, as a part of the file's name
    """
    with (
        contextlib.suppress(OSError, ValueError, zipfile.BadZipFile, EOFError, KeyError),
        np.load(_path(digest, pictures), allow_pickle=False) as file,
    ):
        found = torch.from_numpy(file["scores"]), torch.from_numpy(file["psnr_db"])
        if all(values.shape == (num_pictures,) for values in found):
            return found
    return None


def save(digest: str, pictures: str, scores: Tensor, psnr_db: Tensor) -> None:
    """Keeps them; where the file cannot be written, nothing is kept."""
    with (
        contextlib.suppress(FileError),
        replacing(_path(digest, pictures)) as temporary,
        open(temporary, "wb") as file,
    ):
        np.savez(file, scores=scores.numpy(), psnr_db=psnr_db.numpy())


def _path(digest: str, pictures: str) -> Path:
    return cache_root() / f"scores{VERSION}-{digest}-{pictures}.npz"
