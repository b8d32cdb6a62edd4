"""Of which kinds the values in a JSON object are, so that whoever shows them meets no text in a number's place."""

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from aemodels.config import MAX_NUMBER, is_number
from aemodels.text import is_text

Kind = Callable[[Any], bool]  # whether a value is of it
Kinds = Mapping[str, Kind]
NONE: Kinds = MappingProxyType({})


def is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_NUMBER


def is_figure(value: object) -> bool:
    """A number, or NaN, which is the confidence interval of one image alone."""
    return is_number(value) or (type(value) is float and math.isnan(value))


def is_real(value: object) -> bool:
    """A finite number of any sign."""
    return type(value) in (int, float) and is_number(abs(value))


def is_level(value: object) -> bool:
    """The same or infinity, which is the PSNR of a picture without error."""
    return is_real(value) or value == math.inf


def wrong(values: object, required: Kinds, optional: Kinds = NONE, others: Kind = lambda value: True) -> str | None:
    """The first key that `values`, a dictionary, lacks, or that has a value which it cannot have; `others` says of those of all other keys
    whether they can be."""
    if not isinstance(values, dict):
        return min(required)
    if missing := required.keys() - values.keys():
        return min(missing)
    kinds = {**optional, **required}
    return next((key for key, value in values.items() if not (is_text(key) and kinds.get(key, others)(value))), None)


def has(required: Kinds, optional: Kinds = NONE) -> Kind:
    """A dictionary in which nothing is `wrong`."""
    return lambda values: wrong(values, required, optional) is None


def has_only(kinds: Kinds) -> Kind:
    """The same without any other key."""
    return lambda values: wrong(values, kinds, others=lambda value: False) is None


def each(kind: Kind) -> Kind:
    """A dictionary of values of this kind."""
    return lambda values: isinstance(values, dict) and all(is_text(key) and kind(values[key]) for key in values)


def list_of(kind: Kind, length: int | None = None) -> Kind:
    """A list of values of this kind, of this length where one is given."""
    return lambda values: isinstance(values, list) and length in (None, len(values)) and all(map(kind, values))


def or_none(kind: Kind) -> Kind:
    """A value of this kind, or None."""
    return lambda value: value is None or kind(value)
