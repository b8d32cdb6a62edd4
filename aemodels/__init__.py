"""Latent Lab's library: autoencoders, their training, their checkpoints and what can be measured in their latent spaces."""

from aemodels.checkpoints import Checkpoint, list_checkpoints, load_checkpoint
from aemodels.config import ModelConfig, TrainConfig
from aemodels.digits import read_digit
from aemodels.errors import CheckpointError, ConfigError, DataError, FileError, LatentLabError
from aemodels.metrics import psnr_db
from aemodels.photos import load_photos

__all__ = [
    "Checkpoint",
    "CheckpointError",
    "ConfigError",
    "DataError",
    "FileError",
    "LatentLabError",
    "ModelConfig",
    "TrainConfig",
    "list_checkpoints",
    "load_checkpoint",
    "load_photos",
    "psnr_db",
    "read_digit",
]
