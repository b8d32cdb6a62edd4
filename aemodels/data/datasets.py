"""What the recipes train and are judged on: both data sets as train split, test split and reference set."""

import functools
import hashlib
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from aemodels.data import sources
from aemodels.data.pictures import printable

NUM_REFERENCE_DOGS = 1024
QUICK_TRAIN, QUICK_TEST = 4000, 256


@dataclass(frozen=True)
class DataSet:
    """Images uint8 (N, C, H, W). The codes of `reference`, a part of `test`, go with each checkpoint.

    reference_labels  as in Checkpoint.labels
    fingerprint       of the whole data set, also where only a part of it is used
    summary           what it is, and where, in a line
    """

    train: Tensor
    test: Tensor
    reference: Tensor
    reference_labels: Tensor
    fingerprint: str
    summary: str


@functools.cache
def load_mnist(root: Path) -> DataSet:
    """MNIST under `root`. Raises DataError where it is missing or broken."""
    train, _ = sources.load_mnist(root, train=True)
    test, labels = sources.load_mnist(root, train=False)
    whole = fingerprint(train, test)
    summary = f"MNIST in {printable(root)}: {len(train):,} digits to train on, {len(test):,} to test on."
    return DataSet(train, test, test, labels, whole, summary)


@functools.cache
def load_dogs(root: Path, quick: bool = False) -> DataSet:
    """The dog photos under `root`, decoded with a progress bar where that is still to be done; some QUICK_TRAIN to train on and
    QUICK_TEST to test on if `quick`. Raises DataError where there are none."""
    with tqdm(desc="decoding photos", unit="photo", leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        dogs = sources.load_dogs(root, progress=show)
    train, test = dogs.train_index, torch.arange(len(dogs.test_index))
    if quick:
        train, test = train[:: max(1, len(train) // QUICK_TRAIN)], test[:: max(1, len(test) // QUICK_TEST)]
    # Evenly spaced, so that every breed folder has its share.
    reference = test[torch.linspace(0, len(test) - 1, min(NUM_REFERENCE_DOGS, len(test))).long()]
    x_test = dogs.test
    summary = dogs.summary() + (f" Of these, {len(train):,} and {len(test):,} for a quick look." if quick else "")
    return DataSet(dogs.images[train], x_test[test], x_test[reference], reference, dogs.fingerprint, summary)


def fingerprint(*images: Tensor) -> str:
    """Hash of images uint8, 32 hexadecimal digits."""
    return hashlib.blake2b(b"".join(x.numpy().tobytes() for x in images), digest_size=16).hexdigest()
