"""A folder tree of photos as uint8 images: each decoded once, into the cache."""

import hashlib
import logging
import operator
import os
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aemodels.data import photo_cache
from aemodels.data.photo_files import PhotoFiles, describe, list_photos
from aemodels.data.pictures import UnreadableError, open_photo, unreadable
from aemodels.data.stored_images import StoredImages
from aemodels.errors import DataError
from aemodels.files import remove_leftovers
from aemodels.language import DEFAULT, _, number, speaking
from aemodels.text import one_line, shown

logger = logging.getLogger("aemodels")


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
    their count and reasons. Files that the system did not give are tried again each time. `progress(done, total)` is called for each file while decoding, not on a cached read. Raises
    DataError where the folder is missing, holds no usable photo, or the cache cannot be written.
    """
    photos = read_photos(list_photos(folder), size, progress)
    if num_skipped := len(photos.skipped):
        with speaking(DEFAULT):  # the log is nobody's page
            reasons = describe([(os.path.relpath(path, folder), reason) for path, reason in photos.skipped])
        num_files = len(photos.paths) + num_skipped
        logger.warning("Skipped %d of %d files in %s: %s.", num_skipped, num_files, one_line(folder), reasons)
    return photos


def read_photos(
    listed: PhotoFiles, size: int, progress: Callable[[int, int], None] | None = None, num_channels: int = 3
) -> PhotoFolder:
    """The listed photos, as `read_photo_folder` reads them, with the same errors; grey where num_channels is 1. Nothing is logged."""
    folder, files = listed.folder, listed.photos
    try:
        size = operator.index(size)  # of NumPy's and torch's numbers too
    except TypeError as error:
        raise ValueError(f"size is {shown(size)}, but must be a whole number of pixels.") from error
    shape = (num_channels, size, size)
    cache = photo_cache.cache_root() / photo_cache.name_of(folder, files, shape)
    remove_leftovers(cache.parent)  # of decoding: as large as the photos, and who only reads would keep them for ever
    cached, read_one = photo_cache.read(cache, len(files), shape), _reader(listed, shape)
    if cached and any(not isinstance(read_one(file), UnreadableError) for file in cached[1]["unread"]):
        cached = None
    if cached is None:
        try:
            photo_cache.write(cache, files, shape, read_one, progress)
        except OSError as error:
            # Another process may just have written it, and have it open (Windows).
            cached = photo_cache.read(cache, len(files), shape)
            num_mb = len(files) * prod(shape) // 1_000_000 + 1
            if cached is None:
                raise DataError(
                    _(
                        "The decoded photos need {number} MB in {folder}, which cannot be written ({reason}); whoever runs Latent Lab "
                        "can free some space or set LATENT_LAB_CACHE to another folder."
                    ).format(
                        number=number(num_mb),
                        folder=one_line(cache.parent),
                        reason=error.strerror or error.__cause__.strerror,
                    )
                ) from error
        cached = cached or photo_cache.read(cache, len(files), shape)
        if cached is None:
            raise DataError(
                _("The cache in {folder} changed while it was read; start again.").format(folder=one_line(cache.parent))
            )
    images, index = cached

    if not index["paths"]:
        raise DataError(_none_usable(listed, shape))
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


def _reader(listed: PhotoFiles, shape: tuple[int, int, int]) -> photo_cache.Reader:
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
            # Reads all of the file, so that decoding it finds no fault but the file's own.
            digest = hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16))
            return digest.hexdigest(), open_photo(stream, shape[1], shape[0])
    except DataError as error:
        return error
    except OSError as error:
        return unreadable(path, error)


def load_photos(folder: str | Path, size: int) -> tuple[Tensor, list[Path]]:
    """Every usable photo under `folder`: uint8 (N, 3, size, size) in 0..255, and its path.

    The tensor is a memory map: only what is indexed is read, and what is written into it is not kept.

    A photo is decoded once and then cached. What is no photo, or cannot be decoded, is left out; one warning is logged with the count
    and the reasons. Raises DataError where the folder is missing, holds no usable photo, or the cache cannot be written; ValueError
    where size is no whole number from 1 to 10000.
    """
    photos = read_photo_folder(folder, size)
    with photos.images.file as file:
        # Copy-on-write, because torch wants writable memory.
        return torch.from_numpy(np.load(file.name, mmap_mode="c")), photos.paths
