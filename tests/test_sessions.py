"""Many people at once, and one for long: each gets the picture of their own seed, and the server's memory stays."""

import psutil
import pytest
from browser import PICTURE, needs_browser, picture_bytes, running_app, settle, wait_for_new_picture

pytest.importorskip("playwright.sync_api")
pytestmark = needs_browser

NUM_PEOPLE = 20


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """The app without photos, as on a fresh machine: its URL and its process."""
    with running_app(tmp_path_factory.mktemp("app")) as (url, process):
        yield url, psutil.Process(process.pid)


def picture(page):
    return page.locator(PICTURE).first.get_attribute("src")


def click_draw_again(page):
    """Clicks and does not wait for what comes of it."""
    page.evaluate("document.querySelector('.st-key-again button').click()")


def wait_for_seed(page, seed, old_picture):
    page.wait_for_function("seed => new URLSearchParams(location.search).get('seed') === seed", arg=str(seed))
    wait_for_new_picture(page, old_picture)


@pytest.mark.release
def test_twenty_people_who_click_at_once_each_get_the_picture_of_their_own_seed(server, new_page):
    url, _ = server
    seeds = [100 + 10 * i for i in range(NUM_PEOPLE)]
    people = [new_page() for _ in seeds]
    for page, seed in zip(people, seeds, strict=True):
        page.goto(f"{url}/dogs-sample?seed={seed}")
        settle(page)
    before = [picture(page) for page in people]
    for page in people:
        click_draw_again(page)
    for page, seed, old in zip(people, seeds, before, strict=True):
        wait_for_seed(page, seed + 1, old)
    shown = [picture_bytes(page) for page in people]
    assert len(set(shown)) == NUM_PEOPLE

    alone = people[0]
    for seed, expected in list(zip(seeds, shown, strict=True))[::4]:
        alone.goto(f"{url}/dogs-sample?seed={seed + 1}")
        settle(alone)
        assert picture_bytes(alone) == expected


@pytest.mark.release
def test_memory_stays_where_it_was_after_the_first_clicks(server, new_page):
    url, process = server
    page = new_page()
    page.goto(f"{url}/dogs-sample?seed=1")
    settle(page)

    def click(seeds):
        for seed in seeds:
            old = picture(page)
            click_draw_again(page)
            wait_for_seed(page, seed, old)
        return process.memory_info().rss

    warm = click(range(2, 12))
    assert click(range(12, 42)) <= 1.1 * warm
