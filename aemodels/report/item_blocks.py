"""What several items have: what is missing, what is to be said of the images, the key of an item's own words, and how many models stand
beside one another."""

from collections.abc import Iterator, Sequence
from math import ceil

from aemodels.language import _
from aemodels.report.document import Paragraph
from aemodels.report.material import Material, Scene
from aemodels.storage.catalogue import Model

MOST_BESIDE = 6  # models as columns of a figure or of a table: of more, nothing could be read


def no_model(what: str) -> Paragraph:
    """That there is no such model, and how to get one."""
    return Paragraph(_("{what} Train one with “python train.py”.").format(what=what))


def about_images(material: Material) -> Iterator[Paragraph]:
    """What is to be said of the images on this computer, if anything."""
    if material.about_images:
        yield Paragraph(material.about_images)


def key(scene: Scene, item: str) -> str:
    """The key of an item's section and of its own words; that of another data set than the lab's ends with its name."""
    return item if scene.name in ("mnist", "dogs") else f"{item}-{scene.name}"


def side_by_side(models: Sequence[Model]) -> list[Sequence[Model]]:
    """The models in groups of MOST_BESIDE at most, as even as can be, for figures and tables with a column a model."""
    num, num_groups = len(models), ceil(len(models) / MOST_BESIDE)
    return [models[num * i // num_groups : num * (i + 1) // num_groups] for i in range(num_groups)]
