"""The map in a real browser: zoomed, dragged, clicked, boxed. benchmarks/map_frames.py measures how smoothly it moves."""

import io

import numpy as np
import pytest
from browser import IDLE, Wire, needs_browser, query, wait_until
from PIL import Image

import aemodels
from aemodels.codes import groups, maps

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]
WIDTH = "(([x1, x2]) => x2 - x1)((new URLSearchParams(location.search).get('map_view') ?? '0,100').split(','))"


@pytest.fixture
def page(new_page, app_url):
    """The map of the 10,000 digits by PCA, once its pictures are there; page.wire is its websocket."""
    page = new_page(viewport={"width": 1440, "height": 1100})
    page.wire = Wire(page)
    page.goto(f"{app_url}/map?layout=pca")
    page.wait_for_selector("[data-shown]:not([data-shown='0'])")
    page.wait_for_selector(IDLE)
    return page


def test_a_zoom_just_before_the_page_is_left_is_not_sent_after_it(page):
    """It would come after the next page's run and leave that page blank."""
    page.wire.is_held = True
    page.wire.sent.clear()
    page.locator("#nearer").evaluate(
        """button => {
            button.click()
            document.querySelector("[data-testid=stSidebarNavLink][href$=training]").click()
        }"""
    )
    page.wait_for_timeout(1000)  # more than twice what a zoom rests before it is sent
    assert len(page.wire.sent) == 1
    page.wire.is_held = False
    page.wire.deliver()
    page.wait_for_function("document.querySelector('h1')?.innerText === 'Training'")


def canvas_of(page):
    return page.locator("#codes")


def centre(page):
    box = canvas_of(page).bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def wait_for(page, key, value=None):
    page.wait_for_function(
        "([key, value]) => { const found = new URLSearchParams(location.search).get(key); return value === null ? found : found === value }",
        arg=[key, value],
    )
    page.wait_for_selector(IDLE)


def pictures_per_area(page):
    """Pictures in view, and how much of the map is seen along x."""
    x1, x2, _y1, _y2 = (float(v) for v in query(page)["map_view"].split(","))
    return int(canvas_of(page).get_attribute("data-shown")) / (x2 - x1) ** 2


def test_a_drag_picks_nothing_and_the_nearer_the_more_pictures_and_the_place_is_in_the_address(page):
    x, y = centre(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 40, steps=5)
    page.mouse.up()
    wait_for(page, "map_view")
    assert query(page).get("map_code", "0") == "0"
    page.mouse.move(x, y)
    densities = []
    for _step in range(3):
        before = query(page).get("map_view")
        page.mouse.wheel(0, -500)
        page.wait_for_function("old => new URLSearchParams(location.search).get('map_view') !== old", arg=before)
        page.wait_for_selector(IDLE)
        densities.append(pictures_per_area(page))
    assert densities[0] * 1.5 < densities[1]
    assert densities[1] * 1.5 < densities[2]


def test_a_click_picks_a_code_and_shows_its_neighbours_and_far_in_the_scene_comes_back_from_its_address(page):
    canvas_of(page).click(position={"x": 300, "y": 300})
    page.wait_for_function("(new URLSearchParams(location.search).get('map_code') ?? '0') !== '0'")
    code = int(query(page)["map_code"])
    ckpt = aemodels.load_checkpoint("mnist-dae")
    nearest = maps.neighbours(maps.flat(ckpt.codes), 8)[0][code]
    shown = page.locator("#neighbours button span:first-of-type").all_inner_texts()
    assert shown == [str(int(ckpt.labels[i])) for i in nearest]
    assert page.locator("#who").inner_text() == f"Code {code}: {int(ckpt.labels[code])}"
    page.locator("#neighbours button").first.click()
    wait_for(page, "map_code", str(nearest[0]))

    canvas_of(page).focus()
    for _step in range(13):
        page.keyboard.press("+")
    page.wait_for_function(WIDTH + " < 0.2")
    page.wait_for_selector(IDLE)
    page.mouse.move(0, 0)
    canvas_of(page).blur()  # as after a reload
    shown = picture_of(page)
    page.reload()
    page.wait_for_selector("[data-shown]:not([data-shown='0'])")
    page.wait_for_selector(IDLE)
    wait_until(page, lambda: np.abs(picture_of(page) - shown).mean() < 1)  # the digits' pictures come by and by


def picture_of(page):
    """The canvas as grey levels (H, W)."""
    return np.asarray(Image.open(io.BytesIO(canvas_of(page).screenshot())).convert("L"), float)


def draw(page, button, corners):
    """With one of the tools, from corner to corner, shares of the canvas."""
    box = canvas_of(page).bounding_box()
    page.locator(f"button#{button}").click()
    for i, (left, top) in enumerate(corners):
        page.mouse.move(box["x"] + left * box["width"], box["y"] + top * box["height"], steps=4)
        if i == 0:
            page.mouse.down()
    page.mouse.up()


def test_a_lasso_and_a_box_make_a_direction(page):
    triangle = [(0.1, 0.4), (0.35, 0.4), (0.1, 0.8)]
    draw(page, "lasso-a", triangle)
    wait_for(page, "by_a", "drawn")
    page.wait_for_function("new URLSearchParams(location.search).has('area_a')")
    corners = [float(number) for number in query(page)["area_a"].split(",")]
    assert 3 <= len(corners) / 2 <= 24
    ckpt = aemodels.load_checkpoint("mnist-dae")
    inside = groups.inside(maps.fit_pca(ckpt.codes).transform(maps.flat(ckpt.codes)), corners)
    assert 10 < len(inside) < 5000
    page.get_by_text(f"The mean of the {len(inside):,} codes of A").wait_for()
    draw(page, "box-b", [(0.7, 0.4), (0.85, 0.6)])
    wait_for(page, "by_b", "drawn")
    page.get_by_text("From A to B:").wait_for()
    page.get_by_text("attribute vector").wait_for()
    page.locator("button#no-groups").click()
    page.get_by_text("attribute vector").wait_for(state="detached")
    page.wait_for_selector(IDLE)
    assert not {"area_a", "area_b"} & query(page).keys()


@pytest.mark.release
def test_a_box_without_an_inside_is_none_and_a_small_one_stays_a_box(page):
    draw(page, "box-a", [(0.1, 0.4), (0.4, 0.4)])
    draw(page, "box-b", [(0.7, 0.4), (0.85, 0.6)])  # what follows is there: what came before is, too
    wait_for(page, "by_b", "drawn")
    assert not query(page).get("by_a")
    page.mouse.move(*centre(page))
    for _step in range(12):
        page.mouse.wheel(0, -500)
    wait_for(page, "map_view")
    left, top = 0.5, 0.5
    draw(page, "box-a", [(left, top), (left + 0.015, top + 0.016)])
    wait_for(page, "by_a", "drawn")
    page.get_by_text("A holds fewer than 3 codes").wait_for()
    assert not page.get_by_text("is neither a box").count()


def test_keys_go_to_other_codes_choose_those_near_them_and_zoom(page):
    canvas_of(page).focus()
    page.wire.is_held = True  # a server that is busy hears the last message alone
    page.wire.sent.clear()
    page.keyboard.press("a")
    page.keyboard.press("ArrowRight")
    wait_until(page, lambda: page.wire.sent and b'"picked":0,' not in page.wire.sent[-1])
    assert b'"a":0,' in page.wire.sent[-1]
    page.wire.is_held = False
    page.wire.deliver()
    wait_for(page, "by_a", "near")
    page.wait_for_function("(new URLSearchParams(location.search).get('map_code') ?? '0') !== '0'")
    page.keyboard.press("b")
    wait_for(page, "by_b", "near")
    page.wait_for_function("new URLSearchParams(location.search).has('near_b')")
    assert query(page)["near_b"] == query(page)["map_code"] != "0"
    page.get_by_text("From A to B:").wait_for()
    canvas_of(page).focus()
    page.keyboard.press("+")
    wait_for(page, "map_view")
