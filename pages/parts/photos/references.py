"""The codes that come with a model, decoded. Few of them are the nearest of most samples, so their pictures are kept."""

from collections.abc import Sequence

import numpy as np

from aemodels.report import figures
from pages.parts.photos import drawings
from pages.parts.shared import loaders
from pages.parts.shared.once import per_model


def tiles(name: str, places: Sequence[int]) -> list[np.ndarray]:
    """Uint8 pictures (H, W, 3) of the checkpoint's reference codes at these places."""
    kept = {place: _at(name, place) for place in places}
    if missing := [place for place, tile in kept.items() if not tile]:
        ckpt = loaders.checkpoint(name)
        for place, tile in zip(missing, figures.to_tiles(drawings.decode(ckpt, ckpt.codes[missing])), strict=True):
            kept[place].append(tile.copy())  # alone: what is decoded together is one array
    return [kept[place][0] for place in places]


@per_model(512)  # 25 MB, for photos of 128×128 px
def _at(name: str, place: int) -> list[np.ndarray]:
    """The picture at one place; empty until it is decoded."""
    return []
