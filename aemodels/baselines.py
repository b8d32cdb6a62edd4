"""What no network is needed for: principal components, and the best linear code for a noisy channel."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aemodels.metrics import mean_and_ci95, psnr_db
from aemodels.noise import add_noise


@dataclass(frozen=True)
class Pca:
    """Mean (D,), orthonormal components (k, D), and the variance (k,) along each, of images of D values in [0, 1]."""

    mean: Tensor
    components: Tensor
    variances: Tensor


def fit_pca(images: Tensor, num_components: int, seed: int = 0) -> Pca:
    """The leading principal components of images uint8 (N, C, H, W), by a randomised SVD (Halko et al. 2011).

    Takes 8 bytes a value while it runs: some 7 GB for 17,000 photos of 128×128.
    """
    x = images.flatten(1).float().div_(255)
    mean = x.mean(0)
    x -= mean
    with torch.random.fork_rng(devices=[]):  # svd_lowrank draws from the global generator
        torch.manual_seed(seed)
        _, singular_values, v = torch.svd_lowrank(x, q=num_components + 64, niter=2)
    return Pca(mean, v[:, :num_components].T.contiguous(), singular_values[:num_components].square() / (len(x) - 1))


def water_fill(variances: Tensor, noise_variance: float, power: float) -> Tensor:
    """Power (k,) of each element of a linear code, summing to `power`, that minimises the mean squared error.

    Element i carries a coefficient of variance λᵢ through noise of variance σ² and is estimated by its conditional mean: the error
    is Σ λᵢσ² / (pᵢ + σ²), least for pᵢ = max(0, √(λᵢσ²/ν) − σ²) with ν set by the sum (Lee & Petersen 1976).
    """
    roots = variances.double().clamp(min=0).sort(descending=True).values.sqrt()
    active = torch.arange(1, len(roots) + 1)
    # Of n used elements, √(σ²/ν) = (power + n·σ²) / Σ√λ; n is the largest for which the weakest still gets power.
    levels = (power + active * noise_variance) / roots.cumsum(0)
    num_active = int((levels * roots > noise_variance).nonzero().max()) + 1
    return (levels[num_active - 1] * variances.double().clamp(min=0).sqrt() - noise_variance).clamp(min=0)


def linear_code(
    pca: Pca, images: Tensor, noise_variance: float, seed: int = 0, batch_size: int = 250
) -> dict[str, float]:
    """PSNR in dB of images uint8 (N, C, H, W) sent as PCA coefficients through noise of this variance, at unit mean power.

    The decoder is the best linear one (MMSE). Without noise this is PCA's own reconstruction.
    """
    variances = pca.variances
    if noise_variance:
        p = water_fill(variances, noise_variance, power=len(variances)).float()
        gain = (p / variances).sqrt()  # to the channel: element power pᵢ
        back = gain * variances / (p + noise_variance)
    generator = torch.Generator().manual_seed(seed)
    psnr = []
    for batch in images.split(batch_size):
        x = batch.flatten(1).float() / 255
        coefficients = (x - pca.mean) @ pca.components.T
        if noise_variance:
            coefficients = add_noise(coefficients * gain, noise_variance, generator) * back
        psnr.append(psnr_db(x, (coefficients @ pca.components + pca.mean).clamp(0, 1)))
    mean, half_width = mean_and_ci95(torch.cat(psnr))
    return {"noise_variance": noise_variance, "psnr_db": mean, "psnr_db_ci95": half_width, "num_images": len(images)}
