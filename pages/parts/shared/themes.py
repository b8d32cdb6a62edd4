"""The browser's theme, light or dark: a page is drawn anew when it changes, for its panels have the theme's colours, see export.py."""

import streamlit as st

CSS = "#paper { background: var(--st-background-color); transition: background-color 1ms; }"
JS = """
export default ({ parentElement, setTriggerValue }) => {
  parentElement.querySelector("#paper").ontransitionend = () => setTriggerValue("changed", true)
}
"""
_COMPONENT = st.components.v2.component("theme", html='<div id="paper"></div>', css=CSS, js=JS)


def follow() -> None:
    """To be called in each run, outside fragments: the whole page is drawn anew, by whatever the theme was changed."""
    _COMPONENT(key="theme", on_changed_change=lambda: None)
