"""How much ink lies where in a picture: any ink on any other ground, evenly lit or not."""

import numpy as np
import scipy  # its modules are imported where they are first used: ndimage takes a fifth of a second

from aemodels.data.thresholds import otsu

MIN_CONTRAST = 0.1
# Of a picture's longer side, from the edge inwards: no stroke is as broad, even where the border cuts it.
BROADEST = 0.3


def ink_in(pixels: np.ndarray) -> np.ndarray | None:
    """How much ink lies where in a picture uint8 (H, W, C), in [0, 1]; None where nothing stands out."""
    return _stand_out(_ink_axis(pixels / 255))


def _ink_axis(pixels: np.ndarray) -> np.ndarray:
    """One number a pixel, by which ink and ground differ most: the opacity, or along the main axis of the colours, (H, W)."""
    colours = pixels[:, :, :3]
    if pixels.shape[2] == 4 and pixels[:, :, 3].min() < 0.5:
        alpha = pixels[:, :, 3]
        solid = colours[alpha > 0.5]
        if not len(solid) or solid.std(0).max() < 0.1:
            return alpha  # ink of one colour on nothing
        # What is transparent is as what lies along it: the paper that was cut out, or the halo that smooth ink had on its paper.
        along = (alpha > 0.5) & scipy.ndimage.binary_dilation(alpha <= 0.5, np.ones((3, 3)))
        ground = np.median(colours[along], axis=0)
        colours = ground + alpha[:, :, None] * (colours - ground)
    spread = np.cov(colours.reshape(-1, 3).T)
    axis = np.linalg.eigh(spread)[1][:, -1]
    axis *= np.sign(axis.sum()) or 1
    return colours @ axis / np.sqrt(3)


def _stand_out(values: np.ndarray) -> np.ndarray | None:
    """How much each pixel stands out from the ground, in [0, 1]; None where nothing does. What the border shows is the ground."""
    threshold = otsu(values)
    strip = max(1, min(values.shape) // 40)  # not a single line: paper may be ruled
    border = np.concatenate([part.ravel() for v in (values, values.T) for part in (v[:strip], v[-strip:])])
    is_dark = np.mean(border > threshold) >= 0.5  # the ink
    ground = border[(border > threshold) == is_dark]
    contrast = abs(values[values > threshold].mean() - values[values <= threshold].mean()) if np.ptp(values) else 0
    if contrast < MIN_CONTRAST / 2:
        return None
    level = np.median(ground)
    ink = level - values if is_dark else values - level
    # Three quarters, and not half: of light from one side the brightest edge alone may be nearly half of the ground.
    if _is_broad(ink) or np.quantile(abs(ground - level), 0.75) > 0.085 * contrast:  # unevenly lit
        level = _surface(values)
        away = values - level
        is_dark = np.sum(away**3) < 0
        for _round in range(3):
            ink = -away if is_dark else away
            level = _surface(values, ink < otsu(ink))
            away = values - level
        ink = _of_light(values, level, is_dark)
        beside = _beside_strokes(values)
        # No surface is near the ground where a shadow with an edge lies on it.
        if _is_broad(ink) or _separability(beside) > _separability(ink) + 0.1:
            ink = beside
    threshold = otsu(ink)
    noise = 3 * np.median(abs(ink[ink < threshold])) / 0.6745
    full = np.quantile(ink[ink > threshold], 0.9) if (ink > threshold).any() else 0
    if full < MIN_CONTRAST:
        return None
    noise = min(noise, 0.3 * full)
    if noise < 0.02 * full:
        full = ink.max()
    return ((ink - noise) / (full - noise)).clip(0, 1)


def _is_broad(ink: np.ndarray) -> bool:
    """Whether some of the ink is broader than strokes are: it is a shadow."""
    return scipy.ndimage.distance_transform_edt(ink > otsu(ink)).max() > BROADEST * max(ink.shape)


def _beside_strokes(values: np.ndarray) -> np.ndarray:
    """The ink on a ground that is everywhere as bright, or as dark, as what lies beside the strokes there, (H, W)."""
    size = max(3, min(values.shape) // 6)
    light, dark = scipy.ndimage.grey_closing(values, size), scipy.ndimage.grey_opening(values, size)
    is_dark = (light - values).sum() > (values - dark).sum()
    return _of_light(values, light if is_dark else dark, is_dark)


def _of_light(values: np.ndarray, level: np.ndarray, is_dark: bool) -> np.ndarray:
    """The ink on a ground of that level: light multiplies what ink and paper reflect."""
    if is_dark and level.min() > 0.05:
        return 1 - values / level
    return level - values if is_dark else values - level


def _separability(values: np.ndarray) -> float:
    """The share of the values' variance that lies between both sides of Otsu's threshold."""
    above = values > otsu(values)
    if not above.any() or above.all():
        return 0.0
    return above.mean() * (1 - above.mean()) * (values[above].mean() - values[~above].mean()) ** 2 / values.var()


def _surface(values: np.ndarray, where: np.ndarray | None = None) -> np.ndarray:
    """The surface of second degree that is nearest to the values in mean absolute error, there where `where` says, (H, W)."""
    y, x = (np.linspace(-1, 1, side) for side in values.shape)
    y, x = np.meshgrid(y, x, indexing="ij")
    terms = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)
    few = (slice(None, None, 4), slice(None, None, 4))
    a, b = terms[few].reshape(-1, 6), values[few].ravel()
    if where is not None and where[few].sum() > 50:
        a, b = a[where[few].ravel()], b[where[few].ravel()]
    weights = np.ones_like(b)
    for _round in range(20):
        root = np.sqrt(weights)[:, None]
        solution = np.linalg.lstsq(a * root, b * root[:, 0], rcond=None)[0]
        weights = 1 / np.maximum(abs(b - a @ solution), 0.01)
    return terms @ solution
