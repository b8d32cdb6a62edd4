"""Which noise a model is judged under, and the figures that its checkpoint must therefore carry."""

import copy
from collections.abc import Callable, Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor

from aemodels import timing
from aemodels.checks import check_bytes
from aemodels.data.stored_images import Images
from aemodels.models.autoencoders import VARIANTS, Autoencoder, VariationalAutoencoder, gaussian_kl
from aemodels.models.building import build
from aemodels.models.config import ModelConfig
from aemodels.quality import metrics

TEST_VARIANCES = (0.0, 0.01, 0.02, 0.05, 0.10, 0.15, 0.20, 0.30)
# What every evaluation tells.
FIGURES = {"psnr_db", "psnr_db_ci95", "psnr_of_mean_mse_db", "psnr_of_mean_mse_db_ci95", "mse", "num_images"}
AUDIT = {"code_power", "noise_power"}


def own_noise(config: ModelConfig) -> dict[str, float]:
    """The noise that a model was trained with, as metrics.evaluate takes it."""
    return {key: config.settings.get(key, 0.0) for key in ("noise_factor", "noise_variance")}


def conditions(config: ModelConfig) -> list[dict[str, float]]:
    """Every noise that a model is judged under: none, that of the lab on the codes of photos, and its own."""
    variances = TEST_VARIANCES if config.network == "conv" else (0.0,)
    lab = [{"noise_factor": 0.0, "noise_variance": variance} for variance in variances]
    own = own_noise(config)
    return lab if own in lab else [*lab, own]


def num_encodings(config: ModelConfig) -> int:
    """How often evaluate_all encodes each image: once for each noise on the image."""
    return len({condition["noise_factor"] for condition in conditions(config)})


def keeps_errors(config: ModelConfig) -> bool:
    """Whether the errors of single images are kept of such a model: of those whose codes are judged under the lab's noise."""
    return len([c for c in conditions(config) if not c["noise_factor"]]) > 1


def evaluate_all(
    model: Autoencoder,
    test: Images,
    progress: Callable[[int], object] = lambda num_images: None,
    keep: Callable[[float, Tensor], object] = lambda noise_variance, errors: None,
) -> dict[str, Any]:
    """Checkpoint.metrics: the figures of metrics.evaluate on test images uint8 (N, C, H, W) under the model's own noise, and under
    "evaluations" those under each of `conditions`, beside the condition.

    progress  called with the number of images of each batch that is done, num_encodings times N in all
    keep      called with each noise variance and the mean squared error (N,) of each image under it, without noise on the images
    """
    evaluations: list[dict[str, float]] = []
    for factor, same in groupby(conditions(model.config), key=itemgetter("noise_factor")):
        group = list(same)
        variances = [c["noise_variance"] for c in group]
        kept = {} if factor else {"keep": keep}
        figures = metrics.evaluate_at(model, test, variances, factor, progress=progress, **kept)
        evaluations += [condition | figure for condition, figure in zip(group, figures, strict=True)]
    own = own_noise(model.config)
    results = next(e for e in evaluations if own.items() <= e.items()) | {"evaluations": evaluations}
    return results | ({"kl_nats": kl_nats(model, test)} if model.has_prior else {})


def is_current(results: Mapping[str, Any], config: ModelConfig) -> bool:
    """Whether a checkpoint's metrics hold all that evaluate_all measures."""
    rows = results["evaluations"]
    if VARIANTS[config.variant].has_prior and "kl_nats" not in results:
        return False
    return all(
        any(condition.items() <= row.items() and row.keys() >= FIGURES | AUDIT for row in rows)
        for condition in conditions(config)
    )


@torch.no_grad()  # see metrics.evaluate_at
def kl_nats(model: VariationalAutoencoder, images: Tensor) -> list[float]:
    """What the codes of images uint8 (N, C, H, W) cost: the divergence KL(q(z|x) ‖ N(0, 1)) of each element of the code, in nats, as
    its mean over the images. Their sum is the KL term of the evidence lower bound, beta left out."""
    check_bytes(images, model.config.image_shape)
    device, divergences = next(model.parameters()).device, []
    for batch in images.split(metrics.BATCH_SIZE):
        mean, log_variance = model.posterior(batch.to(device).float() / 255)
        divergences.append(gaussian_kl(mean, log_variance).flatten(1).cpu())
    return torch.cat(divergences).double().mean(0).tolist()


def as_stored(model: Autoencoder, device: torch.device | str) -> Autoencoder:
    """A copy on the device for evaluation, its weights rounded to float16 as a checkpoint stores them."""
    copy = build(model.config).to(device)
    copy.load_state_dict({key: w.half().float() for key, w in model.state_dict().items()})
    return copy.eval().requires_grad_(False)


@torch.no_grad()  # see metrics.evaluate_at
def encode_all(
    model: Autoencoder,
    images: Images,
    progress: Callable[[int], object] = lambda num_images: None,
) -> Tensor:
    """Codes (N, *latent_shape) on the CPU of images uint8 (N, C, H, W), ValueError for others; progress as for metrics.evaluate_at."""
    check_bytes(images, model.config.image_shape)
    device, codes = next(model.parameters()).device, []
    for batch in images.split(metrics.BATCH_SIZE):
        codes.append(model.infer(batch.to(device).float() / 255).cpu())
        progress(len(batch))
    return torch.cat(codes)


def seconds_to_measure(model: Autoencoder, test: Images, reference: Images) -> float:
    """About how many seconds evaluate_all takes on test and encode_all on reference images uint8 (N, C, H, W), by doing both on some."""
    model = copy.deepcopy(model).eval()
    return timing.seconds_for(lambda n: evaluate_all(model, test[:n]), len(test)) + timing.seconds_for(
        lambda n: encode_all(model, reference[:n]), len(reference)
    )


def average_picture_psnr_db(images: Images) -> float:
    """Mean PSNR, in dB, of images uint8 (N, C, H, W) against their average picture: what a model reaches whose code says nothing."""
    sample, errors = images[:: max(1, len(images) // 1024)], []
    average = sum(batch.float().sum(0) for batch in sample.split(metrics.BATCH_SIZE)) / (255 * len(sample))
    for batch in images.split(metrics.BATCH_SIZE):
        errors.append(metrics.mse(batch.float() / 255, average.expand(batch.shape)))
    return metrics.summarise(torch.cat(errors))["psnr_db"]
