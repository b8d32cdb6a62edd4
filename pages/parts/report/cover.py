"""The cover's fields, the file's name, and the downloads: what a visitor fills in last and takes away."""

from collections.abc import Callable
from datetime import date

import streamlit as st
from aemodels.report.archive import safe_file_name

from aemodels import language
from aemodels.language import _
from aemodels.report import archive, assembling, replay, web, word
from aemodels.report.document import Report
from pages.parts.shared import controls, visitors

WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
MAX_LETTERS = 255  # of a document's properties
COURSE_PATTERN = "实验三_{name}_{number}"


def show(report: Callable[[], Report], replayed: Callable[[], bytes], is_empty: bool) -> None:
    """The form and the downloads; a fragment, so that typing draws nothing else anew.

    report    makes the report of what is there when a download is clicked
    replayed  makes the file that can be loaded again
    """
    with st.container(border=True, key="cover"):
        _show(language.kept(report), replayed, is_empty)


@st.fragment
def _show(report: Callable[[], Report], replayed: Callable[[], bytes], is_empty: bool) -> None:
    book = visitors.own_notebook()
    texts = book.texts()
    cover = assembling.cover(texts)
    with controls.row():
        _field(_("Name"), "name", texts, width=200)
        _field(_("Student number"), "number", texts, width=200)
        _field(_("Course"), "course", texts, width=260)
        _field(_("Title"), "title", texts, placeholder=cover.title, width=340)
        _day(texts)
    with controls.row():
        default = _("lab-3_{name}_{number}")
        _field(_("File name; {name} and {number} are filled in"), "pattern", texts, placeholder=default, width=430)
        if default != COURSE_PATTERN:
            st.button(COURSE_PATTERN, key="course_pattern", on_click=_write, args=("pattern", COURSE_PATTERN))
    stem = safe_file_name(assembling.file_stem(texts.get("cover/pattern") or default, texts))
    code_stem = safe_file_name(assembling.file_stem(_("lab-3-code_{name}_{number}"), texts))
    files = [
        (_("Word document"), f"{stem}.docx", WORD, "description", lambda: word.build_docx(report()), is_empty),
        (_("Web page (HTML)"), f"{stem}.html", "text/html", "public", lambda: web.build_html(report()), is_empty),
        (
            _("PNG and CSV (zip)"),
            f"{stem}.zip",
            "application/zip",
            "folder_zip",
            lambda: archive.build_zip(report()),
            is_empty,
        ),
        (
            _("Source code (zip)"),
            f"{code_stem}.zip",
            "application/zip",
            "code",
            language.kept(archive.build_source_zip),
            False,
        ),
        (_("Save, to go on elsewhere"), f"{stem}{replay.ENDING}", "application/zip", "save", replayed, False),
    ]
    with st.container(horizontal=True, vertical_alignment="center", key="downloads"):
        for i, (label, name, mime, icon, make, is_disabled) in enumerate(files):
            st.download_button(
                label,
                make,
                file_name=name,
                mime=mime,
                icon=f":material/{icon}:",
                type="primary" if i == 0 else "secondary",
                on_click="ignore",
                disabled=is_disabled,
                key=f"download_{icon}",
            )
        st.caption(" · ".join(controls.literal(name) for _label, name, *_rest in files[:1] + files[3:4]))


def _field(label: str, name: str, texts: dict[str, str], **options: object) -> None:
    """A text that is kept as it is typed. The notebook is the truth: another tab may have changed it."""
    key, kept = f"cover_{name}", texts.get(assembling.COVER + name, "")
    if st.session_state.get(key) != kept:
        st.session_state[key] = kept
    st.text_input(label, max_chars=MAX_LETTERS, key=key, live=True, on_change=_keep, args=(name,), **options)


def _day(texts: dict[str, str]) -> None:
    day = assembling.day(texts)
    if st.session_state.get("cover_date") != day:
        st.session_state.cover_date = day
    st.date_input(
        _("Date"), key="cover_date", format="YYYY-MM-DD", width=140, required=True, on_change=_keep, args=("date",)
    )


def _keep(name: str) -> None:
    value = st.session_state[f"cover_{name}"]
    _write(name, value.isoformat() if isinstance(value, date) else value or "")


def _write(name: str, text: str) -> None:
    visitors.own_notebook().write(assembling.COVER + name, text[:MAX_LETTERS])
