"""What is measured of models once they are trained: their own figures, the baselines beside them, what the pages draw."""

import contextlib
import dataclasses
import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from math import prod
from pathlib import Path

from torch import Tensor
from tqdm import tqdm

from aemodels.codes import faults, layouts, maps
from aemodels.data.config import DataConfig
from aemodels.data.sources import DataSet
from aemodels.errors import CheckpointError, DataError, LatentLabError
from aemodels.files import check_writable
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.flow import is_prior
from aemodels.quality import baselines, curves, evaluation
from aemodels.storage import checkpoints, films, measurements, photo_errors
from aemodels.storage.checkpoints import Checkpoint
from aemodels.training import filming
from aemodels.training.alone import InUseError, alone
from aemodels.training.recipes import Recipe

Load = Callable[[Recipe], DataSet]  # a recipe's data set; raises DataError where there is none


def progress_bar(name: str, model: Autoencoder, num_test: int, num_reference: int = 0, disable: bool = False) -> tqdm:
    """Counts the encodings that measuring takes."""
    total = evaluation.num_encodings(model.config) * num_test + num_reference
    return tqdm(total=total, desc=f"{name}: measuring", unit="img", leave=False, disable=disable)


def evaluate_finished(recipe: Recipe, load: Load, out: Path, device: str) -> None:
    """Measures a finished checkpoint that lacks figures, or the errors of single images beside it, or whose film was still to be made
    when it was saved; all else in it stays as it is, bit by bit."""
    name = recipe.name
    if not checkpoints.checkpoint_path(name, out).exists() or is_prior(recipe.model):
        return
    digest = checkpoints.read_digest(name, out)
    ckpt = checkpoints.load_checkpoint(name, out)
    is_current = evaluation.is_current(ckpt.metrics, ckpt.model_config)
    has_errors = not evaluation.keeps_errors(ckpt.model_config) or bool(photo_errors.read(name, out))
    film_waits = filming.folder_of(name, out).exists()
    if not ckpt.provenance["finished"] or (is_current and has_errors and not film_waits):
        return
    dataset = load(recipe)
    if dataset.record.fingerprint != ckpt.data.fingerprint:
        raise LatentLabError(f"{name} was trained on other data; point --data to that. Found here: {dataset.summary}")
    if film_waits:
        _develop_alone(name, dataset, out, device)
    if is_current and has_errors:
        return
    check_writable(out)
    errors: dict[float, Tensor] = {}
    with progress_bar(name, ckpt.model, len(dataset.test)) as bar:
        results = evaluation.evaluate_all(ckpt.model.to(device), dataset.test, bar.update, errors.__setitem__)
    _refuse_another(name, digest, out)
    print(f"{name}: measured on {len(dataset.test):,} test images.", flush=True)
    if not is_current:
        checkpoints.save_checkpoint(dataclasses.replace(ckpt, metrics=results), out)
    if evaluation.keeps_errors(ckpt.model_config):
        photo_errors.save(name, errors, out)


def _refuse_another(name: str, digest: str, out: Path) -> None:
    """Raises LatentLabError where the checkpoint is no longer the one of this digest, whose figures must not take another one's place."""
    try:
        is_another = checkpoints.read_digest(name, out) != digest
    except CheckpointError:
        is_another = True
    if is_another:
        raise LatentLabError(
            f"{name} was removed or replaced while it was measured, and what was measured is not kept; run the same command again."
        )


def develop_film_that_waits(recipe: Recipe, load: Load, out: Path, device: str) -> None:
    """Makes the film of a finished checkpoint whose training was stopped when only that was left, where its data are here."""
    name = recipe.name
    if not filming.folder_of(name, out).exists():
        return
    try:
        dataset = load(recipe)
    except DataError:
        return
    if dataset.record.fingerprint == checkpoints.read_header(name, out)["data"]["fingerprint"]:
        _develop_alone(name, dataset, out, device)


def _develop_alone(name: str, dataset: DataSet, out: Path, device: str) -> None:
    """Nothing where another program has just trained the model and makes the film, or has made it by now."""
    with contextlib.suppress(InUseError), alone(name, out):
        if filming.folder_of(name, out).exists():
            develop_film(name, dataset, out, device)


def develop_film(name: str, dataset: DataSet, out: Path, device: str) -> None:
    """Makes the film of a finished checkpoint from the moments that its training kept, which are then deleted."""
    folder = filming.folder_of(name, out)
    ckpt = checkpoints.load_checkpoint(name, out)
    if not filming.has_all(folder, ckpt.provenance["steps"]):
        tqdm.write(f"{name} gets no film: moments of its training are missing.")
        shutil.rmtree(folder, ignore_errors=True)
        return
    num_images = filming.num_moments(folder, ckpt) * len(dataset.reference)
    with tqdm(total=num_images, desc=f"{name}: film", unit="img", leave=False) as bar:
        films.save_film(filming.develop(ckpt, dataset.reference, folder, device, bar.update), name, out)
    shutil.rmtree(folder)


def measure_baselines(recipes: Sequence[Recipe], load: Load, out: Path) -> None:
    """PCA, the optimal linear code, and AVIF at capacity, on the test photos of each of the recipes' data sets: what baselines.json lacks, or all of
    it where no model there was trained on its photos."""
    known = measurements.read_all_baselines(out)
    recipes_of: dict[DataConfig, list[Recipe]] = {}
    for recipe in recipes:
        if len(recipe.model.latent_shape) == 3 and not is_prior(recipe.model):
            recipes_of.setdefault(recipe.data, []).append(recipe)
    for same_data in recipes_of.values():
        trained = [r.name for r in same_data if checkpoints.checkpoint_path(r.name, out).exists()]
        seen = {checkpoints.read_header(name, out)["data"]["fingerprint"] for name in trained}
        measured = [known[fingerprint] for fingerprint in seen & known.keys()]
        if any(not (baselines.lacks_linear_code(m) or baselines.lacks_avif(m)) for m in measured):
            continue
        dataset = load(same_data[0])
        fingerprint = dataset.record.fingerprint
        num_uses = prod(same_data[0].model.latent_shape)

        def keep(key: str, errors: dict[float, Tensor], fingerprint: str = fingerprint) -> None:
            photo_errors.save_baselines(key, errors, fingerprint, out)

        linear_errors = photo_errors.read_baselines(fingerprint, out).get("linear_code", {})
        for results in baselines.measure(dataset, num_uses, known.get(fingerprint, {}), keep, linear_errors):
            measurements.save_baselines(results, fingerprint, out)


def measure_curves(recipes: Iterable[Recipe], load: Load, out: Path) -> None:
    """What the pages draw of a finished checkpoint alone, and of the denoisers that need none: what curves.json lacks. What needs the
    pictures of its codes is left out where they are not here."""
    known = measurements.read_curves(out)
    for recipe in recipes:
        name = recipe.name
        if not checkpoints.checkpoint_path(name, out).exists():
            continue
        made = checkpoints.read_header(name, out)["provenance"]
        kept = curves.of_model(known, name, made)
        if not made["finished"] or "codes_of" in made:
            continue
        lacks_clusters = "clusters" not in kept and curves.can_cluster()
        lacks_shaped = "axes" in kept and "shaped" not in kept
        if kept and not (lacks_clusters or lacks_shaped):
            continue
        ckpt = checkpoints.load_checkpoint(name, out)
        x = _pictures_of_codes(recipe, load, ckpt) if curves.has_shaped(ckpt) else None
        if kept and not lacks_clusters and x is None:
            continue
        check_writable(out)
        print(f"{name}: measured for the pages …", file=sys.stderr, flush=True)
        measurements.save_curves({"models": {name: curves.measure(ckpt, x)}}, out)
    if not known["denoisers"]:
        measurements.save_curves({"denoisers": curves.measure_references()}, out)


def _pictures_of_codes(recipe: Recipe, load: Load, ckpt: Checkpoint) -> Tensor | None:
    """Those that `curves.shaped` takes; None where the data that the model was trained on are not here."""
    try:
        dataset = load(recipe)
    except DataError:
        return None
    if dataset.record.fingerprint != ckpt.data.fingerprint:
        return None
    return dataset.reference[curves.for_shaped(ckpt)].float() / 255


def lay_out_codes(names: Sequence[str], out: Path) -> None:
    """The maps of finished checkpoints with a code of more than two numbers: the layouts that lie not yet beside them. Without openTSNE there are
    none, and a sentence says so."""
    can_lay_out = importlib.util.find_spec("openTSNE") is not None
    for name in names:
        if not checkpoints.checkpoint_path(name, out).exists():
            continue
        header = checkpoints.read_header(name, out)
        if not header["provenance"]["finished"] or prod(header["model_config"]["latent_shape"]) <= 2:
            continue
        codes = checkpoints.load_checkpoint(name, out).codes
        if len(codes) < maps.MIN_CODES or not faults.vary(codes):
            continue
        found = {method: layouts.read(name, codes, method, out) for method in maps.METHODS}
        if all(found.values()):
            continue
        if not can_lay_out:
            print(
                f"{name} gets no map without openTSNE; `python train.py --evaluate` makes it where that is installed."
            )
            continue
        check_writable(out)
        with tqdm(
            total=len(maps.METHODS),
            desc=f"{name}: codes laid out",
            leave=False,
            bar_format="{desc}: {percentage:.0f}% {bar} {elapsed}",
        ) as bar:
            made = {}
            for i, method in enumerate(maps.METHODS):

                def show(share: float, i: int = i) -> None:
                    bar.update(i + share - bar.n)

                made[method] = found[method] or maps.lay_out(codes, method, show)
        layouts.save(name, codes, made, out)
        print(f"{name}: {len(codes):,} codes laid out on maps.", flush=True)
