"""How a plane was learnt: codes, decoded grid and loss, from before the first step to the finished model."""

from functools import partial

import streamlit as st
from PIL import Image

from aemodels.data import words
from aemodels.language import _, list_of, number, pgettext
from aemodels.report import figures, film_figures, plane_figures
from aemodels.storage import catalogue
from pages.parts.film import canvas, findings, making, reel, wording
from pages.parts.plane import canvas as planes_canvas
from pages.parts.shared import controls, export, fields, loaders, markdown, models

NUM_FIRST = 3  # models that are shown before any is chosen


def change(event: dict) -> None:
    st.session_state.film_step = event["step"]


@st.fragment  # where it is stopped changes a number, and nothing else
def show_films() -> None:
    picture = st.container()
    last = max(int(film.steps[-1]) for film in films.values())
    step = fields.number(_("Step"), 0, last, "film_step", last, width=150)
    data = {
        "films": [
            {"name": name, "title": names[name], "steps": film.steps.tolist(), "values": reel.values(name)}
            for name, film in films.items()
        ],
        "charts": wording.charts(list(films.values()), kind, with_labels),
        "view": extent,
        "step": step,
        "classes": classes,
        "colours": plane_figures.class_colours(classes),
        "words": wording.of_film(max(len(ckpt.labels) for ckpt in ckpts.values()), canvas.NUM_DRAWN),
    }
    with picture:
        canvas.play(f"film-{len(films)}-{with_labels}", data, change)


controls.header(
    _("Film"),
    _(
        "How a model with a code of two numbers was trained, from before its first step: the codes of the test images, what the decoder makes of the plane, and the loss. "
        "Press ▶ or the space bar."
    ),
)
planes_canvas.frame()
with controls.row():
    group = models.choose_group(catalogue.PLANE, key="mnist_data")
    filmed = [name for name in group.names if loaders.has_film(name)]
    if not filmed:
        st.info(
            _(
                "No model of {name} has a film. train.py keeps one while it trains a model with a code of two numbers; see docs/training.md."
            ).format(name=markdown.literal(group.title)),
            icon=":material/movie:",
        )
        st.stop()
    names = group.titles
    chosen = models.choose_several({name: names[name] for name in filmed}, "films", NUM_FIRST)
    scale = controls.choose(
        pgettext("scales of plots", "Axes"),
        {"own": _("Each moment its own"), "same": _("Same scale")},
        key="film_scale",
    )
ckpts = models.present(chosen)
films = reel.present(ckpts)
ckpts = {name: ckpts[name] for name in films}
kind, classes = words.of(group.data.config), list(group.data.label_names)
with_labels = all(bool((ckpt.labels >= 0).any()) for ckpt in ckpts.values())
extent = reel.extent(films) if scale == "same" else None
titles = {name: markdown.literal(names[name]) for name in films}
show_films()
for name in films:
    canvas.store(name)
moments = {name: reel.moments(name) for name in films}
left_out = [name for name in group.names if name not in filmed]
points = [
    *models.notes(*films),
    *findings.of_parting(moments, kind),
    *findings.of_spreads(moments),
    *findings.of_loss(moments[next(iter(films))], titles[next(iter(films))]),
    *findings.of_turns(
        [titles[name] for name, film in films.items() if film.is_turned],
        [titles[name] for name, film in films.items() if not film.is_turned],
        any(not film.is_turned and ckpts[name].model.has_prior for name, film in films.items()),
    ),
]
if left_out:
    points.append(_("Without a film: {names}.").format(names=list_of(map(models.said, left_out))))
controls.notice(points)
named = {names[name]: film for name, film in films.items()}


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    return film_figures.strip(named, list(ckpts.values()), extent, width_px, ink, caption)


file_name = f"film-{export.of_models(films)}"
settings = {
    _("models"): list_of(films),
    _("moments"): number(film_figures.NUM_STRIP),
    pgettext("scales of plots", "axes"): _("same scale") if extent else _("each moment its own"),
}
rows = [
    {
        "model": name,
        "step": moment.step,
        {"bce": "loss_bce_nats"}.get(film.loss_name, f"loss_{film.loss_name}"): moment.loss,
        "spread": moment.spread,
        **({"same_class_nearest": moment.neighbour_accuracy} if with_labels else {}),
        **dict(zip(("x_min", "x_max", "y_min", "y_max"), map(float, box), strict=True)),
    }
    for name, film in films.items()
    for moment, box in zip(moments[name], film.boxes, strict=True)
]
export.export_row(
    file_name,
    draw,
    rows,
    settings,
    _("Codes and decoded grid of {names} at {number} moments of their training").format(
        names=list_of(named), number=number(film_figures.NUM_STRIP)
    ),
)
animated = {label: value for label, value in settings.items() if label != _("moments")}
making.offer(file_name, partial(film_figures.animation, named, list(ckpts.values()), extent), animated, tuple(films))
