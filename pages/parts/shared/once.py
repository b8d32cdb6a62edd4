"""What is computed of a model once, for every visitor, and anew when its file has changed."""

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

import streamlit as st

from pages.parts.shared import loaders

P, R = ParamSpec("P"), TypeVar("R")
OfModel = Callable[Concatenate[str, P], R]


def per_model(max_entries: int) -> Callable[[OfModel], OfModel]:
    """For a function whose first argument is a model's name: its latest results are kept; nobody may change them."""

    def decorate(compute: OfModel) -> OfModel:
        @st.cache_resource(max_entries=max_entries, show_spinner=False)
        @wraps(compute)  # Streamlit tells functions from each other by module, name and source
        def of_version(version: tuple[str, int], *args: P.args) -> R:
            return compute(version[0], *args)

        @wraps(compute)
        def of_now(name: str, *args: P.args) -> R:
            return of_version(loaders.version(name), *args)

        return of_now

    return decorate
