"""Several processes that train one model together: started by `accelerate launch` or torchrun, one a GPU."""

import importlib.util
import os
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

import torch

from aemodels import precision
from aemodels.errors import LatentLabError

if TYPE_CHECKING:
    from accelerate import Accelerator

Value = TypeVar("Value")


def join(use_cpu: bool, refines_later: bool) -> "Accelerator | None":
    """This process's place among those that `accelerate launch` or torchrun started; None where it is alone.

    All but the first print nothing but errors. Raises LatentLabError where Accelerate is not installed.

    use_cpu        GPUs are left alone
    refines_later  a refiner has no part in a training's first steps (TrainConfig.refine_from); to look for such weights takes time
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        return None
    if importlib.util.find_spec("accelerate") is None:
        raise LatentLabError("Several processes train through Accelerate, which is missing: `pip install accelerate`.")
    # Imported once there is a process group, this module would hold on to it, and a group that lives until Python exits
    # has threads that can crash it there. Accelerate imports it, later.
    import torch.distributed.nn  # noqa: F401
    from accelerate import Accelerator, DistributedDataParallelKwargs, InitProcessGroupKwargs

    unused_weights = DistributedDataParallelKwargs(find_unused_parameters=refines_later)
    patience = InitProcessGroupKwargs(timeout=timedelta(days=1))  # the first process evaluates while the others wait
    accelerator = Accelerator(cpu=use_cpu, kwargs_handlers=[unused_weights, patience])
    if not accelerator.is_main_process:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115
    return accelerator


def agree_on_epoch(epoch: int, accelerator: "Accelerator") -> None:
    """Raises LatentLabError where some processes go on from another epoch than others: they would wait for ever."""
    epochs = accelerator.gather(torch.tensor([epoch], device=accelerator.device)).tolist()
    if len(set(epochs)) > 1:
        raise LatentLabError(
            f"The processes found training stopped after different epochs ({', '.join(map(str, epochs))}); give them all "
            "one folder with --out, shared by the machines."
        )


def of_the_first(value: Value, accelerator: "Accelerator | None") -> Value:
    """What the first of the processes has for it; plain values alone."""
    if accelerator is None:
        return value
    from accelerate.utils import broadcast_object_list

    values = [value]
    broadcast_object_list(values)
    return values[0]


def agreed_dtype(device: str, accelerator: "Accelerator | None") -> torch.dtype:
    """bfloat16 where that is fastest for every process: their weights would part if they rounded unlike."""
    dtype = precision.fastest(torch.device(device))
    if accelerator:
        is_slow = torch.tensor([dtype == torch.float32], device=accelerator.device)
        dtype = torch.float32 if accelerator.gather(is_slow).any() else torch.bfloat16
    return dtype
