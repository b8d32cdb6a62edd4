"""Whose trainings are shown side by side, and what is said of their images."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from aemodels.language import _, list_of, number, sentences
from aemodels.storage.catalogue import Group, Model
from pages.parts.shared import markdown, models


def of_one_kind(groups: Iterable[Group]) -> Iterator[Group]:
    """The models of each data set, its priors by themselves: their losses are others."""
    for group in groups:
        autoencoders, priors = ([m for m in group.models if m.is_prior == is_prior] for is_prior in (False, True))
        if autoencoders:
            yield replace(group, models=tuple(autoencoders))
        if priors:
            title = _("{data_set}, learned priors").format(data_set=group.title)
            yield replace(group, key=f"{group.key}, priors", title=title, models=tuple(priors))


def say_splits(group: Group) -> str:
    """How many images of the data set the models were trained, validated and tested on, as Markdown; models that were split alike together."""
    alike: dict[str, list[str]] = {}
    for model in group.models:
        alike.setdefault(_say_split(model), []).append(models.said(model.name))
    said = [
        _("{names}: {sentence}").format(names=list_of(names), sentence=split) if len(alike) > 1 else split
        for split, names in alike.items()
    ]
    title = f"**{markdown.literal(group.title)}**"
    return _("{title}. {sentence}").format(title=title, sentence="  \n".join(said))


def _say_split(model: Model) -> str:
    counts = {part: number(model.data.num_images[part]) for part in ("train", "validation", "test")}
    split = _("{train} images to train on, {validation} to validate on, {test} to test on. Split: {rule}.").format(
        **counts, rule=markdown.literal(model.data.split_rule())
    )
    if left_out := model.data.config.leave_out:
        said = _("Left out of training and validation: {classes}.").format(classes=markdown.literal(list_of(left_out)))
        split = sentences([split, said])
    return split
