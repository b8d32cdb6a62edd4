"""A network drawn from top to bottom: as wide as each layer's output has numbers, what it does on the left, the output's shape on the
right; noise and normalisation where they act."""

from dataclasses import dataclass
from math import log2, prod

from PIL import Image, ImageDraw

from aemodels.language import N_, _
from aemodels.models.autoencoders import Autoencoder
from aemodels.report.figures import LIGHT, PALETTE, SMALLEST
from aemodels.report.lettering import Lettering
from aemodels.report.networks_described import Layer, layers, of_code, times

ENCODER, CODE, DECODER, NOISE, STEP = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[3], "#8c959f"
PARTS = {ENCODER: N_("Encoder"), DECODER: N_("Decoder")}  # what stands in the first bar of a part
LABELS, SHAPES = 0.46, 0.14  # shares of the width


@dataclass(frozen=True)
class Row:
    """What stands on one line.

    colour  of its bar; a circle with a plus takes the bar's place where it is NOISE's
    """

    text: str
    shape: tuple[int, ...]
    colour: str


def rows(model: Autoencoder) -> list[Row]:
    """What images meet on their way through a model, in order."""
    config = model.config
    found = [Row(_("image x"), config.image_shape, STEP)]
    if factor := config.settings.get("noise_factor"):
        found.append(
            Row(_("+ {factor}·N(0, 1), while training").format(factor=f"{factor:g}"), config.image_shape, NOISE)
        )
    of_network = layers(model)
    found += [Row(_name(layer), layer.shape, ENCODER) for layer in of_network if layer.part == "encoder"]
    found += [Row(text, config.latent_shape, STEP) for text, _num in of_code(model)]
    if model.encoder_outputs == 2:
        found.append(Row(_("+ σ·N(0, 1), while training"), config.latent_shape, NOISE))
    found.append(Row(_("code z"), config.latent_shape, CODE))
    if model.noise_variance:
        text = _("+ N(0, {variance}), while training").format(variance=f"{model.noise_variance:g}")
        found.append(Row(text, config.latent_shape, NOISE))
    found += [Row(_name(layer), layer.shape, DECODER) for layer in of_network if layer.part == "decoder"]
    return [*found, Row(_("rebuilt image x̂"), config.image_shape, STEP)]


def draw(model: Autoencoder, width_px: int) -> Image.Image:
    """The drawing of a model's network."""
    found, unit = rows(model), width_px / 2400
    letters, bold = (Lettering(1.03 * SMALLEST * width_px, bold) for bold in (False, True))
    named = {row.colour: row for row in reversed(found) if row.colour in PARTS}  # the first of each
    texts = [letters.lines(row.text, (LABELS - 0.02) * width_px, 2) for row in found]
    line = 1.25 * letters.size
    heights = [round((len(lines) - 1) * line + 1.75 * letters.size) for lines in texts]
    image = Image.new("RGB", (width_px, sum(heights) + round(20 * unit)), LIGHT.background)
    pen, top = ImageDraw.Draw(image), 10 * unit
    room = (1 - LABELS - SHAPES) * width_px
    centre = LABELS * width_px + room / 2
    widest = max(log2(1 + prod(row.shape)) for row in found)
    pen.line((centre, heights[0] / 2, centre, image.height - heights[-1] / 2), LIGHT.muted, round(5 * unit))
    for row, lines, height in zip(found, texts, heights, strict=True):
        middle = top + height / 2
        for i, text in enumerate(lines):
            y = middle + (i - (len(lines) - 1) / 2) * line
            letters.draw(pen, ((LABELS - 0.015) * width_px, y), text, LIGHT.text, "rm")
        letters.draw(pen, (width_px * (1 - SHAPES + 0.015), middle), times(row.shape), LIGHT.text, "lm")
        half = room / 2 * log2(1 + prod(row.shape)) / widest
        if row.colour == NOISE:
            radius = 0.6 * letters.size
            pen.ellipse(
                (centre - radius, middle - radius, centre + radius, middle + radius),
                LIGHT.background,
                NOISE,
                round(6 * unit),
            )
            letters.draw(pen, (centre, middle), "+", NOISE, "mm")
        else:
            box = (centre - half, top + 0.12 * height, centre + half, top + 0.88 * height)
            pen.rounded_rectangle(box, 8 * unit, row.colour)
            if named.get(row.colour) is row:
                bold.draw(pen, (centre, middle), bold.shorten(_(PARTS[row.colour]), 2 * half), "#ffffff", "mm")
        top += height
    return image


def _name(layer: Layer) -> str:
    name = _(layer.kind)
    return _("{count} × {layer}").format(count=layer.count, layer=name) if layer.count > 1 else name
