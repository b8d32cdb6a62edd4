"""A transformer over the positions of a code, told a time and a class (Peebles & Xie 2023, https://arxiv.org/abs/2212.09748)."""

from math import log, prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

HEAD_WIDTH = 32
NUM_FREQUENCIES = 128
LONGEST_PERIOD = 10_000
LEAST_ENERGY = 1e-3  # of a token, whose numbers have variance 1 in the mean
TIME_SCALE = 1000  # times in [0, 1] as far apart as the diffusion steps that these frequencies were chosen for


def num_tokens(shape: tuple[int, ...], patch: int) -> int:
    """Into how many tokens `patches` cuts a code of this shape."""
    sides = shape[1:] or shape
    return prod(side // patch for side in sides)


def patches(z: Tensor, patch: int) -> Tensor:
    """Codes (B, C, H, W) as tokens (B, (H/p)·(W/p), C·p·p), each a square of p × p cells; codes (B, D) as (B, D/p, p)."""
    if z.ndim == 2:
        return z.unflatten(1, (-1, patch))
    return F.unfold(z, patch, stride=patch).mT


def unpatch(tokens: Tensor, shape: tuple[int, ...], patch: int) -> Tensor:
    """Inverse of patches, for codes of this shape."""
    return tokens.flatten(1) if len(shape) == 1 else F.fold(tokens.mT, shape[1:], patch, stride=patch)


class Block(nn.Module):
    """Attention and two layers on each token; time and class shift and scale both (adaLN), and weigh what each adds. All blocks are told
    the same and each adds numbers of its own (Chen et al. 2024, https://arxiv.org/abs/2310.00426), which takes a third fewer weights.

    Queries and keys are normalised to unit mean square (Henry et al. 2020, https://arxiv.org/abs/2010.04245).
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.modulation = nn.Parameter(torch.zeros(1, 1, 6 * width))
        self.qkv = nn.Linear(width, 3 * width)
        self.gain_q, self.gain_k = (nn.Parameter(torch.ones(HEAD_WIDTH)) for _ in range(2))
        self.project = nn.Linear(width, width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x: Tensor, modulation: Tensor) -> Tensor:
        """Tokens (B, T, width) and what time and class say (B, 1, 6 · width) to tokens."""
        shift1, scale1, gate1, shift2, scale2, gate2 = (modulation + self.modulation).chunk(6, dim=-1)
        x = x + (1 + gate1) * self._attend(_normalise(x) * (1 + scale1) + shift1)
        return x + (1 + gate2) * self.narrow(F.gelu(self.widen(_normalise(x) * (1 + scale2) + shift2)))

    def _attend(self, x: Tensor) -> Tensor:
        q, k, v = (
            self.qkv(x).unflatten(-1, (3, -1, HEAD_WIDTH)).permute(2, 0, 3, 1, 4)
        )  # (B, heads, T, HEAD_WIDTH) each
        q, k = (F.rms_norm(x, (HEAD_WIDTH,), gain.to(x.dtype)) for x, gain in ((q, self.gain_q), (k, self.gain_k)))
        attended = F.scaled_dot_product_attention(q, k, v)
        return self.project(attended.transpose(1, 2).flatten(2))


class Transformer(nn.Module):
    """Codes (B, *shape), times (B,) in [0, 1] and labels (B,) to two tensors of the codes' shape, all 0 before training.

    Each token is also told its energy, which normalising would take away.

    num_labels  of classes; the label of that number says that none is told
    """

    def __init__(self, shape: tuple[int, ...], patch: int, width: int, depth: int, num_labels: int) -> None:
        super().__init__()
        self.shape, self.patch = shape, patch
        tokens, numbers = num_tokens(shape, patch), prod(shape) // num_tokens(shape, patch)
        self.embed = nn.Linear(numbers + 1, width)
        # Three axes, and so no matrices to the optimiser, which would mix their rows.
        # Not by randn: on the meta device, where a checkpoint's network is built first, that loads a compiler, which takes a second.
        self.positions = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, tokens, width), std=0.02))
        self.labels = nn.Parameter(nn.init.trunc_normal_(torch.empty(1, num_labels + 1, width), std=0.02))
        self.time = nn.Sequential(nn.Linear(2 * NUM_FREQUENCIES, width), nn.SiLU(), nn.Linear(width, width))
        self.blocks = nn.ModuleList(Block(width) for _ in range(depth))
        self.modulate = nn.Linear(width, 6 * width)
        self.modulate_head = nn.Linear(width, 2 * width)
        self.head = nn.Linear(width, 2 * numbers)
        for layer in (self.modulate, self.modulate_head, self.head):
            nn.init.zeros_(layer.weight)
            nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor, t: Tensor, label: Tensor) -> tuple[Tensor, Tensor]:
        condition = F.silu(self.time(_waves(t)) + self.labels[0, label]).unsqueeze(1)
        tokens = patches(x, self.patch)
        energy = (tokens.square().mean(-1, keepdim=True) + LEAST_ENERGY).log()
        tokens = self.embed(torch.cat([tokens, energy], dim=-1)) + self.positions
        modulation = self.modulate(condition)
        for block in self.blocks:
            tokens = block(tokens, modulation)
        shift, scale = self.modulate_head(condition).chunk(2, dim=-1)
        first, second = self.head(_normalise(tokens) * (1 + scale) + shift).float().chunk(2, dim=-1)
        return unpatch(first, self.shape, self.patch), unpatch(second, self.shape, self.patch)


def _normalise(x: Tensor) -> Tensor:
    return F.layer_norm(x, x.shape[-1:])


def _waves(t: Tensor) -> Tensor:
    """Times (B,) as sines and cosines (B, 2 · NUM_FREQUENCIES) of many periods (Vaswani et al. 2017)."""
    exponents = torch.arange(NUM_FREQUENCIES, device=t.device) / NUM_FREQUENCIES
    angles = TIME_SCALE * t[:, None] * torch.exp(-log(LONGEST_PERIOD) * exponents)
    return torch.cat([angles.cos(), angles.sin()], dim=1)
