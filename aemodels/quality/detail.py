"""How much fine detail pictures have."""

import torch.nn.functional as F
from torch import Tensor

LITTLE = 0.75  # of the fine detail of other pictures: what has less than this share of it has lost some to the eye


def mean_step(x: Tensor) -> float:
    """Mean absolute step between neighbouring pixels of images (B, C, H, W) in [0, 1], in grey levels (of 255); the mean of
    the steps to the right and of those down."""
    return 255 * float(x.diff(dim=3).abs().mean() + x.diff(dim=2).abs().mean()) / 2


def fine_share(x: Tensor, block_px: int) -> float:
    """Share, in [0, 1], of the energy (sum of squares) of images or differences (B, C, H, W) that is lost when blocks of
    block_px × block_px pixels are averaged. Not a number where there is no energy."""
    return 1 - float(F.avg_pool2d(x, block_px).square().mean() / x.square().mean())
