"""Which images train, which choose settings, and which test: by their content, so that copies fall on one side."""

from collections.abc import Sequence

import torch
from torch import Tensor

from aemodels.language import N_, ngettext

MIN_TEST, MIN_IMAGES = 2, 3  # the spread of test codes takes two
RULE = N_("by a hash of each image's content: a tenth to test, a twentieth of the rest to validate")


def in_test_split(content_hash: str) -> bool:
    """Whether the photo with this content hash (hexadecimal) is a test photo: about one in ten is."""
    return int(content_hash[:8], 16) % 10 == 0


def in_validation_split(content_hash: str) -> bool:
    """Whether an image with this content hash (hexadecimal) that is not to test is to validate: about one in twenty is."""
    return int(content_hash[8:16], 16) % 20 == 0


def test_split(hashes: Sequence[str]) -> Tensor:
    """Which photos are test photos, bool (N,), by their content hashes: those of `in_test_split`, so that copies fall on one side.

    Where these are fewer than two, or leave none to train on, the different photos with the smallest hashes make up two test
    photos, and the one with the greatest hash is to train on. Raises ValueError where fewer than three photos are different.
    """
    different = sorted(set(hashes))
    if len(different) < MIN_IMAGES:
        raise ValueError(
            ngettext(
                "{number} different photo cannot be split; at least {least} can",
                "{number} different photos cannot be split; at least {least} can",
                len(different),
            ).format(number=len(different), least=MIN_IMAGES)
        )
    test = {content_hash for content_hash in different if in_test_split(content_hash)}
    for content_hash in different:
        if len(test) < MIN_TEST:
            test.add(content_hash)
    if len(test) == len(different):
        test.remove(different[-1])
    return torch.tensor([content_hash in test for content_hash in hashes])


def validation_split(hashes: Sequence[str]) -> Tensor:
    """Which of the images that are not to test, given by their content hashes, are to validate, bool (N,).

    Those of `in_validation_split`; where there is none, the image with the smallest hash, if another is left to train on.
    """
    different = sorted(set(hashes))
    validation = {content_hash for content_hash in different if in_validation_split(content_hash)}
    if not validation and len(different) > 1:
        validation.add(different[0])
    if len(validation) == len(different) and validation:
        validation.remove(different[-1])
    return torch.tensor([content_hash in validation for content_hash in hashes], dtype=torch.bool)
