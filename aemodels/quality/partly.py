"""What is known of all test images when a slow measurement has reached only some of them, drawn at random."""

from math import log, sqrt

import torch
from torch import Tensor

from aemodels.models.autoencoders import MSE_FLOOR
from aemodels.quality.metrics import psnr_of_mse


def summarise_part(errors: Tensor, others: Tensor) -> dict[str, float]:
    """Figures of metrics.summarise for all N images, from the errors of some.

    errors  mean squared error (N,) of each image, NaN where it is not measured; at least two are
    others  those of something else, known of every image: the mean difference to it on the measured images is added to its mean over
            all (the difference estimator; Cochran, Sampling Techniques, 3rd ed., 1977, section 7.8)

    num_images is how many are measured, and num_test_images is N. The intervals are those of the mean over images like these: what
    summarise gives, and beside it the chance by which images are among those measured.
    """
    errors, others = (e.double().clamp(min=MSE_FLOOR) for e in (errors, others))
    psnr, half_width = _mean_and_ci95(psnr_of_mse(errors), psnr_of_mse(others))
    mse, mse_half_width = _mean_and_ci95(errors, others)
    return {
        "psnr_db": psnr,
        "psnr_db_ci95": half_width,
        "psnr_of_mean_mse_db": psnr_of_mse(torch.tensor(mse, dtype=torch.double)).item(),
        "psnr_of_mean_mse_db_ci95": 10 / log(10) * mse_half_width / mse,
        "mse": mse,
        "num_images": int(errors.isfinite().sum()),
        "num_test_images": len(errors),
    }


def _mean_and_ci95(values: Tensor, others: Tensor) -> tuple[float, float]:
    measured = values.isfinite()
    n, total = int(measured.sum()), len(values)
    differences = (values - others)[measured]
    variance = differences.var().item() * (1 / n - 1 / total) + values[measured].var().item() / total
    return (differences.mean() + others.mean()).item(), 1.96 * sqrt(variance)
