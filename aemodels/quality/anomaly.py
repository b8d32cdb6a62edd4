"""Reconstruction error as a score of how unlike the training images a picture is: ROC curve, and the pictures to try it on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from aemodels.models.autoencoders import Autoencoder
from aemodels.noise import power
from aemodels.quality.metrics import cross_entropy


@dataclass(frozen=True)
class Roc:
    """The ROC curve of a score: at falling thresholds, the shares (n,) of usual and of strange pictures that lie at or above it; and
    the area under the curve, in [0, 1], which is the chance that a strange picture's score is above a usual one's (Fawcett 2006,
    https://doi.org/10.1016/j.patrec.2005.10.010)."""

    false_alarms: np.ndarray
    detected: np.ndarray
    area: float


def rebuild(model: Autoencoder, x: Tensor) -> Tensor:
    """Images x (B, C, H, W) in [0, 1] rebuilt from the encoder's first codes.

    The steps by which some models improve a code are left out: they fit it to whatever picture there is.
    """
    return model.decode(model.first_code(x))


def score(model: Autoencoder, x: Tensor, x_hat: Tensor) -> Tensor:
    """The reconstruction error (B,) of images x, rebuilt as x_hat, (B, C, H, W) in [0, 1]: binary cross-entropy in nats a pixel
    where the model was trained on that, else mean squared error."""
    return cross_entropy(x, x_hat) if model.config.reconstruction == "bce" else power(x - x_hat)


def roc(usual: Tensor, strange: Tensor) -> Roc:
    """How well a score tells strange pictures (m,) from usual ones (n,), where it should be larger for the strange."""
    from sklearn import metrics  # slow to import

    is_strange = np.repeat([0, 1], [len(usual), len(strange)])
    scores = torch.cat([usual, strange]).double().numpy()
    false_alarms, detected, _thresholds = metrics.roc_curve(is_strange, scores)
    return Roc(false_alarms, detected, float(metrics.auc(false_alarms, detected)))


def threshold(usual: Tensor, share: float) -> float:
    """The score at or above which this share of usual pictures (n,) lies, or as near to it as a whole number of them comes."""
    rising, num_flagged = usual.sort().values, round(share * len(usual))
    return float(rising[-num_flagged] if num_flagged else rising[-1].nextafter(torch.tensor(torch.inf)))


def fitted(images: Tensor, image_shape: tuple[int, int, int]) -> Tensor:
    """Images uint8 (B, C, H, W) as pictures of another shape, float in [0, 1]: colours averaged to grey or grey repeated, scaled to it."""
    num_channels, *size = image_shape
    if images.shape[1] == num_channels:
        x = images.float()
    else:  # added as whole numbers, in a tenth of the time of floats
        x = images.sum(1, keepdim=True, dtype=torch.int16) / images.shape[1]
    x = F.interpolate(x, size=size, mode="bilinear", antialias=True) / 255
    return x.clamp(0, 1).expand(-1, num_channels, -1, -1)


def noise(seeds: Sequence[int], image_shape: tuple[int, int, int]) -> Tensor:
    """One picture a seed (len(seeds), C, H, W), each value of each pixel uniform in [0, 1)."""
    return torch.stack([torch.rand(image_shape, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
