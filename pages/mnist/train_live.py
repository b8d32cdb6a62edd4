"""A small network is trained while one watches; what it has learnt is kept under a name of its own."""

from pathlib import Path

import streamlit as st

from aemodels.errors import LatentLabError
from aemodels.language import _
from aemodels.training import live_queue, live_recipes
from aemodels.training.live_jobs import DONE, RUNNING, TRAINING, WAITING, Job
from aemodels.training.recipes import Recipe
from pages.parts.digits import live_canvas, live_choices, live_export, live_keeping, live_words
from pages.parts.plane import canvas
from pages.parts.shared import controls, loaders, markdown, visitors

EVERY_S = 1.0
OFFERED_EVERY_S = 5.0  # while the model can be kept, from another tab too


def start(recipe: Recipe, folder: Path) -> None:
    try:
        live_queue.submit(recipe, visitors.name(), folder)
    except LatentLabError as error:
        st.session_state.live_fault = str(error)


def end(job: Job, state: str) -> None:
    try:
        if state == TRAINING:
            job.stop()
        else:
            live_queue.withdraw(job)
    except LatentLabError as error:
        st.session_state.live_fault = str(error)


def state_now() -> tuple[Job | None, str, str]:
    """This visitor's job, its state, and under which name its model is kept."""
    job = live_queue.of_visitor(visitors.name())
    return (job, job.state()[0], job.kept_name()) if job else (None, "", "")


def watch() -> None:
    """The training of this visitor, as it is now."""
    job, state, kept = state_now()
    if job and state in (WAITING, *RUNNING):
        try:
            live_queue.tend(job)
        except LatentLabError as error:
            st.error(markdown.sentence(error), icon=":material/error:")
        state = job.state()[0]
    if st.session_state.live_state != (state, kept):
        st.rerun()  # the frame of the page is another one: Start, the timer, what is kept
    moment = job.moment() if job else None
    if not job or not moment:
        st.info(_("Press Start. The untrained network shows at once."), icon=":material/play_arrow:")
        return
    recipe = job.recipe()
    with st.container(horizontal=True, vertical_alignment="center"):
        if state in (WAITING, TRAINING):
            label = _("Stop") if state == TRAINING else _("Leave the queue")
            st.button(
                label,
                icon=":material/stop:",
                type="primary",
                key="live_stop",
                on_click=end,
                args=(job, state),
                shortcut="S",
            )
        live_words.say(job, state, recipe, moment)
    if state == DONE:
        live_keeping.show(job)
    live_canvas.show(job.folder.name, moment, recipe.model.latent_shape[0])
    if state != WAITING:
        controls.notice(live_words.findings(recipe, moment))
    if state == DONE:
        live_export.show(recipe, moment)


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
job, state, kept = state_now()
st.session_state.live_state = state, kept
if state not in (WAITING, *RUNNING):
    st.button(
        _("Start"),
        icon=":material/play_arrow:",
        type="primary",
        key="live_start",
        on_click=start,
        args=(recipe, folder),
    )
if fault := st.session_state.pop("live_fault", ""):
    st.error(markdown.sentence(fault), icon=":material/error:")
every_s = EVERY_S if state in (WAITING, *RUNNING) else OFFERED_EVERY_S if state == DONE and not kept else None
st.fragment(watch, run_every=every_s)()
st.caption(live_words.about_data(data))
live_keeping.show_kept()
