"""The autoencoder and its variants. To add one: subclass, write its loss, add a line to VARIANTS."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aemodels.config import ModelConfig
from aemodels.errors import ConfigError
from aemodels.networks import NETWORKS, check_conv, conv_corrector, conv_refiner
from aemodels.noise import add_noise, power_normalise, seeded_signs

MSE_FLOOR = 1e-8  # 80 dB; no logarithm of a picture that is rebuilt without any error
DESCENT_RATE, DESCENT_BETAS = 0.03, (0.7, 0.9)  # found on train photos: Autoencoder.descend


class Autoencoder(nn.Module):
    """x -> z -> x_hat, trained to minimise the reconstruction error."""

    setting: str | None = None  # the field of ModelConfig that this variant alone reads

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        make_encoder, make_decoder = NETWORKS[config.network]
        self.config = config
        self.encoder = make_encoder(config)
        self.decoder = make_decoder(config)
        self.corrector = conv_corrector(config) if config.corrector_depths else None
        self.refiner = conv_refiner(config) if config.refiner_steps else None
        self.refines = True  # not in the first part of a training, see TrainConfig.refine_from

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W), float in [0, 1], to codes (B, *latent_shape). Deterministic.

        A corrector sees each image beside what its first code is decoded to, and adds to the code. Then a refiner sees the code
        beside the gradient of its error, now and a step ago (at first, zeros), and adds to it, step by step. What is left to gain is left to
        gradient descent, not while training.

        On images unlike those learnt from, such as one colour all over, the steps can go astray. So, but for training, an image
        keeps the code from before them where its error would not become smaller.
        """
        z = self.scale(self.encoder(x))
        if self.corrector is not None:
            x_hat = self.decode(z)  # gradients flow through it: without them the corrector helped much less
            z = self.scale(z + self.corrector(torch.cat([x, x_hat], dim=1)))
        if self.refiner is None or not self.refines:
            return z
        refined = self.refine(x, z)
        if self.training:
            return refined
        refined = self.descend(x, refined)
        is_better = self.reconstruction_loss(x, refined) < self.reconstruction_loss(x, z)
        return torch.where(is_better.view(-1, 1, 1, 1), refined, z)

    def refine(self, x: Tensor, z: Tensor) -> Tensor:
        """Codes z (B, *latent_shape) of images x after the refiner's steps."""
        gradient = torch.zeros_like(z)
        for _ in range(self.config.refiner_steps):
            previous, gradient = gradient, self.gradient(x, z)
            z = self.scale(z + self.refiner(torch.cat([z, gradient, previous], dim=1)))
        return z

    def descend(self, x: Tensor, z: Tensor) -> Tensor:
        """Codes z (B, *latent_shape) of images x after config.descent_steps steps of gradient descent on the error of each: Adam
        (Kingma and Ba 2015, https://arxiv.org/abs/1412.6980), at a rate that falls linearly to zero."""
        (beta1, beta2), num_steps = DESCENT_BETAS, self.config.descent_steps
        m = v = torch.zeros_like(z)
        for t in range(1, num_steps + 1):
            g = torch.stack([self.gradient(x, received) for received in self.likely_received(z, seed=t)]).mean(0)
            m = beta1 * m + (1 - beta1) * g
            v = beta2 * v + (1 - beta2) * g.square()
            m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
            rate = DESCENT_RATE * (1 - (t - 1) / num_steps)
            z = self.scale(z - rate * m_hat / (v_hat.sqrt() + 1e-8))
        return z

    def likely_received(self, z: Tensor, seed: int) -> list[Tensor]:
        """What the decoder may get for codes z (B, *latent_shape), each (B, *latent_shape): here, z itself."""
        return [z]

    def gradient(self, x: Tensor, z: Tensor) -> Tensor:
        """The gradient of each image's reconstruction loss with respect to its code, (B, *latent_shape) as z is, times the number
        of the code's elements, so that its entries are of order 1. It can be differentiated."""
        return z[0].numel() * torch.func.grad(lambda z: self.reconstruction_loss(x, z).sum())(z)

    def scale(self, z: Tensor) -> Tensor:
        """Codes (B, *latent_shape) as the channel takes them: here, as they are."""
        return z

    def decode(self, z: Tensor) -> Tensor:
        """Codes (B, *latent_shape) to images (B, C, H, W), float in [0, 1]."""
        x_hat = self.decoder(z)
        return x_hat.sigmoid() if self.config.reconstruction == "bce" else x_hat.clamp(0, 1)

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Terms of the training loss, each (B,), for images x (B, C, H, W) in [0, 1]; noise comes from the generator."""
        return {"reconstruction": self.reconstruction_loss(x, self.encode(x))}

    def forward(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """The loss, under the name by which several processes' gradients are averaged."""
        return self.loss(x, generator)

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

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        x_noisy = add_noise(x, self.config.noise_factor**2, generator)
        return {"reconstruction": self.reconstruction_loss(x, self.encode(x_noisy))}


class CodeL2Autoencoder(Autoencoder):
    """Pays code_l2 · mean(z²) for the code it uses (activity regularisation)."""

    setting = "code_l2"

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        z = self.encode(x)
        return {
            "reconstruction": self.reconstruction_loss(x, z),
            "code_l2": self.config.code_l2 * z.float().square().flatten(1).mean(1),
        }


class NoisyCodeAutoencoder(Autoencoder):
    """Sends its code, at unit mean square, through a Gaussian channel of the given noise variance while training."""

    setting = "noise_variance"

    def scale(self, z: Tensor) -> Tensor:
        return power_normalise(z)

    def likely_received(self, z: Tensor, seed: int) -> list[Tensor]:
        """z after noise of exactly its variance, and after the opposite noise, the same for every code.

        Where the error bends as a parabola does, its mean over the two is that over all noise in their direction.
        """
        noise = self.config.noise_variance**0.5 * seeded_signs(seed, z[0])
        return [z + noise, z - noise]

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        z_noisy = add_noise(self.encode(x), self.config.noise_variance, generator)
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
        raise ConfigError("Gradient descent on the code goes on from the refiner's steps; without them there is none.")
    return VARIANTS[config.variant](config)
