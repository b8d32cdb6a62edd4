"""What may be chosen for a training that one watches: a kind of autoencoder, its numbers, code, widths, time; as a recipe."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aemodels.data import mnist, shipped
from aemodels.data.config import DataConfig
from aemodels.models.autoencoders import VARIANTS
from aemodels.models.building import setting_names_of
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.storage.catalogue import Model
from aemodels.training.recipes import Recipe

MNIST = DataConfig("MNIST", "mnist", (1, 28, 28))
L2_WEIGHTS = "weights-l2"  # no variant: the plain one with weight decay
WIDTHS = ((256, 128, 64), (128,), (512, 256, 128), (512, 256, 256, 128, 128, 64))
MINUTES = (2, 1, 5)
LEARNING_RATES = (2e-2, 1e-3, 5e-3, 0.1)  # the first shows most in the first seconds
CODE_SIZES = (2, 64)
BATCH_SIZE = 256
# A kind's own number, by its name: what it begins with, and the greatest.
DEFAULTS = {
    "noise_factor": (0.4, 2.0),
    "code_l2": (1e-3, 10.0),
    "weight_decay": (0.1, 10.0),
    "beta": (1.0, 100.0),
    "noise_variance": (0.05, 2.0),
}
OF_ANOTHER_VARIANT = (1.0, 100.0)


def kinds() -> dict[str, tuple[str, ...]]:
    """Kind -> names of its own numbers: each of VARIANTS with its settings, and L2 on the weights. Raises ConfigError for a variant
    that somebody is writing."""
    own = {name: tuple(setting_names_of(name)) for name in VARIANTS}
    return own | {L2_WEIGHTS: ("weight_decay",)}


def data_in(folder: Path) -> DataConfig:
    """MNIST, where its train split is in this folder of data sets, else the digits that ship with the project."""
    return MNIST if mnist.has_train_split(folder) else shipped.CONFIG


def recipe(
    kind: str,
    numbers: Mapping[str, float],
    code_size: int,
    widths: tuple[int, ...],
    learning_rate: float,
    minutes: float,
    seed: int,
    data: DataConfig = shipped.CONFIG,
) -> Recipe:
    """The recipe of these choices. Raises ConfigError for numbers out of range."""
    is_l2_weights = kind == L2_WEIGHTS
    model = ModelConfig(
        variant="plain" if is_l2_weights else kind,
        network="mlp",
        image_shape=data.image_shape,
        latent_shape=(code_size,),
        widths=widths,
        reconstruction="bce",
        settings={} if is_l2_weights else numbers,
    )
    training = TrainConfig(
        epochs=10_000,  # time is what ends it
        batch_size=BATCH_SIZE,
        learning_rate=learning_rate,
        minutes=minutes,
        weight_decay=numbers["weight_decay"] if is_l2_weights else 0.0,
        warmup=0.01,
        seed=seed,
    )
    return Recipe("model", "", data, model, training)  # pages call a model without a title by its file's name


def to_dict(of: Recipe) -> dict[str, Any]:
    return {"data": of.data.to_dict(), "model": of.model.to_dict(), "training": of.training.to_dict()}


def from_dict(values: Mapping[str, Any]) -> Recipe:
    """What to_dict gave; raises ConfigError or KeyError for anything else."""
    data, model = DataConfig.from_dict(values["data"]), ModelConfig.from_dict(values["model"])
    return Recipe("model", "", data, model, TrainConfig.from_dict(values["training"]))


def is_like(model: Model, of: Recipe) -> bool:
    """Whether a model of all ten digits is of the same kind as the recipe's, with a code as long."""
    config, decays = model.config, bool(model.header["train_config"]["weight_decay"])
    same = (config.variant, config.latent_shape, config.reconstruction) == (
        of.model.variant,
        of.model.latent_shape,
        of.model.reconstruction,
    )
    is_whole = model.data.config.source == "mnist" and not model.data.config.leave_out
    # A denoiser with weight decay is a denoiser.
    return same and is_whole and (of.model.variant != "plain" or decays == bool(of.training.weight_decay))
