"""Photos in one file, small enough to be carried to another computer: square and small already, with the split that they have here.

A safetensors file: the photos one after the other, where each ends, and in its header what they are. The photos to test on keep every
pixel, so that figures are of the same pictures everywhere; the others are WebP of some quality.
"""

import io
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from aemodels.data import splits
from aemodels.data.pictures import open_photo, unreadable
from aemodels.data.stored_images import Images
from aemodels.errors import DataError
from aemodels.files import replacing
from aemodels.language import _
from aemodels.text import one_line

QUALITY = 60  # of WebP: 57 MB for Stanford Dogs
BLOCK = 256
_KEY = "packed photos"


def pack(
    images: Images,
    files: list[Path],
    hashes: list[str],
    folder: Path,
    name: str,
    path: Path,
    quality: int = QUALITY,
    progress: Callable[[int], object] = lambda num_photos: None,
) -> None:
    """Writes photos into one file, which `Pack` reads.

    images    uint8 (N, C, size, size) of files in the folder, whose bytes have these hashes
    name      of the data set
    quality   of WebP, 0 to 100; a photo whose own file is smaller is taken as it is
    progress  called with the number of photos of each block that is done

    Raises FileError where the file cannot be written, DataError where a photo can no longer be read.
    """
    is_test = splits.test_split(hashes).tolist()
    ends, contents = [], []
    with replacing(path) as temporary:  # which shows now whether the file can be written
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for start in range(0, len(files), BLOCK):
                part = slice(start, start + BLOCK)
                shrunk = pool.map(partial(_smallest, quality=quality), images[part], files[part], is_test[part])
                contents += [np.frombuffer(content, np.uint8) for content in shrunk]
                progress(len(files[part]))
        ends = torch.tensor([len(content) for content in contents]).cumsum(0)
        described = {
            "name": name,
            "image_shape": list(images.shape[1:]),
            "quality": quality,
            "paths": [file.relative_to(folder).as_posix() for file in files],
            "hashes": hashes,
        }
        tensors = {"ends": ends, "bytes": torch.from_numpy(np.concatenate(contents))}
        temporary.write_bytes(save(tensors, {_KEY: json.dumps(described)}))


def _smallest(image: Tensor, file: Path, is_test: bool, quality: int) -> bytes:
    """The photo's own file, or the image as WebP, lossless where it is to test on; which is the smaller."""
    buffer = io.BytesIO()
    picture = Image.fromarray(image.expand(3, -1, -1).permute(1, 2, 0).numpy())
    picture.save(buffer, "WEBP", method=6, **({"lossless": True} if is_test else {"quality": quality}))
    try:
        if file.stat().st_size <= buffer.tell():
            return file.read_bytes()
    except OSError as error:
        raise unreadable(file, error) from error
    return buffer.getvalue()


class Pack:
    """The photos in a file that `pack` wrote.

    name         of the data set
    image_shape  (C, size, size)
    quality      of WebP, for those that are not to test on
    paths        of the photos, with / between their parts
    """

    def __init__(self, path: Path) -> None:
        """Raises DataError where the file is something else, or broken."""
        self.path = path
        try:
            self._file = safe_open(path, "numpy")
            described = json.loads(self._file.metadata()[_KEY])
            self.name, self.quality = str(described["name"]), int(described["quality"])
            self.image_shape = tuple(map(int, described["image_shape"]))
            self.paths, hashes = described["paths"], described["hashes"]
            ends = self._file.get_tensor("ends").tolist()
            self._bytes = self._file.get_slice("bytes")
            num_bytes = self._bytes.get_shape()[0]
            places = zip(hashes, [0, *ends[:-1]], ends, strict=True)
            self._photos = dict(zip(self.paths, places, strict=True))
            if sorted(ends) != ends or not ends or ends[-1] != num_bytes or len(self._photos) != len(ends):
                raise ValueError("photos")
        except (SafetensorError, OSError, ValueError, LookupError, TypeError, AttributeError) as error:
            raise DataError(
                _(
                    "{path} is neither a folder nor a file of packed photos; point --data to a folder, or pack photos with `python train.py "
                    "--pack FILE`."
                ).format(path=one_line(path))
            ) from error

    def read(self, photo: str) -> tuple[str, Tensor]:
        """The hash of the photo's original file, and the photo as uint8 (C, size, size). Raises DataError where it is broken."""
        content_hash, start, end = self._photos[photo]
        content = io.BytesIO(self._bytes[start:end].tobytes())
        content.name = photo
        return content_hash, open_photo(content, self.image_shape[1], self.image_shape[0])
