"""A decoder's matrices as small whole numbers, chosen so that it decodes nearly as before."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

MIN_ENTRIES = 4096  # of a matrix; a smaller one takes little room as it is
LARGEST = 127  # an int8's
SHARE = 0.1  # of the standard deviation of a matrix's entries: the step of the decoder's largest matrix
DAMPING = 1e-7  # of the inputs' mean square, so that their covariance can be inverted
MIN_SLOPE = (
    1 / 256
)  # of the sigmoid: a pixel that is black everywhere may be rounded 64 times as coarsely as a grey one


@dataclass(frozen=True)
class Rounded:
    """The matrix of a linear layer is whole[o, i] · steps[o].

    whole  (outputs, inputs) int8
    steps  (outputs,), float32 that float16 holds exactly
    bias   (outputs,) corrected by what rounding shifts on average
    """

    whole: Tensor
    steps: Tensor
    bias: Tensor


def is_large(layer: nn.Module) -> bool:
    """Whether it is a linear layer whose matrix `round_matrices` rounds."""
    return isinstance(layer, nn.Linear) and layer.weight.numel() >= MIN_ENTRIES


def round_matrices(decoder: nn.Module, z: Tensor) -> Iterator[Rounded]:
    """Each large linear layer of a decoder that ends in pixels' logits, in order.

    Rows are rounded by GPTQ (Frantar et al. 2023, https://arxiv.org/abs/2210.17323): what rounding one entry changes is made up
    for by the entries that are not rounded yet, by the covariance of the layer's inputs. Small matrices, whose errors pass through
    all that follow, have finer steps.

    z  (n, 2) places where it shall decode as before
    """
    layers = [m for m in decoder.modules() if isinstance(m, nn.Linear | nn.LayerNorm | nn.SiLU)]
    most = max([layer.weight.numel() for layer in layers if is_large(layer)], default=0)
    x = z
    for layer in layers:
        if not is_large(layer):
            x = layer(x)
            continue
        weight, y = layer.weight, layer(x)
        steps = SHARE * (weight.numel() / most) ** 0.25 * weight.std() * torch.ones(len(weight))
        if layer is layers[-1]:
            p = y.sigmoid()
            steps = steps * 0.25 / (p * (1 - p)).amax(0).clamp(min=MIN_SLOPE)
        steps = torch.maximum(steps, weight.abs().amax(1) / (0.95 * LARGEST)).half().float()
        whole = _gptq(weight, x, steps)
        shift = (x @ (weight - whole * steps[:, None]).T).mean(0)
        bias = (layer.bias + shift).half().float()
        yield Rounded(whole.to(torch.int8), steps, bias)
        x = nn.functional.linear(x, whole * steps[:, None], bias)


def _gptq(weight: Tensor, x: Tensor, steps: Tensor) -> Tensor:
    """Whole numbers (o, i), float, of a matrix (o, i) with inputs x (n, i) and a step for each row (o,)."""
    x = x.double()
    covariance = x.T @ x / len(x)
    order = covariance.diagonal().argsort(descending=True)  # the entries that matter most are rounded first
    damping = DAMPING * covariance.diagonal().mean() * torch.eye(len(order), dtype=x.dtype)
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(covariance[order][:, order] + damping))
    factor = torch.linalg.cholesky(inverse, upper=True).float()
    rest, whole = weight[:, order].clone(), torch.empty_like(weight)
    for j in range(len(order)):
        rounded = (rest[:, j] / steps).round().clamp(-LARGEST, LARGEST)
        whole[:, order[j]] = rounded
        error = (rest[:, j] - rounded * steps) / factor[j, j]
        rest[:, j + 1 :] -= torch.outer(error, factor[j, j + 1 :])
    return whole
