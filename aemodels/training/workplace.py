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

    @property
    def is_first(self) -> bool:
        """Whether this process shows progress and writes files: the first of several, or the only one."""
        return self.accelerator is None or self.accelerator.is_main_process
