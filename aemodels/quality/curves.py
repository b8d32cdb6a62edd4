"""What pages tell of a checkpoint alone: what its principal axes move, what noise shaped like its codes costs, how it denoises, what the
first numbers of its code hold, which clusters its codes form.

They take seconds, so `train.py` measures them once and keeps them beside the checkpoints, in curves.json.
"""

import importlib.util
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from aemodels.codes import axes, clusters, faults, latents, perturbation
from aemodels.data import mnist
from aemodels.noise import perturb, seeded_normal, seeded_order
from aemodels.quality import code_sizes, denoising, generation
from aemodels.quality.metrics import psnr_db
from aemodels.storage.checkpoints import Checkpoint
from aemodels.storage.measured_kinds import NUM_FACTORS

AXES = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 64, 128, 256, 512)
NUM_CODES = 8
SHAPED_VARIANCES = (0.0, 0.05, 0.1, 0.15, 0.3)
NUM_SHAPED = 32
CLUSTER_SEED = 0  # from which k-means starts
CELL_PX = 16
FACTORS = [i / 10 for i in range(NUM_FACTORS)]
EVERY = 20  # one test digit in twenty: the first half of MNIST's test digits is easier than the second


@dataclass(frozen=True)
class Effects:
    """Along the axes (numbered from 1): RMS change of the picture in grey levels, and the share of it that is coarse; the
    contrast of the mean code's picture and of some photos', in grey levels."""

    axes: list[int]
    grey_levels: list[float]
    coarse: list[float]
    mean_contrast: float
    photos_contrast: float


def effects(ckpt: Checkpoint, stats: latents.LatentStats) -> Effects:
    """What the principal axes of a checkpoint's codes move, from its first NUM_CODES codes; stats: the Gaussian of its codes."""
    numbers = [n for n in AXES if n <= latents.rank(stats)]
    codes, mean = ckpt.codes[:NUM_CODES], stats.mean.view(1, *ckpt.codes.shape[1:])
    moved = [axes.effect(ckpt.model.decode, stats, codes, n - 1, CELL_PX) for n in numbers]
    contrasts = (255 * float(ckpt.model.decode(z).flatten(1).std(1).mean()) for z in (mean, codes))
    return Effects(numbers, [255 * rms for rms, _ in moved], [coarse for _, coarse in moved], *contrasts)


def for_shaped(ckpt: Checkpoint) -> Tensor:
    """Which of a checkpoint's codes `shaped` takes, always the same ones: places (n,) among them."""
    return seeded_order(len(ckpt.codes), 0)[:NUM_SHAPED]


def shaped(
    ckpt: Checkpoint, x: Tensor, decode: Callable[[Tensor], Tensor] | None = None
) -> dict[str, int | list[float]]:
    """Mean "psnr_db" under noise shaped like the codes, at each of "variances", of "num_images" pictures.

    x       (n, C, H, W) float in [0, 1], the pictures of the codes `for_shaped`
    decode  takes the place of the model's
    """
    z = ckpt.codes[for_shaped(ckpt)]
    seeds = range(len(z))
    noise = perturbation.shaped_normal(ckpt.codes, seeded_normal(seeds, z.shape[1:]), seeds)
    decode = decode or ckpt.model.decode
    means = [psnr_db(x, decode(perturb(z, variance, noise))).mean().item() for variance in SHAPED_VARIANCES]
    return {"variances": [*SHAPED_VARIANCES], "psnr_db": means, "num_images": len(z)}


def has_shaped(ckpt: Checkpoint) -> bool:
    """Whether there can be noise shaped like the codes of this model, where the page on noise shows it."""
    return len(ckpt.model_config.latent_shape) == 3 and faults.vary(ckpt.codes)


def can_cluster() -> bool:
    """Whether scikit-learn is here, which a rented computer may lack."""
    return importlib.util.find_spec("sklearn") is not None


def denoised(denoise: denoising.Denoiser) -> dict[str, list[float]]:
    """Mean "psnr_db" and "ssim" of one in EVERY of MNIST's test digits, at each of FACTORS."""
    return denoising.sweep(denoise, mnist.load_mnist_test_digits()[0][::EVERY], FACTORS)


def measure(ckpt: Checkpoint, x: Tensor | None = None) -> dict[str, Any]:
    """What is kept of a checkpoint: "clusters" of its codes, None where there are none, left out where scikit-learn is not installed; "axes" where
    its codes have channels, with "shaped" of the pictures x, where these are given; "denoising" where it is a denoiser of MNIST's digits, "sizes"
    where it is a nested one of them; and whose it is."""
    results: dict[str, Any] = {"identity": generation.identity(ckpt.provenance)}
    if can_cluster():
        found = clusters.cluster(ckpt.codes, ckpt.labels, CLUSTER_SEED)
        results["clusters"] = found and asdict(found)
    if has_shaped(ckpt):
        results["axes"] = asdict(effects(ckpt, latents.fit(ckpt.codes)))
        if x is not None:
            results["shaped"] = shaped(ckpt, x)
    if ckpt.model.takes_noisy and ckpt.data.config.source == "mnist":
        results["denoising"] = denoised(lambda x_noisy, _: ckpt.model.decode(ckpt.model.encode(x_noisy)))
    if ckpt.model.is_nested and ckpt.data.config.source == "mnist" and len(ckpt.model_config.latent_shape) == 1:
        pca = code_sizes.mnist_pca(ckpt.model_config.latent_shape[0])
        results["sizes"] = asdict(code_sizes.measure(ckpt.model, mnist.load_mnist_test_digits()[0], pca))
    return results


def measure_references() -> dict[str, dict[str, list[float]]]:
    """`denoised` of the "none" and the "linear" denoiser, which need no checkpoint."""
    return {"none": denoised(denoising.nothing), "linear": denoised(denoising.load_linear())}


def of_model(curves: Mapping[str, Any], name: str, provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What curves.json holds of this training of a model; empty where nothing."""
    results = curves["models"].get(name, {})
    return results if results.get("identity") == generation.identity(provenance) else {}
