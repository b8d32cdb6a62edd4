"""Which of the recipes that a command asks for are still to be trained, and which of those can be, for their images are there."""

import os
import sys
from dataclasses import replace
from typing import Any

from aemodels.data.config import PHOTOS
from aemodels.errors import CheckpointError, ConfigError, DataError, LatentLabError
from aemodels.storage import checkpoints, priors
from aemodels.storage.checkpoints import Checkpoint
from aemodels.training.priors import check_classes
from aemodels.training.recipes import Recipe
from aemodels.training.request import Request


def lacking(request: Request) -> list[str]:
    """Names of all recipes but those that have a sound and finished checkpoint; says why one that has any is trained again.

    Raises LatentLabError where a finished one is not what the command asks for, and where one that may be sound cannot be read.
    """
    missing, contradicted = [], []
    for name, recipe in request.recipes.items():
        path = checkpoints.checkpoint_path(name, request.out)
        if not path.exists():
            missing.append(name)
            continue
        try:
            ckpt = checkpoints.load_checkpoint(name, request.out)
        except CheckpointError as error:
            # Whole, for all we know: of another user, on a disk that fails now, or of a newer Latent Lab.
            if isinstance(error.__cause__, (OSError, ConfigError)):
                raise CheckpointError(f"{error} To have {name} trained, move {path} away.") from error
            print(f"{error} It is trained again now.", file=sys.stderr)
            missing.append(name)
            continue
        if not ckpt.provenance["finished"] or recipe.training.codes_of in missing:
            missing.append(name)
        elif ckpt.train_config.codes_of and (why := priors.why_unfit(name, ckpt.provenance, request.out)):
            print(f"{why} It is trained again now.", file=sys.stderr)
            missing.append(name)
        elif differences := _unlike_what_is_asked(ckpt, recipe, request):
            contradicted.append(
                f"{name} is finished ({' and '.join(differences)}{_reached(ckpt.metrics)}): move {path} away, or give "
                "another folder with --out, to have it trained as asked."
            )
        elif unlike := _of_another_model(ckpt, request.as_asked(recipe)):
            print(f"{path} {unlike} in {name}'s recipe; move it away to have that trained.", file=sys.stderr)
    if contradicted:
        raise LatentLabError("\n".join(contradicted))
    return missing


def with_images(names: list[str], request: Request) -> tuple[list[str], list[str]]:
    """Those of the names whose images there are, and the names left out for want of images that fit, each kind with a sentence.

    Raises DataError where there are none for any, or for one that was asked for by name.
    """
    found, left_out, errors = [], [], {}
    for name in names:
        try:
            check_classes(request.recipes[name], request.load(request.recipes[name]))
            found.append(name)
        except DataError as error:
            if request.is_named:
                raise
            left_out.append(name)
            errors.setdefault(str(error), []).append(name)
    if names and not found:
        raise DataError("\n".join(errors))
    for error, without in errors.items():
        print(f"{error} Left out: {', '.join(without)}.", file=sys.stderr)
    return found, left_out


def check_what_they_start_from(names: list[str], request: Request) -> None:
    """Raises CheckpointError where one of the names, to be trained in this order, starts from a model, or learns the codes of one, that is
    neither there nor trained before it."""
    for i, name in enumerate(names):
        training = request.recipes[name].training
        for needed in (training.start_from, training.codes_of):
            if needed and needed not in names[:i]:
                checkpoints.read_header(needed, request.out)


def _unlike_what_is_asked(ckpt: Checkpoint, recipe: Recipe, request: Request) -> list[str]:
    """How a finished checkpoint was trained, where the command asks for something else."""
    made, differences = ckpt.train_config, []
    if request.epochs and request.epochs != made.epochs:
        differences.append(f"trained for {made.epochs} epochs, not {request.epochs}")
    minutes = request.minutes_of(recipe)
    if minutes and minutes != made.minutes:
        limit = f"at most {made.minutes:g} minutes" if made.minutes else "any number of minutes"
        differences.append(f"trained for {limit}, not {minutes:g}")
    then, now = ckpt.data.config, recipe.data
    if then.image_shape != now.image_shape:
        differences.append(f"trained on images of {_in_words(then.image_shape)}, not of {_in_words(now.image_shape)}")
    elif then.source != now.source:
        differences.append(f"trained on {then.name}, not as its recipe says on {now.name}")
    elif then.leave_out != now.leave_out:
        left_out = [", ".join(config.leave_out) or "no class" for config in (then, now)]
        differences.append(f"trained with {left_out[0]} left out, not {left_out[1]}")
    elif (request.data or os.environ.get("LATENT_LAB_DATA") or now.source == PHOTOS) and _are_others(
        recipe, ckpt, request
    ):
        differences.append("trained on other images")
    return differences


def _are_others(recipe: Recipe, ckpt: Checkpoint, request: Request) -> bool:
    """Whether the recipe's images are others than the checkpoint's; a folder without such images does not ask for others."""
    try:
        return request.load(recipe).record.fingerprint != ckpt.data.fingerprint
    except DataError:
        return False


def _of_another_model(ckpt: Checkpoint, asked: Recipe) -> str:
    """How a checkpoint's model is unlike the one that is asked for; empty where it is not."""
    made, wanted = ckpt.model_config, asked.model
    if made == wanted:
        return ""
    if replace(made, reconstruction=wanted.reconstruction) == wanted:
        return f"was trained with the loss {made.reconstruction}, not {wanted.reconstruction}"
    return "is not of the network"


def _reached(results: dict[str, Any]) -> str:
    """The PSNR of an autoencoder, after a comma."""
    return f", {results['psnr_db']:.2f} dB" if "psnr_db" in results else ""


def _in_words(image_shape: tuple[int, int, int]) -> str:
    channels, height, width = image_shape
    return f"{height}×{width} in {'colour' if channels == 3 else 'grey'}"
