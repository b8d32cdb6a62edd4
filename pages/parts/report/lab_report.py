"""The lab's report on the page: made once for all who ask for the same, item by item, and told from what it was when it was saved."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import streamlit as st

from aemodels import language
from aemodels.language import _, list_of, sentences
from aemodels.report import lab, likeness, notebook
from aemodels.report.document import Figure, Section
from aemodels.storage import catalogue
from aemodels.storage.catalogue import Group
from pages.parts.photos import generation_findings
from pages.parts.photos.selection import random_test_photos
from pages.parts.shared import controls, loaders, markdown, measurements, models, originals

KINDS = (catalogue.PLANE, catalogue.MAPS, catalogue.DENOISER)  # of the models that the lab's report is about
MAX_KEPT = 4  # reports, of some 30 MB


@dataclass(frozen=True)
class Made:
    """The lab's sections, and of each, by its key, small pictures of its figures and what tells it from others."""

    sections: tuple[Section, ...]
    thumbnails: Mapping[str, Sequence[bytes]]
    likenesses: Mapping[str, str]
    data_note: str


def of_the_lab(groups: Sequence[Group]) -> list[str]:
    """The titles of the first data set of small images and of the first one of photos: the lab's own where they are there."""
    kinds = ((catalogue.PLANE, catalogue.DENOISER), (catalogue.MAPS,))
    firsts = [next((g for g in groups if any(set(kind) & set(m.kinds) for m in g.models)), None) for kind in kinds]
    return list(dict.fromkeys(group.title for group in firsts if group))


@dataclass
class Kept:
    """The place of a report: whoever asks first makes it, while others who want the same one wait."""

    made: Made | None = None
    lock: Lock = field(default_factory=Lock)


def kept(groups: Sequence[Group], seed: int) -> Kept:
    """The place of the report of these data sets in the language that is spoken."""
    versions = tuple(loaders.version(name) for group in groups for name in group.names)
    present = tuple(originals.of(group.data) is not None for group in groups)
    return _kept(language.current(), tuple(group.title for group in groups), seed, versions, present, _measured_ns())


def make(kept: Kept, groups: Sequence[Group], seed: int) -> None:
    """Makes the report for its place, in some seconds an item; the page says which one is at work."""
    place = st.empty()
    place.progress(0.0, _("Reading the models …"))
    with kept.lock:
        if kept.made is None:
            kept.made = _make(groups, seed, place)
    place.empty()


def _make(groups: Sequence[Group], seed: int, place: st.delta_generator.DeltaGenerator) -> Made:
    materials = [_material(group, seed) for group in groups]
    headings, sections = lab.headings(materials), []
    making = lab.sections(materials, seed, controls.image_seeds(seed, lab.NUM_SEEDS))
    for i, title in enumerate(headings.values()):
        place.progress(i / len(headings), markdown.literal(title))
        sections.append(next(making))
    return Made(
        tuple(sections),
        {section.key: _thumbnails(section) for section in sections},
        {section.key: likeness.of_section(section) for section in sections},
        lab.data_note(materials),
    )


def _thumbnails(section: Section) -> list[bytes]:
    return [notebook.thumbnail(block.panel.png) for block in section.blocks if isinstance(block, Figure)]


def _material(group: Group, seed: int) -> lab.Material:
    ckpts, missing = models.load_each(group.names)
    if missing:
        st.error("\n\n".join(missing), icon=":material/error:")
    photos = random_test_photos(group.data, seed)
    noisy = [model.name for model in group.models if model.noise_variance and model.name in ckpts]
    plain = next((name for name in ckpts if name not in noisy), None)
    return lab.Material(
        group,
        ckpts,
        photos.x if photos else None,
        photos.names if photos else (),
        originals.about_others(group.data, str) if photos else originals.why_none(group.data, markdown.printed),
        measurements.baselines(group.data),
        measurements.generation_if_whole(group.data),
        measurements.curves(),
        {name: measurements.photo_errors(name) for name in ckpts},
        measurements.baseline_errors(group.data),
        language.without_bold(sentences(generation_findings.verdict(group.data, *noisy, beside=plain))),
    )


def record(made: Made, groups: Sequence[Group], seed: int) -> dict[str, Any]:
    """What is saved of it."""
    names = [name for group in groups for name in group.names]
    return {
        "seed": seed,
        "sets": [group.title for group in groups],
        "language": language.current(),
        "models": loaders.digests(names),
        "sections": dict(made.likenesses),
    }


def compare(then: Mapping[str, Any], made: Made) -> None:
    """Says on the page what differs from the report of which `record` gave that."""
    if differences := changes(then, made):
        st.warning("\n\n".join(map(markdown.literal, differences)), icon=":material/difference:")
    else:
        st.success(_("The lab's report is the same as when it was saved."), icon=":material/check:")


def changes(then: Mapping[str, Any], made: Made) -> list[str]:
    """What differs from the report of which `record` gave that, a sentence each; empty where all is the same."""
    here = loaders.digests(then["models"])
    gone = [name for name in then["models"] if name not in here]
    other = [name for name in here if here[name] != then["models"][name]]
    said = []
    if gone:
        said.append(_("Models that are not here: {models}.").format(models=list_of(gone)))
    if other:
        said.append(_("Models that have changed since the report was saved: {models}.").format(models=list_of(other)))
    if then["language"] != language.current():
        said.append(_("The report was saved in another language, so what it says is not compared."))
        return said
    for key, was in then["sections"].items():
        now = made.likenesses.get(key)
        if now is None:
            said.append(_("{item} is no longer in the report.").format(item=key))
        elif not likeness.looks_the_same(was, now):
            said.append(_("{item} has other figures than when it was saved.").format(item=key))
        elif not likeness.says_the_same(was, now):
            said.append(
                _("{item} has the same figures, but other numbers or words than when it was saved.").format(item=key)
            )
    return said


@st.cache_resource(max_entries=MAX_KEPT, show_spinner=False)
def _kept(*depends_on: object) -> Kept:
    return Kept()


def _measured_ns() -> int:
    """When a file of measures beside the checkpoints was last written."""
    files = (path for path in loaders.checkpoint_folder().glob("*") if path.suffix in (".json", ".npz"))
    return max((path.stat().st_mtime_ns for path in files), default=0)


def chosen(texts: Mapping[str, str]) -> dict[str, Any]:
    """Seed and data sets of the lab's report, as `choose` kept them; empty where none was asked for."""
    return json.loads(texts.get("lab", "{}"))
