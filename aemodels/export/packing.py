"""A plane model in bytes for a browser: its decoder, its codes and their labels; store.js and decoder.js read them."""

import json

import numpy as np
import torch
from torch import Tensor, nn

from aemodels.codes import planes
from aemodels.errors import ConfigError
from aemodels.export import rounding
from aemodels.language import _
from aemodels.storage.checkpoints import Checkpoint

FIT_SIDE = 64  # of the grid of places on which rounded weights shall decode as before


def pack(ckpt: Checkpoint, version: int) -> bytes:
    """Length of the header, uint32; the header, JSON; weights in float16, as in the checkpoint file; codes in float32; labels, uint8.

    Raises ConfigError for a decoder that a browser does not know.
    """
    layers, weights = decoder_layers(ckpt.model.decoder)
    return _join(ckpt, version, layers, weights, ckpt.codes, b"")


def pack_rounded(ckpt: Checkpoint, version: int) -> bytes:
    """As `pack`, for compressing to a third of its size: the matrices follow as whole numbers, int8, and where each matrix stood
    in the weights, there is the step of each of its rows. Codes are rounded to 16 significant bits.

    Raises ConfigError as `pack` does.
    """
    layers, _weights = decoder_layers(ckpt.model.decoder)
    box = planes.box(ckpt.codes, 0.998)
    places = [planes.cells(planes.widen(box), FIT_SIDE), planes.cells(_twice(box), FIT_SIDE // 2), ckpt.codes[::2]]
    rounded = iter(rounding.round_matrices(ckpt.model.decoder, torch.cat(places)))
    weights, whole = [], []
    for layer in ckpt.model.decoder.modules():
        if rounding.is_large(layer):
            matrix = next(rounded)
            weights += [matrix.steps, matrix.bias]
            whole.append(matrix.whole.numpy().tobytes())
        elif isinstance(layer, nn.Linear | nn.LayerNorm):
            weights += [layer.weight.flatten(), layer.bias]
    for layer in layers:
        layer["rounded"] = layer["kind"] == "linear" and layer["inputs"] * layer["outputs"] >= rounding.MIN_ENTRIES
    bits = ckpt.codes.numpy().view(np.int32)
    codes = torch.from_numpy(((bits + 0x80) & ~0xFF).view(np.float32))
    return _join(ckpt, version, layers, torch.cat(weights), codes, b"".join(whole))


def decoder_layers(decoder: nn.Module) -> tuple[list[dict], Tensor]:
    """A decoder's layers in order, with their sizes, and all their weights in one float vector, for decoder.js.

    Raises ConfigError for a layer that the browser does not know.
    """
    layers, weights = [], []
    for layer in decoder.modules():
        match layer:
            case nn.Linear():
                layers.append({"kind": "linear", "inputs": layer.in_features, "outputs": layer.out_features})
            case nn.LayerNorm():
                layers.append({"kind": "norm", "size": layer.normalized_shape[0], "eps": layer.eps})
            case nn.SiLU():
                layers.append({"kind": "silu"})
            case nn.Sequential() | nn.Flatten() | nn.Unflatten():
                continue
            case _:
                raise ConfigError(
                    _("The browser cannot decode with a layer of the kind {kind}.").format(kind=type(layer).__name__)
                )
        weights += [p.flatten() for p in layer.parameters()]
    return layers, torch.cat(weights)


def _join(ckpt: Checkpoint, version: int, layers: list[dict], weights: Tensor, codes: Tensor, whole: bytes) -> bytes:
    header = {
        "name": ckpt.name,
        "version": version,
        "layers": [*layers, {"kind": "sigmoid"}],
        "num_weights": len(weights),
        "num_codes": len(codes),
        "num_whole": len(whole),
    }
    arrays = (weights.half(), codes, ckpt.labels.byte())
    return join(header, *(a.contiguous().numpy().tobytes() for a in arrays), whole)


def join(header: dict, *parts: bytes) -> bytes:
    """What store.js reads: the length of the header, uint32; the header, JSON; the parts."""
    text = json.dumps(header).encode()
    return b"".join([len(text).to_bytes(4, "little"), text, *parts])


def _twice(extent: planes.Extent) -> planes.Extent:
    x_min, x_max, y_min, y_max = extent
    dx, dy = (x_max - x_min) / 2, (y_max - y_min) / 2
    return x_min - dx, x_max + dx, y_min - dy, y_max + dy
