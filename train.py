"""Trains every model of the lab: RECIPES -> data -> fit -> evaluate -> save.

    python train.py                          whatever is missing in checkpoints/
    python train.py --only dog-ae mnist-ae   these alone
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
from aemodels.data import datasets, sources
from aemodels.errors import CheckpointError, DataError, FileError, LatentLabError
from aemodels.models import autoencoders
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.quality import baselines, curves, evaluation, metrics
from aemodels.storage import checkpoints, measurements
from aemodels.training import loop, provenance, resuming

if TYPE_CHECKING:
    from accelerate import Accelerator

NOISE_FACTOR = 0.4
FEW_STEPS = 100  # in which no recipe learns much
LITTLE_DB = 2  # above one and the same picture for all: no more than that is no reconstruction

MNIST = ModelConfig(
    variant="plain",
    network="mlp",
    image_shape=(1, 28, 28),
    latent_shape=(2,),
    widths=(512, 256, 256, 128, 128, 64),
    reconstruction="bce",
)
DOG = ModelConfig(
    variant="plain",
    network="conv",
    image_shape=(3, 128, 128),
    latent_shape=(16, 8, 8),
    widths=(128, 256),
    encoder_depths=(8, 6),
    decoder_depths=(8, 6),
    refiner_depth=2,
    refiner_steps=5,
    descent_steps=2,
    reconstruction="log_mse",
)
MNIST_TRAINING = TrainConfig(epochs=50, batch_size=512, learning_rate=4e-3, warp_px=0.5)
DOG_TRAINING = TrainConfig(epochs=100, batch_size=128, learning_rate=4e-3, flips=True, shift_px=8, refine_from=0.7)


def noisy_dog(variance: float, start_from: str) -> tuple[ModelConfig, TrainConfig]:
    """Goes on from a model that saw less noise: what both have to learn is mostly the same.

    A corrector helps here; without noise, more steps of the refiner do more than one.
    """
    return (
        dataclasses.replace(
            DOG,
            variant="noisy-code",
            noise_variance=variance,
            corrector_depths=(6, 4),
            refiner_steps=3,
            descent_steps=1,
        ),
        dataclasses.replace(DOG_TRAINING, epochs=70, learning_rate=2e-3, refine_from=0.5, start_from=start_from),
    )


RECIPES: dict[str, tuple[ModelConfig, TrainConfig]] = {
    "mnist-ae": (MNIST, MNIST_TRAINING),
    "mnist-ae-l2-code": (dataclasses.replace(MNIST, variant="code-l2", code_l2=1e-3), MNIST_TRAINING),
    "mnist-ae-l2-weights": (MNIST, dataclasses.replace(MNIST_TRAINING, weight_decay=0.1)),
    "mnist-dae": (
        dataclasses.replace(
            MNIST, variant="denoising", noise_factor=NOISE_FACTOR, latent_shape=(64,), widths=(1024, 512, 256)
        ),
        dataclasses.replace(MNIST_TRAINING, epochs=40, learning_rate=6e-3, warp_px=0.0, weight_decay=0.3),
    ),
    "mnist-dae-2d": (dataclasses.replace(MNIST, variant="denoising", noise_factor=NOISE_FACTOR), MNIST_TRAINING),
    "dog-ae": (DOG, DOG_TRAINING),
    "dog-noise-0.05": noisy_dog(0.05, start_from="dog-ae"),
    "dog-noise-0.10": noisy_dog(0.10, start_from="dog-noise-0.05"),
    "dog-noise-0.15": noisy_dog(0.15, start_from="dog-noise-0.05"),
}

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


def recipe(name: str, args: argparse.Namespace) -> tuple[ModelConfig, TrainConfig]:
    """What this command line makes of the recipe of that name."""
    model_config, train_config = RECIPES[name]
    if args.quick:
        model_config = dataclasses.replace(model_config, **QUICK_NETWORKS[model_config.network])
        train_config = dataclasses.replace(train_config, **QUICK_TRAININGS[model_config.network])
    asked = {key: getattr(args, key) for key in ("epochs", "minutes") if getattr(args, key)}
    return model_config, dataclasses.replace(train_config, **asked)


def load_data(name: str, args: argparse.Namespace) -> datasets.DataSet:
    """The data set of that recipe, from the first of the folders that has it. Raises DataError where none has."""
    errors = []
    for folder in args.data or [None]:
        root = sources.data_root(folder)
        try:
            return datasets.load_mnist(root) if name.startswith("mnist") else datasets.load_dogs(root, args.quick)
        except DataError as error:
            errors.append(error)
    raise errors[0]


def initial_model(
    name: str, model_config: ModelConfig, train_config: TrainConfig, out: Path
) -> autoencoders.Autoencoder:
    """Fresh weights drawn from the recipe's seed, or those of the checkpoint that the recipe starts from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(train_config.seed)
        model = autoencoders.build(model_config)
    if train_config.start_from:
        start = checkpoints.load_checkpoint(train_config.start_from, out)
        if not start.provenance["finished"]:
            tqdm.write(f"{name} starts from {train_config.start_from}, whose training is not finished.")
        fresh, learnt = model.state_dict(), start.model.state_dict()
        misfit = [key for key, w in learnt.items() if key not in fresh or fresh[key].shape != w.shape]
        if misfit:
            raise LatentLabError(
                f"{name} cannot start from {start.name}, whose network is another (first at {misfit[0]}); change the recipe of "
                f"one of them, or train {start.name} anew."
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
    refines_later = any(RECIPES[name][1].refine_from for name in args.only or RECIPES)
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


def train_one(name: str, args: argparse.Namespace, accelerator: "Accelerator | None") -> None:
    model_config, train_config = recipe(name, args)
    dataset = load_data(name, args)
    if args.quick and not args.epochs:
        steps_per_epoch = max(1, len(dataset.train) // train_config.batch_size)
        epochs = max(train_config.epochs, math.ceil(QUICK_STEPS / steps_per_epoch))
        train_config = dataclasses.replace(train_config, epochs=epochs)

    state = loop.start(initial_model(name, model_config, train_config, args.out), train_config, args.device, args.dtype)
    if start := train_config.start_from:
        state.earlier = checkpoints.trainings(start, checkpoints.read_header(start, args.out))
    if args.compile:
        loop.compile_networks(state.model)
    resume_path = args.out / ".resume" / f"{name}.pt"
    settings = {
        "train_config": train_config.to_dict(),
        "model_config": model_config.to_dict(),
        "data_fingerprint": dataset.fingerprint,
        "num_train_images": len(dataset.train),
    }
    resumed = resuming.restore(state, resume_path, settings)
    if accelerator:
        agree_on_epoch(state.epoch, accelerator)
    if resumed:
        tqdm.write(f"{name}: goes on after epoch {state.epoch}")
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
        nonlocal saved_at, saving_s
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
            sample = dataset.reference[:: max(1, len(dataset.reference) // 256)]
            state.history[-1] |= {
                "psnr_db": metrics.evaluate(model, sample, **evaluation.own_noise(model_config))["psnr_db"]
            }
        save(name, model, train_config, state, dataset, args)
        if state.finished:
            resume_path.unlink(missing_ok=True)
            warn_of_a_poor_model(name, state, dataset, args.out)
        else:
            resuming.keep(state, resume_path, settings)
        saved_at = time.monotonic()
        saving_s = saved_at - began

    with bar:
        loop.fit(state, dataset.train, train_config, on_epoch, on_step, accelerator, measuring_s)


def save(
    name: str,
    ema: autoencoders.Autoencoder,
    train_config: TrainConfig,
    state: loop.TrainState,
    dataset: datasets.DataSet,
    args: argparse.Namespace,
) -> None:
    """Evaluates the weights as they will be stored, in float16, on the whole test split once training has finished."""
    model = evaluation.as_stored(ema, args.device)
    test = dataset.test if state.finished else dataset.test[:: max(1, len(dataset.test) // 100)]
    with measuring_bar(name, model, len(test), len(dataset.reference), disable=not state.finished) as bar:
        checkpoints.save_checkpoint(
            name,
            model,
            train_config,
            evaluation.evaluate_all(model, test, bar.update),
            state.history,
            evaluation.encode_all(model, dataset.reference, bar.update),
            dataset.reference_labels,
            provenance.describe(state, train_config, dataset, args.device),
            args.out,
        )


def measuring_bar(
    name: str, model: autoencoders.Autoencoder, num_test: int, num_reference: int = 0, disable: bool = False
) -> tqdm:
    total = evaluation.num_encodings(model.config) * num_test + num_reference
    return tqdm(total=total, desc=f"{name}: measuring", unit="img", leave=False, disable=disable)


def warn_of_a_poor_model(name: str, state: loop.TrainState, dataset: datasets.DataSet, out: Path) -> None:
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


def evaluate_finished(name: str, args: argparse.Namespace) -> None:
    """Measures a finished checkpoint that lacks figures; all else in it stays as it is, bit by bit."""
    if not checkpoints.checkpoint_path(name, args.out).exists():
        return
    ckpt = checkpoints.load_checkpoint(name, args.out)
    if not ckpt.provenance["finished"] or evaluation.is_current(ckpt.metrics, ckpt.model_config):
        return
    dataset = load_data(name, args)
    if dataset.fingerprint != ckpt.provenance["data_fingerprint"]:
        folders = ", ".join(str(sources.data_root(folder)) for folder in args.data or [None])
        raise LatentLabError(f"{name} was trained on other data than {folders} holds; point --data to those.")
    with measuring_bar(name, ckpt.model, len(dataset.test)) as bar:
        results = evaluation.evaluate_all(ckpt.model.to(args.device), dataset.test, bar.update)
    print(f"{name}: measured on {len(dataset.test):,} test images.", flush=True)
    checkpoints.save_checkpoint(
        name, ckpt.model, ckpt.train_config, results, ckpt.history, ckpt.codes, ckpt.labels, ckpt.provenance, args.out
    )


def measure_baselines(args: argparse.Namespace) -> None:
    """PCA, the optimal linear code, and AVIF at capacity, on the same photos as the dog models: what baselines.json lacks, or
    all of it where no model there was trained on its photos."""
    known = measurements.read_baselines(args.out) or {}
    dogs = [name for name in RECIPES if name.startswith("dog") and checkpoints.checkpoint_path(name, args.out).exists()]
    seen = {checkpoints.read_header(name, args.out)["provenance"]["data_fingerprint"] for name in dogs}
    if seen and known.get("data_fingerprint") not in seen:
        known = {}
    if baselines.lacks_linear_code(known) or baselines.lacks_avif(known):
        dataset = load_data(dogs[0] if dogs else "dog-ae", args)
        for results in baselines.measure(dataset, prod(DOG.latent_shape), known):
            measurements.save_baselines(results, args.out)


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
        header = checkpoints.read_header(name, out)
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


def images_of(name: str) -> str:
    return "digits" if name.startswith("mnist") else "photos"


def wanted(args: argparse.Namespace) -> list[str]:
    """Names to train: those asked for, or all, but none that has a sound and finished checkpoint.

    Raises LatentLabError where a finished one is not what the command line asks for.
    """
    names = [name for name in RECIPES if name in (args.only or RECIPES)]
    missing, contradicted = [], []
    for name in names:
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
        elif differences := unlike_what_is_asked(ckpt, args):
            contradicted.append(
                f"{name} is finished ({' and '.join(differences)}, {ckpt.metrics['psnr_db']:.2f} dB): move {path} away, or give "
                "another folder with --out, to have it trained as asked."
            )
        elif ckpt.model_config != recipe(name, args)[0]:
            print(
                f"{path} is not of the network in {name}'s recipe; move it away to have that trained.", file=sys.stderr
            )
    if contradicted:
        raise LatentLabError("\n".join(contradicted))
    return missing


def unlike_what_is_asked(ckpt: checkpoints.Checkpoint, args: argparse.Namespace) -> list[str]:
    """How a finished checkpoint was trained, where the command line asks for something else."""
    made, differences = ckpt.train_config, []
    if args.epochs and args.epochs != made.epochs:
        differences.append(f"trained for {made.epochs} epochs, not {args.epochs}")
    if args.minutes and args.minutes != made.minutes:
        limit = f"at most {made.minutes:g} minutes" if made.minutes else "any number of minutes"
        differences.append(f"trained for {limit}, not {args.minutes:g}")
    if args.data or os.environ.get("LATENT_LAB_DATA"):
        with contextlib.suppress(DataError):  # a folder without such images does not ask for others
            if load_data(ckpt.name, args).fingerprint != ckpt.provenance["data_fingerprint"]:
                differences.append(f"trained on other {images_of(ckpt.name)}")
    return differences


def with_data(names: list[str], args: argparse.Namespace) -> tuple[list[str], list[str]]:
    """Those of the names whose images there are, and the names left out for want of them, each kind with a sentence.

    Raises DataError where there are no images for any, or for one that was asked for by name.
    """
    found, left_out, errors = [], [], {}
    for name in names:
        try:
            load_data(name, args)
            found.append(name)
        except DataError as error:
            if args.only:
                raise
            left_out.append(name)
            errors.setdefault(str(error), []).append(name)
    if names and not found:
        raise DataError("\n".join(errors))
    for error, without in errors.items():
        print(f"{error} Left out: {', '.join(without)}.", file=sys.stderr)
    return found, left_out


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=RECIPES, metavar="NAME", help=f"of {', '.join(RECIPES)}")
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        metavar="DIR",
        help="folders of the data sets, searched in this order (default: LATENT_LAB_DATA, else data/)",
    )
    parser.add_argument("--out", type=Path, help="folder of the checkpoints (default: checkpoints/)")
    accelerator = torch.accelerator.current_accelerator(check_available=True)
    parser.add_argument(
        "--device",
        type=usable_device,
        default=accelerator.type if accelerator else "cpu",
        help="such as cuda, mps or cpu",
    )
    parser.add_argument("--epochs", type=positive(int), help="at most this many passes over the train split, per model")
    parser.add_argument(
        "--minutes", type=positive(float), help="at most this many minutes per model, training and measuring"
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
    args.out = args.out or (Path("checkpoints-quick") if args.quick else checkpoints.CHECKPOINT_FOLDER)
    return args


def usable_device(name: str) -> str:
    try:
        torch.empty(1, device=name)
    except Exception as error:  # each back end fails in its own way
        raise argparse.ArgumentTypeError(f"{name} cannot be used here; leave --device out, or say cpu") from error
    return name


def positive(number: Callable[[str], float]) -> Callable[[str], float]:
    def parse_positive(text: str) -> float:
        value = number(text)
        if not 0 < value < float("inf"):
            raise argparse.ArgumentTypeError(f"{text} is not above 0")
        return value

    return parse_positive


def main(arguments: list[str] | None = None) -> int:
    console.accept_any_text()
    args = parse(arguments)
    try:
        if args.download:
            from aemodels.data import download

            folder = sources.data_root(args.data[0] if args.data else None)
            download.download_mnist(folder)
            download.download_dogs(folder)
        accelerator = join_processes(args)
        is_first = accelerator is None or accelerator.is_main_process
        left_out = []
        if args.evaluate:
            if is_first:
                print(f"{provenance.device_name(args.device)}: measures in float32.", flush=True)
            for name in (args.only or RECIPES) if is_first else ():
                evaluate_finished(name, args)
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
                print(*dict.fromkeys(load_data(name, args).summary for name in names), sep="\n", flush=True)
            for name in names:
                train_one(name, args, accelerator)
        if accelerator:
            accelerator.end_training()
        if not is_first:
            return 0
        # Principal components need more photos than --quick takes.
        if not args.only and not args.quick and not any(images_of(name) == "photos" for name in left_out):
            measure_baselines(args)
        shown = args.only or list(RECIPES)
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
