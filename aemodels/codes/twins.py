"""Twin planes: the same autoencoder with a 2-D code, trained with and without L2; what tells one from another."""

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from aemodels.codes import latents
from aemodels.codes.planes import Extent


def weight_rms(model: nn.Module) -> float:
    """Root mean square of all entries of the model's weight matrices; biases and gains, which are vectors, do not count."""
    weights = torch.cat([p.detach().flatten() for p in model.parameters() if p.ndim > 1])
    return weights.square().mean().sqrt().item()


def num_scale_free(model: nn.Module) -> tuple[int, int]:
    """How many of the model's weight matrices LayerNorm follows, and how many there are.

    LayerNorm divides by the standard deviation, so that multiplying such a matrix and its bias changes nothing (but for eps).
    """
    layers = [pair for m in model.modules() if isinstance(m, nn.Sequential) for pair in pairwise(m)]
    followed = sum(isinstance(a, nn.Linear) and isinstance(b, nn.LayerNorm) for a, b in layers)
    return followed, sum(p.ndim > 1 for p in model.parameters())


def relative_width(spread: tuple[float, float], of_plain: tuple[float, float]) -> float:
    """How many times as wide as the plain model's a cloud of codes is: geometric mean of both axes' ratios of spread.

    0 where the cloud has no spread along an axis; not a number where the plain model's has none.
    """
    if 0 in of_plain:
        return float("nan")
    return (spread[0] * spread[1] / (of_plain[0] * of_plain[1])) ** 0.5


def places(z: Tensor, codes: Sequence[Tensor], views: Sequence[Extent], link: str) -> list[Tensor]:
    """Where the cursor, at z (2,) in the first plane, is in each plane: one place (2,) a plane.

    As twins.js does it.

    codes  of each plane (n, 2), of the same n images
    views  what is seen of each plane
    link   "place": at the same share of each view's width and height, the middle of a view that has none; "digit": at the image
           whose code in the first plane is nearest to z
    """
    if link == "digit":
        index = latents.nearest(codes[0], z[None])[0].item()
        return [of_plane[index] for of_plane in codes]
    low, high = (torch.tensor([[view[i], view[i + 2]] for view in views]) for i in (0, 1))
    size = high - low
    share = ((z - low[0]) / size[0]).where(size[0] > 0, 0.5)
    return list(low + share * size)
