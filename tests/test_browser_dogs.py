"""The pages of the dogs in a browser: what is chosen there stays in the address."""

import re

import pytest
from browser import IDLE, PICTURE, Wire, needs_browser, settle, wait_until

import aemodels
from aemodels.report import psnr_matrix
from pages.parts.photos import probes

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]


@pytest.fixture
def visit(new_page, app_url):
    """visit(path) -> the page, cold, when it stands still."""

    def visit(path):
        page = new_page()
        page.goto(f"{app_url}/{path}")
        settle(page)
        return page

    return visit


def choose(page, group, option):
    """Clicks an option of a segmented control and waits until another picture is shown."""
    before = page.locator(PICTURE).evaluate_all("images => images.map(i => i.src)")
    page.locator(f".st-key-{group}").get_by_text(option, exact=True).click()
    page.wait_for_function(
        f"""before => document.querySelector('{IDLE}')
            && [...document.querySelectorAll('{PICTURE}')].map(i => i.src).join() !== before.join()""",
        arg=before,
    )


def settled_pictures(page):
    settle(page)
    return page.locator(PICTURE).evaluate_all(
        """async images => Promise.all(images.map(async i => {
            const bytes = await (await fetch(i.src)).arrayBuffer()
            return [...new Uint8Array(await crypto.subtle.digest('SHA-1', bytes))].join()
        }))"""
    )


def test_sampler_and_number_of_photos_stay_in_the_address(visit):
    page = visit("dogs-sample?seed=3")
    choose(page, "sampler", "Mixture")
    page.locator(".st-key-fitted_on").get_by_role("slider").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("new URLSearchParams(location.search).get('fitted_on') === '128'")
    page.get_by_text("fitted on: 128 codes").wait_for()
    again = visit(page.url.rpartition("/")[2])
    assert again.locator('[data-testid="stException"]').count() == 0
    again.get_by_text("fitted on: 128 codes").wait_for()
    assert settled_pictures(again) == settled_pictures(page)
    again.locator(".st-key-spectrum .js-plotly-plot .main-svg").first.wait_for()
    legend = again.locator(".st-key-spectrum .legendtext").all_text_contents()
    assert "Full covariance: rank 127" in legend
    assert "Mixture: rank 1,024" in legend


def test_a_walk_between_two_dogs_stays_in_the_address(visit):
    page = visit("dogs-interpolate?seed=4")
    first = settled_pictures(page)
    choose(page, "from", "3")
    choose(page, "to", "5")
    walk = settled_pictures(page)
    assert walk[0] == first[0]  # the eight dogs to choose from
    assert walk[1] != first[1]
    again = visit(page.url.rpartition("/")[2])
    assert settled_pictures(again) == walk
    alts = [alt for alt in again.locator(PICTURE).evaluate_all("images => images.map(i => i.alt)")]
    assert "from dog 3 to dog 5" in alts[1]


def test_the_convention_is_switched_and_found_again_by_its_url(visit):
    plain = aemodels.load_checkpoint("dog-ae").metrics["evaluations"]
    tables = {
        key: [str(psnr_matrix.curve(plain, key)[v]) for v in (0.05, 0.10, 0.15)] for key in psnr_matrix.CONVENTIONS
    }

    def first_row(page):
        return page.locator('[data-testid="stTable"]').first.locator("tbody tr").first

    page = visit("dogs-noise-regularised")
    sync_api.expect(first_row(page)).to_contain_text(tables["psnr_db"][0])
    chart = page.locator(".js-plotly-plot").first
    for words in ("channel SNR / dB", "13.0", "noise variance"):
        sync_api.expect(chart).to_contain_text(words)
    name = psnr_matrix.CONVENTIONS["psnr_of_mean_mse_db"]
    page.get_by_role("radio", name=name).or_(page.get_by_role("button", name=name)).click()
    sync_api.expect(first_row(page)).to_contain_text(tables["psnr_of_mean_mse_db"][0])
    page.wait_for_function("new URLSearchParams(location.search).has('psnr')")
    again = visit(page.url.rpartition("/")[2])
    for value in tables["psnr_of_mean_mse_db"]:
        sync_api.expect(first_row(again)).to_contain_text(re.sub(r"\s", " ", value))


def test_a_page_that_is_left_while_it_measures_asks_for_nothing_more(new_page, app_url):
    """Its step would come after the next page's run and leave that page blank; the answer to its last step is still under way."""
    page = new_page()
    wire = Wire(page)
    page.goto(f"{app_url}/?seed=71")  # nobody has measured it yet
    settle(page)
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Reconstruct", exact=True).click()
    page.locator(".st-key-pacer").wait_for(state="attached")
    wire.is_held = True
    wire.sent.clear()
    wait_until(page, lambda: wire.sent and wire.held)
    page.wait_for_timeout(2000 * probes.STEP_S)
    wire.sent.clear()
    answer, wire.held = wire.held, []
    page.go_back()
    for browser, message in answer:
        browser.send(message)
    page.wait_for_timeout(2000 * probes.REST_S)
    assert len(wire.sent) == 1
    wire.is_held = False
    wire.deliver()
    page.wait_for_function("document.querySelector('h1')?.innerText === 'Latent Lab'")
