"""What is said of a training that one watches: where it stands, how it ended, what to notice."""

from collections.abc import Mapping
from math import ceil
from typing import Any

import streamlit as st

from aemodels.data import shipped
from aemodels.data.config import DataConfig
from aemodels.language import N_, _, ngettext, number, percent, sentences, signed
from aemodels.quality import evaluation, metrics
from aemodels.text import one_line
from aemodels.training import live_jobs, live_queue, live_recipes
from aemodels.training.live_jobs import Job
from aemodels.training.moments import Moment
from aemodels.training.recipes import Recipe
from pages.parts.shared import loaders, markdown, models
from pages.parts.shared.once import per_model

START_S = 15  # what a training takes besides its own time, to start and to be measured
BUSY_S = 15  # after which an idle computer has long taken the first steps
# How a training can end without a model, each with what to do.
ENDS = {
    live_jobs.TOO_SHORT: N_("The training was stopped before its first step, so there is nothing to keep. Press Start again."),
    live_jobs.DIVERGED: N_(
        "The training diverged: its loss or weights grew too large to be numbers, so there is nothing to keep. Choose a lower learning "
        "rate and press Start again."
    ),
    live_jobs.LEFT: N_(
        "You left this page for more than {seconds} seconds, so the training ended, and nothing was kept. Press Start again."
    ),
    live_jobs.NO_ROOM: N_(
        "The training ended, because its files could not be written: the disk is full, or the folder may not be written. Nothing was "
        "kept. Make room and press Start again."
    ),
    live_jobs.NO_DATA: N_(
        "The training ended, because MNIST in the data folder cannot be read. Mend or remove its files there and press Start again."
    ),
    live_jobs.FAILED: N_(
        "The training failed, and nothing was kept: {reason}. If you are writing a variant, mend it and press Start again."
    ),
    live_jobs.KILLED: N_(
        "The training's process ended without saying why: it was killed, or the computer ran out of memory or disk. "
        "Nothing was kept. Press Start again."
    ),
}  # fmt: skip


def about_data(data: DataConfig) -> str:
    """On which digits it trains."""
    if data == shipped.CONFIG:
        return _(
            "It learns from 8,000 of MNIST's 10,000 test digits, which come with Latent Lab, because MNIST's own training digits are not on "
            "this computer. The other 2,000 are held out: the plane and the figures are of these."
        )
    return _(
        "It learns from MNIST's training digits. The plane and the figures are of 2,000 test digits, which are held out."
    )


def say(job: Job, state: str, recipe: Recipe, moment: Moment) -> None:
    """Where a job in this state stands."""
    if state == live_jobs.WAITING:
        st.markdown(of_queue(job))
    elif state == live_jobs.TRAINING:
        said = (
            _("It stops after this step …") if job.is_asked_to_stop() else of_training(recipe, moment, job.running_s())
        )
        st.markdown(said)
    elif state == live_jobs.MEASURING:
        st.markdown(_("The training has ended. The model is measured on all held-out digits …"))
    elif state == live_jobs.DONE:
        seconds, steps = moment.curve[-1, :2]
        learnt = ngettext(
            "The network learnt for {seconds} s and {steps} step.",
            "The network learnt for {seconds} s and {steps} steps.",
            int(steps),
        ).format(seconds=number(float(seconds)), steps=number(float(steps)))
        st.markdown(sentences([learnt, "" if job.kept_name() else _("Give it a name to keep it.")]))
    else:
        st.error(markdown.sentence(of_end(*job.state())), icon=":material/error:")


def of_end(state: str, said: Mapping[str, Any]) -> str:
    """Why a training ended without a model; `said` is what its process said as it ended."""
    return _(ENDS[state]).format(seconds=live_jobs.ALONE_S, reason=one_line(said.get("reason", "")).rstrip("."))


def of_queue(job: Job) -> str:
    """Who is before this job, and how long that takes at most."""
    others = live_queue.before(job)
    if not others:
        return _("Your training is about to start.")
    n, seconds = len(others), sum(START_S + _seconds_left(other, state) for other, state in others)
    minutes = ceil(seconds / 60)
    first = ngettext(
        "Not your turn yet: one training at a time runs on this computer, and {number} is before yours.",
        "Not your turn yet: one training at a time runs on this computer, and {number} are before yours.",
        n,
    ).format(number=number(n))
    return sentences(
        [
            first,
            ngettext(
                "Yours starts by itself, in {number} minute at the latest.",
                "Yours starts by itself, in {number} minutes at the latest.",
                minutes,
            ).format(number=number(minutes)),
            _("Stay on this page: {seconds} seconds after you leave it, you lose your place.").format(
                seconds=live_jobs.ALONE_S
            ),
        ]
    )


def _seconds_left(job: Job, state: str) -> float:
    recipe = job.recipe()
    limit_s = 60 * (recipe.training.minutes or 0)
    if state == live_jobs.WAITING:
        return limit_s
    moment = job.moment()
    return max(0.0, limit_s - float(moment.curve[-1, 0])) if moment and state == live_jobs.TRAINING else 0.0


def of_training(recipe: Recipe, moment: Moment, running_s: float) -> str:
    """How far it is; running_s: for how long its process has run."""
    seconds, steps = float(moment.curve[-1, 0]), int(moment.curve[-1, 1])
    left_s = max(0.0, 60 * (recipe.training.minutes or 0) - seconds)
    if not steps:
        busy = (
            _("This computer has other work, which goes first: the training may be slow.") if running_s > BUSY_S else ""
        )
        return sentences([_("You see the untrained network. Its training starts …"), busy])
    return sentences(
        [
            _("**A small network now learns digits while you watch.**"),
            _("{seconds} s, {steps} steps, {rate} images a second.").format(
                seconds=number(seconds), steps=number(steps), rate=number(steps * recipe.training.batch_size / seconds)
            ),
            _("It ends by itself in {left} s, and {alone} s after you leave this page.").format(
                left=number(left_s), alone=live_jobs.ALONE_S
            ),
        ]
    )


def findings(recipe: Recipe, moment: Moment) -> list[str]:
    """For "What to notice"."""
    first, now = moment.curve[0], moment.curve[-1]
    points = [
        _(
            "**Do the digits come apart?** For **{now}** of the held-out digits the nearest dot is of the same digit. Before training it was "
            "{before}; by chance it would be 10%."
        ).format(now=percent(float(now[4]), 0), before=percent(float(first[4]), 0))
    ]
    points.append(
        _("On the held-out digits the loss is **{bce}** nats a pixel and the PSNR **{psnr} dB**.").format(
            bce=number(moment.bce, 4), psnr=number(moment.psnr_db, 2)
        )
    )
    if like := labs_like(recipe):
        name, figures = like
        points[-1] = sentences(
            [
                points[-1],
                _(
                    "{name}, trained by train.py, reaches {bce} nats and {psnr} dB on the same digits: {difference} dB compared "
                    "with this model."
                ).format(
                    name=models.said(name),
                    bce=number(figures["bce"], 4),
                    psnr=number(figures["psnr_db"], 2),
                    difference=signed(figures["psnr_db"] - moment.psnr_db, 2),
                ),
            ]
        )
    if recipe.model.latent_shape[0] > 2:
        points.append(
            _(
                "The plane shows **{share}** of the codes' variance: two principal axes of {size}. From one moment "
                "to the next it is turned and mirrored so that the dots jump as little as possible."
            ).format(share=percent(moment.share), size=recipe.model.latent_shape[0])
        )
    if not all(map(float, moment.curve[:, 1])):  # the first moment is before any step
        points.append(
            _(
                "The training ends after a time, not after a number of steps. So with the same seed a faster "
                "computer gets further."
            )
        )
    return points


def labs_like(recipe: Recipe) -> tuple[str, Mapping[str, Any]] | None:
    """The first model of the catalogue of this kind and code size that is no visitor's, by name, and its figures on the held-out digits
    under the same noise."""
    lab = loaders.never_replaced()
    found = [m for m in loaders.read_catalogue().models if m.name in lab and live_recipes.is_like(m, recipe)]
    if not found:
        return None
    noise = evaluation.own_noise(recipe.model)
    return found[0].name, _measured(found[0].name, tuple(sorted(noise.items())))


@per_model(64)
def _measured(name: str, noise: tuple[tuple[str, float], ...]) -> dict[str, float]:
    return metrics.evaluate(loaders.load(name).model, shipped.held_out()[0], **dict(noise))
