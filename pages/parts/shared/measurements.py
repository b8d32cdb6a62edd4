"""Cached access to what was measured of the models and lies beside them; what is broken is said on the page in one sentence."""

import os
from functools import lru_cache
from typing import Any

import streamlit as st
from torch import Tensor

from aemodels.data.config import DataRecord
from aemodels.errors import LatentLabError
from aemodels.quality import curves as model_curves
from aemodels.quality import separate
from aemodels.quality.separate import ChannelCode
from aemodels.storage import measurements as stored
from aemodels.storage import photo_errors as stored_errors
from pages.parts.shared import loaders, markdown


def baselines(data: DataRecord) -> dict[str, Any]:
    """The figures that need no network, of the test photos of this data set; empty where train.py has not measured them, and where
    the file is broken, which the page then says."""
    try:
        return stored.read_baselines(data.fingerprint, loaders.checkpoint_folder()) or {}
    except LatentLabError as error:
        st.error(markdown.sentence(error), icon=":material/error:")
        return {}


def channel_codes() -> list[ChannelCode]:
    """What was measured of real channel codes; nothing where the file is broken, which the page then says."""
    try:
        return separate.channel_codes(stored.read_separate_coding(loaders.checkpoint_folder()))
    except LatentLabError as error:
        st.error(markdown.sentence(error), icon=":material/error:")
        return []


def photo_errors(name: str) -> dict[float, Tensor]:
    """The error of each test image, by the noise while testing, of this checkpoint; empty where train.py has not kept them."""
    _name, modified_ns, folder = loaders.file_of(name)
    return _photo_errors(name, modified_ns, folder, loaders.modified_ns(stored_errors.errors_path(name, folder)))


@st.cache_resource(max_entries=loaders.MAX_CHECKPOINTS, show_spinner=False)
def _photo_errors(name: str, modified_ns: int, folder: str, errors_modified_ns: int) -> dict[float, Tensor]:
    return stored_errors.read(name, folder) if errors_modified_ns else {}


def baseline_errors(data: DataRecord) -> dict[str, dict[float, Tensor]]:
    """Those of the baselines, by their key in baselines.json."""
    folder = str(loaders.checkpoint_folder())
    return _baseline_errors(data.fingerprint, folder, loaders.modified_ns(stored_errors.baselines_path(folder)))


@st.cache_resource(max_entries=4, show_spinner=False)
def _baseline_errors(fingerprint: str, folder: str, modified_ns: int) -> dict[str, dict[float, Tensor]]:
    return stored_errors.read_baselines(fingerprint, folder)


def measured() -> tuple[tuple[str, int], ...]:
    """What lies in the folder of checkpoints and when it was written, in ns: the key of what is kept of several of these files."""
    try:
        with os.scandir(loaders.checkpoint_folder()) as entries:
            return tuple(sorted((entry.name, entry.stat().st_mtime_ns) for entry in entries))
    except OSError:
        return ()


def generation(data: DataRecord) -> dict[str, Any] | None:
    """What was measured of samples from the models of this data set, which nobody may change; None where nothing was. Raises
    CheckpointError for a broken file."""
    folder = loaders.checkpoint_folder()
    return _generation(data.fingerprint, str(folder), loaders.modified_ns(folder / "generation.json"))


def generation_if_whole(data: DataRecord) -> dict[str, Any] | None:
    """The same, and None for a broken file too, which a toast says once a visit: for what can be shown without."""
    try:
        return generation(data)
    except LatentLabError as error:
        _say_once(error)
        return None


def _say_once(error: LatentLabError) -> None:
    said = st.session_state.setdefault("broken_files", [])
    if str(error) not in said:
        said.append(str(error))
        st.toast(markdown.sentence(error), icon=":material/error:", duration="long")


@lru_cache(maxsize=8)
def _generation(fingerprint: str, folder: str, modified_ns: int) -> dict[str, Any] | None:
    return stored.read_generation(fingerprint, folder)


def curves() -> dict[str, Any]:
    """What curves.json holds, which nobody may change; nothing where the file is broken, which a toast says once a visit: a page then
    measures for itself."""
    folder = loaders.checkpoint_folder()
    try:
        return _curves(str(folder), loaders.modified_ns(folder / "curves.json"))
    except LatentLabError as error:
        _say_once(error)
        return {"models": {}, "denoisers": {}}


@lru_cache(maxsize=4)
def _curves(folder: str, modified_ns: int) -> dict[str, Any]:
    return stored.read_curves(folder)


def curves_of(name: str) -> dict[str, Any]:
    """What they hold of a checkpoint as it is now; empty where train.py has not measured it."""
    return model_curves.of_model(curves(), name, loaders.checkpoint(name).provenance)
