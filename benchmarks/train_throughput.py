"""Images a second of our training loop beside the loop that people write, on one network, in turns, in one run.

    python -m benchmarks.train_throughput --data DIR [--device cuda] [--batch-size 32] [--steps 20] [--rounds 3] [--compile]

Theirs: ImageFolder, transforms and a DataLoader with a worker a core; float32, AdamW. Ours: aemodels.training.loop.fit, photos
as uint8 on the device, channels-last, Muon and AdamW, in the precision that it chooses for the device, and in the other one. From
disk: the same in the chosen precision, on photos that stay in their file, of which the system has none cached when a round begins.
All use all cores. Data preparation is not timed: ours needs the photos decoded once, theirs decodes them in each epoch, which is a
part of the comparison.
"""

import argparse
import contextlib
import dataclasses
import os
import statistics
import time
from collections.abc import Iterator

import torch
from torch.nn.functional import mse_loss
from torch.utils.data import DataLoader
from torch.utils.flop_counter import FlopCounterMode
from torchvision import transforms
from torchvision.datasets import ImageFolder
from tqdm import tqdm

from aemodels import console, precision
from aemodels.data import photo_sets, sources
from aemodels.data.stored_images import Images, StoredImages
from aemodels.models import building
from aemodels.models.config import MAX_COUNT, ModelConfig
from aemodels.training import compiling, loop, provenance, recipes
from benchmarks import folders, running

RECIPE = recipes.read(recipes.RECIPE_FOLDER / "dog-noise-0.10.toml")
MODEL, TRAINING = RECIPE.model, RECIPE.training
WARM_UP = {"cuda": 8, "cpu": 2}  # the fourth step of ours records a CUDA graph
PRECISIONS = (torch.bfloat16, torch.float32)


class Enough(Exception):
    """Ends a training after the steps that are timed."""


def synchronise(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def our_rate(
    images: Images, device: torch.device, dtype: torch.dtype, batch_size: int, num_steps: int, compiles: bool
) -> float:
    """Images a second of training.fit."""
    config = dataclasses.replace(TRAINING, batch_size=batch_size, refine_from=0.0)  # as in theirs
    times: list[float] = []
    warm_up = WARM_UP[device.type]

    def stop(state: loop.TrainState, *_: object) -> None:
        if state.step in (warm_up, warm_up + num_steps):
            synchronise(device)
            times.append(time.perf_counter())
        if len(times) == 2:
            raise Enough

    state = loop.start(building.build(MODEL), config, device, dtype)
    if compiles:
        compiling.compile_networks(state.model)
    with contextlib.suppress(Enough):
        loop.fit(state, images, config, on_step=stop)
    return num_steps * batch_size / (times[1] - times[0])


def forget(images: StoredImages) -> None:
    """Has the system drop what it has cached of their file, where it can be told to."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(images.file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def their_rate(folder: str, device: torch.device, batch_size: int, num_steps: int) -> float:
    """Images a second of the loop that tutorials show."""
    size = photo_sets.DOG_SIZE
    steps = [
        transforms.Resize(size),
        transforms.CenterCrop(size),
        transforms.RandomHorizontalFlip(),
        transforms.ToTensor(),
    ]
    photos = ImageFolder(folder, transforms.Compose(steps))
    loader = DataLoader(
        photos, batch_size, shuffle=True, num_workers=os.cpu_count(), pin_memory=device.type == "cuda", drop_last=True
    )
    model = building.build(MODEL).to(device)
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    batches, warm_up = endless(loader), WARM_UP[device.type]
    for step in range(warm_up + num_steps):
        if step == warm_up:
            synchronise(device)
            began = time.perf_counter()
        x, _ = next(batches)
        x = x.to(device, non_blocking=True)
        loss = mse_loss(model.decoder(model.training_code(x)), x)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        loss.item()  # for the progress bar that such loops show
    synchronise(device)
    return num_steps * batch_size / (time.perf_counter() - began)


def endless(loader: DataLoader) -> Iterator[list[torch.Tensor]]:
    while True:
        yield from loader


class NoModules(contextlib.nullcontext):
    """In place of FlopCounterMode's tracker of modules, whose hooks torch.func.grad cannot bear."""

    parents = ("Global",)


def flop_per_image(config: ModelConfig) -> float:
    """Of forward and backward."""
    model, x = building.build(config), torch.zeros(1, *config.image_shape)
    counter = FlopCounterMode(display=False)
    counter.mod_tracker = NoModules()
    with counter:
        model.decoder(model.training_code(x)).sum().backward()
    return counter.get_total_flops()


def matrix_rate(device: torch.device, dtype: torch.dtype, side: int) -> float:
    """Measured FLOP/s of matrix products, the best of five."""
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    best = 0.0
    for _ in range(6):
        synchronise(device)
        began = time.perf_counter()
        a @ b
        synchronise(device)
        best = max(best, 2 * side**3 / (time.perf_counter() - began))
    return best


def main(arguments: list[str] | None = None) -> None:
    parser = console.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    folders.add_data(parser)
    parser.add_argument("--device", type=torch.device, default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--batch-size", type=console.above_zero(int, MAX_COUNT), default=TRAINING.batch_size)
    parser.add_argument("--steps", type=console.above_zero(int, MAX_COUNT), default=20, help="timed steps a round")
    parser.add_argument("--rounds", type=console.above_zero(int, MAX_COUNT), default=3)
    parser.add_argument("--compile", action="store_true", help="ours with torch.compile")
    args = parser.parse_args(arguments)

    root = sources.data_root(args.data)
    photos = photo_sets.load_dogs(root)
    stored = photos.images.part(photos.train_index[:4096])
    images = stored.in_memory()
    folder = photo_sets.find_dog_folder(root)
    chosen = precision.fastest(args.device)
    ours, theirs = {dtype: [] for dtype in sorted(PRECISIONS, key=lambda dtype: dtype != chosen)}, []
    from_disk: list[float] = []
    for _ in tqdm(range(args.rounds), unit="round"):
        theirs.append(their_rate(folder, args.device, args.batch_size, args.steps))
        forget(stored)
        from_disk.append(our_rate(stored, args.device, chosen, args.batch_size, args.steps, args.compile))
        for dtype, rates in ours.items():
            rates.append(our_rate(images, args.device, dtype, args.batch_size, args.steps, args.compile))
    medians = {dtype: statistics.median(rates) for dtype, rates in ours.items()}
    their_median, disk_median = statistics.median(theirs), statistics.median(from_disk)
    rate = medians[chosen] * flop_per_image(MODEL)
    peak = matrix_rate(args.device, chosen, 8192 if args.device.type == "cuda" else 2048)
    goal = 5 if args.device.type == "cuda" else 1.3
    print(f"{provenance.device_name(str(args.device))}, batches of {args.batch_size}, median of {args.rounds} rounds")
    print(f"theirs, float32{their_median:12.1f} images/s   {[round(r, 1) for r in theirs]}")
    for dtype, rates in ours.items():
        print(f"ours, {precision.name(dtype):<9}{medians[dtype]:12.1f} images/s   {[round(r, 1) for r in rates]}")
    print(f"ours, from disk{disk_median:12.1f} images/s   {[round(r, 1) for r in from_disk]}")
    print(f"ours / theirs  {medians[chosen] / their_median:12.2f}            goal {goal}")
    print(f"disk / memory  {disk_median / medians[chosen]:12.2f}            goal 0.9")
    other = min(PRECISIONS, key=lambda dtype: dtype == chosen)
    print(f"{precision.name(chosen)} / {precision.name(other)}{medians[chosen] / medians[other]:10.2f}")
    print(f"share of the measured {precision.name(chosen)} matrix rate, {peak / 1e9:.0f} GFLOP/s: {rate / peak:.0%}")


if __name__ == "__main__":
    running.run(main)
