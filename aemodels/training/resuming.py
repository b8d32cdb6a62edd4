"""The state file from which interrupted training goes on."""

import math
from pathlib import Path
from typing import Any

import torch

from aemodels.errors import CheckpointError, LatentLabError
from aemodels.files import replacing
from aemodels.training.loop import TrainState

MAY_CHANGE = ("epochs", "minutes", "learning_rate")


def keep(state: TrainState, path: Path, settings: dict[str, Any]) -> None:
    """Writes the state, with the settings that it may go on under."""
    save_state(path, state.state_dict() | settings)


def restore(state: TrainState, path: Path, settings: dict[str, Any]) -> dict[str, Any] | None:
    """Loads into `state` what `keep` wrote to `path`, and returns the train_config of then; None where there is no such file.

    Training may go on for more epochs or minutes than it was begun with, or for fewer, and at another learning rate, for at the
    same it may have diverged; the history tells each epoch's. Raises LatentLabError where those asked for
    are over already, where any other setting or the data differ, and where the file holds something else.
    """
    if not path.exists():
        return None
    saved = load_state(path)
    try:
        if differences := unlike(saved, settings):
            raise LatentLabError(
                f"{path} was made with {', '.join(differences)}; set that back, or delete the file to train {path.stem} from the start."
            )
        state.load_state_dict(saved)
        asked, begun = settings["train_config"], saved["train_config"]
        if state.epoch >= asked["epochs"]:
            raise LatentLabError(f"{path.stem} has {state.epoch} epochs behind it already; give it more --epochs.")
        if asked["minutes"] != begun["minutes"] and state.seconds >= 60 * (asked["minutes"] or math.inf):
            raise LatentLabError(
                f"{path.stem} has {state.seconds / 60:.1f} minutes behind it already; give it more --minutes."
            )
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise LatentLabError(
            f"{path} holds something else than training state; delete it to train {path.stem} from the start."
        ) from error
    return begun


def unlike(saved: dict[str, Any], settings: dict[str, Any]) -> list[str]:
    """What in `settings` is not as in `saved`, in words, but for what may change."""
    differences = []
    for group in ("model_config", "train_config"):
        for key, now in settings[group].items():
            if key not in MAY_CHANGE and saved[group].get(key) != now:
                differences.append(f"{key} {saved[group].get(key)} in place of {now}")
    if any(saved[key] != settings[key] for key in ("data_fingerprint", "num_train_images")):
        differences.append("other images")
    return differences


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Writes what training needs to go on, atomically; the optimiser's moments make it some six checkpoints large."""
    with replacing(path) as temporary, open(temporary, "wb") as file:  # opened here, so that a full disk is told as one
        torch.save(state, file)


def load_state(path: Path) -> dict[str, Any]:
    """What save_state wrote; tensors and plain values only. Raises CheckpointError for anything else."""
    try:
        return torch.load(path, weights_only=True, map_location="cpu")
    except Exception as error:
        raise CheckpointError(
            f"{path} cannot be read ({type(error).__name__}); delete it to train from the start."
        ) from error
