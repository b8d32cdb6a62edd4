"""What a report becomes beside a Word document: one web page, a zip of pictures and numbers, the source, and their names."""

import csv
import io
import re
import subprocess
import zipfile
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image
from report_sample import LOSS, NAME, NUMBER, panel, report_of, sample

from aemodels.report import archive, names, sources, web
from aemodels.report.document import Equation, Figure, Observations, OwnWords, Paragraph, Table
from aemodels.report.embedded import picture_file

ODD = 'a\x00b\x0bc\ufffed\U0001f600\udce9\u202e<script>&"'
VOID = {"meta", "img", "br"}


class Page(HTMLParser):
    """Reads a page strictly: each element is closed where it was opened."""

    def __init__(self, content):
        super().__init__()
        self.open, self.elements, self.words = [], [], ""
        self.feed(content.decode())
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words += data

    def of(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


def files(content):
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        assert packed.testzip() is None
        return {name: packed.read(name) for name in packed.namelist()}


def read_csv(content):
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


@pytest.mark.parametrize(
    ("language", "tag", "figure", "table", "contents"),
    [("en", "en", "Figure 4. ", "Table 8. ", "Contents"), ("zh", "zh-CN", "图 4\u3000", "表 8\u3000", "目录")],
)
def test_page_has_all_that_the_report_has(language, tag, figure, table, contents):
    report = sample(language)
    page = Page(web.build_html(report))
    assert page.of("html") == [{"lang": tag}]
    assert [image["alt"] for image in page.of("img")] == [f"Alt wide-{i}" for i in range(4)]
    assert len(page.of("table")) == 8
    assert len(page.of("math")) == 4
    for words in (figure, table, contents, NAME, NUMBER, *(section.title for section in report.sections)):
        assert words in page.words


def test_a_single_heading_needs_no_contents():
    report = report_of(Paragraph("A text."))
    assert "Contents" not in Page(web.build_html(report)).words
    with_note = report_of(Paragraph("A text."), data_note="A note.")
    assert "Contents" in Page(web.build_html(with_note)).words


def test_page_needs_nothing_else():
    page = Page(web.build_html(sample()))
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.of("img"))
    assert not [tag for tag, _attributes in page.elements if tag in {"script", "link", "iframe", "object"}]
    sources_of = [value for tag, a in page.elements for key, value in a.items() if key in {"src", "srcset", "data"}]
    assert not [value for value in sources_of if not value.startswith("data:")]
    assert "url(" not in page.words
    assert "@import" not in page.words
    assert "prefers-color-scheme: dark" in page.words
    assert "size: A4" in page.words


def test_links_of_the_page_lead_somewhere():
    page = Page(web.build_html(sample()))
    marks = [attributes["id"] for _tag, attributes in page.elements if "id" in attributes]
    assert len(set(marks)) == len(marks)
    inside = {link["href"].removeprefix("#") for link in page.of("a") if link["href"].startswith("#")}
    assert {"section-1", "references", "pictures", "reference-1", "reference-2"} <= inside <= set(marks)
    outside = [link["href"] for link in page.of("a") if not link["href"].startswith("#")]
    assert outside == ["https://doi.org/10.1145/1390156.1390294", "https://arxiv.org/abs/1312.6114"]


def test_formulas_of_the_page_are_mathml_with_words():
    (math,) = Page(web.build_html(report_of(Equation(LOSS, "The <loss>.")))).of("math")
    assert (math["display"], math["aria-label"]) == ("block", "The <loss>.")


def test_page_shows_hostile_texts_as_texts():
    blocks = (Paragraph(ODD), Figure(panel(title=ODD, caption=ODD, alt=ODD)), Table(ODD, ODD, (ODD,), ((ODD,),)))
    report = report_of(*blocks, Observations((ODD,)), OwnWords(ODD, ODD, ODD), title=ODD, data_note=ODD)
    page = Page(web.build_html(report))
    assert page.of("script") == []
    assert page.words.count('⟨U+202E⟩<script>&"') == 12
    assert page.of("img")[0]["alt"].endswith('⟨U+202E⟩<script>&"')


def test_own_words_of_the_page_keep_their_lines():
    html = web.build_html(report_of(OwnWords("M2", "What?", "One\ntwo\n\nthree"))).decode()
    assert "<p>One<br>two</p><p>three</p>" in html
    assert "Write here" not in html
    assert "Write here" in web.build_html(report_of(OwnWords("M2", "What?"))).decode()


def test_zip_holds_each_picture_and_its_numbers():
    panels = [panel("scene"), panel("scene", colour=90), panel("SCENE", colour=180), panel("a/b: c", num_rows=50)]
    content = files(archive.build_zip(report_of(*map(Figure, panels))))
    pictures = [name for name in content if name.endswith(".png")]
    assert pictures == ["01-scene.png", "02-scene.png", "03-SCENE.png", "04-a_b_ c.png"]
    assert len({name.lower() for name in content}) == len(content) == 2 * len(panels) + 1
    for name, expected in zip(pictures, panels, strict=True):
        assert content[name] == expected.png
        rows = read_csv(content[name.replace(".png", ".csv")])
        assert [float(row["psnr_db"]) for row in rows] == pytest.approx([r["psnr_db"] for r in expected.rows])
        assert {row["note"] for row in rows} == {""}
    listed = read_csv(content["figures.csv"])
    assert [f"{row['file']}.png" for row in listed] == pictures
    assert [row["caption"] for row in listed] == [p.caption for p in panels]
    assert listed[0]["settings"] == "model: mnist-ae · seed: 7 · 噪声: σ² = 0.1"


def test_zip_holds_the_tables_with_all_their_columns():
    tables = (Table("a/b", "See [@vae].", ("σ", "σ"), (("1", "=1+1"), ("x\ty", "2"))), Table("t", "", ("a",), ()))
    content = files(archive.build_zip(report_of(*tables)))
    assert list(content) == ["table-01-a_b.csv", "table-02-t.csv", "figures.csv", "tables.csv"]
    lines = list(csv.reader(io.StringIO(content["table-01-a_b.csv"].decode("utf-8-sig"), newline="")))
    assert lines == [["σ", "σ"], ["1", "'=1+1"], ["x\ty", "2"]]
    assert read_csv(content["tables.csv"])[0] == {"table": "1", "file": "table-01-a_b", "caption": "See [1]."}


def test_zip_keeps_chinese_names_and_takes_those_that_are_no_utf8():
    with zipfile.ZipFile(io.BytesIO(archive.build_zip(report_of(Figure(panel("实验三")))))) as packed:
        assert packed.namelist()[:2] == ["01-实验三.png", "01-实验三.csv"]
        assert packed.infolist()[0].flag_bits & 0x800  # the name is in UTF-8
    content = files(archive.build_zip(report_of(Figure(panel("caf\udce9\u202egnp.exe")))))
    assert list(content)[:2] == [f"01-caf⟨U+DCE9⟩⟨U+202E⟩gnp.exe.{kind}" for kind in ("png", "csv")]


@pytest.mark.parametrize(
    ("pattern", "name", "number", "expected"),
    [
        (names.REPORT_PATTERN, "张三", "2023", "实验三_张三_2023"),
        (names.REPORT_PATTERN, "张三", "", "实验三_张三"),
        (names.REPORT_PATTERN, "", "2023", "实验三_2023"),
        (names.REPORT_PATTERN, " ", "\t", "实验三"),
        (names.SOURCE_PATTERN, "张三", "2023", "实验三代码_张三_2023"),
        ("{number}-{name}", "", "7", "7"),
        ("{number}-{name}", "A. B", "", "A. B"),
        ("{name}", "", "", "report"),
        ("{name} {other} {0}", "{number}", "5", "{number} {other} {0}"),
        ("r_{name}", "a/b:c\n\x00", "", "r_a_b_c ⟨U+0000⟩"),
        ("r_{name}", "\u202egnp.exe", "", "r_⟨U+202E⟩gnp.exe"),
        ("r_{name}_{number}", r"\1", r"\g<0>", "r__1__g_0_"),
    ],
)
def test_file_names_by_pattern(pattern, name, number, expected):
    assert names.file_name(pattern, name, number) == expected


def test_a_name_of_ten_thousand_letters_leaves_room_for_the_number():
    name = names.file_name(names.REPORT_PATTERN, "名" * 10_000, "2023")
    assert name == f"实验三_{'名' * 40}_2023"
    assert len(f"{name}.docx".encode()) <= 255
    assert len(names.file_name("x" * 10_000, "", "").encode()) <= names.MAX_NAME_BYTES


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        ("Отчёт – 3 (σ², ½)", "Отчёт – 3 (σ², ½)"),
        (".hidden", ".hidden"),
        ('a/b\\c:d*e?f"g<h>i|j', "a_b_c_d_e_f_g_h_i_j"),
        ("../../etc/passwd", ".._.._etc_passwd"),
        ("name. . ", "name"),
        ("", "report"),
        ("   ", "report"),
    ],
)
def test_file_names(typed, name):
    assert names.safe_file_name(typed) == name


@pytest.mark.parametrize(
    "typed", ["con", "CON", "nul.txt", "LPT1", "com9.tar.gz", "a\x00b\nc\x1f", "长" * 300, "e" * 999]
)
def test_every_file_system_takes_the_name(typed, tmp_path):
    name = names.safe_file_name(typed)
    windows_devices = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}
    assert name.partition(".")[0].lower() not in windows_devices
    assert name.isprintable()
    assert len(f"{name}.docx".encode()) <= 255
    (tmp_path / f"{name}.docx").write_bytes(b"")
    assert len(list(tmp_path.iterdir())) == 1


def test_source_is_the_project_without_its_weights():
    content = files(sources.build_source_zip("zh", "my code", NAME, NUMBER))
    folders = {name.split("/")[0] for name in content}
    assert folders == {"my code"}
    packed = {name.split("/", 1)[1] for name in content}
    assert {"app.py", "train.py", "README.md", "requirements.txt", ".ci/run", "运行说明.md"} <= packed
    assert {"aemodels/data/photos.py", "aemodels/assets/mnist_test.npz", "pages/router.py"} <= packed
    trained = (".safetensors", ".film")
    assert not [name for name in packed if name.endswith((*trained, ".pyc", ".jpg", ".jpeg"))]
    assert sum(map(len, content.values())) < 30e6
    if (sources.PROJECT / ".git").exists():
        command = ["git", "-c", "core.quotepath=off", "ls-files", "-z"]
        listed = subprocess.run(command, cwd=sources.PROJECT, capture_output=True, text=True, check=True).stdout
        tracked = {name for name in listed.split("\0") if name and (sources.PROJECT / name).exists()}
        assert {name for name in tracked - packed if not name.endswith(trained)} == set()


def test_source_says_how_to_run_it():
    english = files(sources.build_source_zip("en", "code", NAME, ""))
    (page,) = [text.decode() for name, text in english.items() if name.endswith("/HOW TO RUN.md")]
    assert page.startswith(f"# How to run this project\n\n{NAME}\n")
    for command in ("pip install -r requirements.txt", "python train.py --download", "streamlit run app.py"):
        assert f"{command}\n" in page
        assert command in (sources.PROJECT / "README.md").read_text()
    chinese = files(sources.build_source_zip("zh", "实验三代码", "", ""))
    assert not re.search("[A-Z][a-z]+ [a-z]+ [a-z]+", chinese["实验三代码/运行说明.md"].decode())


def test_what_lies_about_in_a_folder_is_no_source(tmp_path):
    kept = ["app.py", "aemodels/data/words.py", ".streamlit/config.toml", "data_notes.md"]
    left = [
        ".git/config.txt", ".venv/a.py", "env/lib/site.py", "data/notes.py", "shared/x.py", "aemodels/__pycache__/words.py",
        ".streamlit/secrets.toml", ".env", "checkpoints/dog-ae.safetensors", "docs/dog.png", "photos/dog.jpg", "old.zip",
        "x.egg-info/top_level.txt", "node_modules/a.js",
    ]  # fmt: skip
    for name in [*kept, *left, "env/pyvenv.cfg"]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("x")
    (tmp_path / "link.py").symlink_to("/etc/hostname")
    with (tmp_path / "huge.json").open("wb") as file:
        file.truncate(sources.MAX_BYTES + 1)
    content = files(sources.build_source_zip("en", "code", "", "", tmp_path))
    assert sorted(content) == sorted(f"code/{name}" for name in [*kept, "HOW TO RUN.md"])


def test_a_drawing_in_a_document_has_the_same_pixels_in_less_room():
    png = panel().png
    kind, file = picture_file(png)
    (before, dpi), (after, dpi_after) = (
        (np.asarray(image), image.info["dpi"]) for image in (Image.open(io.BytesIO(content)) for content in (png, file))
    )
    assert (kind, dpi) == ("png", dpi_after)
    assert (before == after).all()
    assert len(file) < 0.9 * len(png)
