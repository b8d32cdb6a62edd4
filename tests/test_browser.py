import csv
import io
import re

import numpy as np
import pytest
from accessibility import faults_of
from apptest import png_file
from browser import PICTURE, REPO, needs_browser, picture_bytes, settle, still, wait_for_new_picture
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

# Path -> title, pictures and charts that the page shows at least.
PAGES = {
    "": ("Latent Lab", 6, 0),
    "mnist-latent-plane": ("Latent plane", 1, 0),
    "mnist-twins": ("Twins", 1, 0),
    "mnist-path": ("Path", 1, 0),
    "mnist-denoise": ("Denoise", 1, 2),
    "train_live": ("Train live", 0, 0),
    "dogs-reconstruct": ("Reconstruct", 2, 2),
    "stages": ("What encode adds", 2, 2),
    "dogs-sample": ("Sample", 2, 1),
    "generate": ("Generate", 0, 0),
    "dogs-axes": ("Axes", 1, 2),
    "dogs-interpolate": ("Interpolate", 2, 0),
    "dogs-perturb": ("Perturb", 2, 1),
    "dogs-noise-regularised": ("Noise-regularised", 0, 1),
    "anomaly": ("Anomaly", 1, 2),
    "map": ("Map", 0, 0),
    "code_size": ("Size of the code", 2, 1),
    "film": ("Film", 0, 0),
    "training": ("Training", 0, 3),
}


@pytest.fixture
def visit(new_page, app_url_with_photos):
    """visit(path, **context options) -> the page, cold, when it stands still; no visit may end with an error or leave the
    machine. A picture that another one replaced before the browser asked for it may be gone."""
    faults, pages = [], []

    def visit(path, **options):
        page = new_page(**options)
        pages.append(page)
        page.on("request", lambda request: faults.extend(leaving(request.url, app_url_with_photos)))
        page.on("console", lambda message: faults.extend(console_errors(message)))
        page.on("response", lambda response: faults.extend(failed(response)))
        page.goto(f"{app_url_with_photos}/{path}")
        settle(page)
        return page

    yield visit
    shown = "".join(page.content() for page in pages)
    assert [fault for fault in faults if "/media/" not in fault or fault.rpartition("/")[2] in shown] == []


def leaving(url, app_url):
    """The address if it is not one of the app's; `route` would see it too, but switches off the browser's cache."""
    return [] if url.startswith((app_url, "data:", "blob:")) else [f"leaves this machine: {url}"]


def console_errors(message):
    """The message if it is an error, other than a failed request, which `failed` sees."""
    return [message.text] if message.type == "error" and "Failed to load resource" not in message.text else []


def failed(response):
    """The response if it is an error; on a deep link Streamlit first asks for its own endpoints under the page's path."""
    own_search = re.search(r"/[^/]+/_stcore/(health|host-config)$", response.url)
    return [f"{response.status}: {response.url}"] if response.status >= 400 and not own_search else []


def too_wide(page):
    """Elements of the page that can be scrolled sideways and should not: the document and Streamlit's main part."""
    return page.evaluate(
        """() => [document.documentElement, document.querySelector('[data-testid="stMain"]')]
            .filter(e => e.scrollWidth > e.clientWidth).map(e => [e.tagName, e.scrollWidth, e.clientWidth])"""
    )


def test_every_page_but_the_report_is_opened_here():
    """The report is in test_browser_axe.py."""
    pages = [file for file in (REPO / "pages").glob("*/*.py") if file.parent.name != "parts"]
    assert len(PAGES) == len(pages) - 1


# How the first element that can be scrolled sideways is masked: where more is, its right end fades out.
FADES = """() => getComputedStyle([...document.querySelectorAll('.stMain *')]
    .find(e => e.scrollWidth > e.clientWidth + 2 && getComputedStyle(e).overflowX === 'auto')).maskImage"""
# What a click changes, where it is not the page's first picture.
FIRST_SEEN = {
    "mnist-latent-plane": "canvas.digit",  # what a click decodes
    "mnist-twins": ".readout >> nth=3",  # the same, of the last of four planes
    "map": "canvas.plane",
    "film": "canvas.codes >> nth=2",  # the last of three models
    "anomaly": ".st-key-histogram .main-svg >> nth=0",
}
ON_A_PROJECTOR = [
    *FIRST_SEEN,
    "mnist-denoise",
    "dogs-reconstruct",
    "dogs-sample",
    "dogs-perturb",
    "dogs-axes",
    "code_size",
]


def check_on_a_projector(path, page):
    page.set_viewport_size({"width": 1024, "height": 768})
    still(page)
    box = page.locator(FIRST_SEEN.get(path, PICTURE)).first.bounding_box()
    assert box["y"] + box["height"] <= 768, "what a click changes is cut at the fold"
    if path in ("dogs-reconstruct", "dogs-sample", "dogs-perturb"):
        switch, sentence = (page.locator(css).first.bounding_box() for css in (".st-key-language", ".stMarkdown p"))
        assert switch["y"] + switch["height"] <= sentence["y"]
        page.locator(".st-key-language button").last.click(trial=True)  # Streamlit's own strip lies over it
    if path in ("mnist-denoise", "dogs-reconstruct", "dogs-sample", "dogs-axes", "code_size"):
        panels = page.locator(".stImage:not(.stColumn *)")
        assert panels.count()
        for panel in panels.all():
            assert panel.evaluate("e => e.scrollWidth <= e.clientWidth + 1"), "a panel is cut at its right"
    if path == "dogs-reconstruct":
        columns = page.locator(".st-key-touched .stColumn")
        assert columns.count() == 4
        beside = {column.bounding_box()["y"] for column in columns.all()}
        assert len(beside) == 1, "a part of a code does not stand beside what it changes"


def check_that_names_of_pages_are_not_cut(page):
    names = page.get_by_test_id("stSidebarNav").locator("a span:not([data-testid])")
    assert names.count() >= 20
    for width in (1440, 1024):
        page.set_viewport_size({"width": width, "height": 768})
        still(page)
        for name in names.all():
            assert name.evaluate("e => e.scrollWidth <= e.clientWidth"), (width, name.inner_text())


@pytest.mark.parametrize("path", PAGES)
def test_cold_deep_link(path, visit, of_streamlit):
    title, num_pictures, num_charts = PAGES[path]
    page = visit(path)
    page.wait_for_function("n => document.images.length >= n", arg=num_pictures)
    settle(page)
    assert page.locator("h1").all_inner_texts() == [title]
    charts = page.locator(".js-plotly-plot")
    sync_api.expect(charts).to_have_count(num_charts)
    for chart in charts.all():
        chart.locator(".main-svg").first.wait_for()
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.locator('[data-testid="stAlertContentError"]').count() == 0
    pictures = page.evaluate(
        "[...document.images].map(i => ({alt: i.alt, width: i.naturalWidth, shown: i.clientWidth}))"
    )
    assert len(pictures) >= num_pictures
    for picture in pictures:
        assert picture["alt"]
        assert picture["width"] > 0
        assert picture["shown"] > 0
    assert too_wide(page) == []
    if path == "stages":  # its name is the longest, and bold where one is
        check_that_names_of_pages_are_not_cut(page)
    if path in ON_A_PROJECTOR:
        check_on_a_projector(path, page)
    page.set_viewport_size({"width": 390, "height": 844})
    settle(page)
    assert too_wide(page) == []
    if path in ("", "dogs-reconstruct", "training"):
        assert "calc" in page.evaluate(FADES), "nothing tells that a panel or a table can be scrolled sideways"
    assert not faults_of(page, of_streamlit)


@pytest.mark.parametrize("path", ["mnist-latent-plane", "dogs-perturb"])
def test_a_scene_is_drawn_again_and_found_again_by_its_url(path, visit):
    page = visit(f"{path}?seed=5")
    shown = [picture_bytes(page)]
    for seed, press in [
        ("6", lambda: page.get_by_role("button", name="Draw again").click()),
        ("7", lambda: page.keyboard.press("n")),
    ]:
        source = page.locator(PICTURE).first.get_attribute("src")
        press()
        wait_for_new_picture(page, source)
        page.wait_for_function("seed => new URLSearchParams(location.search).get('seed') === seed", arg=seed)
        shown.append(picture_bytes(page))
    assert len(set(shown)) == 3
    assert picture_bytes(visit(page.url.rpartition("/")[2])) == shown[2]


def test_own_photos(visit):
    page = visit("dogs-reconstruct")
    page.get_by_role("radio", name="Your own").or_(page.get_by_role("button", name="Your own")).click()
    page.wait_for_selector('input[type="file"]', state="attached")
    settle(page)
    before = page.locator(PICTURE).first.get_attribute("src")
    page.locator('input[type="file"]').set_input_files(
        {"name": "cat.jpg", "mimeType": "image/jpeg", "buffer": b"no cat"}
    )
    said = page.locator('[data-testid="stAlert"]')
    sync_api.expect(said.filter(has_text="cat.jpg is no picture")).to_have_count(1)
    sync_api.expect(said.filter(has_text="You have not added a photo yet")).to_have_count(1)
    settle(page)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.locator(PICTURE).first.get_attribute("src") == before

    buffer = io.BytesIO()
    Image.fromarray(np.tile(np.arange(200, dtype=np.uint8)[:, None, None], (1, 160, 3))).save(buffer, "PNG")
    photo = {"name": "dusk.png", "mimeType": "image/png", "buffer": buffer.getvalue()}
    page.locator('input[type="file"]').set_input_files(photo)
    wait_for_new_picture(page, before)
    assert page.locator(PICTURE).count() == 3  # the panel, the changed picture, what changed
    assert "dusk.png" in page.locator(".st-key-notice").inner_text()
    assert page.locator('[data-testid="stException"]').count() == 0


def test_an_uploaded_picture_is_seen_where_it_was_asked_for_in_a_width_of_its_own(visit):
    """The place stays open, and a picture that is no panel keeps its width in a narrow window."""
    page = visit("anomaly?data=Stanford%20Dogs", viewport={"width": 1024, "height": 768})
    page.get_by_text("A picture of your own").click()
    photo = {"name": "ramp.png", "mimeType": "image/png", "buffer": png_file()}
    page.locator('input[type="file"]').set_input_files(photo)
    for alt in ("Your picture", "Your picture, rebuilt"):
        picture = page.get_by_alt_text(alt, exact=True)
        picture.wait_for()
        settle(page)
        assert (picture.bounding_box()["width"], picture.bounding_box()["height"]) == pytest.approx((160, 160), abs=1)


def test_panel_and_numbers_are_downloaded(visit):
    page = visit("dogs-sample?seed=3")
    files = {}
    for label in ("Panel", "Numbers"):
        with page.expect_download() as download:
            page.locator(".st-key-export").get_by_role("button", name=label).click()
        assert download.value.failure() is None
        files[download.value.suggested_filename] = download.value.path().read_bytes()
    (png, panel), (table, numbers) = files.items()
    assert png.endswith("-3.png")
    assert table == png.replace(".png", ".csv")
    image = Image.open(io.BytesIO(panel))
    image.load()
    assert image.format == "PNG"
    assert image.width == 2400
    assert [round(dpi) for dpi in image.info["dpi"]] == [300, 300]
    assert "seed: 3" in image.info["Description"]
    rows = list(csv.DictReader(io.StringIO(numbers.decode("utf-8-sig"))))
    assert [row["seed"] for row in rows] == [str(3000 + i) for i in range(9)]
    assert all(float(row["distance_to_nearest_code"]) > 0 for row in rows)


BACKGROUNDS = {"light": (255, 255, 255), "dark": (14, 17, 23)}


@pytest.mark.parametrize("schemes", [["light", "dark"], ["dark", "light"]], ids=["light first", "dark first"])
def test_panels_take_the_colour_of_the_theme_and_follow_it(schemes, visit):
    page = visit("dogs-sample", color_scheme=schemes[0])
    for scheme in schemes:
        if scheme != schemes[0]:
            source = page.locator(PICTURE).first.get_attribute("src")
            page.emulate_media(color_scheme=scheme)
            wait_for_new_picture(page, source)
        background = BACKGROUNDS[scheme]
        colour = page.locator('[data-testid="stApp"]').evaluate("e => getComputedStyle(e).backgroundColor")
        assert colour == f"rgb{background}"
        corner = Image.open(io.BytesIO(picture_bytes(page))).convert("RGB").getpixel((0, 0))
        assert corner == pytest.approx(background, abs=1)  # JPEG rounds
