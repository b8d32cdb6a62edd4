"""A prior learnt on codes: a rectified flow from N(0, I) to the codes of an autoencoder, that begins as a Gaussian's.

A point between a code x and noise e is x_t = (1 − t) x + t e. A network is trained to tell e − x at x_t; its mean is the velocity by
which noise flows to codes (Liu et al. 2022, https://arxiv.org/abs/2209.03003; Lipman et al. 2022, https://arxiv.org/abs/2210.02747).
"""

from dataclasses import dataclass
from math import prod

import torch
from torch import Tensor, nn

from aemodels.errors import ConfigError
from aemodels.language import _
from aemodels.models.config import ModelConfig
from aemodels.models.transformer import HEAD_WIDTH, Transformer

MAX_DEPTH = 64
MAX_LABELS = 10_000
MAX_GAUSSIAN = 4096  # numbers of a code, whose covariance has as many squared
DROPPED_LABELS = 0.1  # share of the codes whose class is not told while training, so that the network learns both


class FlowPrior(nn.Module):
    """Learns how the codes of an autoencoder lie. Its "images" are codes, and so are its codes: noise, of the same shape.

    Codes z are scaled to x = (z − mean) / scale, whose variances are 1 in the mean. Of a Gaussian with the covariance U diag(λ) Uᵀ of x,
    the velocity is known: v_G(x, t) = U diag[(t − (1 − t) λ) / ((1 − t)² λ + t²)] Uᵀ x. The network adds to it what a Gaussian
    misses: v = v_G + f. Untrained, f = 0.

    patch       side of the squares of cells that are a token each; of codes without cells, how many numbers are a token
    depth       blocks of the transformer
    num_labels  classes that a code may be of
    time_shift  s > 0: training times are t = s u / (1 + (s − 1) u), u logit-normal: above 1 more noise, below 1 less (Esser et
                al. 2024, https://arxiv.org/abs/2403.03206)
    """

    @dataclass(frozen=True)
    class Settings:
        patch: float
        depth: float
        num_labels: float
        time_shift: float

    takes_noisy = False
    has_prior = False
    refinement = None

    mean: Tensor
    scale: Tensor
    basis: Tensor
    variances: Tensor

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.settings = _checked(config)
        size = prod(config.latent_shape)
        patch, depth, num_labels = (int(getattr(self.settings, key)) for key in ("patch", "depth", "num_labels"))
        self.network = Transformer(config.latent_shape, patch, config.widths[0], depth, num_labels)
        self.register_buffer("mean", torch.zeros(size))
        self.register_buffer("scale", torch.ones(1))
        # Not torch.eye: on the device "meta" it imports PyTorch's compiler, which takes a second and 150 MB.
        self.register_buffer("basis", torch.zeros(size, size).fill_diagonal_(1))
        self.register_buffer("variances", torch.ones(size))

    def encode(self, x: Tensor) -> Tensor:
        """Raises ValueError, as `decode` does: an autoencoder's part."""
        raise ValueError(
            "A prior encodes and decodes nothing; its checkpoint's provenance names the autoencoder of its codes."
        )

    decode = encode

    @property
    def num_labels(self) -> int:
        """How many classes there are; the label of this number says that none is told."""
        return int(self.settings.num_labels)

    @torch.no_grad()
    def fit_gaussian(self, codes: Tensor, shrinkage: float = 0.0) -> None:
        """Takes mean, scale and covariance from codes (N, *latent_shape), N ≥ 2.

        shrinkage  share in [0, 1] of the covariance that a multiple of the identity of the same trace takes. Codes fewer than their
                   numbers have no variance along some axes, and v_G grows there without bound as t falls to 0, unless this is above 0
        """
        z = codes.flatten(1).double()
        mean = z.mean(0)
        variances, basis = torch.linalg.eigh(torch.cov((z - mean).T).view(z.shape[1], -1))
        variances = (1 - shrinkage) * variances + shrinkage * variances.mean()
        scale = variances.clamp(min=0).mean().sqrt().clamp(min=1e-6)
        self.mean.copy_(mean)
        self.scale.fill_(scale)
        self.basis.copy_(basis.flip(1))
        self.variances.copy_((variances.clamp(min=0) / scale**2).flip(0))

    def normalise(self, z: Tensor) -> Tensor:
        """Codes z (B, *latent_shape) as x: of mean 0 and variance 1 over all codes and numbers."""
        return (z - self.mean.view(z.shape[1:])) / self.scale

    def denormalise(self, x: Tensor) -> Tensor:
        """Inverse of normalise."""
        return x * self.scale + self.mean.view(x.shape[1:])

    def to_axes(self, x: Tensor) -> Tensor:
        """x (B, *latent_shape) along the codes' principal axes, Uᵀ x: (B, D)."""
        return x.flatten(1).float() @ self.basis

    def from_axes(self, y: Tensor) -> Tensor:
        """Inverse of to_axes."""
        return (y @ self.basis.T).view(-1, *self.config.latent_shape)

    def spread(self, t: Tensor) -> Tensor:
        """Standard deviation (B, D) of x_t along each principal axis at times t (B,), of the Gaussian: √((1 − t)² λ + t²)."""
        t = t[:, None]
        return ((1 - t).square() * self.variances + t.square()).sqrt()

    def gaussian_velocity(self, x: Tensor, t: Tensor) -> Tensor:
        """v_G at x (B, *latent_shape) and times t (B,), in float32."""
        with torch.autocast(x.device.type, enabled=False):
            variance = self.spread(t).square().clamp(min=1e-12)
            slope = (t[:, None] - (1 - t[:, None]) * self.variances) / variance
            return self.from_axes(slope * self.to_axes(x))

    def learnt_velocity(self, x: Tensor, t: Tensor, label: Tensor) -> Tensor:
        """f at x (B, *latent_shape), times t (B,) and labels (k · B,) in 0 … num_labels: of all x with their first labels, then of all
        with their second ones, and so on, (k · B, *latent_shape).

        The network sees x whitened for its time, and gives f = a + b · λ ∂v_G / ∂λ: b says, number by number, how much louder codes
        are here than the Gaussian takes them to be.
        """
        with torch.autocast(x.device.type, enabled=False):
            spread, times = self.spread(t).clamp(min=1e-6), t[:, None]
            white = self.to_axes(x) / spread
            louder = -self.variances * times * (1 - times) / spread**3 * white
            white, louder = self.from_axes(torch.cat([white, louder])).chunk(2)
        num_labels = len(label) // len(x)
        white, louder = (part.repeat(num_labels, *[1] * (x.ndim - 1)) for part in (white, louder))
        added, gain = self.network(white, t.repeat(num_labels), label)
        return added + gain * louder

    def loss(self, z: Tensor, generator: torch.Generator, label: Tensor | None = None) -> dict[str, Tensor]:
        """Squared error of the velocity, mean over each code's numbers, (B,), for codes z (B, *latent_shape), at times and with noise
        from the generator.

        label  (B,) int64: the class of each, -1 where it is not known
        """
        num_codes, device = len(z), z.device
        x = self.normalise(z.float())
        u = torch.randn(num_codes, generator=generator, device=device).sigmoid()
        t = self.settings.time_shift * u / (1 + (self.settings.time_shift - 1) * u)
        noise = torch.randn(x.shape, generator=generator, device=device)
        label = self.told(label, num_codes, device)
        dropped = torch.rand(num_codes, generator=generator, device=device) < DROPPED_LABELS
        return {"velocity": self.error(x, noise, t, label.masked_fill(dropped, self.num_labels))}

    def told(self, label: Tensor | None, num_codes: int, device: torch.device) -> Tensor:
        """Labels (B,) as the network takes them: num_labels where there is none."""
        if label is None:
            return torch.full((num_codes,), self.num_labels, device=device)
        return torch.where(label < 0, self.num_labels, label.to(device))

    def error(self, x: Tensor, noise: Tensor, t: Tensor, label: Tensor, strength: float = 1.0) -> Tensor:
        """Squared error (B,) of v_G + strength · f against noise − x, between x and noise at times t (B,); all else as in
        learnt_velocity."""
        times = t.view(-1, *[1] * (x.ndim - 1))
        x_t = (1 - times) * x + times * noise
        velocity = self.gaussian_velocity(x_t, t)
        if strength:
            velocity = velocity + strength * self.learnt_velocity(x_t, t, label)
        return (velocity - (noise - x)).square().flatten(1).mean(1)

    def forward(self, z: Tensor, generator: torch.Generator, label: Tensor | None = None) -> dict[str, Tensor]:
        """The loss, for wrappers such as DistributedDataParallel that see forward alone."""
        return self.loss(z, generator, label)


def is_prior(config: ModelConfig) -> bool:
    """Whether this model draws codes, for the decoder of another one to decode."""
    return config.variant in PRIORS


def image_shape_of(latent_shape: tuple[int, ...]) -> tuple[int, int, int]:
    """ModelConfig.image_shape of a prior of codes of this shape, which are its images."""
    channels, height, width = (*latent_shape, 1, 1)[:3]
    return channels, height, width


def _checked(config: ModelConfig) -> FlowPrior.Settings:
    """The settings; raises ConfigError where they do not fit each other."""
    settings, shape = FlowPrior.Settings(**config.settings), config.latent_shape
    patch, sides = settings.patch, shape[1:] or shape
    for name, least, most in (("patch", 1, max(sides)), ("depth", 1, MAX_DEPTH), ("num_labels", 0, MAX_LABELS)):
        value = getattr(settings, name)
        if not (value == int(value) and least <= value <= most):
            raise ConfigError(
                _("{field} must be a whole number from {least} to {most}, not {value}.").format(
                    field=name, least=least, most=most, value=value
                )
            )
    if not settings.time_shift:
        raise ConfigError(_("time_shift must be above 0."))
    if config.network != "transformer" or len(config.widths) != 1 or config.widths[0] % HEAD_WIDTH:
        raise ConfigError(
            _('A prior needs network = "transformer" and one width, a multiple of {number}.').format(number=HEAD_WIDTH)
        )
    if len(shape) not in (1, 3) or prod(shape) > MAX_GAUSSIAN or config.image_shape != image_shape_of(shape):
        raise ConfigError(
            _(
                "A prior's latent_shape must be (D,) or (C, H, W), with at most {most} numbers, and its image_shape that of such codes."
            ).format(most=MAX_GAUSSIAN)
        )
    if any(side % int(patch) for side in sides):
        raise ConfigError(
            _("patch must divide the code's sides, {sides}; {patch} does not.").format(
                sides="×".join(map(str, sides)), patch=int(patch)
            )
        )
    return settings


PRIORS: dict[str, type[FlowPrior]] = {"flow": FlowPrior}
