"""What codes that are near each other share: the colour, the brightness, the shape of their pictures, their label."""

from dataclasses import dataclass

import numpy as np
import torch.nn.functional as F
from torch import Tensor

from aemodels.codes.maps import SEED
from aemodels.noise import power

SIDE = 8  # of the blurred picture whose likeness is likeness of shape
BRIGHTNESS, COLOUR, SHAPE, LABEL = "brightness", "colour", "shape", "label"


@dataclass(frozen=True)
class Shared:
    """How far pictures are apart in one trait, on average: a code's and its nearest ones', and those of any two.

    For BRIGHTNESS and COLOUR in units of the pixel range, for SHAPE in standard deviations of the blurred picture, for LABEL the share
    of pairs that have different ones.
    """

    trait: str
    neighbours: float
    any_two: float

    @property
    def ratio(self) -> float:
        """0 where neighbours are alike, 1 where they are as far apart as any two."""
        return self.neighbours / self.any_two


def traits(x: Tensor) -> dict[str, Tensor]:
    """Numbers of pictures x (n, C, H, W) in [0, 1] by trait, each (n, ...): the mean over pixels and channels; of colour pictures the
    mean colour less that (n, 3); and the grey in SIDE × SIDE cells, each picture's brought to mean 0 and standard deviation 1, as
    Torralba, Fergus & Freeman (2008, https://doi.org/10.1109/TPAMI.2008.128) compare tiny pictures."""
    grey = x.mean(1, keepdim=True)
    cells = F.adaptive_avg_pool2d(grey, SIDE).flatten(1)
    cells = cells - cells.mean(1, keepdim=True)
    found = {BRIGHTNESS: grey.mean((2, 3))}
    if x.shape[1] > 1:
        found[COLOUR] = (x - grey).mean((2, 3))
    return found | {SHAPE: cells / power(cells).sqrt().clamp(min=1e-6)[:, None]}


def shared(index: np.ndarray, of_pictures: dict[str, np.ndarray], labels: np.ndarray) -> list[Shared]:
    """What each of n codes shares with its nearest ones, index (n, k), beside what any two share.

    of_pictures  `traits` of the pictures of all n codes
    labels       (n,); counted where all codes have one, not −1, and not all the same
    """
    other = np.random.default_rng(SEED).permutation(len(index))
    found = []
    for trait, values in of_pictures.items():
        near = np.mean([_rms(values[index[:, j]] - values) for j in range(index.shape[1])])
        any_two = float(_rms(values[other] - values))
        if any_two > 0:
            found.append(Shared(trait, float(near), any_two))
    if (labels >= 0).all() and len(np.unique(labels)) > 1:
        shares = np.bincount(labels) / len(labels)
        found.append(Shared(LABEL, float((labels[index] != labels[:, None]).mean()), 1 - float((shares**2).sum())))
    return found


def _rms(differences: np.ndarray) -> float:
    """The mean over pictures of the root mean square of each one's differences (n, d)."""
    return float(np.sqrt((differences**2).mean(1)).mean())
