"""Digests in a file's header, by which a flipped bit is found: numbers that changed are numbers all the same."""

import hashlib
import json
from collections.abc import Mapping

import torch
from torch import Tensor

from aemodels.language import N_

OF_TENSORS, OF_HEADER = "tensor_digests", "header_digest"
HEADER = N_("its header")


def sealed(metadata: Mapping[str, str], tensors: Mapping[str, Tensor]) -> dict[str, str]:
    """The metadata with one digest of each tensor's bytes, and one of all metadata, those digests included."""
    metadata = {**metadata, OF_TENSORS: json.dumps(_of_tensors(tensors))}
    return metadata | {OF_HEADER: _of_header(metadata)}


def damaged(metadata: Mapping[str, str], tensors: Mapping[str, Tensor] | None = None) -> str | None:
    """What is not as it was sealed, "its header" or a tensor's name; None where nothing is.

    tensors  not looked at, if not given
    """
    if metadata.get(OF_HEADER) != _of_header(metadata):
        return HEADER
    if tensors is None:
        return None
    expected, found = json.loads(metadata[OF_TENSORS]), _of_tensors(tensors)
    return min((name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name)), default=None)


def of_tensors_alone(metadata: Mapping[str, str]) -> str:
    """One digest of all tensors that the sealed metadata goes with, whatever else it tells."""
    return _digest(json.dumps(json.loads(metadata[OF_TENSORS]), sort_keys=True).encode())


def of_parts(parts: Mapping[str, str]) -> str:
    """One digest of several, by name."""
    return _digest(json.dumps(sorted(parts.items())).encode())


def _of_tensors(tensors: Mapping[str, Tensor]) -> dict[str, str]:
    # As bytes, for numpy has no bfloat16.
    return {name: _digest(t.contiguous().reshape(-1).view(torch.uint8).numpy()) for name, t in tensors.items()}


def _of_header(metadata: Mapping[str, str]) -> str:
    return _digest(json.dumps([(key, value) for key, value in sorted(metadata.items()) if key != OF_HEADER]).encode())


def _digest(content: memoryview) -> str:
    """32 hexadecimal digits; processors have instructions for SHA-256, which make it the fastest that Python knows."""
    return hashlib.sha256(content).hexdigest()[:32]
