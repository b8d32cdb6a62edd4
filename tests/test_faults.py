"""What is said of codes that went wrong, on codes made for it and on those of the trained models."""

import pytest
import torch

import aemodels
from aemodels.codes import faults
from aemodels.data import words
from aemodels.training import recipes


def described(codes):
    return faults.describe(codes, words.of(recipes.of_the_lab()["mnist-ae" if codes.ndim == 2 else "dog-ae"].data))


def plane(n=200):
    return torch.randn(n, 2, generator=torch.Generator().manual_seed(0))


def maps(n=100):
    return torch.randn(n, 16, 8, 8, generator=torch.Generator().manual_seed(0))


def with_channels(channels, factor, offset=0.0):
    codes = maps()
    codes[:, channels] = codes[:, channels] * factor + offset
    return codes


def test_nothing_is_said_of_the_trained_models():
    for name in aemodels.list_checkpoints():
        codes = aemodels.load_checkpoint(name).codes
        assert not len(codes) or described(codes) == []  # a prior has none


@pytest.mark.parametrize(
    ("codes", "sentence"),
    [
        (plane() * torch.tensor([1.0, 0.0]), "z₂ is the same for every digit: this number carries nothing."),
        (plane() * torch.tensor([0.0, 1.0]) + 0.7, "z₁ is the same for every digit: this number carries nothing."),
        (plane() * torch.tensor([1.0, 0.0]) + 1e5, "z₂ is the same for every digit: this number carries nothing."),
        (
            plane() * torch.tensor([1.0, 1e-4]),
            "z₂ is nearly the same for every digit: this number carries next to nothing.",
        ),
        (with_channels([4], 0), "Channel 5 is the same for every photo: this channel carries nothing."),
        (with_channels([4], 0, 3.0), "Channel 5 is the same for every photo: this channel carries nothing."),
        (
            with_channels([0, 2, 15], 0),
            "Channels 1, 3, and 16 are the same for every photo: these channels carry nothing.",
        ),
        (
            with_channels(list(range(1, 16)), 1e-5),
            "Channels 2, 3, 4, 5, 6, 7, and 9 more are nearly the same for every photo: these channels carry next to nothing.",
        ),
        (
            plane()[:1].expand(200, 2),
            "All 200 codes are the same: they do not tell one digit from another. The training went wrong; train this model again.",
        ),
        (plane(3), "Only 3 codes come with this model, so what is measured on them is uncertain. Train it with more digits."),
        (maps(1), "Only 1 code comes with this model, so what is measured on it is uncertain. Train it with more photos."),
    ],
)  # fmt: skip
def test_each_fault_in_one_sentence(codes, sentence):
    assert sentence in described(codes)
    assert len(described(codes)) == (2 if codes.abs().max() > 1e4 else 1)


@pytest.mark.parametrize("factor", [1e4, 1e8, 1e30, 1e-4, 1e-9, 1e-30, 0.0])
def test_sizes_out_of_hand(factor):
    said = " ".join(described(plane() * factor))
    assert ("huge" if factor > 1 else "tiny" if factor else "all zero") in said
    assert "inf" not in said


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (plane(1), False),
        (plane(2), True),
        (torch.zeros(9, 2), False),
        (torch.full((9, 2), 0.1), False),
        (plane(9) * 1e-20, True),
        (plane(9) * 1e20, True),
    ],
)
def test_whether_codes_vary(codes, expected):
    assert faults.vary(codes) is expected
