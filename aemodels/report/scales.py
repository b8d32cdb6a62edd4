"""Axes of drawn pictures: where they end, and the round numbers on them."""

from collections.abc import Callable
from itertools import pairwise
from math import ceil, floor, inf, isfinite, log10


def ends(low: float, high: float) -> tuple[float, float]:
    """The ends of an axis, apart from each other."""
    low, high = float(low), float(high)
    if not (isfinite(high - low) and low <= high):
        raise ValueError(f"An axis needs two finite ends, the smaller first, not {low:g} and {high:g}.")
    largest = max(abs(low), abs(high))
    if high - low > max(1e-9 * largest, 1e-305):  # marks of a shorter one would have more digits than there is room for
        return low, high
    room = 1e-3 * largest if largest > 1e-300 else 0.5
    return low - room, high + room


def ticks(low: float, high: float, most: int = 5, margins: tuple[float, float] = (0.04, 0.08)) -> dict[float, str]:
    """Two to `most` round numbers between low and high, each with its text.

    margins  shares of the axis at its two ends that have none, where their labels would stand on another
    """
    first, last = low + margins[0] * (high - low), high - margins[1] * (high - low)
    exponent = floor(log10((last - first) / most))
    for step in (m * 10.0**k for k in (exponent, exponent + 1) for m in (1, 2, 5)):
        numbers = range(ceil(first / step - 1e-9), floor(last / step + 1e-9) + 1)  # 0.3 / 0.05 is a little less than 6
        if len(numbers) <= most:
            break
    num_digits = max(6, 2 + floor(log10(max(abs(low), abs(high)) / step)))
    return {i * step: f"{i * step:.{num_digits}g}".replace("-", "−") for i in numbers}


def ticks_apart(
    low: float,
    high: float,
    length_px: float,
    width: Callable[[str], float],
    most: int = 5,
    margins: tuple[float, float] = (0.04, 0.08),
) -> dict[float, str]:
    """As `ticks`, but fewer, three at the least, where their texts would not stand apart below an axis of length_px.

    width  text -> its width in px, with the gap beside it
    """
    for number in range(most, 2, -1):
        marks = ticks(low, high, number, margins)
        step = min((after - before for before, after in pairwise(marks)), default=inf)
        if max(map(width, marks.values()), default=0) <= length_px * step / (high - low):
            break
    return marks


def log_ticks(low: float, high: float) -> dict[float, str]:
    """Round numbers from low to high, both above 0, on a logarithmic axis, each with its text: three to six, or those of `ticks` where
    that axis holds fewer of them."""
    exponents = range(floor(log10(low)), ceil(log10(high)) + 1)
    for mantissas in ((1, 2, 3, 5), (1, 2, 5), (1, 3), (1,)):
        marks = [m * 10.0**e for e in exponents for m in mantissas if low <= m * 10.0**e <= high]
        if len(marks) <= 6:
            break
    marks = marks[:: ceil(len(marks) / 6)] if marks else []
    return {mark: f"{mark:g}" for mark in marks} if len(marks) > 2 else ticks(low, high)
