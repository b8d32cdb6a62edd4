"""The files of a report, read back with python-docx, zipfile, csv and Pillow."""

import csv
import io
import zipfile

import numpy as np
import pytest
from docx import Document
from docx.oxml.ns import qn
from PIL import Image

import aemodels
from aemodels.quality import evaluation
from aemodels.report import documents, figures
from aemodels.report.panels import Panel, to_csv
from aemodels.storage import checkpoints

SETTINGS = {"model": "mnist-ae", "seed": 7, "噪声": "σ² = 0.1"}
NAME = "实验三_姓名_学号"


def panel(name="scene", colour=0, num_rows=3, **changes):
    image = figures.panel([[np.full((28, 28, 3), colour, np.uint8)] * 3], caption="three", width_px=2400)
    rows = [{"digit": i, "psnr_db": i / 3, "note": None} for i in range(num_rows)]
    values = dict(title=f"Title {name}", caption=f"Caption {name}", alt=f"Alt {name}", rows=rows, settings=SETTINGS)
    return Panel(**{"name": name, "png": figures.png(image), **values, **changes})


def opened(*panels, title="A title", author="An author", headers=None):
    return Document(io.BytesIO(documents.build_docx(title, author, panels, headers or {})))


def paragraphs(document, style):
    return [p.text for p in document.paragraphs if p.style.name == style]


def cells(table):
    return [[cell.text for cell in row.cells] for row in table.rows]


def files(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (NAME, NAME),
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
    assert documents.safe_file_name(typed) == name


@pytest.mark.parametrize(
    "typed", ["con", "CON", "nul.txt", "LPT1", "com9.tar.gz", "a\x00b\nc\x1f", "长" * 300, "e" * 999]
)
def test_every_file_system_takes_the_name(typed, tmp_path):
    name = documents.safe_file_name(typed)
    windows_devices = {"con", "prn", "aux", "nul", *(f"{port}{i}" for port in ("com", "lpt") for i in range(10))}
    assert name.partition(".")[0].lower() not in windows_devices
    assert name.isprintable()
    assert len(f"{name}.docx".encode()) <= 255
    (tmp_path / f"{name}.docx").write_bytes(b"")
    assert len(list(tmp_path.iterdir())) == 1


def test_csv_holds_every_key_of_every_row():
    rows = [{"a": 1, "b": None}, {"a": "x, “y”\n", "c": 0.1}]
    read = list(csv.DictReader(io.StringIO(to_csv(rows).decode("utf-8-sig"), newline="")))
    assert read == [{"a": "1", "b": "", "c": ""}, {"a": "x, “y”\n", "b": "", "c": "0.1"}]
    assert to_csv([]).decode("utf-8-sig").strip() == ""


def test_zip_holds_each_picture_and_its_numbers():
    panels = [panel("scene"), panel("scene", colour=90), panel("SCENE", colour=180), panel("a/b: c", num_rows=50)]
    content = files(documents.build_zip(panels))
    names = [name for name in content if name.endswith(".png")]
    assert names == ["01-scene.png", "02-scene.png", "03-SCENE.png", "04-a_b_ c.png"]
    assert len({name.lower() for name in content}) == len(content) == 2 * len(panels) + 1
    for name, expected in zip(names, panels, strict=True):
        assert content[name] == expected.png
        rows = list(csv.DictReader(io.StringIO(content[name.replace(".png", ".csv")].decode("utf-8-sig"))))
        assert [(float(row["psnr_db"]), row["note"]) for row in rows] == [(r["psnr_db"], "") for r in expected.rows]
    listed = list(csv.DictReader(io.StringIO(content["figures.csv"].decode("utf-8-sig"))))
    assert [f"{row['file']}.png" for row in listed] == names
    assert [row["caption"] for row in listed] == [p.caption for p in panels]
    assert listed[0]["settings"] == "model: mnist-ae · seed: 7 · 噪声: σ² = 0.1"


def test_zip_keeps_chinese_names():
    with zipfile.ZipFile(io.BytesIO(documents.build_zip([panel(NAME)]))) as archive:
        assert archive.namelist()[:2] == [f"01-{NAME}.png", f"01-{NAME}.csv"]
        assert archive.infolist()[0].flag_bits & 0x800  # the name is in UTF-8


def test_document_properties():
    document = opened(panel(), title=NAME, author="姓名")
    properties = document.core_properties
    assert (properties.title, properties.author, properties.last_modified_by) == (NAME, "姓名", "姓名")
    assert properties.comments == ""
    assert properties.created == properties.modified
    assert properties.created.year >= 2024
    assert paragraphs(document, "Title") == [NAME]
    assert paragraphs(document, "Subtitle") == ["姓名"]
    section = document.sections[0]
    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)


def test_document_without_an_author_names_none():
    document = opened(panel(), author="")
    assert document.core_properties.author == ""
    assert document.core_properties.last_modified_by == ""
    assert paragraphs(document, "Subtitle") == []


def test_document_carries_no_thumbnail_of_a_template():
    content = files(documents.build_docx("t", "a", [panel()], {}))
    assert not [name for name in content if "thumbnail" in name]
    assert b"thumbnail" not in content["_rels/.rels"]


def test_document_has_headings_captions_and_alt_texts():
    document = opened(panel("一"), panel("two", colour=90))
    assert paragraphs(document, "Heading 1") == ["Title 一", "Title two", "Settings and seeds"]
    captions = paragraphs(document, "Caption")
    assert [c for c in captions if c.startswith("Figure")] == ["Figure 1. Caption 一", "Figure 2. Caption two"]
    assert [c.split(".")[0] for c in captions if c.startswith("Table")] == ["Table 1", "Table 2", "Table 3"]
    fields = [element.text.split() for element in document.element.iter(qn("w:instrText"))]
    assert [field[:2] for field in fields] == [
        ["SEQ", kind] for kind in ("Figure", "Table", "Figure", "Table", "Table")
    ]
    kinds = [element.get(qn("w:fldCharType")) for element in document.element.iter(qn("w:fldChar"))]
    assert kinds == ["begin", "separate", "end"] * 5
    assert [shape._inline.docPr.get("descr") for shape in document.inline_shapes] == ["Alt 一", "Alt two"]


def test_pictures_are_those_of_the_panels_at_300_dpi_or_more():
    panels = [panel("wide"), panel("other", colour=90)]
    document = opened(*panels)
    for shape, expected in zip(document.inline_shapes, panels, strict=True):
        blob = document.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed].blob
        assert blob == expected.png
        image = Image.open(io.BytesIO(blob))
        assert image.width == 2400
        assert [round(dpi) for dpi in image.info["dpi"]] == [300, 300]
        assert image.width / shape.width.inches >= 300
        assert shape.width.cm <= 17.01
        assert shape.height / shape.width == pytest.approx(image.height / image.width, rel=1e-3)


def test_a_tall_picture_fits_the_page():
    tall = figures.png(Image.new("RGB", (2400, 9600)))
    shape = opened(panel(png=tall)).inline_shapes[0]
    assert shape.height.cm <= 20.01
    assert shape.height / shape.width == pytest.approx(4, rel=1e-3)


def test_numbers_stand_in_a_table():
    document = opened(panel(rows=[{"digit": 3, "psnr_db": 21.987654, "name": "Ѐ σ", "none": None}]))
    assert cells(document.tables[0]) == [["digit", "psnr_db", "name", "none"], ["3", "21.99", "Ѐ σ", "–"]]
    assert "Shown are" not in "".join(paragraphs(document, "Caption"))
    assert document.tables[0].rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_long_and_wide_tables_are_shortened_with_a_note():
    rows = [{f"column {j}": 100 * i + j for j in range(19)} for i in range(1000)]
    document = opened(panel(rows=rows))
    shown = cells(document.tables[0])
    assert shown[0] == [f"column {j}" for j in range(8)]
    assert shown[1:] == [[str(100 * i + j) for j in range(8)] for i in range(12)]
    assert "12 of 1,000 rows and 8 of 19 columns" in paragraphs(document, "Caption")[1]


def test_settings_and_seeds_stand_in_a_table_that_is_never_shortened():
    document = opened(*(panel(str(i), rows=[], settings={"seed": i, "side": 20}) for i in range(40)))
    assert cells(document.tables[0])[1:] == [[str(i + 1), str(i), "side: 20"] for i in range(40)]


def test_models_stand_with_their_figures_and_provenance():
    headers = {name: checkpoints.read_header(name) for name in aemodels.list_checkpoints()}
    document = opened(panel(), headers=headers)
    assert paragraphs(document, "Heading 1")[-1] == "Models"
    *_, figures_table, made_table = (cells(table) for table in document.tables)
    assert [row[0] for row in figures_table[1:]] == [row[0] for row in made_table[1:]] == list(headers)
    for name, row, made in zip(headers, figures_table[1:], made_table[1:], strict=True):
        ckpt = aemodels.load_checkpoint(name)
        row, made = dict(zip(figures_table[0], row, strict=True)), dict(zip(made_table[0], made, strict=True))
        assert row["PSNR, dB"] == f"{ckpt.metrics['psnr_db']:.2f} ± {ckpt.metrics['psnr_db_ci95']:.2f}"
        assert row["BCE"] == (f"{ckpt.metrics['bce']:.4f}" if "bce" in ckpt.metrics else "–")
        noise = max(evaluation.own_noise(ckpt.model_config).values())
        assert (row["noise"] == "none") if not noise else row["noise"].endswith(f": {noise:g}")
        assert made["seed"] == str(ckpt.train_config.seed)
        trainings = [*ckpt.provenance.get("earlier", []), {"provenance": ckpt.provenance}]
        assert made["trainings"] == str(len(trainings))
        assert made["steps"] == f"{sum(t['provenance']['steps'] for t in trainings):,}"
        assert float(made["minutes"]) == pytest.approx(sum(t["provenance"]["wall_s"] for t in trainings) / 60, abs=0.06)
        assert all(t["provenance"]["device"] in made["devices"] for t in trainings)
        assert ckpt.provenance["data_fingerprint"].startswith(made["data fingerprint"])


def test_text_that_no_document_can_hold_is_written_as_codes():
    odd, expected = "a\x00b\x0bc\ufffed\U0001f600\udce9\u202e", "a⟨U+0000⟩b\nc⟨U+FFFE⟩d\U0001f600⟨U+DCE9⟩⟨U+202E⟩"
    document = opened(panel(title=odd, caption=odd, alt=odd, rows=[{odd: odd}]), title=odd, author=odd)
    assert document.core_properties.title == expected
    assert paragraphs(document, "Heading 1")[0] == expected
    assert cells(document.tables[0]) == [[expected], [expected]]
    assert document.inline_shapes[0]._inline.docPr.get("descr") == expected


def test_document_names_a_font_for_chinese_in_every_style():
    fonts = list(opened(panel()).styles.element.iter(qn("w:rFonts")))
    assert len(fonts) > 10
    assert {f.get(qn("w:eastAsia")) for f in fonts} == {"Microsoft YaHei"}
    assert not any(f.get(qn("w:eastAsiaTheme")) for f in fonts)


@pytest.mark.parametrize(
    "name", ["=1+1.png", "+a", "-a.png", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1", "-1+2", "-inf", "=cmd|'/c calc'!A0"]
)
def test_csv_says_that_a_name_is_no_formula(name):
    rows = list(csv.reader(io.StringIO(to_csv([{name: name, "psnr_db": -1.5}]).decode("utf-8-sig"), newline="")))
    shown = "'" + name.replace("\r", "\n")
    assert rows == [[shown, "psnr_db"], [shown, "-1.5"]]


@pytest.mark.parametrize(
    "value", [-1.5, 3, "-1.5", "+2e-3", "a=b", "狗", "−1", "'a", "", "24.86 ± 0.10", -np.float32(0.5)]
)
def test_csv_leaves_numbers_and_plain_texts(value):
    (_, row) = csv.reader(io.StringIO(to_csv([{"a": value, "b": "-"}]).decode("utf-8-sig")))
    assert row == [str(value), "'-"]


def test_files_take_names_that_are_no_utf8_and_that_turn_the_letters_round():
    content = files(documents.build_zip([panel("caf\udce9\u202egnp.exe")]))
    assert list(content)[:2] == [f"01-caf⟨U+DCE9⟩⟨U+202E⟩gnp.exe.{kind}" for kind in ("png", "csv")]


def test_properties_longer_than_the_format_holds_are_cut():
    document = opened(panel(), title="题" * 300, author="名" * 300)
    assert len(document.core_properties.title) == len(document.core_properties.author) == 255
    assert paragraphs(document, "Title") == ["题" * 300]
