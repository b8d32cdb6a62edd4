"""What can be measured and drawn in a latent space: Gaussians fitted on codes, samples, grids, lines, density."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from aemodels.noise import seeded_normal

COVARIANCES = ("full", "diagonal", "shrinkage")


@dataclass(frozen=True)
class LatentStats:
    """A Gaussian fitted on n codes of D elements each: mean (D,), covariance (D, D), float32."""

    mean: Tensor
    covariance: Tensor
    n: int


@dataclass(frozen=True)
class PlaneStats:
    """How the codes of a 2-D latent space lie.

    spread               standard deviation along each axis
    hole_fraction        share of the cells of a 32×32 grid over the codes' box that hold no code
    neighbour_accuracy   share of codes whose nearest other code has the same label
    """

    spread: tuple[float, float]
    hole_fraction: float
    neighbour_accuracy: float


def fit(codes: Tensor, covariance: str = "full") -> LatentStats:
    """Mean and covariance of codes (n, ...), flattened to (n, D).

    covariance  "full": the sample covariance, of rank at most n − 1; "diagonal": its diagonal alone; "shrinkage":
                Ledoit & Wolf (2004), pulled towards a multiple of the identity by the share that minimises the expected
                squared error, and so of full rank
    Raises ValueError for fewer than two codes or another kind of covariance.
    """
    x = codes.flatten(1).float()
    if len(x) < 2:
        raise ValueError(f"A covariance needs at least two codes, not {len(x)}.")
    if covariance == "full":
        matrix = torch.cov(x.T)
    elif covariance == "diagonal":
        matrix = x.var(0).diag()
    elif covariance == "shrinkage":
        from sklearn.covariance import ledoit_wolf  # slow to import, and only this needs it

        matrix = torch.from_numpy(ledoit_wolf(x.numpy())[0]).float()
    else:
        raise ValueError(f"covariance must be one of {', '.join(COVARIANCES)}, not {covariance!r}.")
    return LatentStats(x.mean(0), matrix, len(x))


def factor(stats: LatentStats) -> Tensor:
    """F (D, D) with F Fᵀ = covariance: eigenvectors scaled by the roots of their eigenvalues, largest first."""
    eigenvalues, eigenvectors = torch.linalg.eigh(stats.covariance.double())
    return (eigenvectors * eigenvalues.clamp(min=0).sqrt()).flip(1).float()


def rank(stats: LatentStats) -> int:
    """Number of directions in which the Gaussian has variance: at least 10⁻⁶ of the largest one's."""
    return int(torch.linalg.matrix_rank(stats.covariance.double(), hermitian=True, rtol=1e-6))


def sample(stats: LatentStats, seeds: Sequence[int], factor_of_covariance: Tensor | None = None) -> Tensor:
    """Codes (len(seeds), D) from N(mean, covariance), one seed a code; pass `factor(stats)` to spare its computation."""
    f = factor(stats) if factor_of_covariance is None else factor_of_covariance
    return stats.mean + seeded_normal(seeds, stats.mean.shape) @ f.T


def nearest(codes: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """For each z (B, ...) the index (B,) of the nearest of codes (n, ...) and its Euclidean distance (B,)."""
    # The default way through a matrix product rounds distances to some 0.03, enough to change who is nearest.
    exact = "donot_use_mm_for_euclid_dist"
    distance, index = torch.cdist(z.flatten(1).float(), codes.flatten(1).float(), compute_mode=exact).min(1)
    return index, distance


def box(codes: Tensor, coverage: float = 0.98) -> tuple[float, float, float, float]:
    """(x_min, x_max, y_min, y_max) that holds the central `coverage` of 2-D codes (n, 2) along each axis."""
    tail = (1 - coverage) / 2
    low, high = np.quantile(codes.numpy(), [tail, 1 - tail], axis=0)
    return float(low[0]), float(high[0]), float(low[1]), float(high[1])


def grid(extent: tuple[float, float, float, float], side: int) -> Tensor:
    """Codes (side², 2) on a regular grid, row by row as an image shows it: y falls from row to row, x rises."""
    x_min, x_max, y_min, y_max = extent
    y, x = torch.meshgrid(torch.linspace(y_max, y_min, side), torch.linspace(x_min, x_max, side), indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], dim=1)


def uniform(extent: tuple[float, float, float, float], seeds: Sequence[int]) -> Tensor:
    """Codes (len(seeds), 2) drawn uniformly from a box, one seed a code."""
    x_min, x_max, y_min, y_max = extent
    u = torch.stack([torch.rand(2, generator=torch.Generator().manual_seed(seed)) for seed in seeds])
    return torch.tensor([x_min, y_min]) + u * torch.tensor([x_max - x_min, y_max - y_min])


def support(codes: Tensor, z: Tensor, k: int = 10) -> Tensor:
    """How well codes (n, 2) support each place z (B, 2): the share (B,), in [0, 1], of codes that are more lonely.

    Lonely means far from one's k-th nearest other code. 0.5 is as crowded as the median code, 0 lonelier than all.
    """
    from scipy.spatial import cKDTree

    tree = cKDTree(codes.numpy())
    of_codes = np.sort(tree.query(codes.numpy(), k + 1)[0][:, -1])
    of_z = tree.query(z.numpy(), k)[0][:, -1]
    return torch.from_numpy(1 - np.searchsorted(of_codes, of_z) / len(codes))


def plane_stats(codes: Tensor, labels: Tensor) -> PlaneStats:
    """Measures 2-D codes (n, 2) with labels (n,)."""
    from scipy.spatial import cKDTree

    xy = codes.numpy()
    x_min, x_max, y_min, y_max = box(codes)
    counts, _, _ = np.histogram2d(xy[:, 0], xy[:, 1], bins=32, range=[[x_min, x_max], [y_min, y_max]])
    two = cKDTree(xy).query(xy, 2)[1]
    itself = two == np.arange(len(xy))[:, None]  # first, unless a twin lies on the same spot
    neighbour = np.where(itself[:, 0], two[:, 1], two[:, 0])
    same = labels.numpy()[neighbour] == labels.numpy()
    spread = xy.std(0, ddof=1)
    return PlaneStats((float(spread[0]), float(spread[1])), float((counts == 0).mean()), float(same.mean()))


SPARSE_BELOW, HOLE_BELOW = 0.05, 0.01  # of `support`


def kind_of_place(share: float) -> str:
    """What `support` says in a word: "hole" below 1 %, "sparse" below 5 %, else "supported"."""
    return "hole" if share < HOLE_BELOW else "sparse" if share < SPARSE_BELOW else "supported"


def pixel_entropy(x_hat: Tensor) -> Tensor:
    """Entropy of decoded images (B, ...) in [0, 1], each pixel read as the probability of ink: (B,), in nats a pixel.

    0 for pure black and white; grey strokes raise it.
    """
    return torch.special.entr(x_hat.float()).add(torch.special.entr(1 - x_hat.float())).flatten(1).mean(1)
