"""Scenes on the way from page to page, without a browser: what the address holds, and when."""

import gc
import weakref

import streamlit as st
from apptest import collected, go_to, open_page


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


def test_a_link_with_a_scene_to_a_page_seen_before_keeps_the_language(without_photos):
    """The step M4 of the route on Home leads to the page of M2."""
    app = go_to(open_page("dogs/sample", lang="zh"), "about/home")
    app.query_params.clear()
    app.query_params["seed"] = "2"  # as the link has it
    go_to(app, "dogs/sample")
    assert app.title[0].value == "采样"
    assert app.query_params == {"seed": "2", "lang": "zh"}


def test_what_a_page_held_is_let_go_with_the_page(without_photos, quickly):
    """Of a class that looks at every page, the panels of all pages would fill the memory."""
    app = open_page("dogs/interpolate")
    app.button(key="again").click().run()
    (shown,) = app.session_state["exports"].values()
    draw = weakref.ref(shown[1])  # its scene hangs on it
    del shown
    go_to(app, "dogs/sample")
    app.button(key="add_to_report").click().run()
    assert [panel.title for panel in collected(app)] == ["Sample"]
    assert {place for place, _ in app.session_state["exports"]} == {"dogs-sample"}
    gc.unfreeze()  # the app sets aside what is alive now and then
    gc.collect()
    assert draw() is None


def test_a_click_stands_when_the_next_one_comes_with_the_address_from_before(without_photos, quickly):
    """The browser sends along the address that it has, and may not have heard of the last click's yet."""
    app = open_page("dogs/sample")
    for sampler in ("diagonal", "mixture", "standard"):
        app.session_state["sampler"] = sampler
        app.run()
        assert app.query_params["sampler"] == sampler
        del app.query_params["sampler"]
        app.button(key="again").click().run()
        assert app.query_params["sampler"] == app.session_state["sampler"] == sampler
    app.query_params["sampler"] = "diagonal"
    app.button(key="again").click().run()
    assert app.query_params["sampler"] == app.session_state["sampler"] == "standard"


def test_training_shows_the_data_set_of_the_page_before(without_photos, quickly):
    app = open_page("any/map", data="Stanford Dogs", model="dog-noise-0.10")
    app.query_params.clear()  # as Streamlit does on the way to another page
    go_to(app, "about/training")
    assert app.segmented_control(key="data").value == "Stanford Dogs"


def test_a_choice_of_another_view_leaves_the_address_and_waits_in_the_visit(without_photos, quickly):
    app = open_page("dogs/noise_regularised", psnr="psnr_of_mean_mse_db")
    app.session_state["noise_view"] = "samples"
    app.run()
    assert "psnr" not in app.query_params
    app.session_state["noise_view"] = "psnr"
    app.run()
    assert app.query_params["psnr"] == app.session_state["psnr"] == "psnr_of_mean_mse_db"
