"""Random changes of a batch of images: what may move in a picture without making it another."""

import torch
import torch.nn.functional as F
from torch import Tensor

from aemodels.models.config import TrainConfig


def augmented(x: Tensor, config: TrainConfig, generator: torch.Generator) -> Tensor:
    """Images x uint8 (B, C, H, W) as float in [0, 1], changed as the configuration asks, channels last in memory."""
    if config.shift_px:
        x = random_shift(x, config.shift_px, generator)
    x = x.float() / 255
    if config.flips:
        x = random_flip(x, generator)
    if config.warp_px:
        x = random_warp(x, config.warp_px, generator)
    return x.contiguous(memory_format=torch.channels_last)


def random_flip(x: Tensor, generator: torch.Generator) -> Tensor:
    """Each image of x (B, C, H, W) mirrored left-right with probability ½."""
    mirrored = torch.rand(len(x), 1, 1, 1, generator=generator, device=x.device) < 0.5
    return torch.where(mirrored, x.flip(3), x)


def random_shift(x: Tensor, most_px: int, generator: torch.Generator) -> Tensor:
    """Each image of x (B, C, H, W) moved by up to most_px pixels along both axes; what moves in is mirrored at the edge."""
    num_images, num_channels, height, width = x.shape
    dy, dx = torch.randint(-most_px, most_px + 1, (2, num_images, 1), generator=generator, device=x.device)
    rows = mirrored_index(torch.arange(height, device=x.device) + dy, height)  # (B, H)
    columns = mirrored_index(torch.arange(width, device=x.device) + dx, width)  # (B, W)
    image, channel = torch.arange(num_images, device=x.device), torch.arange(num_channels, device=x.device)
    return x[image.view(-1, 1, 1, 1), channel.view(1, -1, 1, 1), rows[:, None, :, None], columns[:, None, None, :]]


def mirrored_index(index: Tensor, size: int) -> Tensor:
    """Indices that lie up to size − 1 beyond either end of a row of `size` pixels, mirrored at its outermost pixel."""
    last = size - 1
    return last - (last - index.abs()).abs()


def random_warp(x: Tensor, sigma_px: float, generator: torch.Generator) -> Tensor:
    """Each image of x (B, C, H, W) in [0, 1] bent with probability ½: its pixels move by smooth fields, normal with standard
    deviation sigma_px pixels at 4×4 places, bicubic between them. What moves in from beyond the edge is black."""
    num_images, _, height, width = x.shape
    coarse = sigma_px * torch.randn(num_images, 2, 4, 4, generator=generator, device=x.device)
    dx, dy = F.interpolate(coarse, (height, width), mode="bicubic", align_corners=True).unbind(1)  # (B, H, W) each
    still = F.affine_grid(torch.eye(2, 3, device=x.device).expand(num_images, 2, 3), x.shape, align_corners=False)
    field = torch.stack([dx / (width / 2), dy / (height / 2)], dim=3)  # grid_sample measures in halves of a side
    warped = F.grid_sample(x, still + field, align_corners=False)
    bent = torch.rand(num_images, 1, 1, 1, generator=generator, device=x.device) < 0.5
    return torch.where(bent, warped, x)
