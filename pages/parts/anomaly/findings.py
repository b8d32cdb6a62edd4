"""What the page Anomaly says, in words."""

import streamlit as st
import torch

from aemodels import Checkpoint
from aemodels.codes import clusters, latents
from aemodels.codes.clusters import Clusters
from aemodels.data import mnist, words
from aemodels.language import _, all_of, list_of, number, percent, sentences
from aemodels.quality import curves as model_curves
from aemodels.quality.anomaly import Roc
from pages.parts.anomaly.scoring import LEFT_OUT, NOISE, OTHER, TURNED, USUAL, Scored, left_out
from pages.parts.shared import loaders, markdown, measurements
from pages.parts.shared.once import per_model


def told(score: float, is_bce: bool) -> str:
    """A score, with as many decimals as every other one: binary cross-entropy is about ten times as large as a squared error."""
    return number(score, 3 if is_bce else 4)


def titles(ckpt: Checkpoint, other: str) -> dict[str, str]:
    """What each kind of pictures is called.

    other  the name of the other data set
    """
    return {
        USUAL: _("test {many}").format(many=words.of(ckpt.data.config).many),
        LEFT_OUT: _("left out of training: {classes}").format(classes=all_of(ckpt.data.config.leave_out)),
        OTHER: _("pictures of {data_set}").format(data_set=other),
        NOISE: _("noise"),
        TURNED: _("turned by 90°"),
    }


def of_areas(curves: dict[str, Roc], said: dict[str, str], num_pictures: int) -> str:
    """Which strange pictures are told best and worst."""
    areas = {kind: number(curve.area, 3) for kind, curve in curves.items()}
    most, least = (areas[pick(curves, key=lambda kind: curves[kind].area)] for pick in (max, min))
    best, worst = (list_of(f"“{said[kind]}”" for kind in areas if areas[kind] == end) for end in (most, least))
    return _(
        "**The easiest to tell from the usual pictures: {best}. The hardest: {worst}.** The areas under the ROC curve are {most} and "
        "{least} ({n} pictures of each kind): 1 if the error separates all strange pictures from the usual ones, 0.5 if it is no better than "
        "chance. Below 0.5 the strange ones have the smaller error."
    ).format(best=best, most=most, worst=worst, least=least, n=number(num_pictures))


def of_easy(scored: dict[str, Scored], said: dict[str, str]) -> list[str]:
    """The strange pictures that are rebuilt better than usual ones."""
    return [
        _(
            "“{kind}” is rebuilt better than the model's own test images: {strange} against {usual} dB on average. The error measures how hard a picture "
            "is to rebuild, not how strange it is."
        ).format(kind=said[kind], strange=number(of_kind.psnr_db, 1), usual=number(scored[USUAL].psnr_db, 1))
        for kind, of_kind in scored.items()
        if kind != USUAL and round(of_kind.psnr_db, 1) > round(scored[USUAL].psnr_db, 1)
    ]


def of_left_out(ckpt: Checkpoint, curves: dict[str, Roc]) -> list[str]:
    """How well a class that the model has never seen is told, and for what it is taken; or where to find such a model."""
    if LEFT_OUT not in curves:
        if ckpt.data.config.source not in mnist.FAMILY:
            return []
        groups = loaders.read_catalogue().groups
        others = [group.titles[m.name] for group in groups for m in group.models if m.data.config.leave_out]
        where = (
            _("Choose “{model}” above: it has not seen every class.").format(model=markdown.literal(others[0]))
            if others
            else _("A recipe with `leave_out` makes one.")
        )
        return [
            sentences(
                [_("This model was trained on every class, so there is none here that it has never seen."), where]
            )
        ]
    classes = left_out(ckpt)
    is_left_out = torch.isin(ckpt.labels, classes)
    usual, strange = ckpt.codes[~is_left_out].flatten(1), ckpt.codes[is_left_out].flatten(1)
    nearest = ckpt.labels[~is_left_out][latents.nearest(usual, strange)[0]]
    taken_for = int(nearest.mode().values)
    return [
        _(
            "**Never seen: {classes}.** The error separates them from other {many} with an area of **{area}** under "
            "the ROC curve. The model takes them for what it knows: **{share}** of their codes lie nearest to the "
            "code of a {label}."
        ).format(
            classes=all_of(ckpt.data.label_names[i] for i in classes),
            many=words.of(ckpt.data.config).many,
            area=number(curves[LEFT_OUT].area, 3),
            share=percent(float((nearest == taken_for).float().mean()), 1),
            label=markdown.literal(ckpt.data.label_names[taken_for]),
        )
    ]


def of_clusters(name: str) -> str:
    """How far k-means on the codes agrees with their labels."""
    ckpt = loaders.checkpoint(name)
    kept = measurements.curves_of(name)
    if "clusters" in kept:
        found = kept["clusters"] and Clusters(**kept["clusters"])
    else:
        with st.spinner(_("Looking for clusters …")):
            found = _clustered(name)
    if found is None:
        return _("No clusters of codes: the codes have fewer than two kinds of labels, or are all alike.")
    return _(
        "**{purity} of the codes have the commonest {class_} of their cluster** (purity). k-means finds {k} clusters among "
        "{n} codes without seeing their labels. With shuffled labels it would be {chance}."
    ).format(
        k=number(found.k),
        n=number(found.n),
        purity=percent(found.purity, 1),
        class_=words.of(ckpt.data.config).class_,
        chance=percent(found.chance, 1),
    )


@per_model(32)
def _clustered(name: str) -> Clusters | None:
    """They do not depend on the scene's seed, which picks pictures: with many classes they take seconds."""
    ckpt = loaders.load(name)
    return clusters.cluster(ckpt.codes, ckpt.labels, model_curves.CLUSTER_SEED)
