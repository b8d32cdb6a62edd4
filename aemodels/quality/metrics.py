"""Image fidelity, per image, and over a set.

PSNR = 10·log10(max(x)² / MSE), MSE over all pixels and channels of one image, max(x) the peak of the signal's range, 1.0.
A set's PSNR is the mean of its images' PSNRs. The other convention, the PSNR of the images' mean MSE, is never above it
(Jensen) and always told apart by its name.
"""

from collections.abc import Callable, Sequence
from math import log, sqrt

import torch
from torch import Tensor

from aemodels.checks import check_amount, check_bytes, check_images
from aemodels.data.stored_images import Images
from aemodels.models.autoencoders import MSE_FLOOR, Autoencoder
from aemodels.noise import perturb, power, seeded_noise

PEAK = 1.0
BATCH_SIZE = 64  # images that are encoded and decoded together


def mse(x: Tensor, x_hat: Tensor) -> Tensor:
    """Mean squared error of each image over its pixels and channels: (B, C, H, W), (B, C, H, W) -> (B,).

    x      float in [0, 1]
    x_hat  float; noise may have moved it out of [0, 1]

    Raises ValueError where the shapes differ, for integers, for values not finite or out of that range.
    """
    _check_pair(x, x_hat, noisy=True)
    # In double precision where one of them is: what differs by a millionth would be rounded away.
    kind = torch.promote_types(torch.promote_types(x.dtype, x_hat.dtype), torch.float32)
    return power(x.to(kind) - x_hat.to(kind))


def psnr_db(x: Tensor, x_hat: Tensor) -> Tensor:
    """PSNR of each image in dB, peak 1.0: (B, C, H, W), (B, C, H, W) -> (B,). Infinite where x_hat is x.

    x      float in [0, 1]
    x_hat  float; noise may have moved it out of [0, 1]

    Raises ValueError where the shapes differ, for integers, for values not finite or out of that range.
    """
    return psnr_of_mse(mse(x, x_hat))


def psnr_of_mse(errors: Tensor) -> Tensor:
    """PSNR in dB, peak 1.0, of each of mean squared errors (...)."""
    return 10 * torch.log10(PEAK**2 / errors)


def bce(x: Tensor, x_hat: Tensor) -> Tensor:
    """Binary cross-entropy of each image in nats a pixel: (B, C, H, W), (B, C, H, W) float in [0, 1] -> (B,).

    Raises ValueError where the shapes differ, for integers, and for values not finite or beyond [0, 1].
    """
    _check_pair(x, x_hat, noisy=False)
    return cross_entropy(x, x_hat.clamp(0, 1))


def _check_pair(x: Tensor, x_hat: Tensor, noisy: bool) -> None:
    check_images(x, "x")
    check_images(x_hat, "x_hat", noisy=noisy)
    if x.shape != x_hat.shape:
        raise ValueError(f"x {tuple(x.shape)} and x_hat {tuple(x_hat.shape)} must have the same shape.")


def cross_entropy(x: Tensor, x_hat: Tensor) -> Tensor:
    """What bce gives, for images that are known to lie in [0, 1]."""
    # PyTorch's own binary_cross_entropy takes three times as long on a CPU; as there, no logarithm is below -100.
    x, x_hat = x.float(), x_hat.float()
    log_p, log_q = (p.log().clamp(min=-100) for p in (x_hat, 1 - x_hat))
    return -log_q.lerp(log_p, x).flatten(1).mean(1)


def mean_and_ci95(values: Tensor) -> tuple[float, float]:
    """Mean over images and the half-width of its 95% confidence interval, 1.96·s/√n (normal approximation)."""
    n = len(values)
    half_width = 1.96 * values.std().item() / sqrt(n) if n > 1 else float("nan")
    return values.mean().item(), half_width


def summarise(errors: Tensor) -> dict[str, float]:
    """What is told of a set, from the mean squared error (N,) of each image; PSNRs and half-widths of 95% intervals in dB.

    psnr_db, psnr_db_ci95                          mean of the images' PSNRs
    psnr_of_mean_mse_db, psnr_of_mean_mse_db_ci95  PSNR of the images' mean MSE; its interval is the mean's, to first order
    mse, num_images                                that mean MSE, and N

    An error counts as MSE_FLOOR (80 dB) at least, or one blank image, rebuilt without any, would make the mean infinite.
    """
    errors = errors.cpu().double().clamp(min=MSE_FLOOR)  # not every device has double precision
    psnr, half_width = mean_and_ci95(psnr_of_mse(errors))
    mean, mse_half_width = mean_and_ci95(errors)
    return {
        "psnr_db": psnr,
        "psnr_db_ci95": half_width,
        "psnr_of_mean_mse_db": psnr_of_mse(errors.mean()).item(),
        "psnr_of_mean_mse_db_ci95": 10 / log(10) * mse_half_width / mean,
        "mse": mean,
        "num_images": len(errors),
    }


def with_noise(x: Tensor, noise_factor: float, seeds: Sequence[int]) -> Tensor:
    """Images x (B, ...) plus noise_factor · N(0, 1), not clipped, one seed an image (needed where there is noise)."""
    check_amount(noise_factor, "noise_factor")
    return x + noise_factor * seeded_noise(x, seeds) if noise_factor else x


def send(z: Tensor, noise_variance: float, seeds: Sequence[int]) -> Tensor:
    """Codes z (B, ...) after Gaussian noise of this variance per unit of each code's mean square, one seed an image (needed where
    there is noise)."""
    return perturb(z, noise_variance, seeded_noise(z, seeds)) if noise_variance else z


@torch.no_grad()  # see evaluate_at
def reconstruct(
    model: Autoencoder, x: Tensor, noise_factor: float = 0.0, noise_variance: float = 0.0, seeds: Sequence[int] = ()
) -> tuple[Tensor, Tensor, Tensor]:
    """(what the network saw, its code, x_hat) for images x (B, C, H, W), float in [0, 1].

    noise_factor    σ of Gaussian noise added to x before encoding, not clipped
    noise_variance  variance of Gaussian noise added to the code before decoding, per unit of the code's mean square
    seeds           one per image, needed where there is noise

    Raises ValueError for more or fewer seeds, negative noise, and images that model.encode refuses or that are noisy already.
    """
    check_images(x, "x", model.config.image_shape, next(model.parameters()).device)
    x_in = with_noise(x, noise_factor, seeds)
    z = send(model.infer(x_in), noise_variance, seeds)
    return x_in, z, model.generate(z)


@torch.no_grad()  # inside inference_mode torch 2.11 takes the gradients that encode follows for zero
def evaluate_at(
    model: Autoencoder,
    images: Images,
    noise_variances: Sequence[float],
    noise_factor: float = 0.0,
    seed: int = 0,
    batch_size: int = BATCH_SIZE,
    progress: Callable[[int], object] = lambda num_images: None,
    keep: Callable[[float, Tensor], object] = lambda noise_variance, errors: None,
) -> list[dict[str, float]]:
    """`evaluate` at each noise variance in turn; every image is encoded once. Image i's noise has seed + i.

    progress  called with the number of images of each batch that is done
    keep      called with each variance and the mean squared error (N,) of each image under it
    """
    check_bytes(images, model.config.image_shape)
    device = next(model.parameters()).device
    wants_bce = model.config.reconstruction == "bce"
    rows: list[list[Tensor]] = [[] for _ in noise_variances]
    for batch in images.split(batch_size):
        x = batch.to(device).float() / 255
        seeds = range(seed, seed := seed + len(x))
        z = model.infer(with_noise(x, noise_factor, seeds))
        for variance, row in zip(noise_variances, rows, strict=True):
            z_noisy = send(z, variance, seeds)
            x_hat = model.generate(z_noisy)
            scores = [power(x - x_hat), power(z), power(z_noisy - z)]
            row.append(torch.stack(scores + [cross_entropy(x, x_hat)] * wants_bce).cpu())
        progress(len(x))
    results = []
    for variance, row in zip(noise_variances, rows, strict=True):
        errors, code_power, noise_power, *entropies = torch.cat(row, dim=1).double()
        keep(variance, errors)
        audit = {"code_power": code_power.mean().item(), "noise_power": noise_power.mean().item()}
        results.append(({"bce": entropies[0].mean().item()} if entropies else {}) | summarise(errors) | audit)
    return results


def evaluate(
    model: Autoencoder, images: Images, noise_factor: float = 0.0, noise_variance: float = 0.0, seed: int = 0
) -> dict[str, float]:
    """Figures of `summarise` for images uint8 (N, C, H, W), and mean BCE for models trained on it.

    With them goes a power audit, measured over the codes of all images: code_power, E[z²], and noise_power, the mean square of the
    noise that was added. Their ratio is the noise variance per real element of a unit-power code. Of no images each figure is not a
    number. Raises ValueError for images that are not uint8 or of another shape than the model's.
    """
    return evaluate_at(model, images, [noise_variance], noise_factor, seed)[0]
