"""Models that went wrong, or that few pictures made: the trained ones with other codes, saved as checkpoints."""

from dataclasses import replace
from functools import cache
from pathlib import Path

import torch
from browser import REPO
from torch import Tensor

import aemodels
from aemodels.models import building
from aemodels.storage import checkpoints

MNIST = ("mnist-ae", "mnist-ae-l2-code", "mnist-ae-l2-weights", "mnist-dae", "mnist-dae-2d")
DOGS = ("dog-ae", "dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15")


def dead(codes: Tensor) -> Tensor:
    """The second number of a 2-D code, or the second channel, is the same for every picture."""
    codes = codes.clone()
    codes[:, 1] = codes[:1, 1]
    return codes


def equal(codes: Tensor) -> Tensor:
    return codes[:1].expand_as(codes).clone()


def zero(codes: Tensor) -> Tensor:
    return torch.zeros_like(codes)


def huge(codes: Tensor) -> Tensor:
    """As large as the file's number format can hold, or a million times as large."""
    return codes * (1e6 if codes[0].numel() <= 8 else 6e4 / codes.abs().max())


def tiny(codes: Tensor) -> Tensor:
    return codes * 1e-9


BROKEN = {function.__name__: function for function in (dead, equal, zero, huge, tiny)}


@cache
def quick(name: str) -> checkpoints.Checkpoint:
    """A trained model; a dog model without what improves its encoder's code, which takes most of the time."""
    ckpt = aemodels.load_checkpoint(name, REPO / "checkpoints")
    if name in MNIST:
        return ckpt
    plain = replace(ckpt.model_config, corrector_depths=(), refiner_depth=0, refiner_steps=0, descent_steps=0)
    model = building.build(plain)
    model.load_state_dict({k: w for k, w in ckpt.model.state_dict().items() if k.startswith(("encoder", "decoder"))})
    return replace(ckpt, model=model.eval().requires_grad_(False))


@cache
def small(name: str) -> checkpoints.Checkpoint:
    """The codes and figures of a trained model; a dog model's network is a small one with random weights."""
    ckpt = aemodels.load_checkpoint(name, REPO / "checkpoints")
    if name in MNIST:
        return ckpt
    return _random(ckpt, corrector_depths=(), refiner_depth=0, refiner_steps=0, descent_steps=0)


@cache
def small_with_stages(name: str) -> checkpoints.Checkpoint:
    """As `small`, and each of the model's ways to improve its encoder's code, as small."""
    ckpt = aemodels.load_checkpoint(name, REPO / "checkpoints")
    return _random(ckpt, corrector_depths=(1, 1), refiner_depth=1)


def _random(ckpt: checkpoints.Checkpoint, **changes) -> checkpoints.Checkpoint:
    small = {"widths": (8, 16), "encoder_depths": (1, 1), "decoder_depths": (1, 1)}
    config = replace(ckpt.model_config, **small, **changes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = building.build(config)
    return replace(ckpt, model=model.eval().requires_grad_(False))


def save(name: str, folder: Path, change=lambda codes: codes, num_codes: int | None = None, model_of=small) -> None:
    """The model of this name, small or quick, into a folder, with changed codes or fewer of them."""
    ckpt = model_of(name)
    kept = {key: getattr(ckpt, key)[:num_codes] for key in ("labels", "index")}
    checkpoints.save_checkpoint(replace(ckpt, codes=change(ckpt.codes[:num_codes]), **kept), folder)
