"""Where and how models are trained."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from accelerate import Accelerator


@dataclass(frozen=True)
class Workplace:
    """Where and how models are trained.

    out          folder of the checkpoints
    device       such as "cuda" or "cpu"
    dtype        that networks compute in while training
    compiled     whether torch.compile makes the networks faster
    accelerator  of several processes, from `processes.join`; None where there is one alone
    """

    out: Path
    device: str
    dtype: torch.dtype
    compiled: bool = False
    accelerator: "Accelerator | None" = None
