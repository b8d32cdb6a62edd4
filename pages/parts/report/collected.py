"""The collected panels on the page: reworded, moved, removed, and a link to where each was made."""

import streamlit as st

from aemodels import language
from aemodels.language import _, number
from aemodels.report.notebook import Entry
from aemodels.report.replay import MAX_LETTERS
from aemodels.text import visible
from pages.parts.shared import controls, languages, markdown, visitors


def show(entries: dict[str, Entry]) -> None:
    """key -> entry with a small picture, in the report's order."""
    book = visitors.own_notebook()
    for place, (key, entry) in enumerate(entries.items()):
        with st.container(border=True, key=f"panel_{key}"):
            picture, words = st.columns([5, 10])
            picture.image(entry.panel.png, alt=visible(entry.panel.alt), output_format="PNG")
            words.markdown(f"**{number(place + 1)} · {markdown.literal(entry.panel.title)}**")
            widget = f"caption_{key}"
            if st.session_state.get(widget) != entry.panel.caption:
                st.session_state[widget] = entry.panel.caption
            words.text_area(_("Caption"), key=widget, on_change=_recaption, args=(key,), height="content")
            with words.container(horizontal=True, vertical_alignment="center"):
                for label, icon, action, args, is_disabled in (
                    (_("Up"), "arrow_upward", book.move, (key, -1), place == 0),
                    (_("Down"), "arrow_downward", book.move, (key, 1), place == len(entries) - 1),
                    (_("Remove"), "delete", book.remove, (key,), False),
                ):
                    st.button(
                        label,
                        icon=f":material/{icon}:",
                        key=f"{icon}_{key}",
                        on_click=action,
                        args=args,
                        disabled=is_disabled,
                    )
                if entry.scene:
                    st.markdown(
                        _("[Open this scene]({address})").format(address=_address(entry.scene)), width="content"
                    )


def _address(scene: str) -> str:
    """The scene in the visitor's language."""
    return f"{scene}{'' if scene.endswith('?') else '&'}{languages.KEY}={language.current()}"


def _recaption(key: str) -> None:
    visitors.own_notebook().recaption(key, controls.shortened(st.session_state[f"caption_{key}"] or "", MAX_LETTERS))
