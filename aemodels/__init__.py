"""Latent Lab's library: autoencoders, their training, their checkpoints and what can be measured in their latent spaces."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
_MODULES = (
    "aemodels.errors",
    "aemodels.models.config",
    "aemodels.storage.checkpoints",
    "aemodels.data.photos",
    "aemodels.data.digits",
    "aemodels.quality.metrics",
)


def __getattr__(name: str) -> object:
    """A name of `__all__`, which is imported when it is first asked for: PyTorch takes seconds, in which a program should answer Ctrl-C."""
    if name in __all__:
        for module in map(importlib.import_module, _MODULES):
            if name in vars(module):
                globals()[name] = vars(module)[name]
                return globals()[name]
    raise AttributeError(f"module 'aemodels' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
