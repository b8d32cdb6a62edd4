"""What Chinese costs a click, against English: python benchmarks/language_cost.py

The same click on "Draw again" on each page, without a browser (AppTest), by two visitors in turns, with seeds of their own, so that none
finds kept what the other has computed; then the page again as it stands, when nothing is computed and words are most of the work.
Processor time is measured, which other work on the machine does not change. The ratio is of medians.
"""

import argparse
import sys
import time
from pathlib import Path
from statistics import median

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]
from apptest import go_to, start  # noqa: E402
from streamlit.testing.v1 import AppTest  # noqa: E402

PAGES = [f"mnist/{page}" for page in ("latent_plane", "path", "denoise")] + [
    f"dogs/{page}" for page in ("reconstruct", "sample", "axes", "interpolate", "perturb", "noise_regularised")
]
SEEDS = {"en": 7, "zh": 500_007}
LIMIT = 1.05


def seconds(app: AppTest, clicks: bool) -> float:
    """Processor time of a run, after a click on "Draw again" or of the page as it is."""
    if clicks:
        app.button(key="again").click()
    begin = time.process_time()
    app.run()
    return time.process_time() - begin


def ratio(page: str, num_clicks: int, clicks: bool) -> tuple[float, float]:
    """Median seconds in Chinese over those in English, and those in English."""
    apps = {told: go_to(start(lang=told, seed=seed), page) for told, seed in SEEDS.items()}
    times: dict[str, list[float]] = {told: [] for told in SEEDS}
    for i in range(num_clicks + 2):
        for told in SEEDS:
            taken = seconds(apps[told], clicks)
            if i >= 2:  # the first two fill caches
                times[told].append(taken)
    return median(times["zh"]) / median(times["en"]), median(times["en"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--clicks", type=int, default=20, help="on each page and in each language (default: 20)")
    options = parser.parse_args()
    print(f"| page | click: zh / en (≤ {LIMIT}) | click in English, ms | page again: zh / en |\n|---|---|---|---|")
    clicked, again = [], []
    for page in PAGES:
        click, english_s = ratio(page, options.clicks, clicks=True)
        still, _ = ratio(page, options.clicks, clicks=False)
        clicked.append(click)
        again.append(still)
        print(f"| {page} | {click:.3f} | {1000 * english_s:.0f} | {still:.3f} |", flush=True)
    verdict = "pass" if median(clicked) <= LIMIT else "FAIL"
    print(f"| median | {median(clicked):.3f} {verdict} | | {median(again):.3f} |")


if __name__ == "__main__":
    main()
