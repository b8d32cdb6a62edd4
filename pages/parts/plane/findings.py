"""What there is to notice on a plane: sentences, as Markdown, that carry measured figures."""

import numpy as np

from aemodels import Checkpoint
from aemodels.codes import planes
from aemodels.data.words import Words
from aemodels.language import _, list_of, number, percent, sentences
from aemodels.report import observations
from pages.parts.plane import plane
from pages.parts.shared import markdown

MAX_NAMED = 12


def share_in_holes(samples: dict) -> float:
    return float((samples["shares"] < planes.HOLE_BELOW).mean())


def of_normal(ckpt: Checkpoint, samples: dict | None) -> list[str]:
    """What N(0, I) has to do with this plane: nothing where its draws are not shown and the model does not know of it."""
    points = []
    if samples or ckpt.model.has_prior:
        all_draws = percent(plane.measure(ckpt.name)["normal_hole_share"], 1)
        points.append(
            _(
                "Of all draws from N(0, I), **{share}** fall into holes of this plane; **{shown}** of those shown do."
            ).format(share=all_draws, shown=percent(share_in_holes(samples)))
            if samples
            else _("Of all draws from N(0, I), **{share}** fall into holes of this plane.").format(share=all_draws)
        )
    if ckpt.model.has_prior:
        within = {f"codes_{r:g}": percent(planes.share_within(ckpt.codes, r)) for r in planes.RINGS}
        of_draws = {f"draws_{r:g}": percent(1 - np.exp(-(r**2) / 2)) for r in planes.RINGS}
        points.append(
            _(
                "The three rings hold {codes_1}, {codes_2} and {codes_3} of the test codes. "
                "Of draws from N(0, I) they hold {draws_1}, {draws_2} and {draws_3}."
            ).format(**within, **of_draws)
        )
    return points


def of_grid(
    ckpt: Checkpoint, kind: Words, which: str, hole_share: float, grid: dict, samples: dict | None
) -> list[str]:
    """What the manifold grid of a box shows, and the random places in it.

    which    the box, in words
    grid     as `plane.decode_grid` has it
    samples  the uniform ones, where they are shown
    """
    kinds = np.array([planes.kind_of_place(s) for s in grid["shares"]])
    in_holes, supported = kinds == "hole", kinds == "supported"
    points = [_holes(kind, which, hole_share, supported.mean(), samples)]
    if in_holes.any() and supported.any():
        points.append(observations.greyness(*(float(grid["entropy"][at].mean()) for at in (in_holes, supported))))
    return [*points, *_classes(ckpt, kind, grid["classes"][grid["classes"] >= 0])]


def _holes(kind: Words, which: str, hole_share: float, supported_share: float, samples: dict | None) -> str:
    of_area = (
        _(
            "**Holes fill {share} of {box}**, and {shown} of the random places lie in them: uniform sampling does not ask whether {many} "
            "are there."
        )
        if samples
        else _("**Holes fill {share} of {box}**: uniform sampling does not ask whether {many} are there.")
    )
    shown = percent(share_in_holes(samples)) if samples else ""
    return sentences(
        [
            of_area.format(many=kind.many, share=percent(hole_share), box=which, shown=shown),
            _(
                "{share} of the grid's places are supported. The decoder draws a picture at every place all the same."
            ).format(share=percent(supported_share)),
        ]
    )


def _classes(ckpt: Checkpoint, kind: Words, nearest: np.ndarray) -> list[str]:
    """Which class takes the most room, and which none; nearest: the class of the nearest code at each place that has one."""
    if not len(nearest):
        return []
    names, labels = ckpt.data.label_names, ckpt.labels[ckpt.labels >= 0]
    shares, real = (np.bincount(found, minlength=len(names)) / len(found) for found in (nearest, labels))
    most = shares.argmax()
    points = [
        _(
            "**{name}** takes the most room: at {share} of the grid's places the nearest code has this {class_}; of the test {many}, "
            "{real} have it."
        ).format(
            name=markdown.literal(names[most]),
            class_=kind.class_,
            share=percent(shares[most]),
            real=percent(real[most]),
            many=kind.many,
        )
    ]
    if (shares == 0).any():
        absent = [markdown.literal(names[i]) for i in np.flatnonzero(shares == 0)]
        num_more = len(absent) - MAX_NAMED
        never = (
            _("Never the nearest on this grid: {names} and {number} more.")
            if num_more > 0
            else _("Never the nearest on this grid: {names}.")
        )
        points.append(never.format(names=list_of(absent[:MAX_NAMED]), number=number(num_more)))
    return points
