"""Encoders and decoders as drawings: read each from top to bottom, one resolution a line, the decoder mirrors the encoder."""

from dataclasses import replace
from itertools import pairwise
from math import prod

from torch import nn

from aemodels.errors import ConfigError
from aemodels.language import _
from aemodels.models.config import ModelConfig
from aemodels.models.layers import Bottleneck, Down, PixelShuffle, PixelUnshuffle, Pointwise, Shift, Up


def mlp_encoder(config: ModelConfig, num_outputs: int = 1) -> nn.Sequential:
    """(B, C, H, W) -> (B, D), or (B, num_outputs·D): fully connected, one hidden layer a width."""
    sizes = [prod(config.image_shape), *config.widths]
    layers = [_hidden(a, b) for a, b in pairwise(sizes)]
    return nn.Sequential(
        nn.Flatten(),
        *layers,
        nn.Linear(sizes[-1], num_outputs * prod(config.latent_shape)),
        nn.Unflatten(1, (num_outputs * config.latent_shape[0], *config.latent_shape[1:])),
    )


def mlp_decoder(config: ModelConfig) -> nn.Sequential:
    """(B, D) -> logits (B, C, H, W): the encoder's mirror image."""
    sizes = [prod(config.latent_shape), *reversed(config.widths)]
    layers = [_hidden(a, b) for a, b in pairwise(sizes)]
    return nn.Sequential(
        nn.Flatten(),
        *layers,
        nn.Linear(sizes[-1], prod(config.image_shape)),
        nn.Unflatten(1, config.image_shape),
    )


def _hidden(num_in: int, num_out: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(num_in, num_out), nn.LayerNorm(num_out), nn.SiLU())


def conv_encoder(config: ModelConfig, num_outputs: int = 1) -> nn.Sequential:
    """(B, 3, 128, 128) -> (B, 16, 8, 8), or (B, num_outputs·16, 8, 8); or any sides that 16 divides."""
    (mid, low), (num_mid, num_low) = config.widths, config.encoder_depths
    return nn.Sequential(
        Shift(-0.5),                                                 # from [0, 1] to zero mean, roughly
        PixelUnshuffle(8),                                           # (3·64, 16, 16)
        Pointwise(64 * config.image_shape[0], mid),                  # (mid, 16, 16)
        *[Bottleneck(mid) for _block in range(num_mid)],
        Down(mid, low),                                              # (low, 8, 8)
        *[Bottleneck(low) for _block in range(num_low)],
        Pointwise(low, num_outputs * config.latent_shape[0]),        # (16, 8, 8)
    )  # fmt: skip


def conv_decoder(config: ModelConfig) -> nn.Sequential:
    """(B, 16, 8, 8) -> (B, 3, 128, 128): the encoder's mirror image."""
    (mid, low), (num_mid, num_low) = config.widths, config.decoder_depths
    return nn.Sequential(
        Pointwise(config.latent_shape[0], low),                      # (low, 8, 8)
        *[Bottleneck(low) for _block in range(num_low)],
        Up(low, mid),                                                # (mid, 16, 16)
        *[Bottleneck(mid) for _block in range(num_mid)],
        Pointwise(mid, 64 * config.image_shape[0]),                  # (3·64, 16, 16)
        PixelShuffle(8),                                             # (3, 128, 128)
        Shift(0.5),
    )  # fmt: skip


def conv_corrector(config: ModelConfig) -> nn.Sequential:
    """(B, 2·3, 128, 128), images above their reconstructions -> (B, 16, 8, 8), what to add to their codes; at first, zero.

    An encoder of half the width. That an encoder does better for seeing what its code fails to tell: iterative amortised
    inference (Marino et al. 2018, https://arxiv.org/abs/1807.09356).
    """
    num_channels, *sides = config.image_shape
    network = conv_encoder(
        replace(
            config,
            image_shape=(2 * num_channels, *sides),
            widths=tuple(width // 2 for width in config.widths),
            encoder_depths=config.corrector_depths,
        )
    )
    return _from_zero(network)


def conv_refiner(config: ModelConfig) -> nn.Sequential:
    """(B, 3·16, 8, 8), codes above the gradients of their error, now and a step ago -> (B, 16, 8, 8), what to add to them; at
    first, zero.

    Iterative amortised inference again, this time from the gradient itself; two gradients tell how it bends.
    """
    num_channels, width = config.latent_shape[0], config.widths[0]
    network = nn.Sequential(
        Pointwise(3 * num_channels, width),                          # (mid, 8, 8)
        *[Bottleneck(width) for _block in range(config.refiner_depth)],
        Pointwise(width, num_channels),                              # (16, 8, 8)
    )  # fmt: skip
    return _from_zero(network)


def _from_zero(network: nn.Sequential) -> nn.Sequential:
    nn.init.zeros_(network[-1].weight)
    nn.init.zeros_(network[-1].bias)
    return network


def check_conv(config: ModelConfig) -> None:
    """Raises ConfigError where the convolutional networks cannot be built from this configuration."""
    height, width = config.image_shape[1:]
    if height % 16 or width % 16:
        raise ConfigError(
            _("A conv network takes images whose sides are multiples of 16 pixels, not {height} × {width}.").format(
                height=height, width=width
            )
        )
    if config.latent_shape[1:] != (height // 16, width // 16):
        raise ConfigError(
            _("A conv code for images {image_shape} must be (D, {rows}, {columns}), not {latent_shape}.").format(
                image_shape=config.image_shape,
                latent_shape=config.latent_shape,
                rows=height // 16,
                columns=width // 16,
            )
        )
    if not len(config.widths) == len(config.encoder_depths) == len(config.decoder_depths) == 2:
        raise ConfigError(_("A conv network has two widths, two encoder depths and two decoder depths."))
    if len(config.corrector_depths) not in (0, 2):
        raise ConfigError(
            _("A conv network has two corrector depths or none, not {depths}.").format(depths=config.corrector_depths)
        )
    divisor = 4 if config.corrector_depths else 2
    if any(width % divisor for width in config.widths):
        raise ConfigError(
            _(
                "Conv widths must be multiples of {divisor}, for each block is half as wide inside, and a corrector half as "
                "wide as the encoder: {widths}."
            ).format(divisor=divisor, widths=config.widths)
        )
    if 4 * config.widths[0] % config.widths[1]:
        raise ConfigError(
            _("Four times the first conv width must be a multiple of the second: {widths}.").format(
                widths=config.widths
            )
        )


NETWORKS = {
    "mlp": (mlp_encoder, mlp_decoder),
    "conv": (conv_encoder, conv_decoder),
}
