"""The collected panels as a Word document, and as a zip of PNG and CSV."""

from dataclasses import replace
from functools import partial

import streamlit as st

import aemodels
from aemodels.errors import LatentLabError
from aemodels.noise import seeded_order
from aemodels.report import documents, standard
from aemodels.storage import checkpoints
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


def add_standard_panels(seed: int) -> None:
    """Draws the lab's panels and adds those that are not in the report yet; notes what they do without."""
    ckpts, missing = models.load_each(standard.NAMES)
    photos = random_test_photos(seed)
    index = seeded_order(10_000, seed)[:9]
    digits = loaders.test_digits()[0][index].float() / 255
    seeds = controls.image_seeds(seed, standard.NUM_SEEDS)
    answer = " ".join(generation.verdict(*(name for name in standard.DOGS[1:] if name in ckpts))).replace("**", "")
    baselines = loaders.baselines(ckpts[name] for name in standard.DOGS if name in ckpts)
    for panel in standard.standard_panels(ckpts, digits, photos.x if photos else None, seed, seeds, baselines, answer):
        st.toast(export.add(panel))
    st.session_state.standard_said = missing, [*standard.left_out(ckpts), *models.notes(*ckpts)]


controls.header(
    "Report",
    "The panels that you add with “Add to report” on the other pages come together here, with their numbers, seeds and settings. "
    "They are kept until you close or reload this tab.",
)
collected = export.collected()
headers = {}
for name in aemodels.list_checkpoints():
    try:
        headers[name] = checkpoints.read_header(name)
    except LatentLabError as error:
        st.warning(f"{controls.sentence(error)} The report leaves this model out.", icon=":material/error:")

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
    if st.button("Add the lab's standard panels", icon=":material/library_add:", key="standard"):
        with st.spinner("Drawing …"):
            add_standard_panels(int(seed))
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
