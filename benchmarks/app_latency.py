"""How fast the app answers, in a real browser, as ratios measured in one run: python benchmarks/app_latency.py

Each page's click on "Draw again" until the new picture is there, against the same click on a page with the same frame and
nothing in it, served with Streamlit's own settings; a seed typed in, against one typed in there; a click in a plane or on a map, until
its picture is there, against the click; the first page
after the server's start, against that of `streamlit hello`; each page as the first one of a fresh server, see app_cold, which measures
that alone; the server's memory after many interactions, against that after a few;
and many people who click at once, each of whom must get the picture of their own seed.

The app has the next seed's scene ready when "Draw again" is clicked; the row "seed typed in" shows what a scene costs that is not. The
codes of photos that were encoded are kept on disk. So a run starts with a cache of its own, in which only decoded photos lie. With --cache
the folder is kept, and a second run with the same one shows what seeds cost whose photos were encoded before.
"""

import argparse
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from urllib.parse import urljoin

import psutil
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from aemodels import console  # noqa: E402
from benchmarks import app_cold  # noqa: E402
from benchmarks.clicks import CLICK, column, draw_again, in_turns, plane_clicks, settle, type_in  # noqa: E402
from benchmarks.serving import cache_of_photos, report, server  # noqa: E402
from benchmarks.serving import environment as environment_with  # noqa: E402
from tests.browser import CHROMIUM_ARGUMENTS, chromium  # noqa: E402

WAIT_MS = 300_000
PICTURE = '[data-testid="stImage"] img'
# The same router, header and seed control; the number stands where the picture would.
FRAME = """
import streamlit as st
from pages.parts.shared import controls

def frame():
    controls.header("Frame", "The same frame as every page, and nothing in it.")
    with controls.row():
        seed = controls.seed_control()
    st.html(f'<b id="answer">{seed}</b>')

st.set_page_config(layout="wide")
st.navigation({"": [st.Page(frame, title="Frame", default=True)]}).run()
"""


def first_page(browser, arguments: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds until the first page stands: from the server's first answer, and from its start."""
    with server(arguments, environment) as (url, _, start):
        ready = time.monotonic()
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(url)
        settle(page)
        end = time.monotonic()
        page.close()
    return end - ready, end - start


def pages_of(context, url: str) -> tuple[list[str], list[str]]:
    """Paths of the pages that have a seed to draw again, and of those that have a plane to click in."""
    page = context.new_page()
    page.goto(url)
    settle(page)
    links = page.get_by_test_id("stSidebarNavLink")
    paths = [link.get_attribute("href").rpartition("/")[2] for link in links.all()]
    drawing, planes = [], []
    for path in filter(None, paths):
        page.goto(f"{url}/{path}")
        settle(page)
        for css, found in ((".st-key-again", drawing), ("canvas.plane", planes)):
            if page.locator(css).count():
                found.append(path)
    page.close()
    return drawing, planes


def memory(page: Page, url: str, paths: list[str], process: psutil.Process, num_interactions: int) -> tuple[int, int]:
    """Resident bytes of the server after a tenth of the interactions and after all, five on a page and on to the next."""
    early, done = 0, 0
    page.goto(f"{url}/{paths[-1]}?seed=1000")
    settle(page)
    while done < num_interactions:
        for path in paths:
            page.locator(f'[data-testid="stSidebarNavLink"][href$="/{path}"]').click()
            page.wait_for_url(f"**/{path}*")
            page.wait_for_timeout(300)  # until the script starts
            settle(page)
            page.wait_for_selector(".st-key-again button")
            for _ in range(5):
                page.evaluate(CLICK)
                done += 1
                if done == num_interactions // 10:
                    early = process.memory_info().rss
                if done == num_interactions:
                    return early, process.memory_info().rss
    return early, process.memory_info().rss


def crowd(context, url: str, path: str, num_people: int) -> tuple[int, int]:
    """How many of the people who click at once get the picture that their seed gives when asked for alone."""
    seeds = [100 + 10 * i for i in range(num_people)]
    people = [context.new_page() for _ in seeds]
    for page, seed in zip(people, seeds, strict=True):
        page.goto(f"{url}/{path}?seed={seed}")
        settle(page)
    for page in people:
        page.evaluate("document.querySelector('.st-key-again button').click()")
    for page, seed in zip(people, seeds, strict=True):
        page.wait_for_function("s => new URLSearchParams(location.search).get('seed') === s", arg=str(seed + 1))
        settle(page)
    shown = [pictures(page) for page in people]
    for page in people[1:]:
        page.close()
    alone, right = people[0], 0
    for seed, expected in zip(seeds, shown, strict=True):
        alone.goto(f"{url}/{path}?seed={seed + 1}")
        settle(alone)
        right += pictures(alone) == expected
    alone.close()
    return right, len(set(shown))


def pictures(page: Page) -> bytes:
    page.wait_for_selector(PICTURE)
    return page.request.get(urljoin(page.url, page.locator(PICTURE).first.get_attribute("src"))).body()


def answers(page: Page, frame: Page, path: str, num_clicks: int) -> None:
    """The rows of one page: Draw again, a seed typed in, a click in a plane; those of them that it has."""
    of_frame = []
    if page.locator(".st-key-again").count():
        again = in_turns(page, frame, draw_again, num_clicks + 2)[2:]  # the first two fill caches
        typed = in_turns(page, frame, type_in([70_000 + 7 * i for i in range(num_clicks)]), num_clicks)
        of_frame = column(again, -1)
        for name, times, most in (("Draw again", again, 2), ("seed typed in", typed, 2.5)):
            goals = ((f"new picture (≤ {most})", most), ("panel whole", None), ("all of the page", None))
            for i, (what, goal) in enumerate(goals):
                report_ratio(f"{path}: {name} → {what}", column(times, i), column(times, -1), goal)
    # Not the planes of Film, which are to be looked at.
    if page.locator("canvas.plane").count() and page.locator("canvas.digit").count():
        of_frame = of_frame or column(in_turns(frame, frame, draw_again, num_clicks), -1)
        report_ratio(f"{path}: click in the plane → its picture (≤ 1)", plane_clicks(page, num_clicks), of_frame, 1)


def report_ratio(name: str, of_page: list[float | None], of_frame: list[float | None], most: float | None) -> None:
    if not of_page or None in (*of_page, *of_frame):
        report(name, "no new picture", False)
        return
    ratio = median(of_page) / median(of_frame)
    report(f"{name}, against the frame ({median(of_frame):.0f} ms)", f"{ratio:.2f}", most and ratio <= most)


def report_starts(browser, starts: int, environment: dict[str, str]) -> None:
    torch = median(app_cold.import_torch().wall for _ in range(starts))
    times = [(first_page(browser, ["run", "app.py"], environment), first_page(browser, ["hello"], environment))
             for _ in range(starts)]  # fmt: skip
    for i, name in enumerate(("from its first answer", "from its start")):
        ratio = median(ours[i] for ours, _ in times) / median(hello[i] for _, hello in times)
        report(f"first page of a new server, {name}, against `streamlit hello` (≤ 2)", f"{ratio:.2f}", ratio <= 2)
    ratio = median(ours[0] for ours, _ in times) / torch
    report("home: first visit with a browser's own work, against `import torch`", f"{ratio:.2f}", None)


def report_load(context, url: str, paths: list[str], process: psutil.Process, people: int, interactions: int) -> None:
    right, different = crowd(context, url, paths[-1], people)
    report(
        f"{people} people click at once on {paths[-1]}: own seed's picture", f"{right}", right == different == people
    )
    early, late = memory(context.new_page(), url, paths, process, interactions)
    growth = late / early - 1
    name = f"memory after {interactions} interactions, against {interactions // 10} (±10 %)"
    report(name, f"{growth:+.1%}", growth <= 0.1)


def main() -> None:
    parser = console.Parser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=20, help="on each page (default: 20)")
    parser.add_argument("--starts", type=int, default=3, help="of each server (default: 3)")
    parser.add_argument("--interactions", type=int, default=500, help="while memory is watched (default: 500)")
    parser.add_argument("--people", type=int, default=20, help="who click at once (default: 20)")
    parser.add_argument(
        "--pages",
        nargs="*",
        help="only clicks and seeds, on these pages, such as 'dogs-noise-regularised?noise_view=samples', or, where none is named, on all",
    )
    parser.add_argument("--cache", type=console.path, help="folder for what is kept on disk (default: a new one)")
    options = parser.parse_args()
    if not chromium():
        sys.exit("This needs Chromium or Chrome: apt-get install chromium.")
    print("| measured | value | goal |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        cache = cache_of_photos(Path(options.cache or f"{folder}/cache").resolve())
        environment = environment_with(cache)
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        if options.pages is None:
            report_starts(browser, options.starts, environment)
        script = Path(folder) / "frame.py"
        script.write_text(FRAME, encoding="utf-8")
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(WAIT_MS)
        with (
            server(["run", "app.py"], environment) as (url, process, _),
            server(["run", str(script)], environment, folder) as (frame_url, _, _),
        ):
            frame = context.new_page()
            frame.goto(frame_url)
            settle(frame)
            drawing, planes = (options.pages, []) if options.pages else pages_of(context, url)
            for path in dict.fromkeys(drawing + planes):
                page = context.new_page()
                page.goto(f"{url}/{path}")
                settle(page)
                answers(page, frame, path, options.clicks)
                page.close()
            frame.close()
            if options.pages is None:
                server_process = psutil.Process(process.pid)
                report_load(context, url, drawing, server_process, options.people, options.interactions)
        browser.close()
    if options.pages is None:  # not inside playwright, which has an event loop of its own
        app_cold.report_cold(app_cold.pages(), options.starts)


if __name__ == "__main__":
    main()
