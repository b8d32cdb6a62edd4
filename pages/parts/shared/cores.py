"""Work that takes long, shared out among the computer's cores; PyTorch itself is told to use one, see router.py.

It is done for one visitor at a time. Side by side, all would wait until the last of them has what they want, and so would everyone who
only turns a page.
"""

import os
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

Item = TypeVar("Item")
Result = TypeVar("Result")
_turn = threading.Lock()


def each(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """function(item) of each item, in their order; the function must not touch the page or its caches."""
    with _turn, ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(function, items))


def rows(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """function(x), of whose rows (n, ...) each core gets a share."""
    return torch.cat(each(function, x.chunk(os.cpu_count() or 1)))
