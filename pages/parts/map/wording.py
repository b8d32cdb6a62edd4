"""What the map calls things, in the language that is spoken."""

from collections.abc import Sequence

from aemodels.codes import neighbourhoods
from aemodels.data.words import Words
from aemodels.language import _, number, percent, pgettext


def methods() -> dict[str, str]:
    """The ways to lay codes out, by their names in maps.METHODS."""
    return {"tsne": "t-SNE", "pca": "PCA"}


def colourings(has_labels: bool, has_psnr: bool) -> dict[str, str]:
    """What dots may be coloured by."""
    chosen = {"label": _("Label")} if has_labels else {}
    chosen |= {"brightness": _("Brightness"), "power": _("Code power")}
    return chosen | ({"psnr": "PSNR"} if has_psnr else {})


def of_value(value: str, amount: float) -> str:
    """An end of a scale of colours."""
    if value == "psnr":
        return _("PSNR {psnr} dB").format(psnr=number(amount, 1))
    if value == "power":
        return _("power {power}").format(power=f"{amount:.3g}")
    return _("brightness {brightness}").format(brightness=number(amount, 2))


def axes(method: str, shares: Sequence[float]) -> str:
    """What the axes of a map mean.

    shares  of the codes' variance that lie along them, for PCA
    """
    if method == "pca":
        return _(
            "To the right: the 1st principal axis of the codes, with {first} of their variance. Upwards: the 2nd, with {second}."
        ).format(first=percent(shares[0], 1), second=percent(shares[1], 1))
    return _(
        "The axes of {method} mean nothing, and neither do sizes and gaps of clouds: only who lies near whom counts."
    ).format(method=methods()[method])


def traits(words: Words) -> dict[str, str]:
    """What pictures may have in common, by the names of neighbourhoods.Shared."""
    return {
        neighbourhoods.BRIGHTNESS: _("brightness"),
        neighbourhoods.COLOUR: pgettext("of a picture", "colour"),
        neighbourhoods.SHAPE: pgettext("of a picture", "shape"),
        neighbourhoods.LABEL: words.class_,
    }


def of_trait(trait: str, amount: float) -> str:
    """How far pictures are apart in a trait."""
    if trait == neighbourhoods.LABEL:
        return _("{share} have another").format(share=percent(amount, 1))
    if trait == neighbourhoods.SHAPE:
        return _("{amount} standard deviations").format(amount=number(amount, 2))
    return _("{amount} of 255 grey levels").format(amount=number(255 * amount, 1))


def of_map() -> dict[str, str]:
    """What the component says. A field that is left in braces is filled in there, where the value is known."""
    return {
        "classes": _("Classes"),
        "alone": _("Show “{name}” alone"),
        "nearer": _("Zoom in"),
        "out": _("Zoom out"),
        "reset": _("Whole map"),
        "no_groups": _("No groups"),
        "box_a": _("Draw a box around codes A"),
        "box_b": _("Draw a box around codes B"),
        "lasso_a": _("Draw a lasso around codes A"),
        "lasso_b": _("Draw a lasso around codes B"),
        "decoded": _("decoded"),
        "original": _("original"),
        "who": _("Code {number}: {label}"),
        "psnr": _("PSNR {psnr} dB"),
        "nearest": _("Nearest in the code, with their distances:"),
        "decoded_picture": _("Decoded from the picked code: {label}"),
        "original_picture": _("The original of the picked code: {label}"),
        "neighbour": _("A neighbour in the code: {label}"),
        "hint": _(
            "Drag to move, turn the wheel or pinch to zoom: the nearer, the more pictures. Click a dot or a picture: lines lead to its nearest "
            "neighbours in the code. ▭ draws a box around codes, ◌ a lasso. Keys: arrows go to the next code, + and − zoom, 0 shows all, "
            "A and B take the nearest of the picked code."
        ),
        "map": _(
            "Map of the codes. Picked: code {number}. Arrow keys go to the next code in that direction, plus and minus zoom, 0 shows the whole map, "
            "A and B take the codes nearest to the picked one."
        ),
    }
