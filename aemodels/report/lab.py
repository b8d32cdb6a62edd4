"""The lab's report, item by item: a section for each of M1 to M5 of a set of small images, and for each of D1 to D5 of a set of photos.

Which items a data set has follows from what its models are: `headings` names them, `sections` makes one after the other, which takes
seconds each. Everything that a section says is measured on the checkpoints; what cannot be shown is said in a sentence of its own.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from aemodels.codes import faults
from aemodels.data.config import DOGS
from aemodels.language import _
from aemodels.report import digits_items, noise_items, photos_items
from aemodels.report.document import Block, Paragraph, Section
from aemodels.report.item_blocks import key
from aemodels.report.items import TITLES
from aemodels.report.material import NUM_SEEDS, Material, Scene
from aemodels.report.references import PAPERS
from aemodels.storage.catalogue import DENOISER, MAPS, PLANE, Model

__all__ = ["NUM_SEEDS", "PAPERS", "Material", "data_note", "headings", "sections"]


@dataclass(frozen=True)
class Item:
    """One of the lab's items: its number, a key of items.TITLES, what makes its blocks, and whether a model has to do with it."""

    key: str
    make: Callable[[Material, Scene], Iterator[Block]]
    concerns: Callable[[Model], bool]


def _is_small(model: Model) -> bool:
    return PLANE in model.kinds or (DENOISER in model.kinds and MAPS not in model.kinds)


def _is_plane(model: Model) -> bool:
    return PLANE in model.kinds and not model.noise_factor


ITEMS = (
    Item("M1", digits_items.data_and_network, _is_small),
    Item("M2", digits_items.two_numbers, _is_plane),
    Item("M3", digits_items.denoising, lambda model: model.noise_factor > 0),
    Item("M4", digits_items.uniform_sampling, _is_plane),
    Item("M5", digits_items.regularised, _is_plane),
    Item("D1", photos_items.convolutional, lambda model: MAPS in model.kinds),
    Item("D2", photos_items.nine_photos, lambda model: MAPS in model.kinds),
    Item("D3", photos_items.gaussian_sampling, lambda model: MAPS in model.kinds),
    Item("D4", noise_items.perturbation, lambda model: MAPS in model.kinds),
    Item("D5", noise_items.noise_regularised, lambda model: model.noise_variance > 0),
)


OF_LAB = {"mnist": "mnist", DOGS: "dogs"}  # source -> how the files of its figures begin


def headings(materials: Sequence[Material]) -> dict[str, str]:
    """Key -> title of each section that `sections` makes, in its order, in the language that is spoken.

    The keys of the lab's own data sets are "M1" to "M5" and "D1" to "D5"; those of another set end with its name: "D1-flowers".
    """
    return {key(Scene(0, (), short_name(m)), item.key): _title(m, item) for m, item in _plan(materials)}


def sections(materials: Sequence[Material], seed: int, seeds: Sequence[int]) -> Iterator[Section]:
    """The sections of these data sets, one after the other, each made when it is asked for, in the language that is spoken then.

    seed   of the scene, told in the settings of every figure that chance has a part in
    seeds  NUM_SEEDS of them, one for each image that is drawn
    """
    for material, item in _plan(materials):
        scene = Scene(seed, seeds, short_name(material))
        blocks = [*item.make(material, scene), *_faults(material, item)]
        yield Section(key(scene, item.key), _title(material, item), tuple(blocks))


def data_note(materials: Sequence[Material]) -> str:
    """What holds of the pictures in these sections, whose they are: for `Report.data_note`; empty where there is nothing to say."""
    names = {material.group.data.config.source: material.group.data.config.name for material in materials}
    if DOGS in names:
        return _(
            "The photos are those of {name}, which come from ImageNet. They belong to whoever took them and may be used for research and "
            "teaching that makes no money; do not pass them on. So hand this report in, but do not publish it with these pictures."
        ).format(name=names[DOGS])
    if any(MAPS in model.kinds for material in materials for model in material.models):
        return _("The photos belong to whoever took them. Do not publish this report with them unless you may.")
    return ""


def short_name(material: Material) -> str:
    """A data set's name as part of a file's or of a key."""
    group = material.group
    source = group.data.config.source
    if group.key == group.data.config.name and source in OF_LAB:
        return OF_LAB[source]
    return re.sub(r"\W+", "-", group.key).strip("-").lower() or "images"


def _plan(materials: Sequence[Material]) -> list[tuple[Material, Item]]:
    """Every section to come: for the lab's own data sets all items of their kind, for others those that one of their models has to do
    with."""
    plan = []
    for material in materials:
        concerned = [item for item in ITEMS if any(map(item.concerns, material.group.models))]
        kinds = {item.key[0] for item in concerned if short_name(material) in OF_LAB.values()}
        plan += [(material, item) for item in ITEMS if item in concerned or item.key[0] in kinds]
    return plan


def _title(material: Material, item: Item) -> str:
    return _("{item}, {data}: {title}").format(item=item.key, data=material.group.title, title=_(TITLES[item.key]))


def _faults(material: Material, item: Item) -> Iterator[Paragraph]:
    """What is wrong with the codes of the models that the item is about."""
    for model in filter(item.concerns, material.models):
        for sentence in faults.describe(material.ckpt(model).codes, material.words):
            yield Paragraph(_("{model}: {sentence}").format(model=material.title(model), sentence=sentence))
