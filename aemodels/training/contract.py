"""Whether a variant or a network of one's own keeps to what all else relies on: tried on three images, before anything is trained."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

from aemodels.errors import ConfigError, LatentLabError, as_words
from aemodels.language import N_, _, list_of
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.building import with_place
from aemodels.text import shown

FAR = 100.0  # codes of this spread lead a decoder out of the range of pictures, if anything does
OF_HISTORY = ("epoch", "step", "seconds", "learning_rate", "psnr_db")  # what an epoch's record holds beside the loss


def check(model: Autoencoder) -> None:
    """Raises ConfigError, with what to change, where a fresh model breaks the contract of variants: `encode` is deterministic and gives
    codes of the recipe's shape, `decode` gives pictures in [0, 1], `loss` a dictionary of terms to be made small. The refinement of codes is left out: it is no variant's own, and
    takes seconds."""
    config, generator = model.config, torch.Generator().manual_seed(0)
    if not list(model.parameters()):
        raise ConfigError(
            _("Network {network} has no weights, so that there is nothing to train; give it a layer that has.").format(
                network=shown(config.network)
            )
        )
    black_white_and_random = torch.rand(3, *config.image_shape, generator=generator)
    black_white_and_random[0], black_white_and_random[1] = 0, 1
    refinement, model.refinement = model.refinement, None
    with _told(model, N_("{who} cannot encode images: {error}; change the encoder, or the method that fails.")):
        _check_codes(model.eval(), black_white_and_random)
    with _told(model, N_("{who} cannot decode codes: {error}; change the decoder, or the method that fails.")):
        _check_pictures(model, black_white_and_random, generator)
    for x in (black_white_and_random, black_white_and_random[:1]):
        what = N_(
            "The loss of variant {variant} fails on a batch of {number}: {error}; it is called as loss(x, generator), with images x and a "
            "torch.Generator; change the line that fails."
        )
        with _told(model, what, number=len(x)):
            _check_loss(model.train(), x, generator)
    model.refinement = refinement


@contextlib.contextmanager
def _told(model: Autoencoder, what: str, **values: object) -> Iterator[None]:
    """Whatever the author's code raises within becomes the sentence, which `N_` marks."""
    try:
        yield
    except LatentLabError:
        raise
    except Exception as error:
        variant = with_place(model.config.variant)
        raise ConfigError(_(what).format(who=_who(model), variant=variant, error=as_words(error), **values)) from error


@torch.no_grad()
def _check_codes(model: Autoencoder, x: Tensor) -> None:
    z, again = model.encode(x), model.encode(x)
    wanted = (len(x), *model.config.latent_shape)
    if not isinstance(z, Tensor) or z.shape != wanted:
        raise ConfigError(
            _(
                "{who} makes {kind} of {number} images, and not codes {shape} as latent_shape in the recipe says; change the encoder's last "
                "layer or latent_shape."
            ).format(who=_who(model), kind=_kind(z), number=len(x), shape=wanted)
        )
    if not z.isfinite().all():
        raise ConfigError(
            _(
                "{who} makes codes that are not finite of images that are all black or all white; let the encoder divide by nothing that "
                "can be 0."
            ).format(who=_who(model))
        )
    if not torch.allclose(z, again, rtol=1e-3, atol=1e-4):
        raise ConfigError(
            _(
                "{who} makes another code of the same image each time; draw what is random in loss, from its generator."
            ).format(who=_who(model))
        )


@torch.no_grad()
def _check_pictures(model: Autoencoder, x: Tensor, generator: torch.Generator) -> None:
    z = model.encode(x)
    for codes in (z, z + FAR * torch.randn(z.shape, generator=generator)):
        x_hat = model.decode(codes)
        if x_hat.shape != x.shape:
            raise ConfigError(
                _(
                    "{who} makes {kind} of {number} codes, and images are {shape}; change the decoder's last layer."
                ).format(who=_who(model), kind=_kind(x_hat), number=len(x), shape=tuple(x.shape))
            )
        low, high = x_hat.aminmax()
        if not (low >= 0 and high <= 1):
            raise ConfigError(
                _(
                    "{who} decodes codes to values from {low} to {high}, and pictures lie in [0, 1]; let generate end with .sigmoid() or "
                    ".clamp(0, 1)."
                ).format(who=_who(model), low=f"{low:g}", high=f"{high:g}")
            )


def _check_loss(model: Autoencoder, x: Tensor, generator: torch.Generator) -> None:
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    terms, variant = model.loss(x, generator), with_place(model.config.variant)
    if not isinstance(terms, dict) or not terms:
        kind = _("an empty dictionary") if isinstance(terms, dict) else _kind(terms)
        raise ConfigError(
            _(
                "The loss of variant {variant} is {kind}; return a dictionary of terms, such as {example} with a tensor (B,)."
            ).format(variant=variant, kind=kind, example='{"reconstruction": ...}')
        )
    for name, term in terms.items():
        if type(name) is not str or name in OF_HISTORY:
            raise ConfigError(
                _(
                    "The loss of variant {variant} has a term {name}; give each a name of its own, as text, other than {names}."
                ).format(variant=variant, name=shown(name), names=list_of(OF_HISTORY))
            )
        if not (isinstance(term, Tensor) and term.is_floating_point()):
            raise ConfigError(
                _(
                    "The loss term {name} of variant {variant} is {kind}; return a float tensor (B,), one number an image."
                ).format(variant=variant, name=shown(name), kind=_kind(term))
            )
        if not term.isfinite().all():
            raise ConfigError(
                _(
                    "The loss term {name} of variant {variant} is not finite before the first step, on images of which one is all black and "
                    "one all white; let no logarithm or division there meet a 0."
                ).format(variant=variant, name=shown(name))
            )
    means = {name: term.mean() for name, term in terms.items()}
    total = sum(means.values())
    if not total.requires_grad:
        raise ConfigError(
            _(
                "The loss of variant {variant} has no gradient; compute it with tensors all the way, without .detach(), .item() or no_grad, "
                "and do not freeze all weights."
            ).format(variant=variant)
        )
    for name, mean in means.items():
        if len(means) > 1 and mean and torch.isclose(2 * mean, total, rtol=1e-6, atol=0):
            raise ConfigError(
                _(
                    "The loss term {name} of variant {variant} is the sum of the others; leave it out, for all terms are added up."
                ).format(variant=variant, name=shown(name))
            )
    for name, buffer in model.named_buffers():
        if not torch.equal(buffer, buffers[name]):
            raise ConfigError(
                _(
                    "Network {network} changes its buffer {name} while it trains, as BatchNorm does, and what is saved are averaged weights, "
                    "for which it would be wrong; take LayerNorm or GroupNorm."
                ).format(network=shown(model.config.network), name=name)
            )


def _kind(value: object) -> str:
    if not isinstance(value, Tensor):
        return _("a {type}").format(type=type(value).__name__)
    return _("a tensor {shape} of {type}").format(
        shape=tuple(value.shape), type=str(value.dtype).removeprefix("torch.")
    )


def _who(model: Autoencoder) -> str:
    return _("Variant {variant} on network {network}").format(
        variant=with_place(model.config.variant), network=shown(model.config.network)
    )
