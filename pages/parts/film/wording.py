"""What the film's page calls things, in the language that is spoken."""

from aemodels.data.words import Words
from aemodels.language import _, number, sentences
from aemodels.storage.films import Film


def loss_of(films: list[Film]) -> str:
    """What the losses of these films are, with their unit."""
    names = {film.loss_name for film in films}
    return {"bce": _("BCE, nats a pixel"), "mse": "MSE"}[names.pop()] if len(names) == 1 else _("Loss")


def charts(films: list[Film], kind: Words, with_labels: bool) -> list[dict]:
    """The curves below the clock, and how a value of each is told; a field that is left in braces is filled in by the browser."""
    loss = {"bce": "BCE {value}", "mse": "MSE {value}"}.get(films[0].loss_name, "")
    of_loss = {"title": loss_of(films), "fact": loss, "log": False, "share": False, "decimals": 4}
    of_spread = {
        "title": _("Spread of the codes"),
        "fact": _("spread {value}"),
        "log": True,
        "share": False,
        "decimals": 2,
    }
    of_neighbours = {
        "title": _("Nearest other code is of the same {class_}").format(class_=kind.class_),
        "fact": _("same {class_} {value}%").format(class_=kind.class_, value="{value}"),
        "log": False,
        "share": True,
        "decimals": 1,
    }
    return [of_loss, *([of_neighbours] if with_labels else []), of_spread]


def of_film(num_codes: int, num_drawn: int) -> dict[str, str]:
    """What the component says, of films of which the longest has so many codes, and at most num_drawn of them are drawn. A field that is
    left in braces is filled in there, where the value is known."""
    hint = _(
        "Space plays and stops. Drag the slider or any curve; on the slider the arrow keys go from moment to moment. Between two moments "
        "that the training kept, codes move in a straight line and pictures fade. Steps are on a logarithmic scale."
    )
    of_some = _(
        "{drawn} of the {total} codes are drawn, so that they move smoothly; the curves and figures are of all."
    )
    of_some = of_some.format(drawn=number(num_drawn), total=number(num_codes))
    return {
        "classes": _("Classes"),
        "alone": _("Show “{name}” alone"),
        "play": _("Play"),
        "pause": _("Pause"),
        "time": _("Moment of the training"),
        "when": _("Step {step}"),
        "codes": _("Codes of the test images, {title}"),
        "grid": _("Decoded grid of the same box, {title}"),
        "chart": _("{title} along the steps; click or drag to go to a step"),
        "hint": sentences([hint, of_some if num_drawn < num_codes else ""]),
    }
