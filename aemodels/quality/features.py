"""A fixed description of photos, for comparing sets of them: a two-layer scattering network on a pyramid.

Nothing in it is learnt and nothing is downloaded. Layer one is the modulus of oriented, even and odd band-pass filters
at four octaves: how much edge there is of each size and direction, and where. Layer two filters those
moduli again at the coarser octaves: how edges and textures are arranged into larger ones, which noise of the same
spectrum does not imitate (Bruna & Mallat 2013, https://arxiv.org/abs/1203.1513). How sparse each modulus is, and how it
goes with the next octave's at the same place, tells edges from texture that is everywhere alike (Portilla & Simoncelli
2000, https://doi.org/10.1023/A:1026553619983). Local colour completes it.
"""

from functools import cache
from math import pi

import torch
import torch.nn.functional as F
from torch import Tensor

NUM_OCTAVES = 4
MIN_SIDE_PX, MULTIPLE_PX = 64, 16  # of the images that octaves and parts can be made of
NUM_ORIENTATIONS = 4
KERNEL_PX = 7
GRID = 2  # first-layer energies are kept for each of GRID × GRID parts of the picture
COLOUR_GRID = 4  # and mean colours for each of COLOUR_GRID × COLOUR_GRID parts
# Energies are compared as log(energy + FLOOR), nearly straight below it. Without it the least lack of fine detail, which every
# autoencoder has, would outweigh all else; without the logarithm a few photos full of contrast would.
FLOOR = 0.15
FLOOR_OF_VARIANCE = 1e-3  # a map without structure correlates with nothing
# Luma, blue–yellow and red–green: an orthonormal basis, so that distances of colours stay what they are in RGB.
OPPONENT = torch.tensor([[3**-0.5] * 3, [6**-0.5, 6**-0.5, -2 * 6**-0.5], [2**-0.5, -(2**-0.5), 0.0]])


@cache
def oriented_filters() -> Tensor:
    """Quadrature pairs (2·NUM_ORIENTATIONS, 1, KERNEL_PX, KERNEL_PX): the even filters, then the odd ones.

    Gabor filters of wavelength 4 px and σ 1.6 px, without response to constant light, each of unit energy.
    """
    radius = KERNEL_PX // 2
    y, x = torch.meshgrid(torch.arange(-radius, radius + 1.0), torch.arange(-radius, radius + 1.0), indexing="ij")
    window = torch.exp(-(x.square() + y.square()) / (2 * 1.6**2))
    angles = pi * torch.arange(NUM_ORIENTATIONS) / NUM_ORIENTATIONS
    phase = 2 * pi / 4 * (x * angles.cos().view(-1, 1, 1) + y * angles.sin().view(-1, 1, 1))
    filters = torch.cat([window * phase.cos(), window * phase.sin()])
    filters -= window * (filters.sum((1, 2)) / window.sum()).view(-1, 1, 1)
    return (filters / filters.square().sum((1, 2), keepdim=True).sqrt()).unsqueeze(1)


def _modulus(x: Tensor) -> Tensor:
    """Maps (B, C, H, W) to the modulus of their quadrature responses, (B, C·NUM_ORIENTATIONS, H, W)."""
    maps = x.flatten(0, 1).unsqueeze(1)
    padded = F.pad(maps, [KERNEL_PX // 2] * 4, mode="reflect")
    even, odd = F.conv2d(padded, oriented_filters().to(x.device)).chunk(2, dim=1)
    return (even.square() + odd.square()).sqrt().view(len(x), -1, *x.shape[2:])


def _sparsity(modulus: Tensor) -> Tensor:
    """L2 over L1 and L4 over L2 of each map of (B, C, H, W), each norm a mean over the map, as logarithms: (B, 2·C)."""
    l1, l2, l4 = ((modulus.pow(p).mean((2, 3)).pow(1 / p) + FLOOR).log() for p in (1, 2, 4))
    return torch.cat([l2 - l1, l4 - l2], dim=1)


def _correlation(a: Tensor, b: Tensor) -> Tensor:
    """Of each map of a (B, C, H, W) with each of b (B, C, H, W), over the picture: (B, C²)."""
    a, b = (maps - maps.mean((2, 3), keepdim=True) for maps in (a, b))
    norms = ((maps.square().mean((2, 3)) + FLOOR_OF_VARIANCE).sqrt() for maps in (a, b))
    covariance = torch.einsum("bihw,bjhw->bij", a, b) / a[0, 0].numel()
    return (covariance / torch.einsum("bi,bj->bij", *norms)).flatten(1)


@torch.inference_mode()
def describe(x: Tensor) -> Tensor:
    """Features (B, 296), float32, of images x (B, 3, H, W) in [0, 1]; H and W at least MIN_SIDE_PX and multiples of MULTIPLE_PX.

    First-layer energies are taken as log(energy + FLOOR), second-layer ones relative to the one that they come from.
    """
    luma, chroma = (OPPONENT.to(x.device) @ x.flatten(2)).unflatten(2, x.shape[2:]).split([1, 2], dim=1)
    parts = [F.adaptive_avg_pool2d(torch.cat([luma, chroma], dim=1), COLOUR_GRID).flatten(1)]
    carried: list[Tensor] = []  # the moduli of finer octaves, brought to the present one
    energies: list[Tensor] = []  # their means over the picture
    for octave in range(NUM_OCTAVES):
        if octave:
            luma, chroma, *carried = (F.avg_pool2d(maps, 2) for maps in (luma, chroma, *carried))
        for maps, energy in zip(carried, energies, strict=True):
            second = _modulus(maps).mean((2, 3)).view(len(x), NUM_ORIENTATIONS, NUM_ORIENTATIONS)
            parts.append(((second + FLOOR).log() - (energy + FLOOR).log().unsqueeze(2)).flatten(1))
        modulus = _modulus(luma)
        parts.append((F.adaptive_avg_pool2d(modulus, GRID) + FLOOR).log().flatten(1))
        parts.append((chroma.std((2, 3)) + FLOOR).log())
        parts.append(_sparsity(modulus))
        if carried:
            parts.append(_correlation(carried[-1], modulus))
        carried.append(modulus)
        energies.append(modulus.mean((2, 3)))
    return torch.cat(parts, dim=1)
