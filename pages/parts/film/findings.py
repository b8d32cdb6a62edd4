"""What there is to notice in films: sentences, as Markdown, that carry measured figures."""

import math
from collections.abc import Mapping

from aemodels.data.words import Words
from aemodels.language import _, list_of, number, percent, sentences
from aemodels.quality import filmed
from aemodels.quality.filmed import Moment
from pages.parts.shared import markdown, models


def of_parting(films: Mapping[str, list[Moment]], kind: Words) -> list[str]:
    """When the classes part on the plane of each model; nothing without labels.

    films  the moments by the models' names
    """
    shares = {name: [moment.neighbour_accuracy for moment in moments] for name, moments in films.items()}
    rising = [name for name, of in shares.items() if not math.isnan(of[0]) and of[-1] > of[0]]
    if not rising:
        return []
    halves = {name: films[name][filmed.halfway(shares[name])].step for name in rising}
    if len(rising) == 1:
        (name,) = rising
        last = films[name][-1].step
        message = _(
            "**Watch each {class_} find its own place.** {title}: the nearest other code is of the same {class_} for "
            "**{first}** of the codes before the first step, and for **{final}** at the end. Half of this rise is "
            "done by step **{step}** of {steps}, after {share} of the training."
        )
        return [
            message.format(
                class_=kind.class_,
                title=markdown.literal(models.title(name)),
                first=percent(shares[name][0], 1),
                final=percent(shares[name][-1], 1),
                step=number(halves[name]),
                steps=number(last),
                share=percent(halves[name] / last, 1),
            )
        ]
    message = _(
        "**Watch each {class_} find its own place.** Codes whose nearest other code is of the same {class_}: before the first "
        "step {first}; at the end {final}. Half of this rise is done by step {steps}."
    )
    return [
        message.format(
            class_=kind.class_,
            first=models.with_figures({name: percent(shares[name][0], 1) for name in rising}),
            final=models.with_figures({name: f"**{percent(shares[name][-1], 1)}**" for name in rising}),
            steps=models.with_figures({name: f"**{number(step)}**" for name, step in halves.items()}),
        )
    ]


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


def of_spreads(films: Mapping[str, list[Moment]]) -> list[str]:
    """How far the codes of each model reach at first, at their widest and at the end, and how that compares with the first model.

    films  the moments by the models' names
    """
    meaning = _("The spread of the codes is their root mean square distance from their mean.")
    told = _("Before the first step it is {first}; at its widest {widest}; in the end {final}.")
    at = _("{spread} at step {step}")
    widest = {name: max(moments, key=lambda moment: moment.spread) for name, moments in films.items()}
    spreads = told.format(
        first=models.with_figures({name: number(moments[0].spread, 2) for name, moments in films.items()}),
        widest=models.with_figures(
            {name: at.format(spread=number(m.spread, 2), step=number(m.step)) for name, m in widest.items()}
        ),
        final=models.with_figures({name: f"**{number(moments[-1].spread, 2)}**" for name, moments in films.items()}),
    )
    first, *others = films
    compared, of_first = "", films[first][-1].spread
    if others and of_first:
        ratios = {name: number(films[name][-1].spread / of_first, 2) for name in others}
        compared = _("In the end, as a multiple of that of {model}: {ratios}.").format(
            model=models.said(first), ratios=models.with_figures(ratios)
        )
    return [sentences([meaning, spreads, compared])]


def of_turns(turned: list[str], others: list[str], has_prior: bool) -> list[str]:
    """Which films are turned, and why; titles of the models. has_prior: whether some of `others` learn to have their codes lie as N(0, I)."""
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
        why = _("A prior N(0, I) is the same after a turn, but each image’s Gaussian has its own σ along each axis.")
        points.append(sentences([as_it_was.format(titles=list_of(others)), why if has_prior else ""]))
    return points
