"""Sets of pictures held against real photos: Fréchet distance, density and coverage, distance to the nearest photo."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from aemodels.quality.features import describe

NEIGHBOURS = 5  # k of density and coverage, as Naeem et al. recommend
THUMBNAIL_PX = 32
BATCH_SIZE = 16  # what fits a core's cache is fastest
MEASURES = ("frechet", "density", "coverage", "nearest", "nearest_of_all")


def frechet_distance(a: Tensor, b: Tensor) -> float:
    """Fréchet distance between the Gaussians that have the mean and covariance of features a (n, D) and b (m, D).

    ‖μa − μb‖² + tr(A + B − 2·(A½ B A½)½), A and B the sample covariances (Dowson & Landau 1982; of Inception features it is
    the FID of Heusel et al. 2017). It grows where n or m is small, so compare figures at the same n and m only.
    """
    a, b = a.double(), b.double()
    cov_a, cov_b = torch.cov(a.T).view(a.shape[1], -1), torch.cov(b.T).view(a.shape[1], -1)
    eigenvalues, eigenvectors = torch.linalg.eigh(cov_a)
    root = (eigenvectors * eigenvalues.clamp(min=0).sqrt()) @ eigenvectors.T
    cross = torch.linalg.eigvalsh(root @ cov_b @ root).clamp(min=0).sqrt().sum()
    return float((a.mean(0) - b.mean(0)).square().sum() + cov_a.trace() + cov_b.trace() - 2 * cross)


def ball_radii(real: Tensor, k: int = NEIGHBOURS) -> Tensor:
    """Distance (n,) of each real point (n, D) to its k-th nearest other one. Raises ValueError unless n > k."""
    if len(real) <= k:
        raise ValueError(f"{k} neighbours need more than {k} real points, not {len(real)}.")
    real = real.double()
    return torch.cdist(real, real).kthvalue(k + 1, dim=1).values  # the first is the point itself


def density_and_coverage(real: Tensor, radii: Tensor, fake: Tensor, k: int = NEIGHBOURS) -> tuple[float, float]:
    """Density and coverage of fake (m, D) among real (n, D) features (Naeem et al. 2020, https://arxiv.org/abs/2002.09797).

    Around each real point lies a ball that reaches to its k-th nearest other real one; `radii` are ball_radii(real, k).
    Density: the number of balls that a fake point lies in, over k, averaged; about 1 for fakes drawn as the real ones are,
    and above it where they crowd where reals are dense. Coverage: the share of balls that hold a fake point.
    """
    inside = torch.cdist(real.double(), fake.double()) < radii.unsqueeze(1)
    return float(inside.sum() / (k * len(fake))), float(inside.any(1).double().mean())


def thumbnails(x: Tensor) -> Tensor:
    """Images (B, 3, H, W) in [0, 1] as vectors (B, 3·32·32) in grey levels, 0 to 255, scaled so that the Euclidean distance
    of two is the RMS difference of their pixels."""
    small = F.adaptive_avg_pool2d(x, THUMBNAIL_PX).flatten(1) * 255
    return small / small.shape[1] ** 0.5


@dataclass(frozen=True)
class Yardstick:
    """Real photos, as everything drawn is held against them.

    reference  (n, 296) features of real photos, of mean 0 and standard deviation 1 each
    radii      (n,) of the balls around them, for density and coverage
    mean, std  (296,) that were taken off and divided by for that
    known      (N, 3072) thumbnails of all photos that a model or a sampler has learnt from
    """

    reference: Tensor
    radii: Tensor
    mean: Tensor
    std: Tensor
    known: Tensor

    def measure(self, batches: Iterable[Tensor]) -> list[float]:
        """MEASURES, in that order, of images (B, 3, H, W) in [0, 1] that come batch by batch."""
        described, small = zip(*((describe(x), thumbnails(x)) for x in batches), strict=True)
        fake = (torch.cat(described) - self.mean) / self.std
        distance = torch.cdist(torch.cat(small), self.known).min(1).values
        density, coverage = density_and_coverage(self.reference, self.radii, fake)
        return [
            frechet_distance(self.reference, fake),
            density,
            coverage,
            float(distance.mean()),
            float(distance.min()),
        ]


def make_yardstick(reference: Tensor, known: Sequence[Tensor]) -> Yardstick:
    """From photos uint8 (n, 3, H, W) to compare with, and sets of photos that a copy could be of."""
    features = torch.cat([describe(x) for x in in_batches(reference)])
    mean, std = features.mean(0), features.std(0).clamp(min=1e-6)
    features = (features - mean) / std
    thumbs = torch.cat([thumbnails(x) for photos in known for x in in_batches(photos)])
    return Yardstick(features, ball_radii(features), mean, std, thumbs)


def in_batches(images: Tensor) -> Iterator[Tensor]:
    """Images uint8 (N, 3, H, W) in [0, 1], batch by batch."""
    return (batch.float() / 255 for batch in images.split(BATCH_SIZE))
