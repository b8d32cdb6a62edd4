"""Images that stay in their file: a set of them may be larger than memory."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from threading import Lock
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from aemodels.errors import DataError
from aemodels.language import _
from aemodels.text import one_line


@dataclass(frozen=True, eq=False)
class StoredImages:
    """Images uint8 (N, C, H, W) in a file, of which only what is asked for is read.

    As of a tensor, a slice is a view; a place, or a tensor of places or of truth values, copies images into memory. Several
    threads may read at a time. Raises DataError where the file can no longer be read.

    They are read, not mapped into memory: a map counts against `ulimit -v` as a whole, and where the file under it has been cut, or
    its disk is gone, the process is killed, while reading raises an error.
    """

    file: BinaryIO
    begin: int  # where the first image lies in the file, in bytes
    image_shape: tuple[int, ...]
    index: Tensor  # int64 (N,), the place of each image in the file
    lock: Lock

    dtype = torch.uint8

    def __len__(self) -> int:
        return len(self.index)

    @property
    def shape(self) -> torch.Size:
        return torch.Size((len(self), *self.image_shape))

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def nbytes(self) -> int:
        """What all of them would take in memory."""
        return prod(self.shape)

    def __getitem__(self, key: "int | slice | Tensor") -> "Tensor | StoredImages":
        index = self.index[key]
        return replace(self, index=index) if isinstance(key, slice) else self._read(index)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def split(self, batch_size: int) -> Iterator[Tensor]:
        """All of them in order, batch_size at a time in memory."""
        return (self._read(index) for index in self.index.split(batch_size))

    def part(self, places: Tensor) -> "StoredImages":
        """A view of the images at these places (n,), of which none is read yet."""
        return replace(self, index=self.index[places])

    def in_memory(self) -> Tensor:
        """A copy of all of them."""
        return self._read(self.index)

    def _read(self, index: Tensor) -> Tensor:
        images = torch.empty((*index.shape, *self.image_shape), dtype=torch.uint8)
        rows = images.view(index.numel(), prod(self.image_shape)).numpy()
        try:
            for row, place in zip(rows, index.flatten().tolist(), strict=True):
                with self.lock:
                    self.file.seek(self.begin + place * len(row))
                    num_read = self.file.readinto(row)
                if num_read < len(row):
                    raise EOFError(_("it is shorter than it was"))
        except (OSError, EOFError) as error:
            raise DataError(
                _("{path} can no longer be read ({reason}); start again to have its pictures decoded anew.").format(
                    path=one_line(self.file.name), reason=getattr(error, "strerror", None) or error
                )
            ) from error
        return images


Images = Tensor | StoredImages


def open_images(path: Path) -> StoredImages:
    """The images of an .npy file of uint8 (N, C, H, W). Raises OSError where it cannot be read, ValueError where it is broken."""
    file = open(path, "rb", buffering=0)  # noqa: SIM115, for it stays open as long as images may be read
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError("another version of the format")
    shape, is_turned, dtype = np.lib.format.read_array_header_1_0(file)
    begin = file.tell()
    if dtype != np.uint8 or is_turned or len(shape) != 4 or file.seek(0, 2) < begin + prod(shape):
        raise ValueError("not all there, or no images of bytes")
    return StoredImages(file, begin, shape[1:], torch.arange(shape[0]), Lock())
