"""What a Gaussian cannot know of codes: directions that are uncorrelated and depend on each other all the same."""

from dataclasses import dataclass

from torch import Tensor

from aemodels.codes import latents

NUM_AXES = 16


@dataclass(frozen=True)
class Bend:
    """Two principal axes of codes of D numbers on which the codes lie along a bent curve.

    mean    (D,) of the codes
    axes    (D, 2) orthonormal, divided by the standard deviation along each
    places  the two axes' places among the principal axes, the strongest being 0
    bend    correlation between the square of the first coordinate and the second one: 0 for a Gaussian, whose coordinates on
            principal axes are independent
    """

    mean: Tensor
    axes: Tensor
    places: tuple[int, int]
    bend: float

    def coordinates(self, z: Tensor) -> Tensor:
        """(n, 2) of codes z (n, ...), in standard deviations of the codes along each axis."""
        return (z.flatten(1) - self.mean) @ self.axes


def strongest_bend(codes: Tensor) -> Bend:
    """The two of the NUM_AXES strongest principal axes of codes (n, ...) on which they are bent most. Raises ValueError for codes
    that vary in fewer than two directions."""
    stats = latents.fit(codes)
    num_axes = min(NUM_AXES, latents.rank(stats))
    if num_axes < 2:
        raise ValueError("A curve needs codes that vary in two directions or more.")
    mean, axes = stats.mean, stats.basis[:, :num_axes] / stats.scales[0, :num_axes]
    y = (codes.flatten(1) - mean) @ axes
    square = y.square() - y.square().mean(0)
    bends = (square.T @ y) / len(y) / (square.square().mean(0).sqrt()[:, None] * y.square().mean(0).sqrt())
    first, second = divmod(int(bends.abs().fill_diagonal_(0).argmax()), num_axes)
    return Bend(mean, axes[:, [first, second]], (first, second), float(bends[first, second]))


def cell_strengths(z: Tensor, codes: Tensor) -> Tensor:
    """How strong each cell (n, h, w) of codes z (n, C, h, w) is: the mean over its channels of the squared distance from the mean of
    `codes`, in units of their variance. It is 1 on average over `codes`; elements that do not vary are left out."""
    mean, variance = codes.mean(0), codes.var(0)
    varies = variance > latents.NO_VARIANCE * variance.max()
    squares = ((z - mean).square() / variance.where(varies, 1)).where(varies, 0)
    return squares.sum(1) / varies.sum(0).clamp(min=1)
