"""Many small pictures as one file, for a browser to cut up."""

import io
from math import ceil

import numpy as np
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from aemodels.report import figures

MAX_TILE_PX, SMALL_TILE_PX = 64, 32
MANY = 4000  # pictures, from which on they are small
QUALITY = 85


def tile_px(side_px: int, num_pictures: int) -> int:
    """How wide a picture of this width is on a sheet of so many."""
    return min(side_px, MAX_TILE_PX if num_pictures <= MANY else SMALL_TILE_PX)


def shrink(x: Tensor, side_px: int) -> np.ndarray:
    """Images (B, C, H, W) in [0, 1] as uint8 tiles (B, side_px, side_px, 3), each pixel a mean."""
    if x.shape[-1] != side_px:
        x = F.interpolate(x, (side_px, side_px), mode="area")
    return np.stack(figures.to_tiles(x))


def columns(num_pictures: int) -> int:
    """How many pictures stand in a row of the sheet."""
    return ceil(num_pictures**0.5)


def webp(tiles: np.ndarray) -> bytes:
    """Tiles (n, side, side, 3), row by row, as a WebP file."""
    buffer = io.BytesIO()
    Image.fromarray(figures.mosaic(list(tiles), columns(len(tiles)), background=0)).save(
        buffer, "WEBP", quality=QUALITY, method=2
    )
    return buffer.getvalue()
