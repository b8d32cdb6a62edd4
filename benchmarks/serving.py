"""What the benchmarks of the app share: a server of Streamlit's for as long as it is needed."""

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


@contextlib.contextmanager
def server(
    arguments: list[str], health: str, environment: dict[str, str], folder: str | Path = ROOT
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
            with contextlib.suppress(OSError), direct.open(url + health, timeout=60):
                break
            time.sleep(0.02)
        yield url, process, start
    finally:
        process.terminate()
        process.wait(60)
