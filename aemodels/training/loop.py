"""fit(): the training loop, read from top to bottom."""

import contextlib
import copy
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.optim.swa_utils import get_ema_multi_avg_fn

from aemodels import precision
from aemodels.data.stored_images import Images
from aemodels.errors import ConfigError
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.config import TrainConfig
from aemodels.models.flow import FlowPrior
from aemodels.training import reading
from aemodels.training.augment import augmented
from aemodels.training.cuda_graphs import CudaGraph
from aemodels.training.divergence import require_finite
from aemodels.training.muon import Muon

if TYPE_CHECKING:
    from accelerate import Accelerator


CHECK_EVERY_S = 10
_PLAIN = ("epoch", "step", "seconds", "history", "earlier")


@dataclass
class TrainState:
    """All that training needs to go on from the end of an epoch.

    model        the weights being trained
    ema          their exponential moving average: what is evaluated and saved
    optimisers   Muon for the weight matrices, AdamW for all other parameters
    dtype        in which matrices are multiplied, bfloat16 or float32; all else is float32
    epoch, step  how many are done
    seconds      wall time since training began, in s: evaluating and saving between epochs counts, the time between an
                 interruption and going on does not
    history      one dictionary an epoch: epoch, step, seconds, learning_rate, each loss term's mean, and what on_epoch adds
    earlier      the trainings (checkpoints.trainings) that led to the weights it started from
    """

    model: Autoencoder | FlowPrior
    ema: Autoencoder | FlowPrior
    optimisers: tuple[Muon, torch.optim.AdamW]
    dtype: torch.dtype
    epoch: int = 0
    step: int = 0
    seconds: float = 0.0
    finished: bool = False
    history: list[dict[str, Any]] = field(default_factory=list)
    earlier: list[dict[str, Any]] = field(default_factory=list)

    def state_dict(self) -> dict[str, Any]:
        """What load_state_dict takes: tensors and plain values."""
        modules = {name: getattr(self, name).state_dict() for name in ("model", "ema")}
        optimisers = [optimiser.state_dict() for optimiser in self.optimisers]
        return modules | {"optimisers": optimisers} | {name: getattr(self, name) for name in _PLAIN}

    def tensors(self) -> list[Tensor]:
        """Weights and optimisers' moments, all of which must be finite, and the average's weights as checkpoints store them."""
        moments = [t for o in self.optimisers for of in o.state.values() for t in of.values() if t.is_floating_point()]
        return [*self.model.state_dict().values(), *moments, *(w.half() for w in self.ema.state_dict().values())]

    def load_state_dict(self, saved: dict[str, Any]) -> None:
        """Goes back to what state_dict gave; raises KeyError, ValueError or RuntimeError for anything else."""
        for name in ("model", "ema"):
            getattr(self, name).load_state_dict(saved[name])
        for optimiser, state in zip(self.optimisers, saved["optimisers"], strict=True):
            optimiser.load_state_dict(state)
        for name in _PLAIN:
            setattr(self, name, saved[name])


def start(
    model: Autoencoder | FlowPrior, config: TrainConfig, device: torch.device | str, dtype: torch.dtype | None = None
) -> TrainState:
    """The state before the first step.

    dtype  as in TrainState; what is fastest on the device, if not given

    Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon) moves each matrix by an orthogonal matrix, scaled
    so that the entries' root mean square is AdamW's (Liu et al. 2025, https://arxiv.org/abs/2502.16982): one learning rate
    serves both optimisers.
    """
    model, dtype = model.to(device), dtype or precision.fastest(torch.device(device))
    # A group each, which may be empty: a network need not have both.
    matrices = [{"params": [p for p in model.parameters() if p.ndim == 2]}]
    others = [{"params": [p for p in model.parameters() if p.ndim != 2]}]
    lr = config.learning_rate
    muon = Muon(matrices, lr=lr, weight_decay=config.weight_decay, dtype=dtype)
    adamw = torch.optim.AdamW(others, lr=lr, weight_decay=0.0, betas=(0.9, 0.99), fused=True)
    return TrainState(model, copy.deepcopy(model).requires_grad_(False), (muon, adamw), dtype)


def fit(
    state: TrainState,
    images: Images,
    config: TrainConfig,
    on_epoch: Callable[[TrainState], None] = lambda state: None,
    on_step: Callable[[TrainState, int, Tensor], None] = lambda state, num_images, loss: None,
    accelerator: "Accelerator | None" = None,
    measuring_s: float = 0.0,
    labels: Tensor | None = None,
) -> TrainState:
    """Trains until config.epochs or config.minutes are done, whichever is first.

    images       uint8 (N, C, H, W), or codes float16 (N, *latent_shape) for a prior, which are taken as they are. In memory, they
                 are moved to the model's device and kept there if it can hold them; if not, and if they are stored in a file, a
                 thread reads the next batches ahead. The weights come out the same.
    on_epoch     called after each epoch, and after the part of one that a time limit cuts
    on_step      called after each step with the number of images and the loss, a scalar tensor still on the device. Where one process
                 trains alone, it may set state.finished, which ends training as the end of its time does
    accelerator  where several processes train one model: each takes its share of every batch and draws its own flips,
                 shifts, warps and noise, gradients are averaged, and the first process alone calls on_epoch
    measuring_s  how much of config.minutes, in s, is left for what comes after
    labels       int64 (N,) on any device: the class of each of the images, or -1, for a model whose loss takes it

    Raises ConfigError where there are no images, fewer than processes, or a shift is as long as one, where the processes
    cannot share a batch evenly; DataError where stored images can no longer be read; DivergenceError where losses, gradients or
    weights are finite no longer, before on_epoch sees them.

    Everything drawn in epoch e comes from one generator seeded by (seed, e), so that training resumed at an epoch's end
    goes on as if it had never stopped.
    """
    rank, num_processes = (accelerator.process_index, accelerator.num_processes) if accelerator else (0, 1)
    if config.batch_size % num_processes:
        raise ConfigError(
            f"A batch of {config.batch_size} images cannot be shared evenly by {num_processes} processes."
        )
    if len(images) < num_processes:
        raise ConfigError(f"{len(images)} images are too few to train on.")
    if config.shift_px >= min(images.shape[2:], default=1):
        raise ConfigError(f"A shift of {config.shift_px} pixels is too long for images {tuple(images.shape[1:])}.")
    device = next(state.model.parameters()).device
    images, labels = reading.place(images, device), None if labels is None else labels.to(device)
    batch_size = min(config.batch_size, len(images)) // num_processes * num_processes
    steps_per_epoch = len(images) // batch_size
    num_steps = config.epochs * steps_per_epoch
    limit_s = math.inf if config.minutes is None else 60 * config.minutes - measuring_s
    began = time.monotonic() - state.seconds
    state.model.train()
    network = accelerator.prepare(state.model) if accelerator else state.model
    generator = torch.Generator(device)

    def differentiate(x: Tensor, *label: Tensor) -> dict[str, Tensor]:
        """Means of the loss's terms over images x (B, ...), whose sum's gradient goes into the weights' .grad."""
        network.zero_grad()
        x = x.float() if x.is_floating_point() else augmented(x, config, generator)
        with torch.autocast(device.type, torch.bfloat16, enabled=state.dtype == torch.bfloat16):
            terms = network(x, generator, *label)
        means = {name: term.mean() for name, term in terms.items()}
        sum(means.values()).backward()
        return {name: mean.detach() for name, mean in means.items()}

    take_gradients, refines, records = None, None, device.type == "cuda" and not accelerator
    while state.epoch < config.epochs and not state.finished:
        generator.manual_seed(config.seed * 1_000_003 + state.epoch)
        order = torch.randperm(len(images), generator=generator, device=device)
        if rank:
            generator.manual_seed(generator.initial_seed() + rank * 1_000_000_007)
        totals: dict[str, Tensor] = {}
        done_steps = 0
        learning_rates: list[float] = []
        norms: list[Tensor] = []  # of the gradients at each step, on the device
        checked = time.monotonic()

        places = [batch[rank::num_processes] for batch in order[: steps_per_epoch * batch_size].split(batch_size)]
        with contextlib.closing(reading.batches(images, places, device)) as batches:
            for x, place in zip(batches, places, strict=True):
                # Several processes must all stop at the same step, and to agree on it waits for the device: seldom.
                if accelerator is None or done_steps % 16 == 0:
                    time_used = (time.monotonic() - began) / limit_s
                    if accelerator and config.minutes:
                        time_used = accelerator.gather(torch.tensor([time_used], device=device)).max().item()
                progress = max(state.step / num_steps, time_used)
                if progress >= 1 or state.finished:
                    state.finished = True
                    break
                refine_now = progress >= config.refine_from
                learning_rate = config.learning_rate * schedule(progress, config.warmup)
                for optimiser in state.optimisers:
                    for group in optimiser.param_groups:
                        group["lr"] = learning_rate

                if refines != refine_now:
                    refines = refine_now
                    if state.model.refinement:
                        state.model.refinement.uses_refiner = refines
                    take_gradients = CudaGraph(differentiate, generator) if records else differentiate
                terms = take_gradients(x, *([] if labels is None else [labels[place]]))
                norms.append(nn.utils.clip_grad_norm_(state.model.parameters(), 1.0))
                learning_rates.append(learning_rate)
                for optimiser in state.optimisers:
                    optimiser.step()
                state.step += 1
                state.seconds = time.monotonic() - began
                done_steps += 1
                update_ema(state.ema, state.model, min(config.ema_decay, (1 + state.step) / (10 + state.step)))

                for name, term in terms.items():
                    totals[name] = totals.get(name, 0) + term
                on_step(state, batch_size, sum(terms.values()))
                # An epoch may take an hour. Several processes would not agree on when to look, and wait for its end.
                if accelerator is None and time.monotonic() - checked > CHECK_EVERY_S:
                    require_finite(state.step, learning_rates, norms)
                    checked = time.monotonic()
            else:
                state.epoch += 1

        state.finished = state.finished or state.epoch == config.epochs
        if done_steps:
            if accelerator:
                totals = accelerator.reduce(totals, "mean")
            require_finite(state.step, learning_rates, norms, [*totals.values(), *state.tensors()])
            means = {name: (total / done_steps).item() for name, total in totals.items()}
            state.history.append(
                {
                    "epoch": round(state.step / steps_per_epoch, 3),
                    "step": state.step,
                    "seconds": round(state.seconds, 1),
                    "learning_rate": learning_rate,
                    **means,
                }
            )
        if rank == 0:
            on_epoch(state)
        if accelerator:
            accelerator.wait_for_everyone()
    if accelerator:
        del network
        accelerator.free_memory()  # it would keep what it prepared until Python exits
    return state


def schedule(progress: float, warmup: float) -> float:
    """Share of the peak learning rate at `progress` in [0, 1]: a linear rise over `warmup`, then half a cosine to zero."""
    if progress < warmup:
        return (progress + 1e-3) / (warmup + 1e-3)
    return 0.5 + 0.5 * math.cos(math.pi * (progress - warmup) / (1 - warmup))


def update_ema(ema: nn.Module, model: nn.Module, decay: float) -> None:
    """ema ← decay · ema + (1 − decay) · model, for all parameters; a network's buffers do not change."""
    get_ema_multi_avg_fn(decay)(list(ema.parameters()), list(model.parameters()), None)
