"""What the tests of the pages share: a page opened without a browser, and what stands on it."""

import io
import re
from functools import cache

import numpy as np
from browser import REPO
from PIL import Image
from streamlit.testing.v1 import AppTest

from aemodels.report.document import Section
from aemodels.report.panels import Panel
from pages.parts.report import lab_report
from pages.parts.shared import loaders, models

UPLOADS = "uploads3x128x128"  # where photos of these channels and pixels are uploaded


def new_session(**query) -> AppTest:
    """The app before its first run, with these values in its address."""
    app = AppTest.from_file(str(REPO / "pages/router.py"), default_timeout=240)
    for key, value in query.items():
        app.query_params[key] = str(value)
    return app


def start(**query) -> AppTest:
    """The app in a new session, at its home page, with these values in its address."""
    app = new_session(**query).run()
    assert not app.exception
    return app


def go_to(app: AppTest, page: str) -> AppTest:
    app.switch_page(f"{page}.py").run()
    assert not app.exception
    return app


@cache
def registered_pages() -> dict:
    """What an AppTest knows of the app's pages after its first run."""
    return start()._registered_pages


def open_page(page: str, **query) -> AppTest:
    """The page, such as "dogs/sample", in a new session that begins there, as by its address: the home page is not drawn first."""
    app = new_session(**query)
    app._registered_pages = registered_pages()
    return go_to(app, page)


def collected(app: AppTest) -> list[Panel]:
    """The panels in the visitor's report."""
    return [entry.panel for entry in app.session_state["notebook"].entries()]


def make_lab_report(app: AppTest) -> dict[str, Section]:
    """Clicks for the lab's report on its page; its sections by key."""
    app.button(key="lab_report").click().run()
    assert not app.exception
    wanted = lab_report.chosen(app.session_state["notebook"].texts())
    groups = [g for g in loaders.read_catalogue().of_kind(*lab_report.KINDS) if g.title in wanted["sets"]]
    return {section.key: section for section in lab_report.kept(groups, wanted["seed"]).made.sections}


def pictures(app: AppTest) -> list[str]:
    return [url for image in app.get("image") for url in image.value]


def text(app: AppTest, *more_kinds: str) -> str:
    """Its texts, with plain spaces within figures such as "26.23 ± 0.12 dB"."""
    found = (element.value for kind in ("markdown", "caption", *more_kinds) for element in app.get(kind))
    return "\n".join(found).replace("\xa0", " ")


def name_of(title: str) -> str:
    """The name of the model that pages call so; a text that is none stays as it is."""
    return {models.title(model.name): model.name for model in loaders.read_catalogue().models}.get(title, title)


def notice(app: AppTest) -> str:
    found = next(element.value for element in app.markdown if "What to notice" in str(element.value))
    return found.replace("\xa0", " ")


def numbers(pattern: str, app: AppTest) -> list[float]:
    """The numbers that the groups of the pattern match in the page's text."""
    return [float(group.replace(",", "")) for group in re.search(pattern, text(app)).groups()]


def png_file(colour=(200, 120, 40)) -> bytes:
    """A picture 300 wide and 200 high, from black to a colour."""
    ramp = np.linspace(0, 1, 300)[None, :, None]
    buffer = io.BytesIO()
    Image.fromarray(np.broadcast_to(ramp * np.array(colour), (200, 300, 3)).astype(np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()
