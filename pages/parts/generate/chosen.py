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
from pages.parts.photos.drawings import Setting
from pages.parts.shared import controls, loaders, models

MIN_STEPS, MAX_STEPS = 4, 50
MAX_GUIDANCE = 6.0
BOUND = {"bind": "query-params", "persist_state": "session"}


@dataclass(frozen=True)
class Chosen:
    """The prior, the checkpoint whose codes it draws, the prior's group of models, words for its pictures, and how it draws.

    class_name  the chosen class; empty for any
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
        if self.class_name:
            told |= {self.picture.class_: self.class_name, _("guidance"): number(setting.guidance, 1)}
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
    picture, classes, label = words.of(trained.data.config), {"": _("Any"), **_classes(trained)}, ""
    with controls.row():
        if len(classes) > 1:
            label = controls.choose(picture.class_.capitalize(), classes, key=f"{picture.kind}_class")
        guidance = st.slider(
            _("Guidance"),
            1.0,
            MAX_GUIDANCE,
            flows.GUIDANCE,
            0.5,
            key="guidance",
            width=175,
            disabled=not label,
            help=_(
                "How much the {class_} counts; 1 is as it was trained. It does nothing while no {class_} is chosen."
            ).format(class_=picture.class_),
            **BOUND,
        )
        num_steps = st.slider(
            _("Steps"),
            MIN_STEPS,
            MAX_STEPS,
            flows.NUM_STEPS,
            key="steps",
            width=175,
            help=_("In how many steps noise becomes a code. More are slower and nearer to the exact flow."),
            **BOUND,
        )
        strength = st.slider(
            _("Gaussian 0 … 1 learned"),
            0.0,
            1.0,
            1.0,
            0.1,
            key="strength",
            width=175,
            help=_("How much of what the network has learnt is added to a Gaussian."),
            **BOUND,
        )
    setting = Setting(
        loaders.version(name),
        loaders.version(ckpt.name),
        int(label) if label else None,
        num_steps,
        guidance if label else 1.0,
        strength,
    )
    return Chosen(trained.model, ckpt, group, picture, setting, seed, classes[label] if label else "")


def _classes(trained: Checkpoint) -> dict[str, str]:
    """Classes that the prior has learnt, by their place in label_names, sorted by name."""
    names = trained.data.label_names[: trained.model.num_labels]
    return {str(i): names[i] for i in sorted(range(len(names)), key=lambda i: names[i])}


def _autoencoder(trained: Checkpoint) -> Checkpoint:
    """The checkpoint whose codes a prior draws; stops the page with one sentence where it is missing or another one."""
    try:
        return loaders.autoencoder_of(trained)
    except LatentLabError as error:
        st.error(controls.sentence(error), icon=":material/error:")
        st.stop()
