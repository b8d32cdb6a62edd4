"""The photos of a command's recipes in one file, to be carried to another computer."""

from pathlib import Path

from tqdm import tqdm

from aemodels.data import sources
from aemodels.data.mnist import FAMILY
from aemodels.errors import LatentLabError
from aemodels.training.request import Request


def pack(request: Request, path: Path, quality: int) -> str:
    """Packs the photos into the file, in WebP of this quality; returns a sentence on it. Raises LatentLabError where they are of several
    sets, or of none."""
    configs = {recipe.data for recipe in request.recipes.values() if recipe.data.source not in FAMILY}
    if len(configs) != 1:
        raise LatentLabError(
            f"One set of photos is packed, not {len(configs)}; choose a model of one with --only, --recipe or --photos."
        )
    (config,) = configs
    with tqdm(desc="packing photos", unit="photo", leave=False) as bar:
        num_photos = sources.pack(config, request.roots[0], path, quality, bar.update)
    return f"{num_photos:,} photos of {config.name} in {path}: {path.stat().st_size / 1e6:.1f} MB. Take it along and give it to --data."
