import os
from pathlib import Path

import pytest
import streamlit as st
import torch

from aemodels import checkpoints
from aemodels.config import ModelConfig

torch.set_num_threads(1)


@pytest.fixture(scope="session")
def data_folder():
    """The folder of the real data sets."""
    folder = Path(os.environ.get("LATENT_LAB_DATA") or Path(__file__).parents[1] / ".." / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no data sets in {folder}")
    return folder


@pytest.fixture
def checkpoint_folder(tmp_path, monkeypatch):
    """An empty folder in place of checkpoints/."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    monkeypatch.setattr(checkpoints, "CHECKPOINT_FOLDER", folder)
    st.cache_resource.clear()
    yield folder
    st.cache_resource.clear()


@pytest.fixture
def mlp_config():
    return ModelConfig(
        variant="plain",
        network="mlp",
        image_shape=(1, 28, 28),
        latent_shape=(2,),
        widths=(32, 16),
        reconstruction="bce",
    )


@pytest.fixture
def conv_config():
    return ModelConfig(
        variant="plain",
        network="conv",
        image_shape=(3, 32, 32),
        latent_shape=(4, 2, 2),
        widths=(16, 32),
        encoder_depths=(1, 1),
        decoder_depths=(1, 1),
        reconstruction="mse",
    )
