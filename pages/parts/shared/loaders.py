"""Cached access to checkpoints and data; what is missing is said on the page in one sentence."""

import argparse
import contextlib
import sys
from collections.abc import Iterable
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Thread
from typing import Any

import streamlit as st
from torch import Tensor

import aemodels
from aemodels.data import mnist, photo_sets, sources
from aemodels.errors import DataError, LatentLabError
from aemodels.quality import curves as model_curves
from aemodels.report import standard
from aemodels.storage import checkpoints, measurements
from pages.parts.shared import controls

MNIST_MODELS, DOG_MODELS = standard.PLANES, standard.DOGS
DENOISERS = {"mnist-dae-2d": "2-D code", "mnist-dae": "64-D code"}
MAX_CHECKPOINTS = 16  # kept in memory, of some 10 MB
SHOW_AFTER_S = 0.3  # how long reading may take unseen, and how often its bar moves
TRAIN_VARIANCE = dict(zip(DOG_MODELS, ("none", "0.05", "0.10", "0.15"), strict=True))


def checkpoint(name: str) -> aemodels.Checkpoint:
    """The checkpoint of this name; stops the page with one sentence where it cannot be loaded."""
    try:
        return load(name)
    except LatentLabError as error:
        st.error(controls.sentence(error), icon=":material/error:")
        st.stop()


def load(name: str) -> aemodels.Checkpoint:
    """The checkpoint of this name, kept; raises CheckpointError where it cannot be loaded."""
    return _checkpoint(*version(name))


def load_all() -> None:
    """Every checkpoint, kept before it is asked for; one that cannot be loaded is left for its page to say."""
    for name in aemodels.list_checkpoints()[:MAX_CHECKPOINTS]:
        with contextlib.suppress(LatentLabError):
            load(name)


def version(name: str) -> tuple[str, int]:
    """The checkpoint's name and when its file was written, in ns, for what is kept of it; 0 where there is none."""
    path = checkpoints.checkpoint_path(name)
    return name, path.stat().st_mtime_ns if path.exists() else 0


@st.cache_resource(max_entries=MAX_CHECKPOINTS, show_spinner=False)
def _checkpoint(name: str, modified_ns: int) -> aemodels.Checkpoint:
    return aemodels.load_checkpoint(name)


def baselines(ckpts: Iterable[aemodels.Checkpoint]) -> dict[str, Any]:
    """The figures that need no network, of the photos on which these checkpoints were measured; empty where train.py has not
    measured them, and where they are broken or of other photos, which the page then says."""
    try:
        measured = measurements.read_baselines() or {}
    except LatentLabError as error:
        st.error(controls.sentence(error), icon=":material/error:")
        return {}
    others = [c.name for c in ckpts if c.provenance["data_fingerprint"] != measured.get("data_fingerprint")]
    if measured and others:
        st.warning(
            f"The baselines are left out: they were measured on other photos than {controls.literal(', '.join(others))}. "
            "`python train.py --evaluate` measures them again.",
            icon=":material/history:",
        )
        return {}
    return measured


def curves() -> dict[str, Any]:
    """What `measurements.read_curves` gives; nothing where the file is broken: a page then measures for itself."""
    try:
        return measurements.read_curves()
    except LatentLabError:
        return {"models": {}, "denoisers": {}}


def curves_of(name: str) -> dict[str, Any]:
    """What they hold of a checkpoint as it is now; empty where train.py has not measured it."""
    return model_curves.of_model(curves(), name, checkpoint(name).provenance)


@st.cache_resource(show_spinner=False)
def test_digits() -> tuple[Tensor, Tensor]:
    """The 10,000 MNIST test digits, uint8 (10000, 1, 28, 28), and their labels (10000,)."""
    return mnist.load_mnist_test_digits()


def data_folder() -> Path:
    """--data after `streamlit run app.py --`, else LATENT_LAB_DATA, else data/."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--data", type=Path)
    return sources.data_root(parser.parse_known_args(sys.argv[1:])[0].data)


def dogs() -> photo_sets.PhotoSet | None:
    """The dog photos, or None where there are none; `why_no_dogs` then says why."""
    try:
        return _dogs(str(data_folder().resolve()))
    except DataError:
        return None


def why_no_dogs() -> str:
    """One sentence, as Markdown, that says which photos are missing and how to get them."""
    try:
        _dogs(str(data_folder().resolve()))
    except DataError as error:
        return controls.sentence(error)
    return ""


class Reading:
    """Photos on the way, read by a thread of its own, which goes on when the visitor who started it leaves."""

    def __init__(self, folder: str) -> None:
        self.dogs: Future[photo_sets.PhotoSet] = Future()
        self.done, self.total = 0, 1
        Thread(target=self._read, args=(folder,), daemon=True).start()

    def says(self) -> str:
        return (
            f"Reading the dog photos, once for all: {self.done:,} of {self.total:,} …"
            if self.done
            else "Looking for dog photos …"
        )

    def _read(self, folder: str) -> None:
        try:
            self.dogs.set_result(photo_sets.load_dogs(folder, self._note))
        except BaseException as error:
            self.dogs.set_exception(error)

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total


@st.cache_resource(max_entries=2, show_spinner=False)
def _reading(folder: str) -> Reading:
    return Reading(folder)


def _dogs(folder: str) -> photo_sets.PhotoSet:
    """The photos of a folder; while they are read, everyone who waits for them sees how many are done."""
    reading = _reading(folder)
    try:
        wait([reading.dogs], SHOW_AFTER_S)
        if not reading.dogs.done():
            place = st.empty()
            while not reading.dogs.done():
                place.progress(reading.done / reading.total, reading.says())
                wait([reading.dogs], SHOW_AFTER_S)
            place.empty()
        return reading.dogs.result()
    except Exception:
        _reading.clear(folder)  # there may be photos the next time
        raise
