"""A page on paper."""

import re
import shutil
import subprocess

import pytest
from browser import needs_browser, settle

sync_api = pytest.importorskip("playwright.sync_api")
needs_poppler = pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler-utils (pdftotext)")
pytestmark = [pytest.mark.release, needs_browser, needs_poppler]


def test_paper_holds_the_page_alone_and_all_of_its_chart(new_page, app_url, tmp_path):
    page = new_page()
    page.goto(f"{app_url}/dogs-noise-regularised")
    settle(page)
    sync_api.expect(page.locator(".js-plotly-plot .main-svg").first).to_be_visible()
    page.pdf(path=str(tmp_path / "page.pdf"), format="A4")
    command = ["pdftotext", "-bbox", str(tmp_path / "page.pdf"), "-"]
    xml = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    width = float(re.search(r'page width="([\d.]+)"', xml)[1])
    ends = [(word, float(x)) for x, word in re.findall(r'xMax="([-\d.]+)"[^>]*>([^<]*)<', xml)]
    assert {"Interpolate", "简体中文"}.isdisjoint(word for word, _ in ends)  # of the sidebar; of the switch
    (last_tick,) = (x for word, x in ends if word == "5.2")
    assert last_tick < width
    assert [word for word, x in ends if x > width] == []
