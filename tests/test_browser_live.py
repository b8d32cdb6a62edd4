"""Train live in a real browser: a plane that unfolds, a model with a name, and two visitors who want to train."""

import re
import shutil

import pytest
from browser import needs_browser, query, running_app, settle, wait_until

from aemodels.storage.checkpoints import checkpoint_path

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

STOP, START, KEEP = ".st-key-live_stop button", ".st-key-live_start button", ".st-key-live_keep button"
CHOICES = "live_widths=128&live_minutes=5"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("live")


@pytest.fixture(scope="module")
def url(folder):
    """An app of its own: what is kept here would be listed in other tests."""
    with running_app(folder) as (url, _):
        yield url


def test_a_network_learns_gets_a_name_and_others_wait_their_turn(url, new_page):
    first, second = new_page(reduced_motion="no-preference"), new_page()
    for page in (first, second):
        page.goto(f"{url}/train_live?{CHOICES}")
        settle(page)
    first.locator(START).click()
    first.wait_for_selector("#codes[data-moment]")
    untrained = first.locator("#codes").screenshot()
    second.locator(START).click()
    second.get_by_text("Not your turn yet").wait_for()
    second.get_by_role("button", name="Leave the queue").wait_for()

    first.wait_for_selector("#codes[data-moment]:not([data-moment='1'])")
    first.get_by_text("A small network now learns digits while you watch").wait_for()
    wait_until(first, lambda: first.locator("#codes").screenshot() != untrained)
    assert not second.locator("#codes[data-moment]:not([data-moment='1'])").count()  # nor has the other one begun
    first.keyboard.press("s")
    first.wait_for_selector(KEEP)
    first.get_by_label("Name of your model").fill("of the class")
    first.get_by_label("Name of your model").press("Enter")
    settle(first)
    first.locator(KEEP).click()
    first.get_by_text("Kept as").wait_for()
    assert not first.locator(STOP).count()
    first.get_by_role("link", name="See it on Latent plane").click()
    first.wait_for_url("**/mnist-latent-plane**")
    settle(first)
    assert query(first)["mnist_model"] == "of the class"
    first.get_by_text("2,000 test codes").first.wait_for()

    second.wait_for_selector("#codes[data-moment]:not([data-moment='1'])")
    second.get_by_text("A small network now learns digits while you watch").wait_for()
    second.reload()
    settle(second)
    second.wait_for_selector(STOP)  # a reload ends nothing
    second.goto(f"{url}/")
    settle(second)
    assert second.get_by_role("cell", name="of the class", exact=True).count()


@pytest.mark.release
@pytest.mark.parametrize("path", ["mnist-latent-plane", "mnist-path"])
def test_a_model_that_is_removed_under_the_pointer_is_said_to_be_gone(path, url, folder, new_page):
    kept = folder / "models/mine.safetensors"
    kept.parent.mkdir(exist_ok=True)
    shutil.copy(checkpoint_path("mnist-vae"), kept)
    page = new_page()
    page.goto(f"{url}/{path}?mnist_model=mine")
    settle(page)
    assert query(page)["mnist_model"] == "mine"
    kept.unlink()
    page.wait_for_function("globalThis.latentLab?.has('mine')")
    plane = page.locator("canvas.plane[aria-label]").first
    plane.click(position={"x": 150, "y": 150})
    page.get_by_text(re.compile("mine .*has been removed")).first.wait_for()
    assert not page.get_by_text("train it with").count()
