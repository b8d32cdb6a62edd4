"""Pictures of a plane of 2-D codes that show how densely the codes lie; densities are those of `planes.Support`, in [0, 1]."""

import numpy as np
from PIL import Image

from aemodels.codes import planes
from aemodels.codes.planes import HOLE_BELOW, SPARSE_BELOW
from aemodels.storage.checkpoints import Checkpoint

SPARSE_COLOUR, HOLE_COLOUR = (240, 190, 40, 60), (220, 60, 50, 70)  # red, green, blue, alpha


def rings(ckpt: Checkpoint) -> tuple[float, ...]:
    """Radii of the circles that show N(0, I) on a plane whose model learnt to have its codes lie so; none on another."""
    return planes.RINGS if ckpt.model.has_prior else ()


def tint(shares: np.ndarray) -> np.ndarray:
    """Densities (side²,) of cells, row by row, as a picture uint8 (side, side, 4): holes red, sparse places yellow, all of it
    transparent."""
    side = round(len(shares) ** 0.5)
    picture = np.zeros((len(shares), 4), np.uint8)
    picture[shares < SPARSE_BELOW] = SPARSE_COLOUR
    picture[shares < HOLE_BELOW] = HOLE_COLOUR
    return picture.reshape(side, side, 4)


def fade(picture: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """A picture uint8 (H, H, 3) of side × side cells, made transparent (H, H, 4) where few codes lie.

    A cell as crowded as the median code (share 0.5) or more is full, one below a share of 0.05 is a tenth.

    shares  the densities (side²,) of its cells, row by row
    """
    side = round(len(shares) ** 0.5)
    cell = np.ones((len(picture) // side,) * 2)
    opacity = np.clip(2 * shares, 0.1, 1).reshape(side, side)
    return np.dstack([picture, (255 * np.kron(opacity, cell)).round().astype(np.uint8)])


def over(picture: np.ndarray, background: str) -> np.ndarray:
    """A picture uint8 (H, W, 3 or 4) laid on a colour such as "#ffffff": (H, W, 3)."""
    image = Image.fromarray(picture).convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", image.size, background), image).convert("RGB"))
