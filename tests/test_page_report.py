"""The report page, and the export row of every page: what is collected, and that its settings tell the whole scene."""

import io
import re
import zipfile
from datetime import date

import pytest
from apptest import collected, go_to, make_lab_report, open_page, pictures, start
from browser import REPO
from docx import Document
from PIL import Image
from test_notebook import some_entry

from aemodels import language
from aemodels.report import archive, assembling, figures, names, replay, web, word
from aemodels.report.document import Cover, Figure
from aemodels.report.lettering import Lettering
from aemodels.report.notebook import MAX_PANELS, Notebook
from pages.parts.report import lab_report
from pages.parts.shared import export, loaders, markdown

# Every page that has an export row.
SCENES = sorted(
    file.relative_to(REPO / "pages").with_suffix("").as_posix()
    for file in (REPO / "pages").glob("*/*.py")
    if "export.export_row(" in file.read_text(encoding="utf-8")
)
FEW = ("mnist/latent_plane", "mnist/path", "dogs/sample", "any/code_size")
SCENES = [*FEW, *(pytest.param(page, marks=pytest.mark.release) for page in SCENES if page not in FEW)]


pytestmark = pytest.mark.usefixtures("with_photos")


@pytest.fixture
def drawn(monkeypatch):
    """What each page last handed to its export row."""
    calls = []
    original = export.export_row

    def export_row(name, draw, rows, settings, *args, **kwargs):
        calls.append((name, draw, list(rows() if callable(rows) else rows), dict(settings)))
        return original(name, draw, rows, settings, *args, **kwargs)

    monkeypatch.setattr(export, "export_row", export_row)
    return calls


@pytest.fixture(autouse=True)
def models(request):
    """The page that a test is of takes the quick models, unless it shows how they become better."""
    if getattr(request.node, "callspec", None) is None or request.node.callspec.params.get("page") != "dogs/stages":
        request.getfixturevalue("quickly")


def add(app, page):
    go_to(app, page).button(key="add_to_report").click().run()
    assert not app.exception
    return app.toast[-1].value


def headings(app):
    return [m.value for m in app.markdown if re.match(r"\*\*\d+ · ", m.value)]


def keys(app):
    """Keys of the panels, in the report's order."""
    return list(app.session_state["notebook"].thumbnails())


def downloads(app):
    """Label of each download, and whether it can be clicked."""
    return {button.label: not button.disabled for button in app.button if button.key.startswith("download_")}


def test_an_empty_report_says_how_to_fill_it():
    app = open_page("about/report")
    assert "Add to report" in app.info[0].value
    assert downloads(app) == {
        "Word document": False,
        "Web page (HTML)": False,
        "PNG and CSV (zip)": False,
        "Source code (zip)": True,
        "Save, to go on elsewhere": True,
    }


def test_where_there_is_no_model_the_report_and_anomaly_say_so(checkpoint_folder):
    assert "There are no models yet" in open_page("about/report").info[0].value
    assert "There is no autoencoder yet." in open_page("any/anomaly").info[0].value


@pytest.mark.parametrize("page", SCENES)
def test_every_page_adds_its_panel(page, drawn, monkeypatch):
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
    lines = []
    original = Lettering.draw
    monkeypatch.setattr(
        Lettering, "draw", lambda self, on, xy, line, *how: lines.append(line) or original(self, on, xy, line, *how)
    )
    bare = draw(width_px=export.PRINT_PX, ink=figures.LIGHT, caption="")
    assert image.height > bare.height  # the caption is in the picture
    assert not [line for line in lines if line.endswith("…")]  # no word of it is cut
    assert "in the report already" in add(app, page)
    assert len(collected(app)) == 1


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ("mnist/path", "root mean square over pixels"),
        pytest.param("mnist/twins", "Rings: N(0, I), at 1, 2 and 3 standard deviations.", marks=pytest.mark.release),
        ("mnist/denoise", "PSNR in dB against the original, then SSIM"),
        pytest.param("any/anomaly", "its score (BCE, nats a pixel)", marks=pytest.mark.release),
        pytest.param("dogs/axes", "E[z²], the mean square of its code", marks=pytest.mark.release),
        pytest.param("dogs/interpolate", "E[z²], the mean square of its code", marks=pytest.mark.release),
        pytest.param("dogs/reconstruct", "Black is 0; white is 0.3 of the range", marks=pytest.mark.release),
        pytest.param("dogs/stages", "Black is 0; white is 0.3 of the range", marks=pytest.mark.release),
    ],
)
def test_a_caption_says_what_the_figures_in_its_panel_are(page, said):
    app = start()
    add(app, page)
    (panel,) = collected(app)
    assert said in panel.caption


def other_values(app):
    """Another value, as the URL says it, for every widget of the page that has one."""
    for widget in app.toggle:
        yield widget.key, str(not widget.value).lower()
    for widget in app.text_input:  # of numbers, by default those that the placeholder shows
        yield widget.key, ", ".join(f"{float(number) / 2:g}" for number in widget.placeholder.split(","))
    for kind in ("segmented_control", "selectbox", "select_slider", "radio", "pills"):
        for widget in app.get(kind):
            if isinstance(widget.value, list):  # several are chosen: one alone
                yield widget.key, widget.value[-1]
                continue
            shown = widget.value if kind == "radio" else widget.format_func(widget.value)
            yield from [(widget.key, option) for option in reversed(widget.options) if option != shown][:1]
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


def with_panels(num_panels, lang="en"):
    """The report page with that many panels, numbered from 1."""
    app = start(lang=lang)
    book = Notebook()
    for number in range(1, num_panels + 1):
        book.add(some_entry(number))
    app.session_state["notebook"] = book
    return go_to(app, "about/report")


def test_panels_are_listed_moved_and_removed():
    app = with_panels(3)
    first, _second, third = keys(app)
    assert headings(app) == ["**1 · Panel 1**", "**2 · Panel 2**", "**3 · Panel 3**"]
    assert app.button(key=f"arrow_upward_{first}").proto.disabled
    assert app.button(key=f"arrow_downward_{third}").proto.disabled
    app.button(key=f"arrow_downward_{first}").click().run()
    assert [panel.title for panel in collected(app)] == ["Panel 2", "Panel 1", "Panel 3"]
    app.button(key=f"arrow_upward_{third}").click().run()
    assert headings(app) == ["**1 · Panel 2**", "**2 · Panel 3**", "**3 · Panel 1**"]
    app.button(key=f"delete_{third}").click().run()
    assert headings(app) == ["**1 · Panel 2**", "**2 · Panel 1**"]
    assert not app.exception


def test_captions_and_words_are_kept_across_moves_and_pages():
    app = with_panels(2)
    _first, second = keys(app)
    app.text_area(key=f"caption_{second}").set_value("图二：重建").run()
    app.text_area(key="words_collected").set_value("我看到……").run()
    app.button(key=f"arrow_upward_{second}").click().run()
    go_to(app, "mnist/denoise")
    go_to(app, "about/report")
    assert [panel.caption for panel in collected(app)] == ["图二：重建", "Caption 1"]
    assert app.text_area(key=f"caption_{second}").value == "图二：重建"
    assert app.text_area(key="words_collected").value == "我看到……"


def test_another_tabs_changes_are_shown():
    app = with_panels(2)
    first, second = keys(app)
    book = app.session_state["notebook"]
    book.recaption(first, "another")
    book.remove(second)
    book.write("cover/name", "姓名")
    app.run()
    assert app.text_area(key=f"caption_{first}").value == "another"
    assert app.text_input(key="cover_name").value == "姓名"
    assert headings(app) == ["**1 · Panel 1**"]


def test_a_panel_leads_to_where_it_was_made():
    app = start(seed=7)
    add(app, "dogs/sample")
    (entry,) = app.session_state["notebook"].entries()
    assert entry.scene == "dogs-sample?seed=7"
    assert list(entry.models) == [entry.panel.settings["model"]]
    go_to(app, "about/report")
    assert any("(dogs-sample?seed=7&lang=en)" in m.value for m in app.markdown)


def file_names(app):
    return next(c.value for c in app.caption if ".docx" in c.value).replace("\\", "").replace("\u2060", "")


@pytest.mark.parametrize(
    ("lang", "pattern", "stem", "code"),
    [
        ("en", "实验三_{name}_{number}", "实验三_姓名_2023", "实验三代码"),
        ("en", "a/b:c", "a_b_c", "lab-3-code"),
        ("en", "{name.__class__}{0}{}", "{name.__class__}{0}{}", "lab-3-code"),
        ("en", "..  ", "report", "lab-3-code"),
        ("en", "", "lab-3_姓名_2023", "lab-3-code"),
        ("zh", "", "实验三_姓名_2023", "实验三代码"),
    ],
)
def test_the_files_take_the_typed_name_or_that_of_the_language(lang, pattern, stem, code):
    app = with_panels(1, lang)
    for key, value in (("name", "姓名"), ("number", "2023"), ("pattern", pattern)):
        app.text_input(key=f"cover_{key}").set_value(value).run()
    assert not app.exception
    assert f"{stem}.docx · {code}_姓名_2023.zip" in file_names(app)


def test_the_course_s_file_name_is_one_click():
    app = with_panels(1)
    app.text_input(key="cover_name").set_value("姓名").run()
    app.text_input(key="cover_number").set_value("学号").run()
    app.button(key="course_pattern").click().run()
    assert file_names(app).startswith("实验三_姓名_学号.docx")
    assert "course_pattern" not in {button.key for button in app.button}


def test_the_cover_is_kept_across_pages():
    app = with_panels(1)
    typed = {"title": "实验三", "name": "姓名", "number": "2023", "course": "深度学习"}
    for key, value in typed.items():
        app.text_input(key=f"cover_{key}").set_value(value).run()
    app.date_input(key="cover_date").set_value(date(2026, 9, 1)).run()
    go_to(app, "mnist/denoise")
    go_to(app, "about/report")
    assert {key: app.text_input(key=f"cover_{key}").value for key in typed} == typed
    assert app.date_input(key="cover_date").value == date(2026, 9, 1)
    with language.speaking("zh"):
        cover = assembling.cover(app.session_state["notebook"].texts())
    assert cover == Cover("实验三", "深度学习", "姓名", "2023", "2026年9月1日")


ODD = [
    "姓" * 10_000,
    "<w:t>&amp;</w:t>]]>",
    "\x00\x1b\x07",
    "😀👩‍👩‍👧",
    "\u202eabc\u2067",
    "a\tb\nc\td\n" * 50,
    "{name}{number}{}%s",
]


@pytest.mark.parametrize("text", ODD, ids=range(len(ODD)))
def test_odd_letters_are_harmless_in_every_field(text):
    app = with_panels(1)
    for key in ("title", "name", "number", "course", "pattern"):
        app.text_input(key=f"cover_{key}").set_value(text).run()
    app.text_area(key=f"caption_{keys(app)[0]}").set_value(text).run()
    app.text_area(key="words_collected").set_value(text).run()
    assert not app.exception
    book = app.session_state["notebook"]
    report = assembling.assemble([], book.entries(), book.texts(), {}, "")
    document = Document(io.BytesIO(word.build_docx(report)))
    assert len(document.core_properties.author) <= 255
    assert len(names.file_name(text, text, text).encode()) <= names.MAX_NAME_BYTES
    html = web.build_html(report).decode()
    assert "<w:t>" not in html
    assert "\x00" not in html
    assert "\u202e" not in html
    with zipfile.ZipFile(io.BytesIO(archive.build_zip(report))) as file:
        assert file.testzip() is None


def test_a_full_report_says_so_and_stays_as_it_is():
    app = with_panels(MAX_PANELS)
    before = collected(app)
    sentence = add(app, "mnist/denoise")
    assert sentence.count(".") == 1
    assert str(MAX_PANELS) in sentence
    assert collected(app) == before
    go_to(app, "about/report").button(key=f"delete_{keys(app)[0]}").click().run()
    assert f"as panel {MAX_PANELS}" in add(app, "mnist/denoise")


@pytest.fixture(scope="module")
def lab_reports():
    """The lab's report, once in each language: the page and its sections."""
    made = {}

    def make(spoken):
        if spoken not in made:
            app = open_page("about/report", seed=5, lang=spoken)
            made[spoken] = app, make_lab_report(app)
        return made[spoken]

    return make


def test_the_labs_report_in_one_click(lab_reports):
    app, sections = lab_reports("en")
    assert list(sections) == ["M1", "M2", "M3", "M4", "M5", "D1", "D2", "D3", "D4", "D5"]
    assert [s.value for s in app.header] == [markdown.literal(section.title) for section in sections.values()]
    assert len(pictures(app)) == sum(len(figures_of(section)) for section in sections.values())
    seeds = {
        panel.settings["seed"]
        for section in sections.values()
        for panel in figures_of(section)
        if "seed" in panel.settings
    }
    assert seeds == {5}
    assert all(downloads(app).values())


def figures_of(section):
    return [block.panel for block in section.blocks if isinstance(block, Figure)]


@pytest.mark.release
def test_own_words_stay_and_sections_follow_when_the_language_is_switched(lab_reports):
    app, sections = lab_reports("en")
    app.text_area(key="words_M2").set_value("我看到 two numbers").run()
    app.segmented_control(key="lang").set_value("zh").run()
    assert not app.exception
    titles = [s.value for s in app.header]
    assert len(titles) == len(sections)
    assert titles != [section.title for section in sections.values()]
    assert app.text_area(key="words_M2").value == "我看到 two numbers"
    assert "实验三" in file_names(app)
    app.segmented_control(key="lang").set_value("en").run()
    assert [s.value for s in app.header] == [section.title for section in sections.values()]


def test_a_saved_report_loaded_by_another_visitor_is_the_same(lab_reports):
    app, _sections = lab_reports("en")
    book = app.session_state["notebook"]
    book.add(some_entry(1))
    groups = loaders.read_catalogue().of_kind(*lab_report.KINDS)
    made = lab_report.kept(groups[:2], 5).made
    texts = {key: text for key, text in book.texts().items() if key != "lab"}
    content = replay.write(book.entries(), texts, lab_report.record(made, groups[:2], 5))
    book.remove(keys(app)[0])

    other = open_page("about/report")
    load(other, content)
    assert not other.exception
    assert [panel.title for panel in collected(other)] == ["Panel 1"]
    assert {s.value for s in other.success} == {
        "The report is loaded.",
        "The lab's report is the same as when it was saved.",
    }
    assert [w.value for w in other.warning] == [
        "“Panel 1”: the model dog-ae is not the one of then, so its page may show another picture now."
    ]
    assert other.text_area(key="words_M2").value == app.text_area(key="words_M2").value
    before = other.session_state["notebook"].texts()
    load(other, content)  # once more changes nothing
    assert other.session_state["notebook"].texts() == before
    assert len(collected(other)) == 1


def load(app, content, name="report.latent-lab.zip"):
    app.file_uploader[0].set_value((name, content, "application/zip")).run()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 nothing", "实验".encode() * 1000])
def test_a_broken_file_is_one_sentence_and_takes_nothing(content):
    app = with_panels(2)
    before = collected(app)
    load(app, content)
    assert not app.exception
    assert len(app.error) == 1
    assert app.error[0].value.count(". ") == 0
    assert collected(app) == before


def test_the_lab_s_report_tells_what_changed():
    made = lab_report.Made((), {}, {"M2": "a 00", "M3": "b 00", "M4": "c 00"}, "")
    then = {
        "models": {"gone-model": "x", "mnist-ae": "y"},
        "language": "en",
        "sections": {"M1": "a", "M2": "a 00", "M3": "c 00", "M4": "c ff"},
    }
    said = lab_report.changes(then, made)
    assert said == [
        "Models that are not here: gone-model.",
        "Models that have changed since the report was saved: mnist-ae.",
        "M1 is no longer in the report.",
        "M3 has the same figures, but other numbers or words than when it was saved.",
        "M4 has other figures than when it was saved.",
    ]
    assert len(lab_report.changes({**then, "language": "zh"}, made)) == 3


def test_without_a_model_there_is_no_lab_report(checkpoint_folder):
    app = open_page("about/report")
    assert app.button(key="lab_report").proto.disabled
    assert not app.error


def test_each_visitor_has_a_report_of_its_own():
    one, other = start(), start()
    add(one, "mnist/denoise")
    go_to(other, "about/report")
    assert headings(other) == []
    assert headings(go_to(one, "about/report")) == ["**1 · Denoise**"]


def test_where_nothing_can_be_kept_the_page_says_so_and_goes_on(tmp_path):
    (tmp_path / "file").write_text("")
    app = start()
    app.session_state["notebook"] = Notebook(tmp_path / "file" / "notebook")
    assert "cannot be kept on this computer" in add(app, "mnist/denoise")
    go_to(app, "about/report")
    assert headings(app) == ["**1 · Denoise**"]
    assert any("cannot be kept on this computer" in w.value for w in app.warning)


def test_a_text_that_is_too_long_is_shortened_and_said_so():
    app = with_panels(1)
    app.text_input(key="cover_name").set_value("王" * 10_000).run()
    assert app.text_input(key="cover_name").value == "王" * replay.MAX_COVER_LETTERS
    assert [toast.value for toast in app.toast] == ["Your text is too long: its first 255 letters are kept."]
    app.text_input(key="cover_name").set_value("王").run()
    assert not app.toast
