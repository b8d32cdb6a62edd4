"""A network as a report tells of it: its layers, measured as images run through it, as a table."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from aemodels.language import N_, _, ngettext, number
from aemodels.models.autoencoders import Autoencoder
from aemodels.models.config import ModelConfig
from aemodels.models.layers import Bottleneck, Down, PixelShuffle, PixelUnshuffle, Pointwise, Shift, Up
from aemodels.report.document import Table

# What a layer does, in words; of other classes their name is told.
KINDS: dict[type, str] = {
    nn.Flatten: N_("flatten"),
    nn.Unflatten: N_("shape"),
    nn.Linear: N_("fully connected"),
    Shift: N_("shift by ½"),
    PixelUnshuffle: N_("patches of 8×8 px to channels"),
    PixelShuffle: N_("channels to patches of 8×8 px"),
    Pointwise: N_("1×1 convolution"),
    Bottleneck: N_("residual block: 1×1, 3×3 and 1×1 convolution, ReLU"),
    Down: N_("half the resolution: 1×1 convolution of 2×2 patches"),
    Up: N_("twice the resolution: 1×1 convolution into 2×2 patches"),
}
HIDDEN = N_("fully connected, LayerNorm, SiLU")


@dataclass(frozen=True)
class Layer:
    """One or more equal layers, one after the other.

    part            "encoder" or "decoder"
    kind            what it does, as KINDS has it
    shape           of what it gives for one image
    num_parameters  of all of them
    count           how many there are
    """

    part: str
    kind: str
    shape: tuple[int, ...]
    num_parameters: int
    count: int = 1


def layers(model: Autoencoder) -> list[Layer]:
    """The layers of a model's encoder and decoder, as one image of zeros runs through them."""
    weight = next(model.parameters())
    x = torch.zeros(1, *model.config.image_shape, dtype=weight.dtype, device=weight.device)
    z = torch.zeros(1, *model.config.latent_shape, dtype=weight.dtype, device=weight.device)
    return [*_measured("encoder", model.encoder, x), *_measured("decoder", model.decoder, z)]


def num_parameters(module: nn.Module | None) -> int:
    """How many numbers a module learns; 0 for none."""
    return sum(p.numel() for p in module.parameters()) if module is not None else 0


@torch.no_grad()
def _measured(part: str, network: nn.Sequential, x: Tensor) -> list[Layer]:
    found: list[Layer] = []

    def note(module: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> None:
        if isinstance(module, nn.Flatten | nn.Unflatten) and output.shape == inputs[0].shape:
            return
        layer = Layer(part, _kind(module), tuple(output.shape[1:]), num_parameters(module))
        if found and replace(found[-1], num_parameters=0, count=1) == replace(layer, num_parameters=0):
            last = found.pop()
            layer = replace(last, num_parameters=last.num_parameters + layer.num_parameters, count=last.count + 1)
        found.append(layer)

    handles = [module.register_forward_hook(note) for module in network]
    try:
        network(x)
    finally:
        for handle in handles:
            handle.remove()
    return found


def _kind(module: nn.Module) -> str:
    if isinstance(module, nn.Sequential) and [type(m) for m in module] == [nn.Linear, nn.LayerNorm, nn.SiLU]:
        return HIDDEN
    return KINDS.get(type(module), type(module).__name__)


def times(shape: tuple[int, ...]) -> str:
    """(16, 8, 8) as "16×8×8"."""
    return "×".join(map(str, shape))


def table(name: str, model: Autoencoder, known: Autoencoder | None = None, known_as: str = "") -> Table:
    """The layers of a model with their output shapes and parameters, what happens to its code between, and what improves the code.

    known     a model whose table the reader has seen: an encoder or decoder with the same layers is one row
    known_as  how that one is called, and where it stands
    """
    config, found = model.config, layers(model)
    rows = [(_("input"), times(config.image_shape), "–")]
    if factor := config.settings.get("noise_factor"):
        rows.append(
            (_("noise of σ = {factor}, while training").format(factor=f"{factor:g}"), times(config.image_shape), "–")
        )
    before = layers(known) if known else []

    def of_part(part: str, said: str) -> list[tuple[str, str, str]]:
        ours, theirs = ([layer for layer in of if layer.part == part] for of in (found, before))
        if ours != theirs:
            return [_row(said, layer) for layer in ours]
        what = _("{part}: the same {number} layers as in {known}").format(
            part=said, number=number(sum(layer.count for layer in ours)), known=known_as
        )
        return [(what, times(ours[-1].shape), number(sum(layer.num_parameters for layer in ours)))]

    rows += of_part("encoder", _("Encoder"))
    rows += _of_code(model)
    rows += of_part("decoder", _("Decoder"))
    rows.append((_output(config), times(config.image_shape), "–"))
    total = number(num_parameters(model))
    rows.append((_("all together"), "", total))
    caption = _(
        "The network, layer by layer: {total} parameters. The shapes were measured with an image in it."
    ).format(total=total)
    return Table(name, caption, (_("Layer"), _("Output shape"), _("Parameters")), tuple(rows))


def _row(part: str, layer: Layer) -> tuple[str, str, str]:
    what = _("{part}: {layer}").format(part=part, layer=_(layer.kind))
    if layer.count > 1:
        what = _("{part}: {count} × {layer}").format(part=part, count=layer.count, layer=_(layer.kind))
    return what, times(layer.shape), number(layer.num_parameters) if layer.num_parameters else "–"


def of_code(model: Autoencoder) -> list[tuple[str, int]]:
    """What becomes of the encoder's code before it is sent, each in words, with the parameters that it has."""
    config, refinement, found = model.config, model.refinement, []
    if model.encoder_outputs == 2:
        found.append((_("mean and logarithm of the variance of z"), 0))
    if model.noise_variance:
        found.append((_("power normalisation: z of mean square 1"), 0))
    if refinement is not None and refinement.corrector is not None:
        found.append((_("corrector: a second look at the image"), num_parameters(refinement.corrector)))
    if refinement is not None and refinement.refiner is not None:
        text = ngettext(
            "refiner: {steps} learned gradient step", "refiner: {steps} learned gradient steps", config.refiner_steps
        )
        found.append((text.format(steps=number(config.refiner_steps)), num_parameters(refinement.refiner)))
    if steps := config.descent_steps:
        text = ngettext(
            "{steps} plain gradient step, not while training", "{steps} plain gradient steps, not while training", steps
        )
        found.append((text.format(steps=number(steps)), 0))
    return found


def _of_code(model: Autoencoder) -> list[tuple[str, str, str]]:
    """Likewise as rows of the table, with the code itself and the noise on it."""
    shape = times(model.config.latent_shape)
    rows = [(_("Code: {what}").format(what=text), shape, number(n) if n else "–") for text, n in of_code(model)]
    rows.append((_("Code z"), shape, "–"))
    if model.encoder_outputs == 2:
        rows.append((_("Code: z is drawn while training, else it is the mean"), shape, "–"))
    if model.noise_variance:
        text = _("Code: noise of variance {variance}, while training").format(variance=f"{model.noise_variance:g}")
        rows.append((text, shape, "–"))
    return rows


def _output(config: ModelConfig) -> str:
    return _("output: sigmoid") if config.reconstruction == "bce" else _("output: clipped to [0, 1]")
