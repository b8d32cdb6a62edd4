"""What can be measured and drawn in a latent space: samplers fitted on codes, samples, lines, grids, density."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

SAMPLERS = ("full", "diagonal", "shrinkage", "mixture", "standard")
NO_VARIANCE = 1e-6  # of the largest: rounding leaves that much where there is none


@dataclass(frozen=True)
class LatentStats:
    """A Gaussian fitted on n codes of D elements each, or a mixture of K of them on common axes; float32.

    Component k has mean means[k] and covariance basis · diag(scales[k]²) · basisᵀ.

    weights    (K,) share of each component, summing to 1; K is 1 for a Gaussian
    means      (K, D)
    basis      (D, r) orthonormal axes, that of the largest variance first; the identity where the elements are independent
    scales     (K, r) standard deviation along each axis
    n          number of codes it was fitted on
    shrinkage  Ledoit & Wolf's share of the multiple of the identity, where there is one
    """

    weights: Tensor
    means: Tensor
    basis: Tensor
    scales: Tensor
    n: int
    shrinkage: float = 0.0

    @property
    def mean(self) -> Tensor:
        """(D,), of the whole mixture."""
        return self.weights @ self.means

    @property
    def covariance(self) -> Tensor:
        """(D, D), of the whole mixture: the mean of the components' covariances and the covariance of their means."""
        within = (self.basis * (self.weights @ self.scales.square())) @ self.basis.T
        offsets = self.means - self.mean
        return within + (offsets * self.weights.unsqueeze(1)).T @ offsets


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


def fit(codes: Tensor, sampler: str = "full") -> LatentStats:
    """What `sample` draws new codes from, fitted on codes (n, ...), flattened to (n, D).

    sampler  "full": a Gaussian with the sample covariance, of rank at most n − 1
             "diagonal": its diagonal alone, every element by itself
             "shrinkage": Ledoit & Wolf (2004), the covariance pulled towards a multiple of the identity by the share that
             minimises the expected squared error, and so of full rank
             "mixture": "shrinkage", but along the leading principal axes a mixture of Gaussians takes the place of the
             one: see `mixture_size`. A mixture of free covariances would need far more codes than there are
             "standard": N(0, I), which takes nothing from the codes but their number of elements
    Raises ValueError for fewer than two codes or another sampler.
    """
    x = codes.flatten(1).double()
    n, num_elements = x.shape
    if n < 2:
        raise ValueError(f"A covariance needs at least two codes, not {n}.")
    if sampler not in SAMPLERS:
        raise ValueError(f"sampler must be one of {', '.join(SAMPLERS)}, not {sampler!r}.")
    if sampler == "standard":
        return _stats(torch.zeros(1, num_elements), torch.eye(num_elements), torch.ones(1, num_elements), n)
    mean = x.mean(0, keepdim=True)
    if sampler == "diagonal":
        return _stats(mean, torch.eye(num_elements), x.std(0, keepdim=True), n)

    # The axes and variances of the sample covariance, without squaring: its eigenvectors are the right singular vectors.
    _, singular_values, axes = torch.linalg.svd(x - mean, full_matrices=sampler != "full")
    variances = torch.zeros(len(axes), dtype=torch.double)
    variances[: len(singular_values)] = singular_values.square() / (n - 1)
    if sampler == "full":
        return _stats(mean, axes.T, variances.sqrt().unsqueeze(0), n)

    from sklearn.covariance import ledoit_wolf_shrinkage  # slow to import, and only these need it

    shrinkage = float(ledoit_wolf_shrinkage(x.numpy()))
    variances *= (n - 1) / n  # Ledoit and Wolf's covariance is the maximum-likelihood one, which divides by n
    scales = ((1 - shrinkage) * variances + shrinkage * variances.mean()).sqrt()
    if sampler == "shrinkage":
        return _stats(mean, axes.T, scales.unsqueeze(0), n, shrinkage)
    num_components, num_axes = mixture_size(n, num_elements)
    whitened = (x - mean) @ axes[:num_axes].T / variances[:num_axes].clamp(min=1e-12).sqrt()
    weights, means, relative = _fit_mixture(whitened, num_components)
    means = mean + (means * scales[:num_axes]) @ axes[:num_axes]
    scales = scales.repeat(num_components, 1)
    scales[:, :num_axes] *= relative
    return _stats(means, axes.T, scales, n, shrinkage, weights)


def mixture_size(n: int, num_elements: int) -> tuple[int, int]:
    """(components, leading principal axes) of the mixture that `fit` takes for n codes: a component for every 64 codes, 1 to 8
    of them, on as many axes as keep 2 codes a parameter of each component, at most 32."""
    num_components = min(8, max(1, n // 64))
    return num_components, max(1, min(32, n // (4 * num_components), num_elements))


def _fit_mixture(x: Tensor, num_components: int) -> tuple[Tensor, Tensor, Tensor]:
    """Weights (K,), means (K, q) and standard deviations (K, q) of a mixture of axis-aligned Gaussians fitted on x (n, q)."""
    from sklearn.mixture import GaussianMixture

    mixture = GaussianMixture(num_components, covariance_type="diag", reg_covar=0.01, random_state=0).fit(x.numpy())
    weights, means, variances = mixture.weights_, mixture.means_, mixture.covariances_
    return torch.from_numpy(weights), torch.from_numpy(means), torch.from_numpy(variances).sqrt()


def _stats(
    means: Tensor, basis: Tensor, scales: Tensor, n: int, shrinkage: float = 0.0, weights: Tensor | None = None
) -> LatentStats:
    weights = torch.ones(1) if weights is None else weights
    return LatentStats(weights.float(), means.float(), basis.float(), scales.float(), n, shrinkage)


def spectrum(stats: LatentStats) -> Tensor:
    """Variances along the principal axes of the Gaussian or of the whole mixture, (r,) with r ≤ D, largest first: the
    eigenvalues of the covariance, less those that are 0 for want of codes."""
    if len(stats.weights) == 1:
        return stats.scales[0].square().sort(descending=True).values
    return torch.linalg.eigvalsh(stats.covariance.double()).clamp(min=0).flip(0).float()


def rank(stats: LatentStats) -> int:
    """Number of directions in which it has variance: more than NO_VARIANCE of the largest one's."""
    variances = spectrum(stats)
    return int((variances > NO_VARIANCE * variances[0]).sum())


def sample(stats: LatentStats, seeds: Sequence[int]) -> Tensor:
    """Codes (len(seeds), D), one seed a code.

    A seed stands for the same noise N(0, I), the same as `seeded_normal` draws, whatever was fitted on whichever model's
    codes: the noise is mapped by the symmetric root of the covariance, which moves it as little as any map can, so that
    one seed's codes under different samplers are kin. In a mixture the seed also draws the component.
    """
    noise, component = [], []
    for seed in seeds:
        generator = torch.Generator().manual_seed(seed)
        noise.append(torch.randn(len(stats.basis), generator=generator))
        component.append(torch.rand((), generator=generator))
    k = torch.searchsorted(stats.weights.cumsum(0), torch.stack(component)).clamp(max=len(stats.weights) - 1)
    return stats.means[k] + (torch.stack(noise) @ stats.basis * stats.scales[k]) @ stats.basis.T


def lerp(z_from: Tensor, z_to: Tensor, num_steps: int) -> Tensor:
    """Codes (num_steps, ...) at equal steps on the straight line from one code (...) to another."""
    t = torch.linspace(0, 1, num_steps).view(-1, *[1] * z_from.ndim)
    return (1 - t) * z_from + t * z_to


def slerp(z_from: Tensor, z_to: Tensor, num_steps: int) -> Tensor:
    """Codes (num_steps, ...) at equal angles on the great circle from one code (...) to another, the length going linearly
    from one's to the other's (Shoemake 1985; for latent codes White 2016, https://arxiv.org/abs/1609.04468).

    Between codes of one length, as power-normalised ones are, all have that length. Raises ValueError where the great
    circle is not one: for opposite codes and for a code of length 0.
    """
    lengths = torch.stack([z_from.norm(), z_to.norm()])
    if lengths.min() == 0:
        raise ValueError("A code of length 0 has no direction to turn from.")
    a, b = z_from / lengths[0], z_to / lengths[1]
    angle = 2 * torch.atan2((a - b).norm(), (a + b).norm())  # accurate at every angle, as acos(a · b) is not
    if angle > torch.pi - 1e-3:
        raise ValueError("Opposite codes have no one shortest way between them.")
    t = torch.linspace(0, 1, num_steps).view(-1, *[1] * z_from.ndim)
    if angle < 1e-3:
        direction = (1 - t) * a + t * b
    else:
        direction = (((1 - t) * angle).sin() * a + (t * angle).sin() * b) / angle.sin()
    return direction * ((1 - t) * lengths[0] + t * lengths[1])


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
