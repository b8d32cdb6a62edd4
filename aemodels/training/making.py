"""A recipe and a data set become a checkpoint: train, show how far it is, keep what an interruption must not lose, measure, save."""

import contextlib
import math
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from torch import Tensor
from tqdm import tqdm

from aemodels.data.sources import DataSet
from aemodels.errors import DivergenceError, LatentLabError
from aemodels.models.flow import is_prior
from aemodels.storage import checkpoints
from aemodels.training import (
    autoencoding,
    compiling,
    filming,
    forecast,
    loop,
    measuring,
    needs,
    priors,
    processes,
    resuming,
)
from aemodels.training.alone import alone
from aemodels.training.codesets import CodeSet
from aemodels.training.recipes import Recipe
from aemodels.training.workplace import Workplace

FEW_STEPS = 100  # in which no recipe learns much


def make(recipe: Recipe, dataset: DataSet, at: Workplace, told_s: float = 0.0) -> None:
    """Trains the recipe's model on the data set, from where an interrupted training of it stopped; writes its checkpoint now and then
    and at the end. Of the recipe's minutes told_s seconds are over already. Raises LatentLabError where the model cannot be trained so, and where another program is training it there."""
    with alone(recipe.name, at.out) if at.is_first else contextlib.nullcontext():
        _make(recipe, dataset, at, told_s)


def _make(recipe: Recipe, dataset: DataSet, at: Workplace, told_s: float) -> None:
    name, train_config, accelerator = recipe.name, recipe.training, at.accelerator
    kind = priors if is_prior(recipe.model) else autoencoding  # two modules with the same functions
    began = time.monotonic()
    examples = kind.prepare(recipe, dataset, at)
    prepared_s = time.monotonic() - began  # of a prior: until its codes are made
    state = _first_state(recipe, kind, examples, at)
    resume_path = at.out / ".resume" / f"{name}.pt"
    settings = {
        "train_config": train_config.to_dict(),
        "model_config": recipe.model.to_dict(),
        "data_fingerprint": kind.fingerprint(examples),
        "num_train_images": len(examples.train),
    }
    _go_on(name, state, resume_path, settings, at)
    kept_epoch = state.epoch
    recorder = None
    if kind is autoencoding and recipe.model.latent_shape == (2,) and at.is_first:
        recorder = filming.start(name, state, at.out)
    measuring_s = after_s = 0.0  # of the minutes, what is not for training; of that, what comes after it
    if train_config.minutes:
        after_s = kind.seconds_to_measure(state.ema, examples)
        if recorder:
            after_s += filming.seconds_to_develop(state.ema, dataset.reference)
        parts = ["the forecast"] * (told_s >= 1) + ["codes"] * (kind is priors) + ["measuring"]
        measuring_s = _left_for_measuring(name, train_config.minutes, told_s + prepared_s + after_s, parts)

    num_train = len(examples.train)
    bar = tqdm(
        total=train_config.epochs * num_train,
        initial=state.epoch * num_train,
        desc=name,
        unit="img",
        disable=not at.is_first,
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
            shown_figures = kind.shown(state.history)
            if train_config.minutes:
                training_s = max(0.0, 60 * train_config.minutes - measuring_s - state.seconds)
                shown_figures["ends_in"] = f"{(training_s + after_s) / 60:.1f} min"
            bar.set_postfix(loss=f"{loss.item():.5f}", **shown_figures, refresh=False)
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
            state.history[-1] |= kind.figures(recipe, model, examples)
        kind.save(recipe, model, state, examples, at)
        if state.finished:
            resume_path.unlink(missing_ok=True)
            if recorder:
                measuring.develop_film(name, dataset, at.out, at.device)
            if state.step < FEW_STEPS:
                steps = "1 step" if state.step == 1 else f"{state.step} steps"
                tqdm.write(f"{name} ended after {steps}, too few to learn much from; give it more time or epochs.")
            kind.warn_of_a_poor_model(name, examples, at.out)
        else:
            resuming.keep(state, resume_path, settings)
            kept_epoch = state.epoch
        saved_at = time.monotonic()
        saving_s = saved_at - began

    try:
        with bar:
            loop.fit(
                state,
                examples.train,
                train_config,
                on_epoch,
                on_step,
                accelerator,
                measuring_s,
                kind.labels(examples),
            )
    except DivergenceError as error:
        goes_on = f"goes on after epoch {kept_epoch}, the last that is kept" if kept_epoch else "begins again"
        raise DivergenceError(
            f"{name}: {str(error).removesuffix('.')} in its recipe and run the same command, which {goes_on}."
        ) from error


def _first_state(recipe: Recipe, kind: ModuleType, examples: DataSet | CodeSet, at: Workplace) -> loop.TrainState:
    """The state before the first step of the recipe's training. Raises ConfigError where it does not fit into memory."""
    num_processes = at.accelerator.num_processes if at.accelerator else 1
    batch_size = math.ceil(min(recipe.training.batch_size, len(examples.train)) / num_processes)
    needs.check(recipe, batch_size, at.device)
    state = loop.start(kind.initial_model(recipe, at.out, examples), recipe.training, at.device, at.dtype)
    if start := recipe.training.start_from:
        state.earlier = checkpoints.trainings(start, checkpoints.read_header(start, at.out))
    if at.compiled:
        compiling.compile_networks(state.model)
    return state


def _go_on(name: str, state: loop.TrainState, resume_path: Path, settings: dict[str, Any], at: Workplace) -> None:
    """Brings the state to where an interrupted training stopped, and says so; keeps that of a new one."""
    begun = resuming.restore(state, resume_path, settings)
    if at.accelerator:
        processes.agree_on_epoch(state.epoch, at.accelerator)
    if begun:
        before, now = begun["learning_rate"], settings["train_config"]["learning_rate"]
        changed = f", at a learning rate of {now:g} in place of {before:g}" if now != before else ""
        tqdm.write(f"{name}: goes on after epoch {state.epoch}{changed}")
    elif at.is_first:
        resuming.keep(state, resume_path, settings)  # shows now whether the folder can be written


def _left_for_measuring(name: str, minutes: float, needed_s: float, parts: Sequence[str]) -> float:
    """How many seconds of the minutes are not for training: those that `parts` need, and half of the minutes at most. Says so."""
    what = " and ".join(filter(None, [", ".join(parts[:-1]), parts[-1]]))
    tqdm.write(f"{name}: of {minutes:g} minutes, about {forecast.in_words(needed_s)} are for {what}.")
    half_s = 30 * minutes
    if needed_s > half_s:
        in_all = forecast.in_words(needed_s + half_s)
        tqdm.write(f"{name}: half of them are for training all the same, so it takes about {in_all}.")
    return min(needed_s, half_s)
