"""The report in a real browser: collected from two pages, reworded, downloaded under a Chinese name, opened, and found again."""

import csv
import io
import re
import sqlite3
import zipfile
from contextlib import closing, suppress

import pytest
from browser import IDLE, PICTURE, Wire, needs_browser, running_app, settle, wait_until
from docx import Document
from docx.oxml.ns import qn
from PIL import Image

from aemodels.report import assembling, notebook
from aemodels.report.embedded import picture_file
from pages.parts.shared.visitors import COOKIE

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

NAME = "实验三_姓名_学号"


@pytest.fixture
def page(new_page, app_url_with_photos):
    page = new_page()
    page.goto(f"{app_url_with_photos}/report")
    wait_for_title(page, "Report")
    return page


def wait_for_title(page, title):
    sync_api.expect(page.locator("h1")).to_have_text(title)
    page.wait_for_selector(IDLE)


def go_to(page, title):
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
    wait_for_title(page, title)


def add_from(page, title):
    go_to(page, title)
    page.get_by_role("button", name="Add to report").click()
    toasts = page.get_by_test_id("stToast")
    sync_api.expect(toasts.filter(has_text=f"“{title}” is now in the report")).to_be_visible()


def download(page, label):
    with page.expect_download() as download:
        page.get_by_role("button", name=label).click()
    assert download.value.failure() is None
    return download.value.suggested_filename, download.value.path().read_bytes()


def test_adding_a_panel_from_a_fragment_is_said_on_the_page_and_not_warned_of_in_the_terminal(page, app_with_photos):
    log = app_with_photos[1]
    before = log.read_text()
    for title in ("Path", "Latent plane"):
        add_from(page, title)
        toasts = page.get_by_test_id("stToast").filter(has_text=f"“{title}”")
        sync_api.expect(toasts).to_have_count(1)
        page.get_by_role("button", name="Add to report").click()
        sync_api.expect(toasts.filter(has_text="in the report already")).to_be_visible()
        page.wait_for_selector(IDLE)
    go_to(page, "Report")
    sync_api.expect(panels(page)).to_have_count(2)
    captions = [caption.input_value() for caption in page.get_by_label("Caption").all()]
    assert not [caption for caption in captions if caption.startswith(("Path", "Latent plane"))]  # it says what is seen
    assert "Warning" not in log.read_text().removeprefix(before)


def fill(page, folder, field, text):
    """Types a text into a field of the cover and waits until the app, whose folder this is, has kept it."""
    page.locator(f".st-key-cover_{field} input").press_sequentially(text)
    wait_until_kept(page, folder, assembling.COVER + field, text)


def wait_until_kept(page, folder, key, text):
    """Waits until a text stands in the visitor's notebook, for nothing on the page says that it does."""
    (token,) = (c["value"] for c in page.context.cookies() if c["name"] == COOKIE)
    file = folder / "reports" / notebook.path_of(token).name

    def stands_there():
        with suppress(sqlite3.OperationalError), closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
            return bool(db.execute("SELECT 1 FROM texts WHERE key = ? AND text = ?", (key, text)).fetchone())

    wait_until(page, stands_there)
    page.wait_for_selector(IDLE)


def panels(page):
    return page.locator("[class*=st-key-panel_]")


def test_a_report_of_two_pages(page, app_with_photos):
    folder = app_with_photos[1].parent
    sync_api.expect(page.get_by_role("button", name="Word document")).to_be_disabled()
    add_from(page, "Denoise")
    add_from(page, "Sample")
    go_to(page, "Report")
    sync_api.expect(panels(page)).to_have_count(2)
    assert all(picture.get_attribute("alt") for picture in page.locator(PICTURE).all())

    caption = page.get_by_label("Caption").first
    caption.fill("图一：去噪")
    caption.press("Control+Enter")
    page.wait_for_selector(IDLE)
    fill(page, folder, "title", "实验三")
    fill(page, folder, "name", "姓名")
    fill(page, folder, "number", "学号")
    page.get_by_role("button", name="实验三_{name}_{number}").click()
    sync_api.expect(page.locator(".st-key-cover")).to_contain_text(f"{NAME}.docx")
    page.get_by_role("button", name="Down").first.click()
    sync_api.expect(page.get_by_text("1 · Sample")).to_be_visible()
    page.wait_for_selector(IDLE)

    name, content = download(page, "Word document")
    assert name == f"{NAME}.docx"
    document = Document(io.BytesIO(content))
    assert (document.core_properties.title, document.core_properties.author) == ("实验三", "姓名")
    assert any("图一：去噪" in paragraph.text for paragraph in document.paragraphs)
    blobs = [
        document.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed].blob
        for shape in document.inline_shapes
    ]
    assert [Image.open(io.BytesIO(blob)).width for blob in blobs] == [2400, 2400]

    name, content = download(page, "PNG and CSV")
    assert name == f"{NAME}.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        figures = list(csv.DictReader(io.StringIO(archive.read("figures.csv").decode("utf-8-sig"))))
        pngs = [archive.read(f"{row['file']}.png") for row in figures]
        assert [picture_file(png)[1] for png in pngs] == blobs
        assert [row["title"] for row in figures] == ["Sample", "Denoise"]
        for row in figures:
            assert "seed: 1" in row["settings"]
            assert list(csv.DictReader(io.StringIO(archive.read(f"{row['file']}.csv").decode("utf-8-sig"))))
    name, content = download(page, "Web page")
    assert name == f"{NAME}.html"
    assert "图一：去噪" in content.decode()
    assert download(page, "Source code")[0] == "实验三代码_姓名_学号.zip"

    page.get_by_role("button", name="Remove").first.click()
    sync_api.expect(page.get_by_text("1 · Denoise")).to_be_visible()
    sync_api.expect(panels(page)).to_have_count(1)


def test_a_click_that_follows_the_last_letter_at_once_gets_the_file(new_page, app_url):
    """The server has run the form for that letter by then, and the browser does not know it yet."""
    page = new_page()
    wire = Wire(page)
    page.goto(f"{app_url}/report")
    wait_for_title(page, "Report")
    wire.is_held = True
    page.locator(".st-key-cover_number input").press_sequentially("2023001")
    wait_until(page, lambda: len(wire.held) > 2)
    page.wait_for_timeout(500)
    with page.expect_download() as download:
        page.get_by_role("button", name="Source code").click()
        wire.is_held = False
        wire.deliver()
    assert download.value.suggested_filename.endswith("_2023001.zip")


def test_a_file_holds_the_words_that_the_click_on_its_button_ended(page, app_with_photos):
    add_from(page, "Denoise")
    go_to(page, "Report")
    words = page.locator(".st-key-words_collected textarea")
    for text in ("What I saw", "What I saw then"):
        words.fill(text)
        document = Document(io.BytesIO(download(page, "Word document")[1]))
        assert text in [element.text for element in document.element.iter(qn("w:t"))]


def test_a_fresh_visitor_in_chinese_takes_the_labs_report_home(new_page, app_with_photos):
    url, log = app_with_photos
    page = new_page(locale="zh-CN")
    page.goto(url)
    settle(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="报告", exact=True).click()
    wait_for_title(page, "报告")
    page.get_by_role("button", name="实验报告").click()
    page.locator(".st-key-cover_name input").press_sequentially("张三")  # while the report is made
    sync_api.expect(page.locator("[class*=st-key-section_]")).to_have_count(10)
    wait_until_kept(page, log.parent, f"{assembling.COVER}name", "张三")
    fill(page, log.parent, "number", "2023001")
    name, content = download(page, "Word 文档")
    assert name == "实验三_张三_2023001.docx"
    document = Document(io.BytesIO(content))
    assert document.core_properties.author == "张三"
    assert len(document.inline_shapes) > 10
    text = [element.text for element in document.element.iter(qn("w:t"))]  # the cover is a table
    assert {"张三", "2023001"} <= set(text)


def test_what_is_collected_survives_a_reload_and_a_restart_and_is_nobody_elses(new_page, quick_models, tmp_path):
    page, arguments = new_page(), ["--checkpoints", str(quick_models)]
    with running_app(tmp_path, arguments=arguments) as (url, _):
        page.goto(f"{url}/report")
        wait_for_title(page, "Report")
        (cookie,) = [c for c in page.context.cookies() if c["name"] == COOKIE]
        assert (cookie["httpOnly"], cookie["sameSite"]) == (True, "Lax")
        assert not list(tmp_path.glob("reports/*"))  # nothing is kept of one who only looks
        add_from(page, "Denoise")
        tab = page.context.new_page()
        tab.goto(f"{url}/report")
        wait_for_title(tab, "Report")
        sync_api.expect(panels(tab)).to_have_count(1)
        add_from(page, "Sample")
        fill(tab, tmp_path, "name", "姓名")
        words = tab.locator(".st-key-words_collected textarea")
        words.fill("我看到的")
        words.blur()
        wait_until_kept(tab, tmp_path, assembling.WORDS + assembling.COLLECTED, "我看到的")
        tab.reload()
        sync_api.expect(panels(tab)).to_have_count(2)
        sync_api.expect(tab.locator(".st-key-words_collected textarea")).to_have_value("我看到的")
        name, content = download(tab, "Save, to go on elsewhere")
        tab.close()
    (file,) = tmp_path.glob("reports/*")
    assert cookie["value"] not in file.name
    with running_app(tmp_path, arguments=arguments) as (url, _):
        page.goto(f"{url}/report")
        sync_api.expect(panels(page)).to_have_count(2)
        sync_api.expect(page.locator(".st-key-cover_name input")).to_have_value("姓名")
        with page.context.expect_page() as scene:
            page.get_by_role("link", name="Open this scene").first.click()
        wait_for_title(scene.value, "Denoise")

        other = new_page()
        other.context.add_cookies([{"name": COOKIE, "value": "../../" + file.name, "url": url}])
        other.goto(f"{url}/report")
        wait_for_title(other, "Report")
        sync_api.expect(panels(other)).to_have_count(0)
        assert re.fullmatch(r"[\w-]{43}", next(c["value"] for c in other.context.cookies() if c["name"] == COOKIE))
        other.get_by_role("button", name="Go on with a saved report").click()
        other.get_by_test_id("stFileUploader").locator("input").set_input_files(
            {"name": name, "mimeType": "application/zip", "buffer": content}
        )
        sync_api.expect(panels(other)).to_have_count(2)
        sync_api.expect(other.locator(".st-key-words_collected textarea")).to_have_value("我看到的")
    assert name.endswith(".latent-lab.zip")
    assert "Traceback" not in (tmp_path / "log.txt").read_text()
