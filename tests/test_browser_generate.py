"""In a browser: the page Generate draws, scrubs from noise to code, and fills in cells that are cut out of the picture."""

import re

import pytest
from browser import IDLE, needs_browser, query

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]


def source(page, alt):
    """Of the picture with this alternative text, once it is there."""
    picture = page.get_by_alt_text(re.compile(alt)).first
    picture.wait_for()
    page.wait_for_selector(IDLE)
    return picture.get_attribute("src")


def in_address(page, key, value):
    page.wait_for_function(
        "([k, v]) => new URLSearchParams(location.search).getAll(k).join('; ') === v", arg=[key, value]
    )


def holes(page):
    return page.locator(".st-key-holes [data-tag] span[title]").all_inner_texts()


def test_draw_scrub_and_cut_cells_out(new_page, app_url_with_photos):
    page = new_page(viewport={"width": 1440, "height": 1500})
    page.goto(f"{app_url_with_photos}/generate?seed=3&steps=4")
    nine = "^Left nine samples of the prior"
    first = source(page, nine)
    page.keyboard.press("n")
    in_address(page, "seed", "4")
    page.wait_for_function(
        "([css, old]) => document.querySelector(css)?.src.includes(old) === false",
        arg=[f"img[alt^='{nine[1:]}']", first],
    )

    page.get_by_role("radio", name="From noise to picture").click()
    before = source(page, "^Nine samples at step 2 of 4")
    page.locator(".st-key-moment").get_by_role("slider").focus()
    page.keyboard.press("ArrowRight")
    assert source(page, "^Nine samples at step 3 of 4") != before
    in_address(page, "moment", "3")

    page.get_by_role("radio", name="Fill in cells").click()
    page.get_by_role("button", name="None", exact=True).click()
    page.get_by_text("No cell is cut out").wait_for()
    page.wait_for_selector(IDLE)
    whole = source(page, "^Filled in by the prior, nine times$")
    canvas = page.locator(".st-key-holes_picture canvas[aria-label]")  # before, it does not listen
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    step = box["width"] / 8
    canvas.click(position={"x": 1.5 * step, "y": 0.5 * step})
    page.get_by_text("1, 2", exact=True).wait_for()
    assert source(page, "^Filled in by the prior, nine times$") != whole
    canvas.focus()
    page.keyboard.press("ArrowRight")  # the frame alone
    page.keyboard.press("Enter")
    page.get_by_text("1, 3", exact=True).wait_for()
    sync_api.expect(canvas).to_have_attribute("aria-label", re.compile("Row 1, column 3: cut out"))
    assert canvas.bounding_box() == box  # nothing has moved below the hand
    page.mouse.move(box["x"] + 1.5 * step, box["y"] + 1.5 * step)
    page.mouse.down()
    page.mouse.move(box["x"] + 3.5 * step, box["y"] + 1.5 * step, steps=8)
    page.mouse.up()
    page.get_by_text("2, 4", exact=True).wait_for()
    page.wait_for_selector(IDLE)
    assert holes(page) == ["1, 2", "1, 3", "2, 2", "2, 3", "2, 4"]
    canvas.click(position={"x": 1.5 * step, "y": 0.5 * step})  # put back
    page.get_by_text("1, 2", exact=True).wait_for(state="detached")
    page.wait_for_selector(IDLE)
    shown = source(page, "^Filled in by the prior, nine times$")
    assert query(page)["view"] == "filling"

    again = new_page(viewport={"width": 1440, "height": 1500})
    again.goto(page.url)
    assert source(again, "^Filled in by the prior, nine times$") == shown
    cut_out = again.locator(".st-key-holes [data-tag] span[title]")
    sync_api.expect(cut_out).to_have_text(["1, 3", "2, 2", "2, 3", "2, 4"])
