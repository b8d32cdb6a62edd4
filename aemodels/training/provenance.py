"""Where, by what and in what time a checkpoint was made."""

import os
import platform
from pathlib import Path
from typing import Any

import numpy as np
import torch

from aemodels import precision
from aemodels.data.sources import DataSet
from aemodels.models.config import TrainConfig
from aemodels.training.codesets import CodeSet
from aemodels.training.loop import TrainState


def describe(state: TrainState, config: TrainConfig, dataset: DataSet | CodeSet, device: str) -> dict[str, Any]:
    """Checkpoint.provenance of a training, finished or not; images_per_s is over all of wall_s, as TrainState.seconds counts it."""
    num_images = state.step * min(config.batch_size, len(dataset.train))
    return {
        "finished": state.finished,
        "device": device_name(device),
        "precision": precision.name(state.dtype),
        "wall_s": round(state.seconds, 1),
        "steps": state.step,
        "images_per_s": round(num_images / max(state.seconds, 1e-9), 1),
        "num_train_images": len(dataset.train),
        "data_fingerprint": dataset.record.fingerprint,
        "seed": config.seed,
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        **({} if dataset.webp_quality is None else {"webp_quality": dataset.webp_quality}),
    } | ({"earlier": state.earlier} if state.earlier else {})


def device_name(device: str) -> str:
    """The GPU's name, or the CPU's with how many of its cores are used; after "N × " where N processes train together."""
    num_processes = torch.distributed.get_world_size() if torch.distributed.is_initialized() else 1
    times = f"{num_processes} × " if num_processes > 1 else ""
    if torch.device(device).type != "cpu":
        back_end = torch.get_device_module(device)
        return times + (back_end.get_device_name(device) if hasattr(back_end, "get_device_name") else device)
    model = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        names = [
            line.split(":")[1].strip()
            for line in cpuinfo.read_text(encoding="utf-8").splitlines()
            if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{times}CPU: {model}, {torch.get_num_threads()} of {os.cpu_count()} cores"
