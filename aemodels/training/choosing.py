"""Which recipes a command line is about: the lab's, some of one's own, or one of the lab's on a folder of pictures."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from aemodels.data.config import PHOTOS
from aemodels.errors import CheckpointError, ConfigError, LatentLabError
from aemodels.models.flow import is_prior
from aemodels.storage.checkpoints import checkpoint_path
from aemodels.training import recipes
from aemodels.training.recipes import Recipe


def chosen(
    only: Sequence[str] | None = None,
    files: Sequence[str | Path] | None = None,
    photos: str | Path | None = None,
    like: str | None = None,
) -> dict[str, Recipe]:
    """The recipes that a command line is about, by name, in an order to train them in: all of the lab where it names none.

    only    some of the lab's, by name
    files   some of one's own
    photos  a folder of pictures, for the recipe of the lab that `like` names

    Raises LatentLabError where it contradicts itself, ConfigError where a file cannot be read.
    """
    lab = recipes.of_the_lab()
    if sum(map(bool, (only, files, photos))) > 1:
        raise LatentLabError("--only, --recipe and --photos each say what to train; give one of them.")
    if bool(photos) != bool(like):
        raise LatentLabError(
            "--photos DIR and --like NAME go together: a folder of pictures, and the recipe to train on it."
        )
    unknown = [name for name in [*(only or ()), *([like] if like else ())] if name not in lab]
    if unknown:
        raise LatentLabError(f"There is no recipe {unknown[0]}; the lab's own are {', '.join(lab)}.")
    if photos:
        recipe = on_photos(lab[like], photos)
        own = {recipe.name: recipe}
    elif files:
        own = recipes.in_order(map(recipes.read, dict.fromkeys(map(Path, files))))  # one that is given twice is one
    else:
        return {name: recipe for name, recipe in lab.items() if name in (only or lab)}
    taken = {name.casefold() for name in lab}
    for recipe in own.values():
        if recipe.name.casefold() in taken and recipe not in lab.values():
            raise LatentLabError(
                f"{recipe.name} is the name of one of the lab's own models; give yours another `name` in its recipe."
            )
    return own


def on_photos(recipe: Recipe, folder: str | Path) -> Recipe:
    """The same recipe for another folder of pictures, under a name of its own: that of dog-ae on flowers is flowers-ae. It
    starts from fresh weights, for those that the recipe may start from are of other pictures.

    Raises ConfigError where the folder's name cannot be part of a checkpoint's.
    """
    if is_prior(recipe.model):
        raise ConfigError(
            f"{recipe.name} learns the codes of {recipe.training.codes_of}; write a recipe that names the autoencoder of your pictures."
        )
    own = Path(folder).resolve().name
    if not own:
        raise ConfigError(f"The folder {folder} has no name to call a model by; move the pictures into one that has.")
    name = f"{own.replace(' ', '-')}-{recipe.name.partition('-')[2] or recipe.name}"
    try:
        checkpoint_path(name)
    except CheckpointError as error:
        raise ConfigError(f"{error} Or write a recipe, which can give the model any name.") from error
    data = replace(recipe.data, name=own, source=PHOTOS, folder=str(folder))
    return replace(recipe, name=name, title="", data=data, training=replace(recipe.training, start_from=None))
