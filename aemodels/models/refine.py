"""How an encoder's code is improved before it is used: by a second look at the image, then by steps along its error's gradient.

Not part of the plain autoencoder: only convolutional networks have it, where their configuration asks for it.
"""

from collections.abc import Iterator
from math import prod
from typing import Protocol

import torch
from torch import Tensor, nn

from aemodels.errors import ConfigError
from aemodels.language import _
from aemodels.models.config import ModelConfig
from aemodels.models.networks import conv_corrector, conv_refiner
from aemodels.models.quasi_newton import lbfgs_step
from aemodels.noise import power_normalise, seeded_signs

DESCENT_RATE = 0.03  # found on training photos: noisy_descent
# What makes a code, see stages.
ENCODER, CORRECTOR, REFINER, DESCENT, KEPT = "encoder", "corrector", "refiner", "descent", "kept"


class Channel(Protocol):
    """What is asked of the autoencoder whose codes are improved; its methods are described there."""

    noise_variance: float

    refinement: "Refinement | None"

    def first_code(self, x: Tensor) -> Tensor: ...
    def scale(self, z: Tensor) -> Tensor: ...
    def generate(self, z: Tensor) -> Tensor: ...
    def code_error(self, x: Tensor, z: Tensor) -> Tensor: ...
    def parameters(self) -> Iterator[nn.Parameter]: ...


class Refinement(nn.Module):
    """Improves the codes z (B, *latent_shape) that an autoencoder's encoder gave for images x (B, C, H, W).

    The corrector, a second encoder, sees each image beside what its code is decoded to. The refiner sees the code beside the
    gradient of its error, now and a step ago (at first, zeros). Both add to the code, the refiner several times. What is left to
    gain is left to descent by the gradient alone.

    uses_refiner  while training; false in the first part of one, see TrainConfig.refine_from
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.corrector = conv_corrector(config) if config.corrector_depths else None
        self.refiner = conv_refiner(config) if config.refiner_steps else None
        self.refiner_steps, self.descent_steps = config.refiner_steps, config.descent_steps
        self.uses_refiner = True

    def improve(self, model: Channel, x: Tensor, z: Tensor) -> Tensor:
        """The codes that encode gives: the last of `stages`."""
        for _kind, code in self.stages(model, x, z):
            z = code
        return z

    def stages(self, model: Channel, x: Tensor, z: Tensor) -> Iterator[tuple[str, Tensor]]:
        """The codes from the encoder's z on, each after what made it, as the function of this name says.

        On images unlike those learnt from, such as one colour all over, the steps can go astray. So an image keeps the code from
        before them where its error would not become smaller.
        """
        yield ENCODER, z
        if self.corrector is not None:
            z = self.correct(model, x, z)
            yield CORRECTOR, z
        if self.refiner is None:
            return
        codes, gradients, errors = self.refine(model, x, z)
        made = codes[-1]
        yield from ((REFINER, code) for code in codes[1:])
        for made in self.descent(model, x, codes, gradients):
            yield DESCENT, made
        is_better = model.code_error(x, made) < errors[0]
        yield KEPT, torch.where(is_better.view(-1, 1, 1, 1), made, z)

    def improve_in_training(self, model: Channel, x: Tensor, z: Tensor) -> Tensor:
        """As improve, but without descent and without looking back; and without the refiner as long as it is not in use."""
        z = self.correct(model, x, z)
        return self.refine(model, x, z)[0][-1] if self.refiner is not None and self.uses_refiner else z

    def correct(self, model: Channel, x: Tensor, z: Tensor) -> Tensor:
        """The codes after a second look at the images."""
        if self.corrector is None:
            return z
        x_hat = model.generate(z)  # gradients flow through it: without them the corrector helped much less
        return model.scale(z + self.corrector(torch.cat([x, x_hat], dim=1)))

    def refine(self, model: Channel, x: Tensor, z: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Codes from z on, one more after each of the refiner's steps; gradient and error, as gradient_and_error gives them, at all
        but the last."""
        codes, gradients, errors = [z], [], []
        gradient = torch.zeros_like(z)
        for _step in range(self.refiner_steps):
            previous, (gradient, error) = gradient, self.gradient_and_error(model, x, z)
            z = model.scale(z + self.refiner(torch.cat([z, gradient, previous], dim=1)))
            codes.append(z)
            gradients.append(gradient)
            errors.append(error)
        return codes, gradients, errors

    def descent(self, model: Channel, x: Tensor, codes: list[Tensor], gradients: list[Tensor]) -> Iterator[Tensor]:
        """The codes after each of descent_steps more steps: down the error under noise where there is noise on the code, else L-BFGS.

        codes, gradients  as refine gives them: how the gradient changed along the learned steps tells how the error bends
        """
        if model.noise_variance:
            yield from self.noisy_descent(model, x, codes[-1])
            return
        codes, gradients = list(codes), list(gradients)
        for _step in range(self.descent_steps):
            gradients.append(self.gradient_and_error(model, x, codes[-1])[0])
            codes.append(model.scale(codes[-1] + lbfgs_step(codes, gradients)))
            yield codes[-1]

    def noisy_descent(self, model: Channel, x: Tensor, z: Tensor) -> Iterator[Tensor]:
        """The codes after each of descent_steps more steps down the mean error under noise.

        Each step takes another noise of exactly the model's variance, the same for every code, and its opposite: where the error
        bends as a parabola does, its mean over the two is that over all noise in their direction. Such a gradient is too
        uncertain for L-BFGS, so a step goes straight down it, by a root mean square that falls linearly from DESCENT_RATE to zero.
        """
        for t in range(self.descent_steps):
            noise = model.noise_variance**0.5 * seeded_signs(t, z.new_empty(z.shape[1:]))
            # (2B, *latent_shape)
            g = self.gradient_and_error(model, torch.cat([x, x]), torch.cat([z + noise, z - noise]))[0]
            g = g.unflatten(0, (2, -1)).mean(0)
            z = model.scale(z - DESCENT_RATE * (1 - t / self.descent_steps) * power_normalise(g))
            yield z

    def gradient_and_error(self, model: Channel, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient of each image's code_error with respect to its code, (B, *latent_shape) as z is, times the number of the
        code's elements, so that its entries are of order 1; and that error, (B,). The gradient can be differentiated."""

        if torch.compiler.is_compiling():

            def total_and_each(z: Tensor) -> tuple[Tensor, Tensor]:
                error = model.code_error(x, z)
                return error.sum(), error

            gradient, error = torch.func.grad(total_and_each, has_aux=True)(z)
        else:
            gradient, error = _gradient_and_error(model, x, z)
        return prod(z.shape[1:]) * gradient, error


def _gradient_and_error(model: Channel, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
    """What torch.func gives, which would import PyTorch's compiler where nothing is compiled: that takes a second and 150 MB."""
    learnt_from = (x, z, *model.parameters())
    is_learnt_from = torch.is_grad_enabled() and any(t.requires_grad for t in learnt_from)
    with torch.inference_mode(False), torch.enable_grad():
        x, z = (t.clone() if t.is_inference() else t for t in (x, z))
        z = z if z.requires_grad else z.detach().requires_grad_()
        error = model.code_error(x, z)
        (gradient,) = torch.autograd.grad(error.sum(), z, create_graph=is_learnt_from)
    return gradient, error if is_learnt_from else error.detach()


def stages(model: Channel, x: Tensor) -> Iterator[tuple[str, Tensor]]:
    """The codes (B, *latent_shape) through which encode of images x (B, C, H, W) in [0, 1] goes, each after what made it.

    First what the encoder alone gives (ENCODER); then, as far as the model has them, after a second look (CORRECTOR), each learned
    step (REFINER) and each step of descent (DESCENT); after such steps, for each image the last code or, where its error is not
    smaller, that from before the steps (KEPT). The last is what encode gives.
    """
    z = model.first_code(x)
    if model.refinement is None:
        yield ENCODER, z
    else:
        yield from model.refinement.stages(model, x, z)


def kinds(config: ModelConfig) -> list[str]:
    """What will make each of the `stages`, known before there are any."""
    made = [ENCODER] + [CORRECTOR] * bool(config.corrector_depths)
    if config.refiner_steps:
        made += [REFINER] * config.refiner_steps + [DESCENT] * config.descent_steps + [KEPT]
    return made


def make_refinement(config: ModelConfig) -> Refinement | None:
    """What the configuration asks for; None where it asks for nothing. Raises ConfigError where it cannot be built."""
    if config.descent_steps and not config.refiner_steps:
        raise ConfigError(_("descent_steps go on from the refiner's steps, so they need refiner_steps of at least 1."))
    if not (config.corrector_depths or config.refiner_steps):
        return None
    if config.network != "conv":
        raise ConfigError(
            _("No corrector or refiner can be built for network {network}; only a conv network has them.").format(
                network=repr(config.network)
            )
        )
    return Refinement(config)
