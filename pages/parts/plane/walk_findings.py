"""What there is to notice on a walk between two codes: sentences, as Markdown, that carry measured figures."""

import numpy as np
from torch import Tensor

from aemodels.codes import planes
from aemodels.data.words import Words
from aemodels.language import _, number
from pages.parts.shared import markdown


def of_walk(
    kind: Words,
    ends: list[str],
    near: list[str],
    kinds: list[str],
    apart: list[list[float]],
    walk: Tensor,
    fade: Tensor,
) -> list[str]:
    """What the walk passes, and how it differs from the cross-fade; `ends` as Markdown."""
    passed = [label for i, label in enumerate(near) if i == 0 or near[i - 1] != label]
    inner = slice(1, -1)
    walked, faded = (round(float(np.mean(a[inner])), 3) for a in apart)
    greys = [round(planes.pixel_entropy(x[inner]).mean().item(), 3) for x in (walk, fade)]
    passes = _(
        "**From {start} to {end} the walk passes the codes of {passed}.** It has {number} places: {holes} in holes, {sparse} in sparse parts of the plane."
    )
    apart_from_real = (
        _(
            "Between the ends, the walk stays nearer to real {many}: its images are {walked} from the nearest other test {one} "
            "(root mean square of the pixels, which reach from 0 to 1), those of the cross-fade {faded}."
        )
        if walked < faded
        else _(
            "Between the ends, the cross-fade stays nearer to real {many}: its images are {faded} from the nearest other test {one} "
            "(root mean square of the pixels, which reach from 0 to 1), those of the walk {walked}."
        )
        if walked > faded
        else _(
            "Between the ends, both stay as near to real {many}: the walk's images are {walked} from the nearest other test {one} "
            "(root mean square of the pixels, which reach from 0 to 1), those of the cross-fade {faded}."
        )
    )
    how_grey = (
        _(
            "Between the ends, the walk is greyer: pixel entropy is {walked} nats on the walk, {faded} in the cross-fade (0 is pure black and white)."
        )
        if greys[0] > greys[1]
        else _(
            "Between the ends, the cross-fade is greyer: pixel entropy is {walked} nats on the walk, {faded} in the cross-fade (0 is pure black and white)."
        )
        if greys[0] < greys[1]
        else _(
            "Between the ends, both are as grey: pixel entropy is {walked} nats on the walk, {faded} in the cross-fade (0 is pure black and white)."
        )
    )
    return [
        passes.format(
            start=ends[0],
            end=ends[1],
            passed=" → ".join(map(markdown.literal, passed)),
            holes=number(kinds.count("hole")),
            number=number(len(kinds)),
            sparse=number(kinds.count("sparse")),
        ),
        apart_from_real.format(walked=number(walked, 3), faded=number(faded, 3), one=kind.one, many=kind.many),
        how_grey.format(walked=number(greys[0], 3), faded=number(greys[1], 3)),
    ]
