"""What the benchmarks of the app share: a server of Streamlit's for as long as it is needed, its cache, and the rows of a report."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from aemodels.data.photo_cache import cache_root  # noqa: E402


def environment(cache: Path) -> dict[str, str]:
    """Of a server of the app that keeps what it keeps on disk in this folder."""
    return {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", "LATENT_LAB_CACHE": str(cache)}


def cache_of_photos(folder: Path) -> Path:
    """The folder, with links to the photos that were decoded on this computer."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in cache_root().glob("*.*"):
        if not (link := folder / file.name).exists():
            link.symlink_to(file.resolve())
    return folder


def report(name: str, value: str, passed: bool | None) -> None:
    """A row of a table in Markdown; no goal where passed is None."""
    print(f"| {name} | {value} | {'' if passed is None else 'pass' if passed else 'FAIL'} |", flush=True)


@contextlib.contextmanager
def server(
    arguments: list[str], environment: dict[str, str], folder: str | Path = ROOT
) -> Iterator[tuple[str, subprocess.Popen, float]]:
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
            with contextlib.suppress(OSError), direct.open(f"{url}/_stcore/health", timeout=60):
                break
            time.sleep(0.02)
        yield url, process, start
    finally:
        process.terminate()
        process.wait(60)
