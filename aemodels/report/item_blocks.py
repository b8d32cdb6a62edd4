"""Blocks that several items have: what is missing, what is to be said of the images, and the key of an item's own words."""

from collections.abc import Iterator

from aemodels.language import _
from aemodels.report.document import Paragraph
from aemodels.report.material import Material, Scene


def no_model(what: str) -> Paragraph:
    """That there is no such model, and how to get one."""
    return Paragraph(_("{what} Train one with `python train.py`.").format(what=what))


def about_images(material: Material) -> Iterator[Paragraph]:
    """What is to be said of the images on this computer, if anything."""
    if material.about_images:
        yield Paragraph(material.about_images)


def key(scene: Scene, item: str) -> str:
    """The key of an item's section and of its own words; that of another data set than the lab's ends with its name."""
    return item if scene.name in ("mnist", "dogs") else f"{item}-{scene.name}"
