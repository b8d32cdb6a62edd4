"""MNIST's test digits, which ship with the project, as a data set to train on where MNIST itself is not on the computer."""

import functools

import torch
from torch import Tensor

from aemodels.data.config import SHIPPED_RULE, DataConfig, DataRecord
from aemodels.data.mnist import FAMILY, load_mnist_test_digits
from aemodels.data.sources import DataSet, content_hash

EVERY = 5
CONFIG = DataConfig("MNIST-8000", "mnist", (1, 28, 28))


def is_shipped(record: DataRecord) -> bool:
    """Whether a model was trained on `load()`, and so on four fifths of MNIST's own test digits."""
    return record.split == SHIPPED_RULE


@functools.lru_cache(maxsize=1)
def held_out() -> tuple[Tensor, Tensor]:
    """The 2,000 digits that are not trained on, uint8 (N, 1, 28, 28), and their labels int64 (N,). MNIST's train split has none of
    them either. Kept, for a page asks many times while a network learns: nobody may change them."""
    images, labels = load_mnist_test_digits()
    return images[::EVERY].clone(), labels[::EVERY].clone()  # nothing is kept of the others


@functools.lru_cache(maxsize=1)
def load() -> DataSet:
    """The 10,000 digits: 8,000 to train on, the others to test on."""
    images, all_labels = load_mnist_test_digits()
    is_test = torch.zeros(len(images), dtype=torch.bool)
    is_test[::EVERY] = True
    train, (test, labels) = images[~is_test], held_out()
    num_images = {"train": len(train), "validation": 0, "test": len(test)}
    record = DataRecord(CONFIG, FAMILY["mnist"].label_names, SHIPPED_RULE, num_images, content_hash(train, test))
    summary = f"The test digits that ship with Latent Lab: {len(train):,} to train on, {len(test):,} to test on."
    of_train = all_labels[~is_test]
    return DataSet(
        train, train[:0], test, test, of_train, of_train[:0], labels, torch.arange(len(test)), record, summary
    )
