"""Two that were tested on the same images, compared image by image.

The images differ far more among themselves than two models do on one of them, so the interval of the mean difference is much
narrower than that of either mean.
"""

from math import log

import torch
from torch import Tensor

from aemodels.models.autoencoders import MSE_FLOOR
from aemodels.quality.metrics import mean_and_ci95, psnr_of_mse


def in_common(errors: Tensor, others: Tensor) -> Tensor:
    """Which of the images, (N,), were measured of both: the mean squared error of one that was not is NaN. None of them where the two
    are not of as many images."""
    if errors.shape != others.shape:
        return torch.zeros(len(errors), dtype=torch.bool)
    return errors.isfinite() & others.isfinite()


def difference(errors: Tensor, others: Tensor, convention: str) -> tuple[float, float]:
    """PSNR of the first less that of the others in dB, over the images in common, and the half-width of its 95% interval.

    errors, others  mean squared error (N,) of each image, the same images in the same order
    convention      "psnr_db" or "psnr_of_mean_mse_db", as in metrics.summarise

    An image's share of the first is its own PSNR, and of the second, to first order, −10/ln 10 · error / mean error (delta method).
    The interval is that of the mean of the shares' differences: NaN where there are fewer than two.
    """
    common = in_common(errors, others)
    a, b = (e[common].double().clamp(min=MSE_FLOOR) for e in (errors, others))
    if convention == "psnr_db":
        return mean_and_ci95(psnr_of_mse(a) - psnr_of_mse(b))
    shares = -10 / log(10) * (a / a.mean() - b / b.mean())
    return (psnr_of_mse(a.mean()) - psnr_of_mse(b.mean())).item(), mean_and_ci95(shares)[1]
