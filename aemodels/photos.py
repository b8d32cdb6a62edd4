"""Photos as uint8 tensors: decoding one safely, and a whole folder tree once, into a memory-mapped cache."""

import contextlib
import hashlib
import json
import logging
import os
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch
from PIL import Image, ImageOps, UnidentifiedImageError
from torch import Tensor

from aemodels.errors import DataError

MAX_PIXELS = 100_000_000
PHOTO_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff", ".avif"}
# Named, so that a file of another kind under a photo's name never reaches a decoder that runs programs (EPS).
PHOTO_FORMATS = ("JPEG", "PNG", "WEBP", "BMP", "GIF", "TIFF", "AVIF")
CACHE_VERSION = 1

logger = logging.getLogger("aemodels")


def cache_root() -> Path:
    """Where decoded photos are kept: the environment's LATENT_LAB_CACHE, else the user's cache folder."""
    if folder := os.environ.get("LATENT_LAB_CACHE"):
        return Path(folder)
    import platformdirs

    return platformdirs.user_cache_path("latent-lab")


def open_photo(file: str | Path | BinaryIO, size: int) -> Tensor:
    """A photo as uint8 (3, size, size) in 0..255: turned as its EXIF says, cropped to the centred square, resized.

    `file` is a path or a seekable binary stream. Transparent places become white, grey becomes RGB, and of an
    animation the first picture is taken. Raises DataError where the file cannot be opened or decoded as a photo, or
    has more than 100 megapixels; ValueError where size is below 1.
    """
    if size < 1:
        raise ValueError(f"size is {size} px and must be at least 1")
    if isinstance(file, (str, Path)):
        try:
            with open(file, "rb") as stream:
                return open_photo(stream, size)
        except OSError as error:
            raise DataError(f"{file} cannot be opened ({error.strerror}); check path and permissions.") from error

    name = Path(str(getattr(file, "name", "The picture"))).name
    try:
        file.seek(0)
        if not file.read(1):
            raise DataError(f"{name} is empty; choose another photo.")
        with Image.open(file, formats=PHOTO_FORMATS) as image:
            return _square(image, name, size)
    except DataError:
        raise
    except UnidentifiedImageError as error:
        raise DataError(f"{name} is no picture this can read; use a {', '.join(PHOTO_FORMATS)} file.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DataError(_too_large(name)) from error
    except Exception as error:  # a hostile file can make Pillow raise nearly anything
        reason = str(error).rstrip(".") or type(error).__name__
        raise DataError(f"{name} is broken ({reason}); use an intact copy of it.") from error


def _square(image: Image.Image, name: str, size: int) -> Tensor:
    if image.width * image.height > MAX_PIXELS:
        raise DataError(_too_large(name))
    image.draft(None, (2 * size, 2 * size))  # a JPEG decodes at a fraction, never below twice the size asked for
    ImageOps.exif_transpose(image, in_place=True)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = _to_rgb(image.crop((left, top, left + side, top + side)), name)
    image = image.resize((size, size), Image.Resampling.LANCZOS, reducing_gap=3.0)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1).contiguous()


def _too_large(name: str) -> str:
    return f"{name} has more than {MAX_PIXELS // 1_000_000} megapixels; make it smaller first."


def _to_rgb(image: Image.Image, name: str) -> Image.Image:
    if image.mode in ("I", "F"):
        raise DataError(f"{name} has 32-bit pixels of unknown range; save it as an 8-bit or 16-bit picture.")
    if image.mode.startswith("I;16"):  # Pillow would clip at 255 instead of scaling
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
    return image.convert("RGB")


@dataclass(frozen=True)
class PhotoFolder:
    """The usable photos of a folder tree, in the order of their paths."""

    images: Tensor  # uint8 (N, 3, size, size), a memory map: only what is indexed is read
    paths: list[Path]
    hashes: list[str]  # of each file's bytes
    skipped: list[tuple[Path, str]]  # file and reason
    fingerprint: str  # of all contents together; the same wherever the folder lies


def read_photo_folder(folder: str | Path, size: int, progress: Callable[[int, int], None] | None = None) -> PhotoFolder:
    """Every photo in the tree under `folder`, decoded as `open_photo` does, once: the result is cached.

    Hidden files and folders are left out; files that are no photo are skipped, and one warning is logged with their
    count and the first few reasons. `progress(done, total)` is called for each file while decoding, not on a cached
    read. Raises DataError where the folder is missing, holds no usable photo, or the cache cannot be written.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise DataError(f"There is no folder {folder}; point --data or LATENT_LAB_DATA to the folder of the photos.")
    files = photo_files(folder)
    cache = cache_root() / _cache_key(folder, files, size)
    cached = _read_cache(cache, len(files), size)
    if cached is None:
        try:
            _write_cache(cache, folder, files, size, progress)
        except OSError as error:
            num_mb = len(files) * 3 * size * size // 1_000_000 + 1
            raise DataError(
                f"The decoded photos need {num_mb} MB in {cache.parent}, which cannot be written "
                f"({error.strerror}); free some space or set LATENT_LAB_CACHE to another folder."
            ) from error
        cached = _read_cache(cache, len(files), size)
        if cached is None:
            raise DataError(f"The cache in {cache.parent} changed while it was read; start again.")
    images, index = cached

    skipped = [(folder / file, reason) for file, reason in index["skipped"]]
    if skipped:
        first = " ".join(f"{path}: {reason}" for path, reason in skipped[:3])
        logger.warning("Skipped %d of %d files in %s, such as %s", len(skipped), len(files), folder, first)
    if not index["paths"]:
        raise DataError(
            f"No usable photo in {folder}: {len(files)} picture files were looked at and {len(skipped)} skipped; "
            "put JPEG or PNG photos there or choose another folder."
        )
    hashes = index["hashes"]
    fingerprint = hashlib.blake2b("".join(sorted(hashes)).encode(), digest_size=16).hexdigest()
    return PhotoFolder(images, [folder / path for path in index["paths"]], hashes, skipped, fingerprint)


def photo_files(folder: Path) -> list[str]:
    """Files in the tree under `folder` whose names end as pictures' do: paths relative to it, sorted, hidden ones left out."""
    files = []
    for parent, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if not name.startswith(".")]
        for name in names:
            path = Path(parent, name)
            if not name.startswith(".") and path.suffix.lower() in PHOTO_SUFFIXES and path.is_file():
                files.append(path.relative_to(folder).as_posix())
    return sorted(files)


def _cache_key(folder: Path, files: list[str], size: int) -> str:
    key = hashlib.blake2b(f"{CACHE_VERSION} {size}".encode(), digest_size=16)
    for file in files:
        stat = (folder / file).stat()
        key.update(os.fsencode(file) + f"\0{stat.st_size}\0{stat.st_mtime_ns}\0".encode())
    return key.hexdigest()


def _read_cache(cache: Path, num_files: int, size: int) -> tuple[Tensor, dict] | None:
    """The images and the index of the cache; None where there is none or it is broken."""
    try:
        index = json.loads(cache.with_suffix(".json").read_text())
        # Copy-on-write, because torch wants writable memory; nothing is ever written back.
        images = np.load(cache.with_suffix(".npy"), mmap_mode="c")
        num_photos = num_files - len(index["skipped"])
        whole = images.dtype == np.uint8 and images.shape == (num_photos, 3, size, size)
        whole = whole and len(index["paths"]) == len(index["hashes"]) == num_photos
        return (torch.from_numpy(images), index) if whole else None
    except (OSError, ValueError, LookupError, TypeError, AttributeError, EOFError):
        return None


def _write_cache(
    cache: Path, folder: Path, files: list[str], size: int, progress: Callable[[int, int], None] | None
) -> None:
    def read(file: str) -> tuple[str, Tensor] | DataError:
        try:
            image = open_photo(folder / file, size)
            with open(folder / file, "rb") as stream:
                digest = hashlib.file_digest(stream, lambda: hashlib.blake2b(digest_size=16))
            return digest.hexdigest(), image
        except DataError as error:
            return error

    paths, hashes, skipped = [], [], []
    cache.parent.mkdir(parents=True, exist_ok=True)
    # The index goes in place last: without it the images do not count, so an interrupted run leaves no half cache.
    with _new_file(cache.with_suffix(".json")) as index_file, _new_file(cache.with_suffix(".npy")) as image_file:
        # Written row by row and not through a memory map, where a full disk would kill the process.
        _write_header(image_file, len(files), size)
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            # In blocks, so that photos waiting for a slow one before them cannot fill the memory.
            for start in range(0, len(files), 256):
                block = files[start : start + 256]
                for done, (file, photo) in enumerate(zip(block, pool.map(read, block), strict=True), start + 1):
                    if isinstance(photo, DataError):
                        skipped.append((file, str(photo)))
                    else:
                        paths.append(file)
                        hashes.append(photo[0])
                        image_file.write(photo[1].numpy().tobytes())
                    if progress:
                        progress(done, len(files))
        image_file.seek(0)
        _write_header(image_file, len(paths), size)  # as long as the first: numpy pads it for any row count
        index_file.write(json.dumps({"paths": paths, "hashes": hashes, "skipped": skipped}).encode())
        index_file.flush()  # a disk that is full by now must show before the images are in place


def _write_header(file: BinaryIO, num_rows: int, size: int) -> None:
    header = {"descr": "|u1", "fortran_order": False, "shape": (num_rows, 3, size, size)}
    np.lib.format.write_array_header_1_0(file, header)


@contextlib.contextmanager
def _new_file(path: Path):
    """A temporary file beside `path` that takes its name at the end, and is removed if anything fails before."""
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as file:
        try:
            yield file
            file.close()
            os.replace(file.name, path)
        except BaseException:
            with contextlib.suppress(OSError):  # on a full disk closing fails as well
                file.close()
            os.unlink(file.name)
            raise


def load_photos(folder: str | Path, size: int) -> tuple[Tensor, list[Path]]:
    """Every usable photo under `folder`: uint8 (N, 3, size, size) in 0..255, and its path.

    Decoded, cached and reported as `read_photo_folder` does, with the same errors.
    """
    photos = read_photo_folder(folder, size)
    return photos.images, photos.paths
