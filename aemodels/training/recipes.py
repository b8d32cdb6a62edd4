"""Recipes: one TOML file a model, with what it is trained on, what it is, and how it is trained."""

import difflib
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any

from aemodels.config import JsonConfig
from aemodels.data.config import SOURCES, DataConfig
from aemodels.errors import CheckpointError, ConfigError
from aemodels.models.building import build_empty, setting_names
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.models.flow import PRIORS, image_shape_of, is_prior
from aemodels.storage.checkpoints import checkpoint_path
from aemodels.storage.headers import RECIPE_FOLDER
from aemodels.text import one_line, shown

TABLES: dict[str, type[JsonConfig]] = {"data": DataConfig, "model": ModelConfig, "training": TrainConfig}
TEXTS = ("name", "title")
OF_CONV = ("encoder_depths", "decoder_depths", "corrector_depths", "refiner_depth", "refiner_steps", "descent_steps")
MAX_TITLE = 60


@dataclass(frozen=True)
class Recipe:
    """What `train.py` makes a checkpoint of.

    name   of the checkpoint
    title  how pages call the model beside others of its data set; where it is empty, by its file's name
    file   where it stands, as messages name it; a recipe is the same wherever that is
    """

    name: str
    title: str
    data: DataConfig
    model: ModelConfig
    training: TrainConfig
    file: str = field(default="", compare=False)


def read(path: str | Path) -> Recipe:
    """The recipe in a TOML file: tables [data], [model] and [training] with the fields of DataConfig, ModelConfig (but for
    image_shape, which [data] has, and with the settings of its variant) and TrainConfig; above them, where wanted, `title`, and `name` unless it is the file's.

    Raises ConfigError, in one sentence with file, table and key, for what cannot be read or trained.
    """
    path = Path(path)
    file = one_line(path)
    content = _content(path, file)
    _check_keys(file, content, [*TABLES, *TEXTS])
    for table in TABLES:
        if table not in content:
            raise ConfigError(f"{file} lacks the table [{table}].")
    texts = {"name": path.stem, "title": ""} | {key: content[key] for key in TEXTS if key in content}
    for key in {"name", *content} & {*TEXTS}:
        _check_text(f"{file}: {key}", texts[key])
    _check_name(file, texts["name"])
    data = _table(file, "data", content)
    _check_text(f"{file}, table [data]: name", data.name)
    model = _table(file, "model", content, image_shape=_image_shape(content["model"], data))
    training = _table(file, "training", content)
    recipe = Recipe(texts["name"], texts["title"], data, model, training, file)
    _check_training(recipe)
    _check_model(recipe)
    return recipe


def _content(path: Path, file: str) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))  # Windows editors put a mark first
    except OSError as error:
        raise ConfigError(f"{file} cannot be read ({error.strerror}); give the path of a recipe.") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{file} is not in UTF-8; save it as UTF-8 in your editor.") from error
    except (ValueError, RecursionError) as error:  # the first also where a number has thousands of digits
        raise ConfigError(f"{file} is no TOML file: {one_line(str(error))}; look at those in recipes/.") from error


def _check_training(recipe: Recipe) -> None:
    """Raises ConfigError where [training] does not go with the rest of the recipe."""
    training, side, where = recipe.training, recipe.data.image_shape[1], f"{recipe.file}, table [training]"
    if training.start_from == recipe.name:
        raise ConfigError(f"{where}: start_from must be another model's name.")
    for key in ("start_from", "codes_of"):
        if getattr(training, key) is not None:
            _check_name(f"{where}, {key}", getattr(training, key))
    if is_prior(recipe.model) != (training.codes_of is not None):
        raise ConfigError(
            f"{where}: codes_of names the autoencoder whose codes a prior learns; a prior has it, and no other model."
        )
    if is_prior(recipe.model) and (training.shift_px or training.warp_px or training.refine_from):
        raise ConfigError(
            f"{where}: shift_px, warp_px and refine_from are of images; a prior's training takes flips alone."
        )
    for key in ("shift_px", "warp_px"):
        if getattr(training, key) >= side:
            raise ConfigError(
                f"{where}: {key} must be less than the images' {side} pixels, not {getattr(training, key)}."
            )
    if training.refine_from and not recipe.model.refiner_steps:
        raise ConfigError(f"{where}: refine_from needs refiner_steps in [model], without which no code is refined.")


def _check_model(recipe: Recipe) -> None:
    """Raises ConfigError where the model cannot be built, or is asked for what it does not have."""
    model, where = recipe.model, f"{recipe.file}, table [model]"
    if model.reconstruction == "log_mse":
        raise ConfigError(f"{where}: reconstruction must be bce or mse, not {model.reconstruction!r}.")
    try:
        build_empty(model)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from error
    for key in OF_CONV:
        if getattr(model, key) and model.network != "conv":
            raise ConfigError(f"{where}: {key} is of the network conv; {model.network} has no such part.")
    if model.refiner_depth and not model.refiner_steps:
        raise ConfigError(f"{where}: refiner_depth needs refiner_steps, without which there is no refiner.")


def of_the_lab() -> dict[str, Recipe]:
    """The recipes that Latent Lab brings, by name: in the order of their data sets' sources, and each after those that it needs."""
    return in_order(map(read, sorted(RECIPE_FOLDER.glob("*.toml"), key=lambda path: path.stem)))


def in_order(recipes: Iterable[Recipe]) -> dict[str, Recipe]:
    """Recipes by name, each after the one that it starts from, or whose codes it learns. Raises ConfigError where two have one name or start from each other."""
    named: dict[str, Recipe] = {}
    for recipe in sorted(recipes, key=lambda recipe: SOURCES.index(recipe.data.source)):
        # Files that differ in capitals alone are one on Windows and Macs.
        same = [other.file for name, other in named.items() if name.casefold() == recipe.name.casefold()]
        if same:
            raise ConfigError(
                f"{same[0]} and {recipe.file} both have the name {recipe.name}; give one of them another `name`."
            )
        named[recipe.name] = recipe
    before = {
        name: {recipe.training.start_from, recipe.training.codes_of} & named.keys() for name, recipe in named.items()
    }
    try:
        return {name: named[name] for name in TopologicalSorter(before).static_order()}
    except CycleError as error:
        raise ConfigError(
            f"The recipes {', '.join(error.args[1])} start from each other; change start_from in one."
        ) from error


def _table(file: str, name: str, content: Mapping[str, Any], **given: Any) -> Any:
    """One table as its configuration."""
    values, config = content[name], TABLES[name]
    if not isinstance(values, dict):
        raise ConfigError(f"{file}: {name} must be a table, written [{name}].")
    keys = [f for f in fields(config) if f.name not in (*given, "settings")]
    _check_keys(
        f"{file}, table [{name}]",
        values,
        [f.name for f in keys] + (setting_names() if config is ModelConfig else []),
        [f.name for f in keys if f.default is MISSING and f.default_factory is MISSING],
    )
    try:
        return config.from_dict(values | given)
    except ConfigError as error:
        raise ConfigError(f"{file}, table [{name}]: {error}") from error


def _image_shape(model: Any, data: DataConfig) -> Any:
    """Of the model in a recipe's table: that of its data set's images, or of the codes that are a prior's images."""
    shape = model.get("latent_shape") if isinstance(model, dict) and model.get("variant") in [*PRIORS] else None
    return image_shape_of(tuple(shape)) if isinstance(shape, list) and 0 < len(shape) <= 3 else data.image_shape


def _check_text(what: str, text: object) -> None:
    """What pages show is one line, without what changes the letters around it."""
    is_line = isinstance(text, str) and one_line(text) == unicodedata.normalize("NFC", text)
    if not is_line or not text.strip() or len(text) > MAX_TITLE:
        raise ConfigError(f"{what} must be a text of one line of at most {MAX_TITLE} letters, not {shown(text)}.")


def _check_name(where: str, name: str) -> None:
    try:
        checkpoint_path(name)
    except CheckpointError as error:
        raise ConfigError(f"{where}: {error}") from error


def _check_keys(where: str, values: Mapping[str, Any], keys: Iterable[str], required: Iterable[str] = ()) -> None:
    keys = list(keys)
    for key in values:
        if key not in keys:
            near = difflib.get_close_matches(key, keys, 1)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(keys)}."
            raise ConfigError(f"{where} takes no key {one_line(key)!r}; {hint}")
    for key in required:
        if key not in values:
            raise ConfigError(f"{where} lacks the key {key}.")
