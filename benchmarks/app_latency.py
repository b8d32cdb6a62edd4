"""How fast the app answers, in a real browser, as ratios measured in one run: python benchmarks/app_latency.py

Each page's click on "Draw again" until the new picture is there, against the same click on a page with the same frame and
nothing in it, served with Streamlit's own settings; a click in a plane of digits, until it is decoded, against the same; the first page
after the server's start, against that of `streamlit hello`; each page as the first one of a fresh server, against `import torch` in
the same run ("cold"); the server's memory after many interactions, against that after a few;
and many people who click at once, each of whom must get the picture of their own seed.

The app has the next seed's scene ready when "Draw again" is clicked; the row "seed typed in" shows what a scene costs that is not.
"""

import argparse
import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from statistics import median
from urllib.parse import urljoin

import psutil
from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from tests.browser import CHROMIUM_ARGUMENTS, chromium  # noqa: E402

WAIT_MS = 300_000
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
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
# From the click until a picture has a new source and is loaded, and until the script has run; both in milliseconds.
CLICK = """
() => new Promise(resolve => {
  const answer = document.querySelector('#answer');
  const pictures = () => [...document.querySelectorAll('[data-testid="stImage"] img')];
  const old = new Set(pictures().map(i => i.src)), before = answer?.textContent;
  const isNew = () => answer ? document.querySelector('#answer')?.textContent !== before
    : pictures().some(i => !old.has(i.src) && i.complete && i.naturalWidth);
  const isIdle = () => document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning';
  const start = performance.now();
  let shown = 0, hasRun = false;
  const look = () => {
    hasRun ||= !isIdle();
    if (!shown && isNew()) shown = performance.now() - start;
    const rested = isIdle() && (hasRun || shown);
    if (rested && (shown || performance.now() - start > 20000)) resolve([shown || null, performance.now() - start]);
    else setTimeout(look, 4);
  };
  document.querySelector('.st-key-again button').click();
  look();
})
"""


ENTER = """document.querySelector('.st-key-seed input')
    .dispatchEvent(new KeyboardEvent('keydown', { key: 'Enter', bubbles: true }))"""
# From the press of the mouse in a plane until the picture decoded there is on its canvas, in milliseconds.
WATCH = """
plane => {
  const pictures = () => [...plane.getRootNode().querySelectorAll('canvas.digit')].map(c => c.toDataURL()).join()
  const before = pictures()
  window.decoded = new Promise(resolve => plane.addEventListener('pointerdown', () => {
    const start = performance.now()
    const look = () => {
      const ms = performance.now() - start
      if (pictures() !== before) resolve(ms)
      else if (ms > 5000) resolve(null)
      else setTimeout(look, 1)
    }
    setTimeout(look)
  }, { capture: true, once: true }))
}
"""


@contextlib.contextmanager
def server(arguments: list[str], health: str, environment: dict[str, str], folder: str | Path = ROOT):
    """`streamlit` with these arguments in a folder, on a free port, until the block ends: (URL, process, time of its start)."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        sys.executable,
        "-m",
        "streamlit",
        *arguments,
        "--server.headless",
        "true",
        "--server.fileWatcherType",
        "none",
    ]
    command += ["--server.port", str(port), "--server.address", "127.0.0.1", "--browser.gatherUsageStats", "false"]
    start = time.monotonic()
    process = subprocess.Popen(
        command, cwd=folder, env=os.environ | environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        while process.poll() is None:
            with contextlib.suppress(OSError), direct.open(url + health, timeout=60):
                break
            time.sleep(0.02)
        yield url, process, start
    finally:
        process.terminate()
        process.wait(60)


def settle(page: Page) -> None:
    page.wait_for_selector(IDLE)
    page.wait_for_selector("h1")
    page.wait_for_function("[...document.images].every(i => i.complete)")
    page.wait_for_selector(IDLE)


def first_page(browser, arguments: list[str], environment: dict[str, str]) -> tuple[float, float]:
    """Seconds until the first page stands: from the server's first answer, and from its start."""
    with server(arguments, "/_stcore/health", environment) as (url, _, start):
        ready = time.monotonic()
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(url)
        settle(page)
        end = time.monotonic()
        page.close()
    return end - ready, end - start


def import_torch(environment: dict[str, str]) -> float:
    """Seconds that a new Python takes for it."""
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", "import torch"], env=os.environ | environment, check=True)
    return time.monotonic() - start


def cold(browser, path: str, environment: dict[str, str]) -> float:
    """Seconds from loading a page, the first one of a fresh server that anyone opens, until it stands."""
    with server(["run", "app.py"], "/_stcore/health", environment) as (url, _, _):
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.set_default_timeout(WAIT_MS)
        start = time.monotonic()
        page.goto(f"{url}/{path}")
        settle(page)
        end = time.monotonic()
        page.close()
    return end - start


def report_cold(browser, starts: int, environment: dict[str, str]) -> None:
    with server(["run", "app.py"], "/_stcore/health", environment) as (url, _, _):
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(url)
        settle(page)
        links = page.get_by_test_id("stSidebarNavLink").all()
        paths = [link.get_attribute("href").rpartition("/")[2] for link in links]
        page.close()
    for path in paths:
        pairs = [(cold(browser, path, environment), import_torch(environment)) for _ in range(starts)]
        ratio = median(page for page, _ in pairs) / median(torch for _, torch in pairs)
        limit = 1 if path else 2
        report(f"{path or 'home'}: cold, against `import torch` (≤ {limit})", f"{ratio:.2f}", ratio <= limit)


def pages_of(context, url: str) -> list[str]:
    """Paths of the pages that have a seed to draw again."""
    page = context.new_page()
    page.goto(url)
    settle(page)
    links = page.get_by_test_id("stSidebarNavLink")
    paths = [link.get_attribute("href").rpartition("/")[2] for link in links.all()]
    drawing = []
    for path in filter(None, paths):
        page.goto(f"{url}/{path}")
        settle(page)
        if page.locator(".st-key-again").count():
            drawing.append(path)
    page.close()
    return drawing


def clicks(page: Page, frame: Page, num_clicks: int) -> tuple[list, list[float], list[float]]:
    """Milliseconds until the picture, until all of the page, and of the frame, taken in turns so that all share the machine."""
    until_picture, until_all, of_frame = [], [], []
    for _ in range(num_clicks + 2):
        for tab in (page, frame):
            tab.bring_to_front()
            shown, idle = tab.evaluate(CLICK)
            if tab is page:
                until_picture.append(shown)
                until_all.append(idle)
            else:
                of_frame.append(shown)
    return until_picture[2:], until_all[2:], of_frame[2:]  # the first two fill caches


def plane_clicks(page: Page, num_clicks: int) -> list[float]:
    """Milliseconds until the place clicked in the page's first plane is decoded; empty where the page has none.

    Left out is a click on "Path" whose nearest digit is the one picked already: it rightly changes nothing.
    """
    page.bring_to_front()
    plane, times = page.locator("canvas.plane").first, []
    for i in range(num_clicks if plane.count() else 0):
        plane.evaluate(WATCH)
        box = plane.bounding_box()
        page.mouse.click(box["x"] + (0.3 + 0.02 * i) * box["width"], box["y"] + (0.7 - 0.02 * i) * box["height"])
        times.append(page.evaluate("window.decoded"))
        settle(page)
    return [ms for ms in times if ms is not None]


def typed_seeds(page: Page, num_seeds: int) -> list[float]:
    """Milliseconds until the picture of a seed that nobody could know of."""
    page.bring_to_front()
    field, times = page.get_by_label("Seed", exact=True), []
    for i in range(num_seeds):
        field.fill(str(70_000 + 7 * i))
        shown, _ = page.evaluate(CLICK.replace("document.querySelector('.st-key-again button').click()", ENTER))
        times.append(shown)
    return times


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


def report(name: str, value: str, passed: bool | None) -> None:
    print(f"| {name} | {value} | {'' if passed is None else 'pass' if passed else 'FAIL'} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=20, help="on each page (default: 20)")
    parser.add_argument("--starts", type=int, default=3, help="of each server (default: 3)")
    parser.add_argument("--interactions", type=int, default=500, help="while memory is watched (default: 500)")
    parser.add_argument("--people", type=int, default=20, help="who click at once (default: 20)")
    options = parser.parse_args()
    if not chromium():
        sys.exit("This needs Chromium or Chrome: apt-get install chromium.")
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    print("| measured | value | goal |\n|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        starts = [(first_page(browser, ["run", "app.py"], environment), first_page(browser, ["hello"], environment))
                  for _ in range(options.starts)]  # fmt: skip
        for i, name in enumerate(("from its first answer", "from its start")):
            ratio = median(ours[i] for ours, _ in starts) / median(hello[i] for _, hello in starts)
            report(f"first page of a new server, {name}, against `streamlit hello` (≤ 2)", f"{ratio:.2f}", ratio <= 2)

        report_cold(browser, options.starts, environment)

        script = Path(folder) / "frame.py"
        script.write_text(FRAME, encoding="utf-8")
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        context.set_default_timeout(WAIT_MS)
        with (
            server(["run", "app.py"], "/_stcore/health", environment) as (url, process, _),
            server(["run", str(script)], "/_stcore/health", environment, folder) as (frame_url, _, _),
        ):
            frame = context.new_page()
            frame.goto(frame_url)
            settle(frame)
            paths = pages_of(context, url)
            for path in paths:
                page = context.new_page()
                page.goto(f"{url}/{path}")
                settle(page)
                page.wait_for_selector(".st-key-again button")
                until_picture, until_all, of_frame = clicks(page, frame, options.clicks)
                until_typed, until_decoded = typed_seeds(page, options.clicks), plane_clicks(page, options.clicks)
                page.close()
                if None in [*until_picture, *until_all, *of_frame, *until_typed, *until_decoded]:
                    report(f"{path}: a click or a seed typed in → new picture", "no new picture", False)
                    continue
                ratio, whole = (median(times) / median(of_frame) for times in (until_picture, until_all))
                report(f"{path}: click → new picture, against the empty frame (≤ 2)", f"{ratio:.2f}", ratio <= 2)
                if until_decoded:
                    ratio = median(until_decoded) / median(of_frame)
                    report(
                        f"{path}: click in the plane → decoded picture, against the same (≤ 2)",
                        f"{ratio:.2f}",
                        ratio <= 2,
                    )
                report(f"{path}: seed typed in → new picture", f"{median(until_typed) / median(of_frame):.2f}", None)
                report(
                    f"{path}: click → all of the page ({median(of_frame):.0f} ms for the frame)", f"{whole:.2f}", None
                )
            frame.close()

            right, different = crowd(context, url, paths[-1], options.people)
            everyone = right == different == options.people
            report(f"{options.people} people click at once on {paths[-1]}: own seed's picture", f"{right}", everyone)

            page = context.new_page()
            early, late = memory(page, url, paths, psutil.Process(process.pid), options.interactions)
            growth = late / early - 1
            few = options.interactions // 10
            report(
                f"memory after {options.interactions} interactions, against {few} (±10 %)",
                f"{growth:+.1%}",
                growth <= 0.1,
            )
        browser.close()


if __name__ == "__main__":
    main()
