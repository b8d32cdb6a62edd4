"""Films in a real browser: scrubbed, played, stopped, by mouse, keys and the space bar."""

import pytest
from browser import IDLE, needs_browser, query

from aemodels.storage import films

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]


@pytest.fixture
def show(new_page, app_url):
    """show(query, **context options) -> the page once its films are in the browser."""

    def show(address="", **options):
        page = new_page(**{"viewport": {"width": 1440, "height": 1300}, "reduced_motion": "no-preference"} | options)
        page.goto(f"{app_url}/film{address}")
        page.wait_for_selector("figure[data-moment]")
        page.wait_for_selector(IDLE)
        return page

    return show


def share(page):
    return float(page.locator("#time").input_value())


def drawn(page, css):
    """The pixels of the first canvas of that kind."""
    return page.locator(css).first.evaluate("canvas => canvas.toDataURL()")


def wait_for_step(page, step):
    page.wait_for_function("step => new URLSearchParams(location.search).get('film_step') === step", arg=str(step))


def test_space_plays_and_stops_wherever_the_focus_is(show):
    page = show("?film_step=0")
    before = [drawn(page, css) for css in ("canvas.codes", "canvas.grid", ".charts canvas")]
    page.keyboard.press("Space")
    sync_api.expect(page.locator("#play")).to_have_attribute("aria-label", "Pause")
    page.wait_for_function(
        "() => [...document.querySelectorAll('*')].some(e => e.shadowRoot?.querySelector('#time')?.value > 0.25)"
    )
    page.keyboard.press("Space")
    sync_api.expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    stopped = share(page)
    assert [drawn(page, css) for css in ("canvas.codes", "canvas.grid", ".charts canvas")] != before
    page.wait_for_function("Number(new URLSearchParams(location.search).get('film_step')) > 0")
    page.wait_for_selector(IDLE)
    assert share(page) == pytest.approx(stopped, abs=0.02)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0


def test_it_ends_by_itself_and_begins_again(show):
    page = show("?film_step=5000")
    page.locator("#play").click()
    sync_api.expect(page.locator("#play")).to_have_attribute("aria-label", "Play")
    assert share(page) == 1
    page.locator("#play").click()
    sync_api.expect(page.locator("#play")).to_have_attribute("aria-label", "Pause")
    assert share(page) < 0.9


def test_arrow_keys_go_from_moment_to_moment(show):
    page = show("?film_step=0&films=mnist-ae")
    page.locator("#time").focus()
    for _press in range(4):
        page.keyboard.press("ArrowRight")
    wait_for_step(page, 4)
    assert page.locator("#when").inner_text() == "Step 4"
    page.keyboard.press("ArrowLeft")
    wait_for_step(page, 3)
    assert page.locator("figure[data-moment]").first.get_attribute("data-moment") == "3"


def test_a_click_on_a_curve_goes_there_in_all_films(show):
    page = show("?film_step=0")
    before = drawn(page, "canvas.grid")
    box = page.locator(".charts canvas").first.bounding_box()
    page.mouse.click(box["x"] + 0.8 * box["width"], box["y"] + box["height"] / 2)
    page.wait_for_function("Number(new URLSearchParams(location.search).get('film_step')) > 20")
    moments = [f.get_attribute("data-moment") for f in page.locator("figure[data-moment]").all()]
    assert len(set(moments)) == 1
    assert int(moments[0]) > 5
    assert drawn(page, "canvas.grid") != before
    assert page.locator("#time").get_attribute("aria-valuetext") == page.locator("#when").inner_text()


def test_who_wants_no_motion_gets_moment_after_moment(show):
    page = show("?film_step=20&films=mnist-ae", reduced_motion="reduce")
    when = page.locator("#when")
    shown = [when.inner_text()]
    page.locator("#play").click()
    for _moment in range(3):
        sync_api.expect(when).not_to_have_text(shown[-1])
        shown.append(when.inner_text())
    assert set(shown) <= {f"Step {step:,}" for step in films.load_film("mnist-ae").steps}


def test_one_digit_alone(show):
    page = show("?films=mnist-ae")
    before = drawn(page, "canvas.codes")
    page.get_by_role("button", name="3", exact=True).click()
    assert drawn(page, "canvas.codes") != before
    assert "film_step" not in query(page)
