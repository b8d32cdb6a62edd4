"""The state file from which interrupted training goes on."""

from pathlib import Path
from typing import Any

import torch

from aemodels.checkpoints import replacing
from aemodels.errors import CheckpointError, LatentLabError
from aemodels.training import TrainState


def keep(state: TrainState, path: Path, settings: dict[str, Any]) -> None:
    """Writes the state, with the settings that it may go on under."""
    save_state(path, state.state_dict() | settings)


def restore(state: TrainState, path: Path, settings: dict[str, Any]) -> bool:
    """Loads into `state` what `keep` wrote to `path`; False where there is no such file.

    Raises LatentLabError where the file was made with other settings or holds something else.
    """
    if not path.exists():
        return False
    saved = load_state(path)
    try:
        if any(saved[key] != value for key, value in settings.items()):
            raise LatentLabError(
                f"{path} was made with other settings or data; delete it to train {path.stem} from the start."
            )
        state.load_state_dict(saved)
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise LatentLabError(
            f"{path} holds something else than training state; delete it to train {path.stem} from the start."
        ) from error
    return True


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Writes what training needs to go on, atomically; the optimiser's moments make it some six checkpoints large."""
    with replacing(path) as temporary:
        torch.save(state, temporary)


def load_state(path: Path) -> dict[str, Any]:
    """What save_state wrote; tensors and plain values only. Raises CheckpointError for anything else."""
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        raise CheckpointError(
            f"{path} cannot be read ({type(error).__name__}); delete it to train from the start."
        ) from error
