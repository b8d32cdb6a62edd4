"""Trainings of a few steps, on small networks."""

import torch

from aemodels.models import building
from aemodels.training.loop import fit, start


class Stop(Exception):
    """Ends a training from one of its hooks."""


def build(config, seed=0):
    torch.manual_seed(seed)
    return building.build(config)


def train(config, images, training_config, model_seed=0, **hooks):
    return fit(start(build(config, model_seed), training_config, "cpu"), images, training_config, **hooks)


def weights(model):
    return {key: weight.clone() for key, weight in model.state_dict().items()}


def same(first, second):
    return first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)


def colour_images(num):
    """Smooth colour images, uint8 (num, 3, 32, 32)."""
    coarse = torch.rand(num, 3, 3, 3, generator=torch.Generator().manual_seed(0))
    return (torch.nn.functional.interpolate(coarse, size=32, mode="bilinear") * 255).byte()
