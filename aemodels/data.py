"""MNIST and the dog photos: where they lie, how they are split."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from aemodels.errors import DataError
from aemodels.photos import photo_files, read_photo_folder

DOG_SIZE = 128
MNIST_TEST_FILE = Path(__file__).parent / "assets" / "mnist_test.npz"


def data_root(folder: str | Path | None = None) -> Path:
    """Where the data sets lie: `folder` if given, else the environment's LATENT_LAB_DATA, else `data`."""
    return Path(folder or os.environ.get("LATENT_LAB_DATA") or "data")


def load_mnist(root: str | Path, train: bool) -> tuple[Tensor, Tensor]:
    """MNIST from `root`/MNIST/raw: images uint8 (N, 1, 28, 28) in 0..255 and labels int64 (N,) in 0..9.

    N is 60,000 for `train`, else 10,000. Raises DataError where the files are missing or broken.
    """
    from torchvision.datasets import MNIST  # slow to import, and the app does without it

    try:
        digits = MNIST(root, train=train)
    except Exception as error:  # a broken file fails inside torchvision in many ways, an assert among them
        raise DataError(
            f"MNIST is missing or broken in {Path(root) / 'MNIST' / 'raw'}; "
            "run `python train.py --download` or point --data to the folder that holds MNIST."
        ) from error
    return digits.data.unsqueeze(1), digits.targets


def load_mnist_test_digits() -> tuple[Tensor, Tensor]:
    """The 10,000 MNIST test digits that ship with the project, as `load_mnist(root, train=False)` gives them."""
    with np.load(MNIST_TEST_FILE, allow_pickle=False) as digits:
        return torch.from_numpy(digits["images"]).unsqueeze(1), torch.from_numpy(digits["labels"]).long()


def as_mnist_digit(photo: Tensor, name: str) -> Tensor:
    """A photo uint8 (3, H, W) as MNIST shows digits, (1, 28, 28) in [0, 1]: light on dark, the digit in a box of 20 px,
    its centre of mass in the middle. Raises DataError where the photo has no contrast."""
    grey = photo.float().mean(0) / 255
    border = torch.cat([grey[0], grey[-1], grey[:, 0], grey[:, -1]]).median()
    ink = (grey - border if border < 0.5 else border - grey).clamp(min=0)
    if ink.max() < 0.1:
        raise DataError(f"{name} shows no digit: nothing stands out from the background.")
    ink /= ink.max()
    rows, columns = (ink > 0.3).any(1).nonzero().flatten(), (ink > 0.3).any(0).nonzero().flatten()
    ink = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = (max(1, round(20 * side / max(ink.shape))) for side in ink.shape)
    small = np.asarray(Image.fromarray(ink.numpy()).resize((width, height), Image.Resampling.BOX))
    y, x = (float((small.sum(1 - axis) * np.arange(small.shape[axis])).sum() / small.sum()) for axis in (0, 1))
    top, left = (int(np.clip(round(13.5 - at), 0, 28 - side)) for at, side in ((y, height), (x, width)))
    digit = torch.zeros(1, 28, 28)
    digit[0, top : top + height, left : left + width] = torch.from_numpy(small.copy())
    return digit


def in_test_split(content_hash: str) -> bool:
    """Whether the photo with this content hash (hexadecimal) is a test photo: about one in ten is."""
    return int(content_hash[:8], 16) % 10 == 0


@dataclass(frozen=True)
class Dogs:
    """The dog photos, split by content, so that copies of a photo fall on one side.

    `images` is a memory map; index it (`dogs.images[dogs.test_index[:9]]`) to read a few photos. `train` and `test`
    copy their whole side into memory, at 49 kB a photo: `train` is nearly 1 GB for Stanford Dogs.
    """

    images: Tensor  # uint8 (N, 3, 128, 128)
    paths: list[Path]
    train_index: Tensor  # int64, ascending, into images and paths
    test_index: Tensor
    fingerprint: str
    num_skipped: int

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


def find_dog_folder(root: str | Path) -> Path:
    """The folder of dog photos: `root`/stanford-dogs/Images, else `root`/Images, else `root` if photos lie under it.

    Raises DataError where there is none.
    """
    root = Path(root)
    for folder in (root / "stanford-dogs" / "Images", root / "Images"):
        if folder.is_dir():
            return folder
    if any(not file.startswith("MNIST/") for file in photo_files(root)):
        return root
    raise DataError(
        f"No dog photos: looked for {root / 'stanford-dogs' / 'Images'}, {root / 'Images'} and photos anywhere "
        f"in {root}; run `python train.py --download` or point --data to another folder."
    )


def load_dogs(root: str | Path, progress: Callable[[int, int], None] | None = None) -> Dogs:
    """The dog photos under `root` at 128×128, split about 90 % train, 10 % test by content.

    `progress` is as in `read_photo_folder`. Raises DataError where there are no photos, or too few to fill both sides.
    """
    folder = find_dog_folder(root)
    photos = read_photo_folder(folder, DOG_SIZE, progress)
    is_test = torch.tensor([in_test_split(content_hash) for content_hash in photos.hashes])
    if is_test.all() or not is_test.any():
        raise DataError(
            f"{folder} holds {len(photos.paths)} photos, too few to fill a train and a test side; add more photos."
        )
    train_index, test_index = (~is_test).nonzero().flatten(), is_test.nonzero().flatten()
    return Dogs(photos.images, photos.paths, train_index, test_index, photos.fingerprint, len(photos.skipped))
