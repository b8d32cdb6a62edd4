"""The test images that the models were judged on, found by what each model's header says of its data set.

MNIST's test digits come with Latent Lab; the images of other data sets are looked for on this computer, and a page that finds none
goes on with the codes that come with the model.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Thread

import streamlit as st
import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.data import mnist, shipped, sources, words
from aemodels.data.config import DataConfig, DataRecord
from aemodels.errors import DataError
from aemodels.language import N_, _, current, kept, ngettext, number
from aemodels.text import one_line
from pages.parts.shared import loaders, markdown

SHOW_AFTER_S = 0.3  # how long reading may take unseen, and how often its bar moves
MNIST_FOUND = N_("MNIST: the 10,000 test digits are part of Latent Lab.")
MAX_SETS = 6  # photos are mapped, not copied; the MNIST family takes 55 MB a set


@dataclass(frozen=True)
class Originals:
    """The test images of a data set, all of them, in the order that a checkpoint's `index` counts.

    at       (n,) places -> images uint8 (n, C, H, W)
    name_of  place -> the image's class, or its file's name
    labels   (N,) int64: classes, places in the data set's label_names; -1 for none
    found    () -> what was found, as what follows the data set's name and a colon
    is_same  whether they are of the very set that the model was trained on; else a photo's place is not one of `index`
    """

    at: Callable[[Tensor], Tensor]
    name_of: Callable[[int], str]
    labels: Tensor
    found: Callable[[], str]
    is_same: bool = True

    def __len__(self) -> int:
        return len(self.labels)

    def pictures(self, index: Tensor | Sequence[int]) -> Tensor:
        """Images (n, C, H, W) float in [0, 1] at these places (n,)."""
        return self.at(torch.as_tensor(index)).float() / 255


def of(data: DataRecord) -> Originals | None:
    """The test images of a model's data set, or of what lies in its place; None where there are none, which `why_none` explains.

    Which side of the split a photo falls on depends on its content alone, so a test photo of another folder was not trained on either.
    """
    try:
        return _of(data)
    except DataError:
        return None


def look_for(data: DataRecord) -> None:
    """Has the images of a model's data set looked for and listed before a page asks for them, in a thread of its own. What was not there
    is looked for again when a page asks."""
    if data.config.source == "mnist":
        return
    scene = data.config, str(loaders.data_folder().resolve())
    _reading(*scene).found.add_done_callback(lambda found: found.exception() and _reading.clear(*scene))


def when_read(data: DataRecord) -> Originals | None:
    """The same for a thread that works for no visitor: waits until they are read, and shows nothing meanwhile."""
    if data.config.source != "mnist":
        wait([_reading(data.config, str(loaders.data_folder().resolve())).found])
    return of(data)


def has_those_of_codes(ckpt: Checkpoint) -> bool:
    """Whether the images are here of which the checkpoint holds the codes."""
    originals = of(ckpt.data)
    return bool(originals and originals.is_same and ckpt.index.max() < len(originals))


def of_codes(ckpt: Checkpoint) -> Tensor | None:
    """These images (n, C, H, W), uint8, which nobody may change; None where they are not here."""
    return of(ckpt.data).at(ckpt.index) if has_those_of_codes(ckpt) else None


def of_code(ckpt: Checkpoint, place: int) -> Tensor | None:
    """That of one code (C, H, W), float in [0, 1]; None where it is not here."""
    return of(ckpt.data).pictures(ckpt.index[[place]])[0] if has_those_of_codes(ckpt) else None


def about_others(data: DataRecord, say: Callable[[str], str] = markdown.literal) -> str:
    """A sentence where the images on this computer are not those that the model was trained and judged on; else empty. `say` writes the
    data set's name: as Markdown, unless something else is given."""
    originals = of(data)
    if originals is None or originals.is_same:
        return ""
    return _("The {many} on this computer are others than those of {data_set} that the models were trained on.").format(
        many=words.of(data.config).many, data_set=say(data.config.name)
    )


def why_none(data: DataRecord, say: Callable[[Exception], str] = markdown.sentence) -> str:
    """One sentence that says which images are missing and how to get them; empty where there are all. `say` writes it: as Markdown,
    unless something else is given."""
    try:
        _of(data)
    except DataError as error:
        return say(error)
    return ""


def _of(data: DataRecord) -> Originals:
    if data.config.source == "mnist":
        return held_out_digits() if shipped.is_shipped(data) else mnist_digits()
    folder = str(loaders.data_folder().resolve())
    originals, fingerprint = _read(data.config, folder)
    return replace(originals, is_same=fingerprint == data.fingerprint)


@st.cache_resource(show_spinner=False)
def mnist_digits() -> Originals:
    """MNIST's 10,000 test digits, which come with Latent Lab."""
    return _of_digits(*mnist.load_mnist_test_digits())


@st.cache_resource(show_spinner=False)
def held_out_digits() -> Originals:
    """Those of them that a model trained on the others has not seen."""
    return _of_digits(*shipped.held_out())


def _of_digits(images: Tensor, labels: Tensor) -> Originals:
    everything = torch.arange(len(images))
    return Originals(
        lambda index: images if torch.equal(index, everything) else images[index],
        lambda i: _("digit {digit}").format(digit=int(labels[i])),
        labels,
        lambda: _(MNIST_FOUND),
    )


def _of_photos(config: DataConfig, folder: str, progress: Callable[[int, int], None]) -> tuple[Originals, str]:
    photos = sources.load_photos_of(config, Path(folder), progress)
    labels = photos.labels[photos.test_index]

    def name_of(i: int) -> str:
        return photos.label_names[labels[i]] if labels[i] >= 0 else one_line(photos.paths[photos.test_index[i]].stem)

    def found() -> str:
        parts = (photos.paths, photos.train_index, photos.validation_index, photos.test_index)
        counts = dict(zip(("total", "train", "validation", "test"), map(number, map(len, parts)), strict=True))
        n = photos.num_skipped
        if not n:
            message = _("{total} photos, {train} for training, {validation} for validation, {test} for testing.")
        else:
            message = ngettext(
                "{total} photos, {train} for training, {validation} for validation, {test} for testing, {skipped} file skipped.",
                "{total} photos, {train} for training, {validation} for validation, {test} for testing, {skipped} files skipped.",
                n,
            )
        return message.format(**counts, skipped=number(n))

    return Originals(lambda index: photos.images[photos.test_index[index]], name_of, labels, found), photos.fingerprint


def _of_family(config: DataConfig, folder: str) -> tuple[Originals, str]:
    dataset = sources.load(config, Path(folder))
    labels, names = dataset.reference_labels, dataset.record.label_names

    def found() -> str:
        return _("{number} test images.").format(number=number(len(dataset.test)))

    return Originals(
        lambda index: dataset.test[index], lambda i: names[labels[i]], labels, found
    ), dataset.record.fingerprint


class Reading:
    """Images on the way, read by a thread of its own, which goes on when the visitor who started it leaves.

    language  in which it says why there are none
    """

    def __init__(self, config: DataConfig, folder: str) -> None:
        self.found: Future[tuple[Originals, str]] = Future()
        self.name = config.name
        self.language = current()
        self.done, self.total = 0, 1
        Thread(target=kept(self._read), args=(config, folder), daemon=True).start()

    def says(self) -> str:
        name = markdown.literal(self.name)
        if not self.done:
            return _("Looking for the images of {data_set} …").format(data_set=name)
        return _("Reading the photos of {data_set}, once for all: {done} of {total} …").format(
            data_set=name, done=number(self.done), total=number(self.total)
        )

    def _read(self, config: DataConfig, folder: str) -> None:
        try:
            is_family = config.source in mnist.FAMILY
            self.found.set_result(_of_family(config, folder) if is_family else _of_photos(config, folder, self._note))
        except BaseException as error:
            self.found.set_exception(error)

    def _note(self, done: int, total: int) -> None:
        self.done, self.total = done, total


@st.cache_resource(max_entries=MAX_SETS, show_spinner=False)
def _reading(config: DataConfig, folder: str) -> Reading:
    return Reading(config, folder)


def _read(config: DataConfig, folder: str) -> tuple[Originals, str]:
    """The test images of a data set and the fingerprint of all of it; while they are read, everyone who waits for them sees how
    many are done."""
    reading = _reading(config, folder)
    try:
        wait([reading.found], SHOW_AFTER_S)
        if not reading.found.done():
            place = st.empty()
            while not reading.found.done():
                place.progress(reading.done / reading.total, reading.says())
                wait([reading.found], SHOW_AFTER_S)
            place.empty()
        return reading.found.result()
    except Exception:
        _reading.clear(config, folder)  # there may be images the next time
        if reading.language != current():  # who waited for another visitor's reading is told in the own language
            return _read(config, folder)
        raise
