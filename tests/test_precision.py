"""Which number format training multiplies matrices in, and that it keeps to it."""

import os
import subprocess
import sys

import pytest
import torch
from browser import REPO
from torch.utils._python_dispatch import TorchDispatchMode

from aemodels import precision
from aemodels.models import building
from aemodels.models.config import TrainConfig
from aemodels.training import loop
from aemodels.training.muon import Muon

CPU = torch.device("cpu")
ASK = "import torch; from aemodels import precision; print(precision.fastest(torch.device('cpu')))"
# What the libraries under torch may use: as on a processor that has no more.
WITHOUT_UNITS = {"ONEDNN_MAX_CPU_ISA": "AVX2", "ATEN_CPU_CAPABILITY": "avx2"}


def fastest_with(**environment):
    done = subprocess.run(
        [sys.executable, "-c", ASK], cwd=REPO, env=os.environ | environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.release
@pytest.mark.skipif(not torch.cpu.get_capabilities().get("avx2"), reason="another kind of processor")
def test_a_processor_without_units_for_bfloat16_trains_in_float32():
    assert fastest_with(**WITHOUT_UNITS) == "torch.float32"


@pytest.mark.skipif(
    not any(torch.cpu.get_capabilities().get(unit) for unit in ("avx512_bf16", "amx_bf16")), reason="no such units here"
)
def test_a_processor_with_units_for_bfloat16_uses_them():
    assert precision.fastest(CPU) == torch.bfloat16


class Formats(TorchDispatchMode):
    """Collects the number formats of all that is computed."""

    def __init__(self):
        super().__init__()
        self.seen = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        self.seen |= {
            t.dtype for t in (result if isinstance(result, (tuple, list)) else [result]) if isinstance(t, torch.Tensor)
        }
        return result


@pytest.mark.parametrize(("dtype", "uses_bfloat16"), [(torch.float32, False), (torch.bfloat16, True)])
def test_a_whole_training_keeps_to_its_format(dtype, uses_bfloat16, conv_config):
    config = TrainConfig(epochs=1, batch_size=2, learning_rate=1e-3)
    torch.manual_seed(0)
    state = loop.start(building.build(conv_config), config, "cpu", dtype)
    images = torch.randint(0, 256, (4, *conv_config.image_shape), dtype=torch.uint8)
    with Formats() as formats:
        loop.fit(state, images, config)
    assert state.dtype == dtype
    assert (torch.bfloat16 in formats.seen) == uses_bfloat16
    assert torch.float32 in formats.seen
    assert all(p.dtype == torch.float32 for p in state.model.parameters())


def test_training_starts_in_the_fastest_format(conv_config):
    config = TrainConfig(epochs=1, batch_size=2, learning_rate=1e-3)
    assert loop.start(building.build(conv_config), config, "cpu").dtype == precision.fastest(CPU)


def test_in_float32_matrices_become_orthogonal_as_exactly_as_that_allows():
    """Beside the same iteration in float64."""
    generator = torch.Generator().manual_seed(0)
    gradient = torch.randn(12, 20, generator=generator)
    moved = {}
    for dtype in (torch.bfloat16, torch.float32, torch.float64):
        p = torch.zeros(12, 20, requires_grad=True)
        p.grad = gradient.clone()
        Muon([p], lr=1.0, weight_decay=0.0, dtype=dtype).step()
        moved[dtype] = p.detach()
    exact = moved[torch.float64]
    assert (moved[torch.float32] - exact).abs().max() < 1e-5 < 1e-4 < (moved[torch.bfloat16] - exact).abs().max()


def test_its_name():
    assert [precision.name(dtype) for dtype in (torch.bfloat16, torch.float32)] == ["bfloat16", "float32"]
