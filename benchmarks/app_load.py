"""A class at once: how long each of many visitors waits, and the server's memory: python benchmarks/app_load.py

Each visitor opens a page that is drawn by lot, with a seed drawn by lot, every two seconds, or as soon as the last one is there
where that takes longer. Measured is the time until the whole page is there, beside that of a plain Streamlit page of as many elements
as ours have (31, no pictures), under the same visitors in the same run. Both servers run on two processor cores. Visitors are raw websockets,
without a browser: they take nothing of pictures but their addresses, and no fragment that a browser would start by itself. On a
machine that has other work, the waits say nothing: where nobody got a page in their time, the table has nan. A visitor's first page is not
counted, so look at the number of pages before you compare two runs. What the app measures once while nobody comes (see docs/deploy.md) should
be there: let it run for ten minutes first, else these measurements go on beside the plain page's visitors.

Memory is what is resident of the server, in GiB, with the pages of mapped files: at its start, after one visitor saw all pages, with
each number of visitors at the end of their time, and when they have left and Streamlit has given up waiting for them to come back.

With --training each number of visitors comes twice: to the idle machine, and while a network is trained as the page Train live does it.
"""

import argparse
import asyncio
import os
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

import numpy as np
import psutil
from websockets.exceptions import WebSocketException

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
from aemodels.training import live_queue, live_recipes  # noqa: E402
from benchmarks.serving import server  # noqa: E402
from tests.visiting import Visitor  # noqa: E402

PACE_S = 2.0
NUM_CORES = 2
FORGOTTEN_S = 150  # Streamlit keeps the session of a visitor who left for two minutes
PLAIN = """
import streamlit as st

def page():
    st.title("Plain", anchor=False)
    seed = st.number_input("Seed", 0, 999_999, value=int(st.query_params.get("seed", 1)), key="seed")
    for i in range(9):
        st.slider(f"Slider {i}", 0, 100, key=f"slider{i}")
        st.button(f"Button {i}", key=f"button{i}")
        st.markdown(f"Line {i} of seed {seed}")
    st.selectbox("Choice", range(5), key="choice")
    st.caption("That was all.")

def other():
    page()

st.set_page_config(layout="wide")
st.navigation([st.Page(page, title="One", default=True), st.Page(other, title="Two", url_path="two")]).run()
"""


class Waits:
    """Seconds until a page was there, and what went wrong instead, with the page's path."""

    def __init__(self) -> None:
        self.seconds: list[tuple[str, float]] = []
        self.errors: list[str] = []

    def quantiles(self, *shares: float) -> list[float]:
        return np.quantile([s for _, s in self.seconds] or [np.nan], shares).tolist()

    def of_pages(self) -> dict[str, list[float]]:
        found: dict[str, list[float]] = {}
        for path, seconds in self.seconds:
            found.setdefault(path, []).append(seconds)
        return found


async def visit(url: str, end: float, luck: random.Random, waits: Waits) -> None:
    """One visitor, who comes within the first two seconds and stays until the end."""
    clock = asyncio.get_running_loop().time
    await asyncio.sleep(luck.uniform(0, PACE_S))
    try:
        async with Visitor(url) as visitor:
            await visitor.open()
            path = ""
            while (start := clock()) < end:
                path = luck.choice([other for other in visitor.pages if other != path])
                seed = luck.randrange(1_000_000)
                answer = await visitor.open(path, seed=seed)
                waits.seconds.append((path, answer.seconds))
                waits.errors += [f"{path}?seed={seed}: {error}" for error in answer.errors]
                if answer.seed not in (None, seed):
                    waits.errors.append(f"{path}?seed={seed}: shows seed {answer.seed}")
                await asyncio.sleep(max(0, start + PACE_S - clock()))
    except (OSError, WebSocketException) as error:
        waits.errors.append(f"{path}: {error!r}")


async def crowd(url: str, num_visitors: int, duration_s: float, seed: int) -> Waits:
    """This many visitors for this long."""
    waits, end = Waits(), asyncio.get_running_loop().time() + duration_s
    lots = (random.Random(f"{seed} {i}") for i in range(num_visitors))
    await asyncio.gather(*(visit(url, end, luck, waits) for luck in lots))
    return waits


async def see_all_pages(url: str) -> Waits:
    """One visitor, who opens each page once."""
    waits = Waits()
    async with Visitor(url) as visitor:
        await visitor.open()
        for path in reversed(visitor.pages):
            answer = await visitor.open(path, seed=1)
            waits.seconds.append((path, answer.seconds))
            waits.errors += [f"{path}: {error}" for error in answer.errors]
    return waits


def busy(process: psutil.Process | None, visits: Coroutine[None, None, Waits]) -> tuple[Waits, float]:
    """The waits of a crowd, and the milliseconds of a core that the server spent a page; nan where the server is not known."""

    def spent_s() -> float:
        return sum(process.cpu_times()[:2]) if process else float("nan")

    before_s = spent_s()
    waits = asyncio.run(visits)
    return waits, 1000 * (spent_s() - before_s) / max(1, len(waits.seconds))


@contextmanager
def training() -> Iterator[None]:
    """One training of five minutes at most, as the page Train live asks for it, with somebody who watches."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LATENT_LAB_MODELS"] = folder
        recipe = live_recipes.recipe("plain", {}, 2, live_recipes.WIDTHS[0], live_recipes.LEARNING_RATES[0], 5, seed=1)
        start_s = time.monotonic()
        job = live_queue.submit(recipe, "benchmark", Path(folder))
        over = threading.Event()

        def watch() -> None:
            while not over.wait(1):
                live_queue.tend(job)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            while len(job.moment().curve) < 2:  # the first is of the untrained network
                time.sleep(0.1)
            print(f"first moment of the training after {time.monotonic() - start_s:.1f} s", flush=True)
            before = job.moment().curve[-1]
            yield
            seconds, steps = job.moment().curve[-1][:2] - before[:2]
            print(f"the training made {steps / seconds:.1f} steps a second", flush=True)
        finally:
            over.set()
            watcher.join()
            live_queue.withdraw(job)
            del os.environ["LATENT_LAB_MODELS"]


def gib(process: psutil.Process) -> float:
    return process.memory_info().rss / 2**30


def row(*cells: object) -> None:
    print(
        "| " + " | ".join(f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in cells) + " |", flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--visitors", type=int, nargs="+", default=[1, 10, 20, 50], help="(default: 1 10 20 50)")
    parser.add_argument("--seconds", type=float, default=60, help="that they stay (default: 60)")
    parser.add_argument("--seed", type=int, default=0, help="of what is drawn by lot (default: 0)")
    parser.add_argument("--url", help="of an app that runs already; its memory is then not measured")
    parser.add_argument("--pages", action="store_true", help="also each page's median, under the most visitors")
    parser.add_argument("--training", action="store_true", help="each number of visitors once more, beside a training")
    parser.add_argument("--stay", action="store_true", help="do not wait until the visitors are forgotten")
    options = parser.parse_args()
    _, most_files = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(most_files, 4096), most_files))
    cores = sorted(os.sched_getaffinity(0))[:NUM_CORES]
    os.sched_setaffinity(0, cores)  # the servers inherit it
    environment = {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "plain.py"
        script.write_text(PLAIN, encoding="utf-8")
        with server(["run", str(script)], environment, folder) as (plain_url, plain, _):
            if options.url:
                measure(options, options.url.rstrip("/"), None, plain_url, psutil.Process(plain.pid))
            else:
                with server(["run", "app.py"], environment) as (url, app, _):
                    measure(options, url, psutil.Process(app.pid), plain_url, psutil.Process(plain.pid))


def measure(
    options: argparse.Namespace, url: str, process: psutil.Process | None, plain_url: str, plain_process: psutil.Process
) -> None:
    memory = {"at the start": gib(process)} if process else {}
    errors = asyncio.run(see_all_pages(url)).errors
    asyncio.run(see_all_pages(plain_url))
    if process:
        memory["after one visitor saw all pages"] = gib(process)
    print(
        f"{len(os.sched_getaffinity(0))} cores, {options.seconds:g} s each, load of the machine {os.getloadavg()[0]:.1f}\n"
    )
    heads = [
        f"{whose}{what}" for whose in ("", "plain: ") for what in ("median / s", "95 % / s", "processor / ms a page")
    ]
    row("visitors", "pages", *heads, "95 % ÷ plain's", "errors")
    row(*["---"] * (len(heads) + 4))
    for n in options.visitors:
        for beside in (nullcontext, training) if options.training else (nullcontext,):
            with beside():
                plain, plain_ms = busy(plain_process, crowd(plain_url, n, options.seconds, options.seed))
                waits, ms = busy(process, crowd(url, n, options.seconds, options.seed))
            if process:
                memory[f"with {n}"] = gib(process)
            figures = [
                value
                for w, per_page in ((waits, ms), (plain, plain_ms))
                for value in (*w.quantiles(0.5, 0.95), per_page)
            ]
            num_errors = len(waits.errors) + len(plain.errors)
            who = f"{n} beside a training" if beside is training else n
            row(who, len(waits.seconds), *figures, figures[1] / figures[4], num_errors)
            errors += waits.errors + plain.errors
    if process:
        if not options.stay:
            asyncio.run(asyncio.sleep(FORGOTTEN_S))
            asyncio.run(crowd(url, 1, 1, options.seed))  # Streamlit forgets when the next one comes
            memory[f"{FORGOTTEN_S} s after they left"] = gib(process)
        print("\n| memory of the server | GiB |\n|---|---|")
        for when, size in memory.items():
            row(when, size)
    if options.pages:
        print("\n| page | median / s | most / s |\n|---|---|---|")
        for path, seconds in sorted(waits.of_pages().items()):
            row(path or "home", statistics.median(seconds), max(seconds))
    if errors:
        print("\nErrors:", *sorted(set(errors))[:20], sep="\n- ")


if __name__ == "__main__":
    main()
