"""What the map knows of a model, computed once and kept on disk: layouts, neighbours, pictures, and how well labels can be read."""

from dataclasses import asdict, dataclass, fields

import numpy as np
import streamlit as st
import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.codes import labels_read, map_files, maps
from aemodels.codes.labels_read import Accuracy
from aemodels.codes.maps import Layout
from aemodels.language import _, number
from aemodels.noise import power
from aemodels.quality.metrics import psnr_db
from aemodels.report import sheets
from pages.parts.shared import loaders, originals

BATCH = 64


@dataclass(frozen=True)
class Pictures:
    """The decoded codes: a sheet of them as a WebP file, and numbers of each.

    tile        side of each on the sheet, px
    brightness  (n,) mean of the picture, in [0, 1]
    power       (n,) mean square of the code
    psnr        (n,) dB against the original; empty where there are none
    """

    sheet: bytes
    tile: int
    brightness: np.ndarray
    power: np.ndarray
    psnr: np.ndarray


def layout(name: str, method: str) -> Layout:
    """The map of a model's codes by one of maps.METHODS; says so on the page where it takes a while."""
    ckpt = loaders.checkpoint(name)
    n = len(ckpt.codes) if method == "pca" else min(len(ckpt.codes), maps.MAX_TSNE)
    with st.spinner(_("The {number} codes are laid out, once for all …").format(number=number(n))):
        return _layout(*loaders.version(name), method, _digest(name), ckpt)


def pictures(name: str) -> Pictures:
    """All of a model's codes decoded; says so on the page where it takes a while."""
    ckpt = loaders.checkpoint(name)
    found = originals.of_codes(ckpt)
    with st.spinner(_("{number} codes are decoded, once for all …").format(number=number(len(ckpt.codes)))):
        return _pictures(*loaders.version(name), found is not None, _digest(name), ckpt, found)


def neighbours(name: str, num_codes: int) -> tuple[np.ndarray, np.ndarray]:
    """`maps.neighbours` among the first of a model's codes, those that a map shows."""
    return _neighbours(*loaders.version(name), num_codes, loaders.checkpoint(name))


def order(name: str, method: str) -> np.ndarray:
    """`maps.densest_first` of a map."""
    return _order(*loaders.version(name), method, layout(name, method).places)


def pca(name: str):
    """`maps.fit_pca` of a model's codes."""
    return _pca(*loaders.version(name), loaders.checkpoint(name))


def accuracies(name: str) -> tuple[Accuracy | None, Accuracy | None]:
    """How well labels are told by the codes, and by as many principal components of the pixels, where the images are here."""
    ckpt = loaders.checkpoint(name)
    found = originals.of_codes(ckpt)
    with st.spinner(_("How well labels can be read off the codes is measured, once for all …")):
        by_codes = _accuracy(*loaders.version(name), "codes", _digest(name), ckpt, None)
        if by_codes is None or found is None:
            return by_codes, None
        return by_codes, _accuracy(*loaders.version(name), "pixels", _digest(name), ckpt, found)


def _digest(name: str) -> str:
    return loaders.digests([name])[name]


@st.cache_resource(max_entries=16, show_spinner=False)
def _layout(name: str, modified_ns: int, method: str, _digest: str, _ckpt: Checkpoint) -> Layout:
    arrays = map_files.kept(_digest, method, lambda: asdict(maps.lay_out(_ckpt.codes, method)))
    return Layout(arrays["places"], float(arrays["trust"]), float(arrays["kept"]))


@st.cache_resource(max_entries=8, show_spinner=False)
def _neighbours(name: str, modified_ns: int, num_codes: int, _ckpt: Checkpoint) -> tuple[np.ndarray, np.ndarray]:
    return maps.neighbours(maps.flat(_ckpt.codes[:num_codes]))


@st.cache_resource(max_entries=16, show_spinner=False)
def _order(name: str, modified_ns: int, method: str, _places: np.ndarray) -> np.ndarray:
    return maps.densest_first(_places)


@st.cache_resource(max_entries=8, show_spinner=False)
def _pca(name: str, modified_ns: int, _ckpt: Checkpoint):
    return maps.fit_pca(_ckpt.codes)


@st.cache_resource(max_entries=8, show_spinner=False)
def _pictures(
    name: str, modified_ns: int, with_psnr: bool, _digest: str, _ckpt: Checkpoint, _found: Tensor | None
) -> Pictures:
    def compute() -> dict[str, np.ndarray]:
        n, side = len(_ckpt.codes), _ckpt.model_config.image_shape[-1]
        tile = sheets.tile_px(side, n)
        tiles, brightness, psnr = [], [], []
        for place in torch.arange(n).split(BATCH):
            x_hat = _ckpt.model.decode(_ckpt.codes[place])
            tiles.append(sheets.shrink(x_hat, tile))
            brightness.append(x_hat.mean((1, 2, 3)))
            if _found is not None:
                psnr.append(psnr_db(_found[place].float() / 255, x_hat))
        return {
            "sheet": np.frombuffer(sheets.webp(np.concatenate(tiles)), np.uint8),
            "tile": np.array(tile),
            "brightness": torch.cat(brightness).numpy(),
            "power": power(_ckpt.codes).numpy(),
            "psnr": torch.cat(psnr).numpy() if psnr else np.zeros(0, np.float32),
        }

    arrays = map_files.kept(_digest, "pictures-psnr" if with_psnr else "pictures", compute)
    return Pictures(
        arrays["sheet"].tobytes(), int(arrays["tile"]), arrays["brightness"], arrays["power"], arrays["psnr"]
    )


@st.cache_resource(max_entries=16, show_spinner=False)
def _accuracy(
    name: str, modified_ns: int, of: str, _digest: str, _ckpt: Checkpoint, _found: Tensor | None
) -> Accuracy | None:
    names = [field.name for field in fields(Accuracy)]

    def compute() -> dict[str, np.ndarray]:
        codes = maps.flat(_ckpt.codes)
        x = codes if _found is None else labels_read.principal_scores(_found, codes.shape[1])
        measured = labels_read.accuracy(x, _ckpt.labels.numpy())
        return {"figures": np.array([getattr(measured, name) for name in names] if measured else [])}

    found = map_files.kept(_digest, f"labels-{of}", compute)["figures"]
    return Accuracy(*found[:3].tolist(), int(found[3])) if len(found) else None
