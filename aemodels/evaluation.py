"""Which noise a model is judged under, and the figures that its checkpoint must therefore carry."""

from collections.abc import Mapping
from itertools import groupby
from operator import itemgetter
from typing import Any

import torch
from torch import Tensor

from aemodels import metrics
from aemodels.checks import check_bytes
from aemodels.config import ModelConfig
from aemodels.models import Autoencoder, build

TEST_VARIANCES = (0.0, 0.01, 0.02, 0.05, 0.10, 0.15, 0.20, 0.30)
# What every evaluation tells.
FIGURES = {"psnr_db", "psnr_db_ci95", "psnr_of_mean_mse_db", "psnr_of_mean_mse_db_ci95", "mse", "num_images"}
AUDIT = {"code_power", "noise_power"}


def own_noise(config: ModelConfig) -> dict[str, float]:
    """The noise that a model was trained with, as metrics.evaluate takes it."""
    return {"noise_factor": config.noise_factor, "noise_variance": config.noise_variance}


def conditions(config: ModelConfig) -> list[dict[str, float]]:
    """Every noise that a model is judged under: none, that of the lab on the codes of photos, and its own."""
    variances = TEST_VARIANCES if config.network == "conv" else (0.0,)
    lab = [{"noise_factor": 0.0, "noise_variance": variance} for variance in variances]
    own = own_noise(config)
    return lab if own in lab else [*lab, own]


def evaluate_all(model: Autoencoder, test: Tensor) -> dict[str, Any]:
    """Checkpoint.metrics: the figures of metrics.evaluate on test images uint8 (N, C, H, W) under the model's own noise, and under
    "evaluations" those under each of `conditions`, beside the condition."""
    evaluations: list[dict[str, float]] = []
    for factor, same in groupby(conditions(model.config), key=itemgetter("noise_factor")):
        group = list(same)
        figures = metrics.evaluate_at(model, test, [c["noise_variance"] for c in group], factor)
        evaluations += [condition | figure for condition, figure in zip(group, figures, strict=True)]
    own = own_noise(model.config)
    return next(e for e in evaluations if own.items() <= e.items()) | {"evaluations": evaluations}


def is_current(results: Mapping[str, Any], config: ModelConfig) -> bool:
    """Whether a checkpoint's metrics hold all that evaluate_all measures."""
    rows = results["evaluations"]
    return all(
        any(condition.items() <= row.items() and row.keys() >= FIGURES | AUDIT for row in rows)
        for condition in conditions(config)
    )


def as_stored(model: Autoencoder, device: torch.device | str) -> Autoencoder:
    """A copy on the device for evaluation, its weights rounded to float16 as a checkpoint stores them."""
    copy = build(model.config).to(device)
    copy.load_state_dict({key: w.half().float() for key, w in model.state_dict().items()})
    return copy.eval().requires_grad_(False)


@torch.no_grad()  # see metrics.evaluate_at
def encode_all(model: Autoencoder, images: Tensor, batch_size: int = 64) -> Tensor:
    """Codes (N, *latent_shape) on the CPU of images uint8 (N, C, H, W); ValueError for others."""
    check_bytes(images, model.config.image_shape)
    device = next(model.parameters()).device
    return torch.cat([model.infer(batch.to(device).float() / 255).cpu() for batch in images.split(batch_size)])
