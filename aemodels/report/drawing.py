"""What the report's figures have in common: their size, how codes are drawn for them, and how a picture becomes a figure."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from PIL import Image
from torch import Tensor

from aemodels.codes import latents
from aemodels.language import _, number
from aemodels.noise import seeded_order
from aemodels.report import figures
from aemodels.report.document import Figure
from aemodels.report.panels import Panel, Row, describe
from aemodels.storage.checkpoints import Checkpoint

PRINT_PX = 2400  # 20 cm at 300 dpi
NUM_CODES = 256  # that the Gaussian is fitted on
FIT_SEED = 0  # picks them; the scene's seed draws the samples


def picture(
    name: str, title: str, caption: str, image: Image.Image, rows: Sequence[Row], settings: Row, alt: str = ""
) -> Figure:
    """A figure of a drawn picture."""
    return Figure(Panel(name, title, caption, alt or caption, figures.png(image, describe(settings)), rows, settings))


def tiles(
    name: str,
    title: str,
    caption: str,
    pictures: Mapping[str, Sequence[np.ndarray]],
    rows: Sequence[Row],
    settings: Row,
    notes: Sequence[Sequence[str]] = (),
    columns: Sequence[str] = (),
) -> Figure:
    """A figure of rows of tiles, each with its label, and below them the settings."""
    text = describe(settings)
    image = figures.panel(list(pictures.values()), list(pictures), notes, columns, text, PRINT_PX)
    return picture(name, title, caption, image, rows, settings)


def as_rows(**columns: Iterable) -> list[Row]:
    """Columns of equal length as rows."""
    values = (column.tolist() if isinstance(column, Tensor) else column for column in columns.values())
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def pick(ckpt: Checkpoint, num_codes: int, seed: int) -> Tensor:
    """Codes of random reference images, the same for every model."""
    return ckpt.codes[seeded_order(len(ckpt.codes), seed)[:num_codes]]


def fitted_codes(ckpt: Checkpoint) -> Tensor:
    """What the Gaussian is fitted on: NUM_CODES, or all where there are fewer."""
    return pick(ckpt, NUM_CODES, FIT_SEED)


def sample(ckpt: Checkpoint, seeds: Sequence[int]) -> Tensor:
    """Codes (len(seeds), *latent_shape) drawn from the Gaussian of `fitted_codes`, one seed a code."""
    codes = fitted_codes(ckpt)
    return latents.sample(latents.fit(codes), seeds).unflatten(1, codes.shape[1:])


def mosaic(x_hat: Tensor, columns: int, gap: int = 0) -> np.ndarray:
    """Images (B, C, H, W) as one tile, row by row."""
    return figures.mosaic(figures.to_tiles(x_hat), columns, gap)


def in_db(psnr: Tensor) -> list[str]:
    """What stands under tiles: 21.3 dB."""
    return [_("{psnr} dB").format(psnr=number(p, 1)) for p in psnr.tolist()]


def span(seeds: Sequence[int]) -> str:
    """Neighbouring seeds, the first and the last."""
    return f"{seeds[0]}–{seeds[-1]}"
