"""The collected panels as a Word document, and as a zip of PNG and CSV."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from aemodels.report import documents, lab
from aemodels.report.document import Figure
from aemodels.storage import catalogue
from aemodels.storage.catalogue import Group
from aemodels.text import visible
from pages.parts.photos import generation
from pages.parts.photos.selection import random_test_photos
from pages.parts.shared import controls, export, loaders, models

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAX_CAPTION = 10_000  # letters; some three pages
KEPT = {"persist_state": "session"}


def move(number: int, step: int) -> None:
    order = list(collected)
    at = order.index(number)
    order.insert(at + step, order.pop(at))
    entries = {n: collected[n] for n in order}
    collected.clear()
    collected.update(entries)


def recaption(number: int) -> None:
    entry = collected[number]
    collected[number] = replace(entry, panel=replace(entry.panel, caption=st.session_state[f"caption_{number}"]))


def add_standard_panels(groups: Sequence[Group], seed: int) -> None:
    """Draws the panels of these data sets and adds those that are not in the report yet; notes what they do without."""
    seeds, missing, notes = controls.image_seeds(seed, lab.NUM_SEEDS), [], []
    for group in groups:
        ckpts, missing_here = models.load_each(group.names)
        photos = random_test_photos(group.data, seed)
        noisy = [model.name for model in group.models if model.noise_variance and model.name in ckpts]
        plain = next((name for name in ckpts if name not in noisy), None)
        material = lab.Material(
            group,
            ckpts,
            photos.x if photos else None,
            photos.names if photos else (),
            baselines=loaders.baselines(group.data),
            answer=" ".join(generation.verdict(group.data, *noisy, beside=plain)).replace("**", ""),
        )
        for section in lab.sections([material], seed, seeds):
            for block in section.blocks:
                if isinstance(block, Figure):
                    st.toast(export.add(block.panel))
        missing += missing_here
        notes += models.faults_of(*ckpts)
    st.session_state.standard_said = missing, notes


def of_the_lab(groups: Sequence[Group]) -> list[str]:
    """The titles of the first data set of small images and of the first one of photos: the lab's own where they are there."""
    kinds = ((catalogue.PLANE, catalogue.DENOISER), (catalogue.MAPS,))
    firsts = [next((g for g in groups if any(set(kind) & set(m.kinds) for m in g.models)), None) for kind in kinds]
    return list(dict.fromkeys(group.title for group in firsts if group))


controls.header(
    "Report",
    "Here are the panels that you added by “Add to report” on the other pages, with their numbers, seeds and settings. "
    "They are kept until you close or reload this tab.",
)
collected = export.collected()
found = loaders.read_catalogue()
headers = {model.name: model.header for model in found.models}
for sentence in found.broken.values():
    st.warning(f"{controls.sentence(sentence)} The report leaves this model out.", icon=":material/error:")

title, author, file_name = st.columns([5, 3, 4])
title = title.text_input("Title", "Latent spaces of autoencoders", max_chars=255, key="report_title", **KEPT)
author = author.text_input("Author", max_chars=255, key="report_author", **KEPT)
file_name = file_name.text_input("File name", "report", max_chars=255, key="report_file", placeholder="report", **KEPT)
stem = documents.safe_file_name(file_name)
chosen = [entry.panel for entry in collected.values()]
with st.container(horizontal=True, vertical_alignment="center", key="downloads"):
    st.download_button(
        "Word document",
        partial(documents.build_docx, title or stem, author, chosen, headers),
        file_name=f"{stem}.docx",
        mime=WORD,
        icon=":material/description:",
        type="primary",
        on_click="ignore",
        disabled=not chosen,
    )
    st.download_button(
        "PNG and CSV (zip)",
        partial(documents.build_zip, chosen),
        file_name=f"{stem}.zip",
        mime="application/zip",
        icon=":material/folder_zip:",
        on_click="ignore",
        disabled=not chosen,
    )
    st.caption(
        f"{len(chosen)} of at most {export.MAX_PANELS} panels · {controls.literal(stem)}.docx · {controls.literal(stem)}.zip"
    )
with controls.row():
    seed = st.number_input("Seed", 0, controls.MAX_SEED, value=1, key="seed", width=150, bind="query-params", **KEPT)
    groups = {group.title: group for group in found.of_kind(*catalogue.KINDS)}
    chosen_sets = of_the_lab(list(groups.values()))
    if len(groups) > len(chosen_sets):
        chosen_sets = st.pills(
            "Data sets",
            list(groups),
            selection_mode="multi",
            default=chosen_sets,
            format_func=controls.literal,
            key="sets",
            **KEPT,
        )
    if st.button(
        "Add the lab's standard panels", icon=":material/library_add:", key="standard", disabled=not chosen_sets
    ):
        with st.spinner("Drawing …"):
            add_standard_panels([groups[title] for title in chosen_sets], int(seed))
        st.rerun()
missing, notes = st.session_state.pop("standard_said", ([], []))  # by the run before this one
if missing:
    st.error("\n\n".join(missing), icon=":material/error:")
if notes:
    st.warning("\n\n".join(notes), icon=":material/warning:")
if not chosen:
    st.info(
        "The report is empty: open a page and press “Add to report” below its picture, or add the lab's standard panels at once.",
        icon=":material/note_add:",
    )

for place, (number, entry) in enumerate(collected.items()):
    with st.container(border=True, key=f"panel_{number}"):
        picture, words, buttons = st.columns([5, 8, 2])
        picture.image(entry.thumbnail, alt=visible(entry.panel.alt), output_format="PNG")
        words.markdown(f"**Figure {place + 1}: {controls.literal(entry.panel.title)}**")
        words.text_area(
            "Caption",
            entry.panel.caption,
            key=f"caption_{number}",
            on_change=recaption,
            args=(number,),
            height=100,
            max_chars=MAX_CAPTION,
        )
        for label, icon, action, args, disabled in (
            ("Up", "arrow_upward", move, (number, -1), place == 0),
            ("Down", "arrow_downward", move, (number, 1), place == len(chosen) - 1),
            ("Remove", "delete", collected.pop, (number, None), False),
        ):
            buttons.button(
                label,
                icon=f":material/{icon}:",
                key=f"{label}_{number}",
                on_click=action,
                args=args,
                disabled=disabled,
                width="stretch",
            )
