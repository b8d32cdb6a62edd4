"""What the planes' pages call things, in the language that is spoken; JavaScript puts the words of its components in place."""

from aemodels.codes import planes
from aemodels.data.words import Words
from aemodels.language import _, number, percent


def kind_of_place(kind: str) -> str:
    """The word for what `planes.kind_of_place` returns."""
    return _(planes.KINDS_OF_PLACE[kind])


def rule() -> str:
    """When a place has which kind."""
    return _(
        "The nearer its 10th nearest test code, the denser a place is. A place is **supported** if it is denser "
        "than {sparse} of the test codes, **sparse** below that, and a **hole** below {hole}."
    ).format(sparse=percent(planes.SPARSE_BELOW), hole=percent(planes.HOLE_BELOW))


def facts(spread: tuple[float, float], hole_share: float, neighbour_accuracy: float, kind: Words) -> list[str]:
    """What was measured of a plane, a line each; hole_share: of its dashed box."""
    z1, z2 = spread
    return [
        _("Spread {z1} × {z2} · holes {share}").format(z1=number(z1, 2), z2=number(z2, 2), share=percent(hole_share)),
        _("Same-{class_} neighbour {share}").format(class_=kind.class_, share=percent(neighbour_accuracy, 1)),
    ]


def rings() -> str:
    """What is drawn on the plane of a model with a prior."""
    return _(
        "**Rings**: N(0, I), at 1, 2 and 3 standard deviations. The model was trained to spread its codes like this."
    )


def below_twins() -> str:
    """What is drawn on planes side by side."""
    return _(
        "The dashed box holds the central 98% of the codes on each axis. Inside it, holes are red and sparse places yellow. Click, drag or use the "
        "arrow keys in any of the planes."
    )


def rings_of_twins() -> str:
    """What is drawn on those of models with a prior."""
    return _("Rings: N(0, I), at 1, 2 and 3 standard deviations.")


def of_every_plane() -> dict[str, str]:
    """What a browser says on each of the pages. A field that is left in braces is filled in there, where the value is known."""
    return {
        "classes": _("Classes"),
        "alone": _("Show “{name}” alone"),
        "decoded": _("Decoded at z = {z}"),
        "image_decoded": _("Image decoded at z = {z}"),
    }


def of_touch(kind: Words) -> dict[str, str]:
    """Of the plane to touch.

    kind  what a picture of it is called
    """
    return of_every_plane() | {
        "box": _("Box"),
        "out": _("Zoom out"),
        "reset": _("Whole plane"),
        "hint": _(
            "Click or drag anywhere in either picture, or use the arrow keys (Shift: larger steps). "
            "Shift + drag, or Box and drag, draws a box: both pictures zoom into it."
        ),
        "denser": _("Denser than {share} of the test codes"),
        "test_picture": _("Test {one}: {label}").format(one=kind.one, label="{label}"),
        "plane": _("{title}. Picked: z = {z}. Arrow keys move the place, with Shift in larger steps."),
    }


def of_twins(kind: Words) -> dict[str, str]:
    """Of planes side by side."""
    return of_every_plane() | {
        "denser": _("Denser than {share} of the codes"),
        "nearest": _("Nearest {one}: {label}").format(one=kind.one, label="{label}"),
        "plane": _("Latent plane, {title}. Arrow keys move the cursor in all planes."),
    }


def of_path() -> dict[str, str]:
    """Of a line between two codes."""
    return of_every_plane() | {
        "walk": _("Walk in the code"),
        "fade": _("Cross-fade in pixels"),
        "slider": _("How far from A to B"),
        "how_far": _("{percent}% of the way"),
        "walked": _("Decoded {percent}% of the way from A to B"),
        "faded": _("Cross-fade, {percent}% of the way from A to B"),
        "hint": _(
            "Click or drag in the plane: the nearer end, A or B, moves to the nearest code. Or press A or B there "
            "and then the arrow keys. The slider walks from A to B."
        ),
        "plane": _(
            "Latent plane with the ends A and B. Keys A and B choose the end, arrow keys move it to the next code."
        ),
    }
