"""Trains every model of the lab, and yours: recipe -> data -> fit -> evaluate -> save.

    python train.py                          whatever is missing in checkpoints/
    python train.py --only dog-ae mnist-ae   these alone
    python train.py --recipe flowers.toml    a model of your own
    python train.py --photos DIR --like dog-ae   one of the lab's recipes on a folder of your pictures
    python train.py --list                   which recipes there are, and what is trained
    python train.py --quick                  all of them, with small networks, in some ten minutes on a CPU, into checkpoints-quick/
    python train.py --evaluate               trains nothing; measures what finished checkpoints and the baselines lack
    python train.py --download               fetches MNIST and Stanford Dogs into the data folder first
    accelerate launch train.py               on all GPUs of this machine, or of several

Stop it at any time: run again, it goes on from the last epoch that was saved.
"""

import argparse
import contextlib
import dataclasses
import importlib.util
import math
import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from tqdm import tqdm

from aemodels import console, precision
from aemodels.data import sources
from aemodels.data.sources import DataConfig
from aemodels.errors import CheckpointError, DataError, DivergenceError, FileError, LatentLabError
from aemodels.models import autoencoders
from aemodels.models.config import MAX_COUNT, MAX_MINUTES
from aemodels.quality import baselines, curves, evaluation, metrics
from aemodels.storage import checkpoints, measurements
from aemodels.training import loop, needs, provenance, recipes, resuming
from aemodels.training.recipes import Recipe

if TYPE_CHECKING:
    from accelerate import Accelerator

FEW_STEPS = 100  # in which no recipe learns much
LITTLE_DB = 2  # above one and the same picture for all: no more than that is no reconstruction

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
}
QUICK_STEPS = 250  # at least, however few the images
QUICK_TRAININGS = {"mlp": {"epochs": 3}, "conv": {"epochs": 1, "batch_size": 16}}


def as_asked(recipe: Recipe, args: argparse.Namespace) -> Recipe:
    """What this command line makes of a recipe."""
    model, train_config = recipe.model, recipe.training
    if args.quick:
        model = dataclasses.replace(model, **QUICK_NETWORKS[model.network])
        train_config = dataclasses.replace(train_config, **QUICK_TRAININGS[model.network])
    asked = {key: getattr(args, key) for key in ("epochs", "minutes") if getattr(args, key)}
    return dataclasses.replace(recipe, model=model, training=dataclasses.replace(train_config, **asked))


def load_data(recipe: Recipe, args: argparse.Namespace) -> sources.DataSet:
    """The recipe's data set, from the first of the folders that has it. Raises DataError where none has."""
    errors = []
    for folder in args.data or [None]:
        try:
            return sources.load(recipe.data, sources.data_root(folder), args.quick)
        except DataError as error:
            errors.append(error)
    raise errors[0]


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


def join_processes(args: argparse.Namespace) -> "Accelerator | None":
    """This process's place among those that `accelerate launch` or torchrun started; None where it is alone.

    All but the first print nothing but errors. Raises LatentLabError where Accelerate is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return None
    if importlib.util.find_spec("accelerate") is None:
        raise LatentLabError("Several processes train through Accelerate, which is missing: `pip install accelerate`.")
    # Imported once there is a process group, this module would hold on to it, and a group that lives until Python exits
    # has threads that can crash it there. Accelerate imports it, later.
    import torch.distributed.nn  # noqa: F401
    from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs

    # A refiner has no part in a training's first steps (TrainConfig.refine_from); to look for such weights takes time.
    refines_later = any(recipe.training.refine_from for recipe in args.recipes.values())
    unused_weights = DistributedDataParallelKwargs(find_unused_parameters=refines_later)
    patience = InitProcessGroupKwargs(timeout=timedelta(days=1))  # the first process evaluates while the others wait
    accelerator = Accelerator(cpu=args.device == "cpu", kwargs_handlers=[unused_weights, patience])
    args.device = str(accelerator.device)
    if not accelerator.is_main_process:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    return accelerator


def agree_on_epoch(epoch: int, accelerator: "Accelerator") -> None:
    """Raises LatentLabError where some processes go on from another epoch than others: they would wait for ever."""
    epochs = accelerator.gather(torch.tensor([epoch], device=accelerator.device)).tolist()
    if len(set(epochs)) > 1:
        raise LatentLabError(
            f"The processes found training stopped after different epochs ({', '.join(map(str, epochs))}); give them all "
            "one folder with --out, shared by the machines."
        )


def agreed_dtype(device: str, accelerator: "Accelerator | None") -> torch.dtype:
    """bfloat16 where that is fastest for every process: their weights would part if they rounded unlike."""
    dtype = precision.fastest(torch.device(device))
    if accelerator:
        is_slow = torch.tensor([dtype == torch.float32], device=accelerator.device)
        dtype = torch.float32 if accelerator.gather(is_slow).any() else torch.bfloat16
    return dtype


def train_one(recipe: Recipe, args: argparse.Namespace, accelerator: "Accelerator | None") -> None:
    name, dataset, recipe = recipe.name, load_data(recipe, args), as_asked(recipe, args)
    train_config = recipe.training
    if args.quick and not args.epochs:
        steps_per_epoch = max(1, len(dataset.train) // train_config.batch_size)
        epochs = max(train_config.epochs, math.ceil(QUICK_STEPS / steps_per_epoch))
        train_config = dataclasses.replace(train_config, epochs=epochs)
        recipe = dataclasses.replace(recipe, training=train_config)

    num_processes = accelerator.num_processes if accelerator else 1
    batch_size = math.ceil(min(train_config.batch_size, len(dataset.train)) / num_processes)
    needs.check(recipe, batch_size, args.device)
    state = loop.start(initial_model(recipe, args.out), train_config, args.device, args.dtype)
    if start := train_config.start_from:
        state.earlier = checkpoints.trainings(start, checkpoints.read_header(start, args.out))
    if args.compile:
        loop.compile_networks(state.model)
    resume_path = args.out / ".resume" / f"{name}.pt"
    settings = {
        "train_config": train_config.to_dict(),
        "model_config": recipe.model.to_dict(),
        "data_fingerprint": dataset.record.fingerprint,
        "num_train_images": len(dataset.train),
    }
    begun = resuming.restore(state, resume_path, settings)
    if accelerator:
        agree_on_epoch(state.epoch, accelerator)
    kept_epoch = state.epoch
    if begun:
        before, now = begun["learning_rate"], train_config.learning_rate
        changed = f", at a learning rate of {now:g} in place of {before:g}" if now != before else ""
        tqdm.write(f"{name}: goes on after epoch {state.epoch}{changed}")
    elif accelerator is None or accelerator.is_main_process:
        resuming.keep(state, resume_path, settings)  # shows now whether the folder can be written

    measuring_s = 0.0
    if train_config.minutes:
        measuring_s = evaluation.seconds_to_measure(state.ema, dataset.test, dataset.reference)
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
        save(recipe, model, state, dataset, args)
        if state.finished:
            resume_path.unlink(missing_ok=True)
            warn_of_a_poor_model(name, state, dataset, args.out)
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


def save(
    recipe: Recipe,
    ema: autoencoders.Autoencoder,
    state: loop.TrainState,
    dataset: sources.DataSet,
    args: argparse.Namespace,
) -> None:
    """Evaluates the weights as they will be stored, in float16, on the whole test split once training has finished."""
    model = evaluation.as_stored(ema, args.device)
    test = dataset.test if state.finished else dataset.test[:: max(1, len(dataset.test) // 100)]
    with measuring_bar(recipe.name, model, len(test), len(dataset.reference), disable=not state.finished) as bar:
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
            provenance=provenance.describe(state, recipe.training, dataset, args.device),
        )
        checkpoints.save_checkpoint(checkpoint, args.out)


def measuring_bar(
    name: str, model: autoencoders.Autoencoder, num_test: int, num_reference: int = 0, disable: bool = False
) -> tqdm:
    total = evaluation.num_encodings(model.config) * num_test + num_reference
    return tqdm(total=total, desc=f"{name}: measuring", unit="img", leave=False, disable=disable)


def warn_of_a_poor_model(name: str, state: loop.TrainState, dataset: sources.DataSet, out: Path) -> None:
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


def evaluate_finished(recipe: Recipe, args: argparse.Namespace) -> None:
    """Measures a finished checkpoint that lacks figures; all else in it stays as it is, bit by bit."""
    name = recipe.name
    if not checkpoints.checkpoint_path(name, args.out).exists():
        return
    ckpt = checkpoints.load_checkpoint(name, args.out)
    if not ckpt.provenance["finished"] or evaluation.is_current(ckpt.metrics, ckpt.model_config):
        return
    dataset = load_data(recipe, args)
    if dataset.record.fingerprint != ckpt.data.fingerprint:
        folders = ", ".join(str(sources.data_root(folder)) for folder in args.data or [None])
        raise LatentLabError(f"{name} was trained on other data than {folders} holds; point --data to those.")
    with measuring_bar(name, ckpt.model, len(dataset.test)) as bar:
        results = evaluation.evaluate_all(ckpt.model.to(args.device), dataset.test, bar.update)
    print(f"{name}: measured on {len(dataset.test):,} test images.", flush=True)
    checkpoints.save_checkpoint(dataclasses.replace(ckpt, metrics=results), args.out)


def measure_baselines(recipes: list[Recipe], args: argparse.Namespace) -> None:
    """PCA, the optimal linear code, and AVIF at capacity, on the test photos of each of the recipes' data sets: what baselines.json lacks, or all of
    it where no model there was trained on its photos."""
    known = measurements.read_all_baselines(args.out)
    recipes_of: dict[DataConfig, list[Recipe]] = {}
    for recipe in recipes:
        if len(recipe.model.latent_shape) == 3:
            recipes_of.setdefault(recipe.data, []).append(recipe)
    for same_data in recipes_of.values():
        trained = [r.name for r in same_data if checkpoints.checkpoint_path(r.name, args.out).exists()]
        seen = {checkpoints.read_header(name, args.out)["data"]["fingerprint"] for name in trained}
        measured = [known[fingerprint] for fingerprint in seen & known.keys()]
        if any(not (baselines.lacks_linear_code(m) or baselines.lacks_avif(m)) for m in measured):
            continue
        dataset = load_data(same_data[0], args)
        fingerprint = dataset.record.fingerprint
        num_uses = prod(same_data[0].model.latent_shape)
        for results in baselines.measure(dataset, num_uses, known.get(fingerprint, {})):
            measurements.save_baselines(results, fingerprint, args.out)


def measure_curves(names: list[str], out: Path) -> None:
    """What the pages draw of a finished checkpoint alone, and of the denoisers that need none: what curves.json lacks."""
    known = measurements.read_curves(out)
    for name in names:
        if not checkpoints.checkpoint_path(name, out).exists():
            continue
        made = checkpoints.read_header(name, out)["provenance"]
        if made["finished"] and not curves.of_model(known, name, made):
            print(f"{name}: measured for the pages …", file=sys.stderr, flush=True)
            known["models"][name] = curves.measure(checkpoints.load_checkpoint(name, out))
            measurements.save_curves(known, out)
    if not known["denoisers"]:
        known["denoisers"] = curves.measure_references()
        measurements.save_curves(known, out)


def print_table(names: list[str], out: Path) -> None:
    print(f"\n{'checkpoint':<22}{'BCE':>8}{'PSNR/dB':>9}{'± 95 %':>8}{'steps':>9}{'minutes':>9}  state")
    for name in names:
        if not checkpoints.checkpoint_path(name, out).exists():
            print(f"{name:<22}{'–':>8}{'–':>9}{'–':>8}{'–':>9}{'–':>9}  missing")
            continue
        try:
            header = checkpoints.read_header(name, out)
        except CheckpointError:
            print(f"{name:<22}{'–':>8}{'–':>9}{'–':>8}{'–':>9}{'–':>9}  cannot be read")
            continue
        m, p = header["metrics"], header["provenance"]
        bce = f"{m['bce']:.4f}" if "bce" in m else "–"
        print(
            f"{name:<22}{bce:>8}{m['psnr_db']:>9.2f}{m['psnr_db_ci95']:>8.2f}{p['steps']:>9}{p['wall_s'] / 60:>9.1f}  "
            f"{how_it_ended(header)}"
        )
    print("PSNR = 10·log10(1 / MSE) of each image, averaged; each model under the noise it was trained with.")


def how_it_ended(header: dict[str, Any]) -> str:
    """Whether a checkpoint's training is finished, and how far it came where a time limit ended it."""
    epochs, done = header["train_config"]["epochs"], header["history"][-1]["epoch"] if header["history"] else 0
    if not header["provenance"]["finished"]:
        return "unfinished"
    return "finished" if done >= epochs else f"finished by its time limit, after {done:.3g} of {epochs} epochs"


def wanted(args: argparse.Namespace) -> list[str]:
    """Names to train: all of args.recipes but those that have a sound and finished checkpoint.

    Raises LatentLabError where a finished one is not what the command line asks for.
    """
    missing, contradicted = [], []
    for name, recipe in args.recipes.items():
        path = checkpoints.checkpoint_path(name, args.out)
        if not path.exists():
            missing.append(name)
            continue
        try:
            ckpt = checkpoints.load_checkpoint(name, args.out)
        except CheckpointError as error:
            print(f"{error} It is trained again now.", file=sys.stderr)
            missing.append(name)
            continue
        if not ckpt.provenance["finished"]:
            missing.append(name)
        elif differences := unlike_what_is_asked(ckpt, recipe, args):
            contradicted.append(
                f"{name} is finished ({' and '.join(differences)}, {ckpt.metrics['psnr_db']:.2f} dB): move {path} away, or give "
                "another folder with --out, to have it trained as asked."
            )
        elif ckpt.model_config != as_asked(recipe, args).model:
            print(
                f"{path} is not of the network in {name}'s recipe; move it away to have that trained.", file=sys.stderr
            )
    if contradicted:
        raise LatentLabError("\n".join(contradicted))
    return missing


def unlike_what_is_asked(ckpt: checkpoints.Checkpoint, recipe: Recipe, args: argparse.Namespace) -> list[str]:
    """How a finished checkpoint was trained, where the command line asks for something else."""
    made, differences = ckpt.train_config, []
    if args.epochs and args.epochs != made.epochs:
        differences.append(f"trained for {made.epochs} epochs, not {args.epochs}")
    if args.minutes and args.minutes != made.minutes:
        limit = f"at most {made.minutes:g} minutes" if made.minutes else "any number of minutes"
        differences.append(f"trained for {limit}, not {args.minutes:g}")
    then, now = ckpt.data.config, recipe.data
    if then.image_shape != now.image_shape:
        differences.append(f"trained on images of {in_words(then.image_shape)}, not of {in_words(now.image_shape)}")
    elif then.source != now.source:
        differences.append(f"trained on {then.name}, not as its recipe says on {now.name}")
    elif args.data or os.environ.get("LATENT_LAB_DATA") or recipe.data.source == sources.PHOTOS:
        with contextlib.suppress(DataError):  # a folder without such images does not ask for others
            if load_data(recipe, args).record.fingerprint != ckpt.data.fingerprint:
                differences.append("trained on other images")
    return differences


def in_words(image_shape: tuple[int, int, int]) -> str:
    channels, height, width = image_shape
    return f"{height}×{width} in {'colour' if channels == 3 else 'grey'}"


def with_data(names: list[str], args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Those of the names whose images there are, and the names left out for want of them, each kind with a sentence.

    Raises DataError where there are no images for any, or for one that was asked for by name.
    """
    found, left_out, errors = [], [], {}
    for name in names:
        try:
            load_data(args.recipes[name], args)
            found.append(name)
        except DataError as error:
            if args.only or args.recipe or args.photos:
                raise
            left_out.append(name)
            errors.setdefault(str(error), []).append(name)
    if names and not found:
        raise DataError("\n".join(errors))
    for error, without in errors.items():
        print(f"{error} Left out: {', '.join(without)}.", file=sys.stderr)
    return found, left_out


def chosen(args: argparse.Namespace) -> dict[str, Recipe]:
    """The recipes that the command line is about, by name. Raises LatentLabError where it contradicts itself."""
    lab = recipes.of_the_lab()
    if sum(map(bool, (args.only, args.recipe, args.photos))) > 1:
        raise LatentLabError("--only, --recipe and --photos each say what to train; give one of them.")
    if bool(args.photos) != bool(args.like):
        raise LatentLabError(
            "--photos DIR and --like NAME go together: a folder of pictures, and the recipe to train on it."
        )
    unknown = [name for name in [*(args.only or ()), *([args.like] if args.like else ())] if name not in lab]
    if unknown:
        raise LatentLabError(f"There is no recipe {unknown[0]}; the lab's own are {', '.join(lab)}.")
    if args.photos:
        recipe = recipes.on_photos(lab[args.like], args.photos)
        own = {recipe.name: recipe}
    elif args.recipe:
        own = recipes.in_order(map(recipes.read, args.recipe))
    else:
        return {name: recipe for name, recipe in lab.items() if name in (args.only or lab)}
    taken = {name.casefold(): name for name in lab}
    for recipe in own.values():
        if recipe.name.casefold() in taken and recipe not in lab.values():
            raise LatentLabError(
                f"{recipe.name} is the name of one of the lab's own models; give yours another `name` in its recipe."
            )
    return own


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these of the lab's own recipes; --list shows them")
    parser.add_argument("--recipe", type=Path, nargs="+", metavar="FILE", help="recipes of your own, TOML files")
    parser.add_argument("--photos", type=Path, metavar="DIR", help="folder of your pictures, for a recipe of the lab")
    parser.add_argument("--like", metavar="NAME", help="which recipe of the lab to train on --photos")
    parser.add_argument("--list", action="store_true", help="show the recipes and what is trained, and end")
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="folders of the data sets, searched in this order (default: LATENT_LAB_DATA, else data/)",
    )
    parser.add_argument(
        "--out", type=Path, help="folder of the checkpoints (default: LATENT_LAB_CHECKPOINTS, else checkpoints/)"
    )
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    parser.add_argument(
        "--device",
        type=usable_device,
        default=accelerator.type if accelerator else "cpu",
        help="such as cuda, mps or cpu",
    )
    parser.add_argument(
        "--epochs", type=above_zero(int, MAX_COUNT), help="at most this many passes over the train split, per model"
    )
    parser.add_argument(
        "--minutes",
        type=above_zero(float, MAX_MINUTES),
        help="at most this many minutes per model, training and measuring",
    )
    parser.add_argument(
        "--quick", action="store_true", help="small networks and a minute or so a model; for a first look"
    )
    parser.add_argument(
        "--evaluate",
        action="store_true",
        help="train nothing; measure what finished checkpoints and the baselines lack",
    )
    parser.add_argument(
        "--compile", action="store_true", help="torch.compile the networks: some minutes to start, meant for GPUs"
    )
    parser.add_argument("--download", action="store_true", help="fetch the data sets first")
    args = parser.parse_args(arguments)
    args.out = args.out or (Path("checkpoints-quick") if args.quick else checkpoints.checkpoint_folder())
    return args


def usable_device(name: str) -> str:
    try:
        torch.empty(1, device=name)
    except Exception as error:  # each back end fails in its own way
        raise argparse.ArgumentTypeError(f"{name} cannot be used here; leave --device out, or say cpu") from error
    return name


def above_zero(number: Callable[[str], float], most: float) -> Callable[[str], float]:
    """Reads a number of the command line, above 0 and at most `most`."""

    def parse_number(text: str) -> float:
        try:
            value = number(text)
        except ValueError:
            value = math.nan
        if not 0 < value <= most:
            kind = "whole number" if number is int else "number"
            raise argparse.ArgumentTypeError(f"{text[:80]!r} is no {kind} above 0 and up to {most:,.0f}")
        return value

    return parse_number


def main(arguments: list[str] | None = None) -> int:
    console.accept_any_text()
    args = parse(arguments)
    try:
        args.recipes = chosen(args)
        if args.list:
            others = [name for name in checkpoints.list_checkpoints(args.out) if name not in args.recipes]
            print_table([*args.recipes, *([] if args.only else others)], args.out)
            return 0
        if args.download:
            from aemodels.data import download, sources

            folder = sources.data_root(args.data[0] if args.data else None)
            download.download_mnist(folder)
            download.download_dogs(folder)
        accelerator = join_processes(args)
        is_first = accelerator is None or accelerator.is_main_process
        left_out = []
        if args.evaluate:
            if is_first:
                print(f"{provenance.device_name(args.device)}: measures in float32.", flush=True)
            for recipe in args.recipes.values() if is_first else ():
                evaluate_finished(recipe, args)
        else:
            names, left_out = with_data(wanted(args), args)
            if accelerator:
                from accelerate.utils import broadcast_object_list

                names = [names]
                broadcast_object_list(names)  # the first process's: those of others may look into other folders
                names = names[0]
            if names:
                args.dtype = agreed_dtype(args.device, accelerator)
                print(
                    f"{provenance.device_name(args.device)}: trains in {precision.name(args.dtype)}, which is fastest here, and "
                    "measures in float32.",
                    flush=True,
                )
                print(
                    *dict.fromkeys(load_data(args.recipes[name], args).summary for name in names), sep="\n", flush=True
                )
            for name in names:
                train_one(args.recipes[name], args, accelerator)
        if accelerator:
            accelerator.end_training()
        if not is_first:
            return 0
        # Principal components need more photos than --quick takes.
        if not args.only and not args.quick:
            measure_baselines([recipe for recipe in args.recipes.values() if recipe.name not in left_out], args)
        shown = list(args.recipes)
        if not args.quick:  # pages measure for themselves what is not kept
            measure_curves(shown, args.out)
        print_table(shown, args.out)
        if left_out:
            print(f"\nNot trained, for want of images: {', '.join(left_out)}.", file=sys.stderr)
            return 1
    except FileError as error:
        print(f"\n{str(error).removesuffix('.')} with --out.", file=sys.stderr)
        return 1
    except LatentLabError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; run the same command again to go on from the last saved epoch.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as with Ctrl-C, no half-written file stays behind
    sys.exit(main())
