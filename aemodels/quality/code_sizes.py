"""How well images come back from the first k numbers of a nested code, beside as many principal components."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aemodels.checks import check_bytes
from aemodels.data.stored_images import Images
from aemodels.models.autoencoders import Autoencoder, keep_first
from aemodels.quality import denoising, metrics
from aemodels.quality.baselines import Pca

BATCH_SIZE = 500
EACH_UP_TO = 64  # sizes beyond are spaced by their logarithm
PER_DOUBLING = 8
HALF_LEVEL = 0.5 / 255  # of grey


@dataclass(frozen=True)
class Scores:
    """Of some images at each of S sizes: mean PSNR in dB, mean squared error, and binary cross-entropy in nats a pixel."""

    psnr_db: list[float]
    mse: list[float]
    bce: list[float]


@dataclass(frozen=True)
class Sizes:
    """k, rising, and what images come to from k numbers of a code, and from k principal components, if any were given.

    mean_picture_mse  of one and the same picture for all, the mean of the images that the components were fitted on, or of these
    """

    k: list[int]
    network: Scores
    pca: Scores | None
    mean_picture_mse: float
    num_images: int


def sizes(longest: int) -> list[int]:
    """The k at which a code of `longest` numbers is measured: each up to EACH_UP_TO, then PER_DOUBLING a doubling, and the last."""
    spaced, k = [*range(1, min(longest, EACH_UP_TO) + 1)], EACH_UP_TO
    while (k := k * 2 ** (1 / PER_DOUBLING)) < longest:
        spaced.append(round(k))
    return spaced if spaced[-1] == longest else [*spaced, longest]


def doublings(longest: int) -> list[int]:
    """1, 2, 4, … below `longest`, and that."""
    return [2**i for i in range((longest - 1).bit_length())] + [longest]


def mnist_pca(num_components: int) -> Pca:
    """The leading principal components of MNIST's training digits, of their mean and covariance, which come with the project."""
    statistics = denoising.load_linear()
    variances, vectors = torch.linalg.eigh(statistics.covariance)
    leading = vectors.flip(1)[:, :num_components]
    return Pca(statistics.mean.float(), leading.T.float().contiguous(), variances.flip(0)[:num_components].float())


def project(pca: Pca, x: Tensor, k: int) -> Tensor:
    """Images (B, C, H, W) from their first k principal components, clipped to [0, 1]."""
    components = pca.components[:k]
    x_hat = (x.flatten(1) - pca.mean) @ components.T @ components + pca.mean
    return x_hat.clamp(0, 1).view_as(x)


@torch.no_grad()  # see metrics.evaluate_at
def measure(model: Autoencoder, images: Images, pca: Pca | None, batch_size: int = BATCH_SIZE) -> Sizes:
    """The scores of images uint8 (N, C, H, W) at each of `sizes`.

    To be measured in BCE, which is infinite where a grey pixel is rebuilt black or white, an image of PCA is clipped half a grey level
    inside [0, 1].
    """
    check_bytes(images, model.config.image_shape)
    ks = sizes(model.config.latent_shape[0])
    scores: list[Tensor] = []
    for batch in images.split(batch_size):
        x = batch.float() / 255
        z = model.encode(x)
        of_network = [_errors(x, model.decode(keep_first(z, k))) for k in ks]
        of_pca = [_errors(x, project(pca, x, k), HALF_LEVEL) for k in ks] if pca else []
        scores.append(torch.stack([*of_network, *of_pca]))
    errors = torch.cat(scores, dim=2)
    mean = pca.mean.view(images.shape[1:]) if pca else _mean_of(images)
    blind = torch.cat([metrics.mse(x, mean.expand_as(x)) for x in (b.float() / 255 for b in images.split(batch_size))])
    return Sizes(
        ks, _summary(errors[: len(ks)]), _summary(errors[len(ks) :]) if pca else None, blind.mean().item(), len(images)
    )


def _errors(x: Tensor, x_hat: Tensor, inside: float = 0.0) -> Tensor:
    """Squared error and cross-entropy of each image: (2, B)."""
    return torch.stack([metrics.mse(x, x_hat), metrics.cross_entropy(x, x_hat.clamp(inside, 1 - inside))])


def _summary(errors: Tensor) -> Scores:
    """errors  (S, 2, N)"""
    of_each = [metrics.summarise(mse) for mse in errors[:, 0]]
    bce = errors[:, 1].double().mean(1).tolist()
    return Scores([e["psnr_db"] for e in of_each], [e["mse"] for e in of_each], bce)


def _mean_of(images: Images) -> Tensor:
    return sum(batch.double().sum(0) for batch in images.split(BATCH_SIZE)).div(255 * len(images)).float()


def needed(scores: Sequence[float], k: Sequence[int], at_least: float) -> int | None:
    """The smallest k whose score is at least that; None where none is."""
    return next((size for size, score in zip(k, scores, strict=True) if score >= at_least), None)
