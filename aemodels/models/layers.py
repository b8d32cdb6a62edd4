"""What the convolutional networks are made of.

Blocks: bottlenecks (He et al. 2016, https://arxiv.org/abs/1512.03385) without normalisation, as learned image codecs stack
them (He et al. 2022, https://arxiv.org/abs/2203.10886). Parameter-free shortcuts around every change of resolution or
width: DC-AE (Chen et al. 2024, https://arxiv.org/abs/2410.10733).
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Shift(nn.Module):
    """x + offset."""

    def __init__(self, offset: float) -> None:
        super().__init__()
        self.offset = offset

    def forward(self, x: Tensor) -> Tensor:
        return x + self.offset


class Bottleneck(nn.Module):
    """x + 1×1(relu(3×3(relu(1×1(x))))), half as wide in between; (B, C, H, W) -> (B, C, H, W)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.narrow = Pointwise(width, width // 2)
        self.conv = Conv3x3(width // 2, width // 2)
        self.widen = Pointwise(width // 2, width)
        nn.init.zeros_(self.widen.weight)  # each block starts as the identity: the first steps are a linear network's
        nn.init.zeros_(self.widen.bias)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.narrow(x))  # (B, C/2, H, W)
        h = F.relu(self.conv(h))
        return x + self.widen(h)


class Pointwise(nn.Linear):
    """1×1 convolution; (B, C, H, W) -> (B, C', H, W). Its kernel is a matrix, so that Muon can train it."""

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


class Conv3x3(nn.Linear):
    """3×3 convolution, zeros beyond the edge; (B, C, H, W) -> (B, C', H, W). Its kernel is a matrix (C', 9·C), for Muon."""

    def __init__(self, num_in: int, num_out: int) -> None:
        super().__init__(9 * num_in, num_out)
        self.kernel_shape = (num_out, num_in, 3, 3)

    def forward(self, x: Tensor) -> Tensor:
        weight, bias = self.weight.view(self.kernel_shape), self.bias
        if self.training and x.device.type != "cpu":
            return SelfSimilarConv.apply(x, weight.to(x.dtype), bias.to(x.dtype))
        return F.conv2d(x, weight, bias, padding=1)


class SelfSimilarConv(torch.autograd.Function):
    """F.conv2d(x, weight, bias, padding=1) for 3×3 kernels, whose gradient by x is given as what it is, such a convolution again.

    So a gradient through this gradient, as a refiner's training takes it, needs none but such convolutions. Torch's own has
    one whose kernel is as large as the image, for which cuDNN knows slow ways only. On a CPU torch's own are faster.
    """

    @staticmethod
    def forward(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
        return F.conv2d(x, weight, bias, padding=1)

    @staticmethod
    def setup_context(ctx, inputs: tuple, output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])

    @staticmethod
    def backward(ctx, grad: Tensor) -> tuple:
        x, weight = ctx.saved_tensors
        by_x, by_weight, by_bias = ctx.needs_input_grad
        grad_x = SelfSimilarConv.apply(grad, weight.flip(2, 3).transpose(0, 1), None) if by_x else None
        grad_weight = torch.nn.grad.conv2d_weight(x, weight.shape, grad, padding=1) if by_weight else None
        grad_bias = grad.sum((0, 2, 3)) if by_bias else None
        return grad_x, grad_weight, grad_bias


class Down(nn.Module):
    """(B, C, H, W) -> (B, C', H/2, W/2): 1×1 convolution of 2×2 patches, plus their channels averaged in groups."""

    def __init__(self, num_in: int, num_out: int) -> None:
        super().__init__()
        self.patches = PixelUnshuffle(2)
        self.conv = Pointwise(4 * num_in, num_out)
        self.num_out = num_out

    def forward(self, x: Tensor) -> Tensor:
        x = self.patches(x)  # (B, 4·C, H/2, W/2)
        shortcut = x.permute(0, 2, 3, 1).unflatten(3, (self.num_out, -1)).mean(4)  # (B, H/2, W/2, C')
        return self.conv(x) + shortcut.permute(0, 3, 1, 2)


class Up(nn.Module):
    """(B, C, H, W) -> (B, C', 2H, 2W): 1×1 convolution into 2×2 patches, plus the channels repeated."""

    def __init__(self, num_in: int, num_out: int) -> None:
        super().__init__()
        self.conv = Pointwise(num_in, 4 * num_out)
        self.repeats = 4 * num_out // num_in
        self.pixels = PixelShuffle(2)

    def forward(self, x: Tensor) -> Tensor:
        shortcut = x.permute(0, 2, 3, 1).repeat_interleave(self.repeats, dim=3)  # (B, H, W, 4·C')
        return self.pixels(self.conv(x) + shortcut.permute(0, 3, 1, 2))  # (B, C', 2H, 2W)


class PixelUnshuffle(nn.PixelUnshuffle):
    """(B, C, H, W) -> (B, C·r², H/r, W/r), a patch's pixels become channels. What torch's does, but channels come last in
    memory, in gradients too: else every block that adds to it would copy it."""

    def forward(self, x: Tensor) -> Tensor:
        r = self.downscale_factor
        x = x.permute(0, 2, 3, 1).unflatten(2, (-1, r)).unflatten(1, (-1, r))  # (B, H/r, r, W/r, r, C)
        return x.permute(0, 1, 3, 5, 2, 4).flatten(3).permute(0, 3, 1, 2)


class PixelShuffle(nn.PixelShuffle):
    """(B, C·r², H, W) -> (B, C, H·r, W·r), the opposite of PixelUnshuffle."""

    def forward(self, x: Tensor) -> Tensor:
        r = self.upscale_factor
        x = x.permute(0, 2, 3, 1).unflatten(3, (-1, r, r))  # (B, H, W, C, r, r)
        return x.permute(0, 1, 4, 2, 5, 3).flatten(1, 2).flatten(2, 3).permute(0, 3, 1, 2)
