"""The table "does sampling generate?", from the figures stored beside the checkpoints."""

from collections.abc import Collection, Mapping
from typing import Any

import pandas as pd
import streamlit as st

import aemodels
from aemodels.data import words
from aemodels.data.sources import DataRecord
from aemodels.errors import LatentLabError
from aemodels.quality import generation
from aemodels.storage.catalogue import Group
from pages.parts.photos import sampling
from pages.parts.shared import controls, loaders

MEASURES = {
    "frechet": "Fréchet distance",
    "density": "Density",
    "coverage": "Coverage",
    "nearest": "Nearest photo",
    "nearest_of_all": "Nearest of all",
}
MEANING = {
    "frechet": "Fréchet distance: how far the mean and covariance of the pictures' features are from those of real photos; "
    "0 is none.",
    "density": "Density: in how many neighbourhoods of real photos a picture lies, compared with a real photo. 1 is as many as a real photo, "
    "0 is none.",
    "coverage": "Coverage: the share of real photos that have a picture in their neighbourhood. The row of unseen photos "
    "shows the largest share that so few pictures can reach.",
    "nearest": "Nearest photo: the mean distance to the most similar photo that the model or the sampler has seen, in grey levels of pictures of 32×32 px. "
    "The row of reconstructions shows what a copy would have. A picture without contrast is near to every photo, but copies none.",
    "nearest_of_all": "Nearest of all: the smallest distance between any of the pictures and a photo that the model or the sampler has seen, in grey "
    "levels of pictures of 32×32 px. A copied photo would be as near as the reconstructions are.",
}
SOURCES = {generation.PHOTOS: "Unseen photos", generation.RECONSTRUCTIONS: "Reconstructions", **sampling.SAMPLERS}
SOURCES |= {generation.PIXEL_NOISE: "Independent pixels"}


def verdict(data: DataRecord, *models: str, beside: str | None = None) -> list[str]:
    """The answer for the best samples of these models of a data set in a sentence, and its figures beside those of the best of
    another one, if any; empty where they have not been measured since they were trained."""
    try:
        results = loaders.generation(data)
    except LatentLabError:
        return []  # `show` says so
    return [] if results is None else _answer(results, data, models, beside)


def _answer(results: Mapping[str, Any], data: DataRecord, models: Collection[str], beside: str | None) -> list[str]:
    picture = words.of(data.config)
    real = picture.many if picture.what == picture.one else f"{picture.what} {picture.many}"
    if not models or any(_is_old(results, name) for name in models):
        return []
    values = _values(results)
    best, photos = _best(values, models), values.get((generation.PHOTOS, None))
    rebuilt = values[generation.RECONSTRUCTIONS, best["model"]]
    share = best["coverage"][0] / rebuilt["coverage"][0] if rebuilt["coverage"][0] else 0.0
    if share > 0.8:
        answer = "Yes, nearly as well as it reconstructs."
    elif share > 0.5:
        answer = "Partly."
    else:
        answer = f"No: the samples do not look like {picture.what}s."
    sentence = (
        f"**{answer}** The best samples are those of “{SOURCES[best['source']]}” on {best['model']}. Their Fréchet distance from {picture.many} is "
        f"**{best['frechet'][0]:.0f}**; for the same model's reconstructions it is **{rebuilt['frechet'][0]:.0f}**"
    )
    sentence += f", for unseen {picture.many} **{photos['frechet'][0]:.0f}**" if photos else ""
    sentence += (
        f" (lower is nearer). {best['coverage'][0]:.1%} of {results['num_reference']:,} {real} have a sample near them, "
        f"{rebuilt['coverage'][0]:.1%} a reconstruction"
    )
    sentence += f", {photos['coverage'][0]:.1%} an unseen {picture.one}." if photos else "."
    if beside and beside not in models and beside in results["checkpoints"] and not _is_old(results, beside):
        plain = _best(values, [beside])
        sentence += f" Of {beside}, without noise, the best samples have {plain['frechet'][0]:.0f} and {plain['coverage'][0]:.1%}."
    return [sentence]


def show(group: Group) -> None:
    """The table of a data set, of one measure at a time: a row a kind of picture, a column a model."""
    st.header("Does sampling generate?", anchor=False)
    try:
        results = loaders.generation(group.data)
    except LatentLabError as error:
        st.error(controls.sentence(error), icon=":material/error:")
        return
    if results is None:
        st.caption(
            f"Not measured yet for {controls.literal(group.title)}; `python -m benchmarks.generation` measures every sampler on every model."
        )
        return
    models = [name for name in group.names if name in results["checkpoints"] and _loaded(name)]
    values = _values(results)
    measure = controls.choose("Measure", MEASURES, key="measure")
    st.table(
        pd.DataFrame(
            {
                name: [_cell(values.get((source, name), values.get((source, None))), measure) for source in SOURCES]
                for name in models
            },
            index=list(SOURCES.values()),
        ).rename_axis("pictures")
    )
    for name in models:
        if _is_old(results, name):
            st.warning(
                f"{name} has been trained again since: its column is of older weights. `python -m benchmarks.generation` "
                "measures it anew.",
                icon=":material/history:",
            )
    st.markdown("\n\n".join([*_answer(results, group.data, models, None), MEANING[measure]]))
    fitted = ", ".join(f"{n:,}" for n in sorted(set(results["num_fitted"].values())))
    st.caption(
        f"Each figure: {results['num_samples']:,} pictures against {results['num_reference']:,} train photos, mean ± standard "
        f"deviation over {len(results['seeds'])} seeds; the nearest photo among {results['num_known']:,}. Samplers are fitted on "
        f"{fitted} codes. Features: a scattering network of fixed filters (oriented edges of four sizes, how they are arranged, "
        "how sparse they are and how they go together across sizes, local colour), nothing of it is learnt."
    )


def _cell(row: dict[str, Any] | None, measure: str) -> str:
    if row is None:
        return "–"
    mean, spread = row[measure]
    digits = 0 if mean >= 100 and not spread < 1 else 1 if mean >= 2 else 3
    return f"{mean:,.{digits}f}" + (f" ± {spread:.{digits}f}" if spread == spread else "")


def _values(results: Mapping[str, Any]) -> dict[tuple[str, str | None], dict[str, Any]]:
    return {(row["source"], row["model"]): row for row in results["rows"]}


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


def _best(values: Mapping[tuple[str, str | None], dict[str, Any]], models: Collection[str]) -> dict[str, Any]:
    """The row of the sampler and model whose samples are nearest to photos."""
    drawn = [row for row in values.values() if row["source"] in sampling.SAMPLERS and row["model"] in models]
    return min(drawn, key=lambda row: row["frechet"][0])
