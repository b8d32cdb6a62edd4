"""Whether a training fits into memory, found out before it starts: later the system would end it without a word."""

from math import prod

import torch
from torch import Tensor

from aemodels import memory
from aemodels.errors import ConfigError
from aemodels.language import _
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.building import build, build_empty
from aemodels.models.flow import FlowPrior, is_prior
from aemodels.training import contract
from aemodels.training.recipes import Recipe

COPIES = 5  # of the weights: their mean, their gradients, and up to two moments of the optimiser


def check(recipe: Recipe, batch_size: int, device: torch.device | str) -> None:
    """Raises ConfigError where the device's free memory cannot hold the weights, with all that goes with them, and what one step
    keeps of a batch for its gradients. That step is tried on one image, so a model that breaks the contract of variants is refused here too.

    batch_size  images a step of this process
    """
    free = memory.free_bytes(device)
    weights = sum(4 * p.numel() for p in build_empty(recipe.model).parameters())
    if COPIES * weights > free:
        raise ConfigError(
            _(
                "{name} needs {size} of memory for its weights, and {free} are free; give its recipe smaller widths."
            ).format(name=recipe.name, size=memory.size(COPIES * weights), free=memory.size(free))
        )
    with torch.random.fork_rng(devices=[]):
        model = build(recipe.model)
        if not is_prior(recipe.model):
            contract.check(model)
        images = batch_size * bytes_kept(model)
    if COPIES * weights + images > free:
        raise ConfigError(
            _(
                "{name} needs {size} of memory for a step with {number} images, and {free} are free; give its recipe a smaller batch_size, or "
                "smaller widths."
            ).format(
                name=recipe.name, size=memory.size(COPIES * weights + images), number=batch_size, free=memory.size(free)
            )
        )


def bytes_kept(model: Autoencoder | FlowPrior) -> int:
    """Bytes that one image's loss keeps for its gradient, beside the weights; without a refiner's steps, which PyTorch cannot
    look into, so that it is no more than what is needed."""
    if model.refinement:
        model.refinement.uses_refiner = False
    weights = {p.untyped_storage().data_ptr() for p in model.parameters()}
    kept: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage.data_ptr() not in weights:
            kept[storage.data_ptr()] = storage.nbytes()
        return tensor

    shape = model.config.latent_shape if isinstance(model, FlowPrior) else model.config.image_shape
    x = torch.rand(1, *shape, generator=torch.Generator().manual_seed(0))
    with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        losses = model.loss(x, torch.Generator().manual_seed(0))  # held, so that no storage's place is used twice
    del losses
    return sum(kept.values()) + 4 * prod(shape)
