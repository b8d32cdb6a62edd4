"""A small network is trained while one watches; what it has learnt is kept under a name of its own."""

from pathlib import Path

import streamlit as st
from PIL import Image

from aemodels.data import mnist, shipped
from aemodels.errors import LatentLabError
from aemodels.language import _, number
from aemodels.report import curves, figures
from aemodels.training import live_jobs, live_recipes
from aemodels.training.live_jobs import DONE, MEASURING, RUNNING, TRAINING, WAITING, Job
from aemodels.training.moments import Moment
from aemodels.training.recipes import Recipe
from pages.parts.digits import live_canvas, live_choices, live_keeping, live_words
from pages.parts.plane import canvas
from pages.parts.shared import controls, export, loaders, visitors

EVERY_S = 1.0


def start(recipe: Recipe, folder: Path) -> None:
    try:
        live_jobs.submit(recipe, visitors.name(), folder)
    except LatentLabError as error:
        st.session_state.live_fault = str(error)


def state_now() -> tuple[Job | None, str]:
    job = live_jobs.of_visitor(visitors.name())
    return job, job.state()[0] if job else ""


def watch() -> None:
    """The training of this visitor, as it is now."""
    job, state = state_now()
    if job and state in (WAITING, *RUNNING):
        try:
            live_jobs.tend(job)
        except LatentLabError as error:
            st.error(controls.sentence(error), icon=":material/error:")
        state = job.state()[0]
    if state != st.session_state.live_state:  # the frame of the page is another one: Start, the timer
        st.rerun()
    moment = job.moment() if job else None
    if not job or not moment:
        st.info(_("Press Start. The untrained network shows at once."), icon=":material/play_arrow:")
        return
    recipe = job.recipe()
    with st.container(horizontal=True, vertical_alignment="center"):
        if state in (WAITING, TRAINING):
            label = _("Stop") if state == TRAINING else _("Leave the queue")
            act = job.stop if state == TRAINING else lambda: live_jobs.withdraw(job)
            st.button(label, icon=":material/stop:", type="primary", key="live_stop", on_click=act, shortcut="S")
        say(job, state, recipe, moment)
    if state == DONE:
        live_keeping.show(job)
    live_canvas.show(job.folder.name, moment, recipe.model.latent_shape[0])
    if state != WAITING:
        controls.notice(live_words.findings(recipe, moment))
    if state == DONE:
        show_export(recipe, moment)


def say(job: Job, state: str, recipe: Recipe, moment: Moment) -> None:
    if state == WAITING:
        st.markdown(live_words.of_queue(job))
    elif state == TRAINING:
        said = _("It stops after this step …") if job.is_asked_to_stop() else live_words.of_training(recipe, moment)
        st.markdown(said)
    elif state == MEASURING:
        st.markdown(_("The training has ended. The model is measured on all held-out digits …"))
    elif state == DONE:
        seconds, steps = moment.curve[-1, :2]
        st.markdown(
            _("The network learnt for {seconds} s and {steps} steps. Give it a name to keep it.").format(
                seconds=number(float(seconds)), steps=number(float(steps))
            )
        )
    else:
        st.error(live_words.of_end(state), icon=":material/error:")


def show_export(recipe: Recipe, moment: Moment) -> None:
    labels, classes = shipped.held_out()[1].numpy(), mnist.FAMILY["mnist"].label_names
    spoken = live_canvas.words(moment, recipe.model.latent_shape[0])
    seconds, steps, training, held_out, neighbours = moment.curve.T.tolist()

    def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
        view = live_canvas.view(moment)
        cloud = figures.scatter_tile(moment.places, labels, classes, view, width_px // 2, ink)
        lines = {
            spoken["held_out"]: (seconds, held_out),
            spoken["training"]: (seconds, [value if value == value else None for value in training]),
        }
        chart = curves.draw(
            [curves.Chart(lines, spoken["seconds"], spoken["loss_title"])],
            width_px // 2,
            width_px // 2 - width_px // 20,
        )
        notes = [
            spoken["plane_title"],
            _("BCE {bce}, PSNR {psnr} dB on them").format(bce=number(moment.bce, 4), psnr=number(moment.psnr_db, 2)),
        ]
        return figures.panel([[cloud, chart]], [], [notes], [], caption, width_px, ink)

    rows = [
        {"seconds": s, "step": int(n), "training_loss": t, "held_out_bce_nats": h, "nearest_is_same_digit": a}
        for s, n, t, h, a in zip(seconds, steps, training, held_out, neighbours, strict=True)
    ]
    settings = live_choices.settings(recipe) | {
        _("seconds trained"): number(seconds[-1]),
        _("steps"): number(steps[-1]),
    }
    name = f"live-{live_choices.kind_of(recipe)}-{recipe.model.latent_shape[0]}-{recipe.training.seed}"
    export.export_row(
        name, draw, rows, settings, _("{plane}; beside it {loss}").format(plane=spoken["plane"], loss=spoken["loss"])
    )


canvas.frame()
controls.header(
    _("Train live"),
    _(
        "Choose a kind of autoencoder and press Start: a small network learns digits while you watch, and its plane of codes unfolds."
    ),
)
folder = loaders.data_folder().resolve()
data = live_recipes.data_in(folder)
recipe = live_choices.show(data)
job, state = state_now()
st.session_state.live_state = state
st.button(
    _("Start"),
    icon=":material/play_arrow:",
    type="primary",
    key="live_start",
    on_click=start,
    args=(recipe, folder),
    disabled=state in (WAITING, *RUNNING),
)
st.caption(live_words.about_data(data))
if fault := st.session_state.pop("live_fault", ""):
    st.error(controls.sentence(fault), icon=":material/error:")
st.fragment(watch, run_every=EVERY_S if state in (WAITING, *RUNNING) else None)()
live_keeping.show_kept()
