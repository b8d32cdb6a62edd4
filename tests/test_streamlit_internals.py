"""Streamlit's inside: what is used of it is there, and without it every page is shown all the same."""

import pytest
from apptest import go_to, open_page
from streamlit.testing.v1 import AppTest


def test_all_that_is_used_of_streamlits_inside_is_there():
    def use_all():
        import streamlit as st

        from pages.parts.shared import streamlit_internals

        page = st.navigation([st.Page(lambda: None, title="Home", url_path="home")])
        run = streamlit_internals.this_run()
        streamlit_internals.set_address({"seed": "7"})
        st.number_input("Seed", key="seed", value=1, bind="query-params")
        st.json({"key": streamlit_internals.key(page), "history": run.is_history_navigation, "address": run.address})

    app = AppTest.from_function(use_all)
    app.query_params["model"] = "plain"
    app.run()
    assert not app.exception, app.exception[0].message
    assert '"history": false, "address": {"model": "plain"}' in app.json[0].value
    assert app.number_input[0].value == 7


def test_without_it_the_pages_stand_and_the_terminal_says_what_is_missing(monkeypatch):
    monkeypatch.setattr("streamlit.runtime.scriptrunner.get_script_run_ctx", object)
    with pytest.warns(match=r"Streamlit .* no attribute 'query_string'.* Install streamlit=="):
        app = go_to(open_page("dogs/sample", seed=7), "dogs/interpolate")
    assert app.title[0].value == "Interpolate"
