"""What the map calls things, in the language that is spoken."""

from aemodels.language import _, number


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


def of_map() -> dict[str, str]:
    """What the component says. A field that is left in braces is filled in there, where the value is known."""
    return {
        "classes": _("Classes"),
        "alone": _("Show “{name}” alone"),
        "nearer": _("Zoom in"),
        "out": _("Zoom out"),
        "reset": _("Whole map"),
        "no_boxes": _("No boxes"),
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
            "neighbours in the code. ▭ A and ▭ B draw a box around codes. Keys: arrows go to the next code, + and − zoom, 0 shows all."
        ),
        "map": _(
            "Map of the codes. Picked: code {number}. Arrow keys go to the next code in that direction, plus and minus zoom, 0 shows the whole map."
        ),
    }
