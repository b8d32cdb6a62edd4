"""The lab's report, item by item: a section for each of M1 to M5 of a set of small images, and for each of D1 to D5 of a set of photos.

Which items a data set has follows from what its models are: `headings` names them, `sections` makes one after the other, which takes
seconds each. Everything that a section says is measured on the checkpoints; what cannot be shown is said in a sentence of its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from aemodels.report.document import Section
from aemodels.storage.catalogue import Group
from aemodels.storage.checkpoints import Checkpoint

NUM_SEEDS = 100


@dataclass(frozen=True)
class Material:
    """What the sections of one data set's models are drawn from.

    group         the models, as `catalogue` has them
    ckpts         by name, those of them that could be loaded
    images        up to nine test images (n, C, H, W) in [0, 1]; None where there are none on this computer
    names         of these images, one each: a class, or the name of a file
    about_images  a sentence where something is to be said of them: why there are none, or that the models were trained on others
    baselines     as `measurements.read_baselines` gives them; may be empty
    generation    as `measurements.read_generation` gives it; None where it was not measured
    curves        as `measurements.read_curves` gives them; may be empty
    answer        whether sampling from the noise-regularised models generates, in words; may be empty
    """

    group: Group
    ckpts: Mapping[str, Checkpoint]
    images: Tensor | None = None
    names: Sequence[str] = ()
    about_images: str = ""
    baselines: Mapping[str, Any] = field(default_factory=dict)
    generation: Mapping[str, Any] | None = None
    curves: Mapping[str, Any] = field(default_factory=dict)
    answer: str = ""


def headings(materials: Sequence[Material]) -> dict[str, str]:
    """Key -> title of each section that `sections` makes, in its order, in the language that is spoken.

    The keys of the lab's own data sets are "M1" to "M5" and "D1" to "D5"; those of another set end with its name: "D1-flowers".
    """
    return {}


def sections(materials: Sequence[Material], seed: int, seeds: Sequence[int]) -> Iterator[Section]:
    """The sections of these data sets, one after the other, each made when it is asked for, in the language that is spoken then.

    seed   of the scene, told in the settings of every figure that chance has a part in
    seeds  NUM_SEEDS of them, one for each image that is drawn
    """
    yield from ()


def data_note(materials: Sequence[Material]) -> str:
    """What holds of the pictures in these sections: whose they are; for `Report.data_note`."""
    return ""
