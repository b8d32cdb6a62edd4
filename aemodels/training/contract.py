"""Whether a variant or a network of one's own keeps to what all else relies on: tried on three images, before anything is trained."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor

from aemodels.errors import ConfigError, LatentLabError, as_words
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.building import with_place

FAR = 100.0  # codes of this spread lead a decoder out of the range of pictures, if anything does
OF_HISTORY = ("epoch", "step", "seconds", "learning_rate", "psnr_db")  # what an epoch's record holds beside the loss


def check(model: Autoencoder) -> None:
    """Raises ConfigError, with what to change, where a fresh model breaks the contract of variants: `encode` is deterministic and gives
    codes of the recipe's shape, `decode` gives pictures in [0, 1], `loss` a dictionary of terms to be made small. The refinement of codes is left out: it is no variant's own, and
    takes seconds."""
    config, generator = model.config, torch.Generator().manual_seed(0)
    if not list(model.parameters()):
        raise ConfigError(
            f"{_network(model)} has no weights, so that there is nothing to train; give it a layer that has."
        )
    black_white_and_random = torch.rand(3, *config.image_shape, generator=generator)
    black_white_and_random[0], black_white_and_random[1] = 0, 1
    refinement, model.refinement = model.refinement, None
    with _told(f"{_who(model)} cannot encode images", "change the encoder, or the method that fails."):
        _check_codes(model.eval(), black_white_and_random)
    with _told(f"{_who(model)} cannot decode codes", "change the decoder, or the method that fails."):
        _check_pictures(model, black_white_and_random, generator)
    for x in (black_white_and_random, black_white_and_random[:1]):
        what = f"The loss of variant {with_place(config.variant)} fails on a batch of {len(x)}"
        with _told(
            what, "it is called as loss(x, generator), with images x and a torch.Generator; change the line that fails."
        ):
            _check_loss(model.train(), x, generator)
    model.refinement = refinement


@contextlib.contextmanager
def _told(what: str, to_do: str) -> Iterator[None]:
    """Whatever the author's code raises within becomes a sentence."""
    try:
        yield
    except LatentLabError:
        raise
    except Exception as error:
        raise ConfigError(f"{what}: {as_words(error)}; {to_do}") from error


@torch.no_grad()
def _check_codes(model: Autoencoder, x: Tensor) -> None:
    z, again = model.encode(x), model.encode(x)
    wanted = (len(x), *model.config.latent_shape)
    if not isinstance(z, Tensor) or z.shape != wanted:
        raise ConfigError(
            f"{_who(model)} makes {_kind(z)} of {len(x)} images, and not codes {wanted} as latent_shape in the recipe says; change the encoder's "
            "last layer or latent_shape."
        )
    if not z.isfinite().all():
        raise ConfigError(
            f"{_who(model)} makes codes that are not finite of images that are all black or all white; let the encoder "
            "divide by nothing that can be 0."
        )
    if not torch.allclose(z, again, rtol=1e-3, atol=1e-4):
        raise ConfigError(
            f"{_who(model)} makes another code of the same image each time; draw what is random in loss, from its generator."
        )


@torch.no_grad()
def _check_pictures(model: Autoencoder, x: Tensor, generator: torch.Generator) -> None:
    z = model.encode(x)
    for codes in (z, z + FAR * torch.randn(z.shape, generator=generator)):
        x_hat = model.decode(codes)
        if x_hat.shape != x.shape:
            raise ConfigError(
                f"{_who(model)} makes {_kind(x_hat)} of {len(x)} codes, and images are {tuple(x.shape)}; change the decoder's last layer."
            )
        low, high = x_hat.aminmax()
        if not (low >= 0 and high <= 1):
            raise ConfigError(
                f"{_who(model)} decodes codes to values from {low:g} to {high:g}, and pictures lie in [0, 1]; let generate "
                "end with .sigmoid() or .clamp(0, 1)."
            )


def _check_loss(model: Autoencoder, x: Tensor, generator: torch.Generator) -> None:
    buffers = {name: buffer.clone() for name, buffer in model.named_buffers()}
    terms, variant = model.loss(x, generator), f"variant {with_place(model.config.variant)}"
    if not isinstance(terms, dict) or not terms:
        kind = "an empty dictionary" if isinstance(terms, dict) else _kind(terms)
        raise ConfigError(
            f'The loss of {variant} is {kind}; return a dictionary of terms, such as {{"reconstruction": ...}} with a tensor (B,).'
        )
    for name, term in terms.items():
        if type(name) is not str or name in OF_HISTORY:
            raise ConfigError(
                f"The loss of {variant} has a term {name!r}; give each a name of its own, as text, other than {', '.join(OF_HISTORY)}."
            )
        if not (isinstance(term, Tensor) and term.is_floating_point()):
            raise ConfigError(
                f"The loss term {name!r} of {variant} is {_kind(term)}; return a float tensor (B,), one number an image."
            )
        if not term.isfinite().all():
            raise ConfigError(
                f"The loss term {name!r} of {variant} is not finite before the first step, on images of which one is all black and one all white; "
                "let no logarithm or division there meet a 0."
            )
    means = {name: term.mean() for name, term in terms.items()}
    total = sum(means.values())
    if not total.requires_grad:
        raise ConfigError(
            f"The loss of {variant} has no gradient; compute it with tensors all the way, without .detach(), .item() or no_grad, and do not freeze all weights."
        )
    for name, mean in means.items():
        if len(means) > 1 and mean and torch.isclose(2 * mean, total, rtol=1e-6, atol=0):
            raise ConfigError(
                f"The loss term {name!r} of {variant} is the sum of the others; leave it out, for all terms are added up."
            )
    for name, buffer in model.named_buffers():
        if not torch.equal(buffer, buffers[name]):
            raise ConfigError(
                f"{_network(model)} changes its buffer {name} while it trains, as BatchNorm does, and what is saved are averaged weights, for which it "
                "would be wrong; take LayerNorm or GroupNorm."
            )


def _kind(value: object) -> str:
    if not isinstance(value, Tensor):
        return f"a {type(value).__name__}"
    return f"a tensor {tuple(value.shape)} of {value.dtype}".replace("torch.", "")


def _who(model: Autoencoder) -> str:
    return f"Variant {with_place(model.config.variant)} on network {model.config.network!r}"


def _network(model: Autoencoder) -> str:
    return f"Network {model.config.network!r}"
