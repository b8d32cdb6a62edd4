"""The cache of decoded photos: for each folder the pictures as one file, and beside it what they are, as JSON."""

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import numpy as np
from torch import Tensor

from aemodels.data.pictures import UnreadableError
from aemodels.data.stored_images import StoredImages, open_images
from aemodels.errors import DataError
from aemodels.files import replacing
from aemodels.language import DEFAULT, speaking
from aemodels.text import one_line

CACHE_VERSION = 5
NUM_SAMPLED = 64  # files whose first bytes are a part of the cache's key

# Gives a photo by its name: its hash and its picture, or why there is none.
Reader = Callable[[str], tuple[str, Tensor] | DataError]


def cache_root() -> Path:
    """Where decoded photos are kept: the environment's LATENT_LAB_CACHE, else the user's cache folder."""
    if folder := os.environ.get("LATENT_LAB_CACHE"):
        return Path(os.path.expanduser(folder))
    import platformdirs

    return platformdirs.user_cache_path("latent-lab")


def name_of(folder: Path, files: list[str], shape: tuple[int, int, int]) -> str:
    """The folder and the shape of an image, then what its files are, by their names, sizes and times and by the first bytes of some.

    A file's change time (on Windows its creation) tells an edit that kept size and time. Inode numbers tell more, but some
    file systems make them up anew each time they are mounted.
    """
    where = hashlib.blake2b(os.fsencode(os.path.realpath(folder)) + f"\0{shape}".encode(), digest_size=8)
    what = hashlib.blake2b(f"{CACHE_VERSION}".encode(), digest_size=16)
    inside = os.fspath(folder)
    for file in [inside] if folder.is_file() else files:
        try:
            stat = os.stat(os.path.join(inside, file))
            times = f"\0{stat.st_size}\0{stat.st_mtime_ns}\0{stat.st_ctime_ns}\0"
        except OSError:  # removed since it was listed; decoding says so
            times = "\0gone\0"
        what.update(os.fsencode(file) + times.encode())
    for file in files[:: len(files) // NUM_SAMPLED + 1]:
        with contextlib.suppress(OSError), open(folder / file, "rb") as stream:
            what.update(stream.read(4096))
    return f"{where.hexdigest()}-{what.hexdigest()}"


def read(cache: Path, num_files: int, shape: tuple[int, int, int]) -> tuple[StoredImages, dict] | None:
    """The images and the index of the cache; None where there is none or it is broken."""
    try:
        index = json.loads(cache.with_suffix(".json").read_text(encoding="utf-8"))
        images = open_images(cache.with_suffix(".npy"))
        num_photos = num_files - len(index["skipped"])
        whole = images.shape == (num_photos, *shape) and len(index["paths"]) == len(index["hashes"]) == num_photos
        return (images, index) if whole and isinstance(index["unread"], list) else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError):
        return None


def write(
    cache: Path,
    files: list[str],
    shape: tuple[int, int, int],
    read_one: Reader,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Decodes the files of a folder into the cache, in place of what was decoded of it before. "unread" in its index are those of the files
    that are skipped for a reason that may pass. Raises OSError where it cannot be written."""

    def read_in_english(file: str) -> tuple[str, Tensor] | DataError:
        with speaking(DEFAULT):  # the cache is for all who read it
            return read_one(file)

    paths, hashes, skipped, unread = [], [], [], []
    # The index goes in place last: without it the images do not count, so an interrupted run leaves no half cache.
    with (
        replacing(cache.with_suffix(".json")) as index_path,
        replacing(cache.with_suffix(".npy")) as image_path,
        open(index_path, "wb") as index_file,
        open(image_path, "w+b") as image_file,
    ):
        # Written row by row and not through a memory map, where a full disk would kill the process.
        _write_header(image_file, len(files), shape)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            # In blocks, so that photos waiting for a slow one before them cannot fill the memory.
            for start in range(0, len(files), 256):
                block = files[start : start + 256]
                for done, (file, photo) in enumerate(
                    zip(block, pool.map(read_in_english, block), strict=True), start + 1
                ):
                    if isinstance(photo, DataError):
                        # Told beside its path, as of what is left out.
                        reason = str(photo).removeprefix(f"{one_line(Path(file).name)} ")
                        skipped.append((file, reason.rstrip(".")))
                        if isinstance(photo, UnreadableError):
                            unread.append(file)
                    else:
                        paths.append(file)
                        hashes.append(photo[0])
                        image_file.write(photo[1].numpy().tobytes())
                    if progress:
                        progress(done, len(files))
        image_file.seek(0)
        _write_header(image_file, len(paths), shape)  # as long as the first: numpy pads it for any row count
        index = {"paths": paths, "hashes": hashes, "skipped": skipped, "unread": unread}
        index_file.write(json.dumps(index).encode())
        index_file.flush()  # a disk that is full by now must show before the images are in place
        with contextlib.suppress(OSError):  # of the images before; open in another process (Windows)
            cache.with_suffix(".json").unlink(missing_ok=True)
    for older in cache.parent.glob(f"{cache.name.partition('-')[0]}-*"):
        if older.stem != cache.name:
            with contextlib.suppress(OSError):  # open in another process (Windows)
                older.unlink()


def _write_header(file: BinaryIO, num_rows: int, shape: tuple[int, int, int]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": (num_rows, *shape)}
    np.lib.format.write_array_header_1_0(file, header)
