"""The cover's fields, the file's name, and the downloads: what a visitor fills in last and takes away."""

from collections.abc import Callable
from datetime import date
from functools import partial

import streamlit as st

from aemodels import language
from aemodels.language import _
from aemodels.report import archive, assembling, names, replay, sources, web, word
from aemodels.report.document import Report
from pages.parts.report import handing
from pages.parts.report.handing import File
from pages.parts.shared import controls, markdown, visitors

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
HTML, ZIP = "text/html", "application/zip"
PLACES = {"name": "{name}", "number": "{number}"}  # as they stand in a pattern


@st.fragment
def show(report: Callable[[], Report], saved: Callable[[], bytes], is_empty: bool) -> None:
    """The form and the downloads; a fragment, so that typing draws nothing else anew.

    report    makes the report of what is there when its button is pressed
    saved     makes the file that can be loaded again
    is_empty  there is no report yet to be downloaded
    """
    texts = visitors.own_notebook().texts()
    controls.say_shortened()
    cover = assembling.cover(texts)
    usual = _("lab-3_{name}_{number}").format(**PLACES)
    pattern = texts.get(f"{assembling.COVER}pattern", usual)
    with st.container(border=True, key="cover"):
        with controls.row():
            _field(_("Name"), "name", texts, width=200)
            _field(_("Student number"), "number", texts, width=200)
            _day(assembling.day(texts))
            _field(_("Course"), "course", texts, width=260)
        with controls.row():
            _field(_("Title"), "title", texts, placeholder=cover.title, width=340)
            label = _("File name, with {name} and {number}").format(**PLACES)
            _field(label, "pattern", texts, placeholder=usual, width=300)
            if pattern != names.REPORT_PATTERN:
                st.button(
                    names.REPORT_PATTERN,
                    key="course_pattern",
                    help=_("Names the file as the course asks for it."),
                    on_click=_write,
                    args=("pattern", names.REPORT_PATTERN),
                )
        stem = names.file_name(pattern, cover.name, cover.number)
        code_stem = names.file_name(names.source_pattern(pattern), cover.name, cover.number)
        source = partial(sources.build_source_zip, language.current(), code_stem, cover.name, cover.number)
        offers = [
            (_("Word document"), "description", File(f"{stem}.docx", WORD, lambda: word.build_docx(report()))),
            (_("Web page (HTML)"), "public", File(f"{stem}.html", HTML, lambda: web.build_html(report()))),
            (_("PNG and CSV (zip)"), "folder_zip", File(f"{stem}.zip", ZIP, lambda: archive.build_zip(report()))),
            (_("Source code (zip)"), "code", File(f"{code_stem}.zip", ZIP, source)),
            (_("Save, to go on elsewhere"), "save", File(f"{stem}{replay.ENDING}", ZIP, saved)),
        ]
        asked = None
        with st.container(horizontal=True, vertical_alignment="center", key="downloads"):
            for label, icon, file in offers:
                is_disabled = is_empty and icon not in {"code", "save"}  # what these hold needs no panel
                kind = "primary" if icon == "description" and not is_disabled else "secondary"
                key = f"download_{icon}"
                if st.button(label, key, icon=f":material/{icon}:", type=kind, disabled=is_disabled):
                    asked = file
        line = st.empty()
        handing.hand_over(asked, line)
        line.caption(markdown.literal(f"{stem}.docx · {code_stem}.zip"))


def _field(label: str, name: str, texts: dict[str, str], **options: object) -> None:
    """A text that is kept as it is typed. The notebook is the truth: another tab may have changed it."""
    key, kept = f"cover_{name}", texts.get(assembling.COVER + name, "")
    if st.session_state.get(key) != kept:
        st.session_state[key] = kept
    st.text_input(label, key=key, live=True, on_change=_keep, args=(name,), **options)


def _day(day: date) -> None:
    if st.session_state.get("cover_date") != day:
        st.session_state.cover_date = day
    st.date_input(_("Date"), key="cover_date", format="YYYY-MM-DD", width=150, on_change=_keep, args=("date",))


def _keep(name: str) -> None:
    value = st.session_state[f"cover_{name}"]
    _write(name, value.isoformat() if isinstance(value, date) else value or "")


def _write(name: str, text: str) -> None:
    visitors.own_notebook().write(assembling.COVER + name, controls.shortened(text, replay.MAX_COVER_LETTERS))
