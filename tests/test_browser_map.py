"""The map in a real browser: zoomed, dragged, clicked, boxed. benchmarks/map_frames.py measures how smoothly it moves."""

import pytest
from browser import IDLE, needs_browser, query

import aemodels
from aemodels.codes import maps

pytest.importorskip("playwright.sync_api")
pytestmark = needs_browser


@pytest.fixture
def page(new_page, app_url):
    """The map of the 10,000 digits by PCA, once its pictures are there."""
    page = new_page(viewport={"width": 1440, "height": 1100})
    page.goto(f"{app_url}/map")
    page.wait_for_selector("[data-shown]:not([data-shown='0'])")
    page.wait_for_selector(IDLE)
    return page


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


def test_the_nearer_the_more_pictures_and_the_place_is_in_the_address(page):
    page.mouse.move(*centre(page))
    densities = []
    for _step in range(3):
        before = query(page).get("map_view")
        page.mouse.wheel(0, -500)
        page.wait_for_function("old => new URLSearchParams(location.search).get('map_view') !== old", arg=before)
        page.wait_for_selector(IDLE)
        densities.append(pictures_per_area(page))
    assert densities[0] * 1.5 < densities[1]
    assert densities[1] * 1.5 < densities[2]


def test_a_click_picks_a_code_and_shows_its_neighbours(page):
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


def test_keys_go_to_other_codes_and_zoom(page):
    canvas_of(page).focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("(new URLSearchParams(location.search).get('map_code') ?? '0') !== '0'")
    page.keyboard.press("+")
    wait_for(page, "map_view")


def test_a_drag_moves_the_map_and_picks_nothing(page):
    x, y = centre(page)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y + 40, steps=5)
    page.mouse.up()
    wait_for(page, "map_view")
    assert query(page).get("map_code", "0") == "0"


def test_two_boxes_make_a_direction(page):
    box = canvas_of(page).bounding_box()
    for letter, (left, top) in (("a", (0.15, 0.5)), ("b", (0.75, 0.5))):
        page.locator(f"button#{letter}").click()
        x, y = box["x"] + left * box["width"], box["y"] + top * box["height"]
        page.mouse.move(x, y)
        page.mouse.down()
        page.mouse.move(x + 80, y + 80, steps=4)
        page.mouse.up()
        wait_for(page, f"box_{letter}")
    page.get_by_text("From A to B:").wait_for()
    page.get_by_text("attribute vector").wait_for()
