"""What is chosen on the page Generate: a prior, and how it draws."""

from dataclasses import dataclass

import streamlit as st

from aemodels import Checkpoint
from aemodels.codes import flows
from aemodels.data import words
from aemodels.errors import LatentLabError
from aemodels.language import _, number, percent
from aemodels.models.flow import FlowPrior
from aemodels.storage import catalogue
from aemodels.storage.catalogue import Group
from pages.parts.photos.drawings import IN_TURN, Setting
from pages.parts.shared import controls, fields, loaders, markdown, models

MIN_STEPS, MAX_STEPS = 1, 50
MAX_GUIDANCE = 6.0
NONE_TOLD = "none"


@dataclass(frozen=True)
class Chosen:
    """The prior, the checkpoint whose codes it draws, the prior's group of models, words for its pictures, and how it draws.

    class_name  the chosen class; empty for none and for all in turn
    """

    prior: FlowPrior
    ckpt: Checkpoint
    group: Group
    picture: words.Words
    setting: Setting
    seed: int
    class_name: str

    @property
    def has_cells(self) -> bool:
        """Whether each part of a code stands for a block of pixels."""
        return len(self.prior.config.latent_shape) == 3

    def settings(self, **more: object) -> dict[str, object]:
        """What makes the same picture again, in words."""
        setting = self.setting
        told = {_("model"): setting.prior[0], _("codes of"): self.ckpt.name, _("seed"): self.seed}
        if setting.label is not None:
            told |= {
                self.picture.class_: self.class_name or _("all in turn"),
                _("guidance"): number(setting.guidance, 1),
            }
        return told | {_("steps"): setting.num_steps, _("learned part"): percent(setting.strength)} | more

    def file_name(self, view: str) -> str:
        return f"generate-{view}-{self.setting.prior[0]}-{self.seed}"


def choose() -> Chosen:
    """The widgets that all parts of the page share; stops the page with one sentence where there is no prior, or where its
    autoencoder is missing or another one than it was trained on."""
    with controls.row():
        name, group = models.choose_model(catalogue.PRIOR)
        seed = controls.seed_control()
    trained = loaders.checkpoint(name)
    ckpt = _autoencoder(trained)
    if not models.varying([ckpt.name]):
        st.stop()
    picture, classes, label = words.of(trained.data.config), _classes(trained), NONE_TOLD
    with controls.row():
        if classes:
            label = controls.choose(picture.class_.capitalize(), classes, key=f"{picture.kind}_class")
        guidance = st.slider(
            _("Guidance"),
            1.0,
            MAX_GUIDANCE,
            flows.GUIDANCE,
            0.5,
            key="guidance",
            width=150,
            disabled=label == NONE_TOLD,
            help=_(
                "How much the {class_} counts. At 1 it counts as in training. While no {class_} is told, this slider "
                "does nothing."
            ).format(class_=picture.class_),
            **fields.BOUND,
        )
        num_steps = st.slider(
            _("Steps"),
            MIN_STEPS,
            MAX_STEPS,
            flows.NUM_STEPS,
            key="steps",
            width=150,
            help=_("In how many steps noise becomes a code. More steps are slower, and nearer to the exact flow."),
            **fields.BOUND,
        )
        strength = st.slider(
            _("Learned part"),
            0.0,
            1.0,
            1.0,
            0.1,
            key="strength",
            width=150,
            help=_("How much of what the network has learnt is added to a Gaussian."),
            **fields.BOUND,
        )
    setting = Setting(
        loaders.version(name),
        loaders.version(ckpt.name),
        None if label == NONE_TOLD else int(label or IN_TURN),
        num_steps,
        1.0 if label == NONE_TOLD else guidance,
        strength,
    )
    return Chosen(trained.model, ckpt, group, picture, setting, seed, classes[label] if label.isdigit() else "")


def _classes(trained: Checkpoint) -> dict[str, str]:
    """What may be told of classes: one after the other, none, or one that the prior has learnt, by its place in label_names; sorted by
    name. Empty where it has learnt none."""
    names = trained.data.label_names[: trained.model.num_labels]
    if not names:
        return {}
    in_order = sorted(range(len(names)), key=lambda i: names[i])
    return {"": _("All in turn"), NONE_TOLD: _("None told")} | {str(i): names[i] for i in in_order}


def _autoencoder(trained: Checkpoint) -> Checkpoint:
    """The checkpoint whose codes a prior draws; stops the page with one sentence where it is missing or another one."""
    try:
        return loaders.autoencoder_of(trained)
    except LatentLabError as error:
        st.error(markdown.sentence(error), icon=":material/error:")
        st.stop()
