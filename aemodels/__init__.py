"""Latent Lab's library: autoencoders, their training, their checkpoints and what can be measured in their latent spaces."""

from aemodels.data.digits import read_digit
from aemodels.data.photos import load_photos
from aemodels.errors import CheckpointError, ConfigError, DataError, FileError, LatentLabError
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.quality.metrics import psnr_db
from aemodels.storage.checkpoints import Checkpoint, list_checkpoints, load_checkpoint

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
