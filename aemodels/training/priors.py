"""What is special in making a prior: the codes that it learns from, the Gaussian that it starts from, what is measured and saved."""

import contextlib
import sys
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from aemodels import timing
from aemodels.codes import latents
from aemodels.data.sources import DataSet
from aemodels.errors import DataError, LatentLabError
from aemodels.models import building
from aemodels.models.flow import FlowPrior, is_prior
from aemodels.quality import evaluation
from aemodels.quality.priors import velocity_loss
from aemodels.storage import checkpoints
from aemodels.training import codesets, provenance
from aemodels.training.codesets import CodeSet
from aemodels.training.loop import TrainState
from aemodels.training.recipes import Recipe
from aemodels.training.workplace import Workplace


def check_classes(recipe: Recipe, dataset: DataSet) -> None:
    """Raises DataError where the recipe is of a prior that is told the class of a code, and the images are of another number of classes."""
    num_classes = len(dataset.record.label_names)
    if is_prior(recipe.model) and recipe.model.settings["num_labels"] not in (0, num_classes):
        raise DataError(
            f"{recipe.name} is for another number of classes than {num_classes}; write that as num_labels into its recipe."
        )


def prepare(recipe: Recipe, dataset: DataSet, at: Workplace) -> CodeSet:
    """The codes of the data set's images; kept beside the state from which training goes on. Raises LatentLabError where the
    autoencoder is missing, not finished, or of other images or codes."""
    name = recipe.training.codes_of
    autoencoder = checkpoints.load_checkpoint(name, at.out)
    if not autoencoder.provenance["finished"]:
        raise LatentLabError(
            f"{recipe.name} learns the codes of {name}, whose training is not finished; finish that first."
        )
    if autoencoder.data.fingerprint != dataset.record.fingerprint:
        raise LatentLabError(
            f"{recipe.name} learns the codes of {name}, which was trained on other images; point --data to those."
        )
    if autoencoder.model_config.latent_shape != recipe.model.latent_shape:
        raise LatentLabError(
            f"{recipe.name} draws codes of shape {recipe.model.latent_shape}, but those of {name} have "
            f"{autoencoder.model_config.latent_shape}; write that as latent_shape into its recipe."
        )
    check_classes(recipe, dataset)
    digest = checkpoints.read_weights_digest(name, at.out)
    mirrored = recipe.training.flips
    folder = codesets.folder(at.out, name, digest, dataset)
    with tqdm(
        total=codesets.num_images(dataset, mirrored), desc=f"{recipe.name}: codes", unit="img", leave=False
    ) as bar:
        bar.mininterval = 0.5 if sys.stderr.isatty() else 30
        # The other processes find what the first has made.
        with at.accelerator.main_process_first() if at.accelerator else contextlib.nullcontext():
            return codesets.make(autoencoder, digest, dataset, mirrored, folder, at.device, bar.update)


def fingerprint(codes: CodeSet) -> str:
    """Of all that the weights depend on beside the recipe."""
    return f"{codes.record.fingerprint} {codes.digest}"


def labels(codes: CodeSet) -> Tensor:
    """int64 (N,) of the codes that are learnt from."""
    return codes.train_labels


def initial_model(recipe: Recipe, out: Path, codes: CodeSet) -> FlowPrior:
    """Fresh weights drawn from the recipe's seed, around the Gaussian of the codes. Raises LatentLabError where the recipe wants it to
    start from another model's."""
    if recipe.training.start_from:
        raise LatentLabError(
            f"{recipe.name} is a prior, which starts from a Gaussian; take start_from out of its recipe."
        )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.training.seed)
        model = building.build(recipe.model)
    model.fit_gaussian(codes.train, _shrinkage(codes.train))
    return model


def _shrinkage(codes: Tensor) -> float:
    """For FlowPrior.fit_gaussian: 0 where the codes are more than the numbers of each, as many as a covariance of full rank needs; else the
    share that Ledoit & Wolf (2004, https://doi.org/10.1016/S0047-259X(03)00096-4) find best."""
    return latents.fit(codes, "shrinkage").shrinkage if len(codes) <= codes[0].numel() else 0.0


def seconds_to_measure(model: FlowPrior, codes: CodeSet) -> float:
    """About how long `save` takes once training has finished."""
    return timing.seconds_for(lambda n: velocity_loss(model, codes.test[:n], codes.test_labels[:n]), len(codes.test))


def figures(recipe: Recipe, model: FlowPrior, codes: CodeSet) -> dict[str, float]:
    """What the history tells of the weights after an epoch: their loss on validation codes, and that of the Gaussian alone."""
    measured = velocity_loss(model, codes.validation, codes.validation_labels)
    return {key: measured[key] for key in ("velocity_loss", "gaussian_loss")}


def shown(history: list[dict]) -> dict[str, str]:
    """The newest of `figures` in short."""
    measured = [epoch for epoch in history if "velocity_loss" in epoch]
    return {
        key.removesuffix("_loss"): f"{measured[-1][key]:.4f}" for key in ("velocity_loss", "gaussian_loss") if measured
    }


def save(recipe: Recipe, ema: FlowPrior, state: TrainState, codes: CodeSet, at: Workplace) -> None:
    """Measures the weights as they will be stored, in float16, on the codes of test images."""
    model = evaluation.as_stored(ema, at.device)
    made = provenance.describe(state, recipe.training, codes, at.device)
    checkpoint = checkpoints.Checkpoint(
        name=recipe.name,
        title=recipe.title,
        data=codes.record,
        model=model,
        train_config=recipe.training,
        metrics=velocity_loss(model, codes.test, codes.test_labels),
        history=state.history,
        codes=torch.empty(0, *recipe.model.latent_shape),
        labels=torch.empty(0, dtype=torch.int64),
        index=torch.empty(0, dtype=torch.int64),
        provenance=made | {"codes_of": {"name": codes.autoencoder, "digest": codes.digest}},
    )
    checkpoints.save_checkpoint(checkpoint, at.out)


def warn_of_a_poor_model(name: str, codes: CodeSet, out: Path) -> None:
    """Says so where training ended, and the prior is no better than the Gaussian that it started from."""
    measured = checkpoints.read_header(name, out)["metrics"]
    if measured["velocity_loss"] > measured["gaussian_loss"]:
        tqdm.write(f"{name} is no better than the Gaussian that it started from; give it more time or epochs.")
