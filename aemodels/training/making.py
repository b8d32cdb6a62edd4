"""A recipe and a data set become a checkpoint: train, show how far it is, keep what an interruption must not lose, measure, save."""

import math
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from tqdm import tqdm

from aemodels.data.sources import DataSet
from aemodels.errors import DivergenceError, LatentLabError
from aemodels.models import autoencoders
from aemodels.quality import evaluation, metrics
from aemodels.storage import checkpoints
from aemodels.training import filming, loop, measuring, needs, processes, provenance, resuming
from aemodels.training.recipes import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator

FEW_STEPS = 100  # in which no recipe learns much
LITTLE_DB = 2  # above one and the same picture for all: no more than that is no reconstruction


@dataclass(frozen=True)
class Workplace:
    """Where and how models are trained.

    out          folder of the checkpoints
    device       such as "cuda" or "cpu"
    dtype        that networks compute in while training
    compiled     whether torch.compile makes the networks faster
    accelerator  of several processes, from `processes.join`; None where there is one alone
    """

    out: Path
    device: str
    dtype: torch.dtype
    compiled: bool = False
    accelerator: "Accelerator | None" = None


def make(recipe: Recipe, dataset: DataSet, at: Workplace) -> None:
    """Trains the recipe's model on the data set, from where an interrupted training of it stopped; writes its checkpoint now and then
    and at the end. Raises LatentLabError where the model cannot be trained so."""
    name, train_config, accelerator = recipe.name, recipe.training, at.accelerator
    num_processes = accelerator.num_processes if accelerator else 1
    batch_size = math.ceil(min(train_config.batch_size, len(dataset.train)) / num_processes)
    needs.check(recipe, batch_size, at.device)
    state = loop.start(initial_model(recipe, at.out), train_config, at.device, at.dtype)
    if start := train_config.start_from:
        state.earlier = checkpoints.trainings(start, checkpoints.read_header(start, at.out))
    if at.compiled:
        loop.compile_networks(state.model)
    resume_path = at.out / ".resume" / f"{name}.pt"
    settings = {
        "train_config": train_config.to_dict(),
        "model_config": recipe.model.to_dict(),
        "data_fingerprint": dataset.record.fingerprint,
        "num_train_images": len(dataset.train),
    }
    begun = resuming.restore(state, resume_path, settings)
    if accelerator:
        processes.agree_on_epoch(state.epoch, accelerator)
    kept_epoch = state.epoch
    if begun:
        before, now = begun["learning_rate"], train_config.learning_rate
        changed = f", at a learning rate of {now:g} in place of {before:g}" if now != before else ""
        tqdm.write(f"{name}: goes on after epoch {state.epoch}{changed}")
    elif accelerator is None or accelerator.is_main_process:
        resuming.keep(state, resume_path, settings)  # shows now whether the folder can be written

    recorder = None
    if recipe.model.latent_shape == (2,) and (accelerator is None or accelerator.is_main_process):
        recorder = filming.start(name, state, at.out)
    measuring_s = 0.0
    if train_config.minutes:
        measuring_s = evaluation.seconds_to_measure(state.ema, dataset.test, dataset.reference)
        if recorder:
            measuring_s += filming.seconds_to_develop(state.ema, dataset.reference)
        tqdm.write(f"{name}: of {train_config.minutes:g} minutes, measuring takes about {measuring_s / 60:.1f}.")
        if measuring_s > 30 * train_config.minutes:
            measuring_s = 30 * train_config.minutes
            tqdm.write(f"{name}: half of them are for training all the same, so it takes longer.")

    num_train = len(dataset.train)
    bar = tqdm(
        total=train_config.epochs * num_train,
        initial=state.epoch * num_train,
        desc=name,
        unit="img",
        disable=accelerator is not None and not accelerator.is_main_process,
    )
    bar.mininterval = 0.5 if sys.stderr.isatty() else 30
    shown = time.monotonic()

    def on_step(state: loop.TrainState, num_images: int, loss: Tensor) -> None:
        nonlocal shown
        if recorder:
            recorder.on_step(state.ema, state.step)
        if bar.disable:
            return
        if time.monotonic() - shown > bar.mininterval:  # reading the loss waits for the device: seldom
            shown = time.monotonic()
            measured = [epoch["psnr_db"] for epoch in state.history if "psnr_db" in epoch]
            psnr = f"{measured[-1]:.2f} dB" if measured else "–"
            left = "" if train_config.minutes is None else f"{train_config.minutes - state.seconds / 60:.1f} min"
            bar.set_postfix(loss=f"{loss.item():.5f}", psnr=psnr, **({"ends_in": left} if left else {}), refresh=False)
        bar.update(num_images)

    saved_at, saving_s = 0.0, 0.0

    def on_epoch(state: loop.TrainState) -> None:
        nonlocal saved_at, saving_s, kept_epoch
        began = time.monotonic()
        is_due = began - saved_at >= 9 * saving_s  # a tenth of the time, not more: a GPU's epochs are short
        if not (is_due or state.finished):
            return
        model = state.ema.eval()
        if state.finished:
            bar.close()
            if not state.history:
                raise LatentLabError(f"{name} had no time for a single step; give it more --minutes.")
        if state.history:
            sample = dataset.validation[:: max(1, len(dataset.validation) // 256)]
            state.history[-1] |= {
                "psnr_db": metrics.evaluate(model, sample, **evaluation.own_noise(recipe.model))["psnr_db"]
            }
        save(recipe, model, state, dataset, at)
        if state.finished:
            if recorder:
                measuring.develop_film(name, dataset, at.out, at.device)
            resume_path.unlink(missing_ok=True)
            _warn_of_a_poor_model(name, state, dataset, at.out)
        else:
            resuming.keep(state, resume_path, settings)
            kept_epoch = state.epoch
        saved_at = time.monotonic()
        saving_s = saved_at - began

    try:
        with bar:
            loop.fit(state, dataset.train, train_config, on_epoch, on_step, accelerator, measuring_s)
    except DivergenceError as error:
        goes_on = f"goes on after epoch {kept_epoch}, the last that is kept" if kept_epoch else "begins again"
        raise DivergenceError(
            f"{name}: {str(error).removesuffix('.')} in its recipe and run the same command, which {goes_on}."
        ) from error


def initial_model(recipe: Recipe, out: Path) -> autoencoders.Autoencoder:
    """Fresh weights drawn from the recipe's seed, or those of the checkpoint that the recipe starts from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(recipe.training.seed)
        model = autoencoders.build(recipe.model)
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
    state: loop.TrainState,
    dataset: DataSet,
    at: Workplace,
) -> None:
    """Evaluates the weights as they will be stored, in float16, on the whole test split once training has finished."""
    model = evaluation.as_stored(ema, at.device)
    test = dataset.test if state.finished else dataset.test[:: max(1, len(dataset.test) // 100)]
    with measuring.progress_bar(
        recipe.name, model, len(test), len(dataset.reference), disable=not state.finished
    ) as bar:
        checkpoint = checkpoints.Checkpoint(
            name=recipe.name,
            title=recipe.title,
            data=dataset.record,
            model=model,
            train_config=recipe.training,
            metrics=evaluation.evaluate_all(model, test, bar.update),
            history=state.history,
            codes=evaluation.encode_all(model, dataset.reference, bar.update),
            labels=dataset.reference_labels,
            index=dataset.reference_index,
            provenance=provenance.describe(state, recipe.training, dataset, at.device),
        )
        checkpoints.save_checkpoint(checkpoint, at.out)


def _warn_of_a_poor_model(name: str, state: loop.TrainState, dataset: DataSet, out: Path) -> None:
    """Says so where training ended, and the model cannot do what it is for."""
    if state.step < FEW_STEPS:
        tqdm.write(f"{name} ended after {state.step} steps, too few to learn much from; give it more time or epochs.")
    psnr_db = checkpoints.read_header(name, out)["metrics"]["psnr_db"]
    blind_db = evaluation.average_picture_psnr_db(dataset.test)
    if psnr_db < blind_db + LITTLE_DB:
        tqdm.write(
            f"{name} does not reconstruct: {psnr_db:.2f} dB, where one and the same grey picture for all has {blind_db:.2f}; "
            "give it more time or epochs."
        )
