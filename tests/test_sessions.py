"""Many people at once, and one for long: each gets the picture of their own seed, and the server's memory stays."""

import asyncio
import urllib.request

import psutil
import pytest
from browser import running_app
from visiting import Visitor, run

NUM_PEOPLE = 20
pytestmark = pytest.mark.release


@pytest.fixture(scope="module")
def server(quick_models, tmp_path_factory):
    """The app without photos, and with small models, for what they draw is not looked at: its URL and its process."""
    with running_app(tmp_path_factory.mktemp("app"), arguments=["--checkpoints", str(quick_models)]) as (url, process):
        yield url, psutil.Process(process.pid)


def picture_of(url, answer, seed):
    """The file of the first picture on a page that was drawn with this seed."""
    assert (answer.seed, answer.errors) == (seed, [])
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(url + answer.pictures[0], timeout=60) as file:
        return file.read()


def test_twenty_people_who_click_at_once_each_get_the_picture_of_their_own_seed(server):
    url, _ = server
    seeds = [100 + 10 * i for i in range(NUM_PEOPLE)]

    async def visits():
        people = [Visitor(url) for _ in seeds]
        await asyncio.gather(*(person.__aenter__() for person in people))
        for person, seed in zip(people, seeds, strict=True):
            await person.open("dogs-sample", seed=seed)
        clicked = await asyncio.gather(*(person.click("again") for person in people))
        shown = [picture_of(url, answer, seed + 1) for answer, seed in zip(clicked, seeds, strict=True)]
        assert len(set(shown)) == NUM_PEOPLE
        await asyncio.gather(*(person.__aexit__() for person in people))

        async with Visitor(url) as alone:
            for seed, expected in list(zip(seeds, shown, strict=True))[::4]:
                assert picture_of(url, await alone.open("dogs-sample", seed=seed + 1), seed + 1) == expected

    run(visits())


def test_memory_stays_where_it_was_after_the_first_clicks(server):
    url, process = server

    async def visit():
        async with Visitor(url) as visitor:
            await visitor.open("dogs-sample", seed=1)

            async def click(seeds):
                for seed in seeds:
                    assert (await visitor.click("again")).seed == seed
                return process.memory_info().rss

            warm = await click(range(2, 42))  # until the caches and the allocator's own arenas are full
            assert await click(range(42, 122)) <= 1.1 * warm

    run(visit())


def test_one_page_after_the_other_is_shown_and_none_draws_itself_for_ever(server):
    async def visits() -> None:
        async with asyncio.timeout(600), Visitor(server[0]) as visitor:
            await visitor.open()
            for path in visitor.pages:
                answer = await visitor.open(path, seed=11)
                assert (answer.errors, bool(answer.headings)) == ([], True), path

    run(visits())
