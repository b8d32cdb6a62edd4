"""The panel of the map for a report, and its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from PIL import Image

from aemodels import Checkpoint
from aemodels.codes.maps import Layout
from aemodels.codes.planes import Extent
from aemodels.language import _, list_of, number, percent
from aemodels.report import figures, plane_figures
from pages.parts.map import walking, wording
from pages.parts.map.atlas import Pictures
from pages.parts.map.choosing import Group
from pages.parts.map.walking import Walk
from pages.parts.plane import address
from pages.parts.shared import export

AXES = ("PC 1", "PC 2")  # of PCA
SMALL_PX = 64  # pictures up to this width are enlarged without blur


@dataclass(frozen=True)
class Scene:
    """What the page shows: a model's codes laid out by a method, one of them picked, two groups chosen, and the way from one to the
    other; index (n, k) the nearest codes of each."""

    ckpt: Checkpoint
    method: str
    layout: Layout
    whole: Extent
    pictures: Pictures
    index: np.ndarray
    picked: int
    groups: Mapping[str, Group]
    walk: Walk | None


def show(scene: Scene) -> None:
    """The row of downloads."""
    n, method = len(scene.layout.places), wording.methods()[scene.method]
    settings = {
        _("model"): scene.ckpt.name,
        _("layout"): method,
        _("code"): scene.picked,
        _("trustworthiness"): number(scene.layout.trust, 3),
        _("neighbours kept"): percent(scene.layout.kept),
    }
    for letter, group in scene.groups.items():
        if group.said:
            told = address.join(group.outline, 3) if group.outline else group.said
            settings[_("codes {letter}").format(letter=letter.upper())] = told
    alt = _(
        "Map of {number} codes by {method}; beside it the picture of code {picked} and those of its nearest codes"
    ).format(number=number(n), method=method, picked=scene.picked)

    def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
        return _draw(scene, width_px, ink, caption)

    export.export_row(
        f"map-{scene.ckpt.name}-{scene.method}-{scene.picked}", draw, partial(_rows, scene), settings, alt
    )


def _draw(scene: Scene, width_px: int, ink: figures.Ink, caption: str) -> Image.Image:
    ckpt, picked, walk, n = scene.ckpt, scene.picked, scene.walk, len(scene.layout.places)
    side_px = width_px // (3 if walk else 2)
    axes = AXES if scene.method == "pca" else None
    labels, names = ckpt.labels.numpy(), ckpt.data.label_names
    place = scene.layout.places[picked]
    cloud = plane_figures.scatter_tile(
        scene.layout.places, labels, names, scene.whole, side_px, ink, axes=axes, place=place
    )
    near = figures.to_tiles(ckpt.model.decode(ckpt.codes[torch.tensor([picked, *scene.index[picked][:8].tolist()])]))
    tiles = [cloud, _nine(near, side_px)]
    notes = [
        _("{number} codes by {method}").format(number=number(n), method=wording.methods()[scene.method]),
        _("Code {picked}, at the cross, and its 8 nearest codes, row by row").format(picked=picked),
    ]
    if walk:
        tiles.append(_nine([*walk.means, near[0], *walk.rows[0][2:], *walk.rows[1][2:]], side_px))
        steps = list_of(number(step, 1) for step in walking.STEPS[2:])
        notes.append(
            _("Mean of A, mean of B, code {picked}; {steps} times from A to B; as far at random").format(
                picked=picked, steps=steps
            )
        )
    return figures.panel([tiles], [], [notes], [], caption, width_px, ink)


def _nine(tiles: Sequence[np.ndarray], side_px: int) -> np.ndarray:
    """Three rows of three; the pixels of small ones stay squares when a panel enlarges them."""
    times = max(1, side_px // (3 * tiles[0].shape[1])) if tiles[0].shape[1] <= SMALL_PX else 1
    return figures.mosaic([tile.repeat(times, 0).repeat(times, 1) for tile in tiles], 3, times)


def _rows(scene: Scene) -> list[dict[str, object]]:
    labels, names, pictures = scene.ckpt.labels, scene.ckpt.data.label_names, scene.pictures
    has_psnr, brightness = len(pictures.psnr) > 0, pictures.brightness
    chosen = {letter: set(group.codes.tolist()) for letter, group in scene.groups.items()}
    return [
        {
            "code": i,
            "x": float(x),
            "y": float(y),
            "label": names[labels[i]] if labels[i] >= 0 else "",
            "group": "".join(letter.upper() for letter, codes in chosen.items() if i in codes),
            "brightness": float(brightness[i]),
            "code_power": float(pictures.power[i]),
            **({"psnr_db": float(pictures.psnr[i])} if has_psnr else {}),
            "nearest_codes": " ".join(map(str, scene.index[i][:4].tolist())),
        }
        for i, (x, y) in enumerate(scene.layout.places.tolist())
    ]
