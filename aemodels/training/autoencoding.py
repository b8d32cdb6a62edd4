"""What is special in making an autoencoder: its first weights, what is measured now and then, what is saved."""

from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from aemodels.data.sources import DataSet
from aemodels.errors import LatentLabError
from aemodels.models import autoencoders, building
from aemodels.quality import evaluation, metrics
from aemodels.storage import checkpoints, photo_errors
from aemodels.training import measuring, provenance
from aemodels.training.loop import TrainState
from aemodels.training.recipes import Recipe
from aemodels.training.workplace import Workplace

LITTLE_DB = 2  # above one and the same picture for all: no more than that is no reconstruction


def prepare(recipe: Recipe, dataset: DataSet, at: Workplace) -> DataSet:
    """What is learnt from."""
    return dataset


def fingerprint(dataset: DataSet) -> str:
    """Of all that the weights depend on beside the recipe."""
    return dataset.record.fingerprint


def labels(dataset: DataSet) -> None:
    """An autoencoder learns without."""


def seconds_to_measure(model: autoencoders.Autoencoder, dataset: DataSet) -> float:
    """About how long `save` takes once training has finished."""
    return evaluation.seconds_to_measure(model, dataset.test, dataset.reference)


def figures(recipe: Recipe, model: autoencoders.Autoencoder, dataset: DataSet) -> dict[str, float]:
    """What the history tells of the weights after an epoch."""
    sample = dataset.validation[:: max(1, len(dataset.validation) // 256)]
    return {"psnr_db": metrics.evaluate(model, sample, **evaluation.own_noise(recipe.model))["psnr_db"]}


def shown(history: list[dict]) -> dict[str, str]:
    """The newest of `figures` in short."""
    measured = [epoch["psnr_db"] for epoch in history if "psnr_db" in epoch]
    return {"psnr": f"{measured[-1]:.2f} dB" if measured else "–"}


def initial_model(recipe: Recipe, out: Path, dataset: DataSet | None = None) -> autoencoders.Autoencoder:
    """Fresh weights drawn from the recipe's seed, or those of the checkpoint that the recipe starts from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.training.seed)
        model = building.build(recipe.model)
    if recipe.training.start_from:
        start = checkpoints.load_checkpoint(recipe.training.start_from, out)
        if not start.provenance["finished"]:
            tqdm.write(f"{recipe.name} starts from {start.name}, whose training is not finished.")
        fresh, learnt = model.state_dict(), start.model.state_dict()
        misfit = [key for key, w in learnt.items() if key not in fresh or fresh[key].shape != w.shape]
        if misfit:
            raise LatentLabError(
                f"{recipe.name} cannot start from {start.name}, whose network is another (first at {misfit[0]}); change the recipe "
                f"of one of them, or train {start.name} anew."
            )
        model.load_state_dict(fresh | learnt)  # a corrector or refiner may be new
    return model


def save(
    recipe: Recipe,
    ema: autoencoders.Autoencoder,
    state: TrainState,
    dataset: DataSet,
    at: Workplace,
) -> None:
    """Evaluates the weights as they will be stored, in float16, on the whole test split once training has finished."""
    model = evaluation.as_stored(ema, at.device)
    test = dataset.test if state.finished else dataset.test[:: max(1, len(dataset.test) // 100)]
    errors: dict[float, Tensor] = {}
    with measuring.progress_bar(
        recipe.name, model, len(test), len(dataset.reference), disable=not state.finished
    ) as bar:
        checkpoint = checkpoints.Checkpoint(
            name=recipe.name,
            title=recipe.title,
            data=dataset.record,
            model=model,
            train_config=recipe.training,
            metrics=evaluation.evaluate_all(model, test, bar.update, errors.__setitem__),
            history=state.history,
            codes=evaluation.encode_all(model, dataset.reference, bar.update),
            labels=dataset.reference_labels,
            index=dataset.reference_index,
            provenance=provenance.describe(state, recipe.training, dataset, at.device),
        )
        checkpoints.save_checkpoint(checkpoint, at.out)
    if state.finished and evaluation.keeps_errors(recipe.model):
        photo_errors.save(recipe.name, errors, at.out)


def warn_of_a_poor_model(name: str, dataset: DataSet, out: Path) -> None:
    """Says so where training ended, and the model cannot do what it is for."""
    psnr_db = checkpoints.read_header(name, out)["metrics"]["psnr_db"]
    blind_db = evaluation.average_picture_psnr_db(dataset.test)
    if psnr_db < blind_db + LITTLE_DB:
        tqdm.write(
            f"{name} does not reconstruct: {psnr_db:.2f} dB, where one and the same grey picture for all has {blind_db:.2f}; "
            "give it more time or epochs."
        )
