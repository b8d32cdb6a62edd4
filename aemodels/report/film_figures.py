"""Films as pictures for a report and as a file that moves: codes and decoded grid of several models under one clock."""

import io
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from PIL import Image

from aemodels.codes import planes
from aemodels.language import _, number
from aemodels.report import figures, plane_figures
from aemodels.report.figures import SMALLEST
from aemodels.storage.checkpoints import Checkpoint
from aemodels.storage.films import Film

NUM_STRIP = 8  # moments of a strip
NUM_FRAMES, FRAME_MS, LAST_FRAME_MS = 48, 200, 2500
FRAME_PX, FRAME_CODES = 1200, 4000  # width for three models and more, and how many codes are drawn
FRAME_LETTERS_PX = 14  # size of letters at least: a film is looked at as it is, and not printed
WEBP_QUALITY = 75


def clock(films: Sequence[Film], num_ticks: int) -> np.ndarray:
    """Steps (num_ticks,) spaced by the logarithm of one more, from 0 to the longest film's last."""
    return np.expm1(np.linspace(0, np.log1p(max(film.steps[-1] for film in films)), num_ticks))


def nearest_moment(film: Film, step: float) -> int:
    """The moment of a film that is nearest to a step on the clock's scale; the last one where the film is over."""
    return int(abs(np.log1p(film.steps) - np.log1p(step)).argmin())


def between(film: Film, step: float) -> tuple[np.ndarray, tuple[float, ...], np.ndarray]:
    """Codes (n, 2), box and picture of a film at any step: between two moments those are mixed, as the page does it."""
    at = np.interp(np.log1p(step), np.log1p(film.steps), np.arange(len(film.steps)))
    i, share = min(int(at), len(film.steps) - 2), at - min(int(at), len(film.steps) - 2)
    codes, box, picture = (
        (1 - share) * a + share * b
        for a, b in (
            (film.codes(i), film.codes(i + 1)),
            (film.boxes[i], film.boxes[i + 1]),
            (film.picture(i).astype(np.float32), film.picture(i + 1)),
        )
    )
    return codes, tuple(box.tolist()), picture.round().astype(np.uint8)


def strip(
    films: Mapping[str, Film],
    ckpts: Sequence[Checkpoint],
    extent: tuple[float, ...] | None,
    width_px: int,
    ink: figures.Ink,
    caption: str = "",
) -> Image.Image:
    """NUM_STRIP moments in a row, and for each model its codes above its decoded grid.

    films   by the models' titles, in the order of `ckpts`
    extent  of all scatters; each its own box, if not given
    """
    steps = clock(list(films.values()), NUM_STRIP)
    side_px = round(width_px / NUM_STRIP)
    rows, names, notes = [], [], []
    for (title, film), ckpt in zip(films.items(), ckpts, strict=True):
        moments = [nearest_moment(film, step) for step in steps]
        cells = [
            plane_figures.scatter_tile(
                film.codes(i),
                ckpt.labels.numpy(),
                ckpt.data.label_names,
                _box(film, i, extent),
                side_px,
                ink,
                least_px=width_px / 120,
            )
            for i in moments
        ]
        rows += [cells, [film.picture(i) for i in moments]]
        names += [_("{model}: codes").format(model=title), _("{model}: decoded grid").format(model=title)]
        notes += [[_("step {step}").format(step=number(int(film.steps[i]))) for i in moments], [""] * NUM_STRIP]
    return figures.panel(rows, names, notes, [], caption, width_px, ink)


def animation(
    films: Mapping[str, Film],
    ckpts: Sequence[Checkpoint],
    extent: tuple[float, ...] | None,
    caption: str,
    progress: Callable[[float], object] = lambda share: None,
) -> bytes:
    """The films as an animated WebP file that plays for ever: a column a model, its codes above its decoded grid; of one model the grid
    beside the codes.

    progress  called with the share that is done
    """
    steps = clock(list(films.values()), NUM_FRAMES)
    width_px = FRAME_PX if len(films) > 2 else 2 * FRAME_PX // 3
    side_px = width_px // max(2, len(films))
    frames = []
    for done, step in enumerate(steps):
        clouds, grids = [], []
        for film, ckpt in zip(films.values(), ckpts, strict=True):
            codes, box, picture = between(film, step)
            labels, names = ckpt.labels.numpy()[:FRAME_CODES], ckpt.data.label_names
            box = extent or planes.widen(box)
            clouds.append(
                plane_figures.scatter_tile(
                    codes[:FRAME_CODES], labels, names, box, side_px, least_px=FRAME_LETTERS_PX - 2
                )
            )
            grids.append(picture)
        said = _("Step {step}. {caption}").format(step=number(round(step)), caption=caption)
        rows, heads = ([clouds, grids], list(films)) if len(films) > 1 else ([clouds + grids], [*films, ""])
        frames.append(figures.panel(rows, [], [], heads, said, width_px, of_px=round(FRAME_LETTERS_PX / SMALLEST)))
        progress((done + 1) / len(steps) * 0.9)
    buffer, pauses = io.BytesIO(), [FRAME_MS] * (len(frames) - 1) + [LAST_FRAME_MS]
    frames[0].save(
        buffer, "WEBP", save_all=True, append_images=frames[1:], duration=pauses, quality=WEBP_QUALITY, method=2, loop=0
    )
    progress(1.0)
    return buffer.getvalue()


def _box(film: Film, moment: int, extent: tuple[float, ...] | None) -> tuple[float, ...]:
    return extent or planes.widen(tuple(film.boxes[moment].tolist()))
