"""What the tests of train.py and of the app share: a few photos, and the app in a headless browser."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, urljoin, urlsplit

import pytest

from aemodels.data.sources import data_root

REPO = Path(__file__).parents[1]
# Where the environment says or `train.py --download` puts them; else what developers share.
REAL_DATA = (data_root() if data_root().is_dir() else REPO / ".." / "shared" / "data").resolve()
PICTURE = '[data-testid="stImage"] img'
IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
WAIT_MS = 240_000  # for anything that comes by itself; the machine may have other things to do
HEALTH = "/_stcore/health"  # an address of the app where no script runs
# Chromium starts no traffic of its own, and its camera is a made-up one that anyone may use.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]


def copy_photos(data_folder: Path, target: Path, num_photos_per_breed: int) -> Path:
    """Real photos of every breed, copied to target/stanford-dogs/Images; returns target."""
    for breed in sorted((data_folder / "stanford-dogs" / "Images").iterdir()):
        folder = target / "stanford-dogs" / "Images" / breed.name
        folder.mkdir(parents=True)
        for photo in sorted(breed.glob("*.jpg"))[:num_photos_per_breed]:
            shutil.copy(photo, folder)
    return target


def copy_digits(data_folder: Path, target: Path, num_train: int, num_test: int) -> Path:
    """The first of MNIST's real digits, in target/MNIST/raw as torchvision reads them; returns target."""
    raw = target / "MNIST" / "raw"
    raw.mkdir(parents=True)
    for part, number in (("train", num_train), ("t10k", num_test)):
        for file, head, size in ((f"{part}-images-idx3-ubyte", 16, 784), (f"{part}-labels-idx1-ubyte", 8, 1)):
            content = (data_folder / "MNIST" / "raw" / file).read_bytes()
            count = number.to_bytes(4, "big")
            (raw / file).write_bytes(content[:4] + count + content[8 : head + number * size])
    return target


def chromium() -> str | None:
    """The browser's program, or None where there is none. The one that has no windows at all takes a quarter less of the processor."""
    names = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


needs_browser = pytest.mark.skipif(not chromium(), reason="no Chromium or Chrome on this machine")


def settle(page):
    """Waits until the script has run, its last elements are drawn (none is a placeholder any more), and every picture is
    there."""
    page.wait_for_selector(IDLE)
    page.wait_for_selector("h1")
    # Looked at ten times a second, and not before every frame, for which the browser would draw sixty.
    page.wait_for_function("!document.querySelector('[data-testid=\"stSkeleton\"]')", polling=100)
    page.wait_for_function("[...document.images].every(i => i.complete)", polling=100)
    page.wait_for_selector(IDLE)


def wait_until(page, holds: Callable[[], bool]) -> None:
    """Waits until what is asked holds, of what happens outside the page or by and by."""
    deadline = time.monotonic() + WAIT_MS / 1000
    while not holds():
        assert time.monotonic() < deadline, "it has not come true"
        page.wait_for_timeout(50)


def still(page):
    """Waits until the page is drawn anew, as for a window of another size, and nothing slides any more, such as the sidebar."""
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    page.wait_for_function(  # what scrolling animates never ends
        "document.getAnimations().every(a => a.playState !== 'running' || !(a.timeline instanceof DocumentTimeline))"
    )
    settle(page)


def picture_bytes(page, picture=None) -> bytes:
    """The file of a picture, of the page's first where none is given."""
    source = (picture or page.locator(PICTURE).first).get_attribute("src")
    answer = page.request.get(urljoin(page.url, source))
    assert answer.ok
    return answer.body()


def wait_for_new_picture(page, old_source: str):
    """Waits until the page's first picture is another one and all stands still."""
    page.wait_for_function(
        "([css, old]) => document.querySelector(css)?.getAttribute('src') !== old", arg=[PICTURE, old_source]
    )
    settle(page)


class Wire:
    """The websocket of a page that is not yet open: what the browser has sent, and the answers, which wait while is_held."""

    def __init__(self, page) -> None:
        self.sent, self.held, self.is_held = [], [], False
        page.route_web_socket("**/_stcore/stream", self._relay)

    def _relay(self, browser) -> None:
        server = browser.connect_to_server()
        browser.on_message(lambda message: (self.sent.append(message), server.send(message)))
        server.on_message(
            lambda message: self.held.append((browser, message)) if self.is_held else browser.send(message)
        )

    def deliver(self) -> None:
        """What waits now goes on its way."""
        held, self.held = self.held, []
        for browser, message in held:
            browser.send(message)


def query(page) -> dict[str, str]:
    """What the address holds."""
    return dict(parse_qsl(urlsplit(page.url).query))


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


@contextlib.contextmanager
def running_app(folder: Path, script: Path = REPO / "app.py", arguments: Sequence[str] = (), port: int | None = None):
    """`python -m streamlit run app.py -- --only-when-asked arguments`, from another folder, on this or a free port of this machine, until the block ends:
    (URL without a slash, process).

    Its photos, if it has any, are in folder/data; what it writes goes to folder/log.txt."""
    port = port or free_port()
    options = {"headless": "true", "port": str(port), "address": "127.0.0.1", "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", str(script)]
    command += [word for key, value in options.items() for word in (f"--server.{key}", value)]
    command += ["--", "--only-when-asked", *arguments]  # what it would measure takes a core for minutes
    environment = {
        "LATENT_LAB_DATA": str(folder / "data"),
        "LATENT_LAB_CACHE": str(folder / "cache"),
        "LATENT_LAB_REPORTS": str(folder / "reports"),
        "LATENT_LAB_MODELS": str(folder / "models"),
        "OMP_NUM_THREADS": "1",
    }
    log = folder / "log.txt"
    with open(log, "wb") as file:
        server = subprocess.Popen(command, cwd=folder, env=os.environ | environment, stdout=file, stderr=file)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_healthy(server, url + HEALTH, log)
        yield url, server
    finally:
        server.terminate()
        server.wait(WAIT_MS / 1000)


def _wait_until_healthy(server: subprocess.Popen, url: str, log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), direct.open(url, timeout=5) as response:
            if response.status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the app did not start:\n{log.read_text()}")
