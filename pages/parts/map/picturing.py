"""What the map's canvas is told: the view, the picked code, the groups, the colours."""

import numpy as np

from aemodels import Checkpoint
from aemodels.codes.planes import Extent
from aemodels.report import figures, plane_figures
from pages.parts.map import wording
from pages.parts.map.atlas import Pictures
from pages.parts.map.choosing import NEAR, Group
from pages.parts.shared import originals

RAMP = (
    "#00224e",
    "#123570",
    "#3b496c",
    "#575d6d",
    "#707173",
    "#8a8678",
    "#a59c74",
    "#c3b369",
    "#e1cc55",
    "#fee838",
)  # cividis


def data(
    ckpt: Checkpoint,
    pictures: Pictures,
    whole: Extent,
    view: Extent,
    picked: int,
    groups: dict[str, Group],
    colouring: str,
    only: str,
    own: list[float] | None,
) -> dict:
    """The data of `canvas.touch` for a map of the first codes of a model."""
    names = ckpt.data.label_names
    original = originals.of_code(ckpt, picked)
    of_each = {"brightness": pictures.brightness, "power": pictures.power, "psnr": pictures.psnr}
    return {
        "photos": ckpt.model_config.image_shape[-1] > 32,
        "view": view,
        "whole": whole,
        "picked": picked,
        **{letter: group.outline or None for letter, group in groups.items()},
        "near": {letter: group.codes.tolist() if group.way == NEAR else [] for letter, group in groups.items()},
        "only": int(only) if only else None,
        "names": names,
        "colours": plane_figures.class_colours(names),
        "scale": None if colouring == "label" else _scale(colouring, of_each[colouring]),
        "own": own,
        "detail": {
            "picked": picked,
            "decoded": figures.png_base64(figures.to_tiles(ckpt.model.decode(ckpt.codes[picked][None]))[0]),
            "original": None if original is None else figures.png_base64(figures.to_tiles(original[None])[0]),
        },
    }


def _scale(value: str, numbers: np.ndarray) -> dict:
    """The colours of numbers (n,), from the lowest hundredth to the highest."""
    low, high = np.quantile(numbers, [0.01, 0.99]).tolist()
    ends = {"from": wording.of_value(value, low), "to": wording.of_value(value, high)}
    return {"value": value, "low": low, "high": high, "colours": RAMP, **ends}
