"""How long the first visitor of each page waits after the server's start: python -m benchmarks.app_cold [PAGE …]

For each page a fresh server, on which nobody has opened anything, and a visitor who opens that page as soon as the server answers:
over the websocket, as a browser does, but without the time that Streamlit's own front end takes in one. The seconds until all of the
page is there are divided by those of `import torch` just before (goal: 1; 2 for Home). So are the processor's seconds, which depend
less on what else the machine does; they count all that the server does meanwhile.

Decoded photos are there already, where the data are; codes that were computed are not kept from one server to the next.
"""

import argparse
import asyncio
import contextlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import psutil

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from benchmarks.serving import cache_of_photos, environment, report, server  # noqa: E402
from tests.visiting import Answer, Visitor  # noqa: E402

HOME = "home"


@dataclass(frozen=True)
class Seconds:
    """On the clock, and of the processor."""

    wall: float
    processor: float


def import_torch() -> Seconds:
    """What a new Python takes for it, from its start to its end."""
    start, before = time.monotonic(), os.times()
    subprocess.run([sys.executable, "-c", "import torch"], check=True)
    wall, after = time.monotonic() - start, os.times()
    of_children = after.children_user + after.children_system - before.children_user - before.children_system
    return Seconds(wall, of_children)


@contextlib.contextmanager
def fresh_server() -> Iterator[tuple[str, subprocess.Popen]]:
    """The app, which nobody has opened: (URL, process)."""
    with (
        tempfile.TemporaryDirectory() as folder,
        server(["run", "app.py"], environment(cache_of_photos(Path(folder)))) as (url, process, _),
    ):
        yield url, process


def first_visit(path: str) -> Seconds:
    """From the wish for a page, of a fresh server, until all of it is there. Raises RuntimeError where the page shows an error."""
    with fresh_server() as (url, process):
        times = psutil.Process(process.pid).cpu_times
        before = times()
        answer = asyncio.run(_open(url, path))
        after = times()
    if answer.errors:
        raise RuntimeError(f"{path or HOME}: {' '.join(answer.errors)}")
    return Seconds(answer.seconds, after.user + after.system - before.user - before.system)


async def _open(url: str, path: str) -> Answer:
    async with Visitor(url) as visitor:
        return await visitor.open(path)


def pages() -> list[str]:
    """Paths of all pages; Home's is empty."""

    async def ask(url: str) -> list[str]:
        async with Visitor(url) as visitor:
            await visitor.open()
            return [*visitor.pages]

    with fresh_server() as (url, _):
        return asyncio.run(ask(url))


def report_cold(paths: Sequence[str], starts: int) -> None:
    for path in paths:
        pairs = [(import_torch(), first_visit(path)) for _ in range(starts)]
        wall = median(visit.wall / torch.wall for torch, visit in pairs)
        processor = median(visit.processor / torch.processor for torch, visit in pairs)
        limit = 1 if path else 2
        seconds = median(visit.wall for _, visit in pairs)
        name = f"{path or HOME}: first visit ({seconds:.2f} s), against `import torch` (≤ {limit})"
        report(name, f"{wall:.2f}, processor {processor:.2f}", wall <= limit)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("pages", nargs="*", help=f"paths, or {HOME} (default: all)")
    parser.add_argument("--starts", type=int, default=3, help="of the server for each page (default: 3)")
    options = parser.parse_args()
    print("| measured | value | goal |\n|---|---|---|")
    import_torch()  # the first one reads it from the disk
    report_cold([path if path != HOME else "" for path in options.pages] or pages(), options.starts)


if __name__ == "__main__":
    main()
