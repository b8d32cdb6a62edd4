"""Scenes on the way from page to page, and by the browser's Back and Forward."""

import pytest
from browser import needs_browser, picture_bytes, query, settle

sync_api = pytest.importorskip("playwright.sync_api")

pytestmark = [pytest.mark.release, needs_browser]


@pytest.fixture
def visit(new_page, app_url):
    """visit(path) -> the page, cold."""

    def visit(path):
        page = new_page(viewport={"width": 1440, "height": 1000})
        page.goto(f"{app_url}/{path}")
        settle(page)
        return page

    return visit


def go(page, title, **values):
    """To another page by the link in the sidebar, until the address holds these values."""
    page.locator('[data-testid="stSidebarNav"]').get_by_role("link", name=title, exact=True).click()
    wait(page, title, values)


def wait(page, title, values):
    page.wait_for_function("title => document.querySelector('h1')?.innerText === title", arg=title)
    wanted = {key: str(value) for key, value in values.items()}
    page.wait_for_function(
        "wanted => Object.entries(wanted).every(([k, v]) => new URLSearchParams(location.search).get(k) === v)",
        arg=wanted,
    )
    settle(page)


def model(page, key="model"):
    return page.locator(f'.st-key-{key} [role="radio"][aria-checked="true"]').inner_text()


def seed(page):
    return page.get_by_label("Seed", exact=True).input_value()


def test_a_scene_that_was_clicked_together_comes_back(visit):
    page = visit("dogs-sample")
    page.get_by_role("radio", name="Noise 0.10", exact=True).click()
    wait(page, "Sample", {"model": "dog-noise-0.10"})
    page.get_by_role("button", name="Draw again").click()
    wait(page, "Sample", {"model": "dog-noise-0.10", "seed": 2})
    shown = picture_bytes(page)
    go(page, "Training", model="dog-noise-0.10", seed=2)  # which has neither
    go(page, "Interpolate", model="dog-noise-0.10", seed=2)
    page.get_by_role("button", name="Draw again").click()
    wait(page, "Interpolate", {"model": "dog-noise-0.10", "seed": 3})
    page.go_back()  # a click is an entry of its own
    wait(page, "Interpolate", {"seed": 2})
    # The address changes before the page does.
    sync_api.expect(page.get_by_label("Seed", exact=True)).to_have_value("2")
    for title in ("Training", "Sample"):
        page.go_back()
        wait(page, title, {"model": "dog-noise-0.10", "seed": 2})
    assert (model(page), seed(page)) == ("Noise 0.10", "2")
    assert picture_bytes(page) == shown
    for title in ("Training", "Interpolate"):
        page.go_forward()
        wait(page, title, {"model": "dog-noise-0.10", "seed": 2})
    assert model(page) == "Noise 0.10"


def test_a_bookmarked_scene_goes_along_and_comes_back(visit):
    page = visit("mnist-latent-plane?z=1,1&seed=7&mnist_model=L2+on+the+code")
    go(page, "Path", seed=7, mnist_model="mnist-ae-l2-code")
    assert (model(page, "mnist_model"), seed(page)) == ("L2 on the code", "7")
    assert "z" not in query(page)
    page.go_back()
    wait(page, "Latent plane", {"seed": 7, "mnist_model": "mnist-ae-l2-code"})
    assert (model(page, "mnist_model"), seed(page)) == ("L2 on the code", "7")
    assert query(page)["z"].replace(" ", "") == "1,1"


@pytest.mark.release
def test_a_link_with_a_scene_opens_that_scene_and_back_leads_to_where_it_was_clicked(visit):
    page = visit("dogs-sample?seed=7&model=dog-noise-0.10")
    page.locator('[data-testid="stSidebarNav"]').get_by_role("link", name="Home", exact=True).click()
    wait(page, "Latent Lab", {"seed": 7})
    page.get_by_text("A route through the lab").click()
    page.get_by_role("link", name="D2").click()
    wait(page, "Reconstruct", {"model": "dog-ae", "seed": 2, "code": "maps"})
    assert (model(page), seed(page)) == ("No noise", "2")
    page.go_back()
    wait(page, "Latent Lab", {})
    page.get_by_role("link", name="D4").click()  # the route is still open
    wait(page, "Perturb", {"model": "dog-ae", "seed": 2})
    page.locator('[data-testid="stSidebarNav"]').get_by_role("link", name="Home", exact=True).click()
    wait(page, "Latent Lab", {"seed": 2})
    page.get_by_role("link", name="D3").wait_for()


@pytest.mark.release
def test_a_choice_of_one_page_alone_comes_back_with_it(visit):
    page = visit("dogs-sample")
    page.get_by_role("radio", name="Mixture", exact=True).click()
    wait(page, "Sample", {"sampler": "mixture"})
    go(page, "Interpolate")
    assert "sampler" not in query(page)
    page.go_back()
    wait(page, "Sample", {"sampler": "mixture"})
    assert model(page, "sampler") == "Mixture"
