"""The models that visitors of the app trained and kept: a folder of checkpoints beside the lab's, which every page lists as well.

They lie in the user's data folder, not in `checkpoints/`, so that nothing there can be overwritten, and that they outlive an update. Who
trained one is not asked: all visitors of a server see it, as a class sees what its lecturer has trained. So no visitor can lose a
model to another one without a question: see `keep`.
"""

import contextlib
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from filelock import FileLock

from aemodels.errors import CheckpointError
from aemodels.files import replacing, said
from aemodels.language import _
from aemodels.storage import checkpoints
from aemodels.text import as_seen

PROJECT = Path(__file__).resolve().parents[2]
MAX_MODELS = 50  # of some 2 MB
MAX_LETTERS = 40
LOCK_S = 10


class NameTaken(CheckpointError):
    """A visitor's model has the name already; it may be replaced."""


def folder() -> Path:
    """The environment's LATENT_LAB_MODELS, else in the user's data folder."""
    if named := os.environ.get("LATENT_LAB_MODELS"):
        return Path(os.path.expanduser(named))
    import platformdirs

    return platformdirs.user_data_path("latent-lab") / "models"


def names() -> list[str]:
    """Of the models that are kept, sorted."""
    return checkpoints.list_checkpoints(folder())


def check_name(name: str, lab: Iterable[str]) -> None:
    """Raises CheckpointError, in a sentence, for what cannot be a name, and NameTaken where a visitor's model has it.

    lab  names that are the lab's or those of models in its folder: never replaced
    """
    if not as_seen(name):
        raise CheckpointError(_("Give your model a name, such as my-plane."))
    if len(name) > MAX_LETTERS:
        raise CheckpointError(_("The name is too long: use at most {number} letters.").format(number=MAX_LETTERS))
    checkpoints.checkpoint_path(name, folder())
    # Files that differ in capitals alone are one on Windows and Macs; names that look alike are one to a reader.
    if as_seen(name) in map(as_seen, lab):
        raise CheckpointError(
            _(
                "{name} is the name of a model of the lab, or of the folder of checkpoints; give yours another one."
            ).format(name=name)
        )
    if _taken(name):
        raise NameTaken(
            _("There is a model {name} already: choose another name, or replace it.").format(name=_taken(name))
        )


def keep(file: Path, name: str, lab: Iterable[str], replaces: bool = False) -> str:
    """Makes a checkpoint file one of the kept models, under this name; the file stays where it is. Returns the name as it is spelt:
    as that of the model which it replaces.

    replaces  whether it may take the place of a visitor's model of this name
    Raises CheckpointError as `check_name` does, and where MAX_MODELS are kept; FileError where the folder cannot be written, or the disk is full.
    """
    with said(folder()), contextlib.ExitStack() as stack:
        folder().mkdir(parents=True, exist_ok=True)
        # Of two visitors who take a name in the same moment, one is told.
        stack.enter_context(FileLock(folder() / ".lock", timeout=LOCK_S))
        try:
            check_name(name, lab)
        except NameTaken:
            if not replaces:
                raise
            name = _taken(name) or name
        else:
            if len(names()) >= MAX_MODELS:
                raise CheckpointError(
                    _("{number} models are kept on this server, and no more can be: remove one first.").format(
                        number=MAX_MODELS
                    )
                )
        with replacing(checkpoints.checkpoint_path(name, folder())) as temporary:
            shutil.copyfile(file, temporary)
    return name


def remove(name: str) -> None:
    """Deletes a kept model; nothing where it is gone already. Raises FileError where it cannot be deleted."""
    path = checkpoints.checkpoint_path(name, folder())
    with said(path):
        path.unlink(missing_ok=True)


def free_name(wish: str, lab: Iterable[str]) -> str:
    """The wish, with a number after it where it is taken."""
    taken = {as_seen(name) for name in (*lab, *names())}
    candidates = (wish if i == 1 else f"{wish}-{i}" for i in range(1, MAX_MODELS + len(taken) + 2))
    return next(name for name in candidates if as_seen(name) not in taken)


def _taken(name: str) -> str | None:
    """The kept model of this name, or of one that looks like it, as it is spelt."""
    return next((kept for kept in names() if as_seen(kept) == as_seen(name)), None)
