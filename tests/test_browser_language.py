"""The language in a real browser: the switch, its address, and what stays as it was."""

import pytest
from apptest import png_file
from browser import PICTURE, needs_browser, query, settle, wait_for_new_picture

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.release, needs_browser]


def switch(page, name, title):
    page.get_by_role("radio", name=name, exact=True).click()
    wait(page, title)


def wait(page, title):
    page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=title)
    settle(page)


def test_a_chinese_browser_is_spoken_to_in_chinese(new_page, app_url):
    page = new_page(locale="zh-CN")
    page.goto(f"{app_url}/training")
    wait(page, "训练")
    assert query(page) == {}
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    assert page.title() == "训练 · Latent Lab"
    switch(page, "English", "Training")
    assert query(page) == {"lang": "en"}
    page.reload()
    wait(page, "Training")
    assert page.evaluate("document.documentElement.lang") == "en"


def test_it_stays_from_page_to_page_and_on_the_way_back(new_page, app_url):
    page = new_page()
    page.goto(f"{app_url}/mnist-path?seed=7")
    wait(page, "Path")
    switch(page, "简体中文", "路径")
    page.locator('[data-testid="stSidebarNav"]').get_by_role("link", name="训练", exact=True).click()
    wait(page, "训练")
    assert query(page)["lang"] == "zh"
    page.go_back()
    wait(page, "路径")
    assert page.locator(".st-key-seed input").input_value() == "7"
    page.go_forward()
    wait(page, "训练")
    assert query(page)["lang"] == "zh"


def test_a_picture_that_was_uploaded_stays(new_page, app_url):
    page = new_page()
    page.goto(f"{app_url}/dogs-reconstruct?photos=own&seed=7")
    wait(page, "Reconstruct")
    before = page.locator(PICTURE).first.get_attribute("src")
    photo = {"name": "ramp.png", "mimeType": "image/png", "buffer": png_file()}
    page.locator('input[type="file"]').set_input_files(photo)
    wait_for_new_picture(page, before)
    switch(page, "简体中文", "重建")
    sync_api.expect(page.get_by_text("ramp.png").first).to_be_visible()
    assert query(page) == {"photos": "own", "seed": "7", "lang": "zh"}


def test_the_switch_can_be_reached_in_a_narrow_window_and_does_not_widen_it(new_page, app_url):
    page = new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{app_url}/training")
    wait(page, "Training")
    ends = (
        "element => element.getBoundingClientRect().bottom - document.querySelector('h1').getBoundingClientRect().top"
    )
    assert page.locator(".st-key-language").evaluate(ends) <= 12  # a heading's box has some air on top
    switch(page, "简体中文", "训练")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
