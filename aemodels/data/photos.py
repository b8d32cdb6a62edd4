"""A folder tree of photos as uint8 images: each decoded once, into a cache."""

import contextlib
import hashlib
import json
import logging
import operator
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from torch import Tensor

from aemodels.data.photo_files import PhotoFiles, describe, list_photos
from aemodels.data.pictures import open_photo
from aemodels.data.stored_images import StoredImages, open_images
from aemodels.errors import DataError
from aemodels.files import remove_leftovers, replacing
from aemodels.language import DEFAULT, _, number, speaking
from aemodels.text import one_line

CACHE_VERSION = 4
NUM_SAMPLED = 64  # files whose first bytes are a part of the cache's key

logger = logging.getLogger("aemodels")


def cache_root() -> Path:
    """Where decoded photos are kept: the environment's LATENT_LAB_CACHE, else the user's cache folder."""
    if folder := os.environ.get("LATENT_LAB_CACHE"):
        return Path(folder)
    import platformdirs

    return platformdirs.user_cache_path("latent-lab")


@dataclass(frozen=True)
class PhotoFolder:
    """The usable photos of a folder tree, in the order of their paths."""

    images: StoredImages  # uint8 (N, C, size, size)
    paths: list[Path]
    hashes: list[str]  # of each file's bytes
    skipped: list[tuple[Path, str]]  # what was left out or could not be decoded, and why
    fingerprint: str  # of all contents together; the same wherever the folder lies


def read_photo_folder(folder: str | Path, size: int, progress: Callable[[int, int], None] | None = None) -> PhotoFolder:
    """Every photo in the tree under `folder`, decoded as `open_photo` does, once: the result is cached.

    What is no photo is left out as `list_photos` says, files that cannot be decoded are skipped, and one warning is logged with
    their count and reasons. `progress(done, total)` is called for each file while decoding, not on a cached read. Raises
    DataError where the folder is missing, holds no usable photo, or the cache cannot be written.
    """
    return read_photos(list_photos(folder), size, progress)


def read_photos(
    listed: PhotoFiles, size: int, progress: Callable[[int, int], None] | None = None, num_channels: int = 3
) -> PhotoFolder:
    """The listed photos, as `read_photo_folder` reads them, with the same errors; grey where num_channels is 1."""
    folder, files, size = listed.folder, listed.photos, operator.index(size)  # of NumPy's and torch's numbers too
    shape = (num_channels, size, size)
    cache = cache_root() / _cache_name(folder, files, shape)
    remove_leftovers(cache.parent)  # of decoding: as large as the photos, and who only reads would keep them for ever
    cached = _read_cache(cache, len(files), shape)
    if cached is None:
        try:
            _write_cache(cache, files, shape, _reader(listed, shape), progress)
        except OSError as error:
            # Another process may just have written it, and have it open (Windows).
            cached = _read_cache(cache, len(files), shape)
            num_mb = len(files) * prod(shape) // 1_000_000 + 1
            if cached is None:
                raise DataError(
                    _(
                        "The decoded photos need {number} MB in {folder}, which cannot be written ({reason}); free some space or set "
                        "LATENT_LAB_CACHE to another folder."
                    ).format(
                        number=number(num_mb),
                        folder=one_line(cache.parent),
                        reason=error.strerror or error.__cause__.strerror,
                    )
                ) from error
        cached = cached or _read_cache(cache, len(files), shape)
        if cached is None:
            raise DataError(
                _("The cache in {folder} changed while it was read; start again.").format(folder=one_line(cache.parent))
            )
    images, index = cached

    num_skipped, num_files = len(index["skipped"]) + len(listed.left_out), len(files) + len(listed.left_out)
    if not index["paths"]:
        raise DataError(_none_usable(listed, shape))
    if num_skipped:
        with speaking(DEFAULT):  # the log is nobody's page
            reasons = describe([*index["skipped"], *listed.left_out])
        logger.warning("Skipped %d of %d files in %s: %s.", num_skipped, num_files, one_line(folder), reasons)
    hashes = index["hashes"]
    fingerprint = hashlib.blake2b("".join(sorted(hashes)).encode(), digest_size=16).hexdigest()
    skipped = [(folder / path, reason) for path, reason in [*index["skipped"], *listed.left_out]]
    return PhotoFolder(images, [folder / path for path in index["paths"]], hashes, skipped, fingerprint)


def _none_usable(listed: PhotoFiles, shape: tuple[int, int, int]) -> str:
    """Why there is no photo that can be used, in the language of now: what the cache tells of a photo is English."""
    if listed.left_out:
        reason = describe(listed.left_out)
    elif listed.photos:
        file = listed.photos[min(2, len(listed.photos) - 1)]
        reason = _("{name}: {sentence}").format(name=one_line(file), sentence=_reader(listed, shape)(file))
        reason = reason.rstrip("。.")
    else:
        reason = ""
    if reason:
        message = _(
            "No usable photo in {folder}: {looked_at} picture files were looked at and {skipped} skipped ({reason}); put JPEG or PNG photos "
            "there or choose another folder."
        )
    else:
        message = _(
            "No usable photo in {folder}: {looked_at} picture files were looked at and {skipped} skipped; put JPEG or PNG photos there or "
            "choose another folder."
        )
    n = number(len(listed.photos) + len(listed.left_out))
    return message.format(folder=one_line(listed.folder), looked_at=n, skipped=n, reason=reason)


def _cache_name(folder: Path, files: list[str], shape: tuple[int, int, int]) -> str:
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


def _read_cache(cache: Path, num_files: int, shape: tuple[int, int, int]) -> tuple[StoredImages, dict] | None:
    """The images and the index of the cache; None where there is none or it is broken."""
    try:
        index = json.loads(cache.with_suffix(".json").read_text(encoding="utf-8"))
        images = open_images(cache.with_suffix(".npy"))
        num_photos = num_files - len(index["skipped"])
        whole = images.shape == (num_photos, *shape) and len(index["paths"]) == len(index["hashes"]) == num_photos
        return (images, index) if whole else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError):
        return None


def _write_cache(
    cache: Path,
    files: list[str],
    shape: tuple[int, int, int],
    read_one: "Reader",
    progress: Callable[[int, int], None] | None,
) -> None:
    def read(file: str) -> tuple[str, Tensor] | DataError:
        with speaking(DEFAULT):  # the cache is for all who read it
            return read_one(file)

    paths, hashes, skipped = [], [], []
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
                for done, (file, photo) in enumerate(zip(block, pool.map(read, block), strict=True), start + 1):
                    if isinstance(photo, DataError):
                        # Told beside its path, as of what is left out.
                        reason = str(photo).removeprefix(f"{one_line(Path(file).name)} ")
                        skipped.append((file, reason.rstrip(".")))
                    else:
                        paths.append(file)
                        hashes.append(photo[0])
                        image_file.write(photo[1].numpy().tobytes())
                    if progress:
                        progress(done, len(files))
        image_file.seek(0)
        _write_header(image_file, len(paths), shape)  # as long as the first: numpy pads it for any row count
        index_file.write(json.dumps({"paths": paths, "hashes": hashes, "skipped": skipped}).encode())
        index_file.flush()  # a disk that is full by now must show before the images are in place
    for older in cache.parent.glob(f"{cache.name.partition('-')[0]}-*"):
        if older.stem != cache.name:
            with contextlib.suppress(OSError):  # open in another process (Windows)
                older.unlink()


Reader = Callable[[str], tuple[str, Tensor] | DataError]


def _reader(listed: PhotoFiles, shape: tuple[int, int, int]) -> Reader:
    """What gives a listed photo by its name: its hash and its picture, or why there is none."""
    pack = listed.pack
    if not pack:
        return lambda file: _decoded(listed.folder / file, shape)
    if pack.image_shape != shape:
        raise DataError(
            _("{path} holds photos of {has}, not of {wanted}; pack the photos again by a recipe of that shape.").format(
                path=one_line(pack.path), has="×".join(map(str, pack.image_shape)), wanted="×".join(map(str, shape))
            )
        )

    def read(file: str) -> tuple[str, Tensor] | DataError:
        try:
            return pack.read(file)
        except DataError as error:
            return error

    return read


def _decoded(path: Path, shape: tuple[int, int, int]) -> tuple[str, Tensor] | DataError:
    """The hash of the file's bytes and its picture, or why there is none."""
    try:
        with open(path, "rb") as stream:
            image = open_photo(stream, shape[1], shape[0])
            stream.seek(0)
            digest = hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16))
        return digest.hexdigest(), image
    except DataError as error:
        return error
    except OSError as error:
        return DataError(
            _("{name} cannot be read ({reason}); check its permissions.").format(
                name=one_line(path.name), reason=error.strerror
            )
        )


def _write_header(file: BinaryIO, num_rows: int, shape: tuple[int, int, int]) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": (num_rows, *shape)}
    np.lib.format.write_array_header_1_0(file, header)


def load_photos(folder: str | Path, size: int) -> tuple[Tensor, list[Path]]:
    """Every usable photo under `folder`: uint8 (N, 3, size, size) in 0..255, and its path.

    The tensor is a memory map: only what is indexed is read, and what is written into it is not kept.

    A photo is decoded once and then cached. What is no photo, or cannot be decoded, is left out; one warning is logged with the count
    and the reasons. Raises DataError where the folder is missing, holds no usable photo, or the cache cannot be written.
    """
    photos = read_photo_folder(folder, size)
    # Copy-on-write, because torch wants writable memory.
    return torch.from_numpy(np.load(photos.images.file.name, mmap_mode="c")), photos.paths
