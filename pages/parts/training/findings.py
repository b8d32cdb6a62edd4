"""What there is to notice in trainings: sentences, as Markdown, that carry measured figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from aemodels.language import _, all_of, list_of, ngettext, number, percent, sentences, signed
from aemodels.storage import histories
from aemodels.storage.catalogue import Group
from aemodels.storage.histories import Training
from pages.parts.shared import markdown, models


def of_time(made: Sequence[Training], num_models: int) -> str:
    """How long trainings took together, and on which processors."""
    wall_s = sum(training["provenance"]["wall_s"] for training in made)
    minutes, seconds = round(wall_s / 60), round(wall_s)
    time = (
        ngettext("{number} minute", "{number} minutes", minutes).format(number=number(minutes)) if wall_s >= 90 else
        ngettext("{number} second", "{number} seconds", seconds).format(number=number(seconds))
    )  # fmt: skip
    took = (
        _("**These {number} models took {time} together**, on {processors}.") if num_models > 1 else
        _("**Training took {time}**, on {processors}.")
    )  # fmt: skip
    processors = markdown.literal(all_of(histories.processors(made)))
    return took.format(number=number(num_models), time=time, processors=processors)


def of_several_trainings(group: Group, trainings: Mapping[str, Sequence[Training]]) -> list[str]:
    """Which models went through more than one training, and of which the mean of two was kept."""
    continued = [model for model in group.models if len(trainings[model.name]) > 1]
    if not continued:
        return []
    counts = [f"{models.said(model.name)} {len(trainings[model.name])}" for model in continued]
    points = [
        _(
            "Trained several times: {models}. Each training began with the weights at the end of another. The axis counts "
            "all of them. A curve shows only the trainings of a model of that name. The settings below are those of the last training."
        ).format(models=list_of(counts))
    ]
    if averaged := [model.name for model in continued if model.header["provenance"].get("averaged_with")]:
        means = [_of_mean(name, *trainings[name][-2:]) for name in averaged]
        points.append(
            _(
                "The mean of the weights before and after the last training was kept: {models}. The curves show the training "
                "before this mean was taken, and without plain gradient steps."
            ).format(models=list_of(means))
        )
    return points


def _of_mean(name: str, start: Training, mean: Training) -> str:
    before, after = (training["model_config"].get("descent_steps", 0) for training in (start, mean))
    message = (
        _("{name} **{psnr} dB** on the test images, {start} at its start") if before == after else
        _(
            "{name} **{psnr} dB** on the test images, {start} at its start with {before} plain gradient steps in place of {after}"
        )
    )  # fmt: skip
    psnr = {"psnr": number(mean["psnr_db"], 2), "start": number(start["psnr_db"], 2)}
    return message.format(name=models.said(name), **psnr, before=before, after=after)


def of_first_tenth(headers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """How much of all that it gains in PSNR after its first epoch a model from random weights gains in a tenth of its steps, where that is
    most of it in all of them."""
    shares = []
    for header in headers.values():
        measured = histories.psnr_db_at(header["history"], 0.0, 0.1, 1.0)
        if measured and not header["train_config"]["start_from"] and measured[2] > measured[0]:
            shares.append((measured[1] - measured[0]) / (measured[2] - measured[0]))
    if not shares or min(shares) < 0.5:
        return []
    told = (
        _("**Most is learnt early.** After the first epoch the PSNR goes on rising. Of this rise, {least} to {most} comes in the first tenth of the steps.")
        if len(shares) > 1 else
        _("**Most is learnt early.** After the first epoch the PSNR goes on rising. Of this rise, {most} comes in the first tenth of the steps.")
    )  # fmt: skip
    return [told.format(least=percent(min(shares)), most=percent(max(shares)))]


def of_last_tenth(headers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What the fall of the learning rate to zero brought the model that gained the most; nothing where no PSNR was measured on the way."""
    measured = {name: histories.last_tenth_gain_db(header["history"]) for name, header in headers.items()}
    gains = {name: gain for name, gain in measured.items() if gain is not None}
    if not gains:
        return []
    most = max(gains, key=gains.get)
    gained = (
        _("None of these gains as much as 0.01 dB there.") if round(gains[most], 2) <= 0 else
        _("There {model} gains the most, **{gain} dB**.") if len(gains) > 1 else
        _("There {model} gains **{gain} dB**.")
    )  # fmt: skip
    falls = _("In the last tenth of the steps the learning rate falls to zero.")
    return [sentences([falls, gained.format(model=models.said(most), gain=signed(gains[most], 2))])]


def of_unfinished(headers: Mapping[str, Mapping[str, Any]]) -> list[str]:
    names = [models.said(name) for name, header in headers.items() if not header["provenance"]["finished"]]
    if not names:
        return []
    return [_("Not finished: {models}; the same `python train.py` goes on with them.").format(models=list_of(names))]
