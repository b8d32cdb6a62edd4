"""What the figures of samples, stored beside the checkpoints, say: in sentences."""

from collections.abc import Collection, Mapping
from typing import Any

import aemodels
from aemodels.data import words
from aemodels.data.config import DataRecord
from aemodels.errors import LatentLabError
from aemodels.language import N_, _, number, percent, sentences
from aemodels.quality import generation
from pages.parts.photos import learned, sampling
from pages.parts.shared import loaders
from pages.parts.shared.models import said

SOURCES = {generation.PHOTOS: N_("Unseen photos"), generation.RECONSTRUCTIONS: N_("Reconstructions")}
SOURCES |= sampling.SAMPLERS | {generation.LEARNED: N_("Learned"), generation.PIXEL_NOISE: N_("Independent pixels")}

Row = Mapping[str, Any]  # of one kind of pictures: each measure's mean and standard deviation


def verdict(data: DataRecord, *models: str, beside: str | None = None) -> list[str]:
    """The answer for the best samples of these models of a data set in a sentence, and its figures beside those of the best of
    another one, if any; empty where they have not been measured since they were trained."""
    try:
        results = loaders.generation(data)
    except LatentLabError:
        return []  # `generation.show` says so
    return [] if results is None else answer(results, data, models, beside)


def learnt(data: DataRecord, model: str, found: learned.Found | None = None) -> list[str]:
    """How far a learned prior of this model's codes comes, beside its best Gaussian, its reconstructions and unseen photos, in two
    points; empty where that has not been measured since they were trained.

    found  what `learned.of` gives, where its distances, which are of more pictures, are told in place of those of `generation.show`
    """
    try:
        results = loaders.generation(data)
    except LatentLabError:
        return []
    if results is None or is_old(results, model):
        return []
    values, picture = values_of(results), words.of(data.config)
    if (drawn := values.get((generation.LEARNED, model))) is None:
        return []
    gaussian, rebuilt = _best(values, [model]), values[generation.RECONSTRUCTIONS, model]
    num_samples = found["num_compared"] if found else results["num_samples"]
    of = found["frechet"][learned.FIXED] if found else {
        "samples": drawn["frechet"][0], "gaussian": gaussian["frechet"][0], "reconstructions": rebuilt["frechet"][0]
    }  # fmt: skip
    way = (of["gaussian"] - of["samples"]) / (of["gaussian"] - of["reconstructions"])
    far = _("By this measure the prior has gone **{way}** of the way from the Gaussian to the reconstructions.")
    points = [
        _(
            "**Samples of the learned prior of {model} have a Fréchet distance of {learned}** from {photos} ({samples} samples, each {class_} in turn). "
            "The best Gaussian has {gaussian}, the reconstructions have {rebuilt} (lower is nearer)."
        ).format(
            model=said(model),
            samples=number(num_samples),
            class_=picture.class_,
            photos=picture.many,
            learned=number(of["samples"]),
            gaussian=number(of["gaussian"]),
            rebuilt=number(of["reconstructions"]),
        ),
        far.format(way=percent(way))
        if way <= 1
        else _("So by this measure its samples are nearer to {photos} than reconstructions are.").format(
            photos=picture.many
        ),
        _("The Fréchet distance sees colours and textures, and hardly shapes: judge those with your eyes."),
        _shares(
            _("a learned sample"),
            drawn,
            rebuilt,
            values.get((generation.PHOTOS, None)),
            picture,
            results["num_reference"],
        ),
    ]
    return [sentences(points[:3]), sentences(points[3:])]


def answer(results: Mapping[str, Any], data: DataRecord, models: Collection[str], beside: str | None) -> list[str]:
    """What `verdict` gives, of the figures that were read."""
    picture = words.of(data.config)
    if not models or any(is_old(results, name) for name in models):
        return []
    values = values_of(results)
    best, photos = _best(values, models), values.get((generation.PHOTOS, None))
    rebuilt = values[generation.RECONSTRUCTIONS, best["model"]]
    share = best["coverage"][0] / rebuilt["coverage"][0] if rebuilt["coverage"][0] else 0.0
    if share > 0.8:
        short = _("**Yes, nearly as well as it reconstructs.**")
    elif share > 0.5:
        short = _("**Partly.**")
    else:
        short = _("**No, not by these figures.**")
    which = (
        _("Of all Gaussians, the best samples are those of “{sampler}” on {model}.")
        if len(models) > 1
        else _("Of all Gaussians, the best samples of {model} are those of “{sampler}”.")
    ).format(sampler=_(SOURCES[best["source"]]), model=said(best["model"]))
    points = [short, which, _distances(best, rebuilt, photos, picture)]
    points.append(_shares(_("a sample"), best, rebuilt, photos, picture, results["num_reference"]))
    if beside and beside not in models and beside in results["checkpoints"] and not is_old(results, beside):
        plain = _best(values, [beside])
        points.append(
            _(
                "For {model}, trained without noise, the best samples have a Fréchet distance of {distance}, and "
                "{share} of the {photos} have a sample near them."
            ).format(
                model=said(beside),
                distance=number(plain["frechet"][0]),
                share=percent(plain["coverage"][0], 1),
                photos=picture.many,
            )
        )
    return [sentences(points)]


def _distances(best: Row, rebuilt: Row, photos: Row | None, picture: words.Words) -> str:
    distance, of_rebuilt = number(best["frechet"][0]), number(rebuilt["frechet"][0])
    if photos is None:
        return _(
            "Their Fréchet distance from {photos} is **{distance}**; for the same model's reconstructions it is **{of_rebuilt}**. The distance "
            "compares colours and textures: lower is nearer."
        ).format(photos=picture.many, distance=distance, of_rebuilt=of_rebuilt)
    return _(
        "Their Fréchet distance from {photos} is **{distance}**; for the same model's reconstructions it is **{of_rebuilt}**, "
        "for unseen {photos} **{of_unseen}**. The distance compares colours and textures: lower is nearer."
    ).format(photos=picture.many, distance=distance, of_rebuilt=of_rebuilt, of_unseen=number(photos["frechet"][0]))


def _shares(sample: str, drawn: Row, rebuilt: Row, photos: Row | None, picture: words.Words, num_reference: int) -> str:
    """Of how many real photos a sample, a reconstruction and an unseen photo lie near."""
    real = picture.many
    if picture.what != picture.one:
        real = _("{dog} {photos}").format(dog=picture.what, photos=picture.many)
    share, of_rebuilt = percent(drawn["coverage"][0], 1), percent(rebuilt["coverage"][0], 1)
    if photos is None:
        return _(
            "{share} of {total} {photos} have {sample} near them; {of_rebuilt} have a reconstruction near them."
        ).format(share=share, total=number(num_reference), photos=real, sample=sample, of_rebuilt=of_rebuilt)
    return _(
        "{share} of {total} {photos} have {sample} near them; {of_rebuilt} have a reconstruction near them, and {of_unseen} an unseen {photo}."
    ).format(
        share=share,
        sample=sample,
        total=number(num_reference),
        photos=real,
        of_rebuilt=of_rebuilt,
        of_unseen=percent(photos["coverage"][0], 1),
        photo=picture.one,
    )


def values_of(results: Mapping[str, Any]) -> dict[tuple[str, str | None], Row]:
    """The rows by source and model, without those of priors that are not here or were trained again since."""
    is_old = {name: not learned.is_prior(name, identity) for name, identity in results.get("priors", {}).items()}
    return {
        (row["source"], row["model"]): row
        for row in results["rows"]
        if row["source"] != generation.LEARNED or not is_old[row["model"]]
    }


def is_old(results: Mapping[str, Any], name: str) -> bool:
    """Whether the figures are not of this checkpoint as it is now."""
    ckpt = loaded(name)
    return ckpt is None or results["checkpoints"].get(name) != generation.identity(ckpt.provenance)


def loaded(name: str) -> aemodels.Checkpoint | None:
    """The checkpoint; None where it cannot be loaded, which the page has said by then."""
    try:
        return loaders.load(name)
    except LatentLabError:
        return None


def _best(values: Mapping[tuple[str, str | None], Row], models: Collection[str]) -> Row:
    """The row of the sampler and model whose samples are nearest to photos."""
    drawn = [row for row in values.values() if row["source"] in sampling.SAMPLERS and row["model"] in models]
    return min(drawn, key=lambda row: row["frechet"][0])
