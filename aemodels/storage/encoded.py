"""Codes of photos, kept beside the decoded photos: no photo is encoded twice by the same model.

A code is found by what the photo shows and what the model is, never by a name, so nothing old is ever taken for something new.
"""

import contextlib
import functools
import hashlib
import json
import logging
import math
import threading
import weakref
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from aemodels.data.photo_cache import cache_root
from aemodels.files import remove_oldest, replacing
from aemodels.models.autoencoders import Autoencoder

DIGEST_BYTES = 16
MAX_BYTES = 256 * 2**20  # on disk
LOOK_EVERY = 512  # codes written by this process, until it looks again how much there is
MAX_NUMBERS = 4 * 2**20  # in memory: 16 MiB
HOW_TO_ENCODE = Path(__file__).parents[1]  # the source of what makes a code of a photo, relative to here:
SOURCES = (
    "models/autoencoders.py", "models/layers.py", "models/networks.py", "models/quasi_newton.py", "models/refine.py", "noise.py",
)  # fmt: skip

logger = logging.getLogger("aemodels")


class _Recent:
    """The codes used last, by key, up to MAX_NUMBERS numbers in all; several threads may use it."""

    def __init__(self) -> None:
        self._codes: OrderedDict[str, Tensor] = OrderedDict()
        self._num_numbers = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Tensor | None:
        with self._lock:
            if key in self._codes:
                self._codes.move_to_end(key)
            return self._codes.get(key)

    def put(self, key: str, z: Tensor) -> None:
        with self._lock:
            if key not in self._codes:
                self._codes[key] = z
                self._num_numbers += z.numel()
            while self._num_numbers > MAX_NUMBERS:
                self._num_numbers -= self._codes.popitem(last=False)[1].numel()

    def clear(self) -> None:
        with self._lock:
            self._codes.clear()
            self._num_numbers = 0


recent = _Recent()
_digests: weakref.WeakKeyDictionary[nn.Module, str] = weakref.WeakKeyDictionary()
_num_written = 0  # by this process; threads that count at once may miss one


def encode(
    model: Autoencoder, x: Tensor, keeps_on_disk: bool, encode_new: Callable[[Tensor], Tensor] | None = None
) -> Tensor:
    """Codes (B, *latent_shape) of photos x (B, C, H, W), as model.encode gives them; photos that were encoded before are not encoded
    again.

    model          of a checkpoint: it is in evaluation mode and does not change any more
    keeps_on_disk  false for photos of visitors: their codes stay in memory, until others take their place
    encode_new     takes the place of model.encode

    Codes agree with those of another call to float32 rounding: it depends a little on which photos are encoded together. Where the disk
    cannot be written, codes stay in memory alone; a file that is damaged counts as missing.
    """
    of_model, shape = _digest_of(model), model.config.latent_shape
    keys = [f"{of_model}-{_digest(_bytes(image))}" for image in x]
    found = {key: _find(key, shape, keeps_on_disk) for key in keys}
    missing = [i for i, key in enumerate(keys) if found[key] is None]
    if missing:
        for i, z in zip(missing, (encode_new or model.encode)(x[missing]), strict=True):
            found[keys[i]] = z = z.clone()  # of its batch it would keep all
            recent.put(keys[i], z)
            if keeps_on_disk:
                _write(keys[i], z)
    return torch.stack([found[key] for key in keys]) if keys else model.encode(x)


def folder() -> Path:
    """Where the codes lie, a file each."""
    return cache_root() / "codes"


def _find(key: str, shape: tuple[int, ...], is_on_disk: bool) -> Tensor | None:
    z = recent.get(key)
    if z is not None or not is_on_disk:
        return z
    with contextlib.suppress(OSError):
        content = (folder() / key).read_bytes()
        digest, numbers = content[:DIGEST_BYTES], content[DIGEST_BYTES:]
        if len(numbers) == 4 * math.prod(shape) and digest == _seal(key, numbers):
            z = torch.from_numpy(np.frombuffer(numbers, "<f4").astype(np.float32)).view(shape)
            recent.put(key, z)
    return z


def _write(key: str, z: Tensor) -> None:
    global _num_written
    numbers = z.numpy().astype("<f4").tobytes()
    try:
        with replacing(folder() / key) as temporary:
            temporary.write_bytes(_seal(key, numbers) + numbers)
        if _num_written % LOOK_EVERY == 0:
            remove_oldest(folder(), "*", MAX_BYTES)  # what an interrupted process has left of codes too
        _num_written += 1
    except OSError:
        _warn(folder())


@functools.cache  # once
def _warn(unwritable: Path) -> None:
    logger.warning(
        "%s cannot be written, so photos are encoded anew after each start; free some space or set LATENT_LAB_CACHE.",
        unwritable,
    )


def _seal(key: str, numbers: bytes) -> bytes:
    return hashlib.blake2b(key.encode() + numbers, digest_size=DIGEST_BYTES).digest()


def _digest_of(model: Autoencoder) -> str:
    """Of the model's configuration, its numbers, and the code that encodes with them."""
    if model not in _digests:
        _digests[model] = _digest(
            _of_sources(),
            json.dumps(model.config.to_dict(), sort_keys=True).encode(),
            *(_bytes(tensor) for tensor in model.state_dict().values()),
        )
    return _digests[model]


@functools.cache
def _of_sources() -> bytes:
    return b"".join((HOW_TO_ENCODE / source).read_bytes() for source in SOURCES)


def _digest(*contents: bytes | memoryview) -> str:
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    for content in contents:
        digest.update(content)
    return digest.hexdigest()


def _bytes(tensor: Tensor) -> memoryview:
    return tensor.contiguous().numpy().data
