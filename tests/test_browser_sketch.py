"""Drawing a digit on the page "Denoise", in a real browser."""

import re

import pytest
from browser import IDLE, PICTURE, needs_browser

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

PATH = "mnist-denoise?digits=Draw+one"
ONE = [(0.5, 0.2), (0.5, 0.8)]
BAR = [(0.3, 0.5), (0.7, 0.5)]


@pytest.fixture
def visit(new_page, app_url):
    """visit(path) -> the page, cold, with its drawing box."""

    def visit(path, **options):
        page = new_page(**options)
        page.goto(f"{app_url}/{path}")
        page.locator("canvas[aria-label]").wait_for()  # before, it does not listen
        page.locator(".st-key-notice").wait_for()
        page.wait_for_selector(IDLE)
        return page

    return visit


def draw(page, stroke):
    box = page.locator("canvas").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in stroke]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=8)
    page.mouse.up()


def wait_for_strokes(page, num_strokes):
    """Waits until the address holds so many strokes and the page stands still; returns them."""
    page.wait_for_function(
        "n => (new URLSearchParams(location.search).get('sketch') ?? '').split('-').filter(s => s).length === n",
        arg=num_strokes,
    )
    page.wait_for_selector(IDLE)
    strokes = re.search(r"[?&]sketch=([\d-]+)", page.url)
    return strokes[1].split("-") if strokes else []


def ink(page):
    """Share of the box that is drawn on, and the middle of that, in shares of the box."""
    return page.locator("canvas").evaluate(
        """canvas => {
            const { data, width, height } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height)
            let count = 0, x = 0, y = 0
            for (let i = 0; i < width * height; i++)
                if (data[4 * i + 3] > 128) { count++; x += i % width; y += Math.floor(i / width) }
            return count ? [count / (width * height), x / count / width, y / count / height] : [0, null, null]
        }"""
    )


def test_a_drawn_digit_is_denoised_and_found_again_by_its_url(visit):
    page = visit(PATH)
    assert page.locator(PICTURE).count() == 0
    assert ink(page)[0] == 0
    draw(page, ONE)
    (stroke,) = wait_for_strokes(page, 1)
    assert re.fullmatch(r"(\d{4}){2,}", stroke)
    assert all(abs(int(stroke[i : i + 2]) - 50) <= 1 for i in range(0, len(stroke), 4))
    assert int(stroke[2:4]) == pytest.approx(20, abs=1)
    assert int(stroke[-2:]) == pytest.approx(80, abs=1)
    sync_api.expect(page.locator(PICTURE)).to_have_count(1)
    share, x, y = ink(page)
    assert share == pytest.approx(0.6 * 0.085, rel=0.25)
    assert (x, y) == pytest.approx((0.5, 0.5), abs=0.02)
    first = page.locator(".st-key-notice").inner_text()

    draw(page, BAR)
    assert len(wait_for_strokes(page, 2)) == 2
    sync_api.expect(page.locator(".st-key-notice")).not_to_have_text(first, use_inner_text=True)
    page.wait_for_selector(IDLE)
    shown = page.locator(".st-key-notice").inner_text()
    assert shown != first

    again = visit(page.url.rpartition("/")[2])
    sync_api.expect(again.locator(PICTURE)).to_have_count(1)
    assert again.locator(".st-key-notice").inner_text() == shown
    assert ink(again) == pytest.approx(ink(page))


def test_undo_and_clear_work_with_the_keyboard(visit):
    page = visit(PATH)
    undo, clear = (page.get_by_role("button", name=name) for name in ("Undo", "Clear"))
    assert undo.is_disabled()
    assert clear.is_disabled()
    draw(page, ONE)
    only = wait_for_strokes(page, 1)
    draw(page, BAR)
    wait_for_strokes(page, 2)
    undo.focus()
    page.keyboard.press("Enter")
    assert wait_for_strokes(page, 1) == only
    clear.focus()
    page.keyboard.press("Enter")
    wait_for_strokes(page, 0)
    assert ink(page)[0] == 0
    sync_api.expect(page.locator(PICTURE)).to_have_count(0)
    assert undo.is_disabled()


def test_strokes_drawn_while_the_page_computes_are_kept(visit):
    page = visit(PATH)
    for i in range(5):
        draw(page, [(0.1 + 0.2 * i, 0.2), (0.1 + 0.2 * i, 0.8)])  # no waiting between them
    strokes = wait_for_strokes(page, 5)
    assert [int(stroke[:2]) for stroke in strokes] == pytest.approx([10, 30, 50, 70, 90], abs=1)
    assert ink(page)[0] > 3 * 0.6 * 0.085


def test_a_drawing_is_kept_through_other_digits_and_pages(visit):
    page = visit(PATH)
    draw(page, ONE)
    before = wait_for_strokes(page, 1)
    page.get_by_role("radio", name="Test digits").or_(page.get_by_role("button", name="Test digits")).click()
    page.locator("canvas").wait_for(state="detached")
    page.get_by_role("link", name="Training").click()
    page.get_by_role("heading", name="Training", exact=True).wait_for()
    page.get_by_role("link", name="Denoise").click()
    page.get_by_role("radio", name="Draw one").or_(page.get_by_role("button", name="Draw one")).click()
    page.locator("canvas[aria-label]").wait_for()
    assert wait_for_strokes(page, 1) == before
    assert ink(page)[0] > 0


def test_drawing_with_a_finger(visit):
    page = visit(PATH, has_touch=True, viewport={"width": 390, "height": 844})
    box = page.locator("canvas").bounding_box()
    page.touchscreen.tap(box["x"] + 0.5 * box["width"], box["y"] + 0.5 * box["height"])
    assert wait_for_strokes(page, 1)[0] in {"4949", "5050", "4950", "5049"}
    sync_api.expect(page.locator(PICTURE)).to_have_count(1)
    main = page.locator('[data-testid="stMain"]')
    assert main.evaluate("e => e.scrollWidth <= e.clientWidth")
