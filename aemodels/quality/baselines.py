"""What no network is needed for: principal components, the best linear code for a noisy channel, and AVIF at its capacity."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from aemodels.data.sources import DataSet
from aemodels.errors import LatentLabError
from aemodels.noise import add_noise, power
from aemodels.quality import avif, codec
from aemodels.quality.evaluation import AUDIT, FIGURES, TEST_VARIANCES
from aemodels.quality.metrics import summarise

BATCH_SIZE = 250
AVIF_PHOTOS = 100  # at some six seconds each; `python -m benchmarks.codecs avif` measures more


@dataclass(frozen=True)
class Pca:
    """Mean (D,), orthonormal components (k, D), and the variance (k,) along each, of images of D values in [0, 1]."""

    mean: Tensor
    components: Tensor
    variances: Tensor


def fit_pca(images: Tensor, num_components: int, seed: int = 0) -> Pca:
    """The leading principal components of images uint8 (N, C, H, W), by a randomised SVD (Halko et al. 2011).

    Half as many again are sought as asked for, and six power iterations: with 1/16 more and two, 1,024 components of 17,114 photos
    explained less, and test photos came out 0.09 dB worse. Takes 8 bytes a value while it runs: some 7 GB for these photos.
    """
    x = images.flatten(1).float().div_(255)
    mean = x.mean(0)
    x -= mean
    with torch.random.fork_rng(devices=[]):  # svd_lowrank draws from the global generator
        torch.manual_seed(seed)
        _, singular_values, v = torch.svd_lowrank(x, q=min(num_components * 3 // 2, *x.shape), niter=6)
    return Pca(mean, v[:, :num_components].T.contiguous(), singular_values[:num_components].square() / (len(x) - 1))


def water_fill(variances: Tensor, noise_variance: float, power: float) -> Tensor:
    """Power (k,) of each element of a linear code, summing to `power`, that minimises the mean squared error.

    Element i carries a coefficient of variance λᵢ through noise of variance σ² and is estimated by its conditional mean: the error
    is Σ λᵢσ² / (pᵢ + σ²), least for pᵢ = max(0, √(λᵢσ²/ν) − σ²) with ν set by the sum (Lee & Petersen 1976). noise_variance and
    power must be above 0, and some variance.
    """
    roots = variances.double().clamp(min=0).sort(descending=True).values.sqrt()
    active = torch.arange(1, len(roots) + 1)
    # Of n used elements, √(σ²/ν) = (power + n·σ²) / Σ√λ; n is the largest for which the weakest still gets power.
    levels = (power + active * noise_variance) / roots.cumsum(0)
    num_active = int((levels * roots > noise_variance).nonzero().max()) + 1
    return (levels[num_active - 1] * variances.double().clamp(min=0).sqrt() - noise_variance).clamp(min=0)


def linear_code(
    pca: Pca,
    images: Tensor,
    noise_variance: float,
    keep: Callable[[float, Tensor], object] = lambda noise_variance, errors: None,
) -> dict[str, float]:
    """PSNR in dB of images uint8 (N, C, H, W) sent as PCA coefficients through noise of this variance, at unit mean power; the noise has the seed 0.

    The decoder is the best linear one (MMSE). Without noise this is PCA's own reconstruction. Figures and power audit as in
    metrics.evaluate; power is shared out by the variances of PCA's photos, so
    that the audit shows how near to 1 it comes on these. `keep` is called with the variance and the mean squared error (N,) of each
    image.
    """
    variances = pca.variances
    if noise_variance:
        p = water_fill(variances, noise_variance, power=len(variances)).float()
        gain = (p / variances).sqrt()  # to the channel: element power pᵢ
        back = gain * variances / (p + noise_variance)
    generator = torch.Generator().manual_seed(0)
    scores = []
    for batch in images.split(BATCH_SIZE):
        x = batch.flatten(1).float() / 255
        coefficients = (x - pca.mean) @ pca.components.T
        sent = coefficients * gain if noise_variance else coefficients
        received = add_noise(sent, noise_variance, generator) if noise_variance else sent
        x_hat = (received * back if noise_variance else received) @ pca.components + pca.mean
        scores.append(torch.stack([power(x - x_hat.clamp(0, 1)), sent.square().mean(1), power(received - sent)]))
    errors, code_power, noise_power = torch.cat(scores, dim=1).double()
    keep(noise_variance, errors)
    audit = {"code_power": code_power.mean().item(), "noise_power": noise_power.mean().item()}
    return {"noise_variance": noise_variance, **summarise(errors), **audit}


def lacks_linear_code(results: Mapping[str, Any]) -> bool:
    """Whether the linear code is not measured, or not at every test variance with all figures."""
    return not _covers(results.get("linear_code", []), TEST_VARIANCES, FIGURES | AUDIT)


def lacks_avif(results: Mapping[str, Any]) -> bool:
    """The same for AVIF at capacity, which would be infinite without noise; of other test photos than the linear code it counts as
    lacking."""
    rows = results.get("avif", [])
    photos = {row.get("num_test_images", row["num_images"]) for row in rows}
    all_photos = {row["num_images"] for row in results.get("linear_code", [])}
    figures = FIGURES | {"budget_bytes", "mean_payload_bytes"}
    return photos != all_photos or not _covers(rows, TEST_VARIANCES[1:], figures)


def _covers(rows: Sequence[Mapping[str, Any]], variances: Sequence[float], keys: set[str]) -> bool:
    return all(any(row["noise_variance"] == v and row.keys() >= keys for row in rows) for v in variances)


def measure(
    dataset: DataSet,
    num_uses: int,
    known: Mapping[str, Any],
    keep: Callable[[str, dict[float, Tensor]], object] = lambda key, errors: None,
    linear_errors: Mapping[float, Tensor] = MappingProxyType({}),
) -> Iterator[dict[str, Any]]:
    """Measures what `known`, the results of an earlier run, lacks; gives each part once it is measured, to be kept beside the others.

    num_uses       real channel uses a photo, and as many principal components
    keep           called with the key of each part, and the mean squared error (N,) of each image by noise variance
    linear_errors  those of an earlier run's linear code
    Results known of other photos are dropped. Of a set too small for that many components, or too large for memory, nothing is
    measured.
    """
    results = dict(known) if known.get("data_fingerprint") == dataset.record.fingerprint else {}
    if lacks_linear_code(results):
        num_train = len(dataset.train)
        if num_train <= num_uses:
            tqdm.write(
                f"baselines: not measured; {num_uses:,} principal components need more than {num_train:,} photos."
            )
            return
        if not isinstance(dataset.train, Tensor):
            tqdm.write(
                "baselines: not measured; principal components need all photos in memory, which they do not fit into."
            )
            return
        tqdm.write(f"baselines: principal components of {num_train:,} photos …")
        pca, errors = fit_pca(dataset.train, num_uses), {}
        measured = {
            "num_components": num_uses,
            "num_train_images": num_train,
            "data_fingerprint": dataset.record.fingerprint,
            "linear_code": [
                linear_code(pca, dataset.test, variance, keep=errors.__setitem__) for variance in TEST_VARIANCES
            ],
        }
        keep("linear_code", errors)
        linear_errors = errors
        yield measured
        results |= measured
    if lacks_avif(results):
        num_photos, variances = len(dataset.test), TEST_VARIANCES[1:]
        budgets = sorted({codec.capacity_bytes(variance, num_uses) for variance in variances})
        chosen = tqdm(codec.in_random_order(num_photos)[:AVIF_PHOTOS], desc="baselines: AVIF", unit="photo")
        try:
            found = {i: avif.encodings(dataset.test[i], budgets) for i in chosen}
            rows, errors = codec.at_capacity(found, num_photos, variances, num_uses, {"linear_code": linear_errors})
        except LatentLabError as error:
            tqdm.write(f"baselines: AVIF is not measured. {error}")
            return
        keep("avif", errors)
        yield {"avif": rows}
