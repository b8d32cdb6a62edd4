"""The MNIST family, as torchvision names it: MNIST, FashionMNIST and KMNIST, which share one file format."""

import contextlib
import gzip
import re
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from aemodels.errors import DataError
from aemodels.language import _, list_of
from aemodels.text import one_line

MNIST_TEST_FILE = Path(__file__).parents[1] / "assets" / "mnist_test.npz"


@dataclass(frozen=True)
class Family:
    """One of the data sets: the folder that torchvision gives it, and the names of its ten classes."""

    folder: str
    label_names: tuple[str, ...]


FAMILY = {
    "mnist": Family("MNIST", tuple("0123456789")),
    "fashion-mnist": Family(
        "FashionMNIST",
        ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "kmnist": Family("KMNIST", ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo")),
}


def load_mnist(root: str | Path, train: bool, source: str = "mnist") -> tuple[Tensor, Tensor]:
    """A set of the MNIST family from its files under `root`: images uint8 (N, 1, 28, 28) in 0..255, labels int64 (N,) in 0..9.

    source  key of FAMILY
    N is 60,000 for `train`, else 10,000. The files lie in a folder of the set's name (MNIST/raw, MNIST, mnist), in raw or in `root`
    itself, packed by gzip or not, named as at their home (train-images-idx3-ubyte) or as by some unpackers
    (train-images.idx3-ubyte, or in a folder of that name). Raises DataError where they are missing or broken.
    """
    name, part = FAMILY[source].folder, "train" if train else "t10k"
    images = _read_idx(Path(root), name, f"{part}-images", (28, 28))
    labels = _read_idx(Path(root), name, f"{part}-labels", ())
    if len(images) != len(labels) or labels.max(initial=0) > 9:
        raise DataError(
            _(
                "{name} in {folder} is broken: {num_images} images with {num_labels} labels up to {greatest}; {what_to_do}."
            ).format(
                name=name,
                folder=one_line(root),
                num_images=len(images),
                num_labels=len(labels),
                greatest=labels.max(initial=0),
                what_to_do=_how_to_get(name),
            )
        )
    return torch.from_numpy(images).unsqueeze(1), torch.from_numpy(labels).long()


def has_train_split(root: str | Path) -> bool:
    """Whether MNIST's 60,000 digits to train on seem to lie under `root`: files of their names do."""
    return all(_files(Path(root), "MNIST", f"train-{kind}") for kind in ("images", "labels"))


def _how_to_get(name: str) -> str:
    if name == "MNIST":
        return _("run `python train.py --download` or point --data to the folder that holds MNIST")
    return _("point --data to the folder that holds {name}, which torchvision.datasets.{name} fetches").format(
        name=name
    )


def _files(root: Path, name: str, file: str = "(train|t10k)-(images|labels)") -> list[Path]:
    """Files that are called so, in the places where the set of this name lies, the likeliest first."""
    pattern = re.compile(rf"{file}[-.]idx[13][-.]ubyte(\.gz)?", re.I)
    found = []
    places = (f"{name}/raw", name, f"{name.lower()}/raw", name.lower(), "raw", "")
    for place in places:
        with contextlib.suppress(OSError):
            entries = sorted(Path(root, place).iterdir())
            found += [path for path in entries if pattern.fullmatch(path.name) and path.is_file()]
            folders = [path for path in entries if pattern.fullmatch(path.name) and path.is_dir()]
            found += [inner for path in folders for inner in sorted(path.iterdir()) if pattern.fullmatch(inner.name)]
    return found


def _read_idx(root: Path, name: str, file: str, shape: tuple[int, ...]) -> np.ndarray:
    """The array uint8 (N, *shape) of the first sound file that is called so."""
    faults = []
    for path in _files(root, name, file):
        try:
            content = path.read_bytes()
            if content.startswith(b"\x1f\x8b"):
                content = gzip.decompress(content)
            num_axes = len(shape) + 1
            header = struct.unpack_from(f">{num_axes + 1}I", content)
            if header[0] != 0x800 + num_axes or header[2:] != shape or not header[1]:
                raise ValueError(_("its header is that of another kind of file"))
            array = np.frombuffer(bytearray(content), np.uint8, offset=4 * (num_axes + 1))
            return array.reshape(header[1:])
        except (OSError, EOFError, ValueError, struct.error, zlib.error) as error:
            faults.append(_("{path} is broken ({reason})").format(path=one_line(path), reason=one_line(str(error))))
    expected = [f"{part}-{kind}-ubyte" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    there = list_of(path.name for path in _files(root, name)) or _("none of them")
    lacking = _("it takes the four files {files}, also as .gz; found {found}").format(
        files=list_of(expected), found=there
    )
    raise DataError(
        _("{name} is missing or broken in {folder}: {fault}; {what_to_do}.").format(
            name=name,
            folder=one_line(root / name / "raw"),
            fault=faults[0] if faults else lacking,
            what_to_do=_how_to_get(name),
        )
    )


def load_mnist_test_digits() -> tuple[Tensor, Tensor]:
    """The 10,000 MNIST test digits that ship with the project, as `load_mnist(root, train=False)` gives them."""
    with np.load(MNIST_TEST_FILE, allow_pickle=False) as digits:
        return torch.from_numpy(digits["images"]).unsqueeze(1), torch.from_numpy(digits["labels"]).long()
