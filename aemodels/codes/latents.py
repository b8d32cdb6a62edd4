"""What can be measured and drawn in a latent space: samplers fitted on codes, samples, lines from code to code."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

SAMPLERS = ("full", "diagonal", "shrinkage", "mixture", "standard")
NO_VARIANCE = 1e-12  # of the largest: what float32 codes' own rounding leaves is less
SAME = 1e-12  # codes that differ by less, in units of the largest, are the same: float32 has no such difference


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
        return _covariance(self).float()


def fit(codes: Tensor, sampler: str = "full") -> LatentStats:
    """What `sample` draws new codes from, fitted on codes (n, ...), flattened to (n, D).

    sampler  "full": a Gaussian with the sample covariance, of rank at most n − 1
             "diagonal": its diagonal alone, every element by itself
             "shrinkage": Ledoit & Wolf (2004), the covariance pulled towards a multiple of the identity by the share that
             minimises the expected squared error, and so of full rank
             "mixture": "shrinkage", but along the leading principal axes a mixture of Gaussians takes the place of the
             one: see `mixture_size`. A mixture of free covariances would need far more codes than there are
             "standard": N(0, I), which takes nothing from the codes but their number of elements
    Along an axis on which all codes agree the scale is 0. Raises ValueError for fewer than two codes or another sampler.
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
        spread = x.std(0, keepdim=True)
        spread[spread <= SAME * x.abs().amax(0)] = 0
        return _stats(mean, torch.eye(num_elements), spread, n)

    axes, variances = _principal_axes(x - mean, every_axis=sampler != "full")
    variances[variances.sqrt() <= SAME * x.abs().max()] = 0
    if sampler == "full":
        return _stats(mean, axes.T, variances.sqrt().unsqueeze(0), n)

    variances *= (n - 1) / n  # Ledoit and Wolf's covariance is the maximum-likelihood one, which divides by n
    shrinkage = _ledoit_wolf_shrinkage(x - mean, variances)
    scales = ((1 - shrinkage) * variances + shrinkage * variances.mean()).sqrt()
    if sampler == "shrinkage":
        return _stats(mean, axes.T, scales.unsqueeze(0), n, shrinkage)
    num_components, num_axes = mixture_size(n, num_elements)
    least = max(NO_VARIANCE * float(variances[0]), torch.finfo(torch.double).tiny)
    whitened = (x - mean) @ axes[:num_axes].T / variances[:num_axes].clamp(min=least).sqrt()
    num_components = min(num_components, len(whitened.unique(dim=0)))
    weights, means, relative = _fit_mixture(whitened, num_components)
    means = mean + (means * scales[:num_axes]) @ axes[:num_axes]
    scales = scales.repeat(len(weights), 1)
    scales[:, :num_axes] *= relative
    return _stats(means, axes.T, scales, n, shrinkage, weights)


def _principal_axes(x: Tensor, every_axis: bool) -> tuple[Tensor, Tensor]:
    """Principal axes (r, D) of centred x (n, D), strongest first, and the variances (r,) along them; every_axis: r is D, also where
    n is less."""
    n, num_elements = x.shape
    if n < num_elements:  # the right singular vectors
        _, singular_values, axes = torch.linalg.svd(x, full_matrices=every_axis)
        variances = torch.zeros(len(axes), dtype=x.dtype)
        variances[: len(singular_values)] = singular_values.square() / (n - 1)
        return axes, variances
    variances, axes = torch.linalg.eigh(x.T @ x / (n - 1))  # half the time of the singular values
    return axes.T.flip(0), variances.clamp(min=0).flip(0)


def _ledoit_wolf_shrinkage(x: Tensor, variances: Tensor) -> float:
    """Ledoit and Wolf's share of the identity for centred x (n, D), of which the maximum-likelihood covariance has these
    eigenvalues (D,); as scikit-learn's function of this name, which takes over a second to import."""
    n, num_elements = x.shape
    square = variances.square().sum() / num_elements
    distance = square - variances.mean().square()  # from the covariance to the multiple of the identity
    error = (x.square().sum(1).square().mean() / num_elements - square) / n  # of the covariance
    return float(min(error, distance).clamp(min=0) / distance) if distance else 0.0


def mixture_size(n: int, num_elements: int) -> tuple[int, int]:
    """(components, leading principal axes) of the mixture that `fit` takes for n codes: a component for every 64 codes, 1 to 8
    of them but no more than there are different codes, on as many axes as keep 2 codes a parameter of each component, at most 32."""
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


def _covariance(stats: LatentStats) -> Tensor:
    """`LatentStats.covariance` in double precision."""
    weights, means, basis, scales = (t.double() for t in (stats.weights, stats.means, stats.basis, stats.scales))
    within = (basis * (weights @ scales.square())) @ basis.T
    offsets = means - weights @ means
    return within + (offsets * weights.unsqueeze(1)).T @ offsets


def spectrum(stats: LatentStats) -> Tensor:
    """Variances along the principal axes of the Gaussian or of the whole mixture, (r,) with r ≤ D, largest first: the
    eigenvalues of the covariance, less those that are 0 for want of codes."""
    if len(stats.weights) == 1:
        return stats.scales[0].square().sort(descending=True).values
    return torch.linalg.eigvalsh(_covariance(stats)).clamp(min=0).flip(0).float()


def rank(stats: LatentStats) -> int:
    """Number of directions in which it has variance: more than NO_VARIANCE of the largest one's."""
    return len(used(spectrum(stats)))


def used(variances: Tensor) -> Tensor:
    """Those of variances (r,), largest first, that are more than NO_VARIANCE of the largest."""
    return variances[variances > NO_VARIANCE * variances[0]]


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
    a, b, theta = z_from / lengths[0], z_to / lengths[1], angle(z_from, z_to)
    if theta > torch.pi - 1e-3:
        raise ValueError("Opposite codes have no one shortest way between them.")
    t = torch.linspace(0, 1, num_steps).view(-1, *[1] * z_from.ndim)
    if theta < 1e-3:
        direction = (1 - t) * a + t * b
    else:
        direction = (((1 - t) * theta).sin() * a + (t * theta).sin() * b) / theta.sin()
    return direction * ((1 - t) * lengths[0] + t * lengths[1])


def angle(z_from: Tensor, z_to: Tensor) -> Tensor:
    """Angle between two codes (...) in radians, from 0 to π. Not a number where one has length 0."""
    a, b = z_from / z_from.norm(), z_to / z_to.norm()
    return 2 * torch.atan2((a - b).norm(), (a + b).norm())  # accurate at every angle, as acos(a · b) is not


def excess_kurtosis(codes: Tensor) -> float:
    """Mean over the elements of codes (n, ...) of the kurtosis beyond a Gaussian's, E[(z − μ)⁴] / σ⁴ − 3: 0 where every element
    is Gaussian, above it where tails are heavier; an element that is the same in all codes counts as −3."""
    x = codes.flatten(1).double()
    centred = x - x.mean(0)
    spread = centred.square().mean(0).sqrt()
    differs = spread > SAME * x.abs().amax(0)
    fourth_power = (centred / spread.where(differs, 1)).pow(4).mean(0).where(differs, 0)
    return float((fourth_power - 3).mean())


def mean_spacing(codes: Tensor) -> float:
    """Mean Euclidean distance of codes (n, ...) from the nearest other one; infinite for one code."""
    flat = codes.flatten(1)
    return float(torch.cdist(flat, flat).fill_diagonal_(torch.inf).min(1).values.mean())


def nearest(codes: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """For each z (B, ...) the index (B,) of the nearest of codes (n, ...) and its Euclidean distance (B,)."""
    # The default way through a matrix product rounds distances to some 0.03, enough to change who is nearest.
    exact = "donot_use_mm_for_euclid_dist"
    distance, index = torch.cdist(z.flatten(1).float(), codes.flatten(1).float(), compute_mode=exact).min(1)
    return index, distance
