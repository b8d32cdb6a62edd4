"""What the tests of train.py and of the app share: a few photos, and the app in a headless browser."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

REPO = Path(__file__).parents[1]
# Chromium starts no traffic of its own.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def copy_photos(data_folder: Path, target: Path, num_photos_per_breed: int) -> Path:
    """Real photos of every breed, copied to target/stanford-dogs/Images; returns target."""
    for breed in sorted((data_folder / "stanford-dogs" / "Images").iterdir()):
        folder = target / "stanford-dogs" / "Images" / breed.name
        folder.mkdir(parents=True)
        for photo in sorted(breed.glob("*.jpg"))[:num_photos_per_breed]:
            shutil.copy(photo, folder)
    return target


def chromium() -> str | None:
    """The browser's program, or None where there is none."""
    names = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
    return next(filter(None, map(shutil.which, names)), None)


@contextlib.contextmanager
def running_app(log: Path, environment: dict[str, str]):
    """`streamlit run app.py` on a free port of this machine, until the block ends; yields its URL, without a slash."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = {"headless": "true", "port": str(port), "address": "127.0.0.1", "fileWatcherType": "none"}
    command = [sys.executable, "-m", "streamlit", "run", "app.py"]
    command += [word for key, value in options.items() for word in (f"--server.{key}", value)]
    with open(log, "wb") as file:
        server = subprocess.Popen(command, cwd=REPO, env=os.environ | environment, stdout=file, stderr=file)
    try:
        url = f"http://127.0.0.1:{port}"
        # This check runs app.py once; until then Streamlit knows no page but the first.
        _wait_until_healthy(server, f"{url}/_stcore/script-health-check", log)
        yield url
    finally:
        server.terminate()
        server.wait(30)


def _wait_until_healthy(server: subprocess.Popen, url: str, log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), direct.open(url, timeout=5) as response:
            if response.status == 200:
                return
        time.sleep(0.1)
    raise RuntimeError(f"the app did not start:\n{log.read_text()}")
