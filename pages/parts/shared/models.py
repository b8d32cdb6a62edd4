"""Models side by side: those that can be loaded, and what is wrong with the codes of each, in words."""

from collections.abc import Iterable

import streamlit as st

import aemodels
from aemodels.codes import faults
from aemodels.errors import LatentLabError
from pages.parts.shared import controls, loaders


def load_each(names: Iterable[str]) -> tuple[dict[str, aemodels.Checkpoint], list[str]]:
    """Those of the checkpoints that can be loaded, by name, and of each other one a sentence, as Markdown, that says why not."""
    found, missing = {}, []
    for name in names:
        try:
            found[name] = loaders.load(name)
        except LatentLabError as error:
            missing.append(controls.sentence(error))
    return found, missing


def present(names: Iterable[str]) -> dict[str, aemodels.Checkpoint]:
    """Those of the checkpoints that can be loaded, by name; the page says of each other one why not, and stops where there is none."""
    found, missing = load_each(names)
    if missing:
        st.error("\n\n".join(missing), icon=":material/error:")
    if not found:
        st.stop()
    return found


def notes(*names: str) -> list[str]:
    """What is wrong with these models and their codes, a sentence each, for "What to notice"; named where there are several models."""
    of: dict[str, list[str]] = {}
    for name in names:
        try:
            found = _faults(*loaders.version(name))
        except LatentLabError as error:
            found = [str(error)]
        for sentence in found:
            of.setdefault(sentence, []).append(f"`{name}`")
    return [sentence if len(names) == 1 else f"{', '.join(of[sentence])}: {sentence}" for sentence in of]


def varying(names: Iterable[str]) -> list[str]:
    """Those of the models on whose codes a Gaussian can be fitted; the page says which are left out."""
    found, others = [], []
    for name in names:
        if _vary(*loaders.version(name)):
            found.append(name)
        else:
            n = len(loaders.load(name).codes)
            others.append(f"{name} ({f'{n:,} codes, all the same' if n > 1 else 'one code'})")
    if others:
        st.info(
            f"A Gaussian needs two codes at least, and codes that differ: there is none of {', '.join(others)}. Train with more photos.",
            icon=":material/casino:",
        )
    return found


@st.cache_data(max_entries=32, show_spinner=False)
def _faults(name: str, modified_ns: int) -> list[str]:
    return faults.describe(loaders.load(name).codes)


@st.cache_data(max_entries=32, show_spinner=False)
def _vary(name: str, modified_ns: int) -> bool:
    return faults.vary(loaders.load(name).codes)
