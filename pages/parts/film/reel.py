"""The films of a page: those that can be loaded, what they tell in figures, and the box that holds all of them."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import astuple
from functools import partial

import numpy as np
import streamlit as st

from aemodels.codes import planes
from aemodels.errors import LatentLabError
from aemodels.quality import filmed
from aemodels.quality.filmed import Moment
from aemodels.storage import catalogue, kept
from aemodels.storage.films import Film
from pages.parts.shared import loaders, markdown


def present(names: Iterable[str]) -> dict[str, Film]:
    """The films that can be loaded, by the models' names; the page says of each other one why not, and stops where there is none."""
    found, missing = {}, []
    for name in names:
        try:
            found[name] = loaders.film(name)
        except LatentLabError as error:
            missing.append(markdown.sentence(error))
    if missing:
        st.error("\n\n".join(missing), icon=":material/error:")
    if not found:
        st.stop()
    return found


def extent(films: Mapping[str, Film]) -> planes.Extent:
    """The box that holds those of all moments of all films, a little wider."""
    boxes = [box for film in films.values() for box in film.boxes.tolist()]
    x_min, x_max, y_min, y_max = zip(*boxes, strict=True)
    return planes.widen((min(x_min), max(x_max), min(y_min), max(y_max)))


def moments(name: str) -> list[Moment]:
    """A film's moments in figures."""
    return _moments(*loaders.version(name), loaders.film_version(name), loaders.digest(name))


def values(name: str) -> list[list[float]]:
    """The values of each of `wording.charts` along a film's moments."""
    of = moments(name)
    has_labels = bool((loaders.checkpoint(name).labels >= 0).any())
    shares = [[moment.neighbour_accuracy for moment in of]] if has_labels else []
    return [[moment.loss for moment in of], *shares, [moment.spread for moment in of]]


def steps() -> Iterator[Callable[[], object]]:
    """What measures the films that there are."""
    for group in loaders.read_catalogue().of_kind(catalogue.PLANE):
        yield from (partial(moments, name) for name in group.names if loaders.has_film(name))


@st.cache_resource(max_entries=16, show_spinner=False)
def _moments(name: str, modified_ns: int, film_modified_ns: int, _digest: str) -> list[Moment]:
    def compute() -> dict[str, np.ndarray]:
        found = filmed.measure(loaders.film(name), loaders.checkpoint(name).labels)
        return {"moments": np.array([astuple(moment) for moment in found])}

    rows = kept.once(_digest, "film", compute, source=str(film_modified_ns))["moments"].tolist()
    return [Moment(int(step), *figures) for step, *figures in rows]
