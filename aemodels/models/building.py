"""A model from its configuration. What cannot be built is told in a sentence: somebody may be writing its class, or its network."""

from dataclasses import fields, is_dataclass

import torch
from torch import nn
from torch.overrides import TorchFunctionMode

from aemodels.errors import ConfigError, LatentLabError, as_words, place_of
from aemodels.language import _, list_of
from aemodels.models.autoencoders import VARIANTS, Autoencoder
from aemodels.models.config import ModelConfig
from aemodels.models.flow import PRIORS, FlowPrior
from aemodels.models.networks import NETWORKS, check_conv
from aemodels.text import shown


def build(config: ModelConfig) -> Autoencoder | FlowPrior:
    """A model with fresh weights, drawn from torch's global generator (as torch's layers do).

    Raises ConfigError for an unknown variant or network, settings that are not this variant's, or shapes that do not fit together.
    """
    check_settings(config)
    if config.variant in PRIORS:
        return PRIORS[config.variant](config)
    if config.network not in NETWORKS:
        raise ConfigError(
            _("There is no network {network}; there are {networks}.").format(
                network=shown(config.network), networks=list_of(NETWORKS)
            )
        )
    if config.network == "conv":
        check_conv(config)
    try:
        model = VARIANTS[config.variant](config)
        is_lazy = any(isinstance(weight, nn.UninitializedParameter) for weight in model.parameters())
    except LatentLabError:
        raise
    except Exception as error:  # whatever can go wrong in a class or a network that somebody is writing
        raise ConfigError(
            _(
                "Variant {variant} on network {network} cannot be built: {error}; let __init__ begin with super().__init__(config), "
                "and give NETWORKS an encoder(config, num_outputs) and a decoder(config)."
            ).format(variant=with_place(config.variant), network=shown(config.network), error=as_words(error))
        ) from error
    if is_lazy:
        raise ConfigError(
            _(
                "Network {network} has a lazy layer, whose weights cannot be stored before it has seen an image; take one that is told "
                "the number of its inputs, such as Linear in place of LazyLinear."
            ).format(network=shown(config.network))
        )
    return model


def build_empty(config: ModelConfig) -> Autoencoder | FlowPrior:
    """What `build` gives and raises, of shapes alone, on the device "meta". No weights are drawn, which there takes most of the time."""
    with torch.device("meta"), _Undrawn():
        return build(config)


class _Undrawn(TorchFunctionMode):
    """In its block, what torch.nn.init would fill stays as it is."""

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        if getattr(func, "__module__", "") == "torch.nn.init":
            return kwargs["tensor"]
        return func(*args, **kwargs)


def check_settings(config: ModelConfig) -> None:
    """Raises ConfigError for an unknown variant, and for a setting that the variant does not have, that is missing, or that its class does not
    take."""
    variants = VARIANTS | PRIORS
    if config.variant not in variants:
        raise ConfigError(
            _("There is no variant {variant}; there are {variants}.").format(
                variant=shown(config.variant), variants=list_of(variants)
            )
        )
    names = setting_names_of(config.variant)
    for name in config.settings:
        if name not in names:
            raise ConfigError(
                _("Variant {variant} has no setting {name}; it has {names}.").format(
                    variant=shown(config.variant), name=shown(name), names=list_of(names) or _("none")
                )
            )
    for name in names:
        if name not in config.settings:
            raise ConfigError(
                _("Variant {variant} needs its setting {name}.").format(variant=shown(config.variant), name=shown(name))
            )
    try:
        variants[config.variant].Settings(**config.settings)
    except LatentLabError:
        raise
    except Exception as error:  # of a class that somebody is writing
        raise ConfigError(
            _("Variant {variant} does not take its settings: {error}; change that line, or the settings.").format(
                variant=with_place(config.variant), error=as_words(error)
            )
        ) from error


def setting_names() -> list[str]:
    """Names of the settings of all variants."""
    return sorted({name for variant in VARIANTS | PRIORS for name in setting_names_of(variant)})


def setting_names_of(variant: str) -> list[str]:
    """Names of a variant's own settings. Raises ConfigError where its class in VARIANTS is none."""
    model = (VARIANTS | PRIORS)[variant]
    if not (isinstance(model, type) and issubclass(model, (Autoencoder, FlowPrior))):
        raise ConfigError(
            _("Variant {variant} is no autoencoder; write a class that inherits from Autoencoder.").format(
                variant=with_place(variant)
            )
        )
    if not is_dataclass(model.Settings):
        raise ConfigError(
            _("The Settings of variant {variant} are no dataclass; write @dataclass(frozen=True) above them.").format(
                variant=with_place(variant)
            )
        )
    names = [field.name for field in fields(model.Settings)]
    for name in {field.name for field in fields(ModelConfig)} & {*names}:
        raise ConfigError(
            _(
                "Variant {variant} has a setting {name}, and every model has a value of this name; call the setting otherwise."
            ).format(variant=with_place(variant), name=name)
        )
    return names


def with_place(variant: str) -> str:
    """A variant's name, and where its class stands: for a sentence on what is wrong with it."""
    return f"{shown(variant)} ({place_of((VARIANTS | PRIORS)[variant])})"
