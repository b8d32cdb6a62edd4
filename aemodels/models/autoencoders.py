"""The autoencoder and its variants: encoder, code, decoder, loss. To add one: subclass, write its loss, add a line to VARIANTS."""

from dataclasses import dataclass
from math import prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aemodels.checks import check_codes, check_images
from aemodels.models.config import ModelConfig
from aemodels.models.networks import NETWORKS
from aemodels.models.refine import make_refinement
from aemodels.noise import add_noise, power_normalise

MSE_FLOOR = 1e-8  # 80 dB; no logarithm of a picture that is rebuilt without any error


class Autoencoder(nn.Module):
    """x -> z -> x_hat, trained to minimise the reconstruction error."""

    @dataclass(frozen=True)
    class Settings:
        """Numbers that this variant alone reads, each finite and at least 0: keys of ModelConfig.settings."""

    takes_noisy = False  # images whose values noise has moved out of [0, 1]
    encoder_outputs = 1  # of the shape of a code, one after another along its first axis
    noise_variance = 0.0  # of the noise on the code while training
    has_prior = False  # trained so that the codes of all images together lie as N(0, I) does
    is_nested = False  # trained so that the first numbers of a code are a code too: see keep_first
    # Turning or mirroring all codes about the origin, with encoder and decoder, changes no term of the loss.
    loss_sees_no_turn = True

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        make_encoder, make_decoder = NETWORKS[config.network]
        self.config = config
        self.settings = self.Settings(**config.settings)
        self.encoder = make_encoder(config, self.encoder_outputs)
        self.decoder = make_decoder(config)
        self.refinement = make_refinement(config)  # of the encoder's code, for the few networks that have one

    def encode(self, x: Tensor) -> Tensor:
        """Images (B, C, H, W), float in [0, 1], to codes (B, *latent_shape). Deterministic, and the same while training.

        Raises ValueError for integers, other shapes, one image without its batch axis, and values beyond [0, 1] or not finite;
        a denoising model takes images with noise on them.
        """
        check_images(x, "x", self.config.image_shape, next(self.parameters()).device, self.takes_noisy)
        return self.infer(x)

    def infer(self, x: Tensor) -> Tensor:
        """What encode gives for images x that are not looked at: noise may have moved them out of [0, 1]."""
        x = x.to(next(self.parameters()).dtype)
        z = self.first_code(x)
        return z if self.refinement is None else self.refinement.improve(self, x, z)

    def training_code(self, x: Tensor) -> Tensor:
        """What the loss takes for the code of images x."""
        z = self.first_code(x)
        return z if self.refinement is None else self.refinement.improve_in_training(self, x, z)

    def first_code(self, x: Tensor) -> Tensor:
        """What the encoder alone gives as codes of images x."""
        return self.scale(self.encoder(x))

    def scale(self, z: Tensor) -> Tensor:
        """Codes (B, *latent_shape) as the decoder is to get them: here, as they are."""
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
        """Mean over the pixels and channels of each image, (B,): binary cross-entropy in nats, or squared error, or, of models from
        before recipes had to choose between these, the natural logarithm of the latter.

        For squared error the decoder's output is not clamped here, so that its gradient never vanishes.
        """
        output = self.decoder(z).float()
        if self.config.reconstruction == "bce":
            per_pixel = F.binary_cross_entropy_with_logits(output, x, reduction="none")
        else:
            per_pixel = F.mse_loss(output, x, reduction="none")
        per_image = per_pixel.flatten(1).mean(1)
        return per_image.clamp_min(MSE_FLOOR).log() if self.config.reconstruction == "log_mse" else per_image

    def code_error(self, x: Tensor, z: Tensor) -> Tensor:
        """What a code z of images x is improved by, (B,): the reconstruction loss, of squared error its natural logarithm. No weight is
        trained by it. Its gradient is relative to the error, so that it is of one size for images that are easy and hard to rebuild."""
        error = self.reconstruction_loss(x, z)
        return error.clamp_min(MSE_FLOOR).log() if self.config.reconstruction == "mse" else error


class DenoisingAutoencoder(Autoencoder):
    """Sees x + noise_factor · N(0, 1), unclipped, and must give back x (Vincent et al. 2008).

    noise_factor  σ of the noise, in units of the pixel range
    """

    @dataclass(frozen=True)
    class Settings:
        noise_factor: float

    takes_noisy = True

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        x_noisy = add_noise(x, self.settings.noise_factor**2, generator)
        return {"reconstruction": self.reconstruction_loss(x, self.training_code(x_noisy))}


class CodeL2Autoencoder(Autoencoder):
    """Pays code_l2 · mean(z²) for the code it uses (activity regularisation)."""

    @dataclass(frozen=True)
    class Settings:
        code_l2: float

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        z = self.training_code(x)
        return {
            "reconstruction": self.reconstruction_loss(x, z),
            "code_l2": self.settings.code_l2 * z.float().square().flatten(1).mean(1),
        }


class NoisyCodeAutoencoder(Autoencoder):
    """Sends its code, at unit mean square, through a Gaussian channel of the given noise variance while training."""

    @dataclass(frozen=True)
    class Settings:
        noise_variance: float

    @property
    def noise_variance(self) -> float:
        return self.settings.noise_variance

    def scale(self, z: Tensor) -> Tensor:
        return power_normalise(z)

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        z_noisy = add_noise(self.training_code(x), self.noise_variance, generator)
        return {"reconstruction": self.reconstruction_loss(x, z_noisy)}


class VariationalAutoencoder(Autoencoder):
    """Codes each image as a Gaussian q(z|x), decodes a draw from it, and pays for what it differs from N(0, I)
    (Kingma & Welling 2014, https://arxiv.org/abs/1312.6114).

    beta  weight of that price (Higgins et al. 2017, https://openreview.net/forum?id=Sy2fzU9gl); with 1 and reconstruction "bce" the
          loss times the number of pixels is the negative evidence lower bound, equation 10 of Kingma & Welling with one draw, for
          pixels that are black or white, or grey as a mean over such
    """

    @dataclass(frozen=True)
    class Settings:
        beta: float

    encoder_outputs = 2  # mean and log-variance
    has_prior = True
    loss_sees_no_turn = False  # N(0, I) would not, but q(z|x) has its own σ along each axis

    def first_code(self, x: Tensor) -> Tensor:
        return self._gaussian(x)[0]

    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log-variance (B, *latent_shape) of q(z|x), of images x as encode takes them; the mean is what encode gives."""
        return self.encode(x), self._gaussian(x)[1]

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        """Reconstruction from one draw z = mean + σ · N(0, 1), and beta · KL / number of pixels, both in nats a pixel."""
        mean, log_variance = self._gaussian(x)
        if self.refinement is not None:
            mean = self.refinement.improve_in_training(self, x, mean)
        mean, log_variance = mean.float(), log_variance.float()
        noise = torch.randn(mean.shape, generator=generator, device=mean.device)
        kl = gaussian_kl(mean, log_variance).flatten(1).sum(1)
        return {
            "reconstruction": self.reconstruction_loss(x, mean + (log_variance / 2).exp() * noise),
            "kl": self.settings.beta * kl / prod(self.config.image_shape),
        }

    def _gaussian(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.encoder(x.to(next(self.parameters()).dtype)).chunk(2, dim=1)


class NestedAutoencoder(Autoencoder):
    """Keeps the first k numbers of each code while training, with another k for each image, so that k numbers are enough to decode and
    those that tell most come first (nested dropout; Rippel, Gelbart & Adams 2014, https://arxiv.org/abs/1402.0915).

    They draw k from a geometric distribution; here log(k) is uniform, so that each doubling is trained as often as every other. Of a
    code with channels k counts those.
    """

    is_nested = True
    loss_sees_no_turn = False  # the first number of a code means more than the second

    def loss(self, x: Tensor, generator: torch.Generator) -> dict[str, Tensor]:
        z = self.training_code(x)
        longest = self.config.latent_shape[0]
        drawn = torch.rand(len(z), generator=generator, device=z.device)
        k = ((longest + 1) ** drawn).long().clamp(1, longest)  # P(k) = log((k + 1) / k) / log(longest + 1)
        return {"reconstruction": self.reconstruction_loss(x, keep_first(z, k))}


def keep_first(z: Tensor, k: int | Tensor) -> Tensor:
    """Codes (B, D, ...) of which the first k along D stay and the others are zero; k one number for all, or (B,)."""
    k = torch.as_tensor(k, device=z.device).expand(len(z))
    kept = torch.arange(z.shape[1], device=z.device) < k[:, None]
    return z * kept.view(*kept.shape, *[1] * (z.ndim - 2))


def gaussian_kl(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Kullback-Leibler divergence of N(mean, σ²) from N(0, 1) of each element, in nats, of the same shape: (μ² + σ² − 1 − log σ²) / 2
    (Kingma & Welling 2014, appendix B)."""
    return (mean.square() + log_variance.exp() - 1 - log_variance) / 2


VARIANTS = {
    "plain": Autoencoder,
    "denoising": DenoisingAutoencoder,
    "code-l2": CodeL2Autoencoder,
    "noisy-code": NoisyCodeAutoencoder,
    "vae": VariationalAutoencoder,
    "nested": NestedAutoencoder,
}
