import numpy as np
import pytest
import torch

from aemodels.quality import detail


@pytest.fixture
def x():
    return torch.rand(2, 3, 8, 12, generator=torch.Generator().manual_seed(0)) ** 2


def test_mean_step_against_numpy(x):
    right, down = (np.abs(np.diff(x.numpy(), axis=axis)).mean() for axis in (3, 2))
    assert detail.mean_step(x) == pytest.approx(255 * (right + down) / 2, rel=1e-5)


def test_mean_step_of_stripes_and_of_one_colour():
    stripes = (torch.arange(8) % 2).float().expand(1, 3, 8, 8)  # steps of the whole range to the right, none down
    assert detail.mean_step(stripes) == pytest.approx(255 / 2)
    assert detail.mean_step(torch.full((1, 3, 8, 8), 0.7)) == 0


def test_fine_share_against_numpy(x):
    means = x.numpy().reshape(2, 3, 2, 4, 3, 4).mean((3, 5))
    expected = 1 - np.square(means).mean() / np.square(x.numpy()).mean()
    assert detail.fine_share(x, 4) == pytest.approx(expected, rel=1e-4)


def test_fine_share_of_one_colour_and_of_what_has_no_mean():
    assert detail.fine_share(torch.full((1, 3, 8, 8), 0.7), 4) == pytest.approx(0, abs=1e-6)
    assert detail.fine_share((torch.arange(8) % 2).float().expand(1, 3, 8, 8) - 0.5, 4) == 1
