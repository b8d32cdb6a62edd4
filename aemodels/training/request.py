"""What one command asks for: which recipes, on what data, how large, for how long."""

import math
import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from aemodels.data import sources
from aemodels.data.config import DataConfig
from aemodels.data.sources import DataSet
from aemodels.errors import DataError
from aemodels.files import is_file, is_folder
from aemodels.text import one_line
from aemodels.training.recipes import Recipe

# For a first look: small networks, a fixed number of steps, so that a slow machine takes longer and learns as much.
QUICK_NETWORKS = {
    "mlp": {},
    "conv": {
        "encoder_depths": (2, 2),
        "decoder_depths": (2, 2),
        "corrector_depths": (),
        "refiner_depth": 0,
        "refiner_steps": 0,
        "descent_steps": 0,
    },
    "transformer": {"widths": (64,)},
}
QUICK_STEPS = 250  # at least, however few the images
QUICK_TRAININGS = {"mlp": {"epochs": 3}, "conv": {"epochs": 1, "batch_size": 16}, "transformer": {"epochs": 1}}


@dataclass
class Request:
    """What a command asks for.

    recipes   by name
    out       folder of the checkpoints
    data      folders of the data sets, or files of packed photos, searched in this order; the usual one where none is given
    is_named  whether the recipes were named: then none is left out for want of images that fit
    quick     small networks and few images, for a first look
    epochs    at most so many for each of the recipes
    minutes   at most so many for all of them together
    shares    of these minutes, by name, where there are several recipes; None for one without a limit
    told_s    how long it took to tell how long a recipe takes, in s, by name; it counts as the recipe's time
    """

    recipes: dict[str, Recipe]
    out: Path
    data: tuple[Path, ...] = ()
    is_named: bool = False
    quick: bool = False
    epochs: int | None = None
    minutes: float | None = None
    shares: dict[str, float | None] = field(default_factory=dict)
    told_s: dict[str, float] = field(default_factory=dict)
    _found: dict[DataConfig, DataSet | DataError] = field(default_factory=dict, init=False, repr=False)

    @property
    def roots(self) -> list[Path]:
        """Where the data sets lie, one place at least."""
        return [sources.data_root(folder) for folder in self.data or [None]]

    def check_places(self) -> None:
        """Raises DataError where a place that the command, or else the environment, names is not there: some images are found without."""
        what_to_do = "give --data the folders of data sets, or files of packed photos"
        places = list(self.data)
        if not places and (named := os.environ.get("LATENT_LAB_DATA")):
            what_to_do = "LATENT_LAB_DATA names it: set that to the folder of the data sets, or take it away"
            places = [sources.data_root(named)]
        for place in places:
            if not (is_folder(place) or is_file(place)):
                raise DataError(f"There is no {one_line(place)}; {what_to_do}.")

    def load(self, recipe: Recipe) -> DataSet:
        """The recipe's data set, from the first of the places that has it; looked for once. Raises DataError where none has."""
        if recipe.data not in self._found:
            self._found[recipe.data] = self._look_for(recipe.data)
        found = self._found[recipe.data]
        if isinstance(found, DataError):
            raise found
        return found

    def _look_for(self, config: DataConfig) -> DataSet | DataError:
        errors = []
        for root in self.roots:
            try:
                return sources.load(config, root, self.quick)
            except DataError as error:
                errors.append(error)
        return errors[0]

    def minutes_of(self, recipe: Recipe) -> float | None:
        """Its share of the minutes; None where there is no limit."""
        return self.shares.get(recipe.name, self.minutes)

    def as_asked(self, recipe: Recipe) -> Recipe:
        """What the command makes of a recipe."""
        model, training = recipe.model, recipe.training
        if self.quick:
            model = replace(model, **QUICK_NETWORKS[model.network])
            training = replace(training, **QUICK_TRAININGS[model.network])
        limits = {"epochs": self.epochs, "minutes": self.minutes_of(recipe)}
        asked = {key: limit for key, limit in limits.items() if limit}
        return replace(recipe, model=model, training=replace(training, **asked))

    def as_trained(self, recipe: Recipe) -> Recipe:
        """What the command makes of a recipe with its images: a quick look at few photos takes more epochs."""
        asked = self.as_asked(recipe)
        if not self.quick or self.epochs:
            return asked
        steps_per_epoch = max(1, len(self.load(recipe).train) // asked.training.batch_size)
        epochs = max(asked.training.epochs, math.ceil(QUICK_STEPS / steps_per_epoch))
        return replace(asked, training=replace(asked.training, epochs=epochs))
