import runpy
import shutil
import subprocess
import sys

import numpy as np
import pytest
import torch
from browser import REPO
from skimage.metrics import structural_similarity

import aemodels
from aemodels.data import mnist
from aemodels.quality import denoising
from aemodels.quality.metrics import bce, mse, psnr_db, with_noise


@pytest.fixture(scope="module")
def shipped():
    return denoising.load_linear()


@pytest.fixture(scope="module")
def digits():
    """Test digits, float (500, 1, 28, 28)."""
    return mnist.load_mnist_test_digits()[0][::20].float() / 255


@pytest.fixture(scope="module")
def training_digits(data_folder):
    """uint8 (60000, 1, 28, 28)."""
    return mnist.load_mnist(data_folder, train=True)[0]


def noisy(x, factor):
    return with_noise(x, factor, range(len(x)))


@pytest.mark.release
def test_shipped_statistics_are_those_of_the_training_digits(shipped, training_digits):
    x = training_digits.flatten(1).numpy().astype(np.float64) / 255
    np.testing.assert_allclose(shipped.mean.numpy(), x.mean(0), rtol=2**-11, atol=2**-25)
    np.testing.assert_allclose(shipped.covariance.numpy(), np.cov(x.T), rtol=2**-11, atol=2**-25)


@pytest.mark.release
def test_the_command_makes_the_shipped_file_again(data_folder, tmp_path, shipped):
    shutil.copytree(REPO / "aemodels", tmp_path / "aemodels")
    file = tmp_path / "aemodels" / "assets" / denoising.MNIST_STATISTICS_FILE.name
    file.unlink()
    command = [sys.executable, "-m", "aemodels.quality.denoising", str(data_folder.resolve())]
    subprocess.run(command, cwd=tmp_path, check=True, timeout=300)
    again = denoising.load_linear(file)
    torch.testing.assert_close(again.mean, shipped.mean, rtol=2**-10, atol=2**-24)
    torch.testing.assert_close(again.covariance, shipped.covariance, rtol=2**-10, atol=2**-24)


def test_the_command_says_in_one_sentence_that_mnist_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["denoising", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"^MNIST is missing") as stopped:
        runpy.run_path(denoising.__file__, run_name="__main__")
    assert len(stopped.value.code.splitlines()) == 1


@pytest.mark.release
def test_half_precision_changes_nothing_that_is_shown(shipped, training_digits, digits):
    exact = denoising.fit_linear(training_digits)
    for factor in (0.05, 0.4, 1.0):
        y = noisy(digits, factor)
        difference = psnr_db(digits, shipped(y, factor)) - psnr_db(digits, exact(y, factor))
        assert abs(difference.mean()) < 1e-4


def test_linear_denoiser_is_the_least_squares_fit_on_samples():
    """On many noisy samples of 4 × 4 px, ordinary least squares finds the same affine map."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(0, 0.06, (16, 16))
    x = np.clip(0.5 + rng.normal(size=(200_000, 16)) @ mixing, 0, 1)
    images = torch.from_numpy((255 * x).round().astype(np.uint8)).view(-1, 1, 4, 4)
    sigma = 0.2
    x = images.flatten(1).numpy() / 255
    y = x + rng.normal(0, sigma, x.shape)
    coefficients, *_ = np.linalg.lstsq(np.column_stack([y, np.ones(len(y))]), x, rcond=None)
    expected = np.column_stack([y[:1000], np.ones(1000)]) @ coefficients
    x_hat = denoising.fit_linear(images)(torch.from_numpy(y[:1000]).view(-1, 1, 4, 4), sigma)
    assert x_hat.shape == (1000, 1, 4, 4)
    np.testing.assert_allclose(
        x_hat.flatten(1).numpy(), np.clip(expected, 0, 1), atol=0.01
    )  # √(17 / 200,000) · σ, and 5 of that at the extremes
    assert np.abs(x_hat.flatten(1).numpy() - np.clip(y[:1000], 0, 1)).mean() > 0.05


@pytest.mark.release
def test_no_linear_map_fitted_on_other_digits_does_better(shipped, training_digits, digits):
    """Least-squares regression of clean on noisy digits, fitted on 20,000 training digits, does not beat the closed form."""
    x = training_digits[:20_000].float() / 255
    y = noisy(x, 0.4).flatten(1)
    ones = torch.ones(len(y), 1)
    coefficients = torch.linalg.lstsq(torch.cat([y, ones], 1), x.flatten(1)).solution
    test = noisy(digits, 0.4)
    fitted = (torch.cat([test.flatten(1), ones[: len(test)]], 1) @ coefficients).clamp(0, 1).view_as(digits)
    ours = mse(digits, shipped(test, 0.4)).mean()
    assert 0.95 * mse(digits, fitted).mean() < ours < mse(digits, fitted).mean()


def test_linear_denoiser_at_the_trained_factor_has_the_known_bce(digits, shipped):
    x_hat = shipped(noisy(digits, 0.4), 0.4).clamp(1e-3, 1 - 1e-3)  # a pixel of exactly 0 or 1 costs up to 100 nats
    assert bce(digits, x_hat).mean().item() == pytest.approx(0.116, abs=0.002)


def test_linear_denoiser_without_noise_changes_nothing(digits, shipped):
    assert torch.equal(shipped(digits, 0.0), digits)


def test_the_64d_network_beats_the_linear_denoiser_and_that_beats_none(digits, shipped):
    model = aemodels.load_checkpoint("mnist-dae").model
    images = (255 * digits).round().byte()
    mean = {
        name: denoising.sweep(denoise, images, [0.4])
        for name, denoise in {
            "none": lambda y, factor: y.clamp(0, 1),
            "linear": shipped,
            "network": lambda y, factor: model.decode(model.encode(y)),
        }.items()
    }
    for score in ("psnr_db", "ssim"):
        assert mean["none"][score] < mean["linear"][score] < mean["network"][score]


def test_sweep_is_the_mean_over_the_digits_of_the_same_noise(digits, shipped):
    images = (255 * digits[:20]).round().byte()
    x = images.float() / 255
    result = denoising.sweep(shipped, images, [0.2, 0.7])
    for i, factor in enumerate((0.2, 0.7)):
        x_hat = shipped(noisy(x, factor), factor)
        expected = [structural_similarity(a, b, **REFERENCE) for a, b in pairs(x, x_hat)]
        assert result["ssim"][i] == pytest.approx(np.mean(expected), abs=1e-5)
        assert result["psnr_db"][i] == pytest.approx(psnr_db(x, x_hat).mean().item(), abs=1e-4)


REFERENCE = {"data_range": 1.0, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}


def pairs(x, x_hat):
    return zip(x[:, 0].double().numpy(), x_hat[:, 0].double().numpy(), strict=True)


@pytest.mark.parametrize("shape", [(28, 28), (11, 30), (40, 17)])
def test_ssim_is_that_of_scikit_image(shape):
    generator = torch.Generator().manual_seed(0)
    x = torch.rand(6, 1, *shape, generator=generator)
    x[0] = 0.5  # flat
    x_hat = (x + torch.linspace(0, 1, 6).view(-1, 1, 1, 1) * torch.randn(x.shape, generator=generator)).clamp(0, 1)
    expected = [structural_similarity(a, b, **REFERENCE) for a, b in pairs(x, x_hat)]
    np.testing.assert_allclose(denoising.ssim(x, x_hat).numpy(), expected, atol=1e-6)


def test_ssim_of_digits_is_that_of_scikit_image_and_1_for_a_copy(digits, shipped):
    x, x_hat = digits[:30], shipped(noisy(digits[:30], 0.4), 0.4)
    expected = [structural_similarity(a, b, **REFERENCE) for a, b in pairs(x, x_hat)]
    np.testing.assert_allclose(denoising.ssim(x, x_hat).numpy(), expected, atol=1e-6)
    assert 0.5 < np.mean(expected) < 0.9
    torch.testing.assert_close(denoising.ssim(x, x), torch.ones(30))


def test_seeded_noise_is_of_that_strength_and_the_same_in_any_batch():
    x = torch.zeros(3, 1, 100, 100)
    y = with_noise(x, 0.4, [5, 6, 7])
    assert y.std().item() == pytest.approx(0.4, rel=0.02)
    assert torch.equal(with_noise(x[:1], 0.4, [6])[0], y[1])
