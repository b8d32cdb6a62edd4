"""`train.py --compile`: torch.compile for the parts of a model that training runs most."""

import torch

from aemodels.models.autoencoders import Autoencoder
from aemodels.models.flow import FlowPrior


def compile_networks(model: Autoencoder | FlowPrior) -> None:
    """Has the networks, and the functions that differentiate the decoder, compiled at their first step, in place: names and
    shapes of the weights stay.

    The noise on images and codes stays outside, for compiled code cannot draw from a generator of its own.
    """
    torch.compiler.reset()  # else what another model has compiled is compiled again for all shapes, which takes much longer
    if isinstance(model, FlowPrior):
        model.network.compile(fullgraph=True)
        return
    model.encoder.compile(fullgraph=True)
    functions = [(model, "generate"), (model, "reconstruction_loss")]
    if model.refinement:
        for network in model.refinement.children():
            network.compile(fullgraph=True)
        functions.append((model.refinement, "gradient_and_error"))
    for owner, name in functions:
        setattr(owner, name, torch.compile(getattr(owner, name), fullgraph=True))
