import pytest
import torch

from aemodels.noise import (
    add_noise,
    perturb,
    power_normalise,
    seeded_noise,
    seeded_normal,
    seeded_signs,
    snr_db,
    variance_of,
)

VARIANCES = [0.05, 0.10, 0.15]


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def mean_square(x):
    return x.double().square().flatten(1).mean(1)


@pytest.mark.parametrize("shape", [(6, 16, 8, 8), (6, 2)])
def test_power_normalise_gives_each_image_unit_mean_square(shape):
    scales = torch.tensor([1e-2, 0.3, 1, 2, 50, 1e4]).view(-1, *[1] * (len(shape) - 1))
    z = power_normalise(torch.randn(shape, generator=generator()) * scales + scales)
    assert z.shape == shape
    assert (mean_square(z) - 1).abs().max() < 1e-5


def test_power_normalise_keeps_the_direction():
    z = torch.randn(5, 4, 2, 2, generator=generator())
    ratio = power_normalise(z) / z
    assert (ratio > 0).all()
    torch.testing.assert_close(ratio, ratio[:, :1, :1, :1].expand_as(ratio))


def test_power_normalise_leaves_a_zero_code_zero():
    z = torch.stack([torch.zeros(16, 8, 8), torch.ones(16, 8, 8) * 3])
    z = power_normalise(z)
    assert (z[0] == 0).all()
    torch.testing.assert_close(z[1], torch.ones(16, 8, 8))


def test_power_normalise_measures_low_precision_codes_in_float32():
    z = torch.randn(2, 65536, generator=generator()).bfloat16()
    assert (mean_square(power_normalise(z)) - 1).abs().max() < 1e-5


@pytest.mark.parametrize("variance", VARIANCES)
def test_add_noise_has_the_variance_asked_for(variance):
    x = torch.rand(2, 3, 600, 600, generator=generator(1))
    noise = (add_noise(x, variance, generator()) - x).double()
    assert noise.numel() >= 1e6
    assert noise.var().item() == pytest.approx(variance, rel=0.01)
    assert noise.mean().item() == pytest.approx(0, abs=0.001)
    inside = (noise.abs() < variance**0.5).double().mean().item()
    assert inside == pytest.approx(0.6827, abs=0.003)  # a Gaussian's share within one standard deviation


def test_add_noise_draws_from_its_generator_alone():
    x = torch.zeros(4, 4)
    torch.manual_seed(0)
    first = add_noise(x, 1, generator(5))
    torch.manual_seed(1)
    assert torch.equal(add_noise(x, 1, generator(5)), first)
    assert not torch.equal(add_noise(x, 1, generator(6)), first)


@pytest.mark.parametrize("variance", VARIANCES)
def test_perturb_adds_noise_in_proportion_to_each_codes_power(variance):
    scales = torch.tensor([0.01, 1.0, 30.0]).view(3, 1, 1, 1)
    z = (torch.randn(3, 16, 256, 256, generator=generator(1)) + 0.5) * scales
    added = perturb(z, variance, torch.randn(z.shape, generator=generator(2))).double() - z.double()
    share = mean_square(added) / mean_square(z)
    assert share.tolist() == pytest.approx([variance] * 3, rel=0.01)


def test_perturb_of_a_normalised_code_is_noise_of_that_variance():
    z = power_normalise(torch.randn(2, 16, 8, 8, generator=generator()))
    noise = torch.randn(z.shape, generator=generator(1))
    torch.testing.assert_close(perturb(z, 0.15, noise), z + 0.15**0.5 * noise)


def test_perturb_without_variance_changes_nothing():
    z = torch.randn(2, 2, generator=generator())
    assert torch.equal(perturb(z, 0.0, torch.ones(2, 2)), z)


def test_an_images_noise_does_not_depend_on_its_batch():
    batch = seeded_normal([7, 8, 9], (16, 8, 8))
    assert batch.shape == (3, 16, 8, 8)
    assert batch.dtype == torch.float32
    for seed, noise in zip([7, 8, 9], batch, strict=True):
        assert torch.equal(seeded_normal([seed], (16, 8, 8))[0], noise)
    assert torch.equal(seeded_normal([9, 7], (16, 8, 8)), batch[[2, 0]])


def test_seeded_normal_ignores_the_global_generator():
    torch.manual_seed(0)
    first = seeded_normal([3], (8,))
    torch.manual_seed(1)
    assert torch.equal(seeded_normal([3], (8,)), first)


def test_seeded_normal_is_standard_normal_and_seeds_are_uncorrelated():
    noise = seeded_normal([0, 1, 2, 3, 1000], (65536,))
    assert noise.mean(1).abs().max() < 0.02
    assert (noise.var(1) - 1).abs().max() < 0.02
    correlation = torch.corrcoef(noise) - torch.eye(5)
    assert correlation.abs().max() < 0.02


@pytest.mark.parametrize(
    ("variance", "expected_db"), [(0.05, 13.0103), (0.10, 10.0), (0.15, 8.2391), (1, 0), (10, -10)]
)
def test_snr_of_a_noise_variance(variance, expected_db):
    assert snr_db(variance) == pytest.approx(expected_db, abs=1e-4)
    assert variance_of(expected_db) == pytest.approx(variance, rel=1e-4)


@pytest.mark.parametrize("decibels", [-5, 0, 3, 8.24, 13.01, 40])
def test_variance_of_is_the_inverse_of_snr_db(decibels):
    assert snr_db(variance_of(decibels)) == pytest.approx(decibels, abs=1e-9)


@pytest.mark.parametrize("seeds", [(), (1,), (1, 2, 3)])
def test_noise_needs_a_seed_for_each_image(seeds):
    """One seed for two images would give both the same noise, by broadcasting."""
    x = torch.zeros(2, 4)
    with pytest.raises(ValueError, match="2 images need as many seeds"):
        seeded_noise(x, seeds)
    assert torch.equal(seeded_noise(x, (5, 6)), seeded_normal((5, 6), (4,)))


def test_seeded_signs_have_unit_power_and_belong_to_their_seed():
    like = torch.zeros(64, 32, 32, dtype=torch.float64)
    first, second = seeded_signs(1, like), seeded_signs(2, like)
    assert first.dtype == like.dtype
    assert torch.equal(first.abs(), torch.ones_like(like))
    assert torch.equal(first, seeded_signs(1, like))
    assert first.mean().abs() < 0.02
    assert (first * second).mean().abs() < 0.02
