"""The report page, and the export row of every page: what is collected, and that its settings tell the whole scene."""

import io

import pytest
from apptest import go_to, open_page, start
from browser import REPO
from PIL import Image

from aemodels.report import figures
from aemodels.report.panels import Panel
from pages.parts.shared import export

# Every page that has an export row.
SCENES = sorted(
    file.relative_to(REPO / "pages").with_suffix("").as_posix()
    for file in (REPO / "pages").glob("*/*.py")
    if "export.export_row(" in file.read_text(encoding="utf-8")
)


pytestmark = pytest.mark.usefixtures("with_photos")


@pytest.fixture
def drawn(monkeypatch):
    """What each page last handed to its export row."""
    calls = []
    original = export.export_row

    def export_row(name, draw, rows, settings, *args, **kwargs):
        calls.append((name, draw, list(rows), dict(settings)))
        return original(name, draw, rows, settings, *args, **kwargs)

    monkeypatch.setattr(export, "export_row", export_row)
    return calls


def add(app, page):
    go_to(app, page).button(key="add_to_report").click().run()
    assert not app.exception
    return app.toast[-1].value


def collected(app):
    return [entry.panel for entry in app.session_state["report"].values()]


def headings(app):
    return [m.value for m in app.markdown if m.value.startswith("**Figure ")]


def test_an_empty_report_says_how_to_fill_it():
    app = open_page("about/report")
    assert "Add to report" in app.info[0].value
    assert [button.proto.disabled for button in app.download_button] == [True, True]


@pytest.mark.parametrize("page", SCENES)
def test_every_page_adds_its_panel(page, drawn):
    app = start()
    assert "panel 1" in add(app, page)
    name, draw, rows, settings = drawn[-1]
    (panel,) = collected(app)
    assert (panel.name, panel.title) == (name, app.title[0].value)
    assert panel.rows == rows
    assert panel.settings == settings
    assert ("seed" in settings) == ("seed" in {widget.key for widget in app.number_input})
    assert panel.alt
    assert panel.caption
    image = Image.open(io.BytesIO(panel.png))
    assert image.width == export.PRINT_PX
    assert [round(dpi) for dpi in image.info["dpi"]] == [300, 300]
    for key, value in settings.items():
        assert f"{key}: {value}" in image.info["Description"]
        assert f"{key}: {value}" in panel.caption
    bare = draw(width_px=export.PRINT_PX, ink=figures.LIGHT, caption="")
    assert image.height > bare.height  # the caption is in the picture
    assert "in the report already" in add(app, page)
    assert len(collected(app)) == 1


def other_values(app):
    """Another value, as the URL says it, for every widget of the page that has one."""
    for widget in app.toggle:
        yield widget.key, str(not widget.value).lower()
    for widget in app.text_input:  # of numbers, by default those that the placeholder shows
        yield widget.key, ", ".join(f"{float(number) / 2:g}" for number in widget.placeholder.split(","))
    for kind in ("segmented_control", "selectbox", "select_slider", "radio", "pills"):
        for widget in app.get(kind):
            shown = widget.value if kind == "radio" else widget.format_func(widget.value)
            yield widget.key, next(option for option in reversed(widget.options) if option != shown)
    for kind in ("slider", "number_input"):
        for widget in app.get(kind):
            value = int(widget.placeholder) if widget.value is None else widget.value
            if isinstance(value, (int, float)):
                yield widget.key, widget.max if kind == "slider" and value != widget.max else value + 1


@pytest.mark.parametrize("page", SCENES)
def test_settings_tell_all_that_the_picture_depends_on(page, drawn):
    """Two scenes with the same settings are the same picture, whichever widget is touched."""

    def scene(**query):
        app = open_page(page, **query)
        assert not app.error
        _, draw, _, settings = drawn[-1]
        return app, draw(width_px=900, ink=figures.LIGHT, caption="").tobytes(), settings

    app, first, settings = scene()
    assert scene()[1:] == (first, settings)
    changed, others_to_try = [], dict(other_values(app))
    for key, value in others_to_try.items():
        _, picture, others = scene(**{key: value})
        if picture != first:
            assert others != settings, f"{key}={value} changes the picture and not the settings"
            changed.append(key)
    assert changed
    assert ("seed" in changed) == ("seed" in others_to_try)
    if page == "mnist/latent_plane":  # fields and a toggle, which say what they do only if they were tried
        assert {"z", "box", "fade"} <= set(changed)
    if page == "mnist/path":
        assert {"a", "b"} <= set(changed)


def some_panel(number):
    """A panel of its own for each number."""
    png = figures.png(Image.new("RGB", (30, 20), (number, 0, 0)))
    return Panel(f"panel-{number}", f"Panel {number}", f"Caption {number}", f"Alt {number}", png, [], {"seed": number})


def with_panels(num_panels):
    """The report page with that many panels, numbered from 1."""
    app = start()
    thumbnails = [export.Collected(some_panel(i), some_panel(i).png) for i in range(1, num_panels + 1)]
    app.session_state["report"] = dict(enumerate(thumbnails, 1))
    return go_to(app, "about/report")


def test_panels_are_listed_moved_and_removed():
    app = with_panels(3)
    assert headings(app) == ["**Figure 1: Panel 1**", "**Figure 2: Panel 2**", "**Figure 3: Panel 3**"]
    assert app.button(key="Up_1").proto.disabled
    assert app.button(key="Down_3").proto.disabled
    app.button(key="Down_1").click().run()
    assert [panel.title for panel in collected(app)] == ["Panel 2", "Panel 1", "Panel 3"]
    app.button(key="Up_3").click().run()
    assert headings(app) == ["**Figure 1: Panel 2**", "**Figure 2: Panel 3**", "**Figure 3: Panel 1**"]
    app.button(key="Remove_3").click().run()
    assert headings(app) == ["**Figure 1: Panel 2**", "**Figure 2: Panel 1**"]
    assert not app.exception


def test_captions_are_kept_across_moves_and_pages():
    app = with_panels(2)
    app.text_area(key="caption_2").set_value("图二：重建").run()
    app.button(key="Up_2").click().run()
    go_to(app, "mnist/denoise")
    go_to(app, "about/report")
    assert [panel.caption for panel in collected(app)] == ["图二：重建", "Caption 1"]
    assert app.text_area(key="caption_2").value == "图二：重建"
    assert not app.exception


@pytest.mark.parametrize(
    ("typed", "stem"), [("实验三_姓名_学号", "实验三_姓名_学号"), ("a/b:c", "a_b_c"), ("", "report"), ("..  ", "..")]
)
def test_both_files_take_the_typed_name(typed, stem):
    app = with_panels(1)
    app.text_input(key="report_file").set_value(typed).run()
    assert not app.exception
    assert f"{stem}.docx · {stem}.zip" in app.caption[0].value


def test_title_author_and_file_name_are_kept_across_pages():
    app = with_panels(1)
    for key, value in (("report_title", "实验三"), ("report_author", "姓名"), ("report_file", "学号")):
        app.text_input(key=key).set_value(value).run()
    go_to(app, "mnist/denoise")
    go_to(app, "about/report")
    shown = [app.text_input(key=key).value for key in ("report_title", "report_author", "report_file")]
    assert shown == ["实验三", "姓名", "学号"]


def test_a_full_report_says_so_and_stays_as_it_is():
    app = with_panels(export.MAX_PANELS)
    before = collected(app)
    sentence = add(app, "mnist/denoise")
    assert sentence.count(".") == 1
    assert str(export.MAX_PANELS) in sentence
    assert collected(app) == before
    go_to(app, "about/report").button(key="Remove_1").click().run()
    assert f"as panel {export.MAX_PANELS}" in add(app, "mnist/denoise")


def test_standard_panels_in_one_click():
    app = open_page("about/report", seed=5)
    app.button(key="standard").click().run()
    assert not app.exception
    names = [panel.name for panel in collected(app)]
    assert {"mnist-m2-rebuilt", "mnist-m3-denoised", "dogs-d3-samples", "dogs-d5-variances"} <= set(names)
    assert {panel.settings["seed"] for panel in collected(app) if "seed" in panel.settings} == {5}
    assert len(headings(app)) == len(names)
    app.button(key="standard").click().run()
    assert len(collected(app)) == len(names)


def test_standard_panels_without_a_model(checkpoint_folder):
    app = open_page("about/report")
    assert app.button(key="standard").disabled
    assert not app.error


def test_each_visitor_has_a_report_of_its_own():
    one, other = start(), start()
    add(one, "mnist/denoise")
    go_to(other, "about/report")
    assert headings(other) == []
    assert headings(go_to(one, "about/report")) == ["**Figure 1: Denoise**"]
