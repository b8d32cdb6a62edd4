"""What a nested model and PCA reach at each number of numbers: as kept beside the checkpoints, else measured once."""

from math import prod
from pathlib import Path

import streamlit as st
import torch

from aemodels.data import sources
from aemodels.data.config import DataConfig
from aemodels.errors import DataError
from aemodels.language import _
from aemodels.quality import baselines, code_sizes
from aemodels.quality.baselines import Pca
from aemodels.quality.code_sizes import Scores, Sizes
from aemodels.storage.checkpoints import Checkpoint
from pages.parts.shared import loaders, measurements, originals
from pages.parts.shared.once import per_model

MAX_IMAGES = 2000  # a visitor waits for them
MAX_VALUES = 2**26  # of the images that are measured or fitted on: 256 MB as floats


def of(name: str) -> Sizes | None:
    """What is measured of the model of this name; None where its test images are not on this computer and nothing is kept."""
    if kept := measurements.curves_of(name).get("sizes"):
        scores = {part: kept[part] and Scores(**kept[part]) for part in ("network", "pca")}
        return Sizes(**{**kept, **scores})
    ckpt = loaders.checkpoint(name)
    if originals.of(ckpt.data) is None:
        return None
    with st.spinner(_("Measuring test images; this happens once …")):
        return _measured(name, str(loaders.data_folder().resolve()))


def pca_of(ckpt: Checkpoint) -> Pca | None:
    """As many principal components of the model's training images as its code has numbers; None where those are not on this computer.
    Those of MNIST's training digits come with Latent Lab."""
    longest = ckpt.model_config.latent_shape[0]
    if ckpt.data.config.source == "mnist":
        return _of_mnist(longest)
    if originals.of(ckpt.data) is None:
        return None
    return _fitted(ckpt.data.config, ckpt.data.fingerprint, longest, str(loaders.data_folder().resolve()))


@per_model(8)
def _measured(name: str, folder: str) -> Sizes:
    ckpt = loaders.load(name)
    found = originals.of(ckpt.data)
    index = _evenly(len(found), min(MAX_IMAGES, _most(ckpt.data.config)))
    return code_sizes.measure(ckpt.model, found.at(index), pca_of(ckpt))


@st.cache_resource(max_entries=4, show_spinner=False)
def _of_mnist(num_components: int) -> Pca:
    return code_sizes.mnist_pca(num_components)


@st.cache_resource(max_entries=4, show_spinner=False)
def _fitted(config: DataConfig, fingerprint: str, num_components: int, folder: str) -> Pca | None:
    try:
        dataset = sources.load(config, Path(folder))
    except DataError:
        return None
    if dataset.record.fingerprint != fingerprint:
        return None
    images = dataset.train[:: -(-len(dataset.train) // _most(config))]
    return baselines.fit_pca(images, num_components)


def _most(config: DataConfig) -> int:
    return max(1, MAX_VALUES // prod(config.image_shape))


def _evenly(total: int, most: int) -> torch.Tensor:
    return torch.arange(0, total, max(1, -(-total // most)))
