"""Trains every model of the lab: RECIPES -> data -> fit -> evaluate -> save.

    python train.py                          whatever is missing in checkpoints/
    python train.py --only dog-ae mnist-ae   these alone
    python train.py --quick                  all of them, small, in a few minutes on a CPU, into checkpoints-quick/
    python train.py --download               fetches MNIST and Stanford Dogs into the data folder first

Stop it at any time: run again, it goes on from the last finished epoch.
"""

import argparse
import dataclasses
import functools
import hashlib
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from aemodels import baselines, checkpoints, data, metrics, models, training
from aemodels.config import ModelConfig, TrainConfig
from aemodels.errors import CheckpointError, LatentLabError

NOISE_FACTOR = 0.4
TEST_VARIANCES = (0.0, 0.05, 0.10, 0.15)
NUM_REFERENCE_DOGS = 1024

MNIST = ModelConfig(
    variant="plain",
    network="mlp",
    image_shape=(1, 28, 28),
    latent_shape=(2,),
    widths=(512, 256, 128),
    reconstruction="bce",
)
DOG = ModelConfig(
    variant="plain",
    network="conv",
    image_shape=(3, 128, 128),
    latent_shape=(16, 8, 8),
    widths=(128, 256),
    encoder_depths=(2, 4),
    decoder_depths=(2, 3),
    reconstruction="mse",
)
MNIST_TRAINING = TrainConfig(epochs=60, batch_size=512, learning_rate=4e-3)
DOG_TRAINING = TrainConfig(epochs=60, batch_size=32, learning_rate=1.5e-3, weight_decay=0.01, flips=True)
DOG_NOISE_TRAINING = dataclasses.replace(DOG_TRAINING, epochs=20, learning_rate=1e-3, start_from="dog-ae")


def noisy_dog(variance: float) -> ModelConfig:
    return dataclasses.replace(DOG, variant="noisy-code", noise_variance=variance)


RECIPES: dict[str, tuple[ModelConfig, TrainConfig]] = {
    "mnist-ae": (MNIST, MNIST_TRAINING),
    "mnist-ae-l2-code": (dataclasses.replace(MNIST, variant="code-l2", code_l2=1e-3), MNIST_TRAINING),
    "mnist-ae-l2-weights": (MNIST, dataclasses.replace(MNIST_TRAINING, weight_decay=0.05)),
    "mnist-dae": (
        dataclasses.replace(MNIST, variant="denoising", noise_factor=NOISE_FACTOR, latent_shape=(64,)),
        MNIST_TRAINING,
    ),
    "mnist-dae-2d": (dataclasses.replace(MNIST, variant="denoising", noise_factor=NOISE_FACTOR), MNIST_TRAINING),
    "dog-ae": (DOG, DOG_TRAINING),
    "dog-noise-0.05": (noisy_dog(0.05), DOG_NOISE_TRAINING),
    "dog-noise-0.10": (noisy_dog(0.10), DOG_NOISE_TRAINING),
    "dog-noise-0.15": (noisy_dog(0.15), DOG_NOISE_TRAINING),
}


@dataclass(frozen=True)
class DataSet:
    """What a recipe trains and is judged on; images uint8 (N, C, H, W), reference_labels as in Checkpoint.labels."""

    train: Tensor
    test: Tensor
    reference: Tensor
    reference_labels: Tensor
    fingerprint: str


@functools.cache
def load_mnist(root: Path, quick: bool) -> DataSet:
    train, _ = data.load_mnist(root, train=True)
    test, labels = data.load_mnist(root, train=False)
    if quick:
        train = train[:6000]
    return DataSet(train, test, test, labels, fingerprint(train, test))


@functools.cache
def load_dogs(root: Path, quick: bool) -> DataSet:
    with tqdm(desc="decoding photos", unit="photo", leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        dogs = data.load_dogs(root, progress=show)
    train, test = dogs.train_index, dogs.test_index
    if quick:
        train, test = train[:: max(1, len(train) // 512)], test[:: max(1, len(test) // 64)]
    # Evenly spaced, so that every breed folder has its share.
    reference = torch.linspace(0, len(test) - 1, min(NUM_REFERENCE_DOGS, len(test))).long()
    x_test = dogs.images[test]
    return DataSet(dogs.images[train], x_test, x_test[reference], reference, dogs.fingerprint)


def fingerprint(*images: Tensor) -> str:
    return hashlib.blake2b(b"".join(x.numpy().tobytes() for x in images), digest_size=16).hexdigest()


def initial_model(name: str, model_config: ModelConfig, train_config: TrainConfig, out: Path) -> models.Autoencoder:
    """Fresh weights drawn from the recipe's seed, or those of the checkpoint that the recipe starts from."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(train_config.seed)
        model = models.build(model_config)
    if train_config.start_from:
        start = checkpoints.load_checkpoint(train_config.start_from, out)
        if not start.provenance["finished"]:
            tqdm.write(f"{name} starts from {train_config.start_from}, whose training is not finished.")
        model.load_state_dict(start.model.state_dict())
    return model


def train_one(name: str, args: argparse.Namespace) -> None:
    model_config, train_config = RECIPES[name]
    train_config = dataclasses.replace(
        train_config,
        epochs=args.epochs or train_config.epochs,
        minutes=args.minutes or train_config.minutes,
    )
    root = data.data_root(args.data)
    dataset = (load_mnist if name.startswith("mnist") else load_dogs)(root, args.quick)

    state = training.start(initial_model(name, model_config, train_config, args.out), train_config, args.device)
    resume_path = args.out / ".resume" / f"{name}.pt"
    settings = {
        "train_config": train_config.to_dict(),
        "model_config": model_config.to_dict(),
        "data_fingerprint": dataset.fingerprint,
        "num_train_images": len(dataset.train),
    }
    if resume_path.exists():
        saved = checkpoints.load_state(resume_path)
        try:
            if any(saved[key] != value for key, value in settings.items()):
                raise LatentLabError(
                    f"{resume_path} was made with other settings or data; delete it to train {name} from the start."
                )
            state.load_state_dict(saved)
        except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
            raise LatentLabError(
                f"{resume_path} holds something else than training state; delete it to train {name} from the start."
            ) from error
        tqdm.write(f"{name}: goes on after epoch {state.epoch}")
    else:
        checkpoints.save_state(
            resume_path, state.state_dict() | settings
        )  # shows now whether the folder can be written

    num_train = len(dataset.train)
    bar = tqdm(total=train_config.epochs * num_train, initial=state.epoch * num_train, desc=name, unit="img")
    bar.mininterval = 0.5 if sys.stderr.isatty() else 30
    shown = time.monotonic()

    def on_step(state: training.TrainState, num_images: int, loss: Tensor) -> None:
        nonlocal shown
        if time.monotonic() - shown > bar.mininterval:  # reading the loss waits for the device: seldom
            shown = time.monotonic()
            psnr = f"{state.history[-1]['psnr_db']:.2f} dB" if state.history else "–"
            left = "" if train_config.minutes is None else f"{train_config.minutes - state.seconds / 60:.1f} min"
            bar.set_postfix(loss=f"{loss.item():.5f}", psnr=psnr, **({"ends_in": left} if left else {}), refresh=False)
        bar.update(num_images)

    def on_epoch(state: training.TrainState) -> None:
        model = state.ema.eval()
        if state.history:
            sample = dataset.reference[:: max(1, len(dataset.reference) // 256)]
            state.history[-1] |= {"psnr_db": metrics.evaluate(model, sample, **own_noise(model_config))["psnr_db"]}
        save(name, model, train_config, state, dataset, args)
        if state.finished:
            resume_path.unlink(missing_ok=True)
        else:
            checkpoints.save_state(resume_path, state.state_dict() | settings)

    with bar:
        training.fit(state, dataset.train, train_config, on_epoch, on_step)


def measure_baselines(args: argparse.Namespace) -> None:
    """PCA and the optimal linear code on the same photos as the dog models, into baselines.json."""
    dataset = load_dogs(data.data_root(args.data), args.quick)
    num_components = prod(DOG.latent_shape)
    print(f"baselines: principal components of {len(dataset.train):,} photos …", flush=True)
    pca = baselines.fit_pca(dataset.train, num_components)
    results = {
        "num_components": num_components,
        "num_train_images": len(dataset.train),
        "data_fingerprint": dataset.fingerprint,
        "linear_code": [baselines.linear_code(pca, dataset.test, variance) for variance in TEST_VARIANCES],
    }
    checkpoints.save_baselines(results, args.out)


def own_noise(config: ModelConfig) -> dict[str, float]:
    """The noise that a model was trained with, as metrics.evaluate takes it."""
    return {"noise_factor": config.noise_factor, "noise_variance": config.noise_variance}


def save(
    name: str,
    ema: models.Autoencoder,
    train_config: TrainConfig,
    state: training.TrainState,
    dataset: DataSet,
    args: argparse.Namespace,
) -> None:
    """Evaluates the weights as they will be stored, in float16, on the whole test split once training has finished."""
    model = models.build(ema.config).to(args.device)
    model.load_state_dict({key: w.half().float() for key, w in ema.state_dict().items()})
    model.eval().requires_grad_(False)
    test = dataset.test if state.finished else dataset.test[:: max(1, len(dataset.test) // 100)]
    codes = encode_all(model, dataset.reference)
    provenance = {
        "finished": state.finished,
        "device": device_name(args.device),
        "wall_s": round(state.seconds, 1),
        "steps": state.step,
        "images_per_s": round(
            state.step * min(train_config.batch_size, len(dataset.train)) / max(state.seconds, 1e-9), 1
        ),
        "num_train_images": len(dataset.train),
        "data_fingerprint": dataset.fingerprint,
        "seed": train_config.seed,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    results = evaluate_all(model, test)
    checkpoints.save_checkpoint(
        name, model, train_config, results, state.history, codes, dataset.reference_labels, provenance, args.out
    )


@torch.inference_mode()
def encode_all(model: models.Autoencoder, images: Tensor) -> Tensor:
    device = next(model.parameters()).device
    return torch.cat([model.encode(batch.to(device).float() / 255).cpu() for batch in images.split(250)])


def evaluate_all(model: models.Autoencoder, test: Tensor) -> dict[str, Any]:
    """The figures under the model's own noise, and under "evaluations" those under every noise of the lab."""
    own = own_noise(model.config)
    if model.config.network == "conv":
        conditions = [{"noise_factor": 0.0, "noise_variance": v} for v in TEST_VARIANCES]
    else:
        conditions = [{"noise_factor": f, "noise_variance": 0.0} for f in dict.fromkeys([0.0, own["noise_factor"]])]
    evaluations = [condition | metrics.evaluate(model, test, **condition) for condition in conditions]
    return next(e for e in evaluations if own.items() <= e.items()) | {"evaluations": evaluations}


def device_name(device: str) -> str:
    if device.startswith("cuda"):
        return torch.cuda.get_device_name(device)
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip() for line in cpuinfo.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"CPU: {model}, {torch.get_num_threads()} of {os.cpu_count()} cores"


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
            f"{'finished' if p['finished'] else 'unfinished'}"
        )
    print("PSNR = 10·log10(1 / MSE) of each image, averaged; each model under the noise it was trained with.")


def wanted(args: argparse.Namespace) -> list[str]:
    """Names to train: those asked for, or all, but none that has a sound and finished checkpoint."""
    names = args.only or list(RECIPES)

    def finished(name: str) -> bool:
        if not checkpoints.checkpoint_path(name, args.out).exists():
            return False
        try:
            return checkpoints.load_checkpoint(name, args.out).provenance["finished"]
        except CheckpointError as error:
            print(f"{error} It is trained again now.", file=sys.stderr)
            return False

    return [name for name in RECIPES if name in names and not finished(name)]


def parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", choices=RECIPES, metavar="NAME", help=f"of {', '.join(RECIPES)}")
    parser.add_argument("--data", type=Path, help="folder of the data sets (default: LATENT_LAB_DATA, else data/)")
    parser.add_argument("--out", type=Path, help="folder of the checkpoints (default: checkpoints/)")
    parser.add_argument("--device", type=usable_device, default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--epochs", type=positive(int), help="at most this many passes over the train split, per model")
    parser.add_argument("--minutes", type=positive(float), help="at most this many minutes of training, per model")
    parser.add_argument(
        "--quick", action="store_true", help="a few hundred images and seconds a model; for a first look"
    )
    parser.add_argument("--download", action="store_true", help="fetch the data sets first")
    args = parser.parse_args(arguments)
    args.out = args.out or (Path("checkpoints-quick") if args.quick else checkpoints.CHECKPOINT_FOLDER)
    if args.quick and not args.minutes:
        args.minutes = 0.2
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
    args = parse(arguments)
    try:
        if args.download:
            from aemodels import download

            download.download_mnist(data.data_root(args.data))
            download.download_dogs(data.data_root(args.data))
        for name in wanted(args):
            train_one(name, args)
        # Principal components need more photos than --quick takes.
        if not args.only and not args.quick and checkpoints.read_baselines(args.out) is None:
            measure_baselines(args)
        print_table(args.only or list(RECIPES), args.out)
    except LatentLabError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; run the same command again to go on from the last finished epoch.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
