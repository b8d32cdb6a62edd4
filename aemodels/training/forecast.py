"""How long recipes will take on this machine, from a few steps of each, and how a limited time is shared among them."""

import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import replace
from itertools import pairwise

import torch
from torch import Tensor

from aemodels import timing
from aemodels.config import is_number
from aemodels.data.sources import DataSet
from aemodels.files import alone_in, check_writable, replacing, said
from aemodels.models.building import build
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.models.flow import is_prior
from aemodels.quality import evaluation
from aemodels.training import codesets, filming, loop, needs, provenance
from aemodels.training.recipes import Recipe
from aemodels.training.workplace import Workplace

LONG_S = 2.0  # a step that is shorter is measured with its whole batch
NUM_STEPS = 4
NEVER = 0.999  # of a training: codes are not refined in its first steps
BETWEEN_EPOCHS = 1.1  # measuring and saving there take a tenth of the time


class Forecast:
    """Seconds that recipes take, measured once: what was found stays in a file, so that a command that goes on shares its time as before."""

    def __init__(self, at: Workplace) -> None:
        self.at, self.path = at, at.out / ".resume" / "forecast.json"
        self.known = self._read()

    def _read(self) -> dict[str, float]:
        try:
            found = json.loads(self.path.read_text(encoding="utf-8"))
            return {key: seconds for key, seconds in found.items() if is_number(seconds) and seconds > 0}
        except (OSError, ValueError, AttributeError, RecursionError):
            return {}

    def seconds(self, recipe: Recipe, dataset: DataSet, codes_of: ModelConfig | None = None) -> float:
        """About how long the recipe takes without a time limit from its first step to its checkpoint, in s.

        codes_of  of a prior: the autoencoder whose codes it learns
        """
        of_any_limit = replace(recipe, training=replace(recipe.training, minutes=None))
        asked = (of_any_limit, codes_of, len(dataset.train), provenance.device_name(self.at.device), self.at.dtype)
        key = f"{recipe.name} {hashlib.blake2b(repr(asked).encode(), digest_size=8).hexdigest()}"
        if key not in self.known:
            with said(self.path):
                self.path.parent.mkdir(parents=True, exist_ok=True)
            check_writable(self.path.parent)
            self.known[key] = _seconds(recipe, dataset, codes_of, self.at)
            with alone_in(self.path.parent), replacing(self.path) as temporary:
                known = self._read() | {key: self.known[key]}  # another process may have measured others
                temporary.write_text(json.dumps(known, indent=1), encoding="utf-8")
        return self.known[key]


def share_out(minutes: float, needs: Mapping[str, float]) -> dict[str, float]:
    """Of so many minutes, how many each model gets that needs so many: all the same, but none more than it needs. Where there is
    more than all need together, the rest is shared by need."""
    if sum(needs.values()) <= minutes:
        return {name: need * minutes / sum(needs.values()) for name, need in needs.items()}
    shares: dict[str, float] = {}
    for name, need in sorted(needs.items(), key=lambda item: item[1]):
        shares[name] = min(need, (minutes - sum(shares.values())) / (len(needs) - len(shares)))
    return {name: shares[name] for name in needs}


def in_words(seconds: float) -> str:
    """Such as "40 s", "12 min", "3.5 h"; at least "1 s"."""
    if seconds < 90:
        return f"{max(1, seconds):.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 90 * 60 else f"{seconds / 3600:.1f} h"


def _seconds(recipe: Recipe, dataset: DataSet, codes_of: ModelConfig | None, at: Workplace) -> float:
    images, config = dataset.train, recipe.training
    batch_size = min(config.batch_size, len(images))
    needs.check(recipe, batch_size, at.device)
    some = images[torch.arange(batch_size)]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = build(recipe.model)
        autoencoder = build(codes_of) if codes_of else model
    refined = 1 - config.refine_from if model.refinement and model.refinement.refiner else 0.0
    if is_prior(recipe.model):
        encoder = autoencoder.to(at.device).eval().requires_grad_(False)
        per_image_s = timing.seconds_for(lambda n: evaluation.encode_all(encoder, some[:n]), len(some)) / len(some)
        measuring_s = codesets.num_images(dataset, config.flips) * per_image_s
        some = torch.randn(len(some), *recipe.model.latent_shape)
    else:
        model.to(at.device)
        measuring_s = evaluation.seconds_to_measure(model, dataset.test, dataset.reference)
        if recipe.model.latent_shape == (2,):
            measuring_s += filming.seconds_to_develop(model, dataset.reference)

    def step_s(refine_from: float) -> float:
        return _step_seconds(
            loop.start(model, config, at.device, at.dtype), some, replace(config, refine_from=refine_from)
        )

    mean_step_s = (1 - refined) * step_s(NEVER) + (refined * step_s(0.0) if refined else 0.0)
    return BETWEEN_EPOCHS * config.epochs * (len(images) // batch_size) * mean_step_s + measuring_s


def _step_seconds(state: loop.TrainState, images: Tensor, config: TrainConfig) -> float:
    """Seconds that a step takes with a batch of all images: measured where that is short, else told from two smaller batches."""
    whole, few, more = len(images), len(images) // 32, len(images) // 8
    if few:
        took_few, took_more = (_step_of(state, images, config, size) for size in (few, more))
        # A line, for the optimiser's part of a step is as long for one image as for many.
        told = took_more + max(0.0, (took_more - took_few) / (more - few)) * (whole - more)
        if told > LONG_S:
            return told
    return _step_of(state, images, config, whole)


def _step_of(state: loop.TrainState, images: Tensor, config: TrainConfig, size: int) -> float:
    """Seconds of the shortest step with `size` of the images, but for the first one, which is slower."""
    images = images[torch.arange(NUM_STEPS * size) % len(images)]
    ended: list[float] = []
    labels = torch.zeros(len(images), dtype=torch.int64) if images.is_floating_point() else None

    def on_step(state: loop.TrainState, num_images: int, loss: Tensor) -> None:
        loss.item()  # waits for the device
        ended.append(time.monotonic())

    state.epoch, state.step, state.finished = 0, 0, False
    # At a rate at which nothing diverges.
    brief = replace(config, epochs=1, minutes=None, batch_size=size, learning_rate=1e-6)
    loop.fit(state, images, brief, on_step=on_step, labels=labels)
    return min(after - before for before, after in pairwise(ended))
