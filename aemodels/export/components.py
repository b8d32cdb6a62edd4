"""The components of a plane in a browser: HTML, CSS and JavaScript, for the app and for a file that is taken along.

A component's script is an ES module as Streamlit wants it: its default export takes {data, parentElement, setTriggerValue}.
"""

from dataclasses import dataclass
from pathlib import Path

ASSETS = Path(__file__).parents[1] / "assets/plane"
# Words come with the data: data-text and data-label say which of them an element shows, and which a screen reader says of it.
_BAR = '<div class="bar"><div class="legend" role="group" data-label="classes"></div>{}</div>'
_PLANE = '<canvas id="{}" class="plane" tabindex="0" role="application"></canvas>'
_DIGIT = '<canvas id="{}" class="digit" role="img"></canvas>'

_TOUCH = f"""
{
    _BAR.format('''
<div class="tools">
  <button type="button" class="tool" id="box" aria-pressed="false">▭ <span data-text="box"></span></button>
  <button type="button" class="tool" id="out" data-text="out"></button>
  <button type="button" class="tool" id="reset" data-text="reset"></button>
</div>''')
}
<div class="touch">
  <figure><figcaption class="title"></figcaption>{_PLANE.format("codes")}</figure>
  <figure><figcaption class="title"></figcaption>{_PLANE.format("grid")}</figure>
  <p class="hint" data-text="hint"></p>
  <section class="readout" aria-live="polite">
    <div>{_DIGIT.format("decoded")}<p id="place"></p></div>
    <div><p id="verdict"></p><p id="share"></p></div>
    <div><p id="what"></p><div id="nearest"></div></div>
  </section>
</div>
"""

_ONE = f"""<figure>
  <figcaption class="title"></figcaption><div class="facts"></div>{_PLANE.format("codes")}
  <section class="readout" aria-live="polite">
    {_DIGIT.format("decoded")}
    <div><p class="place"></p><p id="verdict"></p><p id="share"></p><p id="near"></p></div>
  </section>
</figure>"""
_TWINS = f"""
{_BAR.format("")}
<div class="twins">{_ONE}</div>
"""
_PATH = f"""
{_BAR.format("")}
<div class="path">
  {_PLANE.format("codes")}
  <section>
    <div class="pictures">
      <figure><figcaption data-text="walk"></figcaption>{_DIGIT.format("walk")}</figure>
      <figure><figcaption data-text="fade"></figcaption>{_DIGIT.format("fade")}</figure>
    </div>
    <div class="steps">
      {_DIGIT.format("a")}
      <input id="step" type="range" min="0" max="1" step="0.01" value="0.5" data-label="slider">
      {_DIGIT.format("b")}
      <p>A</p><p id="how-far"></p><p>B</p>
    </div>
    <p class="hint" data-text="hint"></p>
  </section>
</div>
"""


@dataclass(frozen=True)
class Component:
    html: str
    css: str
    js: str


def read(name: str) -> str:
    """The text of a file in ASSETS."""
    return (ASSETS / name).read_text(encoding="utf-8")


def module(*scripts: Path) -> str:
    """The scripts as one ES module, after what each component needs to stay on the page."""
    return "\n".join(script.read_text(encoding="utf-8") for script in (ASSETS / "mounting.js", *scripts))


def _component(html: str, *scripts: str) -> Component:
    return Component(html, read("plane.css"), module(*(ASSETS / f"{script}.js" for script in scripts)))


STORE = _component("\n<span></span>\n", "decoder", "store")
TOUCH = _component(_TOUCH, "pane", "plane")
TWINS = _component(_TWINS, "pane", "twins")
PATH = _component(_PATH, "pane", "path")
