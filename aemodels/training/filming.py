"""A film of a training: the weights kept at moments spaced by the logarithm of the step, and developed when it has ended.

Only the last moment tells how the planes before it are to be turned, and so what is to be decoded of them. Until then the weights
wait, in float16 as a checkpoint stores them, in files beside the one from which an interrupted training goes on.
"""

import shutil
from collections.abc import Callable, Iterator
from itertools import takewhile
from math import ceil
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.torch import load as tensors_in
from safetensors.torch import save
from torch import Tensor, nn
from tqdm import tqdm

from aemodels import timing
from aemodels.codes import planes, turning
from aemodels.data.stored_images import Images
from aemodels.files import replacing
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.building import build
from aemodels.quality import evaluation, metrics
from aemodels.storage import checkpoints, films
from aemodels.training.loop import TrainState

MAX_WEIGHTS = 2**24  # 34 MB a moment
GRID_SIDE = 12
MAX_TILE_PX = 32
MAX_KEPT = 32  # moments of a film


def moments() -> Iterator[int]:
    """0, 1, 2, 3, 4, 6, 8, 11, 15, 20, 27 …: the steps after which a moment is kept, each a third more than the one before."""
    step = 0
    while True:
        yield step
        step = max(step + 1, ceil(step * 4 / 3))


def folder_of(name: str, out: Path) -> Path:
    """Where the moments of an unfinished film wait."""
    return out / ".resume" / f"{name}.film"


def start(name: str, state: TrainState, out: Path) -> "Recorder | None":
    """What keeps the moments of a training that begins, or goes on, from `state`; None, with a sentence that says why, where no film
    can be made."""
    num_weights = sum(p.numel() for p in state.ema.parameters())
    if num_weights > MAX_WEIGHTS:
        tqdm.write(f"{name} gets no film: its {num_weights:,} weights are more than {MAX_WEIGHTS:,}.")
        return None
    recorder = Recorder(folder_of(name, out), state.ema, state.step)
    if not recorder.is_complete:
        tqdm.write(f"{name} gets no film: its training began without one.")
        shutil.rmtree(recorder.folder, ignore_errors=True)
        return None
    return recorder


class Recorder:
    """Keeps the averaged weights of a training at its `moments` in a folder.

    A training that goes on from an earlier step than it had reached takes the moments after it again.
    """

    def __init__(self, folder: Path, model: nn.Module, step: int) -> None:
        """model and step are those that training begins, or goes on, from."""
        self.folder = folder
        if step == 0:
            shutil.rmtree(folder, ignore_errors=True)
            self._keep(model, 0)
        for later in (s for s in kept(folder) if s > step):
            _path(folder, later).unlink()
        self.is_complete = has_all(folder, step + 1)
        self._due = next(s for s in moments() if s > step)

    def on_step(self, model: nn.Module, step: int) -> None:
        """To be called with the averaged weights after each step."""
        if step >= self._due:
            self._keep(model, step)
            self._due = next(s for s in moments() if s > step)

    def _keep(self, model: nn.Module, step: int) -> None:
        with replacing(_path(self.folder, step)) as temporary:
            weights = {key: w.detach().half().cpu().contiguous() for key, w in model.state_dict().items()}
            temporary.write_bytes(save(weights))


def kept(folder: Path) -> list[int]:
    """The steps of the moments that wait in a folder, rising."""
    return sorted(int(path.stem) for path in folder.glob("[0-9]*.safetensors"))


def has_all(folder: Path, end: int) -> bool:
    """Whether every moment before the step `end` waits in a folder."""
    return {*takewhile(lambda step: step < end, moments())} <= {*kept(folder)}


def _path(folder: Path, step: int) -> Path:
    return folder / f"{step}.safetensors"


def develop(
    checkpoint: checkpoints.Checkpoint,
    reference: Images,
    folder: Path,
    device: str,
    progress: Callable[[int], object] = lambda num_images: None,
) -> films.Film:
    """The film of a finished checkpoint from the moments in `folder`, at most MAX_KEPT of them; the last is the checkpoint itself.

    reference  the images of the checkpoint's codes, uint8 (n, C, H, W)
    progress   called with the number of images of each moment that is done
    """
    steps, last = _steps(folder, checkpoint), checkpoint.provenance["steps"]
    model = build(checkpoint.model_config).to(device).eval().requires_grad_(False)
    own_noise = evaluation.own_noise(checkpoint.model_config)

    def load(step: int) -> Autoencoder:
        stored = checkpoint.model.state_dict() if step == last else tensors_in(_path(folder, step).read_bytes())
        model.load_state_dict({key: w.float() for key, w in stored.items()})
        return model

    losses, codes = [], []
    for step in steps:
        figures = metrics.evaluate(load(step), reference, **own_noise)
        losses.append(figures.get("bce", figures["mse"]))
        codes.append(checkpoint.codes if step == last else evaluation.encode_all(model, reference))
        progress(len(reference))
    is_turned = model.loss_sees_no_turn
    matrices = turning.turns(codes) if is_turned else [torch.eye(2, dtype=torch.double)] * len(codes)
    turned = [(z.double() @ matrix).float() for z, matrix in zip(codes, matrices, strict=True)]
    boxes = [planes.box(z) for z in turned]
    pictures = []
    for step, box, matrix in zip(steps, boxes, matrices, strict=True):
        z = (planes.grid(box, GRID_SIDE).double() @ matrix.T).float()
        pictures.append(_mosaic(load(step).decode(z.to(device)).cpu()))
    return films.Film(
        np.array(steps),
        np.array(losses),
        "bce" if checkpoint.model_config.reconstruction == "bce" else "mse",
        *films.in_16_bits(torch.stack(turned).numpy()),
        np.array(boxes, np.float32),
        tuple(map(films.as_webp, pictures)),
        GRID_SIDE,
        is_turned,
    )


def num_moments(folder: Path, checkpoint: checkpoints.Checkpoint) -> int:
    """How many moments the film that `develop` makes has."""
    return len(_steps(folder, checkpoint))


def _steps(folder: Path, checkpoint: checkpoints.Checkpoint) -> list[int]:
    last = checkpoint.provenance["steps"]
    before = [step for step in kept(folder) if step < last]
    chosen = np.unique(np.linspace(0, len(before) - 1, min(len(before), MAX_KEPT - 1)).round().astype(int))
    return [*(before[i] for i in chosen), last]


def seconds_to_develop(model: Autoencoder, reference: Images) -> float:
    """About how many seconds `develop` takes on reference images uint8 (n, C, H, W), by looking at some of them."""

    def look(n: int) -> None:
        metrics.evaluate(model, reference[:n], **evaluation.own_noise(model.config))
        evaluation.encode_all(model, reference[:n])

    return MAX_KEPT * timing.seconds_for(look, len(reference))


def _mosaic(x: Tensor) -> np.ndarray:
    """Images (GRID_SIDE², C, H, W) in [0, 1], shrunk where they are large, as one uint8 picture (height, width, C)."""
    longest = max(x.shape[2:])
    if longest > MAX_TILE_PX:
        x = F.interpolate(x, [max(1, round(side * MAX_TILE_PX / longest)) for side in x.shape[2:]], mode="area")
    _, channels, height, width = x.shape
    rows = x.view(GRID_SIDE, GRID_SIDE, channels, height, width).permute(0, 3, 1, 4, 2)
    picture = rows.reshape(GRID_SIDE * height, GRID_SIDE * width, channels)
    return (picture.clamp(0, 1) * 255).round().byte().numpy()
