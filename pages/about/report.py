"""The lab's report, item by item, with the visitor's own words and panels, as a Word document and as other files."""

import json
from functools import partial

import streamlit as st

from aemodels.language import _, ngettext, number, sentences
from aemodels.report import assembling, lab, replay
from aemodels.report.document import Report
from aemodels.report.notebook import MAX_PANELS, Notebook
from pages.parts.report import collected, cover, lab_report, loading
from pages.parts.report import sections as sections_shown
from pages.parts.shared import controls, loaders, markdown, models, visitors


def assemble(book: Notebook, made: lab_report.Made | None) -> Report:
    """What is there when a download is clicked."""
    parts, note = (made.sections, made.data_note) if made else ((), "")
    return assembling.assemble(parts, book.entries(), book.texts(), lab.PAPERS, note)


def save(book: Notebook, record: dict) -> bytes:
    texts = book.texts()
    texts.pop("lab", None)
    return replay.write(book.entries(), texts, record)


def ask_for_lab() -> None:
    titles = st.session_state.get("sets") or lab_report.of_the_lab(groups)
    book.write("lab", json.dumps({"seed": int(st.session_state.seed), "sets": titles}))


controls.header(
    _("Report"),
    _(
        "One click makes the lab's report: each item with its figures and what was measured. Add your own words, fill in the cover, and "
        "download the file."
    ),
)
book = visitors.own_notebook()
found = loaders.read_catalogue()
groups = found.of_kind(*lab_report.KINDS)
for sentence in found.broken.values():
    left_out = sentences([markdown.sentence(sentence), _("The report leaves this model out.")])
    st.warning(left_out, icon=":material/error:")
wanted = lab_report.chosen(book.texts())
titles = [group.title for group in groups]
asked = [group for group in groups if group.title in wanted.get("sets", ())]

with controls.row():
    st.button(
        _("The lab's report"),
        icon=":material/assignment:",
        key="lab_report",
        type="secondary" if asked else "primary",
        disabled=not groups,
        on_click=ask_for_lab,
    )
    controls.seed_field()
    if len(groups) > len(lab_report.of_the_lab(groups)):
        st.pills(
            _("Data sets"),
            titles,
            selection_mode="multi",
            wrap=True,
            default=lab_report.of_the_lab(groups),
            format_func=markdown.literal,
            key="sets",
            persist_state="session",
        )
    loading.show()
if book.fault:
    st.warning(markdown.literal(book.fault), icon=":material/warning:")
kept = lab_report.kept(asked, wanted["seed"]) if asked else lab_report.Kept()
made, entries = kept.made, book.thumbnails()
work = st.container()
record = lab_report.record(made, asked, wanted["seed"]) if made else {}
cover.show(partial(assemble, book, made), partial(save, book, record), not made and not entries)
if asked and not made:
    with work:
        lab_report.make(kept, asked, wanted["seed"])
    st.rerun()
with work:
    loading.say()
    if made and (then := st.session_state.pop("replayed_lab", None)):
        lab_report.compare(then, made)
if not groups:
    models.say_none()
elif not made and not entries:
    st.info(
        _("The report is empty: press “The lab's report”, or open a page and press “Add to report” below its picture."),
        icon=":material/note_add:",
    )
for section in made.sections if made else ():
    sections_shown.show(section, made.thumbnails[section.key])
if entries:
    st.header(_("Figures of my own"), anchor=False)
    st.caption(
        ngettext("{number} of at most {most} panels", "{number} of at most {most} panels", len(entries)).format(
            number=number(len(entries)), most=number(MAX_PANELS)
        )
    )
    collected.show(entries)
    sections_shown.own_words(assembling.COLLECTED, _("What do these figures show, and how do you explain it?"))
