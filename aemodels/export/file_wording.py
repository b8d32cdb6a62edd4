"""The words of the plane's file, in the language that is spoken; file.js and its HTML put them in place."""

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aemodels.codes.planes import KINDS_OF_PLACE, PlaneStats
from aemodels.data.words import Words
from aemodels.export import wording
from aemodels.language import _, bold_between, list_of, locale, number, percent, pgettext


@dataclass(frozen=True)
class Measured:
    """Figures of a model's plane.

    hole_share         of the area of the box of the central 98% of the codes
    normal_hole_share  of draws from N(0, I); None for a model that knows nothing of N(0, I)
    metrics            the checkpoint's
    """

    stats: PlaneStats
    hole_share: float
    normal_hole_share: float | None
    metrics: Mapping[str, Any]


def facts(measured: Measured, kind: Words) -> list[str]:
    """What was measured, a line each."""
    stats, metrics = measured.stats, measured.metrics
    lines = wording.facts(stats.spread, measured.hole_share, stats.neighbour_accuracy, kind)
    lines.append(f"BCE {number(metrics['bce'], 4)}" if "bce" in metrics else f"PSNR {number(metrics['psnr_db'], 2)} dB")
    return lines


def notes(measured: Measured) -> list[str]:
    """What else was measured, in sentences."""
    if measured.normal_hole_share is None:
        return []
    sentence = _("Of all draws from N(0, I), **{share}** fall into holes of this plane.")
    return [_as_html(sentence.format(share=percent(measured.normal_hole_share, 1)))]


def of_file(kind: Words, models: Sequence[str]) -> dict[str, Any]:
    """What the file says. Those of "touch" and "twins" are of its components.

    models  names of the checkpoints
    """
    return {
        "tag": "-".join(filter(None, (locale().language, locale().script))),
        "language": _("Language"),
        "title": _("Latent plane"),
        "intro": _(
            "An autoencoder with a code of two numbers puts every picture on a plane. "
            "Touch any place, on a code or between codes, and see what the decoder makes of it."
        ),
        "too_old": _("This browser cannot show the file: open it in a browser of 2023 or later, with JavaScript on."),
        "model": _("Model"),
        "codes": _("{shown} of {number} test codes"),
        "grid": _("Manifold grid of {box}"),
        "box_dashed": _("the dashed box"),
        "box_in_view": _("the box in view"),
        "nearest": _("Nearest test {many}, rebuilt, distance").format(many=kind.many),
        "unlabelled": _("number {index}"),
        "kinds": {key: wording.kind_of_place(key).capitalize() for key in KINDS_OF_PLACE},
        "rule": _as_html(wording.rule()),
        "dashed_box": _as_html(
            _(
                "**Dashed**: the central 98% of the codes along each axis. **Hole** is the share of its area where hardly any code lies."
            )
        ),
        "rings": _as_html(wording.rings()),
        "rebuilt": _(
            "The originals are not in this file: beside a place you see the {many} of its nearest codes, as the model rebuilds them."
        ).format(many=kind.many),
        "twins_title": _("Twins"),
        "twins_intro": _("The same place in all models: move the cursor in one plane, and it moves in all."),
        "axes": pgettext("scales of plots", "Axes"),
        "same_scale": _("Same scale"),
        "own_scale": _("Each its own"),
        "cursor": _("Cursor"),
        "same_place": _("Same place"),
        "same_picture": _("Same {one}").format(one=kind.one),
        "twins_caption": wording.below_twins(),
        "twins_rings": wording.rings_of_twins(),
        "made_of": _("Made by Latent Lab of these models: {models}.").format(models=list_of(models)),
        "touch": wording.of_touch(kind),
        "twins": wording.of_twins(kind),
    }


def _as_html(text: str) -> str:
    """Bold words as HTML has them."""
    return bold_between("<b>", "</b>", html.escape(text, quote=False))
