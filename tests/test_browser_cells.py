"""In a browser: the canvases of the page Reconstruct, its camera, and the pictures on the home page that are links."""

import io
import re

import numpy as np
import pytest
import torch
from browser import IDLE, PICTURE, needs_browser, picture_bytes, query, settle, wait_until
from PIL import Image

import aemodels

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

COUNT_CAMERA = """
window.asked = 0
const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices)
navigator.mediaDevices.getUserMedia = (wish) => { window.asked += 1; return ask(wish) }
"""


@pytest.fixture
def visit(new_page, app_url):
    """visit(path) -> the page, cold, as soon as it has a title."""

    def visit(path):
        page = new_page(viewport={"width": 1440, "height": 1400})
        page.add_init_script(COUNT_CAMERA)
        page.goto(f"{app_url}/{path}")
        page.wait_for_selector("h1")
        return page

    return visit


def canvas(page, key):
    """The canvas of this key once it listens: before, it has no name."""
    return page.locator(f".st-key-{key} canvas[aria-label]")


def click_cell(page, key, row, column, side):
    """Clicks the middle of a cell, counted from 1."""
    box = canvas(page, key).bounding_box()
    x, y = ((i - 0.5) / side * box["width"] for i in (column, row))
    canvas(page, key).click(position={"x": x, "y": y})


def wait_for_picture(page, alt):
    picture = page.get_by_alt_text(re.compile(alt)).first
    picture.wait_for()
    page.wait_for_function("e => e.complete && e.naturalWidth", arg=picture.element_handle())
    return picture


def pixels(page, picture):
    return np.asarray(Image.open(io.BytesIO(picture_bytes(page, picture))).convert("RGB")).astype(float) / 255


def test_a_cell_is_clicked_dragged_and_moved_by_keys_and_found_again_by_its_url(visit):
    page = visit("dogs-reconstruct?seed=3&photo=2")
    click_cell(page, "cells", 7, 2, side=8)
    changed = wait_for_picture(page, "^Where picture 2 changes when cell 7, 2 is scaled by 0$")
    page.wait_for_function("new URLSearchParams(location.search).get('cell') === '7, 2'")
    difference = pixels(page, changed)
    step = difference.shape[0] // 8
    blocks = difference.reshape(8, step, 8, step, 3).mean((1, 3, 4))
    assert np.unravel_index(blocks.argmax(), (8, 8)) == (6, 1)

    settle(page)  # what stands above has its height
    box = canvas(page, "cells").bounding_box()
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 0.3 * box["height"])
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 0.55 * box["height"], steps=6)
    page.mouse.up()
    wait_for_picture(page, "when cell 5, 6 is scaled")

    canvas(page, "cells").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowRight")
    shown = pixels(page, wait_for_picture(page, "when cell 3, 7 is scaled"))
    page.wait_for_function("new URLSearchParams(location.search).get('cell') === '3, 7'")
    sync_api.expect(canvas(page, "cells")).to_have_attribute("aria-label", re.compile("row 3, column 7"))
    assert query(page) | {"part": "cell", "cell": "3, 7", "photo": "2"} == query(page)

    again = visit(page.url.rpartition("/")[2])
    assert np.array_equal(pixels(again, wait_for_picture(again, "^Where picture 2 .* cell 3, 7 ")), shown)


def test_back_shows_the_cell_picked_before(visit):
    page = visit("dogs-reconstruct?seed=3")
    for row, column in ((1, 8), (5, 2)):
        click_cell(page, "cells", row, column, side=8)
        wait_for_picture(page, f"when cell {row}, {column} is scaled")
        page.wait_for_function(
            "cell => new URLSearchParams(location.search).get('cell') === cell", arg=f"{row}, {column}"
        )
        page.wait_for_selector(IDLE)
    page.go_back()
    wait_for_picture(page, "when cell 1, 8 is scaled")
    assert query(page) | {"part": "cell", "cell": "1, 8"} == query(page)


def test_a_channel_is_clicked_and_its_picture_is_the_decoder_s(visit):
    page = visit("dogs-reconstruct?seed=3&gain=-2")
    canvas(page, "cells").wait_for()
    settle(page)  # what stands above it has grown to its height
    before = canvas(page, "cells").bounding_box()
    click_cell(page, "cells", 1, 1, side=8)
    wait_for_picture(page, "when cell 1, 1 is scaled by -2$")
    click_cell(page, "channels", 3, 2, side=4)  # the tenth, in rows of four
    picture = wait_for_picture(page, "^Picture 1, channel 10 times -2$")
    page.wait_for_selector(IDLE)
    assert canvas(page, "cells").bounding_box() == before  # nothing has jumped
    ckpt = aemodels.load_checkpoint("dog-ae")
    index = torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(3))[0]
    z, mean = ckpt.codes[index].clone(), ckpt.codes.mean(0)
    z[9] = mean[9] - 2 * (z[9] - mean[9])
    expected = (ckpt.model.decode(z[None])[0].permute(1, 2, 0).numpy() * 255).round().astype(np.uint8)
    enlarged = np.asarray(Image.fromarray(expected).resize((384, 384), Image.Resampling.LANCZOS)) / 255
    assert np.abs(pixels(page, picture) - enlarged).max() < 1.5 / 255


def test_the_slow_charts_come_by_themselves(visit):
    page = visit("dogs-reconstruct")
    for key in ("channel_worth", "reach"):
        page.locator(f".st-key-{key} .main-svg").first.wait_for()
    assert page.locator(".st-key-channel_worth .bars .point").count() == 16
    page.wait_for_selector(IDLE)
    page.wait_for_timeout(1500)  # several times the pace of the steps: nothing goes on running
    assert page.locator(IDLE).count() == 1


def test_a_cell_picked_while_the_slow_charts_are_measured_stays_picked(new_page, app_url):
    """Each message carries the values of all widgets: one sent before the answer to a pick would undo the pick."""
    sent, on_its_way = [], []

    def connect(socket):
        server = socket.connect_to_server()

        def ask(message):
            sent.append(message)
            if b'"cell"' in message:
                on_its_way.append((server, message))
            else:
                server.send(message)

        socket.on_message(ask)
        server.on_message(socket.send)

    page = new_page(viewport={"width": 1440, "height": 1400})
    page.route_web_socket(re.compile("_stcore/stream"), connect)
    page.goto(f"{app_url}/dogs-reconstruct?seed=77&part=A+cell&cell=5,+6")
    page.get_by_text("Knocking out each channel").wait_for()
    click_cell(page, "cells", 3, 7, side=8)
    wait_until(page, lambda: bool(on_its_way))
    page.wait_for_timeout(1000)  # several times what lies between two steps of the measurement
    ((server, pick),) = on_its_way
    assert sent[-1] is pick
    server.send(pick)
    page.locator(".st-key-channel_worth .main-svg").first.wait_for()
    page.wait_for_selector(IDLE)
    page.get_by_alt_text("Where picture 1 changes when cell 3, 7 is scaled by 0").wait_for()
    assert query(page) | {"cell": "3, 7"} == query(page)


# Keeps the function by which the page asks for its next measurement, so that a test can call it in any moment.
CATCH_THE_PACER = """
    const setTimeoutOfBrowser = window.setTimeout
    window.setTimeout = (run, ...rest) => {
        if (typeof run === "function" && String(run).includes("latentLabUnanswered")) window.ask = run
        return setTimeoutOfBrowser(run, ...rest)
    }
"""


@pytest.mark.parametrize(
    ("seed", "choice", "shown"),
    [
        (78, ".st-key-code", {"code": "colours"}),
        (88, ".st-key-part", {"part": "cell"}),
    ],
)
def test_what_is_clicked_in_the_moment_of_a_measurement_is_drawn(new_page, app_url, seed, choice, shown):
    """Streamlit sends the two as one message, which asks for the measurement alone."""
    page = new_page(viewport={"width": 1440, "height": 1400})
    page.add_init_script(CATCH_THE_PACER)
    page.goto(f"{app_url}/dogs-reconstruct?seed={seed}")
    page.get_by_text("Knocking out each channel").wait_for()
    page.wait_for_function("typeof window.ask === 'function'")
    page.wait_for_selector(IDLE)
    before = page.locator(PICTURE).evaluate_all("images => images.map(i => i.src)")
    page.evaluate("css => { document.querySelector(css).click(); window.ask() }", f"{choice} button:last-child")
    page.wait_for_function(
        """([css, before]) => [...document.querySelectorAll(css)].some(i => !before.includes(i.src))""",
        arg=[PICTURE, before],
    )
    page.locator(".st-key-channel_worth .main-svg").first.wait_for()
    assert query(page) | shown == query(page)


def test_the_camera_is_asked_for_only_when_it_is_chosen_and_shots_add_up(visit):
    page = visit("dogs-reconstruct")
    page.locator(".st-key-channel_worth .main-svg").first.wait_for()
    assert page.evaluate("window.asked") == 0
    page.get_by_text("Camera", exact=True).click()
    for number in (1, 2):
        if number == 2:
            page.get_by_role("button", name=re.compile("Clear photo")).click()
        # One second after it appeared, Streamlit starts the camera anew, and what is clicked meanwhile is lost.
        page.wait_for_function("document.querySelector('video')?.currentTime > 1.2")
        page.get_by_role("button", name=re.compile("Take Photo")).click()
        sync_api.expect(page.locator(".st-key-notice")).to_contain_text(
            "This photo (shot 1)" if number == 1 else "These 2 reach"
        )
    assert page.evaluate("window.asked") > 0
    panel = page.get_by_alt_text(re.compile("^Original, ")).bounding_box()
    assert panel["height"] < 0.8 * panel["width"]  # two photos are no larger than they need be


CARDS = {
    "latent_plane": "Latent plane",
    "denoise": "Denoise",
    "reconstruct": "Reconstruct",
    "sample": "Sample",
    "perturb": "Perturb",
    "noise_regularised": "Noise-regularised",
}


def test_each_picture_on_the_home_page_leads_to_its_page(visit):
    page = visit("")
    for name, title in CARDS.items():
        picture = page.locator(f".st-key-thumbnail-{name} img")
        picture.wait_for()
        assert picture.get_attribute("alt")
        page.wait_for_selector(IDLE)
        box = picture.bounding_box()
        assert box["width"] == pytest.approx(2 * box["height"], rel=0.02)
        page.mouse.click(box["x"] + box["width"] / 3, box["y"] + box["height"] / 2)
        sync_api.expect(page.locator("h1")).to_have_text(title)
        page.get_by_test_id("stSidebarNav").get_by_role("link", name="Home", exact=True).click()
        sync_api.expect(page.locator("h1")).to_have_text("Latent Lab")


def test_the_cards_do_not_move_when_their_pictures_come_and_are_one_stop_of_the_tab_key_each(visit):
    page = visit("")
    for name in CARDS:  # the text stands; the pictures come last
        page.locator(f".st-key-card-{name} a").wait_for()
    before = page.locator(".st-key-card-noise_regularised").bounding_box()
    for name in CARDS:
        page.locator(f".st-key-thumbnail-{name} img").wait_for()
    assert page.locator(".st-key-card-noise_regularised").bounding_box() == before
    page.locator(".st-key-card-latent_plane a").focus()
    for name in list(CARDS)[1:3]:
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.closest('[class*=st-key-card-]').className").count(name) == 1
    page.keyboard.press("Enter")
    sync_api.expect(page.locator("h1")).to_have_text("Reconstruct")
