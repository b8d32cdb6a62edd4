"""The table "does sampling generate?", from the figures stored beside the checkpoints."""

import pandas as pd
import streamlit as st

from aemodels.errors import LatentLabError
from aemodels.language import N_, _, list_of, number, with_interval
from aemodels.quality import generation
from aemodels.storage.catalogue import Group
from pages.parts.photos import generation_findings, learned
from pages.parts.shared import controls, markdown, measurements, models

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


def show(group: Group) -> None:
    """The table of a data set, of one measure at a time: a row a kind of picture, a column a model."""
    st.header(_("Does sampling generate?"), anchor=False)
    try:
        results = measurements.generation(group.data)
    except LatentLabError as error:
        st.error(markdown.sentence(error), icon=":material/error:")
        return
    if results is None:
        st.caption(
            _(
                "Not measured yet for {data}; `python -m benchmarks.generation` measures every sampler on every model."
            ).format(data=markdown.literal(group.title))
        )
        return
    names = [name for name in group.names if name in results["checkpoints"] and generation_findings.loaded(name)]
    values = generation_findings.values_of(results)
    measured = {source for source, _model in values}
    sources = {
        source: _(title)
        for source, title in generation_findings.SOURCES.items()
        if source != generation.LEARNED or source in measured
    }
    measure = controls.choose(_("Measure"), {key: _(name) for key, name in MEASURES.items()}, key="measure")
    st.table(
        pd.DataFrame(
            {
                markdown.literal(models.title(name)): [
                    _cell(values.get((source, name), values.get((source, None))), measure) for source in sources
                ]
                for name in names
            },
            index=[*sources.values()],
        ).rename_axis(_("pictures"))
    )
    for name in names:
        if generation_findings.is_old(results, name):
            st.warning(
                _(
                    "{model} has been trained again since: its column is of older weights. `python -m benchmarks.generation` "
                    "measures it anew."
                ).format(model=models.said(name)),
                icon=":material/history:",
            )
    st.markdown(_(MEANING[measure]))
    of_priors = [
        point
        for name in names
        for point in (*generation_findings.learnt(group.data, name), *learned.points(group.data, name))
    ]
    if of_priors:
        st.subheader(_("Drawn from a Gaussian"), anchor=False)
    st.markdown("\n\n".join(generation_findings.answer(results, group.data, names, None)))
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


def _cell(row: generation_findings.Row | None, measure: str) -> str:
    if row is None:
        return "–"
    mean, spread = row[measure]
    digits = 0 if mean >= 100 and not spread < 1 else 1 if mean >= 2 else 3
    return with_interval(number(mean, digits), number(spread, digits)) if spread == spread else number(mean, digits)
