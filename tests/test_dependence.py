"""What a Gaussian cannot know of codes."""

import pytest
import torch

import aemodels
from aemodels.codes import dependence, latents


@pytest.fixture(scope="module")
def codes():
    return aemodels.load_checkpoint("dog-noise-0.10").codes


def gaussian_like(codes):
    return latents.sample(latents.fit(codes), range(len(codes))).unflatten(1, codes.shape[1:])


def test_a_parabola_is_found_and_measured():
    generator = torch.Generator().manual_seed(0)
    along, noise = 3 * torch.randn(4000, generator=generator), torch.randn(4000, 6, generator=generator)
    codes = torch.cat([along[:, None], 0.1 * (along.square() - 9)[:, None] + 0.1 * noise[:, :1], 0.2 * noise[:, 1:]], 1)
    bend = dependence.strongest_bend(codes)
    assert abs(bend.bend) > 0.95
    coordinates = bend.coordinates(codes)
    assert coordinates.mean(0).tolist() == pytest.approx([0, 0], abs=1e-4)
    assert coordinates.std(0).tolist() == pytest.approx([1, 1], abs=1e-3)
    assert torch.corrcoef(coordinates.T)[0, 1].item() == pytest.approx(0, abs=1e-3)


def test_real_codes_are_bent_and_a_gaussian_is_not(codes):
    real, drawn = (dependence.strongest_bend(z) for z in (codes, gaussian_like(codes)))
    assert abs(real.bend) > 0.2 > 0.13 > abs(drawn.bend)


def test_real_codes_have_more_weak_and_more_strong_cells_than_a_gaussian(codes):
    real, drawn = (dependence.cell_strengths(z, codes) for z in (codes, gaussian_like(codes)))
    assert real.shape == (len(codes), 8, 8)
    assert real.mean().item() == pytest.approx(1, abs=0.01)
    assert (real < 0.3).float().mean() > 5 * (drawn < 0.3).float().mean()
    assert (real > 2).float().mean() > 2 * (drawn > 2).float().mean()


def test_elements_that_do_not_vary_are_left_out():
    z = torch.randn(100, 4, 2, 2, generator=torch.Generator().manual_seed(0))
    z[:, 1] = 7.0
    strengths = dependence.cell_strengths(z, z)
    assert strengths.isfinite().all()
    assert strengths.mean().item() == pytest.approx(0.99, abs=0.01)  # (n − 1) / n


def test_codes_on_a_line_have_no_curve():
    with pytest.raises(ValueError, match="two directions"):
        dependence.strongest_bend(torch.linspace(0, 1, 20)[:, None] * torch.ones(20, 3))
