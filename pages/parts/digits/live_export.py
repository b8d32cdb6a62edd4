"""The panel of a training that one has watched: its plane and its loss."""

from math import isfinite

import numpy as np
from PIL import Image

from aemodels.data import mnist, shipped
from aemodels.language import _, number
from aemodels.report import curves, figures, plane_figures
from aemodels.training.moments import Moment
from aemodels.training.recipes import Recipe
from pages.parts.digits import live_canvas, live_choices
from pages.parts.shared import export


def show(recipe: Recipe, moment: Moment) -> None:
    """Downloads and the button for the report."""
    labels, classes = shipped.held_out()[1].numpy(), mnist.FAMILY["mnist"].label_names
    spoken = live_canvas.words(moment, recipe.model.latent_shape[0])
    seconds, steps, training, held_out, neighbours = moment.curve.T.tolist()

    def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
        side = width_px // 2
        cloud = plane_figures.scatter_tile(
            moment.places, labels, classes, live_canvas.view(moment), side, ink, least_px=figures.SMALLEST * width_px
        )
        lines = {
            spoken["held_out"]: (seconds, held_out),
            spoken["training"]: (seconds, [value if isfinite(value) else None for value in training]),
        }
        chart = curves.Chart(lines, spoken["seconds"], spoken["loss_title"])
        loss = np.asarray(curves.draw([chart], side, round(0.85 * side), width_px))
        notes = [
            spoken["plane_title"],
            _("BCE {bce}, PSNR {psnr} dB on them").format(bce=number(moment.bce, 4), psnr=number(moment.psnr_db, 2)),
        ]
        return figures.panel([[cloud, loss]], [], [notes], [], caption, width_px, ink)

    rows = [
        {"seconds": s, "step": int(n), "training_loss": t, "held_out_bce_nats": h, "nearest_is_same_digit": a}
        for s, n, t, h, a in zip(seconds, steps, training, held_out, neighbours, strict=True)
    ]
    settings = live_choices.settings(recipe) | {
        _("seconds trained"): number(seconds[-1]),
        _("steps"): number(steps[-1]),
    }
    name = f"train-live-{live_choices.kind_of(recipe)}-{recipe.model.latent_shape[0]}-{recipe.training.seed}"
    export.export_row(
        name, draw, rows, settings, _("{plane}; beside it {loss}").format(plane=spoken["plane"], loss=spoken["loss"])
    )
