"""Priors of the lab's autoencoders that are small and untrained: a Gaussian, and something arbitrary where a trained one has learnt."""

from dataclasses import replace
from pathlib import Path

import torch
from broken_models import save, small

from aemodels.models import building, flow
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.storage import checkpoints

# Name -> the autoencoder whose codes it draws, and the side of its tokens.
PRIORS = {"dog-prior": ("dog-noise-0.10", 4), "mnist-prior": ("mnist-dae", 16)}


def save_prior(name: str, folder: Path) -> None:
    """One of PRIORS into a folder, and its autoencoder as `broken_models.small` makes it unless there is one."""
    autoencoder, patch = PRIORS[name]
    ckpt = small(autoencoder)
    if not checkpoints.checkpoint_path(autoencoder, folder).exists():
        save(autoencoder, folder)
    shape = ckpt.model_config.latent_shape
    classes = len(ckpt.data.label_names)
    settings = {"patch": patch, "depth": 1, "num_labels": classes, "time_shift": 1.0}
    config = ModelConfig.from_dict(
        {"variant": "flow", "network": "transformer", "image_shape": flow.image_shape_of(shape), "latent_shape": shape}
        | {"widths": (32,), "reconstruction": "mse", **settings}
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        prior = building.build(config)
        for layer in (prior.network.head, prior.network.modulate, prior.network.modulate_head):  # zero at first
            torch.nn.init.normal_(layer.weight, std=0.1)
        torch.nn.init.normal_(prior.network.labels)
    prior.fit_gaussian(ckpt.codes)
    nothing = torch.zeros(0, dtype=torch.int64)
    digest = checkpoints.read_weights_digest(autoencoder, folder)
    history = [
        {"epoch": i, "step": 10 * i, "seconds": 1.0 * i, "velocity": 1.7 - 0.1 * i, "velocity_loss": 1.7 - 0.1 * i}
        | {"gaussian_loss": 1.65}
        for i in (1, 2)
    ]
    made = replace(
        ckpt,
        name=name,
        title=f"prior on the codes of {autoencoder}",
        model=prior.eval().requires_grad_(False),
        train_config=TrainConfig.from_dict(
            {**ckpt.train_config.to_dict(), "codes_of": autoencoder, "start_from": None}
        ),
        metrics={
            "velocity_loss": 1.5,
            "velocity_loss_ci95": 0.01,
            "gaussian_loss": 1.65,
            "num_images": len(ckpt.codes),
        },
        history=history,
        codes=torch.zeros(0, *shape),
        labels=nothing,
        index=nothing,
        provenance={**ckpt.provenance, "earlier": [], "codes_of": {"name": autoencoder, "digest": digest}},
    )
    checkpoints.save_checkpoint(made, folder)
