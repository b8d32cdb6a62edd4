"""A section of the report on the page: its figures small, what was measured, and the place for the visitor's own words beside them."""

import re
from collections.abc import Sequence

import streamlit as st

from aemodels.language import _
from aemodels.report import assembling
from aemodels.report.document import Figure, Observations, OwnWords, Paragraph, Section
from aemodels.report.replay import MAX_LETTERS
from aemodels.text import visible
from pages.parts.shared import controls, markdown, visitors

_CITATION = re.compile(r"\s?\[@[^\]]*\]")


def show(section: Section, thumbnails: Sequence[bytes]) -> None:
    """A section of the lab, with a small picture of each of its figures."""
    small = iter(thumbnails)
    with st.container(border=True, key=f"section_{section.key}"):
        st.header(markdown.literal(section.title), anchor=False)
        pictures, texts = st.columns([5, 6])
        tasks = [block.text for block in section.blocks if isinstance(block, Paragraph)]
        if tasks:
            texts.markdown(markdown.literal(_CITATION.sub("", tasks[0])))
        for block in section.blocks:
            if isinstance(block, Figure):
                pictures.image(next(small), alt=visible(block.panel.alt), output_format="PNG")
            elif isinstance(block, Observations):
                points = "\n".join(f"- {markdown.literal(_CITATION.sub('', text))}" for text in block.sentences)
                head = _("What was measured")
                texts.markdown(f"**{head}**\n\n{points}")
        for block in section.blocks:
            if isinstance(block, OwnWords):
                with texts:
                    own_words(block.key, block.asks)


def own_words(key: str, asks: str) -> None:
    """The place for a visitor's own words; they go along into every file.

    Not a fragment: a tap that leaves the words and presses a button is one message, and Streamlit would run the words' fragment alone.
    """
    controls.say_shortened()
    widget, kept = f"words_{key}", visitors.own_notebook().texts().get(assembling.WORDS + key, "")
    if st.session_state.get(widget) != kept:
        st.session_state[widget] = kept
    st.text_area(
        markdown.literal(_CITATION.sub("", asks)),
        key=widget,
        height=150,
        placeholder=_("Your own words"),
        on_change=_keep,
        args=(key,),
    )


def _keep(key: str) -> None:
    text = controls.shortened(st.session_state[f"words_{key}"] or "", MAX_LETTERS)
    visitors.own_notebook().write(assembling.WORDS + key, text)
