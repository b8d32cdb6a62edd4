"""A plane of 2-D codes as one walks about in it: boxes and grids, how well a place is supported, what is hole, nearest digits."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

Extent = tuple[float, float, float, float]  # x_min, x_max, y_min, y_max
SPARSE_BELOW, HOLE_BELOW = 0.05, 0.01  # of `support`
MIN_CODES = 11  # of `Support`: each one's tenth nearest other one


@dataclass(frozen=True)
class PlaneStats:
    """How the codes of a 2-D latent space lie.

    spread               standard deviation along each axis
    neighbour_accuracy   share of codes whose nearest other code has the same label
    """

    spread: tuple[float, float]
    neighbour_accuracy: float


def box(codes: Tensor, coverage: float = 0.98) -> Extent:
    """(x_min, x_max, y_min, y_max) that holds the central `coverage` of 2-D codes (n, 2) along each axis."""
    tail = (1 - coverage) / 2
    low, high = np.quantile(codes.numpy(), [tail, 1 - tail], axis=0)
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def widen(extent: Extent) -> Extent:
    """A box 3 % wider on each side, for dots on its edge."""
    x_min, x_max, y_min, y_max = extent
    dx, dy = 0.03 * (x_max - x_min), 0.03 * (y_max - y_min)
    return x_min - dx, x_max + dx, y_min - dy, y_max + dy


def num_inside(codes: Tensor, extent: Extent) -> int:
    """How many of codes (n, 2) lie in a box, its edges included."""
    x_min, x_max, y_min, y_max = extent
    x, y = codes.double().T
    return int(((x >= x_min) & (x <= x_max) & (y >= y_min) & (y <= y_max)).sum())


def grid(extent: Extent, side: int) -> Tensor:
    """Codes (side², 2) on a regular grid, row by row as an image shows it: y falls from row to row, x rises."""
    x_min, x_max, y_min, y_max = extent
    y, x = torch.meshgrid(torch.linspace(y_max, y_min, side), torch.linspace(x_min, x_max, side), indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def uniform(extent: Extent, seeds: Sequence[int]) -> Tensor:
    """Codes (len(seeds), 2) drawn uniformly from a box, one seed a code."""
    x_min, x_max, y_min, y_max = extent
    u = torch.stack([torch.rand(2, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
    return torch.tensor([x_min, y_min]) + u * torch.tensor([x_max - x_min, y_max - y_min])


class Support:
    """How well codes (n, 2) support each place z (B, 2): the share (B,), in [0, 1], of codes that are more lonely.

    Lonely means far from one's k-th nearest other code. 0.5 is as crowded as the median code, 0 lonelier than all. What
    depends on the codes alone is measured once.
    """

    def __init__(self, codes: Tensor, k: int = 10) -> None:
        from scipy.spatial import cKDTree

        self.k = k
        self.tree = cKDTree(codes.numpy())
        self.of_codes = np.sort(self.tree.query(codes.numpy(), k + 1)[0][:, -1])

    def __call__(self, z: Tensor) -> Tensor:
        of_z = self.tree.query(z.numpy(), self.k)[0][:, -1]
        return torch.from_numpy(1 - np.searchsorted(self.of_codes, of_z) / len(self.of_codes))


def support(codes: Tensor, z: Tensor, k: int = 10) -> Tensor:
    """`Support(codes, k)(z)`, for one use."""
    return Support(codes, k)(z)


def plane_stats(codes: Tensor, labels: Tensor) -> PlaneStats:
    """Measures 2-D codes (n, 2) with labels (n,)."""
    from scipy.spatial import cKDTree

    xy = codes.numpy()
    two = cKDTree(xy).query(xy, 2)[1]
    itself = two == np.arange(len(xy))[:, None]  # first, unless a twin lies on the same spot
    neighbour = np.where(itself[:, 0], two[:, 1], two[:, 0])
    same = labels.numpy()[neighbour] == labels.numpy()
    spread = xy.std(0, ddof=1)
    return PlaneStats((float(spread[0]), float(spread[1])), float(same.mean()))


def kind_of_place(share: float) -> str:
    """What `support` says in a word: "hole" below 1 %, "sparse" below 5 %, else "supported"."""
    return "hole" if share < HOLE_BELOW else "sparse" if share < SPARSE_BELOW else "supported"


def pixel_entropy(x_hat: Tensor) -> Tensor:
    """Entropy of decoded images (B, ...) in [0, 1], each pixel read as the probability of ink: (B,), in nats a pixel.

    0 for pure black and white; grey strokes raise it.
    """
    return torch.special.entr(x_hat.float()).add(torch.special.entr(1 - x_hat.float())).flatten(1).mean(1)


def cells(extent: Extent, side: int) -> Tensor:
    """Centres (side², 2) of the side × side equal cells that tile a box, row by row as an image shows it."""
    x_min, x_max, y_min, y_max = extent
    dx, dy = (x_max - x_min) / side / 2, (y_max - y_min) / side / 2
    return grid((x_min + dx, x_max - dx, y_min + dy, y_max - dy), side)


def nearest_k(codes: Tensor, z: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k of codes (n, D) that lie nearest to one place z (D,), nearest first: indices (k,) and Euclidean distances (k,)."""
    distance, index = torch.linalg.vector_norm(codes.float() - z.float(), dim=1).topk(k, largest=False)
    return index, distance


def hole_share(codes: Tensor, extent: Extent, side: int = 100) -> float:
    """Share of a box that is hole among codes (n, 2): of its side × side cells, those whose centres `Support` calls holes.

    It is how often a uniform draw from the box falls into a hole.
    """
    return (support(codes, cells(extent, side)) < HOLE_BELOW).double().mean().item()


def distance_to_images(x: Tensor, images: Tensor, besides: list[int]) -> Tensor:
    """Root mean square difference (B,) from each of x (B, ...) in [0, 1] to the nearest of uint8 images (n, ...).

    besides     indices of images that do not count: those that x was made from
    """
    distance = torch.cdist(255 * x.flatten(1), images.flatten(1).float())
    distance[:, besides] = torch.inf
    return distance.amin(1) / 255 / x[0].numel() ** 0.5
