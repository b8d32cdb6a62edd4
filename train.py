"""Trains every model of the lab, and yours: recipe -> data -> fit -> evaluate -> save.

    python train.py                          whatever is missing in checkpoints/
    python train.py --only dog-ae mnist-ae   these alone
    python train.py --recipe flowers.toml    a model of your own
    python train.py --photos DIR --like dog-ae   one of the lab's recipes on a folder of your pictures
    python train.py --list                   which recipes there are, and what is trained
    python train.py --quick                  all of them, with small networks, in some ten minutes on a CPU, into checkpoints-quick/
    python train.py --evaluate               trains nothing; measures what finished checkpoints and the baselines lack
    python train.py --pack photos.pack       packs the photos into one file for another computer, which trains with --data photos.pack
    python train.py --download               fetches MNIST and Stanford Dogs into the data folder first
    accelerate launch train.py               on all GPUs of this machine, or of several

Stop it at any time: run again, it goes on from the last epoch that was saved.
"""

import argparse
import contextlib
import dataclasses
import functools
import math
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from aemodels import console, precision
from aemodels.data import packed, sources
from aemodels.data.mnist import FAMILY
from aemodels.errors import CheckpointError, DataError, FileError, LatentLabError
from aemodels.models.config import MAX_COUNT, MAX_MINUTES
from aemodels.storage import checkpoints, priors
from aemodels.training import forecast, generating, making, measuring, processes, provenance, recipes
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


def as_asked(recipe: Recipe, args: argparse.Namespace) -> Recipe:
    """What this command line makes of a recipe."""
    model, train_config = recipe.model, recipe.training
    if args.quick:
        model = dataclasses.replace(model, **QUICK_NETWORKS[model.network])
        train_config = dataclasses.replace(train_config, **QUICK_TRAININGS[model.network])
    asked = {key: value for key, value in (("epochs", args.epochs), ("minutes", minutes_of(recipe, args))) if value}
    return dataclasses.replace(recipe, model=model, training=dataclasses.replace(train_config, **asked))


def minutes_of(recipe: Recipe, args: argparse.Namespace) -> float | None:
    """Its share of --minutes; None where there is no limit."""
    return args.shares.get(recipe.name, args.minutes)


def as_trained(recipe: Recipe, dataset: sources.DataSet, args: argparse.Namespace) -> Recipe:
    """What this command line makes of a recipe with these images: a quick look at few photos takes more epochs."""
    recipe = as_asked(recipe, args)
    if not args.quick or args.epochs:
        return recipe
    steps_per_epoch = max(1, len(dataset.train) // recipe.training.batch_size)
    epochs = max(recipe.training.epochs, math.ceil(QUICK_STEPS / steps_per_epoch))
    return dataclasses.replace(recipe, training=dataclasses.replace(recipe.training, epochs=epochs))


def load_data(recipe: Recipe, args: argparse.Namespace) -> sources.DataSet:
    """The recipe's data set, from the first of the folders that has it. Raises DataError where none has."""
    errors = []
    for folder in args.data or [None]:
        try:
            return sources.load(recipe.data, sources.data_root(folder), args.quick)
        except DataError as error:
            errors.append(error)
    raise errors[0]


def train_one(recipe: Recipe, args: argparse.Namespace, at: making.Workplace) -> None:
    dataset = load_data(recipe, args)
    making.make(as_trained(recipe, dataset, args), dataset, at)


def seconds_needed(names: list[str], args: argparse.Namespace, at: making.Workplace) -> dict[str, float]:
    """About how many seconds each of the models takes here without a time limit."""
    found = forecast.Forecast(at)

    def needed(name: str) -> float:
        recipe, dataset = args.recipes[name], load_data(args.recipes[name], args)
        encoder = recipe.training.codes_of
        if encoder in args.recipes:
            codes_of = as_asked(args.recipes[encoder], args).model
        else:
            codes_of = checkpoints.load_checkpoint(encoder, args.out).model_config if encoder else None
        return found.seconds(as_trained(recipe, dataset, args), dataset, codes_of)

    with tqdm(names, desc="how long it will take", leave=False) as bar:
        return {name: needed(name) for name in bar}


def share_minutes(args: argparse.Namespace, at: making.Workplace) -> dict[str, float | None]:
    """How many of --minutes each of the recipes gets; None for one whose images are not there, or that was trained without a limit. Those
    that such a command has finished count too, so that all shares are the same when it goes on."""
    shares: dict[str, float | None] = dict.fromkeys(args.recipes)
    sharing: list[str] = []
    for name, recipe in args.recipes.items():
        with contextlib.suppress(DataError):
            if recipe.training.codes_of in sharing or not is_finished_without_limit(name, args.out):
                load_data(recipe, args)
                sharing.append(name)
    shared = forecast.share_out(60 * args.minutes, seconds_needed(sharing, args, at))
    return shares | {name: max(0.01, round(share / 60, 2)) for name, share in shared.items()}


def is_finished_without_limit(name: str, out: Path) -> bool:
    """Whether there is a finished checkpoint that no time limit cut short, and for a prior, whether it belongs to its autoencoder."""
    try:
        header = checkpoints.read_header(name, out)
    except CheckpointError:
        return False
    made = header["provenance"]
    fits = "codes_of" not in made or not priors.why_unfit(name, made, out)
    return made["finished"] and fits and not header["train_config"].get("minutes")


def how_long(names: list[str], args: argparse.Namespace, at: making.Workplace) -> str:
    """How long training will take, in a sentence, and how a limited time is shared."""
    needed = seconds_needed(names, args, at)
    each = ", ".join(f"{name} {forecast.in_words(seconds)}" for name, seconds in needed.items())
    total = forecast.in_words(sum(needed.values())) + (f" ({each})" if len(names) > 1 else "")
    if not args.minutes:
        return f"This will take about {total}; --minutes sets a limit."
    if not args.shares:
        return f"Without --minutes this would take about {total}."
    shares = ", ".join(f"{name} {forecast.in_words(60 * args.shares[name])}" for name in names)
    return f"Without --minutes this would take about {total}. Now each has a share: {shares}."


def pack_photos(args: argparse.Namespace) -> None:
    """Packs the photos of the recipes into one file. Raises LatentLabError where they are of several sets, or of none."""
    configs = {r.data for r in args.recipes.values() if r.data.source not in FAMILY}
    if len(configs) != 1:
        raise LatentLabError(
            f"One set of photos is packed, not {len(configs)}; choose a model of one with --only, --recipe or --photos."
        )
    (config,) = configs
    with tqdm(desc="packing photos", unit="photo", leave=False) as bar:
        num_photos = sources.pack(
            config, sources.data_root(args.data[0] if args.data else None), args.pack, args.quality, bar.update
        )
    print(
        f"{num_photos:,} photos of {config.name} in {args.pack}: {args.pack.stat().st_size / 1e6:.1f} MB. Take it along and give it to --data."
    )


def measure_sampling(names: list[str], args: argparse.Namespace) -> None:
    """Whether sampling generates, measured for these models; where it cannot be, a sentence says why."""
    try:
        roots = [sources.data_root(folder) for folder in args.data or [None]]
        generating.measure(*generating.models_of_photos(args.out, names), roots, args.out)
    except LatentLabError as error:
        print(error, file=sys.stderr)


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
        cells = (
            f"{m[key]:.{places}f}" if key in m else "–"
            for key, places in (("bce", 4), ("psnr_db", 2), ("psnr_db_ci95", 2))
        )
        of_prior = f", velocity loss {m['velocity_loss']:.4f}" if "velocity_loss" in m else ""
        print(
            "{:<22}{:>8}{:>9}{:>8}".format(name, *cells)
            + f"{p['steps']:>9}{p['wall_s'] / 60:>9.1f}  {how_it_ended(header)}{of_prior}"
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
        if not ckpt.provenance["finished"] or recipe.training.codes_of in missing:
            missing.append(name)
        elif ckpt.train_config.codes_of and (why := priors.why_unfit(name, ckpt.provenance, args.out)):
            print(f"{why} It is trained again now.", file=sys.stderr)
            missing.append(name)
        elif differences := unlike_what_is_asked(ckpt, recipe, args):
            contradicted.append(
                f"{name} is finished ({' and '.join(differences)}{reached(ckpt.metrics)}): move {path} away, or give "
                "another folder with --out, to have it trained as asked."
            )
        elif ckpt.model_config != (asked := as_asked(recipe, args).model):
            loss = ckpt.model_config.reconstruction
            is_of_another_loss = dataclasses.replace(ckpt.model_config, reconstruction=asked.reconstruction) == asked
            unlike = (
                f"was trained with the loss {loss}, not {asked.reconstruction}"
                if is_of_another_loss
                else "is not of the network"
            )
            print(f"{path} {unlike} in {name}'s recipe; move it away to have that trained.", file=sys.stderr)
    if contradicted:
        raise LatentLabError("\n".join(contradicted))
    return missing


def reached(results: dict[str, Any]) -> str:
    """The PSNR of an autoencoder, after a comma."""
    return f", {results['psnr_db']:.2f} dB" if "psnr_db" in results else ""


def unlike_what_is_asked(ckpt: checkpoints.Checkpoint, recipe: Recipe, args: argparse.Namespace) -> list[str]:
    """How a finished checkpoint was trained, where the command line asks for something else."""
    made, differences = ckpt.train_config, []
    if args.epochs and args.epochs != made.epochs:
        differences.append(f"trained for {made.epochs} epochs, not {args.epochs}")
    minutes = minutes_of(recipe, args)
    if minutes and minutes != made.minutes:
        limit = f"at most {made.minutes:g} minutes" if made.minutes else "any number of minutes"
        differences.append(f"trained for {limit}, not {minutes:g}")
    then, now = ckpt.data.config, recipe.data
    if then.image_shape != now.image_shape:
        differences.append(f"trained on images of {in_words(then.image_shape)}, not of {in_words(now.image_shape)}")
    elif then.source != now.source:
        differences.append(f"trained on {then.name}, not as its recipe says on {now.name}")
    elif then.leave_out != now.leave_out:
        left_out = [", ".join(config.leave_out) or "no class" for config in (then, now)]
        differences.append(f"trained with {left_out[0]} left out, not {left_out[1]}")
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
        help="at most this many minutes, shared among the models, for training and measuring them",
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
    parser.add_argument(
        "--pack",
        type=Path,
        metavar="FILE",
        help="train nothing; pack the photos into one file for another computer, where --data FILE takes it",
    )
    parser.add_argument(
        "--quality",
        type=above_zero(int, 100),
        default=packed.QUALITY,
        help="of packed photos that are not to test on, up to 100: WebP (default: %(default)s)",
    )
    args = parser.parse_args(arguments)
    args.shares = {}  # of --minutes, by model, where there are several
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
    load = functools.partial(load_data, args=args)
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
        if args.pack:
            pack_photos(args)
            return 0
        refines_later = any(recipe.training.refine_from for recipe in args.recipes.values())
        accelerator = processes.join(args.device == "cpu", refines_later)
        device = str(accelerator.device) if accelerator else args.device
        is_first = accelerator is None or accelerator.is_main_process
        left_out = []
        if args.evaluate:
            if is_first:
                print(f"{provenance.device_name(device)}: measures in float32.", flush=True)
            for recipe in args.recipes.values() if is_first else ():
                measuring.evaluate_finished(recipe, load, args.out, device)
        else:
            dtype = processes.agreed_dtype(device, accelerator)
            at = making.Workplace(args.out, device, dtype, args.compile, accelerator)
            if args.minutes and len(args.recipes) > 1:
                args.shares = processes.of_the_first(share_minutes(args, at) if is_first else {}, accelerator)
            # Other processes may look into other folders.
            names, left_out = with_data(wanted(args), args)
            names = processes.of_the_first(names, accelerator)
            if names:
                print(
                    f"{provenance.device_name(device)}: trains in {precision.name(dtype)}, which is fastest here, and "
                    "measures in float32.",
                    flush=True,
                )
                print(
                    *dict.fromkeys(load_data(args.recipes[name], args).summary for name in names), sep="\n", flush=True
                )
                if device == "cpu" and not accelerator:
                    print(how_long(names, args, at), flush=True)
            for name in names:
                train_one(args.recipes[name], args, at)
        if accelerator:
            accelerator.end_training()
        if not is_first:
            return 0
        # Principal components need more photos than --quick takes.
        if not args.only and not args.quick:
            trained = [recipe for recipe in args.recipes.values() if recipe.name not in left_out]
            measuring.measure_baselines(trained, load, args.out)
        shown = list(args.recipes)
        if not args.quick:  # pages measure for themselves what is not kept
            measuring.measure_curves(shown, args.out)
            measuring.lay_out_codes(shown, args.out)
        if not (args.only or args.recipe or args.photos or args.quick):
            measure_sampling([name for name in shown if name not in left_out], args)
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
