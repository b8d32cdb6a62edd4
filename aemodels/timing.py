"""How long work on many images takes, told from a few of them."""

import time
from collections.abc import Callable

FEW, BATCH = 4, 64  # images
NUM_TRIES = 3
LONG_S = 0.25


def seconds_for(work: Callable[[int], object], num_images: int) -> float:
    """About how long work(num_images) takes, in s, from trying work(n) with one batch of images, or with fewer where these take long.

    The shortest try counts: the first is slower than all others, and so is one that other work on the computer holds up. That can be
    for as long with a few images as with a batch, so what a few take would say little of all.
    """
    n = min(FEW, num_images)
    while (shortest_s := min(_seconds(work, n) for _ in range(NUM_TRIES))) < LONG_S and n < min(BATCH, num_images):
        n = min(4 * n, num_images)
    return shortest_s * num_images / n


def _seconds(work: Callable[[int], object], n: int) -> float:
    began = time.monotonic()
    work(n)
    return time.monotonic() - began
