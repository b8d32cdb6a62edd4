"""The table "does sampling generate?", from the figures stored beside the checkpoints."""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
import streamlit as st

import aemodels
from aemodels.data import words
from aemodels.data.config import DataRecord
from aemodels.errors import LatentLabError
from aemodels.language import N_, _, list_of, number, percent, sentences
from aemodels.quality import generation
from aemodels.storage.catalogue import Group
from pages.parts.photos import learned, sampling
from pages.parts.shared import controls, loaders

MEASURES = {
    "frechet": N_("Fréchet distance"),
    "density": N_("Density"),
    "coverage": N_("Coverage"),
    "nearest": N_("Nearest photo"),
    "nearest_of_all": N_("Nearest of all"),
}
MEANING = {
    "frechet": N_(
        "Fréchet distance: how far the mean and covariance of the pictures' features are from those of real photos; "
        "0 is none."
    ),
    "density": N_(
        "Density: in how many neighbourhoods of real photos a picture lies, compared with a real photo. 1 is as many as a real photo, "
        "0 is none."
    ),
    "coverage": N_(
        "Coverage: the share of real photos that have a picture in their neighbourhood. The row of unseen photos "
        "shows the largest share that so few pictures can reach."
    ),
    "nearest": N_(
        "Nearest photo: the mean distance to the most similar photo that the model or the sampler has seen, in grey levels of pictures of 32×32 px. "
        "The row of reconstructions shows what a copy would have. A picture without contrast is near to every photo, but copies none."
    ),
    "nearest_of_all": N_(
        "Nearest of all: the smallest distance between any of the pictures and a photo that the model or the sampler has seen, in grey "
        "levels of pictures of 32×32 px. A copied photo would be as near as the reconstructions are."
    ),
}
SOURCES = {generation.PHOTOS: N_("Unseen photos"), generation.RECONSTRUCTIONS: N_("Reconstructions")}
SOURCES |= sampling.SAMPLERS | {generation.LEARNED: N_("Learned"), generation.PIXEL_NOISE: N_("Independent pixels")}

Row = Mapping[str, Any]  # of one kind of pictures: each measure's mean and standard deviation


def verdict(data: DataRecord, *models: str, beside: str | None = None) -> list[str]:
    """The answer for the best samples of these models of a data set in a sentence, and its figures beside those of the best of
    another one, if any; empty where they have not been measured since they were trained."""
    try:
        results = loaders.generation(data)
    except LatentLabError:
        return []  # `show` says so
    return [] if results is None else _answer(results, data, models, beside)


def learnt(data: DataRecord, model: str, found: learned.Found | None = None) -> list[str]:
    """How far a learned prior of this model's codes comes, beside its best Gaussian, its reconstructions and unseen photos, in two
    points; empty where that has not been measured since they were trained.

    found  what `learned.of` gives, where its distances, which are of more pictures, are told in place of those of `show`
    """
    try:
        results = loaders.generation(data)
    except LatentLabError:
        return []
    if results is None or _is_old(results, model):
        return []
    values, picture = _values(results), words.of(data.config)
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
            "Samples of the learned prior of {model} have a Fréchet distance of **{learned}** from {photos} ({samples} samples, each {class_} in turn). "
            "The best Gaussian has {gaussian}, the reconstructions have {rebuilt} (lower is nearer)."
        ).format(
            model=model,
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


def _answer(results: Mapping[str, Any], data: DataRecord, models: Collection[str], beside: str | None) -> list[str]:
    picture = words.of(data.config)
    if not models or any(_is_old(results, name) for name in models):
        return []
    values = _values(results)
    best, photos = _best(values, models), values.get((generation.PHOTOS, None))
    rebuilt = values[generation.RECONSTRUCTIONS, best["model"]]
    share = best["coverage"][0] / rebuilt["coverage"][0] if rebuilt["coverage"][0] else 0.0
    if share > 0.8:
        answer = _("**Yes, nearly as well as it reconstructs.**")
    elif share > 0.5:
        answer = _("**Partly.**")
    else:
        answer = _("**No: the samples do not look like {dogs}.**").format(dogs=picture.what_many)
    which = (
        _("The best samples are those of “{sampler}” on {model}.")
        if len(models) > 1
        else _("The best samples of {model} are those of “{sampler}”.")
    ).format(sampler=_(SOURCES[best["source"]]), model=best["model"])
    points = [answer, which, _distances(best, rebuilt, photos, picture)]
    points.append(_shares(_("a sample"), best, rebuilt, photos, picture, results["num_reference"]))
    if beside and beside not in models and beside in results["checkpoints"] and not _is_old(results, beside):
        plain = _best(values, [beside])
        points.append(
            _(
                "For {model}, trained without noise, the best samples have a Fréchet distance of {distance}, and "
                "{share} of the {photos} have a sample near them."
            ).format(
                model=beside,
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


def show(group: Group) -> None:
    """The table of a data set, of one measure at a time: a row a kind of picture, a column a model."""
    st.header(_("Does sampling generate?"), anchor=False)
    try:
        results = loaders.generation(group.data)
    except LatentLabError as error:
        st.error(controls.sentence(error), icon=":material/error:")
        return
    if results is None:
        st.caption(
            _(
                "Not measured yet for {data}; `python -m benchmarks.generation` measures every sampler on every model."
            ).format(data=controls.literal(group.title))
        )
        return
    models = [name for name in group.names if name in results["checkpoints"] and _loaded(name)]
    values = _values(results)
    measured = {source for source, _model in values}
    sources = {
        source: _(title) for source, title in SOURCES.items() if source != generation.LEARNED or source in measured
    }
    measure = controls.choose(_("Measure"), {key: _(name) for key, name in MEASURES.items()}, key="measure")
    st.table(
        pd.DataFrame(
            {
                controls.literal(name): [
                    _cell(values.get((source, name), values.get((source, None))), measure) for source in sources
                ]
                for name in models
            },
            index=[*sources.values()],
        ).rename_axis(_("pictures"))
    )
    for name in models:
        if _is_old(results, name):
            st.warning(
                _(
                    "{model} has been trained again since: its column is of older weights. `python -m benchmarks.generation` "
                    "measures it anew."
                ).format(model=controls.literal(name)),
                icon=":material/history:",
            )
    st.markdown(_(MEANING[measure]))
    of_priors = [point for name in models for point in (*learnt(group.data, name), *learned.points(group.data, name))]
    if of_priors:
        st.subheader(_("Drawn from a Gaussian"), anchor=False)
    st.markdown("\n\n".join(_answer(results, group.data, models, None)))
    if of_priors:
        st.subheader(_("Drawn from what is learned"), anchor=False)
        st.markdown("\n\n".join([*of_priors, *learned.best_space(group.data)]))
    st.caption(
        _(
            "Each figure: {samples} pictures against {reference} training photos, mean ± standard "
            "deviation over {seeds} seeds; the nearest photo among {known}. Samplers are fitted on "
            "{fitted} codes. Features: a scattering network of fixed filters (oriented edges of four sizes, how they are arranged, "
            "how sparse they are and how they go together across sizes, local colour), nothing of it is learnt."
        ).format(
            samples=number(results["num_samples"]),
            reference=number(results["num_reference"]),
            seeds=number(len(results["seeds"])),
            known=number(results["num_known"]),
            fitted=list_of(number(n) for n in sorted(set(results["num_fitted"].values()))),
        )
    )


def _cell(row: Row | None, measure: str) -> str:
    if row is None:
        return "–"
    mean, spread = row[measure]
    digits = 0 if mean >= 100 and not spread < 1 else 1 if mean >= 2 else 3
    return number(mean, digits) + (f" ± {number(spread, digits)}" if spread == spread else "")


def _values(results: Mapping[str, Any]) -> dict[tuple[str, str | None], Row]:
    """The rows by source and model, without those of priors that are not here or were trained again since."""
    is_old = {name: not _is_prior(name, identity) for name, identity in results.get("priors", {}).items()}
    return {
        (row["source"], row["model"]): row
        for row in results["rows"]
        if row["source"] != generation.LEARNED or not is_old[row["model"]]
    }


def _is_prior(model: str, identity: Mapping[str, Any]) -> bool:
    """Whether that is the identity of the prior of this model's codes."""
    prior = loaders.prior_of(model)
    return prior is not None and generation.prior_identity(loaders.load(prior).provenance) == identity


def _is_old(results: Mapping[str, Any], name: str) -> bool:
    """Whether the figures are not of this checkpoint as it is now."""
    ckpt = _loaded(name)
    return ckpt is None or results["checkpoints"].get(name) != generation.identity(ckpt.provenance)


def _loaded(name: str) -> aemodels.Checkpoint | None:
    """The checkpoint; None where it cannot be loaded, which the page has said by then."""
    try:
        return loaders.load(name)
    except LatentLabError:
        return None


def _best(values: Mapping[tuple[str, str | None], Row], models: Collection[str]) -> Row:
    """The row of the sampler and model whose samples are nearest to photos."""
    drawn = [row for row in values.values() if row["source"] in sampling.SAMPLERS and row["model"] in models]
    return min(drawn, key=lambda row: row["frechet"][0])
