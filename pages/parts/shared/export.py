"""Panels on the screen and in files: one PNG for the eye, one at print size, one CSV with the numbers, and the report."""

import io
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from urllib.parse import urlencode

import numpy as np
import streamlit as st
from PIL import Image

from aemodels import language
from aemodels.language import _, number, sentences
from aemodels.report import figures, panels
from aemodels.report.notebook import Entry, FullError
from aemodels.report.screen_png import SIGNATURE, screen_png
from aemodels.text import visible
from pages.parts.shared import languages, loaders, markdown, visitors

SCREEN_PX = 1400
PRINT_PX = 2400  # 20 cm at 300 dpi
MOST_COLOURS = 4096  # of a drawing; a panel with photos has more
MOST_NAMED = 4
FEW = 3  # pictures, which side by side would be huge


def is_dark() -> bool:
    return st.context.theme.type == "dark"


def ink() -> figures.Ink:
    """Panel colours that fit the theme on the screen."""
    return figures.DARK if is_dark() else figures.LIGHT


def on_screen(draw: Callable[..., Image.Image], *scene: object) -> bytes:
    """draw(*scene, width_px=..., ink=...) for the screen, a file for `show`."""
    return _file(draw(*scene, width_px=SCREEN_PX, ink=ink()))


def show(panel: Image.Image | bytes, alt: str) -> None:
    """A panel of up to 1,460 px, drawn or as a file of `on_screen`, as wide as its column."""
    file = panel if isinstance(panel, bytes) else _file(panel)
    kind = "PNG" if file.startswith(SIGNATURE) else "JPEG"
    st.image(file, alt=visible(alt), width="stretch", output_format=kind)


def _file(panel: Image.Image) -> bytes:
    """A PNG file; of a whole panel with photos a JPEG file at 45 dB and more, which is a third as large: each visitor's panels lie in
    memory, and the browser waits for them. What is downloaded is a PNG file."""
    if panel.width < SCREEN_PX or panel.getcolors(MOST_COLOURS):
        return screen_png(panel)
    file = io.BytesIO()
    panel.save(file, "JPEG", quality=95, subsampling="4:4:4")
    return file.getvalue()


def pictures_panel(
    rows: Sequence[Sequence[np.ndarray]],
    labels: Sequence[str],
    notes: Sequence[Sequence[str]],
    width_px: int,
    ink: figures.Ink,
    caption: str = "",
) -> Image.Image:
    """Rows of tiles with their notes, as figures.panel takes them, a column a picture; where there are FEW, a row a picture."""
    if len(rows[0]) > FEW:
        return figures.panel(rows, labels, notes, caption=caption, width_px=width_px, ink=ink)
    notes = [row or [""] * len(rows[0]) for row in notes]
    turned = [[*zip(*table, strict=True)] for table in (rows, notes)]
    return figures.panel(turned[0], [], turned[1], labels, caption, width_px, ink)


def models_panel(
    rows: Mapping[str, Sequence[np.ndarray | str]],
    models: Sequence[str],
    width_px: int,
    ink: figures.Ink,
    caption: str = "",
) -> Image.Image:
    """Rows of tiles by name, as figures.panel takes them, a column a model; of a single model, whose tiles would be huge, all in one row."""
    if len(models) == 1:
        return figures.panel([[tile for (tile,) in rows.values()]], [], [], list(rows), caption, width_px, ink)
    return figures.panel(list(rows.values()), list(rows), [], models, caption, width_px, ink)


def stacked(panels: Sequence[Image.Image], ink: figures.Ink) -> Image.Image:
    """Panels of one width, one below the other."""
    whole = Image.new("RGB", (panels[0].width, sum(panel.height for panel in panels)), ink.background)
    for i, panel in enumerate(panels):
        whole.paste(panel, (0, sum(above.height for above in panels[:i])))
    return whole


def of_models(names: Iterable[str]) -> str:
    """Models in a file's name: of many the first, and how many more."""
    names = list(names)
    return "_".join(names) if len(names) <= MOST_NAMED else f"{names[0]}-and-{len(names) - 1}-more"


def export_row(
    name: str,
    draw: Callable[..., Image.Image],
    rows: Sequence[Mapping[str, object]] | Callable[[], Sequence[Mapping[str, object]]],
    settings: Mapping[str, object],
    alt: str = "",
    key: str = "",
    legend: str = "",
) -> None:
    """The scene's settings, two downloads, and a button that adds the panel to the report.

    name      file name without its ending: the page, the model and the seed are in it, so that many downloads can be told apart
    draw      draw(width_px=..., ink=..., caption=...) -> the panel; called again at print size when a button is clicked
    rows      the numbers, one mapping a line of the CSV; where they are many, a function that makes them when a button is clicked
    settings  what makes the same scene again: shown, and part of the panel's caption
    alt       what the panel shows, in words; the page's title and the settings if empty
    key       tells a second row of a page from its first
    legend    what its figures and colours mean, in words, for whoever has the panel and not the page: stands before the settings,
              below the panel that is downloaded and in the caption of the one in the report
    """
    if "added" in st.session_state:
        st.toast(st.session_state.pop("added"))
    text, place = panels.describe(settings), (_page(), key)
    st.session_state.setdefault("exports", {})[place] = (name, draw, rows, dict(settings), alt, legend)
    with st.container(horizontal=True, vertical_alignment="center", key=f"export{key}"):
        st.download_button(
            _("Panel (PNG, 300 dpi)"),
            language.kept(partial(_print, draw, sentences([legend, text]), text)),
            file_name=f"{name}.png",
            mime="image/png",
            icon=":material/download:",
            key=f"panel{key}",  # else another name of the file would make it another button, for which the browser takes milliseconds
            on_click="ignore",
        )
        st.download_button(
            _("Numbers (CSV)"),
            language.kept(lambda: panels.to_csv(_made(rows))),
            file_name=f"{name}.csv",
            mime="text/csv",
            icon=":material/table:",
            key=f"numbers{key}",
            on_click="ignore",
        )
        st.button(
            _("Add to report"),
            icon=":material/note_add:",
            key=f"add_to_report{key}",
            on_click=_add_scene,
            args=(place,),
        )
        st.caption(markdown.literal(text))


def add(entry: Entry) -> str:
    """Adds a panel to the visitor's report; returns one sentence that says so, or why not, and one more where it cannot be kept."""
    book, title = visitors.own_notebook(), markdown.literal(entry.panel.title)
    try:
        is_new = book.add(entry)
    except FullError as error:
        return str(error)
    if not is_new:
        said = _("“{title}” with these settings is in the report already.").format(title=title)
    else:
        said = _("“{title}” is now in the report, as panel {place}.").format(
            title=title, place=number(book.num_panels())
        )
    return sentences([said, markdown.literal(book.fault)])


def forget_other_pages() -> None:
    """To be called once a page stands: what is exported of pages that were left is let go. Streamlit itself keeps what a button's
    `args` hold for as long as the visitor stays, of every page."""
    here = _page()
    exports = st.session_state.get("exports", {})
    st.session_state.exports = {place: scene for place, scene in exports.items() if place[0] == here}


def _page() -> str:
    return st.session_state.get("page_path", "")


def _add_scene(place: tuple[str, str]) -> None:
    name, draw, rows, settings, alt, legend = st.session_state.exports[place]
    text, title = panels.describe(settings), st.session_state.page_title
    caption = _("{what}. {settings}").format(what=alt or title, settings=sentences([legend, text]))
    alt = alt or _("{name}: {value}").format(name=title, value=text)
    panel = panels.Panel(name, title, caption, alt, _print(draw, text, text), _made(rows), settings)
    entry = Entry(panel, _scene(), loaders.digests(_models_in(settings)))
    st.session_state.added = add(entry)  # said by the run that follows: a fragment's callback may show nothing


def _made(
    rows: Sequence[Mapping[str, object]] | Callable[[], Sequence[Mapping[str, object]]],
) -> list[Mapping[str, object]]:
    return list(rows() if callable(rows) else rows)


def _scene() -> str:
    """Where this page shows what it shows now, relative to the app's address, in whichever language."""
    values = {key: value for key, value in st.query_params.to_dict().items() if key != languages.KEY}
    return f"{st.session_state.page_path}?{urlencode(values)}"


def _models_in(settings: Mapping[str, object]) -> list[str]:
    """The models that the settings name: they tell all that a picture depends on."""
    told = " ".join(map(str, settings.values()))
    names = (model.name for model in loaders.read_catalogue().models)
    return [name for name in names if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", told)]


def _print(draw: Callable[..., Image.Image], caption: str, settings: str) -> bytes:
    return figures.png(draw(width_px=PRINT_PX, ink=figures.LIGHT, caption=caption), settings)
