"""Many small operations launched as one."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

WARM_UP_CALLS = 3


class CudaGraph:
    """A function of tensors of ever the same shapes, recorded as a CUDA graph at its fourth call and replayed from then on: all
    its kernels at the price of launching one. Its results are overwritten by the next call.

    The first calls run as they are, for libraries choose their kernels and compilers compile in them. What the function does
    in Python happens in those and while it is recorded, and no more; it must not wait for the device. What it draws from
    `generator` continues the generator's sequence at each replay.
    """

    def __init__(self, function: Callable[..., Any], generator: torch.Generator) -> None:
        self.function = function
        self.graph = torch.cuda.CUDAGraph()
        self.graph.register_generator_state(generator)
        self.num_calls = 0

    def __call__(self, *tensors: Tensor) -> Any:
        self.num_calls += 1
        if self.num_calls <= WARM_UP_CALLS:
            # Not on the default stream, which recording could not wait for.
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                result = self.function(*tensors)
            torch.cuda.current_stream().wait_stream(stream)
            return result
        if self.num_calls == WARM_UP_CALLS + 1:
            self.tensors = [tensor.clone() for tensor in tensors]
            with torch.cuda.graph(self.graph):
                self.result = self.function(*self.tensors)
        for kept, tensor in zip(self.tensors, tensors, strict=True):
            kept.copy_(tensor)
        self.graph.replay()
        return self.result
