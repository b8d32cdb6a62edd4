"""What would give wrong numbers without a word is refused: each check raises ValueError with one sentence."""

from collections.abc import Sequence

import torch
from torch import Tensor

ROUNDING = 1e-3  # beyond [0, 1], as resizing and blending leave; a grey level is 4e-3
NOISE = 50.0  # beyond [0, 1], where images may be noisy; images in 0..255 reach further
FLOATS = (torch.float32, torch.float16, torch.bfloat16, torch.float64)
MAX_CODE = 1e12  # what networks make of much larger codes leaves float32


def check_images(
    x: Tensor,
    name: str,
    shape: Sequence[int] | None = None,
    device: torch.device | None = None,
    noisy: bool = False,
) -> None:
    """x must be images (B, C, H, W), float in [0, 1].

    shape   of one image, where only one is right
    device  where x must lie, if anywhere
    noisy   whether noise may have moved the values out of [0, 1]
    """
    _check_float(x, name, "images in [0, 1]; divide bytes by 255")
    if shape is not None:
        _check_shape(x, name, "images", shape)
    elif x.ndim != 4:
        one = f"; one alone is {name}[None]" if x.ndim == 3 else ""
        raise ValueError(f"{name} has shape {tuple(x.shape)}, but images are (B, C, H, W){one}.")
    elif not all(x.shape[1:]):
        raise ValueError(f"{name} has shape {tuple(x.shape)}: images without a pixel.")
    _check_device(x, name, device)
    margin = NOISE if noisy else ROUNDING
    _check_range(x, name, "images", -margin, 1 + margin)


def check_codes(z: Tensor, shape: Sequence[int], device: torch.device) -> None:
    """z must be codes (B, *shape) on that device, float, finite, within ±MAX_CODE."""
    _check_float(z, "z", "codes")
    _check_shape(z, "z", "codes", shape)
    _check_device(z, "z", device)
    _check_range(z, "z", "codes", -MAX_CODE, MAX_CODE)


def check_bytes(images: Tensor, shape: Sequence[int] | None = None) -> None:
    """images must be uint8 (N, C, H, W), each of that shape where one is given."""
    if getattr(images, "dtype", None) != torch.uint8:
        raise ValueError(f"images must be a uint8 tensor, 0 to 255, not {_kind(images)}.")
    if shape is not None:
        _check_shape(images, "images", "images", shape)


def check_amount(value: float, name: str) -> None:
    """A strength of noise must be a finite number of at least 0."""
    if not 0 <= value < float("inf"):
        raise ValueError(f"{name} must be a finite number of at least 0, not {value}.")


def _check_float(x: Tensor, name: str, what: str) -> None:
    if not isinstance(x, Tensor) or x.dtype not in FLOATS:
        raise ValueError(f"{name} is {_kind(x)}, but must be a float tensor of {what}.")
    if x.layout != torch.strided or x.is_nested:
        raise ValueError(f"{name} is a sparse or nested tensor, but must be a dense one.")


def _check_shape(x: Tensor, name: str, what: str, shape: Sequence[int]) -> None:
    if x.shape[1:] != tuple(shape) or not x.ndim:
        one = f"; one alone needs its batch axis, {name}[None]" if x.shape == tuple(shape) else ""
        wanted = ", ".join(map(str, ("B", *shape)))
        raise ValueError(f"{name} has shape {tuple(x.shape)}, but the model's {what} are ({wanted}){one}.")


def _check_device(x: Tensor, name: str, device: torch.device | None) -> None:
    if device is not None and x.device != device:
        raise ValueError(f"{name} is on {x.device} and the model on {device}; move one of them.")


def _check_range(x: Tensor, name: str, what: str, low: float, high: float) -> None:
    if torch.compiler.is_compiling() or not x.numel():  # a compiled graph cannot depend on values
        return
    if x.is_meta:
        raise ValueError(f"{name} is on the device meta, where tensors have no values.")
    least, most = (value.item() for value in x.detach().aminmax())  # both are nan where any element is
    if not (low <= least and most <= high):
        raise ValueError(f"{name} holds {least:g} to {most:g}, but {what} are finite and in [{low:.4g}, {high:.4g}].")


def _kind(x: object) -> str:
    return f"a tensor of {x.dtype}".replace("torch.", "") if isinstance(x, Tensor) else f"a {type(x).__name__}"
