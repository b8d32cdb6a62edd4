"""How well a prior tells the velocity of codes that it has not seen."""

from math import sqrt

import torch
from torch import Tensor

from aemodels.models.flow import FlowPrior

BATCH_SIZE = 256
GOLDEN = 0.618034  # multiples of it fill [0, 1) evenly, however many there are


@torch.no_grad()
def velocity_losses(prior: FlowPrior, codes: Tensor, labels: Tensor, strength: float = 1.0) -> Tensor:
    """Squared error (N,) of the velocity at codes (N, *latent_shape), mean over each code's numbers. Times are spread evenly over [0, 1],
    and the noise has the seed 0, so that two priors are asked the same.

    strength  0: of the Gaussian alone
    """
    device = prior.mean.device
    noise = torch.randn(codes.shape, generator=torch.Generator().manual_seed(0))
    t = torch.arange(1, len(codes) + 1) * GOLDEN % 1
    losses = []
    for batch in torch.arange(len(codes)).split(BATCH_SIZE):
        x = prior.normalise(codes[batch].float().to(device))
        label = prior.told(labels[batch].to(device), len(batch), device)
        losses.append(prior.error(x, noise[batch].to(device), t[batch].to(device), label, strength).cpu())
    return torch.cat(losses)


def velocity_loss(prior: FlowPrior, codes: Tensor, labels: Tensor) -> dict[str, float]:
    """The mean of velocity_losses with half its 95 % confidence interval, and that of the Gaussian alone."""
    losses, gaussian = (velocity_losses(prior, codes, labels, strength).double() for strength in (1.0, 0.0))
    return {
        "velocity_loss": losses.mean().item(),
        "velocity_loss_ci95": 1.96 * losses.std().item() / sqrt(len(losses)) if len(losses) > 1 else 0.0,
        "gaussian_loss": gaussian.mean().item(),
        "num_images": len(codes),
    }
