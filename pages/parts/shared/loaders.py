"""Cached access to the models of the checkpoint folder; what is missing is said on the page in one sentence.

What a page asks for dozens of times is kept by functools: Streamlit's caches take 0.1 ms each time to hash what they are asked for.
"""

import contextlib
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

import streamlit as st

import aemodels
from aemodels import language
from aemodels.data.sources import data_root
from aemodels.errors import CheckpointError, LatentLabError
from aemodels.language import _
from aemodels.storage import catalogue, checkpoints, films, own_models, priors
from aemodels.training import recipes
from pages.parts.shared import arguments, markdown

MAX_CHECKPOINTS = 16  # kept in memory, of some 10 MB


def data_folder() -> Path:
    """--data after `streamlit run app.py --`, else LATENT_LAB_DATA, else data/."""
    return data_root(arguments.given().data)


def checkpoint_folder() -> Path:
    """--checkpoints after `streamlit run app.py --`, else LATENT_LAB_CHECKPOINTS, else the project's checkpoints/."""
    return checkpoints.checkpoint_folder(arguments.given().checkpoints)


_LAST: dict[str, catalogue.Catalogue] = {}  # by language


def read_catalogue() -> catalogue.Catalogue:
    """Which models there are now, those of the lab first, with what visitors have trained and kept."""
    names = sorted({*checkpoints.list_checkpoints(checkpoint_folder()), *own_models.names()})
    _LAST[language.current()] = found = _catalogue(tuple(map(file_of, names)), language.current())
    return found


def last_catalogue() -> catalogue.Catalogue:
    """What `read_catalogue` gave last in this language, as it does where a page begins: to look into the folders for each word would take
    a third of the time of the page Training."""
    return _LAST.get(language.current()) or read_catalogue()


def never_replaced() -> list[str]:
    """Names that no visitor's model can have: those of the lab's recipes, and of what lies in the folder of checkpoints."""
    return sorted({*_lab(), *checkpoints.list_checkpoints(checkpoint_folder())})


@lru_cache(maxsize=1)
def _lab() -> dict[str, Any]:
    return {name: recipe.data for name, recipe in recipes.of_the_lab().items()}


@lru_cache(maxsize=16)
def _catalogue(files: tuple[tuple[str, int, str], ...], spoken: str) -> catalogue.Catalogue:
    files_by_name = {file[0]: file for file in files}
    with language.speaking(spoken):
        return catalogue.read_all(files_by_name, _lab(), lambda name: _model(*files_by_name[name]))


@lru_cache(maxsize=1000)
def _model(name: str, modified_ns: int, folder: str) -> catalogue.Model:
    return catalogue.read(name, folder)


def checkpoint(name: str) -> aemodels.Checkpoint:
    """The checkpoint of this name; stops the page with one sentence where it cannot be loaded."""
    try:
        return load(name)
    except LatentLabError as error:
        st.error(markdown.sentence(error), icon=":material/error:")
        st.stop()


def load(name: str) -> aemodels.Checkpoint:
    """The checkpoint of this name, kept; raises CheckpointError where it cannot be loaded."""
    file = file_of(name)
    if not file[1] and name not in _lab():  # a visitor's own, which no command trains again
        raise CheckpointError(_("The model {name} has been removed; choose another one.").format(name=name))
    return _checkpoint(*file)


def load_all() -> None:
    """Every checkpoint, kept before it is asked for; what is wrong with one, or with a recipe or variant, is left for the pages to say."""
    with contextlib.suppress(LatentLabError):
        for model in read_catalogue().models[:MAX_CHECKPOINTS]:
            with contextlib.suppress(LatentLabError):
                load(model.name)


def autoencoder_of(prior: aemodels.Checkpoint) -> aemodels.Checkpoint:
    """The checkpoint whose codes a prior draws, kept; raises CheckpointError where it is missing, or another one than the prior was
    trained on."""
    return load(_autoencoder_of(file_of(prior.name), file_of(prior.provenance["codes_of"]["name"])))


@lru_cache(maxsize=MAX_CHECKPOINTS)
def _autoencoder_of(prior: tuple[str, int, str], autoencoder: tuple[str, int, str]) -> str:
    return priors.autoencoder_of(load(prior[0]), checkpoint_folder(), load).name


def prior_of(name: str) -> str | None:
    """The first prior that has learnt the codes of this autoencoder as it is now."""
    for model in read_catalogue().models:
        if model.codes_of == name:
            with contextlib.suppress(LatentLabError):
                autoencoder_of(load(model.name))
                return model.name
    return None


def digests(names: Iterable[str]) -> dict[str, str]:
    """name -> digest of those of the checkpoints that can be read."""
    found = {}
    for name in names:
        with contextlib.suppress(LatentLabError):
            found[name] = digest(name)
    return found


def digest(name: str) -> str:
    return _digest(*file_of(name))


@st.cache_data(max_entries=1000, show_spinner=False)
def _digest(name: str, modified_ns: int, folder: str) -> str:
    return checkpoints.read_digest(name, folder)


def version(name: str) -> tuple[str, int]:
    """The checkpoint's name and when its file was written, in ns, for what is kept of it; 0 where there is none."""
    return file_of(name)[:2]


def file_of(name: str) -> tuple[str, int, str]:
    """`version` and the folder."""
    for find in (checkpoint_folder, own_models.folder):
        folder = str(find())
        with contextlib.suppress(OSError):  # it may go between two looks
            return name, os.stat(_path(name, folder)).st_mtime_ns, folder
    return name, 0, str(checkpoint_folder())


@lru_cache(maxsize=1000)
def _path(name: str, folder: str) -> Path:
    return checkpoints.checkpoint_path(name, folder)


@lru_cache(maxsize=MAX_CHECKPOINTS)
def _checkpoint(name: str, modified_ns: int, folder: str) -> aemodels.Checkpoint:
    return aemodels.load_checkpoint(name, folder)


def has_film(name: str) -> bool:
    """Whether a film lies beside the checkpoint of this name; what is in it, `film` says."""
    return films.film_path(name, checkpoint_folder()).is_file()


def film(name: str) -> films.Film:
    """The film of this checkpoint, kept; raises CheckpointError where it cannot be loaded."""
    return _film(*file_of(name), film_version(name))


def film_version(name: str) -> int:
    """When the film of this checkpoint was written, in ns; 0 where there is none."""
    return modified_ns(films.film_path(name, checkpoint_folder()))


@st.cache_resource(max_entries=MAX_CHECKPOINTS, show_spinner=False)
def _film(name: str, modified_ns: int, folder: str, film_modified_ns: int) -> films.Film:
    return films.load_film(name, folder)


def modified_ns(path: Path) -> int:
    """When a file was written; 0 where there is none."""
    return path.stat().st_mtime_ns if path.exists() else 0
