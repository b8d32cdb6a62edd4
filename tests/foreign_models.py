"""Models that the lab did not bring: small networks with random weights, of data sets of all kinds, saved as checkpoints."""

from functools import cache
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from aemodels.data import splits
from aemodels.data.config import PHOTOS, DataConfig, DataRecord
from aemodels.data.mnist import FAMILY
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.building import build
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.quality import evaluation
from aemodels.storage import checkpoints

CONV = {
    "network": "conv",
    "widths": (8, 16),
    "encoder_depths": (1, 1),
    "decoder_depths": (1, 1),
    "reconstruction": "mse",
}
MLP = {"network": "mlp", "widths": (16,), "reconstruction": "bce"}
NUM_IMAGES = 60  # test images, each with its code

COLOUR = DataConfig("Shapes", PHOTOS, (3, 64, 64), "shapes")
GREY = DataConfig("Grey shapes", PHOTOS, (1, 96, 96), "shapes")
FASHION = DataConfig("FashionMNIST", "fashion-mnist", (1, 28, 28))
LABELS = {COLOUR.source: ("circle", "square", "star"), FASHION.source: FAMILY["fashion-mnist"].label_names}

# Name -> title, data set, what the model is.
FOREIGN = {
    "shapes-ae": ("plain", COLOUR, {"variant": "plain", "latent_shape": (16, 4, 4), **CONV}),
    "shapes-noise": (
        "noise 0.1",
        COLOUR,
        {"variant": "noisy-code", "latent_shape": (16, 4, 4), "noise_variance": 0.1, **CONV},
    ),
    "grey-ae": ("grey", GREY, {"variant": "plain", "latent_shape": (8, 6, 6), **CONV}),
    "fashion-plane": ("a plane", FASHION, {"variant": "plain", "latent_shape": (2,), **MLP}),
    "fashion-denoiser": (
        "64 numbers",
        FASHION,
        {"variant": "denoising", "latent_shape": (64,), "noise_factor": 0.4, **MLP},
    ),
    "fashion-3d": ("three numbers", FASHION, {"variant": "plain", "latent_shape": (3,), **MLP}),
    "shapes-denoiser": (
        "denoiser",
        COLOUR,
        {"variant": "denoising", "latent_shape": (5, 4, 4), "noise_factor": 0.2, **CONV},
    ),
    "shapes-plane": ("two numbers", COLOUR, {"variant": "plain", "latent_shape": (2,), **MLP}),
}


@cache
def _measured(
    seed: int, image_shape: tuple[int, ...], model_values: tuple[tuple[str, Any], ...]
) -> tuple[Autoencoder, dict[str, Any], Tensor]:
    """A network with random weights, its figures on random images, and their codes."""
    config = ModelConfig.from_dict({"image_shape": image_shape, **dict(model_values)})
    generator = torch.Generator().manual_seed(seed)
    images = torch.randint(256, (NUM_IMAGES, *image_shape), generator=generator, dtype=torch.uint8)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build(config).eval().requires_grad_(False)
    return model, evaluation.evaluate_all(model, images), evaluation.encode_all(model, images)


def save_foreign(
    name: str, folder: Path, title: str | None = None, fingerprint: str = "0" * 32, as_name: str | None = None
) -> None:
    """One of FOREIGN, evaluated on random images, into a folder; under another name, with another title, or as of other images."""
    own_title, data, model_values = FOREIGN[name]
    model, metrics, codes = _measured(len(name), data.image_shape, tuple(model_values.items()))
    names = LABELS[data.source]
    provenance = {
        "finished": True,
        "device": "CPU: a test's",
        "wall_s": 60.0,
        "steps": 20,
        "images_per_s": 100.0,
        "num_train_images": 500,
        "data_fingerprint": fingerprint,
        "seed": 0,
    }
    history = [
        {"epoch": e, "step": 10 * e, "seconds": 30.0 * e, "reconstruction": 0.1 / e, "psnr_db": 10.0 + e}
        for e in (1, 2)
    ]
    checkpoint = checkpoints.Checkpoint(
        name=as_name or name,
        title=title or own_title,
        data=DataRecord(data, names, splits.RULE, {"train": 500, "validation": 27, "test": NUM_IMAGES}, fingerprint),
        model=model,
        train_config=TrainConfig(epochs=2, batch_size=50, learning_rate=1e-3),
        metrics=metrics,
        history=history,
        codes=codes,
        labels=torch.arange(NUM_IMAGES) % len(names),
        index=torch.arange(NUM_IMAGES),
        provenance=provenance,
    )
    checkpoints.save_checkpoint(checkpoint, folder)
