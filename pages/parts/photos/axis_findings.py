"""What there is to notice in the principal axes of codes: sentences, as Markdown, that carry measured figures."""

from collections.abc import Sequence

from torch import Tensor

from aemodels.codes import latents
from aemodels.codes.latents import LatentStats
from aemodels.language import _, number, percent, sentences, signed
from aemodels.quality import curves
from aemodels.quality.curves import Effects


def of(codes: Tensor, stats: LatentStats, shown: Sequence[int], moved: Effects) -> list[str]:
    """A sentence or several on each thing to notice.

    codes  (n, C, h, w), of which `stats` is the Gaussian
    shown  the axes that are walked along, from 0
    moved  what one σ along each axis does to the picture
    """
    is_only = latents.rank(stats) == 1
    points = [_one_sigma(moved, is_only), _variance(codes, stats, shown), _mean_code(codes, stats, moved)]
    if not is_only:
        along = (codes.flatten(1) - stats.mean) @ stats.basis[:, list(shown)]
        points.append(
            _(
                "Along the axes shown these {number} codes have an excess kurtosis of {kurtosis} on average. It is 0 for a Gaussian, and larger if "
                "more codes lie far out."
            ).format(number=number(len(codes)), kurtosis=signed(latents.excess_kurtosis(along), 2))
        )
    return points


def _one_sigma(moved: Effects, is_only: bool) -> str:
    parts = [
        _("**One σ along axis {axis} changes the picture by {change} of 255 grey levels** (RMS).").format(
            axis=moved.axes[0], change=number(moved.grey_levels[0], 1)
        ),
        (
            _("{share} of the squared change is in regions of {size} px and more: light and colour.")
            if moved.coarse[0] > 0.5
            else _("{share} of the squared change is in regions of {size} px and more.")
        ).format(share=percent(moved.coarse[0]), size=curves.CELL_PX),
    ]
    if not is_only:
        parts.append(
            _("Along axis {axis} it is {change} grey levels, and {share} in such regions.").format(
                axis=moved.axes[-1], change=number(moved.grey_levels[-1], 1), share=percent(moved.coarse[-1])
            )
        )
    return sentences(parts)


def _variance(codes: Tensor, stats: LatentStats, shown: Sequence[int]) -> str:
    rank = latents.rank(stats)
    if rank == 1:
        return _("The {number} codes vary along one axis only.").format(number=number(len(codes)))
    share = shares(stats)
    half = int((share.cumsum(0) < 0.5).sum()) + 1
    held = _(
        "Axes {first} to {last} hold **{share}** of the variance of {number} codes; the strongest holds {strongest}."
    ).format(
        share=percent(float(share[list(shown)].sum()), 1),
        number=number(len(codes)),
        strongest=percent(float(share[0]), 1),
        first=shown[0] + 1,
        last=shown[-1] + 1,
    )
    it_takes = _("It takes **{half}** of {rank} axes to hold half of it.")
    return sentences([held, it_takes.format(half=number(half), rank=number(rank))])


def shares(stats: LatentStats) -> Tensor:
    """The share (r,) of the codes' variance that lies along each axis, the strongest first."""
    variances = latents.spectrum(stats)
    return variances / variances.sum()


def _mean_code(codes: Tensor, stats: LatentStats, moved: Effects) -> str:
    mean_power, codes_power = (float(z.square().mean()) for z in (stats.mean, codes))
    contrast = _(
        "The mean code decodes to a picture with a contrast of **{mean_contrast}** grey levels (standard deviation of its pixels); real codes "
        "have {contrast}. The mean square of the mean code is {mean_power}, that of the real codes {power}."
    ).format(
        mean_contrast=number(moved.mean_contrast),
        contrast=number(moved.photos_contrast),
        mean_power=number(mean_power, 2),
        power=number(codes_power, 2),
    )
    is_empty = _("So a Gaussian is densest at a place where no code lies.") if mean_power < 0.5 * codes_power else ""
    return sentences([contrast, is_empty])
