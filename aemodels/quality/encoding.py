"""What the encoder alone makes of images, before a corrector and steps along the gradient improve its codes; and what plain gradient
descent would make of it."""

from collections.abc import Iterator

import torch
from torch import Tensor

from aemodels.models.autoencoders import Autoencoder
from aemodels.noise import power, power_normalise
from aemodels.quality.metrics import psnr_db

FIRST_LENGTHS = tuple(2.0**k for k in range(-10, 1))  # of the code's own root mean square
NEXT_LENGTHS = (0.5, 1.0, 2.0)  # of the step before
SMALLEST = 1e-6  # so that an all-zero code has lengths to try


def encoder_psnr_db(model: Autoencoder, x: Tensor) -> Tensor:
    """PSNR (B,) in dB of images x (B, C, H, W) in [0, 1] as they are rebuilt from the encoder's first codes.

    For a model without corrector and refiner these are its codes. The model is only read, so that others may use it meanwhile.
    """
    return psnr_db(x, model.decode(model.first_code(x)))


def plain_descent(model: Autoencoder, x: Tensor, z: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Steepest descent from codes z (B, *latent_shape) on the reconstruction loss of images x (B, C, H, W) in [0, 1], without end:
    the codes after each step and their PSNR (B,) in dB.

    model  one with a refinement

    Each step goes straight down the gradient, as far as a line search says, for each image by itself: the first tries
    FIRST_LENGTHS, the others NEXT_LENGTHS, and the length with the smallest loss is taken. Where none makes the loss smaller the
    code stays, and the next step tries lengths a quarter as long.
    """
    length, factors = power(z).sqrt().clamp_min(SMALLEST), FIRST_LENGTHS
    while True:
        gradient, error = model.refinement.gradient_and_error(model, x, z)
        lengths = torch.stack([factor * length for factor in factors])  # (F, B)
        step = lengths.view(*lengths.shape, *[1] * (z.ndim - 1)) * power_normalise(gradient)
        tried = torch.stack([model.scale(code) for code in z - step])
        errors = model.reconstruction_loss(x.repeat(len(factors), 1, 1, 1), tried.flatten(0, 1)).view(lengths.shape)
        least, best = errors.nan_to_num(torch.inf).min(0)
        each = torch.arange(len(z), device=z.device)
        is_better = least < error
        z = torch.where(is_better.view(-1, *[1] * (z.ndim - 1)), tried[best, each], z)
        length = torch.where(is_better, lengths[best, each], lengths[0] / 2)
        factors = NEXT_LENGTHS
        yield z, psnr_db(x, model.decode(z))
