"""What is wrong with a model's codes, in words: all of them the same, numbers that carry nothing, sizes out of hand, too few."""

from collections.abc import Sequence

from torch import Tensor

from aemodels.data.words import Words
from aemodels.language import _, all_of, ngettext, number

FEW = 50  # codes; what is measured on fewer is rough
SAME = 1e-6  # of the largest value: what float32's own rounding may leave
NEXT_TO_NOTHING = 1e-3  # of the range of the number that varies most
HUGE, TINY = 1e3, 1e-3  # root mean square of codes; those of trained models are of order 1
MAX_NAMED = 6
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def vary(codes: Tensor) -> bool:
    """Whether codes (n, ...) differ from one another at all: only then have they directions, and can a Gaussian be fitted."""
    return bool((_ranges(codes) > SAME * codes.abs().max()).any())


def describe(codes: Tensor, pictures: Words) -> list[str]:
    """Each fault of a model's reference codes, (n, D) or (n, C, h, w), as a sentence; empty where all is well.

    pictures  what the codes are of
    """
    found, one, n = [], pictures.one, len(codes)
    if n < FEW:
        message = ngettext(
            "Only {number} code comes with this model, so what is measured on it is uncertain. Train it with more {many}.",
            "Only {number} codes come with this model, so what is measured on them is uncertain. Train it with more {many}.",
            n,
        )
        found.append(message.format(number=n, many=pictures.many))
    if n > 1 and not vary(codes):
        message = _(
            "All {number} codes are the same: they do not tell one {picture} from another. The training went wrong; train this model "
            "again."
        )
        found.append(message.format(number=number(n), picture=one))
    elif n > 1:
        ranges = _ranges(codes).reshape(codes.shape[1], -1).amax(1)
        largest = codes.abs().amax(0).reshape(codes.shape[1], -1).amax(1)
        dead = ranges <= SAME * largest
        nearly = ~dead & (ranges < NEXT_TO_NOTHING * ranges.max())
        say = _dead_numbers if codes.ndim == 2 else _dead_channels
        for marked, is_dead in ((dead, True), (nearly, False)):
            if places := marked.nonzero().flatten().add(1).tolist():
                found.append(say(places, is_dead, one))
    size = float(codes.double().square().mean().sqrt())
    if size > HUGE:
        message = _(
            "The codes are huge, {size} in root mean square: the training did not converge. Train this model again at a lower learning "
            "rate."
        )
        found.append(message.format(size=number(size)))
    elif not size:
        message = _("The codes are all zero: hardly anything of a {picture} is in them. Train this model again.")
        found.append(message.format(picture=one))
    elif size < TINY:
        message = _(
            "The codes are tiny, {size} in root mean square: hardly anything of a {picture} is in them. Train this model again."
        )
        found.append(message.format(size=f"{size:.1g}", picture=one))
    return found


def _ranges(codes: Tensor) -> Tensor:
    """Largest less smallest value (C, ...) of each element of codes (n, C, ...)."""
    return codes.amax(0) - codes.amin(0)


def _dead_numbers(places: Sequence[int], is_dead: bool, picture: str) -> str:
    """The sentence on numbers of a code, counted from 1, that are the same, or nearly, for every picture."""
    if is_dead:
        message = ngettext(
            "{names} is the same for every {picture}: this number carries nothing.",
            "{names} are the same for every {picture}: these numbers carry nothing.",
            len(places),
        )
    else:
        message = ngettext(
            "{names} is nearly the same for every {picture}: this number carries next to nothing.",
            "{names} are nearly the same for every {picture}: these numbers carry next to nothing.",
            len(places),
        )
    return message.format(names=_listed([f"z{place}".translate(SUBSCRIPTS) for place in places]), picture=picture)


def _dead_channels(places: Sequence[int], is_dead: bool, picture: str) -> str:
    """The same on channels."""
    if is_dead:
        message = ngettext(
            "Channel {names} is the same for every {picture}: this channel carries nothing.",
            "Channels {names} are the same for every {picture}: these channels carry nothing.",
            len(places),
        )
    else:
        message = ngettext(
            "Channel {names} is nearly the same for every {picture}: this channel carries next to nothing.",
            "Channels {names} are nearly the same for every {picture}: these channels carry next to nothing.",
            len(places),
        )
    return message.format(names=_listed(list(map(str, places))), picture=picture)


def _listed(names: Sequence[str]) -> str:
    rest = len(names) - MAX_NAMED
    if rest > 0:
        return all_of([*names[:MAX_NAMED], ngettext("{number} more", "{number} more", rest).format(number=rest)])
    return all_of(names)
