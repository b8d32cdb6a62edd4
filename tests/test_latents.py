import numpy as np
import pytest
import scipy.spatial
import scipy.stats
import torch
from sklearn.covariance import LedoitWolf, ledoit_wolf_shrinkage

from aemodels.codes.latents import (
    SAMPLERS,
    LatentStats,
    angle,
    excess_kurtosis,
    fit,
    lerp,
    mean_spacing,
    mixture_size,
    nearest,
    rank,
    sample,
    slerp,
    spectrum,
)
from aemodels.noise import power, seeded_normal

COVARIANCE = np.array([[4.0, 1.2, -0.5], [1.2, 1.0, 0.3], [-0.5, 0.3, 0.5]])
MEAN = np.array([3.0, -1.0, 0.5])


def normal_codes(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).normal(size=shape).astype(np.float32))


def correlated_codes(n, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).multivariate_normal(MEAN, COVARIANCE, n).astype(np.float32))


def test_fit_against_numpy():
    codes = correlated_codes(50)
    stats = fit(codes)
    np.testing.assert_allclose(stats.mean, codes.numpy().mean(0), rtol=1e-5)
    np.testing.assert_allclose(stats.covariance, np.cov(codes.double().numpy().T), rtol=1e-4, atol=1e-5)
    assert stats.n == 50


def test_fit_flattens_image_codes():
    codes = normal_codes(9, 4, 2, 2)
    stats = fit(codes)
    assert stats.mean.shape == (16,)
    assert stats.covariance.shape == (16, 16)
    np.testing.assert_allclose(stats.covariance, np.cov(codes.numpy().reshape(9, 16).T), rtol=1e-4, atol=1e-5)


def test_diagonal_keeps_the_variances_alone():
    codes = correlated_codes(50)
    expected = np.diag(codes.double().numpy().var(0, ddof=1))
    np.testing.assert_allclose(fit(codes, "diagonal").covariance, expected, rtol=1e-4)


@pytest.mark.parametrize("codes", [correlated_codes(50), normal_codes(20, 4, 4, 2)])
def test_shrinkage_against_scikit_learn(codes):
    stats = fit(codes, "shrinkage")
    expected = LedoitWolf().fit(codes.flatten(1).double().numpy())
    np.testing.assert_allclose(stats.covariance, expected.covariance_, rtol=1e-3, atol=1e-4)
    np.testing.assert_allclose(stats.mean, expected.location_, atol=1e-5)


@pytest.mark.parametrize("n", [2, 3, 16, 31, 32, 33, 500])
@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_share_of_the_identity_against_scikit_learn(n, scale):
    codes = scale * torch.randn(n, 32, generator=torch.Generator().manual_seed(n))
    codes[:, 5] = 7.0  # a number that says nothing
    expected = ledoit_wolf_shrinkage(codes.double().numpy())
    assert fit(codes, "shrinkage").shrinkage == pytest.approx(float(expected), abs=1e-9)


@pytest.mark.parametrize("codes", [torch.ones(5, 3), torch.arange(4.0).view(4, 1), torch.zeros(2, 2)])
def test_nothing_is_shrunk_where_the_covariance_is_a_multiple_of_the_identity(codes):
    assert fit(codes, "shrinkage").shrinkage == ledoit_wolf_shrinkage(codes.double().numpy()) == 0


def test_shrinkage_is_a_mixture_with_a_multiple_of_the_identity():
    codes = normal_codes(12, 30)
    sample_covariance = np.cov(codes.double().numpy().T, bias=True)
    difference = fit(codes, "shrinkage").covariance.double().numpy()
    off_diagonal = ~np.eye(30, dtype=bool)
    share = difference[off_diagonal] / sample_covariance[off_diagonal]
    assert share.std() < 1e-3
    assert 0 < share.mean() < 1
    assert np.trace(difference) == pytest.approx(np.trace(sample_covariance), rel=1e-4)


@pytest.mark.parametrize("kind", SAMPLERS)
def test_one_code_is_too_few(kind):
    with pytest.raises(ValueError, match="at least two codes"):
        fit(torch.zeros(1, 3), kind)


def test_another_sampler_is_refused():
    with pytest.raises(ValueError, match="full, diagonal, shrinkage, mixture, standard"):
        fit(torch.zeros(5, 3), "spherical")


@pytest.mark.parametrize("codes", [correlated_codes(50), normal_codes(5, 12)])
@pytest.mark.parametrize("kind", SAMPLERS)
def test_the_axes_are_orthonormal(codes, kind):
    basis = fit(codes, kind).basis
    torch.testing.assert_close(basis.T @ basis, torch.eye(basis.shape[1]), atol=1e-5, rtol=0)


@pytest.mark.parametrize("codes", [correlated_codes(50), normal_codes(5, 12)])
@pytest.mark.parametrize("kind", SAMPLERS)
def test_spectrum_against_numpy(codes, kind):
    stats = fit(codes, kind)
    expected = np.linalg.eigvalsh(stats.covariance.double().numpy())[::-1]
    variances = spectrum(stats).numpy()
    np.testing.assert_allclose(variances, expected[: len(variances)], rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(expected[len(variances) :], 0, atol=1e-5)


def test_standard_is_a_unit_gaussian_whatever_the_codes():
    stats = fit(correlated_codes(50), "standard")
    assert torch.equal(stats.mean, torch.zeros(3))
    assert torch.equal(stats.covariance, torch.eye(3))


def two_clusters(n, num_elements=20):
    codes = 0.3 * normal_codes(n, num_elements)
    codes[:, 0] += torch.where(torch.arange(n) % 3 == 0, 4.0, -2.0)
    return codes


def test_a_mixture_finds_clusters_that_a_gaussian_smears():
    codes = two_clusters(300)
    between = {}
    for kind in ("shrinkage", "mixture"):
        z = sample(fit(codes, kind), range(2000))[:, 0]
        between[kind] = ((z > 0) & (z < 2)).float().mean().item()
        assert (z > 2).float().mean().item() == pytest.approx(1 / 3, abs=0.15)
    real = ((codes[:, 0] > 0) & (codes[:, 0] < 2)).float().mean().item()
    assert real == 0
    assert between["mixture"] < 0.02
    assert between["shrinkage"] > 0.15


def test_a_mixture_keeps_mean_and_covariance():
    codes = two_clusters(600)
    stats = fit(codes, "mixture")
    assert len(stats.weights) == 8
    assert stats.weights.sum().item() == pytest.approx(1)
    torch.testing.assert_close(stats.mean, codes.mean(0), atol=1e-3, rtol=0)
    shrunk = fit(codes, "shrinkage").covariance
    torch.testing.assert_close(stats.covariance, shrunk, atol=0.02 * shrunk.diag().max().item(), rtol=0)


def test_a_mixture_of_one_is_the_shrunk_gaussian():
    codes = normal_codes(60, 30)
    assert mixture_size(60, 30)[0] == 1
    a, b = sample(fit(codes, "mixture"), range(5)), sample(fit(codes, "shrinkage"), range(5))
    torch.testing.assert_close(a, b, rtol=0.01, atol=0.02)


@pytest.mark.parametrize("n", [2, 16, 64, 256, 1024, 20_000])
@pytest.mark.parametrize("num_elements", [2, 1024])
def test_a_mixture_has_codes_enough_for_its_parameters(n, num_elements):
    num_components, num_axes = mixture_size(n, num_elements)
    assert 1 <= num_components <= 8
    assert 1 <= num_axes <= min(32, num_elements)
    if n >= 16:
        assert n >= 2 * num_components * 2 * num_axes  # a mean and a variance along each axis


@pytest.mark.parametrize("kind", ["full", "diagonal", "shrinkage"])
def test_samples_have_the_mean_and_covariance_of_the_fit(kind):
    stats = fit(correlated_codes(500), kind)
    n = 20_000
    z = sample(stats, range(n)).double().numpy()
    covariance = stats.covariance.double().numpy()
    variances = np.diag(covariance)
    assert z.shape == (n, 3)
    assert (np.abs(z.mean(0) - stats.mean.numpy()) < 4 * np.sqrt(variances / n)).all()
    standard_error = np.sqrt((np.outer(variances, variances) + covariance**2) / n)
    assert (np.abs(np.cov(z.T) - covariance) < 4 * standard_error).all()


def test_a_sample_depends_on_its_seed_alone():
    stats = fit(correlated_codes(50))
    batch = sample(stats, [5, 6, 7])
    torch.testing.assert_close(sample(stats, [6]), batch[1:2])
    torch.testing.assert_close(sample(stats, [7, 5]), batch[[2, 0]])
    assert (batch[0] - batch[1]).abs().max() > 0.1


def test_standard_samples_are_the_noise_that_a_seed_stands_for():
    seeds = [3, 1, 4]
    codes = normal_codes(20, 16, 8, 8)
    assert torch.equal(sample(fit(codes, "standard"), seeds), seeded_normal(seeds, (1024,)))


def test_a_seed_is_the_same_noise_in_every_sampler():
    """With uncorrelated codes all samplers are nearly one Gaussian, and so one seed's codes nearly one code."""
    codes = 2 * normal_codes(4000, 6) + 1
    seeds = range(50)
    expected = 1 + 2 * seeded_normal(seeds, (6,))
    for kind in ("full", "diagonal", "shrinkage"):
        torch.testing.assert_close(sample(fit(codes, kind), seeds), expected, atol=0.5, rtol=0)


def test_the_noise_is_mapped_by_the_symmetric_root():
    stats = fit(correlated_codes(200))
    root = stats.basis @ stats.scales[0].diag() @ stats.basis.T
    np.testing.assert_allclose(root @ root, stats.covariance, atol=1e-4)
    seeds = [8, 9]
    torch.testing.assert_close(
        sample(stats, seeds), stats.mean + seeded_normal(seeds, (3,)) @ root, atol=1e-5, rtol=1e-5
    )


def test_lerp_by_hand():
    walk = lerp(torch.tensor([0.0, 2.0]), torch.tensor([4.0, 0.0]), 5)
    assert walk.tolist() == [[0, 2], [1, 1.5], [2, 1], [3, 0.5], [4, 0]]


def test_slerp_by_hand():
    walk = slerp(torch.tensor([2.0, 0.0]), torch.tensor([0.0, 4.0]), 4)
    angles = np.deg2rad([0, 30, 60, 90])
    lengths = np.array([2, 8 / 3, 10 / 3, 4])
    np.testing.assert_allclose(walk, lengths[:, None] * np.stack([np.cos(angles), np.sin(angles)], 1), atol=1e-6)


def test_slerp_keeps_the_power_that_lerp_loses():
    a, b = (z / z.square().mean().sqrt() for z in normal_codes(2, 16, 8, 8))
    on_circle, on_line = slerp(a, b, 9), lerp(a, b, 9)
    assert on_circle.shape == on_line.shape == (9, 16, 8, 8)
    np.testing.assert_allclose(on_circle.square().flatten(1).mean(1), 1, rtol=1e-5)
    assert on_line[4].square().mean().item() == pytest.approx(0.5, abs=0.05)
    steps = on_circle.diff(dim=0).flatten(1).norm(dim=1)
    np.testing.assert_allclose(steps, steps[0], rtol=1e-4)  # equal angles
    for walk in (on_circle, on_line):
        torch.testing.assert_close(walk[[0, -1]], torch.stack([a, b]), atol=1e-5, rtol=1e-5)


def test_slerp_between_codes_of_one_direction_is_a_line():
    a = normal_codes(5)
    torch.testing.assert_close(slerp(a, 3 * a, 7), lerp(a, 3 * a, 7), atol=1e-5, rtol=1e-5)


def test_slerp_refuses_what_has_no_shortest_way():
    a = normal_codes(50)
    with pytest.raises(ValueError, match="Opposite"):
        slerp(a, -2 * a, 5)
    with pytest.raises(ValueError, match="length 0"):
        slerp(a, torch.zeros(50), 5)


@pytest.mark.parametrize("degrees", [0, 0.01, 30, 90, 135, 179.99, 180])
def test_angle_by_hand(degrees):
    a = torch.tensor([[3.0, 0], [0, 0]])
    b = 0.2 * torch.tensor([[np.cos(np.deg2rad(degrees)), 0], [0, np.sin(np.deg2rad(degrees))]]).float()
    assert float(angle(a, b).rad2deg()) == pytest.approx(degrees, abs=1e-3)


def test_power_against_numpy():
    codes = normal_codes(5, 4, 2, 2) * 3
    np.testing.assert_allclose(power(codes), (codes.numpy() ** 2).reshape(5, -1).mean(1), rtol=1e-5)


def test_excess_kurtosis_against_scipy():
    codes = torch.from_numpy(np.random.default_rng(0).laplace(2, 3, size=(400, 3, 2, 2))).float()
    expected = scipy.stats.kurtosis(codes.double().numpy().reshape(400, 12), axis=0).mean()
    assert excess_kurtosis(codes) == pytest.approx(expected, rel=1e-3)
    assert expected > 1
    assert excess_kurtosis(normal_codes(20_000, 10)) == pytest.approx(0, abs=0.05)


def test_mean_spacing_against_scipy():
    codes = normal_codes(60, 4, 2, 2) + 5
    apart = scipy.spatial.distance.squareform(scipy.spatial.distance.pdist(codes.double().numpy().reshape(60, 16)))
    np.fill_diagonal(apart, np.inf)
    assert mean_spacing(codes) == pytest.approx(apart.min(1).mean(), rel=1e-3)


def test_samples_from_few_codes_stay_in_the_space_those_span():
    codes = normal_codes(4, 10)
    z = sample(fit(codes), range(20))
    basis = (codes - codes.mean(0)).T.double().numpy()
    offsets = (z - codes.mean(0)).double().numpy().T
    outside = offsets - basis @ np.linalg.lstsq(basis, offsets, rcond=None)[0]
    assert np.abs(outside).max() < 1e-3
    assert np.abs(offsets).max() > 0.5


@pytest.mark.parametrize(("n", "num_dimensions"), [(20, 50), (256, 1024)])
@pytest.mark.parametrize("exponent", [0, 1])
def test_rank_of_fewer_codes_than_dimensions(n, num_dimensions, exponent):
    scales = torch.arange(1, num_dimensions + 1) ** -float(exponent)  # a falling spectrum, as codes of photos have
    codes = normal_codes(n, num_dimensions) * scales + 3
    assert rank(fit(codes)) == n - 1
    if num_dimensions < 100:
        assert rank(fit(codes, "shrinkage")) == num_dimensions
        assert rank(fit(codes, "diagonal")) == num_dimensions


@pytest.mark.parametrize("kind", ["full", "mixture"])
def test_rank_and_spectrum_where_variances_differ_by_nine_orders(kind):
    """As those of 1,024 codes of photos do; rounding to float32 must not hide the weakest."""
    codes = normal_codes(200, 100) * torch.logspace(0, -4.5, 100)
    stats = fit(codes, kind)
    assert rank(stats) == 100
    if kind == "full":
        x = codes.double() - codes.double().mean(0)
        expected = torch.linalg.svdvals(x).square() / 199
        torch.testing.assert_close(spectrum(stats).double(), expected, rtol=1e-4, atol=0)


def test_rank_of_many_codes_is_the_number_of_directions_they_use():
    codes = correlated_codes(100)
    assert rank(fit(codes)) == 3
    flat = torch.cat([codes, codes[:, :1] - codes[:, 1:2], torch.ones(100, 1)], dim=1)
    assert rank(fit(flat)) == 3


@pytest.mark.parametrize(
    ("codes", "z"),
    [
        (normal_codes(1000, 2), normal_codes(60, 2, seed=1)),
        (normal_codes(1000, 2) * 0.5 + 30, normal_codes(60, 2, seed=1) * 0.5 + 30),  # far from the origin
        (normal_codes(100, 16, 8, 8), normal_codes(40, 16, 8, 8, seed=1)),
        (normal_codes(7, 3), normal_codes(2, 3, seed=1)),
    ],
)
def test_nearest_against_brute_force(codes, z):
    index, distance = nearest(codes, z)
    a, b = codes.flatten(1).double().numpy(), z.flatten(1).double().numpy()
    expected = np.array([np.sqrt(((a - place) ** 2).sum(1)) for place in b])
    np.testing.assert_array_equal(index, expected.argmin(1))
    np.testing.assert_allclose(distance, expected.min(1), rtol=1e-3)


def test_a_code_is_its_own_nearest_at_no_distance():
    codes = normal_codes(200, 64) + 5
    index, distance = nearest(codes, codes[30:60])
    assert index.tolist() == list(range(30, 60))
    assert distance.max() < 1e-4


def test_stats_are_plain_values():
    stats = fit(correlated_codes(5))
    assert isinstance(stats, LatentStats)
    tensors = (stats.weights, stats.means, stats.basis, stats.scales, stats.mean, stats.covariance)
    assert all(tensor.dtype == torch.float32 for tensor in tensors)
