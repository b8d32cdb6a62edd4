"""Work that takes long, shared out among the computer's cores; PyTorch itself is told to use one, see router.py."""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

Item = TypeVar("Item")
Result = TypeVar("Result")


def each(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """function(item) of each item, in their order; the function must not touch the page or its caches."""
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        return list(pool.map(function, items))


def rows(function: Callable[[Tensor], Tensor], x: Tensor) -> Tensor:
    """function(x), of whose rows (n, ...) each core gets a share."""
    return torch.cat(each(function, x.chunk(os.cpu_count() or 1)))
