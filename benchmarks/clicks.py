"""Milliseconds in a real browser from a click until its picture is there, on a page and on an empty one in turns."""

from collections import defaultdict
from collections.abc import Callable, Sequence

from playwright.sync_api import Page

IDLE = '[data-testid="stApp"][data-test-script-state="notRunning"]'
# From the click until a picture has a new source and is loaded, until the page's first picture has its last one (a panel may come with
# its photos first), and until the script has run; all in milliseconds.
CLICK = """
() => new Promise(resolve => {
  const answer = document.querySelector('#answer');
  const pictures = () => [...document.querySelectorAll('[data-testid="stImage"] img')];
  const old = new Set(pictures().map(i => i.src)), before = answer?.textContent;
  const isNew = () => answer ? document.querySelector('#answer')?.textContent !== before
    : pictures().some(i => !old.has(i.src) && i.complete && i.naturalWidth);
  const isIdle = () => document.querySelector('[data-testid="stApp"]').dataset.testScriptState === 'notRunning';
  const start = performance.now();
  let shown = 0, whole = 0, source = pictures()[0]?.src, hasRun = false;
  const look = () => {
    hasRun ||= !isIdle();
    if (!shown && isNew()) shown = performance.now() - start;
    const first = pictures()[0];
    if (first && first.src !== source && first.complete) { source = first.src; whole = performance.now() - start }
    const rested = isIdle() && (hasRun || shown);
    if (rested && (shown || performance.now() - start > 20000)) resolve([shown || null, whole || shown || null, performance.now() - start]);
    else setTimeout(look, 4);
  };
  document.querySelector('.st-key-again button').click();
  look();
})
"""

BUTTON = "document.querySelector('.st-key-again button').click()"
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


def settle(page: Page) -> None:
    page.wait_for_selector(IDLE)
    page.wait_for_selector("h1")
    page.wait_for_function("[...document.images].every(i => i.complete)")
    page.wait_for_selector(IDLE)


def in_turns(
    page: Page, frame: Page, act: Callable[[Page], list[float | None]], times: int
) -> list[list[float | None]]:
    """What `act` measures on the page and on the frame, [of the page, of the frame] each time, in turns so that both share the machine;
    stops where nothing new was shown."""
    measured = []
    for _ in range(times):
        for tab in (page, frame):
            tab.bring_to_front()
            measured.append(act(tab))
        if measured[-2][0] is None:
            break
    return [[*of_page, of_frame[0]] for of_page, of_frame in zip(measured[::2], measured[1::2], strict=True)]


def draw_again(page: Page) -> list[float | None]:
    """Milliseconds until a new picture, until the first panel is whole, and until all of the page."""
    page.wait_for_selector(".st-key-again button")
    return page.evaluate(CLICK)


def type_in(seeds: Sequence[int]) -> Callable[[Page], list[float | None]]:
    """The same for one of these seeds after another, typed in on each page."""
    on_page, turn = defaultdict(lambda: iter(seeds)), CLICK.replace(BUTTON, ENTER)

    def act(page: Page) -> list[float | None]:
        page.get_by_label("Seed", exact=True).fill(str(next(on_page[page])))
        return page.evaluate(turn)

    return act


def plane_clicks(page: Page, num_clicks: int) -> list[float]:
    """Milliseconds until the place clicked in the page's first plane has its picture.

    Left out is a click on "Path" whose nearest digit is the one picked already: it rightly changes nothing.
    """
    page.bring_to_front()
    plane, times = page.locator("canvas.plane").first, []
    for i in range(num_clicks):
        plane.evaluate(WATCH)
        box = plane.bounding_box()
        page.mouse.click(box["x"] + (0.3 + 0.02 * i) * box["width"], box["y"] + (0.7 - 0.02 * i) * box["height"])
        times.append(page.evaluate("window.decoded"))
        settle(page)
    return [ms for ms in times if ms is not None]


def column(times: list[list[float | None]], which: int) -> list[float | None]:
    return [each[which] for each in times]
