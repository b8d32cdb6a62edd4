"""The state file from which interrupted training goes on."""

from pathlib import Path
from typing import Any

from aemodels import checkpoints
from aemodels.errors import LatentLabError
from aemodels.training import TrainState


def keep(state: TrainState, path: Path, settings: dict[str, Any]) -> None:
    """Writes the state, with the settings that it may go on under."""
    checkpoints.save_state(path, state.state_dict() | settings)


def restore(state: TrainState, path: Path, settings: dict[str, Any]) -> bool:
    """Loads into `state` what `keep` wrote to `path`; False where there is no such file.

    Raises LatentLabError where the file was made with other settings or holds something else.
    """
    if not path.exists():
        return False
    saved = checkpoints.load_state(path)
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
