"""Denoising pictures of digits: the best linear denoiser, structural similarity, and any denoiser over the noise factor.

`python -m aemodels.quality.denoising DATA` makes the file of MNIST's mean and covariance again that the linear denoiser needs.
"""

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from aemodels.checks import check_bytes
from aemodels.data.mnist import load_mnist
from aemodels.errors import LatentLabError
from aemodels.files import replacing
from aemodels.noise import seeded_normal
from aemodels.quality.metrics import psnr_db

MNIST_STATISTICS_FILE = Path(__file__).parents[1] / "assets" / "mnist_statistics.npz"
SSIM_SIGMA_PX, SSIM_RADIUS_PX = 1.5, 5
SSIM_K1, SSIM_K2 = 0.01, 0.03

Denoiser = Callable[[Tensor, float], Tensor]  # (x_noisy, noise_factor) -> x_hat in [0, 1]


@dataclass(frozen=True)
class LinearDenoiser:
    """The affine map of least mean squared error for images of this mean (D,) and covariance (D, D), float64.

    For x_noisy = x + σ·N(0, 1) it is x_hat = mean + W (x_noisy − mean) with W = C (C + σ²I)⁻¹ (the Wiener filter;
    Kay 1993, Estimation Theory, section 12.5). It knows σ; only the mean and the covariance of the clean images count.
    """

    mean: Tensor
    covariance: Tensor

    def __call__(self, x_noisy: Tensor, noise_factor: float) -> Tensor:
        """x_hat (B, ...) in [0, 1] for images x_noisy (B, ...) with noise of σ = noise_factor; without noise x_noisy itself."""
        if not noise_factor:
            return x_noisy.clamp(0, 1)
        variances, axes = self._principal
        gains = (variances / (variances + noise_factor**2)).to(x_noisy.dtype)  # C and C + σ²I have the same axes
        mean, axes = self.mean.to(x_noisy.dtype), axes.to(x_noisy.dtype)
        return (mean + (x_noisy.flatten(1) - mean) @ axes * gains @ axes.T).clamp(0, 1).view_as(x_noisy)

    @cached_property
    def _principal(self) -> tuple[Tensor, Tensor]:
        """Variances (D,) along the principal axes, and these as columns (D, D)."""
        return torch.linalg.eigh(self.covariance)


def nothing(x_noisy: Tensor, noise_factor: float) -> Tensor:
    """The denoiser that takes nothing away: x_noisy clipped to [0, 1]."""
    return x_noisy.clamp(0, 1)


def fit_linear(images: Tensor) -> LinearDenoiser:
    """The linear denoiser of images uint8 (N, C, H, W), N at least 2; ValueError for others. Takes 16 bytes a value while it runs."""
    check_bytes(images)
    if len(images) < 2:
        raise ValueError(f"A covariance needs at least two images, not {len(images)}.")
    x = images.flatten(1).double() / 255
    return LinearDenoiser(x.mean(0), torch.cov(x.T))


def save_linear(denoiser: LinearDenoiser, path: Path) -> None:
    """Mean and upper triangle of the covariance as float16, which moves the PSNR by less than 0.0001 dB."""
    upper = np.triu_indices(len(denoiser.mean))
    mean, covariance = (values.numpy().astype(np.float16) for values in (denoiser.mean, denoiser.covariance))
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez_compressed(file, mean=mean, covariance=covariance[upper])


def load_linear(path: Path = MNIST_STATISTICS_FILE) -> LinearDenoiser:
    """What save_linear wrote; by default the denoiser of MNIST's 60,000 training digits, which ships with the project."""
    with np.load(path, allow_pickle=False) as arrays:
        mean, upper = (torch.from_numpy(arrays[key].astype(np.float64)) for key in ("mean", "covariance"))
    covariance = torch.zeros(len(mean), len(mean), dtype=torch.float64)
    covariance[tuple(torch.triu_indices(len(mean), len(mean)))] = upper
    return LinearDenoiser(mean, covariance + covariance.triu(1).T)


def ssim(x: Tensor, x_hat: Tensor) -> Tensor:
    """Structural similarity of each pair of images: (B, 1, H, W), (B, 1, H, W), range 1.0, H and W at least 11 -> (B,).

    The mean over all places where a Gaussian window of σ = 1.5 px and 11×11 px fits into the image, with K₁ = 0.01 and
    K₂ = 0.03 (Wang et al. 2004, Image quality assessment: from error visibility to structural similarity). 1 where
    x_hat is x.
    """
    rows, columns = (_gaussian_windows(side) for side in x.shape[2:])
    x, x_hat = x.double(), x_hat.double()
    mu, mu_hat, square, square_hat, product = (
        rows @ values @ columns.T for values in (x, x_hat, x * x, x_hat * x_hat, x * x_hat)
    )
    c1, c2 = SSIM_K1**2, SSIM_K2**2
    luminance = (2 * mu * mu_hat + c1) / (mu * mu + mu_hat * mu_hat + c1)
    variances = square - mu * mu + square_hat - mu_hat * mu_hat
    structure = (2 * (product - mu * mu_hat) + c2) / (variances + c2)
    return (luminance * structure).flatten(1).mean(1).float()


def _gaussian_windows(side: int) -> Tensor:
    """(side − 10, side): in each row the window at the next place that it fits in; a product with it beats a convolution."""
    window = torch.exp(-torch.arange(-SSIM_RADIUS_PX, SSIM_RADIUS_PX + 1).double().square() / (2 * SSIM_SIGMA_PX**2))
    places = side - 2 * SSIM_RADIUS_PX
    return torch.stack([F.pad(window / window.sum(), (i, places - 1 - i)) for i in range(places)])


@torch.no_grad()  # see metrics.evaluate_at
def sweep(denoise: Denoiser, images: Tensor, noise_factors: Sequence[float]) -> dict[str, list[float]]:
    """Mean PSNR in dB and mean SSIM of denoised images uint8 (N, 1, H, W) at each noise factor; image i's noise has seed i.

    "psnr_db" and "ssim", each a list as long as noise_factors. Raises ValueError for images that are not uint8.
    """
    check_bytes(images)
    x = images.float() / 255
    noise = seeded_normal(range(len(x)), x.shape[1:])
    denoised = [denoise(x + factor * noise, factor) for factor in noise_factors]
    scores = {"psnr_db": psnr_db, "ssim": ssim}
    return {name: [score(x, x_hat).mean().item() for x_hat in denoised] for name, score in scores.items()}


if __name__ == "__main__":
    try:
        save_linear(
            fit_linear(load_mnist(sys.argv[1] if len(sys.argv) > 1 else "data", train=True)[0]), MNIST_STATISTICS_FILE
        )
    except LatentLabError as error:
        sys.exit(str(error))
