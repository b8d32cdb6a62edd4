"""Work that takes long, shared out among the cores that no other page computes on; PyTorch itself is told to use one, see router.py."""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import torch
from torch import Tensor

from pages.parts.shared import turns

Item = TypeVar("Item")
Result = TypeVar("Result")


def num_free() -> int:
    """How many cores a page has for itself: its own, and those that no other page has. In shares, some work takes more of a core's time
    than in one piece."""
    return min(os.cpu_count() or 1, 1 + turns.of_pages.num_free())


def each(function: Callable[[Item], Result], items: Iterable[Item]) -> list[Result]:
    """function(item) of each item, in their order; the function must not touch the page or its caches."""
    if (n := num_free()) == 1:
        return list(map(function, items))
    with ThreadPoolExecutor(n) as pool:
        return list(pool.map(function, items))


def rows(function: Callable[..., Tensor], *batches: Tensor | Sequence[int]) -> Tensor:
    """function(*batches), of whose rows (n, ...) each core gets a share."""
    n = num_free()  # the same for all batches: another page may begin at any time
    shares = zip(*(torch.as_tensor(batch).chunk(n) for batch in batches), strict=True)
    return torch.cat(each(lambda share: function(*share), shares))
