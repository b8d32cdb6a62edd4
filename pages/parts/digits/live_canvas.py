"""The component that shows a training: the plane that unfolds, the loss, some digits rebuilt."""

import base64
from pathlib import Path

import numpy as np
import torch

from aemodels.codes import planes
from aemodels.data import mnist, shipped
from aemodels.language import _, number, percent
from aemodels.report import plane_figures
from aemodels.training import moments
from aemodels.training.moments import Moment
from pages.parts.plane import canvas

HTML = """
<div class="live">
  <figure>
    <figcaption class="title" data-text="plane_title"></figcaption>
    <div class="legend" role="group" data-label="classes"></div>
    <canvas id="codes" class="plane" role="img"></canvas>
  </figure>
  <section>
    <figure>
      <figcaption class="title" data-text="loss_title"></figcaption>
      <div class="lines"><span id="held-out"><i></i><span data-text="held_out"></span></span><span id="training"><i></i><span data-text="training"></span></span></div>
      <canvas id="loss" class="plane" role="img"></canvas>
    </figure>
    <figure><figcaption data-text="digits"></figcaption><canvas id="digits" class="digit" role="img"></canvas></figure>
  </section>
</div>
"""
_LIVE = canvas.on_panes("live", HTML, Path(__file__).parent, "live")


def show(run: str, moment: Moment, code_size: int) -> None:
    """A moment of a training.

    run  what tells this training from another one
    """
    x, labels = shipped.held_out()
    classes = mnist.FAMILY["mnist"].label_names
    seconds, _steps, training, held_out, _neighbours = moment.curve.T.tolist()
    data = {
        "run": run,
        "moment": len(moment.curve),
        "places": _base64(moment.places.astype(np.float32)),
        "labels": _base64(labels.numpy().astype(np.uint8)),
        "view": view(moment),
        "axes": ["z₁", "z₂"] if code_size == 2 else ["p₁", "p₂"],
        "curve": {
            "seconds": seconds,
            "training": [value if np.isfinite(value) else None for value in training],
            "held_out": [value if np.isfinite(value) else None for value in held_out],
        },
        "originals": _base64(x[moments.first_of_each(labels)].numpy()),
        "rebuilt": _base64(moment.rebuilt),
        "names": classes,
        "colours": plane_figures.class_colours(classes),
        "words": words(moment, code_size),
    }
    _LIVE(key="live", data=data)


def view(moment: Moment) -> planes.Extent:
    """What is seen of the plane: nearly all codes."""
    return planes.widen(planes.box(torch.from_numpy(moment.places), 0.995))


def words(moment: Moment, code_size: int) -> dict[str, str]:
    n = number(len(moment.places))
    bce, seconds = number(moment.bce, 3), number(float(moment.curve[-1, 0]))
    title = _("{number} held-out digits by their codes").format(number=n)
    if code_size > 2:
        title = _(
            "{number} held-out digits by their codes, on the first two principal axes: {share} of the variance"
        ).format(number=n, share=percent(moment.share))
    return {
        "plane_title": title,
        "classes": _("Classes"),
        "loss_title": _("Loss: BCE in nats a pixel"),
        "held_out": _("held-out digits"),
        "training": _("training, all terms"),
        "seconds": _("seconds"),
        "digits": _("Held-out digits above, rebuilt below"),
        "plane": _("The codes of {number} held-out digits after {seconds} s of training, a dot each").format(
            number=n, seconds=seconds
        ),
        "loss": _("The loss over {seconds} s; on held-out digits it is now {bce}").format(seconds=seconds, bce=bce),
        "rebuilt": _("Ten held-out digits, and below each what the model rebuilds of it now"),
    }


def _base64(values: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(values).tobytes()).decode()
