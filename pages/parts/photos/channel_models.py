"""The models of one data set that the page on noise holds against each other."""

from collections.abc import Mapping
from dataclasses import dataclass

from aemodels import Checkpoint
from aemodels.data import words
from aemodels.language import _
from aemodels.report import psnr_matrix
from aemodels.storage.catalogue import Group
from pages.parts.shared import controls, models


@dataclass(frozen=True)
class Compared:
    """Those that are there and can be read.

    own            the variance that each model was trained at, of those with noise
    without_noise  names of the others
    plain          the one of these that all are held against, or None
    """

    group: Group
    ckpts: Mapping[str, Checkpoint]
    own: Mapping[str, float]
    without_noise: list[str]
    plain: str | None

    @property
    def picture(self) -> words.Words:
        return words.of(self.group.data.config)


def of(group: Group) -> Compared:
    """The models of a group; a sentence stands in place of the page where none can be read."""
    ckpts = models.present(group.names)
    present = [model for model in group.models if model.name in ckpts]
    own = {model.name: model.noise_variance for model in present if model.noise_variance}
    without_noise = [model for model in present if not model.noise_variance]
    plain = next((m.name for m in sorted(without_noise, key=lambda m: m.config.variant != "plain")), None)
    return Compared(group, ckpts, own, [model.name for model in without_noise], plain)


def choose_convention() -> str:
    """A key of psnr_matrix.CONVENTIONS: how the PSNRs of many photos become one figure."""
    conventions = {key: _(name) for key, name in psnr_matrix.CONVENTIONS.items()}
    return controls.choose(_("PSNR of a set of photos"), conventions, key="psnr")
