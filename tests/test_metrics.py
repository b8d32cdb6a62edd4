from dataclasses import replace
from math import isfinite, log10

import numpy as np
import pytest
import scipy.stats
import torch
from untrained import build

from aemodels.noise import seeded_normal
from aemodels.quality.metrics import bce, evaluate, evaluate_at, mean_and_ci95, mse, psnr_db, reconstruct, summarise


def random_images(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).random(shape, dtype=np.float32))


def random_bytes(*shape, seed=0):
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8))


def digits_of_rising_contrast(num):
    """Random images whose contrast, and so whose error, rises from the first to the last."""
    contrast = torch.linspace(0.02, 1, num).view(-1, 1, 1, 1)
    return (random_bytes(num, 1, 28, 28) * contrast).byte()


def numpy_mse(x, x_hat):
    return ((x.double().numpy() - x_hat.double().numpy()) ** 2).reshape(len(x), -1).mean(1)


def test_mse_averages_over_pixels_and_channels():
    x = torch.zeros(2, 3, 4, 4)
    x_hat = x.clone()
    x_hat[0, 1] = 0.6  # one channel of three
    x_hat[1, 0, 0, 0] = 1  # one value of 48
    assert mse(x, x_hat).tolist() == pytest.approx([0.12, 1 / 48])


@pytest.mark.parametrize(("error", "expected_db"), [(0.1, 20), (0.01, 40), (1, 0)])
def test_psnr_of_a_constant_error(error, expected_db):
    x = torch.zeros(2, 3, 8, 8)
    assert psnr_db(x, x + error).tolist() == pytest.approx([expected_db] * 2, abs=1e-4)


def test_psnr_against_numpy():
    x, x_hat = random_images(5, 3, 16, 16), random_images(5, 3, 16, 16, seed=1)
    np.testing.assert_allclose(psnr_db(x, x_hat), 10 * np.log10(1.0 / numpy_mse(x, x_hat)), atol=1e-4)


def test_psnr_is_of_each_image_by_itself():
    x = torch.full((2, 1, 4, 4), 0.5)
    x_hat = x + torch.tensor([0.1, 0.01]).view(2, 1, 1, 1)
    assert psnr_db(x, x_hat).tolist() == pytest.approx([20, 40], abs=1e-3)


def test_the_peak_is_that_of_the_range_not_of_the_image():
    x = random_images(1, 1, 16, 16) * 0.2
    assert psnr_db(x, x + 0.1).item() == pytest.approx(20, abs=1e-4)


def test_psnr_of_a_perfect_reconstruction_is_infinite():
    x = random_images(2, 3, 4, 4)
    assert psnr_db(x, x).tolist() == [float("inf")] * 2


def test_bce_against_numpy():
    x, x_hat = random_images(4, 1, 9, 9), random_images(4, 1, 9, 9, seed=1).clamp(0.01, 0.99)
    p, q = x.double().numpy(), x_hat.double().numpy()
    expected = -(p * np.log(q) + (1 - p) * np.log(1 - q)).reshape(4, -1).mean(1)
    np.testing.assert_allclose(bce(x, x_hat), expected, rtol=1e-5)


def test_bce_of_even_odds_is_ln_2():
    assert bce(random_images(3, 1, 5, 5), torch.full((3, 1, 5, 5), 0.5)).tolist() == pytest.approx([np.log(2)] * 3)


@pytest.mark.parametrize("measure", [mse, psnr_db, bce])
@pytest.mark.parametrize("other", [(2, 1, 4, 4), (1, 3, 4, 4), (2, 3, 4), (2, 3, 16)])
def test_shapes_that_differ_are_refused(measure, other):
    with pytest.raises(ValueError, match=r"size|shape"):
        measure(torch.rand(2, 3, 4, 4), torch.rand(other))


def test_mean_and_confidence_interval_against_scipy():
    values = np.random.default_rng(0).normal(25, 3, 200).astype(np.float32)
    mean, half_width = mean_and_ci95(torch.from_numpy(values))
    low, high = scipy.stats.norm.interval(0.95, loc=values.mean(), scale=scipy.stats.sem(values))
    assert mean == pytest.approx(values.mean(), rel=1e-6)
    assert (mean - half_width, mean + half_width) == pytest.approx((low, high), abs=1e-3)


def test_one_image_has_no_confidence_interval():
    mean, half_width = mean_and_ci95(torch.tensor([21.5]))
    assert mean == 21.5
    assert np.isnan(half_width)


def test_reconstruct_shows_the_network_the_noisy_image_unclipped(mlp_config):
    model = build(mlp_config)
    x = (random_images(300, 1, 28, 28) > 0.5).float()
    seen = []
    model.encoder.register_forward_hook(lambda module, inputs, output: seen.append(inputs[0]))
    x_in, _, _ = reconstruct(model, x, noise_factor=0.4, seeds=range(300))
    assert torch.equal(seen[0], x_in)
    assert (x_in - x).double().var().item() == pytest.approx(0.16, rel=0.015)
    torch.testing.assert_close(x_in[5], x[5] + 0.4 * seeded_normal([5], (1, 28, 28))[0])


@pytest.mark.parametrize("variant", ["plain", "noisy-code"])
def test_reconstruct_adds_noise_of_the_asked_share_of_the_codes_power(mlp_config, variant):
    settings = {"noise_variance": 0.1} if variant == "noisy-code" else {}
    model = build(replace(mlp_config, variant=variant, settings=settings, latent_shape=(4096,)))
    x = random_images(300, 1, 28, 28)
    _, z_noisy, x_hat = reconstruct(model, x, noise_variance=0.15, seeds=range(300))
    z = model.encode(x)
    assert ((z_noisy - z).square().mean() / z.square().mean()).item() == pytest.approx(0.15, rel=0.01)
    torch.testing.assert_close(x_hat, model.decode(z_noisy))


def test_reconstruct_without_noise_is_decode_of_encode(conv_config):
    model = build(conv_config)
    x = random_images(2, 3, 32, 32)
    x_in, z, x_hat = reconstruct(model, x)
    assert torch.equal(x_in, x)
    torch.testing.assert_close(z, model.encode(x))
    torch.testing.assert_close(x_hat, model.decode(model.encode(x)))


@pytest.mark.parametrize("noise", [{"noise_factor": 0.4}, {"noise_variance": 0.15}])
def test_image_i_has_the_noise_of_seed_plus_i_whatever_the_batch(mlp_config, noise):
    model = build(replace(mlp_config, variant="noisy-code", settings={"noise_variance": 0.1}, latent_shape=(16,)))
    images = random_bytes(8, 1, 28, 28)
    x = images / 255
    errors = [mse(x[i : i + 1], reconstruct(model, x[i : i + 1], **noise, seeds=[40 + i])[2]).item() for i in range(8)]

    def measured(seed, batch_size):
        variance, factor = noise.get("noise_variance", 0.0), noise.get("noise_factor", 0.0)
        return evaluate_at(model, images, [variance], factor, seed, batch_size)[0]["mse"]

    for batch_size in (1, 3, 8, 100):
        assert measured(40, batch_size) == pytest.approx(np.mean(errors), rel=1e-6)
    assert measured(41, 8) != pytest.approx(np.mean(errors), rel=1e-5)


def test_many_variances_at_once_are_each_as_by_itself(conv_config):
    model = build(replace(conv_config, variant="noisy-code", settings={"noise_variance": 0.1}))
    images = random_bytes(5, 3, 32, 32)
    together = evaluate_at(model, images, [0.0, 0.05, 0.3], seed=2)
    assert together == [evaluate(model, images, noise_variance=v, seed=2) for v in (0.0, 0.05, 0.3)]
    assert together[0]["mse"] != together[1]["mse"] != together[2]["mse"]


def test_both_conventions_by_hand():
    # MSEs of 0.01 and 0.0001 are 20 and 40 dB: the mean is 30 dB, and the mean MSE of 0.00505 is 22.967 dB.
    both = summarise(torch.tensor([0.01, 0.0001]))
    assert both["psnr_db"] == pytest.approx(30, abs=1e-6)
    assert both["psnr_of_mean_mse_db"] == pytest.approx(-10 * np.log10(0.00505), abs=1e-6)
    assert both["mse"] == pytest.approx(0.00505)
    assert both["num_images"] == 2


def test_interval_of_the_mean_mse_against_the_bootstrap():
    errors = np.random.default_rng(0).gamma(2, 0.003, 1000)
    resampled = np.random.default_rng(1).choice(errors, (4000, 1000)).mean(1)
    low, high = np.percentile(-10 * np.log10(resampled), [2.5, 97.5])
    half_width = summarise(torch.from_numpy(errors))["psnr_of_mean_mse_db_ci95"]
    assert half_width == pytest.approx((high - low) / 2, rel=0.05)


def test_one_perfect_image_does_not_make_a_sets_figures_infinite():
    """A blank photo, rebuilt without any error, counts as 80 dB."""
    both = summarise(torch.tensor([0.0, 0.01]))
    assert both["psnr_db"] == pytest.approx((80 + 20) / 2)
    assert both["psnr_of_mean_mse_db"] == pytest.approx(20 + 10 * log10(2), abs=1e-4)
    assert all(isfinite(value) for value in both.values())
    assert all(isfinite(value) for value in summarise(torch.zeros(3)).values())


def test_evaluate_averages_the_images_psnrs(mlp_config):
    model = build(mlp_config)
    images = digits_of_rising_contrast(40)
    x = images / 255
    errors = numpy_mse(x, model.decode(model.encode(x)))
    psnrs = 10 * np.log10(1 / errors)
    result = evaluate(model, images)
    assert abs(psnrs.mean() - 10 * np.log10(1 / errors.mean())) > 0.1  # else this could not tell the two apart
    assert result["psnr_db"] == pytest.approx(psnrs.mean(), abs=1e-3)
    assert result["psnr_db_ci95"] == pytest.approx(1.96 * psnrs.std(ddof=1) / np.sqrt(40), rel=1e-3)
    assert result["mse"] == pytest.approx(errors.mean(), rel=1e-4)
    assert result["num_images"] == 40


def test_evaluate_gives_bce_to_models_trained_on_it_alone(mlp_config, conv_config):
    model = build(mlp_config)
    images = random_bytes(5, 1, 28, 28)
    x = images / 255
    expected = bce(x, model.decode(model.encode(x))).mean().item()
    assert evaluate(model, images)["bce"] == pytest.approx(expected, rel=1e-4)
    assert "bce" not in evaluate(build(conv_config), random_bytes(2, 3, 32, 32))


def test_evaluate_applies_the_noise_and_its_seed(mlp_config):
    model = build(replace(mlp_config, variant="noisy-code", settings={"noise_variance": 0.1}, latent_shape=(16,)))
    images = random_bytes(6, 1, 28, 28)
    noisy = evaluate(model, images, noise_variance=0.15, seed=3)
    x = images / 255
    x_hat = reconstruct(model, x, noise_variance=0.15, seeds=range(3, 9))[2]
    expected = psnr_db(x, x_hat).mean().item()
    assert noisy["psnr_db"] == pytest.approx(expected, abs=1e-4)
    assert noisy == evaluate(model, images, noise_variance=0.15, seed=3)
    assert noisy["mse"] != evaluate(model, images, noise_variance=0.15, seed=4)["mse"]
    assert noisy["mse"] != evaluate(model, images)["mse"]


def test_what_double_precision_tells_apart_is_not_rounded_away():
    x = torch.linspace(0, 0.5, 48, dtype=torch.float64).view(1, 3, 4, 4)
    assert psnr_db(x, x + 1e-9).item() == pytest.approx(180, abs=1e-3)
