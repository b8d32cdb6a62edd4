"""Film files: how a plane of 2-D codes was learnt, one file beside the checkpoint that the training made.

As with checkpoints, a safetensors file that holds numbers and text alone, and a digest of each.
"""

import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, UnidentifiedImageError
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor

from aemodels.errors import CheckpointError
from aemodels.files import replacing
from aemodels.language import _
from aemodels.storage import checkpoints, digests

FORMAT = "latent-lab-film/1"
MAX_MOMENTS = 64
MAX_SIDE_PX = 4096
QUALITY = 70  # of the pictures, as WebP counts it
_LEAST, _STEPS = -32768, 65535  # of 16 bits, and how many steps lead from there to the greatest


@dataclass(frozen=True)
class Film:
    """What a training kept at T moments, from before the first step to its end.

    steps      (T,) int64, rising: how many steps were done
    losses     (T,) float64: mean reconstruction loss of the reference images then, under the model's own noise
    loss_name  "bce" in nats a pixel, or "mse"
    places     (T, n, 2) int16: codes of the reference images, in the order of the checkpoint's, over the range of each moment
    low, high  (T, 2) float64: that range, along each axis
    boxes      (T, 4) float32: x_min, x_max, y_min, y_max of the plane that the pictures show
    pictures   T WebP files: decoded codes on a regular grid over the box, grid_side a row, as an image lies
    is_turned  whether the planes of all moments but the last are turned, or mirrored, to agree with the next
    """

    steps: np.ndarray
    losses: np.ndarray
    loss_name: str
    places: np.ndarray
    low: np.ndarray
    high: np.ndarray
    boxes: np.ndarray
    pictures: tuple[bytes, ...]
    grid_side: int
    is_turned: bool

    def codes(self, moment: int) -> np.ndarray:
        """The codes (n, 2) float32 of a moment, to within half a step of 16 bits."""
        low, high = self.low[moment], self.high[moment]
        share = (self.places[moment].astype(np.float64) - _LEAST) / _STEPS
        return (low + share * (high - low)).astype(np.float32)

    def picture(self, moment: int) -> np.ndarray:
        """The picture of a moment, uint8 (height, width, 3)."""
        return _opened(self.pictures[moment])


def in_16_bits(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`Film.places`, `Film.low` and `Film.high` of codes (T, n, 2)."""
    low, high = codes.min(1).astype(np.float64), codes.max(1).astype(np.float64)
    share = (codes - low[:, None]) / np.maximum(high - low, np.finfo(np.float32).tiny)[:, None]
    return (share * _STEPS + _LEAST).round().astype(np.int16), low, high


def as_webp(picture: np.ndarray) -> bytes:
    """A picture uint8 (height, width, 1 or 3) as a WebP file."""
    buffer = io.BytesIO()
    is_grey = picture.shape[2] == 1
    Image.fromarray(picture[:, :, 0] if is_grey else picture).save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()


def film_path(name: str, folder: str | Path | None = None) -> Path:
    """Where the film of this checkpoint lies, if there is one; raises CheckpointError as `checkpoints.checkpoint_path` does."""
    return checkpoints.checkpoint_path(name, folder).with_name(f"{name}.film")


def save_film(film: Film, name: str, folder: str | Path | None = None) -> Path:
    """Writes the film of a checkpoint that is there, atomically.

    Raises CheckpointError as `checkpoints.read_tensors_digest` does, and where a code is not finite; FileError where it cannot be written.
    """
    path = film_path(name, folder)
    arrays = {key: getattr(film, key) for key in ("steps", "losses", "low", "high", "boxes")}
    if not all(np.isfinite(array).all() for array in arrays.values()):
        raise CheckpointError(
            _("{name} has codes that are not finite and cannot be filmed; train it at a lower learning rate.").format(
                name=name
            )
        )
    tensors = {key: torch.from_numpy(array) for key, array in (arrays | {"codes": film.places}).items()}
    for moment, picture in enumerate(film.pictures):
        tensors[f"picture.{moment}"] = torch.frombuffer(bytearray(picture), dtype=torch.uint8)
    metadata = {
        "format": FORMAT,
        "of": checkpoints.read_tensors_digest(name, folder),
        "told": json.dumps({"loss_name": film.loss_name, "grid_side": film.grid_side, "is_turned": film.is_turned}),
    }
    with replacing(path) as temporary:
        temporary.write_bytes(save(tensors, metadata=digests.sealed(metadata, tensors)))
    return path


def load_film(name: str, folder: str | Path | None = None) -> Film:
    """The film of this checkpoint. Raises CheckpointError, in one sentence, where there is none, where the file is damaged, and where
    it is of another training than the checkpoint."""
    path = film_path(name, folder)
    of = checkpoints.read_tensors_digest(name, folder)
    try:
        content = path.read_bytes()
        metadata = _metadata(content)
        stored = load(content)
        if digests.damaged(metadata, stored) is not None:
            raise ValueError("digest")
        if metadata["of"] != of:
            raise CheckpointError(
                _(
                    "{file} is of another training of {name}; delete it, or put the film of this one in its place."
                ).format(file=path.name, name=name)
            )
        return _film(metadata, stored)
    except FileNotFoundError as error:
        raise CheckpointError(
            _(
                "There is no film of {name}; train.py makes one while it trains a model with a code of two numbers."
            ).format(name=name)
        ) from error
    except OSError as error:
        raise CheckpointError(
            _("{file} cannot be read ({reason}); check that it is a file you may read.").format(
                file=path.name, reason=error.strerror or type(error).__name__
            )
        ) from error
    except (SafetensorError, LookupError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        raise CheckpointError(
            _("{file} is broken or incomplete; copy it again, or delete it: the model itself needs no film.").format(
                file=path.name
            )
        ) from error


def _metadata(content: bytes) -> dict[str, str]:
    length = int.from_bytes(content[:8], "little")
    metadata = json.loads(content[8 : 8 + length])["__metadata__"]
    if metadata["format"] != FORMAT:
        raise ValueError("format")
    return metadata


def _film(metadata: dict[str, str], stored: dict[str, Tensor]) -> Film:
    """Raises ValueError, TypeError or LookupError for numbers that do not fit together."""
    told = json.loads(metadata["told"])
    steps, losses, codes, low, high, boxes = (
        stored[key].numpy() for key in ("steps", "losses", "codes", "low", "high", "boxes")
    )
    num_moments = len(steps)
    shapes = [losses.shape, low.shape, high.shape, boxes.shape, codes.shape[::2]]
    fits = shapes == [(num_moments,), (num_moments, 2), (num_moments, 2), (num_moments, 4), (num_moments, 2)]
    if not (fits and 2 <= num_moments <= MAX_MOMENTS and codes.dtype == np.int16 and codes.ndim == 3):
        raise ValueError("shapes")
    if not all(np.isfinite(numbers).all() for numbers in (losses, low, high, boxes)) or (np.diff(steps) <= 0).any():
        raise ValueError("numbers")
    pictures = tuple(stored[f"picture.{moment}"].numpy().tobytes() for moment in range(num_moments))
    for picture in pictures:
        _opened(picture)
    side, is_turned = int(told["grid_side"]), bool(told["is_turned"])
    return Film(steps, losses, str(told["loss_name"]), codes, low, high, boxes, pictures, side, is_turned)


def _opened(content: bytes) -> np.ndarray:
    try:
        with Image.open(io.BytesIO(content), formats=["WEBP"]) as picture:
            if max(picture.size) > MAX_SIDE_PX:
                raise ValueError("size")
            return np.asarray(picture.convert("RGB"))
    except (UnidentifiedImageError, OSError) as error:
        raise ValueError("picture") from error
