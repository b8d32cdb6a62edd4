"""The first visit after a start, of a copy of the project whose folder has spaces and Chinese letters in its path."""

import shutil

import pytest
from browser import IDLE, REPO, needs_browser, query, running_app, settle

from aemodels.storage import checkpoints

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

DIALOG = '[role="dialog"]'


@pytest.fixture
def project(tmp_path):
    """Another copy, in which the page Training fails."""
    root = tmp_path / "Ordner mit 实验 三"
    root.mkdir()
    for name in ("pages", "aemodels", ".streamlit"):
        shutil.copytree(REPO / name, root / name)
    shutil.copy(REPO / "app.py", root)
    (root / "checkpoints").symlink_to(checkpoints.CHECKPOINT_FOLDER)
    (root / "pages/about/training.py").write_text("raise RuntimeError('a fault in the page')\n")
    return root


def test_the_first_bookmark_opens_its_page_and_a_fault_is_one_sentence(project, tmp_path, new_page, photo_folder):
    with running_app(tmp_path, project / "app.py", ["--data", str(photo_folder)]) as (url, _):
        page = new_page(viewport={"width": 390, "height": 800}, has_touch=True, is_mobile=True)
        page.goto(f"{url}/dogs-sample?seed=3")
        settle(page)
        assert page.locator("h1").inner_text() == "Sample"
        assert not page.locator(DIALOG).count()
        page.get_by_role("button", name="Draw again").tap()  # the first tap counts
        page.wait_for_function("new URLSearchParams(location.search).get('seed') === '4'")
        settle(page)
        assert query(page)["seed"] == "4"

        page.goto(url)
        settle(page)
        assert "240 photos" in page.locator("body").inner_text()  # those of --data

        page.goto(f"{url}/training")
        page.wait_for_selector('[data-testid="stAlert"]')
        page.wait_for_selector(IDLE)
        said = page.get_by_test_id("stAlert").inner_text().replace("\u2060", "")
        assert "RuntimeError: a fault in the page (training.py:1)" in said
        assert "Traceback" not in page.locator("body").inner_text()
    log = (tmp_path / "log.txt").read_text(encoding="utf-8")
    # One by one: where the package rich is installed, Streamlit draws its tracebacks in colour.
    assert all(words in log for words in ("Traceback", "RuntimeError", "a fault in the page"))
