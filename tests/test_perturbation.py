import numpy as np
import pytest
import torch

import aemodels
from aemodels.codes.perturbation import effective_dimensions, shaped_normal
from aemodels.noise import seeded_normal


def correlated_codes(n, seed=0):
    rng = np.random.default_rng(seed)
    scale = np.array([3.0, 1.0, 0.5, 0.1])
    turn = np.linalg.qr(rng.normal(size=(4, 4)))[0]
    return torch.from_numpy(5 + rng.normal(size=(n, 4)) * scale @ turn).float().view(n, 1, 2, 2)


def test_shaped_noise_has_the_codes_covariance_up_to_its_scale():
    """The scale is set code by code, so the directions are compared: each code on the sphere, as Gaussian noise would be."""
    codes, seeds = correlated_codes(200), range(20_000)
    shaped = shaped_normal(codes, torch.ones(len(seeds), 1, 2, 2), seeds).flatten(1).numpy()
    covariance = np.cov(codes.flatten(1).numpy().T)
    gaussian = np.random.default_rng(1).multivariate_normal(np.zeros(4), covariance, 20_000)
    gaussian *= 2 / np.linalg.norm(gaussian, axis=1, keepdims=True)
    np.testing.assert_allclose(np.cov(shaped.T), np.cov(gaussian.T), atol=0.05)
    np.testing.assert_allclose(shaped.mean(0), 0, atol=0.05)
    off_diagonal = np.cov(shaped.T)[~np.eye(4, dtype=bool)]
    assert np.abs(off_diagonal).max() > 0.2  # white noise has none


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.10"])
def test_shaped_noise_has_the_power_of_the_white_noise_in_every_code(name):
    codes, seeds = aemodels.load_checkpoint(name).codes, [4, 5, 6]
    white = seeded_normal(seeds, codes.shape[1:])
    shaped = shaped_normal(codes, white, seeds)
    assert shaped.shape == white.shape
    for one, other in zip(shaped, white, strict=True):
        assert one.square().sum().item() == pytest.approx(other.square().sum().item(), rel=1e-5)
    assert not torch.allclose(shaped, white, atol=0.1)


def test_shaped_noise_stays_in_the_span_of_the_codes():
    codes = torch.zeros(10, 6)
    codes[:, :2] = torch.randn(10, 2, generator=torch.Generator().manual_seed(0))
    shaped = shaped_normal(codes, torch.ones(5, 6), range(5))
    assert shaped[:, 2:].abs().max() < 1e-6
    torch.testing.assert_close(shaped.square().sum(1), torch.full((5,), 6.0))


def test_a_seeds_direction_does_not_depend_on_its_batch():
    codes, white = correlated_codes(50), torch.ones(3, 1, 2, 2)
    batch = shaped_normal(codes, white, [7, 8, 9])
    torch.testing.assert_close(shaped_normal(codes, white[:1], [8])[0], batch[1])


def test_effective_dimensions_of_known_codes():
    generator = torch.Generator().manual_seed(0)
    equal = torch.randn(20_000, 8, generator=generator)
    assert effective_dimensions(equal) == pytest.approx(8, rel=0.01)
    assert effective_dimensions(equal[:, :1] * torch.arange(1.0, 9.0)) == pytest.approx(1, rel=1e-5)
    uneven = equal * torch.tensor([4, 4, 1, 1, 1, 1, 1, 1]).sqrt()
    assert effective_dimensions(uneven + 100) == pytest.approx(14**2 / 38, rel=0.02)


def test_effective_dimensions_are_the_participation_ratio_of_the_spectrum():
    codes = aemodels.load_checkpoint("dog-noise-0.10").codes
    x = codes.flatten(1).double().numpy()
    spectrum = np.linalg.svd(x - x.mean(0), compute_uv=False) ** 2
    assert effective_dimensions(codes) == pytest.approx(spectrum.sum() ** 2 / (spectrum**2).sum(), rel=1e-6)
