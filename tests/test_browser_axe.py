"""What axe-core says of pages in further states. What it says of each page as it opens: test_browser.py."""

import pytest
from accessibility import faults_of
from browser import needs_browser, settle

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]


@pytest.mark.parametrize(
    "state", ["mnist-denoise?digits=Draw+one", "mnist-denoise?digits=Upload+one", "dogs-reconstruct?photos=Your+own"]
)
def test_axe_finds_only_what_an_empty_streamlit_page_has_too(state, new_page, app_url_with_photos, of_streamlit):
    page = new_page()
    page.goto(f"{app_url_with_photos}/{state}")
    settle(page)
    assert not faults_of(page, of_streamlit)


def test_axe_finds_nothing_in_the_report_empty_with_a_panel_and_with_the_labs_sections(
    new_page, app_url_with_photos, of_streamlit
):
    page = new_page()
    page.goto(f"{app_url_with_photos}/report")
    settle(page)
    assert not faults_of(page, of_streamlit)
    links = page.get_by_test_id("stSidebarNav")
    links.get_by_role("link", name="Latent plane", exact=True).click()
    page.get_by_role("button", name="Add to report").click()
    sync_api.expect(page.get_by_test_id("stToast")).to_be_visible()
    links.get_by_role("link", name="Report", exact=True).click()
    sync_api.expect(page.get_by_label("Caption")).to_be_visible()
    assert not faults_of(page, of_streamlit)
    page.get_by_role("button", name="The lab's report").click()
    sync_api.expect(page.locator("[class*=st-key-section_]")).to_have_count(10)
    assert not faults_of(page, of_streamlit)
