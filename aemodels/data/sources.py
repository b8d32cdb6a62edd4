"""MNIST and the dog photos: where they lie, how they are split."""

import contextlib
import gzip
import os
import re
import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aemodels.data.photo_files import PhotoFiles, describe, list_photos
from aemodels.data.photos import read_photos
from aemodels.data.pictures import printable
from aemodels.errors import DataError

DOG_SIZE = 128
MIN_TEST_PHOTOS, MIN_PHOTOS = 2, 3  # the spread of test codes takes two
OUTSIDE_STANFORD_DOGS = "lies outside stanford-dogs/Images: point --data to its folder to use it"
MNIST_PLACES = ("MNIST/raw", "MNIST", "mnist/raw", "mnist", "raw", "")
GET_MNIST = "run `python train.py --download` or point --data to the folder that holds MNIST"
MNIST_TEST_FILE = Path(__file__).parents[1] / "assets" / "mnist_test.npz"


def data_root(folder: str | Path | None = None) -> Path:
    """Where the data sets lie: `folder` if given, else the environment's LATENT_LAB_DATA, else `data`."""
    return Path(folder or os.environ.get("LATENT_LAB_DATA") or "data")


def load_mnist(root: str | Path, train: bool) -> tuple[Tensor, Tensor]:
    """MNIST from its files under `root`: images uint8 (N, 1, 28, 28) in 0..255 and labels int64 (N,) in 0..9.

    N is 60,000 for `train`, else 10,000. The files lie in MNIST/raw, MNIST, mnist or `root` itself, packed by gzip or not, named
    as at their home (train-images-idx3-ubyte) or as by some unpackers (train-images.idx3-ubyte, or in a folder of that name).
    Raises DataError where they are missing or broken.
    """
    part = "train" if train else "t10k"
    images = _read_idx(Path(root), f"{part}-images", (28, 28))
    labels = _read_idx(Path(root), f"{part}-labels", ())
    if len(images) != len(labels) or labels.max(initial=0) > 9:
        raise DataError(
            f"MNIST in {printable(root)} is broken: {len(images)} images with {len(labels)} labels up to "
            f"{labels.max(initial=0)}; {GET_MNIST}."
        )
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels).long()


def _mnist_files(root: Path, name: str = "(train|t10k)-(images|labels)") -> list[Path]:
    """Files whose name begins like that, in the places where MNIST lies, the likeliest first."""
    pattern = re.compile(rf"{name}[-.]idx[13][-.]ubyte(\.gz)?", re.I)
    found = []
    for place in MNIST_PLACES:
        with contextlib.suppress(OSError):
            entries = sorted(Path(root, place).iterdir())
            found += [path for path in entries if pattern.fullmatch(path.name) and path.is_file()]
            folders = [path for path in entries if pattern.fullmatch(path.name) and path.is_dir()]
            found += [inner for path in folders for inner in sorted(path.iterdir()) if pattern.fullmatch(inner.name)]
    return found


def _read_idx(root: Path, name: str, shape: tuple[int, ...]) -> np.ndarray:
    """The array uint8 (N, *shape) of the first sound file of that name."""
    faults = []
    for path in _mnist_files(root, name):
        try:
            content = path.read_bytes()
            if content.startswith(b"\x1f\x8b"):
                content = gzip.decompress(content)
            num_axes = len(shape) + 1
            header = struct.unpack_from(f">{num_axes + 1}I", content)
            if header[0] != 0x800 + num_axes or header[2:] != shape or not header[1]:
                raise ValueError("its header is another kind's")
            array = np.frombuffer(bytearray(content), np.uint8, offset=4 * (num_axes + 1))
            return array.reshape(header[1:])
        except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
            faults.append(f"{printable(path)} is broken ({printable(str(error))})")
    expected = [f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    there = ", ".join(path.name for path in _mnist_files(root)) or "none of them"
    raise DataError(
        f"MNIST is missing or broken in {printable(root / 'MNIST' / 'raw')}: "
        + (faults[0] if faults else f"it takes the four files {', '.join(expected)}, also as .gz; found {there}")
        + f"; {GET_MNIST}."
    )


def load_mnist_test_digits() -> tuple[Tensor, Tensor]:
    """The 10,000 MNIST test digits that ship with the project, as `load_mnist(root, train=False)` gives them."""
    with np.load(MNIST_TEST_FILE, allow_pickle=False) as digits:
        return torch.from_numpy(digits["images"]).unsqueeze(1), torch.from_numpy(digits["labels"]).long()


def in_test_split(content_hash: str) -> bool:
    """Whether the photo with this content hash (hexadecimal) is a test photo: about one in ten is."""
    return int(content_hash[:8], 16) % 10 == 0


def split(hashes: list[str]) -> Tensor:
    """Which photos are test photos, bool (N,), by their content hashes: those of `in_test_split`, so that copies fall on one side.

    Where these are fewer than two, or leave none to train on, the different photos with the smallest hashes make up two test
    photos, and the one with the greatest hash is to train on. Raises ValueError where fewer than three photos are different.
    """
    different = sorted(set(hashes))
    if len(different) < MIN_PHOTOS:
        raise ValueError(f"{len(different)} different photos cannot be split; at least {MIN_PHOTOS} can")
    test = {content_hash for content_hash in different if in_test_split(content_hash)}
    for content_hash in different:
        if len(test) < MIN_TEST_PHOTOS:
            test.add(content_hash)
    if len(test) == len(different):
        test.remove(different[-1])
    return torch.tensor([content_hash in test for content_hash in hashes])


@dataclass(frozen=True)
class Dogs:
    """The dog photos, split by content, so that copies of a photo fall on one side.

    `images` is a memory map; index it (`dogs.images[dogs.test_index[:9]]`) to read a few photos. `train` and `test`
    copy their whole side into memory, at 49 kB a photo: `train` is nearly 1 GB for Stanford Dogs. `skipped` is what was left
    out of `folder` or could not be decoded, with the reasons.
    """

    folder: Path
    images: Tensor  # uint8 (N, 3, 128, 128)
    paths: list[Path]
    train_index: Tensor  # int64, ascending, into images and paths
    test_index: Tensor
    fingerprint: str
    skipped: list[tuple[Path, str]]

    @property
    def num_skipped(self) -> int:
        return len(self.skipped)

    @property
    def train(self) -> Tensor:
        return self.images[self.train_index]

    @property
    def test(self) -> Tensor:
        return self.images[self.test_index]

    @property
    def train_paths(self) -> list[Path]:
        return [self.paths[i] for i in self.train_index.tolist()]

    @property
    def test_paths(self) -> list[Path]:
        return [self.paths[i] for i in self.test_index.tolist()]

    def summary(self) -> str:
        """Which folder is used, how many photos it holds, and what was left out, in a line."""
        used = (
            f"{len(self.paths):,} photos in {printable(self.folder)}: {len(self.train_index):,} to train on, "
            f"{len(self.test_index):,} to test on"
        )
        return f"{used}; {self.num_skipped:,} left out: {describe(self.skipped)}." if self.skipped else f"{used}."


def list_dogs(root: str | Path) -> PhotoFiles:
    """The dog photos under `root` and their folder: `root`/stanford-dogs/Images if photos lie there; `root`/Images if photos lie
    nowhere else; else the whole tree, without MNIST. What is left out is listed with its reason.

    Raises DataError where there is none.
    """
    root = Path(root)
    listed = list_photos(root, {"mnist": "is of digits"}) if root.is_dir() else PhotoFiles(root, [], [])
    if not listed.photos:
        skipped = f" ({describe(listed.left_out)})" if listed.left_out else ""
        raise DataError(
            f"No dog photos: looked for {printable(root / 'stanford-dogs' / 'Images')}, {printable(root / 'Images')} and photos "
            f"anywhere in {printable(root)}{skipped}; run `python train.py --download` or point --data to another folder."
        )
    for inside in ("stanford-dogs/Images/", "Images/"):
        photos = [photo.removeprefix(inside) for photo in listed.photos if photo.startswith(inside)]
        others = [photo for photo in listed.photos if not photo.startswith(inside)]
        if photos and (inside.startswith("stanford-dogs") or not others):
            left_out = [(os.path.relpath(path, inside), reason) for path, reason in listed.left_out]
            left_out += [(os.path.relpath(path, inside), OUTSIDE_STANFORD_DOGS) for path in others]
            return PhotoFiles(root / inside, photos, left_out)
    return listed


def find_dog_folder(root: str | Path) -> Path:
    """The folder whose photos `load_dogs` takes, with the same errors."""
    return list_dogs(root).folder


def load_dogs(root: str | Path, progress: Callable[[int, int], None] | None = None) -> Dogs:
    """The dog photos under `root` at 128×128, split about 90 % train, 10 % test by content (see `split`).

    `progress` is as in `read_photo_folder`. Raises DataError where there are no photos, or too few to fill both sides.
    """
    listed = list_dogs(root)
    photos = read_photos(listed, DOG_SIZE, progress)
    try:
        is_test = split(photos.hashes)
    except ValueError as error:
        raise DataError(
            f"{printable(listed.folder)} holds {len(photos.paths)} photos, too few to train on some and to test on others: "
            f"{error}; add more photos."
        ) from error
    train_index, test_index = (~is_test).nonzero().flatten(), is_test.nonzero().flatten()
    return Dogs(listed.folder, photos.images, photos.paths, train_index, test_index, photos.fingerprint, photos.skipped)
