"""A plane of 2-D codes as one walks about in it: boxes and grids, how well a place is supported, what is hole, nearest digits."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import torch
from torch import Tensor

from aemodels.checks import check_bytes
from aemodels.language import N_
from aemodels.noise import seeded_normal

Extent = tuple[float, float, float, float]  # x_min, x_max, y_min, y_max
SPARSE_BELOW, HOLE_BELOW = 0.05, 0.01  # of `support`
KINDS_OF_PLACE = {"supported": N_("supported"), "sparse": N_("sparse"), "hole": N_("hole")}  # and the word for each
GREYER_BY = 1.05  # times as much entropy of the pixels, at least: less than that nobody sees
RINGS = (1.0, 2.0, 3.0)  # radii of circles around the origin that show how N(0, I) lies
ROUNDING = 2e-7  # of the numbers of float32 codes: what differs by less is the same
MIN_CODES = 11  # of `Support`: each one's tenth nearest other one


@dataclass(frozen=True)
class PlaneStats:
    """How the codes of a 2-D latent space lie.

    spread               standard deviation along each axis, 0 where all codes are the same but for rounding, or there is but one
    neighbour_accuracy   share of codes whose nearest other code has the same label; not a number where there is but one code
    """

    spread: tuple[float, float]
    neighbour_accuracy: float


def box(codes: Tensor, coverage: float = 0.98) -> Extent:
    """(x_min, x_max, y_min, y_max) that holds the central `coverage` of 2-D codes (n, 2), n at least 1, along each axis.

    A box always has an area. Along an axis on which these codes are all the same, it is as wide as along the other one, around
    that number; where they are the same on both, it reaches 1 to either side, and a thousandth of a number beyond 1000.
    """
    tail = (1 - coverage) / 2
    low, high = np.quantile(codes.numpy(), [tail, 1 - tail], axis=0).astype(float)
    size = np.maximum(abs(low), abs(high))
    is_dead = high - low <= ROUNDING * size
    if is_dead.any():
        half = np.full(2, 1.0) if is_dead.all() else np.full(2, (high - low)[~is_dead].item() / 2)
        half, middle = np.maximum(half, size / 1000), (low + high) / 2
        low, high = np.where(is_dead, middle - half, low), np.where(is_dead, middle + half, high)
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def widen(extent: Extent) -> Extent:
    """A box 3% wider on each side, for dots on its edge."""
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

    Lonely means far from one's k-th nearest other code, or from the last where there are no k others. 0.5 is as crowded as the
    median code, 0 lonelier than all, as is every place beside a single code. What depends on the codes alone is measured once.
    """

    def __init__(self, codes: Tensor, k: int = 10) -> None:
        from scipy.spatial import cKDTree

        self.k = min(k, len(codes) - 1)
        self.tree = cKDTree(codes.numpy())
        self.of_codes = np.sort(self.tree.query(codes.numpy(), [self.k + 1])[0][:, -1])

    def __call__(self, z: Tensor) -> Tensor:
        if not self.k:
            return torch.zeros(len(z), dtype=torch.double)
        of_z = self.tree.query(z.numpy(), [self.k])[0][:, -1]
        return torch.from_numpy(1 - np.searchsorted(self.of_codes, of_z) / len(self.of_codes))


def support(codes: Tensor, z: Tensor, k: int = 10) -> Tensor:
    """`Support(codes, k)(z)`, for one use."""
    return Support(codes, k)(z)


def plane_stats(codes: Tensor, labels: Tensor) -> PlaneStats:
    """Measures 2-D codes (n, 2) with labels (n,)."""
    from scipy.spatial import cKDTree

    xy = codes.numpy()
    if len(xy) < 2:
        return PlaneStats((0.0, 0.0), float("nan"))
    two = cKDTree(xy).query(xy, 2)[1]
    itself = two == np.arange(len(xy))[:, None]  # first, unless a twin lies on the same spot
    neighbour = np.where(itself[:, 0], two[:, 1], two[:, 0])
    same = labels.numpy()[neighbour] == labels.numpy()
    spread = xy.std(0, ddof=1, dtype=float)
    spread[spread <= ROUNDING * abs(xy).max(0)] = 0
    return PlaneStats((float(spread[0]), float(spread[1])), float(same.mean()))


def kind_of_place(share: float) -> str:
    """What `support` says in a word: "hole" below 1%, "sparse" below 5%, else "supported"."""
    return "hole" if share < HOLE_BELOW else "sparse" if share < SPARSE_BELOW else "supported"


def pixel_entropy(x_hat: Tensor) -> Tensor:
    """Entropy of decoded images (B, ...) in [0, 1], each pixel read as the probability of ink: (B,), in nats a pixel.

    0 for pure black and white; grey strokes raise it.
    """
    p = x_hat.float().clamp(0, 1)  # beyond, by rounding, entr is -inf
    q = 1 - p
    return (0 - torch.xlogy(p, p) - torch.xlogy(q, q)).flatten(1).mean(1)  # special.entr takes twice the time


def cells(extent: Extent, side: int) -> Tensor:
    """Centres (side², 2) of the side × side equal cells that tile a box, row by row as an image shows it."""
    x_min, x_max, y_min, y_max = extent
    dx, dy = (x_max - x_min) / side / 2, (y_max - y_min) / side / 2
    return grid((x_min + dx, x_max - dx, y_min + dy, y_max - dy), side)


def nearest_k(codes: Tensor, z: Tensor, k: int) -> tuple[Tensor, Tensor]:
    """The k of codes (n, D) that lie nearest to one place z (D,), nearest first: indices (k,) and Euclidean distances (k,); all n
    where there are no k."""
    distance, index = torch.linalg.vector_norm(codes.float() - z.float(), dim=1).topk(min(k, len(codes)), largest=False)
    return index, distance


def hole_share(codes: Tensor | Support, extent: Extent, side: int = 100) -> float:
    """Share of a box that is hole among codes (n, 2), which may come with their `Support`: of its side × side cells, those whose centres
    that calls holes.

    It is how often a uniform draw from the box falls into a hole.
    """
    return _share_in_holes(codes, cells(extent, side))


def normal_hole_share(codes: Tensor | Support, num_draws: int = 20_000) -> float:
    """How often a draw from N(0, I) falls into a hole among codes (n, 2), as in `hole_share`, counted over draws of a fixed seed."""
    (z,) = seeded_normal([0], (num_draws, 2))
    return _share_in_holes(codes, z)


def _share_in_holes(codes: Tensor | Support, z: Tensor) -> float:
    of = codes if isinstance(codes, Support) else Support(codes)
    return (of(z) < HOLE_BELOW).double().mean().item()


def share_within(codes: Tensor, radius: float) -> float:
    """Share of codes (n, 2) at most this far from the origin; of N(0, I) it is 1 − exp(−radius² / 2)."""
    return (torch.linalg.vector_norm(codes, dim=1) <= radius).double().mean().item()


def distance_to_images(x: Tensor, images: Tensor, besides: list[int]) -> Tensor:
    """Root mean square difference (B,) from each of x (B, ...) in [0, 1] to the nearest of uint8 images (n, ...).

    besides     indices of images that do not count: those that x was made from; infinite where no other is left
    """
    check_bytes(images)
    x_flat = 255 * x.flatten(1)
    # As torch.cdist does it for so many, which copies all of them; here as many at a time as a core keeps at hand.
    parts = map(torch.Tensor.float, images.flatten(1).split(250))
    square = torch.cat([torch.addmm(part.square().sum(1), x_flat, part.T, alpha=-2) for part in parts], 1)
    square += x_flat.square().sum(1, keepdim=True)
    square[:, besides] = torch.inf
    return square.amin(1).clamp(min=0).sqrt() / 255 / prod(x.shape[1:]) ** 0.5
