"""The language of a visit: where it comes from, where it goes along, and what a switch leaves as it was."""

import threading

import pytest
import streamlit as st
from apptest import go_to, open_page, start
from streamlit.testing.v1 import AppTest

from aemodels import language
from pages.parts.shared import languages


def switch(app, to):
    app.segmented_control(key="lang").set_value(to).run()
    assert not app.exception
    return app


def spoken(app):
    return app.segmented_control(key="lang").value


@pytest.mark.parametrize(("browser", "expected"), [("zh-CN", "zh"), ("en-GB", "en"), ("de", "en"), (None, "en")])
def test_at_first_it_is_the_browsers_and_the_address_needs_not_tell(browser, expected, monkeypatch):
    monkeypatch.setattr(type(st.context), "locale", browser)
    app = open_page("about/training")
    assert spoken(app) == expected
    assert app.title[0].value == {"en": "Training", "zh": "训练"}[expected]
    assert "lang" not in app.query_params


@pytest.mark.parametrize("browser", ["zh-CN", "en-GB"])
@pytest.mark.parametrize("told", ["en", "zh"])
def test_an_address_that_tells_one_is_followed(told, browser, monkeypatch):
    monkeypatch.setattr(type(st.context), "locale", browser)
    app = go_to(start(lang=told), "about/training")
    assert (spoken(app), app.query_params["lang"]) == (told, told)


def test_an_address_that_tells_none_that_there_is(monkeypatch):
    app = start(lang="xx")
    assert (spoken(app), app.query_params["lang"]) == ("en", "en")


def test_the_switch_stands_when_the_next_click_comes_with_the_address_from_before():
    app = switch(go_to(start(lang="en"), "about/training"), "zh")
    app.query_params["lang"] = "en"  # the browser has not heard of the other one yet
    app.run()
    assert (app.title[0].value, app.query_params["lang"]) == ("训练", "zh")


def test_the_switch_is_in_the_address_and_goes_along():
    app = switch(open_page("about/training"), "zh")
    assert (app.title[0].value, app.query_params["lang"]) == ("训练", "zh")
    go_to(app, "about/home")
    assert app.query_params["lang"] == "zh"
    assert "模型" in [header.value for header in app.header]
    switch(app, "en")
    assert "Models" in [header.value for header in app.header]
    assert app.query_params["lang"] == "en"


@pytest.mark.usefixtures("without_photos")
def test_a_switch_leaves_every_widget_as_it_was():
    app = open_page("dogs/perturb", seed=7)
    app.segmented_control(key="model").set_value("dog-noise-0.10").run()
    app.segmented_control(key="codes").set_value("samples").run()
    app.slider(key="variance").set_value(0.75).run()
    before = app.query_params
    for to in ("zh", "en"):
        switch(app, to)
        assert app.number_input(key="seed").value == 7
        assert app.segmented_control(key="model").value == "dog-noise-0.10"
        assert app.segmented_control(key="codes").value == "samples"
        assert app.slider(key="variance").value == 0.75
        assert app.query_params == before | {"lang": to}


@pytest.mark.usefixtures("without_photos")
@pytest.mark.parametrize("told", ["en", "zh"])
@pytest.mark.parametrize("codes", ["samples", "Nine Gaussian samples"])
def test_an_address_of_an_older_version_is_understood_in_both_languages(codes, told):
    app = open_page("dogs/perturb", codes=codes, lang=told)
    assert app.segmented_control(key="codes").value == "samples"
    assert app.query_params["codes"] == "samples"


def test_callbacks_and_fragments_speak_it_and_two_visitors_may_differ():
    def page():
        import streamlit as st

        from aemodels import language
        from pages.parts.shared import languages

        language.ask(languages.of_visitor)
        languages.settle()

        def note():
            st.session_state.said = language.current()

        @st.fragment
        def fragment():
            st.text(language.current())

        st.button("Note", key="note", on_click=note)
        fragment()

    visitors = {}
    for told in ("zh", "en"):
        visitors[told] = AppTest.from_function(page)
        visitors[told].query_params["lang"] = told
        visitors[told].run()
    for told, app in visitors.items():
        app.button(key="note").click().run()
        assert (app.session_state.said, app.text[0].value) == (told, told)


def test_where_there_is_no_visitor_it_is_english(monkeypatch, caplog):
    monkeypatch.setattr(language, "_asked", languages.of_visitor)
    said = []
    thread = threading.Thread(target=lambda: said.append(language.current()))
    thread.start()
    thread.join()
    assert said == ["en"]
    assert not caplog.records


def test_a_page_of_many_words_asks_for_it_no_more_often_than_one_of_few(monkeypatch):
    asked, of_visitor = [], languages.of_visitor
    monkeypatch.setattr(languages, "of_visitor", lambda: asked.append(1) or of_visitor())
    times = []
    for page in ("about/report", "about/training"):
        asked.clear()
        open_page(page)
        times.append(len(asked))
    assert times[0] == times[1] > 0
