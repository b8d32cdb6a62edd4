"""Models with random weights, as they are before any training."""

import torch

from aemodels.models import building


def build(config, seed=0):
    """In evaluation mode and without gradients. Draws of torch's own generator that come next are those after this seed."""
    torch.manual_seed(seed)
    return building.build(config).eval().requires_grad_(False)
