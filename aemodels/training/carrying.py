"""The photos of a command's recipes in one file, to be carried to another computer."""

from pathlib import Path

from tqdm import tqdm

from aemodels.data import sources
from aemodels.data.mnist import FAMILY
from aemodels.data.packed import Pack
from aemodels.errors import DataError, LatentLabError
from aemodels.text import one_line
from aemodels.training.request import Request


def pack(request: Request, path: Path, quality: int) -> str:
    """Packs the photos, from the first of the places that has them, into the file, in WebP of this quality; returns a sentence on it. Raises
    LatentLabError where they are of several sets, or of none, and where the file is there already and is another."""
    configs = {recipe.data for recipe in request.recipes.values() if recipe.data.source not in FAMILY}
    if len(configs) != 1:
        raise LatentLabError(
            f"One set of photos is packed, not {len(configs)}; choose a model of one with --only, --recipe or --photos."
        )
    (config,) = configs
    _check_replaceable(path)
    errors = []
    with tqdm(desc="packing photos", unit="photo", leave=False) as bar:
        for root in request.roots:
            try:
                num_photos = sources.pack(config, root, path, quality, bar.update)
            except DataError as error:
                errors.append(error)
            else:
                return f"{num_photos:,} photos of {config.name} in {path}: {path.stat().st_size / 1e6:.1f} MB. Take it along and give it to --data."
    raise errors[0]


def _check_replaceable(path: Path) -> None:
    """Raises DataError where something lies there that is no file of packed photos: a recipe, say, or a photo."""
    if not path.exists():
        return
    try:
        Pack(path)
    except DataError as error:
        raise DataError(
            f"{one_line(path)} is there already and holds no packed photos; give --pack another name."
        ) from error
