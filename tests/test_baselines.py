"""The linear baselines against closed forms and numpy."""

import numpy as np
import pytest
import torch

from aemodels.quality import baselines


def random_images(n, side, seed=0):
    generator = torch.Generator().manual_seed(seed)
    base = torch.randn(n, 5, generator=generator) @ torch.randn(5, 3 * side * side, generator=generator)
    return (base * 12 + 128).clamp(0, 255).byte().view(n, 3, side, side)


def test_pca_agrees_with_numpy():
    images = random_images(200, 8)
    pca = baselines.fit_pca(images, num_components=4)
    x = images.flatten(1).numpy().astype(np.float64) / 255
    _, s, vt = np.linalg.svd(x - x.mean(0), full_matrices=False)
    assert pca.variances.numpy() == pytest.approx(s[:4] ** 2 / 199, rel=1e-3)
    assert np.abs(pca.components.numpy() @ vt[:4].T) == pytest.approx(np.eye(4), abs=1e-2)


def test_pca_explains_all_it_can_where_variances_fall_slowly():
    """As those of photos do. Two power iterations, with 1/16 more components than asked for, explain 0.6 % less here."""
    generator = torch.Generator().manual_seed(0)
    basis = torch.linalg.qr(torch.randn(768, 768, generator=generator))[0]
    coefficients = torch.randn(1000, 768, generator=generator) * torch.arange(1, 769) ** -0.6
    images = (coefficients @ basis * 300 + 128).clamp(0, 255).byte().view(-1, 3, 16, 16)
    x = images.flatten(1).double() / 255
    exact = torch.linalg.svdvals(x - x.mean(0)).square()[:64] / 999
    found = baselines.fit_pca(images, num_components=64).variances
    assert found.sum().item() == pytest.approx(exact.sum().item(), rel=1e-4)
    assert found.numpy() == pytest.approx(exact.numpy(), rel=2e-3)


def test_pca_is_the_same_each_time_and_leaves_the_global_generator_alone():
    images = random_images(100, 8)
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first, second = (baselines.fit_pca(images, 3) for _ in range(2))
    assert torch.equal(first.components, second.components)
    assert torch.equal(torch.rand(3), expected)


def test_equal_variances_get_equal_power():
    p = baselines.water_fill(torch.full((8,), 2.0), noise_variance=0.1, power=8.0)
    assert p.numpy() == pytest.approx(np.ones(8))


def test_two_elements_by_hand():
    # √λ = 3 and 1, σ² = 0.5, total 2: S = (2 + 2·0.5) / 4 = 0.75, so p = 0.75·(3, 1) − 0.5.
    p = baselines.water_fill(torch.tensor([9.0, 1.0]), noise_variance=0.5, power=2.0)
    assert p.numpy() == pytest.approx([1.75, 0.25])


def test_a_weak_element_stays_dry():
    p = baselines.water_fill(torch.tensor([100.0, 0.01]), noise_variance=1.0, power=1.0)
    assert p.numpy() == pytest.approx([1.0, 0.0])


@pytest.mark.parametrize("variance", [0.05, 0.15, 1.0])
def test_no_other_allocation_does_better(variance):
    variances = torch.logspace(1, -3, 12).double()
    p = baselines.water_fill(variances, variance, power=12.0)

    def error(power):
        return (variances * variance / (power + variance)).sum()

    assert float(p.sum()) == pytest.approx(12.0)
    generator = torch.Generator().manual_seed(0)
    for _ in range(200):
        other = (p + 0.1 * torch.randn(12, generator=generator).double()).clamp(min=0)
        other *= 12 / other.sum()
        assert error(other) >= error(p) - 1e-9


def test_linear_code_loses_what_the_formula_says():
    # Images whose coefficients are Gaussian along four known directions, so that the error is Σ λσ²/(p + σ²) exactly.
    generator = torch.Generator().manual_seed(0)
    components = torch.linalg.qr(torch.randn(192, 4, generator=generator))[0].T.contiguous()
    variances = torch.tensor([0.4, 0.2, 0.05, 0.02])
    x = 0.5 + (torch.randn(8000, 4, generator=generator) * variances.sqrt()) @ components
    images = (x * 255).round().clamp(0, 255).byte().view(-1, 3, 8, 8)
    pca = baselines.Pca(torch.full((192,), 0.5), components, variances)
    noise = 0.1
    p = baselines.water_fill(variances, noise, power=4.0).float()
    expected_mse = float((variances * noise / (p + noise)).sum()) / 192
    result = baselines.linear_code(pca, images, noise)
    mean_of_db = -10 * np.log10(expected_mse)
    # The mean of PSNRs exceeds the PSNR of the mean MSE (Jensen); with some four degrees of freedom by about 1 to 3 dB.
    assert mean_of_db + 0.3 < result["psnr_db"] < mean_of_db + 4
    assert baselines.linear_code(pca, images, 2 * noise)["psnr_db"] < result["psnr_db"] - 1
    assert baselines.linear_code(pca, images, 0.0)["psnr_db"] > 45


def test_linear_code_meets_power_and_noise_of_the_channel():
    """Measured on Gaussian coefficients of the variances it was made for, the power is 1 and the noise what was asked for."""
    generator = torch.Generator().manual_seed(1)
    components = torch.linalg.qr(torch.randn(192, 16, generator=generator))[0].T.contiguous()
    variances = torch.logspace(-1, -3, 16)
    x = 0.5 + (torch.randn(8000, 16, generator=generator) * variances.sqrt()) @ components
    images = (x * 255).round().clamp(0, 255).byte().view(-1, 3, 8, 8)
    for noise in (0.05, 0.3):
        result = baselines.linear_code(baselines.Pca(torch.full((192,), 0.5), components, variances), images, noise)
        assert result["code_power"] == pytest.approx(1, rel=0.02)
        assert result["noise_power"] == pytest.approx(noise, rel=0.01)
        assert result["psnr_of_mean_mse_db"] < result["psnr_db"]
