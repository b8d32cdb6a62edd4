"""In which number format a device multiplies matrices fastest."""

import functools
import time

import torch

REPEATS = 5


@functools.cache
def fastest(device: torch.device) -> torch.dtype:
    """torch.bfloat16 where this device multiplies matrices faster in it than in float32, else torch.float32.

    Measured, for no list of processors holds for long: units for bfloat16 make it two to three times as fast, and a processor
    without them has to emulate it, which takes 10 to 100 times as long. The best of a few products each, in turns; some tenths of a second,
    once in a process.
    """
    side = 512 if device.type == "cpu" else 4096  # large enough that the product counts, not its start
    product = {dtype: torch.ones(side, side, dtype=dtype, device=device) for dtype in (torch.float32, torch.bfloat16)}
    best_s = dict.fromkeys(product, float("inf"))
    for _ in range(1 + REPEATS):
        for dtype, a in product.items():
            began = time.perf_counter()
            (a @ a)[0, 0].item()  # waits for the device
            best_s[dtype] = min(best_s[dtype], time.perf_counter() - began)
    return min(best_s, key=best_s.get)


def name(dtype: torch.dtype) -> str:
    """ "bfloat16" or "float32"."""
    return str(dtype).removeprefix("torch.")
