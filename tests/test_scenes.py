"""Scenes on the way from page to page, without a browser: what the address holds, and when."""

import streamlit as st
from apptest import go_to, open_page


def test_the_address_is_whole_before_the_browser_is_sent_to_the_page(monkeypatch):
    """`st.navigation` sends it there. What is written later is a second entry in its history, and Back stays on the page."""
    app, addresses, navigation = open_page("dogs/sample", seed=7), [], st.navigation

    def note(*pages, **options):
        addresses.append(st.query_params.to_dict())
        page = navigation(*pages, **options)
        addresses.append(st.query_params.to_dict())
        return page

    monkeypatch.setattr(st, "navigation", note)
    go_to(app, "dogs/interpolate")
    assert app.number_input(key="seed").value == 7
    assert [*addresses, app.query_params] == 3 * [{"seed": "7"}]
