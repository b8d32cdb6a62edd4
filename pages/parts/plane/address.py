"""Fields for a place and a box of the plane, kept in the URL; they can be typed in, and a click fills them."""

import math
from collections.abc import Iterable, Sequence

import streamlit as st

from aemodels.codes import planes
from aemodels.language import _, number
from pages.parts.shared import fields, markdown

LARGEST = 1e6
MOST_CORNERS = 60  # of an outline
_SIGNS = str.maketrans("−，", "-,")  # as these pages write numbers, and as a Chinese keyboard does


def join(numbers: Iterable[float], num_digits: int = 6) -> str:
    """Numbers as these fields hold them, of so many significant digits at most: "0.25, -1.5"."""
    return ", ".join(f"{number:.{num_digits}g}" for number in numbers)


def join_box(box: planes.Extent) -> str:
    """A box (x_min, x_max, y_min, y_max) as its field holds it: to a ten-thousandth of its smaller side, however far in it lies."""
    smaller = min(box[1] - box[0], box[3] - box[2])
    return join(box, 5 + max(0, math.ceil(math.log10(max(map(abs, box)) / smaller))))


def told(box: planes.Extent) -> str:
    """A box (x_min, x_max, y_min, y_max) for a reader: "z₁ −3.33 to 4.85, z₂ −5.99 to 2.44"."""
    x_min, x_max, y_min, y_max = (f"{end:.3g}".replace("-", "−") for end in box)
    return _("z₁ {x_min} to {x_max}, z₂ {y_min} to {y_max}").format(x_min=x_min, x_max=x_max, y_min=y_min, y_max=y_max)


def place(label: str, key: str, default: Iterable[float]) -> list[float]:
    """The place [z1, z2] in the field, or the default where it is empty or holds none."""
    default = list(default)
    return _numbers(label, key, default, _("“{text}” is not two numbers, such as 0.5, -1.")) or default


def box(label: str, key: str, default: planes.Extent) -> planes.Extent:
    """The box (x_min, x_max, y_min, y_max) in the field, or the default where it is empty or holds none."""
    wrong = _("“{text}” is not four numbers, such as -1, 1, -2, 2, each pair rising.")
    numbers = _numbers(label, key, default, wrong)
    return tuple(numbers) if numbers else default


def outline(label: str, key: str) -> tuple[float, ...]:
    """What is drawn around codes: a box (x_min, x_max, y_min, y_max), or three corners (x, y, x, y, ...) or more; () where the field is
    empty or holds neither."""
    text = st.text_input(label, key=key, placeholder="-1, 1, -2, 2", **fields.BOUND)
    if not text:
        return ()
    numbers = _parsed(text)
    is_box = len(numbers) == 4 and _rise(numbers)
    has_corners = len(numbers) % 2 == 0 and 6 <= len(numbers) <= 2 * MOST_CORNERS
    if (is_box or has_corners) and max(map(abs, numbers)) <= LARGEST:
        return tuple(numbers)
    st.warning(
        _(
            "“{text}” is neither a box, such as -1, 1, -2, 2, each pair rising, nor the x and y of three to {most} corners."
        ).format(text=markdown.literal(text[:40]), most=MOST_CORNERS),
        icon=":material/edit:",
    )
    return ()


def _parsed(text: str) -> list[float]:
    """The numbers in a text; [] where it holds anything else."""
    try:
        numbers = [float(part) for part in text.translate(_SIGNS).split(",")]
    except ValueError:
        return []
    return [] if any(map(math.isnan, numbers)) else numbers


def _rise(numbers: list[float]) -> bool:
    """Whether each of two pairs rises."""
    return all(b - a > 1e-6 * max(1, abs(a), abs(b)) for a, b in (numbers[:2], numbers[2:]))


def _numbers(label: str, key: str, default: Sequence[float], wrong: str) -> list[float] | None:
    text = st.text_input(label, key=key, placeholder=join(round(n, 3) for n in default), **fields.BOUND)
    if not text:
        return None
    numbers = _parsed(text)
    if len(numbers) == len(default):
        if max(map(abs, numbers)) > LARGEST:
            wrong = _("“{text}”: each number must lie within ±{largest}.")
        elif len(numbers) != 4 or _rise(numbers):
            return numbers
    text = markdown.literal(text[:40])
    st.warning(wrong.format(text=text, largest=number(LARGEST)), icon=":material/edit:")
    return None
