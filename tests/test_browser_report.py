"""The report in a real browser: added from two pages, reworded, downloaded under a Chinese name, opened."""

import csv
import io
import zipfile

import pytest
from browser import IDLE, PICTURE, needs_browser, running_app
from docx import Document
from PIL import Image

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = needs_browser

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


@pytest.mark.parametrize("title", ["Path", "Latent plane"])
def test_adding_a_panel_from_a_fragment_is_said_on_the_page_and_not_warned_of_in_the_terminal(
    title, new_page, tmp_path
):
    page = new_page()
    with running_app(tmp_path) as (url, _):
        page.goto(url)
        wait_for_title(page, "Latent Lab")
        add_from(page, title)
        toasts = page.get_by_test_id("stToast")
        sync_api.expect(toasts).to_have_count(1)
        page.get_by_role("button", name="Add to report").click()
        sync_api.expect(toasts.filter(has_text="in the report already")).to_be_visible()
        page.wait_for_selector(IDLE)
        go_to(page, "Report")
        caption = page.get_by_label("Caption").input_value()
        assert not caption.startswith(title)  # it says what is seen
    assert "Warning" not in (tmp_path / "log.txt").read_text()


def test_a_report_of_two_pages(page):
    sync_api.expect(page.get_by_role("button", name="Word document")).to_be_disabled()
    add_from(page, "Denoise")
    add_from(page, "Sample")
    go_to(page, "Report")
    pictures = page.locator(PICTURE)
    sync_api.expect(pictures).to_have_count(2)
    assert all(picture.get_attribute("alt") for picture in pictures.all())

    caption = page.get_by_label("Caption").first
    caption.fill("图一：去噪")
    caption.press("Control+Enter")
    page.get_by_label("Author").fill("姓名")
    page.get_by_label("Author").press("Enter")
    page.get_by_label("Title").fill("实验三")
    page.get_by_label("Title").press("Enter")
    page.get_by_label("File name").fill(NAME)
    page.get_by_label("File name").press("Enter")
    sync_api.expect(page.locator(".st-key-downloads")).to_contain_text(f"{NAME}.docx")
    page.wait_for_selector(IDLE)
    page.get_by_role("button", name="Down").first.click()
    sync_api.expect(page.get_by_text("Figure 1: Sample")).to_be_visible()
    page.wait_for_selector(IDLE)

    name, content = download(page, "Word document")
    assert name == f"{NAME}.docx"
    document = Document(io.BytesIO(content))
    assert (document.core_properties.title, document.core_properties.author) == ("实验三", "姓名")
    captions = [p.text for p in document.paragraphs if p.style.name == "Caption" and p.text.startswith("Figure")]
    assert captions[0].startswith("Figure 1. ")
    assert captions[1] == "Figure 2. 图一：去噪"
    blobs = [
        document.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed].blob
        for shape in document.inline_shapes
    ]
    assert [Image.open(io.BytesIO(blob)).width for blob in blobs] == [2400, 2400]

    name, content = download(page, "PNG and CSV")
    assert name == f"{NAME}.zip"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        figures = list(csv.DictReader(io.StringIO(archive.read("figures.csv").decode("utf-8-sig"))))
        assert [archive.read(f"{row['file']}.png") for row in figures] == blobs
        assert [row["title"] for row in figures] == ["Sample", "Denoise"]
        for row in figures:
            assert "seed: 1" in row["settings"]
            assert list(csv.DictReader(io.StringIO(archive.read(f"{row['file']}.csv").decode("utf-8-sig"))))

    page.get_by_role("button", name="Remove").first.click()
    sync_api.expect(page.get_by_text("Figure 1: Denoise")).to_be_visible()
    sync_api.expect(pictures).to_have_count(1)
