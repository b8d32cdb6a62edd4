"""Components that are overtaken: called again while their script or a picture is still loading, or left for another page."""

from pathlib import Path

import pytest
from browser import IDLE, needs_browser, settle

from aemodels.export import components
from pages.parts.digits import sketch

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

# Streamlit makes a module of each component's script; here they wait for the test.
HOLD_SCRIPTS = """
window.held = new Promise((let_go) => (window.letGo = let_go))
const make = URL.createObjectURL
URL.createObjectURL = (blob) =>
    make(blob.type === "text/javascript" ? new Blob(["await globalThis.held\\n", blob], { type: blob.type }) : blob)
"""
NAMES = "[...(globalThis.latentLab?.keys() ?? [])]"
# Of each large canvas but for single digits: whether it is as wide as it is shown, and not empty.
DRAWN = """() => {
    const within = (root) => [...root.querySelectorAll("*")].flatMap((e) => (e.shadowRoot ? within(e.shadowRoot) : e.localName === "canvas" ? [e] : []))
    const canvases = within(document).filter((canvas) => canvas.clientWidth > 150 && !canvas.matches(".digit"))
    return canvases.length > 0 && canvases.every((canvas) => {
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height)
        return Math.abs(canvas.width - canvas.clientWidth) < 2 && data.some((value) => value)
    })
}"""


@pytest.fixture
def overtaken(new_page, app_url):
    """overtaken(address) -> the page, whose components were called again, for another theme, before their scripts had loaded."""

    def overtaken(address):
        page = new_page(viewport={"width": 1440, "height": 1400}, color_scheme="light")
        page.add_init_script(HOLD_SCRIPTS)
        page.goto(f"{app_url}/{address}")
        page.wait_for_selector("h1")
        page.wait_for_selector(IDLE)
        page.locator("canvas").first.wait_for(state="attached")
        page.emulate_media(color_scheme="dark")
        app = page.get_by_test_id("stApp")
        sync_api.expect(app).not_to_have_css("background-color", "rgb(255, 255, 255)")
        page.evaluate("letGo()")
        settle(page)
        return page

    return overtaken


@pytest.mark.parametrize(
    "address", ["mnist-latent-plane", "mnist-twins", "mnist-path", "map?layout=pca", "film?film_step=0"]
)
def test_all_stays_and_follows_the_window(overtaken, address):
    page = overtaken(address)
    page.wait_for_function(DRAWN)
    names = page.evaluate(NAMES)
    page.set_viewport_size({"width": 1200, "height": 1400})
    page.wait_for_function(DRAWN)
    settle(page)
    assert set(page.evaluate(NAMES)) >= set(names)
    if address.startswith("film"):  # each film and each chart stands there once, and the space bar plays
        sync_api.expect(page.locator(".films figure")).to_have_count(3)
        sync_api.expect(page.locator(".charts figure")).to_have_count(3)
        for now in ("Pause", "Play"):
            page.keyboard.press("Space")
            sync_api.expect(page.locator("#play")).to_have_attribute("aria-label", now)


LOAD = """async (script) => {
    window.module = await import(URL.createObjectURL(new Blob([script], { type: "text/javascript" })))
}"""


@pytest.fixture
def alone(browser):
    """An empty page of which the path is /map, without the app, with links to two pages."""
    page = browser.new_page()
    links = "".join(f'<a data-testid="stSidebarNavLink" href="/{path}">{path}</a> ' for path in ("map", "film"))
    page.route("**/*", lambda route: route.fulfill(body=links, content_type="text/html"))
    page.goto("http://localhost/map")
    page.evaluate("addEventListener('click', event => event.preventDefault())")
    yield page
    page.close()


def test_of_two_pictures_the_one_sent_last_stays_though_it_is_decoded_first(alone):
    alone.evaluate(LOAD, components.STORE.js)
    shown = alone.evaluate(
        """() => {
            const images = []
            window.Image = class { constructor() { images.unshift(this) } }
            for (const model of ["first", "last"]) {
                module.default({ data: { name: "grid", model, picture: "" }, parentElement: document.body })
            }
            images.forEach(image => image.onload())
            return latentLab.get("grid").model
        }"""
    )
    assert shown == "last"


def test_a_component_sends_nothing_while_its_page_is_left(alone):
    alone.evaluate(LOAD, components.module() + "\nexport { unlessLeft }")
    alone.evaluate("() => { window.sent = []; window.send = module.unlessLeft('map', what => sent.push(what)) }")
    alone.evaluate("send('here')")
    alone.get_by_text("film").click(modifiers=["ControlOrMeta"])  # into another tab
    alone.evaluate("send('still here')")
    alone.get_by_text("film").click()
    alone.evaluate("send('on the way')")
    alone.get_by_text("map").click()
    alone.evaluate("send('back')")
    alone.get_by_text("film").click()
    alone.evaluate("() => { history.pushState(null, '', '/film'); send('there') }")
    alone.evaluate("() => { history.back(); return new Promise(done => addEventListener('popstate', done)) }")
    alone.evaluate("send('back by the button')")
    assert alone.evaluate("sent") == ["here", "still here", "back", "back by the button"]


def test_a_stroke_is_kept_when_the_answer_to_the_one_before_comes_while_it_is_drawn(alone):
    alone.evaluate(LOAD, components.module(Path(sketch.__file__).with_suffix(".js")))
    alone.set_content(sketch.HTML)
    sent = alone.evaluate(
        """() => {
            const canvas = document.querySelector("canvas"), sent = []
            canvas.setPointerCapture = () => {}
            const show = (strokes, answered) => module.default({
                data: { strokes, answered, maxLength: 4000, words: {} },
                parentElement: document.body, setTriggerValue: (_name, drawn) => sent.push(drawn),
            })
            // The number that Firefox gives a mouse.
            const act = (what, x) => canvas.dispatchEvent(new PointerEvent(what, { pointerId: 0, clientX: x, clientY: 60 }))
            show("", 0)
            act("pointerdown", 40)
            act("pointerup", 40)
            act("pointerdown", 90)
            show(sent[0].strokes, sent[0].number)
            act("pointermove", 95)
            act("pointerup", 95)
            return sent.map(({ strokes }) => strokes.split("-").length)
        }"""
    )
    assert sent == [1, 2]
