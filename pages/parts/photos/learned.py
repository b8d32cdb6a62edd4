"""What was measured of a learned prior beyond the table of `generation`, in words: copies, classes, features that were learnt elsewhere,
and which codes are the easiest to learn."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aemodels.codes import latents
from aemodels.data import words
from aemodels.data.config import DataRecord
from aemodels.errors import LatentLabError
from aemodels.language import N_, _, number, percent, sentences
from aemodels.quality import generation, telling
from pages.parts.shared import loaders, markdown, measurements, models

FIXED, ELSEWHERE = "fixed", "ImageNet"
FEATURES = {FIXED: N_("fixed filters"), ELSEWHERE: N_("a network trained on ImageNet")}
KINDS = {
    "unseen": N_("Unseen photos"),
    "reconstructions": N_("Reconstructions"),
    "samples": N_("Learned"),
    "gaussian": N_("Gaussian"),
}
Found = Mapping[str, Any]


@dataclass(frozen=True)
class Space:
    """Fréchet distances of a small prior's samples of a model's codes, of the model's reconstructions, and of its best Gaussian."""

    model: str
    samples: float
    reconstructions: float
    gaussian: float


def of(data: DataRecord, model: str) -> Found | None:
    """What was measured of the prior of this model's codes as it is now; None where nothing was."""
    found = _results(data).get("learned", {}).get(model)
    return found if found and is_prior(model, found["prior"]) else None


def is_prior(model: str, identity: Mapping[str, Any]) -> bool:
    """Whether that is the identity of the prior of this model's codes."""
    prior = loaders.prior_of(model)
    return prior is not None and generation.prior_identity(loaders.load(prior).provenance) == identity


def small(data: DataRecord, table: str) -> list[Mapping[str, Any]]:
    """The rows of small priors, "spaces" or "photos", that are of models as they are now."""
    return [row for row in _results(data).get(table, []) if _is_now(row)]


def in_short(data: DataRecord, model: str) -> list[str]:
    """Whether the class is told, by the features that tell it best; empty where that was not measured."""
    if (found := of(data, model)) is None or not found["told"]:
        return []
    best = max(found["told"], key=lambda name: found["told"][name]["reconstructions"]["top1"])
    return [_told(found, best, words.of(data.config))]


def points(data: DataRecord, model: str) -> list[str]:
    """The most important of it, a sentence or two each; empty where nothing was measured."""
    if (found := of(data, model)) is None:
        return []
    picture = words.of(data.config)
    return [
        *(_told(found, features, picture) for features in found["told"]),
        *elsewhere(found, picture),
        copies(found, picture),
    ]


def _told(found: Found, features: str, picture: words.Words) -> str:
    """How often the class is told from samples, and how often from reconstructions."""
    drawn, rebuilt = (found["told"][features][kind] for kind in ("samples", "reconstructions"))
    share, doubt = telling.ratio(drawn, rebuilt, "top1")
    return _(
        "Can the {class_} be recognised? A linear classifier that sees pictures through {features} is right for "
        "{samples} of the samples and for {rebuilt} of the reconstructions of unseen {photos}: **{share}** as often "
        "(± {doubt}). Guessing is right for {chance}."
    ).format(
        class_=picture.class_,
        features=_(FEATURES[features]),
        samples=percent(drawn["top1"], 1),
        rebuilt=percent(rebuilt["top1"], 1),
        photos=picture.many,
        share=percent(share),
        doubt=percent(doubt),
        chance=percent(1 / found["num_classes"], 1),
    )


def elsewhere(found: Found, picture: words.Words) -> list[str]:
    """What features that were learnt elsewhere say of the samples."""
    if ELSEWHERE not in found["frechet"]:
        return []
    distance = found["frechet"][ELSEWHERE]
    way = (distance["gaussian"] - distance["samples"]) / (distance["gaussian"] - distance["reconstructions"])
    return [
        _(
            "A second opinion: a network that was trained on ImageNet knows what {dogs} look like. By its features "
            "the Fréchet distance is {gaussian} for the Gaussian, {samples} for the samples and {rebuilt} for the "
            "reconstructions. So the prior has gone **{way}** of the way from the Gaussian to the reconstructions."
        ).format(
            dogs=picture.what_many,
            samples=number(distance["samples"]),
            gaussian=number(distance["gaussian"]),
            rebuilt=number(distance["reconstructions"]),
            way=percent(way),
        )
    ]


def copies(found: Found, picture: words.Words) -> str:
    """How near samples come to a photo that was learnt from, and how near unseen photos come."""
    of_copies = found["copies"]
    nearest = _(
        "Is a sample a copy? Of {samples} samples, the one nearest to a training {photo} differs from it by {sample} of "
        "255 grey levels (at 32×32 px). Of {unseen} unseen {photos}, the one nearest to a training {photo} differs from "
        "it by {of_unseen}."
    ).format(
        samples=number(of_copies["num_samples"]),
        sample=number(of_copies["smallest_sample"], 1),
        photo=picture.one,
        unseen=number(of_copies["num_unseen"]),
        photos=picture.many,
        of_unseen=number(of_copies["smallest_unseen"], 1),
    )
    share, doubt = of_copies["near"], of_copies["near_ci95"]
    near = _("**{share}** of the samples come as near as the nearest 1% of unseen {photos}: no sign of copying.")
    if share - doubt > 0.01:
        near = _(
            "**{share}** of the samples come as near as the nearest 1% of unseen {photos}: more than unseen ones do."
        )
    return sentences([nearest, near.format(share=percent(share, 1), photos=picture.many)])


def spaces(data: DataRecord) -> list[Space]:
    """How small priors on the codes of each model do, the best first; none where fewer than two were measured."""
    found, rows = [], small(data, "spaces")
    for row in rows:
        of_model = [r for r in _results(data)["rows"] if r["model"] == row["model"]]
        gaussian = min(r["frechet"][0] for r in of_model if r["source"] in latents.SAMPLERS)
        rebuilt = next(r["frechet"][0] for r in of_model if r["source"] == generation.RECONSTRUCTIONS)
        found.append(Space(row["model"], row["frechet"], rebuilt, gaussian))
    return sorted(found, key=lambda space: space.samples) if len(found) > 1 else []


def best_space(data: DataRecord) -> list[str]:
    """Which model's codes are the best to generate in, in a sentence; empty where that was not measured."""
    if not (found := spaces(data)):
        return []
    best, worst, row = found[0], found[-1], small(data, "spaces")[0]
    return [
        _(
            "Which codes are the best to generate in? On {photos} codes of each model a small prior was trained for {steps} steps. The samples' Fréchet distance is "
            "smallest for **{best}**, {of_best} (its reconstructions have {best_rebuilt}), and largest for {worst}, {of_worst} (its reconstructions have "
            "{worst_rebuilt})."
        ).format(
            steps=number(row["num_steps"]),
            photos=number(row["num_photos"]),
            best=markdown.literal(models.title(best.model)),
            of_best=number(best.samples),
            best_rebuilt=number(best.reconstructions),
            worst=models.said(worst.model),
            of_worst=number(worst.samples),
            worst_rebuilt=number(worst.reconstructions),
        )
    ]


def _results(data: DataRecord) -> Mapping[str, Any]:
    return measurements.generation_if_whole(data) or {}


def _is_now(row: Mapping[str, Any]) -> bool:
    try:
        return generation.identity(loaders.load(row["model"]).provenance) == row["identity"]
    except LatentLabError:
        return False
