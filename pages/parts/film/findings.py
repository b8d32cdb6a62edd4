"""What there is to notice in films: sentences, as Markdown, that carry measured figures."""

import math

from aemodels.data.words import Words
from aemodels.language import _, list_of, number, percent, sentences
from aemodels.quality import filmed
from aemodels.quality.filmed import Moment

MIN_CHANGE = 0.1  # of a spread: a smaller one is not told


def of_parting(films: dict[str, list[Moment]], kind: Words) -> list[str]:
    """When the classes part on the plane of each model; nothing without labels.

    films  the moments by the models' titles
    """
    points = []
    for title, moments in films.items():
        shares = [moment.neighbour_accuracy for moment in moments]
        if math.isnan(shares[0]) or shares[-1] <= shares[0]:
            continue
        half, last = moments[filmed.halfway(shares)], moments[-1].step
        message = (
            _(
                "{title}: the nearest other code is of the same {class_} for {first} at first and for **{final}** at the "
                "end. Half of this rise is done by step **{step}**."
            )
            if points
            else _(
                "**Watch each {class_} find its own place.** {title}: the nearest other code is of the same {class_} for "
                "**{first}** of the codes before the first step, and for **{final}** at the end. Half of this rise is "
                "done by step **{step}** of {steps}, after {share} of the training."
            )
        )
        points.append(
            message.format(
                title=title,
                class_=kind.class_,
                first=percent(shares[0], 1),
                final=percent(shares[-1], 1),
                step=number(half.step),
                steps=number(last),
                share=percent(half.step / last, 1),
            )
        )
    return points


def of_loss(moments: list[Moment], title: str) -> list[str]:
    """When a model had learnt most of what it learns."""
    losses = [moment.loss for moment in moments]
    if losses[-1] >= losses[0]:
        return []
    half = moments[filmed.halfway(losses)]
    return [
        _(
            "{title}: the loss falls from {first} to {final}. Half of the fall is done by step **{step}**. The other "
            "{share} of the steps bring the other half."
        ).format(
            title=title,
            first=number(losses[0], 4),
            final=number(losses[-1], 4),
            step=number(half.step),
            share=percent(1 - half.step / moments[-1].step, 1),
        )
    ]


def of_spreads(films: dict[str, list[Moment]]) -> list[str]:
    """How far the codes of each model reach at their widest and at the end, and how that compares with the first model.

    films  the moments by the models' titles
    """
    points, first = [], next(iter(films.values()))
    for title, moments in films.items():
        widest = max(moments, key=lambda moment: moment.spread)
        final = moments[-1].spread
        if final < (1 - MIN_CHANGE) * widest.spread:
            message = _(
                "{title}: the spread of the codes grows from {first} to **{widest}** at step {step}, and has fallen "
                "to **{final}** in the end."
            )
        else:
            message = _(
                "{title}: the spread of the codes is {first} at first and **{final}** in the end; at most it is "
                "{widest}."
            )
        told = message.format(
            title=title,
            first=number(moments[0].spread, 2),
            widest=number(widest.spread, 2),
            step=number(widest.step),
            final=number(final, 2),
        )
        if moments is not first and first[-1].spread:
            ratio = _("That is {ratio} times the spread of {other}.").format(
                ratio=number(final / first[-1].spread, 2), other=next(iter(films))
            )
            told = sentences([told, ratio])
        if not points:
            told = sentences([told, _("The spread is the root mean square distance of the codes from their mean.")])
        points.append(told)
    return points


def of_turns(turned: list[str], others: list[str], with_prior: list[str]) -> list[str]:
    """Which films are turned, and why; titles of the models, with_prior those of `others` that learn to have their codes lie as N(0, I)."""
    points = []
    if turned:
        points.append(
            _(
                "{titles}: the loss does not change when the whole plane is turned or mirrored. So each moment is "
                "turned about the origin, or mirrored, to agree best with the next one (Procrustes). The last moment "
                "is the model as it is."
            ).format(titles=list_of(turned))
        )
    if others:
        as_it_was = _("{titles}: shown as it was, for the loss does change when the plane is turned.")
        why = _(
            "{titles}: the prior N(0, I) is the same after a turn, but each image’s Gaussian has its own σ along "
            "each axis."
        )
        said = [as_it_was.format(titles=list_of(others))]
        points.append(sentences(said + ([why.format(titles=list_of(with_prior))] if with_prior else [])))
    return points
