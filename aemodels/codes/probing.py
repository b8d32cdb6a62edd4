"""What the parts of a code hold: one channel or one cell is scaled or knocked out, and the change in the picture measured.

A code (C, h, w) has C channels, each a map, and h×w cells, each a column of C numbers over one block of pixels. Scaling is
about the mean of a reference set of codes, so that a part that is knocked out says what it says of the average photo (mean
ablation): zero may be a value that no photo has.
"""

from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from aemodels.codes.latents import NO_VARIANCE, SAME
from aemodels.models.autoencoders import MSE_FLOOR
from aemodels.noise import power

Decode = Callable[[Tensor], Tensor]
Part = tuple[int | slice, ...]


def channel(index: int) -> Part:
    """One channel of a code (C, h, w), counted from 0."""
    return (index,)


def cell(row: int, column: int) -> Part:
    """All channels at one place of a code (C, h, w), counted from 0."""
    return (slice(None), row, column)


def scale(z: Tensor, mean: Tensor, part: Part, gain: float) -> Tensor:
    """z (B, C, h, w) with one part moved to mean + gain · (z − mean): 1 leaves it, 0 knocks it out, −1 mirrors it.

    mean  (C, h, w), of the reference codes
    """
    scaled = z.clone()
    index = (slice(None), *part)
    scaled[index] = mean[part] + gain * (z[index] - mean[part])
    return scaled


def knock_out_mse(decode: Decode, z: Tensor, mean: Tensor, part: Part, target: Tensor) -> Tensor:
    """MSE (B,) of each picture decoded without one part, against its target (B, 3, H, W)."""
    return power(target - decode(scale(z, mean, part, 0.0)))


def psnr_lost_db(errors: Tensor, error_whole: Tensor) -> Tensor:
    """What each part is worth: by how much the mean PSNR of the pictures falls without it, in dB, (P,); errors below MSE_FLOOR
    count as that.

    errors (P, B), `knock_out_mse` of each part against the originals; error_whole (B,), the MSE with all parts.
    """
    return 10 * (errors.clamp(min=MSE_FLOOR) / error_whole.clamp(min=MSE_FLOOR)).log10().mean(1)


def channel_power(z: Tensor) -> Tensor:
    """Mean square (B, C) of each channel of codes z (B, C, h, w)."""
    return z.square().mean((2, 3))


def shares_by_distance(change: Tensor, row: int, column: int, cells: tuple[int, int]) -> Tensor:
    """Where a change (C, H, W) of the picture lies, seen from one of h×w cells: shares of its squared sum, (max(h, w),).

    Element d is the share in the blocks of pixels that are d cells away, diagonals counted as one step (Chebyshev distance);
    element 0 is the cell's own block. Not a number where nothing changed.
    """
    (h, w), (_, height, width) = cells, change.shape
    blocks = change.square().view(-1, h, height // h, w, width // w).sum((0, 2, 4))
    down, right = (torch.arange(h) - row).abs(), (torch.arange(w) - column).abs()
    distance = torch.maximum(down[:, None], right[None, :])
    shares = torch.zeros(max(h, w)).index_add_(0, distance.flatten(), blocks.flatten())
    return shares / shares.sum()


def reach_of_row(decode: Decode, z: Tensor, x_hat: Tensor, mean: Tensor, row: int) -> Tensor:
    """`shares_by_distance` of each cell of one row when it is knocked out, (w, max(h, w)).

    z (B, C, h, w) and x_hat = decode(z); the cells of the grid, row by row, take turns with the B pictures, so that each costs
    one decoded picture and all pictures have their share.
    """
    _, _, h, w = z.shape
    pictures = [(row * w + column) % len(z) for column in range(w)]
    without = torch.cat([scale(z[i : i + 1], mean, cell(row, column), 0.0) for column, i in enumerate(pictures)])
    change = decode(without) - x_hat[pictures]
    return torch.stack([shares_by_distance(change[column], row, column, (h, w)) for column in range(w)])


def colour_axes(codes: Tensor) -> tuple[Tensor, Tensor, float]:
    """Three principal components of the cells of codes (n, C, h, w), to show a code as one picture.

    Returns (mean (C,), axes (C, 3) with each scaled so that one standard deviation along it is 1, share of the cells' variance
    that the three carry). Where cells differ in fewer than three directions, or not at all, the axes left over are 0, and so is a
    share of no variance.
    """
    cells = codes.movedim(1, -1).flatten(0, -2).double()
    mean = cells.mean(0)
    covariance = (cells - mean).T @ (cells - mean) / max(len(cells) - 1, 1)
    variances, directions = torch.linalg.eigh(covariance)
    variances = variances.where(variances > (SAME * cells.abs().max()).square(), 0)
    top, axes = variances.flip(0)[:3], directions.flip(1)[:, :3]
    axes = axes.where(
        axes.sum(0) >= 0, -axes
    )  # an eigenvector's sign is free; this one makes the colours the same everywhere
    is_used = top > NO_VARIANCE * top[0]
    axes = (axes / top.where(is_used, 1).sqrt()).where(is_used, 0)
    share = float(top.sum() / variances.sum()) if top[0] else 0.0
    return mean.float(), F.pad(axes, (0, 3 - axes.shape[1])).float(), share


def as_colours(z: Tensor, mean: Tensor, axes: Tensor) -> np.ndarray:
    """One code (C, h, w) as uint8 colours (h, w, 3): red, green and blue are `colour_axes`, from −2.5 to 2.5 deviations."""
    along = (z.movedim(0, -1) - mean) @ axes
    return ((along / 5 + 0.5).clamp(0, 1) * 255).round().byte().numpy()
