"""Image fidelity, per image, and its mean over a set.

PSNR = 10·log10(max(x)² / MSE), MSE over all pixels and channels of one image, max(x) the peak of the signal's range, 1.0.
A set's PSNR is the mean of its images' PSNRs.
"""

from collections.abc import Callable, Sequence
from math import sqrt

import torch
import torch.nn.functional as F
from torch import Tensor

from aemodels.models import Autoencoder
from aemodels.noise import perturb, seeded_normal

PEAK = 1.0


def mse(x: Tensor, x_hat: Tensor) -> Tensor:
    """Mean squared error of each image over its pixels and channels: (B, ...), (B, ...) -> (B,)."""
    if x.shape != x_hat.shape:
        raise ValueError(f"x {tuple(x.shape)} and x_hat {tuple(x_hat.shape)} must have the same shape.")
    return (x.float() - x_hat.float()).square().flatten(1).mean(1)


def psnr_db(x: Tensor, x_hat: Tensor) -> Tensor:
    """PSNR of each image in dB, peak 1.0: (B, C, H, W), (B, C, H, W) in [0, 1] -> (B,). Infinite where x_hat is x."""
    return 10 * torch.log10(PEAK**2 / mse(x, x_hat))


def bce(x: Tensor, x_hat: Tensor) -> Tensor:
    """Binary cross-entropy of each image in nats a pixel: (B, ...) in [0, 1] each -> (B,)."""
    return F.binary_cross_entropy(x_hat.float(), x.float(), reduction="none").flatten(1).mean(1)


def mean_and_ci95(values: Tensor) -> tuple[float, float]:
    """Mean over images and the half-width of its 95 % confidence interval, 1.96·s/√n (normal approximation)."""
    n = len(values)
    half_width = 1.96 * values.std().item() / sqrt(n) if n > 1 else float("nan")
    return values.mean().item(), half_width


@torch.inference_mode()
def reconstruct(
    model: Autoencoder, x: Tensor, noise_factor: float = 0.0, noise_variance: float = 0.0, seeds: Sequence[int] = ()
) -> tuple[Tensor, Tensor, Tensor]:
    """(what the network saw, its code, x_hat) for images x (B, C, H, W) in [0, 1].

    noise_factor    σ of Gaussian noise added to x before encoding, not clipped
    noise_variance  variance of Gaussian noise added to the code before decoding, per unit of the code's mean square
    seeds           one per image, needed where there is noise
    """
    x_in = x + noise_factor * seeded_normal(seeds, x.shape[1:]).to(x.device) if noise_factor else x
    z = model.encode(x_in)
    if noise_variance:
        z = perturb(z, noise_variance, seeded_normal(seeds, z.shape[1:]).to(z.device))
    return x_in, z, model.decode(z)


def per_image(
    model: Autoencoder,
    images: Tensor,
    score: Callable[[Tensor, Tensor], Tensor],
    noise_factor: float = 0.0,
    noise_variance: float = 0.0,
    seed: int = 0,
    batch_size: int = 64,
) -> Tensor:
    """score(x, x_hat) of every image, (N,) on the CPU; images uint8 (N, C, H, W). Image i's noise has seed + i."""
    device = next(model.parameters()).device
    scores = []
    for start in range(0, len(images), batch_size):
        x = images[start : start + batch_size].to(device).float() / 255
        seeds = range(seed + start, seed + start + len(x))
        scores.append(score(x, reconstruct(model, x, noise_factor, noise_variance, seeds)[2]).cpu())
    return torch.cat(scores)


def evaluate(
    model: Autoencoder, images: Tensor, noise_factor: float = 0.0, noise_variance: float = 0.0, seed: int = 0
) -> dict[str, float]:
    """Mean PSNR in dB with its 95 % interval, mean MSE, and mean BCE for models trained on it; images uint8 (N, C, H, W)."""
    noise = dict(noise_factor=noise_factor, noise_variance=noise_variance, seed=seed)
    wants_bce = model.config.reconstruction == "bce"

    def score(x: Tensor, x_hat: Tensor) -> Tensor:
        return torch.stack([mse(x, x_hat), bce(x, x_hat) if wants_bce else mse(x, x_hat)], dim=1)

    errors, entropies = per_image(model, images, score, **noise).unbind(1)
    psnr, half_width = mean_and_ci95(10 * torch.log10(PEAK**2 / errors))
    result = {"psnr_db": psnr, "psnr_db_ci95": half_width, "mse": errors.mean().item(), "num_images": len(images)}
    return {"bce": entropies.mean().item(), **result} if wants_bce else result
