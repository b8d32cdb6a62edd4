"""What the map knows of a model, computed once and kept on disk: layouts, neighbours, pictures, and how well labels can be read."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from dataclasses import asdict, dataclass, fields
from functools import partial
from threading import Thread

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.codes import faults, labels_read, layouts, maps, neighbourhoods
from aemodels.codes.labels_read import Accuracy
from aemodels.codes.maps import Layout
from aemodels.codes.neighbourhoods import Shared
from aemodels.language import _, number
from aemodels.noise import power
from aemodels.quality.metrics import psnr_db
from aemodels.report import sheets
from aemodels.storage import catalogue, kept
from pages.parts.shared import loaders, models, originals
from pages.parts.shared.once import per_model

BATCH = 64
SHOW_AFTER_S = 0.3  # how long a layout may take unseen, and how often its bar moves
TRAIT = "trait-"  # before its name in the file


@dataclass(frozen=True)
class Pictures:
    """The decoded codes: a sheet of them as a WebP file, and numbers of each.

    tile        side of each on the sheet, px
    power       (n,) mean square of the code
    psnr        (n,) dB against the original; empty where there are none
    traits      what `neighbourhoods.traits` gives of them
    """

    sheet: bytes
    tile: int
    power: np.ndarray
    psnr: np.ndarray
    traits: dict[str, np.ndarray]

    @property
    def brightness(self) -> np.ndarray:
        """(n,) mean of the picture, in [0, 1]."""
        return self.traits[neighbourhoods.BRIGHTNESS][:, 0]


class Laying:
    """A layout on the way, computed by a thread of its own, which goes on when the visitor who started it leaves."""

    def __init__(self, compute: Callable[[Callable[[float], None]], Layout]) -> None:
        self.found: Future[Layout] = Future()
        self.share = 0.0
        Thread(target=self._run, args=(compute,), daemon=True).start()

    def _run(self, compute: Callable[[Callable[[float], None]], Layout]) -> None:
        def note(share: float) -> None:
            self.share = share

        try:
            self.found.set_result(compute(note))
        except BaseException as error:
            self.found.set_exception(error)


def layout(name: str, method: str) -> Layout:
    """The map of a model's codes by one of maps.METHODS; while it is computed, everyone who waits for it sees how much is done."""
    ckpt = loaders.checkpoint(name)
    scene = (*loaders.version(name), method, str(loaders.checkpoint_folder()))
    laying = _laying(*scene, loaders.digest(name), ckpt)
    try:
        wait([laying.found], SHOW_AFTER_S)
        if not laying.found.done():
            place = st.empty()
            said = _("The {number} codes are laid out, once for all …").format(number=number(len(ckpt.codes)))
            while not laying.found.done():
                place.progress(laying.share, said)
                wait([laying.found], SHOW_AFTER_S)
            place.empty()
        return laying.found.result()
    except Exception:
        _laying.clear(*scene)
        raise


def pictures(name: str) -> Pictures:
    """All of a model's codes decoded; says so on the page where it takes a while."""
    ckpt = loaders.checkpoint(name)
    with st.spinner(_("{number} codes are decoded, once for all …").format(number=number(len(ckpt.codes)))):
        return _pictures_of(ckpt)


def neighbours(name: str) -> tuple[np.ndarray, np.ndarray]:
    """`maps.neighbours` of a model's codes."""
    return _neighbours_of(loaders.checkpoint(name))


@per_model(8)
def shared(name: str) -> list[Shared]:
    """What neighbours in a model's code share, see `neighbourhoods.shared`."""
    of_pictures = _pictures_of(loaders.checkpoint(name)).traits
    return neighbourhoods.shared(neighbours(name)[0], of_pictures, loaders.checkpoint(name).labels.numpy())


@per_model(16)
def order(name: str, method: str) -> np.ndarray:
    """`maps.densest_first` of a map that is laid out."""
    return maps.densest_first(layout(name, method).places)


@per_model(8)
def pca(name: str):
    """`maps.fit_pca` of a model's codes."""
    return maps.fit_pca(loaders.checkpoint(name).codes)


def place(name: str, method: str, z: Tensor) -> list[float]:
    """Where a new code z (1, ...) lies on a model's map."""
    if method == "pca":
        return pca(name).transform(maps.flat(z))[0].tolist()
    ckpt = loaders.checkpoint(name)
    with st.spinner(_("Your picture is placed on the map …")):
        return maps.place_by_tsne(_embedding(name), ckpt.codes, z)[0].tolist()


def accuracies(name: str) -> tuple[Accuracy | None, Accuracy | None]:
    """How well labels are told by the codes, and by as many principal components of the pixels, where the images are here."""
    with st.spinner(_("How well labels can be read off the codes is measured, once for all …")):
        return _accuracies_of(loaders.checkpoint(name))


def steps() -> Iterator[Callable[[], object]]:
    """What computes all that is kept on disk of each model whose codes can be laid out, but for the layouts."""
    for group in loaders.read_catalogue().of_kind(catalogue.SPACE):
        originals.when_read(group.data)
        for name in group.names:
            for compute in (_pictures_of, _neighbours_of, _accuracies_of):
                yield partial(_compute_now, compute, name)


def _compute_now(compute: Callable[[Checkpoint], object], name: str) -> None:
    """compute() of a model as it is now, for its file may be replaced at any time; nothing where it cannot be loaded or laid out."""
    for ckpt in models.load_each([name])[0].values():
        if len(ckpt.codes) >= maps.MIN_CODES and faults.vary(ckpt.codes):
            compute(ckpt)


def _pictures_of(ckpt: Checkpoint) -> Pictures:
    with_psnr = originals.has_those_of_codes(ckpt)
    return _pictures(*loaders.version(ckpt.name), with_psnr, loaders.digest(ckpt.name), ckpt)


def _neighbours_of(ckpt: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    return _neighbours(*loaders.version(ckpt.name), loaders.digest(ckpt.name), ckpt)


def _accuracies_of(ckpt: Checkpoint) -> tuple[Accuracy | None, Accuracy | None]:
    model = (*loaders.version(ckpt.name), loaders.digest(ckpt.name), ckpt)
    by_codes = _accuracy("codes", *model)
    if by_codes is None or not originals.has_those_of_codes(ckpt):
        return by_codes, None
    return by_codes, _accuracy("pixels", *model)


@st.cache_resource(max_entries=16, show_spinner=False)
def _laying(name: str, modified_ns: int, method: str, folder: str, _digest: str, _ckpt: Checkpoint) -> Laying:
    def compute(progress: Callable[[float], None]) -> Layout:
        made = layouts.read(name, _ckpt.codes, method, folder)
        if made is not None:
            return made
        arrays = kept.once(_digest, method, lambda: asdict(maps.lay_out(_ckpt.codes, method, progress)))
        return Layout(arrays["places"], float(arrays["trust"]), float(arrays["kept"]))

    return Laying(compute)


@st.cache_resource(max_entries=8, show_spinner=False)
def _neighbours(name: str, modified_ns: int, _digest: str, _ckpt: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    def compute() -> dict[str, np.ndarray]:
        return dict(zip(("index", "distances"), maps.neighbours(maps.flat(_ckpt.codes)), strict=True))

    arrays = kept.once(_digest, "neighbours", compute)
    return arrays["index"], arrays["distances"]


@per_model(2)
def _embedding(name: str):
    """`maps.fit_tsne` of a model's codes on their map."""
    return maps.fit_tsne(loaders.checkpoint(name).codes, layout(name, "tsne").places)


@st.cache_resource(max_entries=8, show_spinner=False)
def _pictures(name: str, modified_ns: int, with_psnr: bool, _digest: str, _ckpt: Checkpoint) -> Pictures:
    def compute() -> dict[str, np.ndarray]:
        originals_of_codes = originals.of_codes(_ckpt) if with_psnr else None
        n, side = len(_ckpt.codes), _ckpt.model_config.image_shape[-1]
        tile = sheets.tile_px(side, n)
        tiles, traits, psnr = [], [], []
        for place in torch.arange(n).split(BATCH):
            x_hat = _ckpt.model.decode(_ckpt.codes[place])
            tiles.append(sheets.shrink(x_hat, tile))
            traits.append(neighbourhoods.traits(x_hat))
            if originals_of_codes is not None:
                psnr.append(psnr_db(originals_of_codes[place].float() / 255, x_hat))
        return {
            "sheet": np.frombuffer(sheets.webp(np.concatenate(tiles)), np.uint8),
            "tile": np.array(tile),
            "power": power(_ckpt.codes).numpy(),
            "psnr": torch.cat(psnr).numpy() if psnr else np.zeros(0, np.float32),
            **{TRAIT + trait: torch.cat([of[trait] for of in traits]).numpy() for trait in traits[0]},
        }

    arrays = kept.once(_digest, "pictures-psnr" if with_psnr else "pictures", compute)
    traits = {key.removeprefix(TRAIT): values for key, values in arrays.items() if key.startswith(TRAIT)}
    return Pictures(arrays["sheet"].tobytes(), int(arrays["tile"]), arrays["power"], arrays["psnr"], traits)


@st.cache_resource(max_entries=16, show_spinner=False)
def _accuracy(of: str, name: str, modified_ns: int, _digest: str, _ckpt: Checkpoint) -> Accuracy | None:
    names = [field.name for field in fields(Accuracy)]

    def compute() -> dict[str, np.ndarray]:
        codes = maps.flat(_ckpt.codes)
        x = codes if of == "codes" else labels_read.principal_scores(originals.of_codes(_ckpt), codes.shape[1])
        measured = labels_read.accuracy(x, _ckpt.labels.numpy())
        return {"figures": np.array([getattr(measured, name) for name in names] if measured else [])}

    found = kept.once(_digest, f"labels-{of}", compute)["figures"]
    return Accuracy(*found[:3].tolist(), int(found[3])) if len(found) else None
