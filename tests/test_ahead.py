"""Scenes that are ready before they are asked for."""

import threading
import time
from types import SimpleNamespace

import pytest
from apptest import go_to, open_page
from streamlit.testing.v1 import AppTest

from aemodels import language
from pages.parts.shared import ahead, turns


def page():
    import streamlit as st

    from pages.parts.shared import ahead, controls

    model = st.segmented_control("Model", ["a", "b"], default="a", key="model")
    computed = st.session_state.setdefault("computed", [])

    def compute(seed):
        computed.append(f"{model}{seed}")
        return f"scene {seed} of {model}"

    st.text(ahead.scene(compute, controls.seed_control(), "test", model))
    ahead.prepare_next()


@pytest.fixture
def app():
    ahead._place.clear()
    return AppTest.from_function(page).run()


def shown(app):
    assert not app.exception
    return app.text[0].value, app.session_state.computed


def test_a_first_look_computes_nothing_ahead(app):
    assert shown(app) == ("scene 1 of a", ["a1"])


def test_who_draws_again_finds_the_next_scene_ready(app):
    assert shown(app.button("again").click().run()) == ("scene 2 of a", ["a1", "a2", "a3"])
    assert shown(app.button("again").click().run()) == ("scene 3 of a", ["a1", "a2", "a3", "a4"])


def test_the_browser_draws_the_page_before_the_next_scene_is_made(app, monkeypatch):
    made = []  # when the rest began
    monkeypatch.setattr(ahead, "time", SimpleNamespace(sleep=lambda seconds: made.extend(app.session_state.computed)))
    assert shown(app.button("again").click().run()) == ("scene 2 of a", ["a1", "a2", "a3"])
    assert made == ["a1", "a2"]


def test_a_page_with_a_fragment_gives_its_turn_back_before_the_next_scene_is_made(monkeypatch):
    app, free, all_free = open_page("mnist/latent_plane"), [], turns.of_pages.num_free()
    monkeypatch.setattr(ahead, "time", SimpleNamespace(sleep=lambda _s: free.append(turns.of_pages.num_free())))
    app.button("again").click().run()
    assert free == [all_free]


def test_another_model_has_scenes_of_its_own(app):
    app.button("again").click().run()
    app.session_state.computed.clear()
    assert shown(app.segmented_control("model").set_value("b").run()) == ("scene 2 of b", ["b2", "b3"])


def test_another_language_has_scenes_of_its_own(app, monkeypatch):
    monkeypatch.setattr(language, "_asked", lambda: "zh")
    assert shown(app.run()) == ("scene 1 of a", ["a1", "a1"])


def test_a_second_visitor_is_shown_what_the_first_had_computed(app):
    assert shown(AppTest.from_function(page).run()) == ("scene 1 of a", [])


def test_a_page_that_was_left_has_nothing_computed_any_more():
    app, computed = open_page("mnist/path"), []
    app.button("again").click().run()
    app.session_state["next_scenes"] = {
        "path": (3, "en", ("path",), computed.append)
    }  # as a run of its fragment leaves it
    go_to(app, "about/training")
    assert computed == []


@pytest.mark.parametrize("are_waiting", [False, True])
def test_what_is_there_already_is_shown_only_where_nobody_waits_for_a_turn(are_waiting, monkeypatch):
    def short_page():
        import streamlit as st

        from pages.parts.shared import ahead

        st.text(ahead.scene(str, 1, "short", meanwhile=lambda: st.text("the photos alone")))

    ahead._place.clear()
    full = turns.Turns(1)
    monkeypatch.setattr(turns, "of_pages", full)
    done = threading.Event()

    def wait():
        with full.take():
            done.wait()

    visitors = [threading.Thread(target=wait) for _ in range(1 + are_waiting)]
    for visitor in visitors:
        visitor.start()
    while full.has_waiting() != are_waiting or full.num_free():
        time.sleep(0.01)
    app = AppTest.from_function(short_page).run()
    done.set()
    for visitor in visitors:
        visitor.join()
    assert [text.value for text in app.text] == (["1"] if are_waiting else ["the photos alone", "1"])
