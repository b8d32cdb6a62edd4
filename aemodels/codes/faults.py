"""What is wrong with a model's codes, in words: all of them the same, numbers that carry nothing, sizes out of hand, too few."""

from collections.abc import Sequence

from torch import Tensor

FEW = 50  # codes; what is measured on fewer is rough
SAME = 1e-6  # of the largest value: what float32's own rounding may leave
NEXT_TO_NOTHING = 1e-3  # of the range of the number that varies most
HUGE, TINY = 1e3, 1e-3  # root mean square of codes; those of trained models are of order 1
MAX_NAMED = 6
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def vary(codes: Tensor) -> bool:
    """Whether codes (n, ...) differ from one another at all: only then have they directions, and can a Gaussian be fitted."""
    return bool((_ranges(codes) > SAME * codes.abs().max()).any())


def describe(codes: Tensor, picture: str) -> list[str]:
    """Each fault of a model's reference codes, (n, D) or (n, C, h, w), as a sentence; empty where all is well.

    picture  what each is a code of, in a word: "digit", "photo"
    """
    sentences = []
    if len(codes) < FEW:
        come = "1 code comes" if len(codes) == 1 else f"{len(codes)} codes come"
        sentences.append(
            f"Only {come} with this model, so what is measured on {'it' if len(codes) == 1 else 'them'} is uncertain. Train it with more {picture}s."
        )
    if len(codes) > 1 and not vary(codes):
        sentences.append(
            f"All {len(codes):,} codes are the same: they do not tell one {picture} from another. The training went wrong; train "
            "this model again."
        )
    elif len(codes) > 1:
        ranges = _ranges(codes).reshape(codes.shape[1], -1).amax(1)
        largest = codes.abs().amax(0).reshape(codes.shape[1], -1).amax(1)
        dead = ranges <= SAME * largest
        nearly = ~dead & (ranges < NEXT_TO_NOTHING * ranges.max())
        sentences += _dead(dead, codes.ndim == 2, "the same", "nothing", picture)
        sentences += _dead(nearly, codes.ndim == 2, "nearly the same", "next to nothing", picture)
    size = float(codes.double().square().mean().sqrt())
    if size > HUGE:
        sentences.append(
            f"The codes are huge, {size:,.0f} in root mean square: the training did not converge. Train this model again at a lower learning rate."
        )
    elif size < TINY:
        sentences.append(
            f"The codes are {f'tiny, {size:.1g} in root mean square' if size else 'all zero'}: hardly anything of a {picture} is in "
            "them. Train this model again."
        )
    return sentences


def _ranges(codes: Tensor) -> Tensor:
    """Largest less smallest value (C, ...) of each element of codes (n, C, ...)."""
    return codes.amax(0) - codes.amin(0)


def _dead(found: Tensor, is_plane: bool, how: str, what: str, picture: str) -> list[str]:
    """The sentence on those numbers, or channels, of the code that are marked in `found`; none where none is."""
    marked = found.nonzero().flatten().add(1).tolist()
    if not marked:
        return []
    names = [f"z{number}".translate(SUBSCRIPTS) if is_plane else str(number) for number in marked]
    unit = "number" if is_plane else "channel"
    if not is_plane:
        names[0] = f"Channel{'s' * (len(marked) > 1)} {names[0]}"
    if len(marked) == 1:
        return [f"{names[0]} is {how} for every {picture}: this {unit} carries {what}."]
    return [f"{_listed(names)} are {how} for every {picture}: these {unit}s carry {what}."]


def _listed(names: Sequence[str]) -> str:
    shown = [*names[:MAX_NAMED], f"{len(names) - MAX_NAMED} more"] if len(names) > MAX_NAMED else list(names)
    return f"{', '.join(shown[:-1])} and {shown[-1]}"
