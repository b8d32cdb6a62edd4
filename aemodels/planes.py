"""A plane of 2-D codes as one walks about in it: cells of a box, nearest digits, how much is hole, how far from real digits."""

import torch
from torch import Tensor

from aemodels import latents

Extent = tuple[float, float, float, float]  # x_min, x_max, y_min, y_max


def cells(extent: Extent, side: int) -> Tensor:
    """Centres (side², 2) of the side × side equal cells that tile a box, row by row as an image shows it."""
    x_min, x_max, y_min, y_max = extent
    dx, dy = (x_max - x_min) / side / 2, (y_max - y_min) / side / 2
    return latents.grid((x_min + dx, x_max - dx, y_min + dy, y_max - dy), side)


def nearest_k(codes: Tensor, z: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k of codes (n, D) that lie nearest to one place z (D,), nearest first: indices (k,) and Euclidean distances (k,)."""
    distance, index = torch.linalg.vector_norm(codes.float() - z.float(), dim=1).topk(k, largest=False)
    return index, distance


def hole_share(codes: Tensor, extent: Extent, side: int = 100) -> float:
    """Share of the cells of a box, side × side of them, whose centres are holes among codes (n, 2); see `latents.support`."""
    return (latents.support(codes, cells(extent, side)) < latents.HOLE_BELOW).double().mean().item()


def distance_to_images(x: Tensor, images: Tensor, besides: list[int]) -> Tensor:
    """Root mean square difference (B,) from each of x (B, ...) in [0, 1] to the nearest of uint8 images (n, ...).

    besides     indices of images that do not count: those that x was made from
    """
    distance = torch.cdist(255 * x.flatten(1), images.flatten(1).float())
    distance[:, besides] = torch.inf
    return distance.amin(1) / 255 / x[0].numel() ** 0.5
