"""Frames a second of the map of 10,000 digits, dragged and zoomed, beside an empty animation: python -m benchmarks.map_frames

In headless Chromium without a GPU, one movement a frame. The empty animation says what the browser can do on this machine just now;
the three are measured in turns. Aim: above 30.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import median

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT)]
from tests.browser import CHROMIUM_ARGUMENTS, chromium, running_app  # noqa: E402

AIM = 30
# Moves the map once a frame and counts the frames in which it was drawn; of "nothing", the browser's own.
MOVE = """async ([kind, frames]) => {
    const find = (root) => root.querySelector('#codes') ?? [...root.querySelectorAll('*')].map(e => e.shadowRoot && find(e.shadowRoot)).find(Boolean)
    const canvas = find(document), { left, top, width, height } = canvas.getBoundingClientRect()
    const drawn = Number(canvas.dataset.frames), begin = performance.now()
    for (let i = 0; i < frames; i++) {
        const at = { clientX: left + width / 2 + 120 * Math.sin(i / 20), clientY: top + height / 2 + 80 * Math.cos(i / 20), cancelable: true }
        if (kind === 'dragged') canvas.dispatchEvent(new PointerEvent('pointermove', { ...at, pointerId: 1 }))
        if (kind === 'zoomed') canvas.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: i % 100 < 50 ? -30 : 30 }))
        await new Promise(requestAnimationFrame)
    }
    const count = kind === 'nothing' ? frames : Number(canvas.dataset.frames) - drawn
    return 1000 * count / (performance.now() - begin)
}"""


def measure(page: Page, rounds: int, frames: int) -> dict[str, list[float]]:
    """Frames a second of each round."""
    box = page.locator("#codes").bounding_box()
    centre = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    rates: dict[str, list[float]] = {"nothing": [], "dragged": [], "zoomed": []}
    for _round in range(rounds):
        for kind, found in rates.items():
            page.mouse.move(*centre)
            if kind == "dragged":
                page.mouse.down()
            found.append(page.evaluate(MOVE, [kind, frames]))
            page.mouse.up()
    return rates


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--frames", type=int, default=150)
    args = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        running_app(Path(folder)) as (url, _log),
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium(), args=CHROMIUM_ARGUMENTS)
        page = browser.new_page(viewport={"width": 1440, "height": 1100})
        page.set_default_timeout(120_000)
        page.goto(f"{url}/map")
        page.wait_for_selector("[data-shown]:not([data-shown='0'])")
        rates = measure(page, args.rounds, args.frames)
        browser.close()
    for kind, found in rates.items():
        print(f"{kind:<10}{median(found):6.1f} frames/s, least {min(found):.1f}")
    least = min(median(rates[kind]) for kind in ("dragged", "zoomed"))
    print(f"{'reaches' if least > AIM else 'misses'} the aim of {AIM}")


if __name__ == "__main__":
    main()
