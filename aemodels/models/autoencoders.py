"""The autoencoder and its variants. To add one: subclass, write its loss, add a line to VARIANTS."""

from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aemodels.checks import check_codes, check_images
from aemodels.errors import ConfigError
from aemodels.models.config import ModelConfig
from aemodels.models.networks import NETWORKS, check_conv, conv_corrector, conv_refiner
from aemodels.models.quasi_newton import lbfgs_step
from aemodels.noise import add_noise, power_normalise, seeded_signs

MSE_FLOOR = 1e-8  # 80 dB; no logarithm of a picture that is rebuilt without any error
DESCENT_RATE = 0.03  # found on train photos: NoisyCodeAutoencoder.descend


class Autoencoder(nn.Module):
    """x -> z -> x_hat, trained to minimise the reconstruction error."""

    setting: str | None = None  # the field of ModelConfig that this variant alone reads
    takes_noisy = False  # images whose values noise has moved out of [0, 1]

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        make_encoder, make_decoder = NETWORKS[config.network]
        self.config = config
        self.encoder = make_encoder(config)
        self.decoder = make_decoder(config)
        self.corrector = conv_corrector(config) if config.corrector_depths else None
        self.refiner = conv_refiner(config) if config.refiner_steps else None
        self.refines = True  # the loss, not in the first part of a training: see TrainConfig.refine_from

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W), float in [0, 1], to codes (B, *latent_shape). Deterministic, and the same while training.

        Raises ValueError for integers, other shapes, one image without its batch axis, and values beyond [0, 1] or not finite;
        a denoising model takes images with noise on them.
        """
        check_images(x, "x", self.config.image_shape, next(self.parameters()).device, self.takes_noisy)
        return self.infer(x)

    def infer(self, x: Tensor) -> Tensor:
        """What encode gives for images x that are not looked at: noise may have moved them out of [0, 1].

        After first_code, a refiner sees the code beside the gradient of its error, now and a step ago (at first, zeros), and adds
        to it, step by step. What is left to gain is left to descent by the gradient alone.

        On images unlike those learnt from, such as one colour all over, the steps can go astray. So an image keeps the code from
        before them where its error would not become smaller.
        """
        x = x.to(next(self.parameters()).dtype)
        z = self.first_code(x)
        if self.refiner is None:
            return z
        codes, gradients, errors = self.refine(x, z)
        descended = self.descend(x, codes, gradients)
        is_better = self.reconstruction_loss(x, descended) < errors[0]
        return torch.where(is_better.view(-1, 1, 1, 1), descended, z)

    def training_code(self, x: Tensor) -> Tensor:
        """What the loss takes for the code of images x: as infer, but without descent and without looking back; and without the
        refiner as long as it is not in use."""
        z = self.first_code(x)
        return self.refine(x, z)[0][-1] if self.refiner is not None and self.refines else z

    def first_code(self, x: Tensor) -> Tensor:
        """The code before any step along a gradient. A corrector sees each image beside what the encoder's code is decoded to, and
        adds to the code."""
        z = self.scale(self.encoder(x))
        if self.corrector is None:
            return z
        x_hat = self.generate(z)  # gradients flow through it: without them the corrector helped much less
        return self.scale(z + self.corrector(torch.cat([x, x_hat], dim=1)))

    def refine(self, x: Tensor, z: Tensor) -> tuple[list[Tensor], list[Tensor], list[Tensor]]:
        """Codes (B, *latent_shape) of images x from z on, one more after each of the refiner's steps; gradient and error, as
        gradient_and_error gives them, at all but the last."""
        codes, gradients, errors = [z], [], []
        gradient = torch.zeros_like(z)
        for _ in range(self.config.refiner_steps):
            previous, (gradient, error) = gradient, self.gradient_and_error(x, z)
            z = self.scale(z + self.refiner(torch.cat([z, gradient, previous], dim=1)))
            codes.append(z)
            gradients.append(gradient)
            errors.append(error)
        return codes, gradients, errors

    def descend(self, x: Tensor, codes: list[Tensor], gradients: list[Tensor]) -> Tensor:
        """Codes (B, *latent_shape) of images x after config.descent_steps more steps, here those of L-BFGS on each image's error.

        codes, gradients  as refine gives them: how the gradient changed along the learned steps tells how the error bends
        """
        codes, gradients = list(codes), list(gradients)
        for _ in range(self.config.descent_steps):
            gradients.append(self.gradient_and_error(x, codes[-1])[0])
            codes.append(codes[-1] + lbfgs_step(codes, gradients))
        return codes[-1]

    def gradient_and_error(self, x: Tensor, z: Tensor) -> tuple[Tensor, Tensor]:
        """The gradient of each image's reconstruction loss with respect to its code, (B, *latent_shape) as z is, times the number
        of the code's elements, so that its entries are of order 1; and that loss, (B,). The gradient can be differentiated."""

        def total_and_each(z: Tensor) -> tuple[Tensor, Tensor]:
            error = self.reconstruction_loss(x, z)
            return error.sum(), error

        gradient, error = torch.func.grad(total_and_each, has_aux=True)(z)
        return prod(z.shape[1:]) * gradient, error

    def scale(self, z: Tensor) -> Tensor:
        """Codes (B, *latent_shape) as the channel takes them: here, as they are."""
        return z

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, *latent_shape), float, to images (B, C, H, W), float in [0, 1].

        Raises ValueError for integers, other shapes, and codes that are not finite or beyond ±1e12.
        """
        weight = next(self.parameters())
        check_codes(z, self.config.latent_shape, weight.device)
        return self.generate(z.to(weight.dtype))

    def generate(self, z: Tensor) -> Tensor:
        """What decode gives for codes z that are not looked at."""
        x_hat = self.decoder(z)
        return x_hat.sigmoid() if self.config.reconstruction == "bce" else x_hat.clamp(0, 1)

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Terms of the training loss, each (B,), for images x (B, C, H, W) in [0, 1]; noise comes from the generator."""
        return {"reconstruction": self.reconstruction_loss(x, self.training_code(x))}

    def forward(self, x: Tensor, generator: torch.Generator | None = None) -> Tensor | dict[str, Tensor]:
        """x_hat = decode(encode(x)), what one expects of model(x). With a generator the loss: under this name several processes'
        gradients are averaged."""
        return self.decode(self.encode(x)) if generator is None else self.loss(x, generator)

    def reconstruction_loss(self, x: Tensor, z: Tensor) -> Tensor:
        """Mean over the pixels and channels of each image, (B,): binary cross-entropy in nats, or squared error, or the natural
        logarithm of the latter, whose mean over images is their mean PSNR but for sign and unit.

        For squared error the decoder's output is not clamped here, so that its gradient never vanishes.
        """
        output = self.decoder(z).float()
        if self.config.reconstruction == "bce":
            per_pixel = F.binary_cross_entropy_with_logits(output, x, reduction="none")
        else:
            per_pixel = F.mse_loss(output, x, reduction="none")
        per_image = per_pixel.flatten(1).mean(1)
        return per_image.clamp_min(MSE_FLOOR).log() if self.config.reconstruction == "log_mse" else per_image


class DenoisingAutoencoder(Autoencoder):
    """Sees x + noise_factor · N(0, 1), unclipped, and must give back x (Vincent et al. 2008)."""

    setting = "noise_factor"
    takes_noisy = True

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        x_noisy = add_noise(x, self.config.noise_factor**2, generator)
        return {"reconstruction": self.reconstruction_loss(x, self.training_code(x_noisy))}


class CodeL2Autoencoder(Autoencoder):
    """Pays code_l2 · mean(z²) for the code it uses (activity regularisation)."""

    setting = "code_l2"

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        z = self.training_code(x)
        return {
            "reconstruction": self.reconstruction_loss(x, z),
            "code_l2": self.config.code_l2 * z.float().square().flatten(1).mean(1),
        }


class NoisyCodeAutoencoder(Autoencoder):
    """Sends its code, at unit mean square, through a Gaussian channel of the given noise variance while training."""

    setting = "noise_variance"

    def scale(self, z: Tensor) -> Tensor:
        return power_normalise(z)

    def descend(self, x: Tensor, codes: list[Tensor], gradients: list[Tensor]) -> Tensor:
        """Codes (B, *latent_shape) of images x after config.descent_steps more steps down the mean error under noise.

        Each step takes another noise of exactly the model's variance, the same for every code, and its opposite: where the error
        bends as a parabola does, its mean over the two is that over all noise in their direction. Such a gradient is too
        uncertain for L-BFGS, so a step goes straight down it, by a root mean square that falls linearly from DESCENT_RATE to zero.
        """
        z, num_steps = codes[-1], self.config.descent_steps
        for t in range(num_steps):
            noise = self.config.noise_variance**0.5 * seeded_signs(t, z.new_empty(z.shape[1:]))
            g = self.gradient_and_error(torch.cat([x, x]), torch.cat([z + noise, z - noise]))[0]  # (2B, *latent_shape)
            g = g.unflatten(0, (2, -1)).mean(0)
            z = self.scale(z - DESCENT_RATE * (1 - t / num_steps) * power_normalise(g))
        return z

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        z_noisy = add_noise(self.training_code(x), self.config.noise_variance, generator)
        return {"reconstruction": self.reconstruction_loss(x, z_noisy)}


VARIANTS = {
    "plain": Autoencoder,
    "denoising": DenoisingAutoencoder,
    "code-l2": CodeL2Autoencoder,
    "noisy-code": NoisyCodeAutoencoder,
}


def build(config: ModelConfig) -> Autoencoder:
    """A model with fresh weights, drawn from torch's global generator (as torch's layers do).

    Raises ConfigError for an unknown variant or network, a setting of another variant, or shapes that do not fit together.
    """
    if config.variant not in VARIANTS:
        raise ConfigError(f"There is no variant {config.variant!r}; there are {', '.join(VARIANTS)}.")
    if config.network not in NETWORKS:
        raise ConfigError(f"There is no network {config.network!r}; there are {', '.join(NETWORKS)}.")
    for variant, model in VARIANTS.items():
        if variant != config.variant and model.setting and getattr(config, model.setting):
            raise ConfigError(
                f"{model.setting} is for variant {variant!r} and would do nothing for {config.variant!r}."
            )
    if config.network == "conv":
        check_conv(config)
    elif config.corrector_depths or config.refiner_steps:
        raise ConfigError(
            f"No corrector or refiner can be built for network {config.network!r}; only a conv network has them."
        )
    if config.descent_steps and not config.refiner_steps:
        raise ConfigError("Descent on the code goes on from the refiner's steps; without them there is none.")
    return VARIANTS[config.variant](config)
