"""The Word document of a report, opened again by python-docx."""

import io
import re
import zipfile

import numpy as np
import pytest
from docx import Document
from docx.oxml.ns import qn
from lxml import etree
from PIL import Image
from report_sample import LOSS, NAME, NUMBER, WORDS, panel, picture, report_of, sample

from aemodels.report import figures, word
from aemodels.report.columns import fit, is_numeric, printed
from aemodels.report.document import Equation, Figure, Observations, OwnWords, Paragraph, Table

ODD = "a\x00b\x0bc\ufffed\U0001f600\udce9\u202e<w:p>&"
HARMLESS = "a⟨U+0000⟩b\nc⟨U+FFFE⟩d\U0001f600⟨U+DCE9⟩⟨U+202E⟩<w:p>&"
MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"


def opened(report):
    return Document(io.BytesIO(word.build_docx(report)))


def parts(report):
    with zipfile.ZipFile(io.BytesIO(word.build_docx(report))) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def paragraphs(document, style):
    return [p.text for p in document.paragraphs if p.style.name == style]


def cells(table):
    return [[cell.text.replace("\xa0", " ") for cell in row.cells] for row in table.rows]


def tables(document):
    """Those with a caption: neither the cover's nor a box."""
    return [table for table in document.tables if table._tbl.find(f".//{qn('w:tblHeader')}") is not None]


def codes(document):
    return [" ".join(element.text.split()) for element in document.element.iter(qn("w:instrText"))]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_properties_are_those_of_the_author(language):
    document = opened(sample(language))
    properties = document.core_properties
    assert (properties.title, properties.author, properties.last_modified_by) == (WORDS[language]["title"], NAME, NAME)
    assert (properties.comments, properties.language) == ("", {"en": "en-GB", "zh": "zh-CN"}[language])
    assert properties.created == properties.modified
    assert properties.created.year >= 2024
    assert next(document.settings.element.iter(qn("w:themeFontLang"))).get(qn("w:eastAsia")) == "zh-CN"
    section = document.sections[0]
    assert (round(section.page_width.cm, 1), round(section.page_height.cm, 1)) == (21.0, 29.7)
    margins = (section.left_margin, section.right_margin, section.top_margin, section.bottom_margin)
    assert {round(margin.cm, 2) for margin in margins} == {2.0}


def test_a_report_of_nobody_names_nobody():
    document = opened(sample(name="", number=""))
    assert document.core_properties.author == document.core_properties.last_modified_by == ""
    assert cells(document.tables[0]) == [["Name", ""], ["Student number", ""], ["Date", "2026-11-27"]]


def test_cover_and_headings_speak_the_report_s_language():
    document = opened(sample("zh"))
    assert cells(document.tables[0]) == [["姓名", NAME], ["学号", NUMBER], ["日期", "2026-11-27"]]
    assert paragraphs(document, "Title") == ["自编码器的隐空间"]
    assert paragraphs(document, "Contents Heading") == ["目录"]
    assert paragraphs(document, "Heading 1")[-2:] == ["参考文献", "图片说明"]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_contents_lead_to_every_heading(language):
    document = opened(sample(language))
    entries = [p for p in document.paragraphs if p.style.name == "TOC 1"]
    headings = [p for p in document.paragraphs if p.style.name == "Heading 1"]
    assert [entry.text.split("\t")[0] for entry in entries] == [heading.text for heading in headings]
    marks = [heading._p.find(qn("w:bookmarkStart")).get(qn("w:name")) for heading in headings]
    assert [entry._p.find(qn("w:hyperlink")).get(qn("w:anchor")) for entry in entries] == marks
    assert [code for code in codes(document) if code.startswith("TOC")] == [r'TOC \o "1-1" \h \z \u']
    assert [code for code in codes(document) if code.startswith("PAGEREF")] == [rf"PAGEREF {m} \h" for m in marks]


def test_contents_of_a_single_heading_take_no_page():
    document = opened(report_of(Paragraph("A text.")))
    assert not paragraphs(document, "Contents Heading")
    assert not paragraphs(document, "TOC 1")
    (heading,) = [p for p in document.paragraphs if p.style.name == "Heading 1"]
    assert heading.paragraph_format.page_break_before


@pytest.mark.parametrize(
    ("language", "kinds", "gap"), [("en", ("Figure", "Table"), ". "), ("zh", ("图", "表"), "\u3000")]
)
def test_captions_are_numbered_by_fields(language, kinds, gap):
    document = opened(sample(language))
    captions, figure, table = paragraphs(document, "Caption"), *kinds
    assert [c.split(gap)[0] for c in captions if c.startswith(figure)] == [f"{figure} {i}" for i in range(1, 5)]
    assert [c.split(gap)[0] for c in captions if c.startswith(table)] == [f"{table} {i}" for i in range(1, 9)]
    sequences = [code for code in codes(document) if code.startswith("SEQ")]
    assert sequences == [rf"SEQ {kind} \* ARABIC" for kind in (table, figure, table) * 4]


def test_a_number_keeps_its_unit_and_a_heading_the_line_below_it():
    said = "It needs λ = 0.3, loses 2.16 dB, and has 26.23 ± 0.12 dB of 9 in all [@vae]."
    table = Table("t", "c", ("PSNR / dB", "Model"), (("1 dB", "a = 3 dogs"),))
    document = opened(report_of(Paragraph(said), table, Observations(("−0.44 ± 0.01 dB (0.05)",))))
    (text,) = [p for p in document.paragraphs if p.style.name == "Body Text"]
    assert text.text.startswith("It needs λ\xa0=\xa00.3, loses 2.16\xa0dB, and has 26.23\xa0±\xa00.12\xa0dB of 9 in")
    assert text.paragraph_format.keep_with_next
    assert "−0.44\xa0±\xa00.01\xa0dB (0.05)" in document.element.xpath("string()")
    assert tables(document)[0].cell(0, 0).text == "PSNR\xa0/\xa0dB"
    chinese = opened(report_of(Paragraph("λ = 0.3，损失2.16 dB，为26.23 ± 0.12 dB。"), language="zh"))
    assert "λ = 0.3，损失2.16 dB，为26.23 ±\xa00.12\xa0dB。" in paragraphs(chinese, "Body Text")


def test_quotation_marks_are_as_wide_as_chinese_ones_in_chinese_alone():
    for language, hinted in (("zh", ["“", "”"]), ("en", [])):
        document = opened(report_of(Paragraph("模型是“噪声 0.05”，"), language=language))
        runs = [run for p in document.paragraphs for run in p.runs if run._r.find(f".//{qn('w:rFonts')}") is not None]
        assert [run.text for run in runs if run._r.rPr.rFonts.get(qn("w:hint")) == "eastAsia"] == hinted
        assert "模型是“噪声 0.05”，" in [p.text for p in document.paragraphs]


def test_every_field_is_closed():
    for element in (opened(sample()).element, opened(sample("zh")).element):
        depth = 0
        for char in element.iter(qn("w:fldChar")):
            depth += {"begin": 1, "separate": 0, "end": -1}[char.get(qn("w:fldCharType"))]
            assert depth in (0, 1, 2)
        assert depth == 0


def test_bookmarks_are_unique():
    element = opened(sample()).element
    for attribute in ("w:id", "w:name"):
        values = [mark.get(qn(attribute)) for mark in element.iter(qn("w:bookmarkStart"))]
        assert len(set(values)) == len(values) == 8  # four sections, references, pictures; two references


def test_references_stand_in_the_order_of_their_first_mention():
    document = opened(sample())
    assert [p.split("\t")[0] for p in paragraphs(document, "Reference")] == ["[1]", "[2]"]
    assert "Vincent" in paragraphs(document, "Reference")[0]
    assert "rebuilds it [1], as others did before [2][1]." in paragraphs(document, "Body Text")[0]
    external = [rel.target_ref for rel in document.part.rels.values() if rel.is_external]
    assert external == ["https://doi.org/10.1145/1390156.1390294", "https://arxiv.org/abs/1312.6114"]
    anchors = {link.get(qn("w:anchor")) for link in document.element.iter(qn("w:hyperlink"))}
    assert {"ref_1", "ref_2"} <= anchors


def test_a_key_that_no_reference_has_stays_as_it_is():
    document = opened(report_of(Paragraph("so [@nobody] and [@vae; @nobody]"), Figure(panel(caption="see [@x]"))))
    assert paragraphs(document, "Body Text") == ["so [@nobody] and [@vae; @nobody]"]
    assert paragraphs(document, "Reference") == []
    assert "References" not in paragraphs(document, "Heading 1")


def test_formulas_are_those_of_word():
    math = opened(report_of(Equation(LOSS, "says"))).element.find(f".//{MATH}oMathPara/{MATH}oMath")
    assert math.find(f".//{MATH}nary/{MATH}naryPr/{MATH}chr").get(f"{MATH}val") == "∑"
    assert math.find(f".//{MATH}f/{MATH}num") is not None
    assert [a.get(f"{MATH}val") for a in math.iterfind(f".//{MATH}acc/{MATH}accPr/{MATH}chr")] == ["\u0302"] * 2


def test_pictures_are_those_of_the_panels_at_300_dpi_or_more_and_have_alternative_texts():
    panels = [panel("wide"), panel("other", colour=90)]
    document = opened(report_of(*map(Figure, panels)))
    assert [shape._inline.docPr.get("descr") for shape in document.inline_shapes] == ["Alt wide", "Alt other"]
    for shape, expected in zip(document.inline_shapes, panels, strict=True):
        blob = document.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed].blob
        image = Image.open(io.BytesIO(blob))
        assert image.tobytes() == Image.open(io.BytesIO(expected.png)).tobytes()
        assert image.width / shape.width.inches >= 300
        assert shape.width.cm == pytest.approx(17, abs=0.01)
        assert shape.height / shape.width == pytest.approx(image.height / image.width, rel=1e-3)


def test_panels_of_photographs_take_less_than_half_the_room_and_look_the_same():
    """Pictures of smooth shapes with some grain, enlarged as a panel does it, with a caption."""
    generator = np.random.default_rng(0)
    shapes = [Image.fromarray(generator.integers(0, 256, (8, 8, 3), np.uint8)) for _ in range(4)]
    smooth = np.stack([np.asarray(image.resize((128, 128), Image.Resampling.BICUBIC)) for image in shapes])
    photos = (smooth + generator.normal(0, 4, smooth.shape)).clip(0, 255).astype(np.uint8)
    png = figures.png(figures.panel([[*photos]], caption="Sharp letters. " * 20, width_px=2400))
    document = opened(report_of(Figure(panel("photos", png=png))))
    (shape,) = document.inline_shapes
    blob = document.part.related_parts[shape._inline.graphic.graphicData.pic.blipFill.blip.embed].blob
    assert len(blob) < len(png) / 2
    kept, shown = (np.asarray(Image.open(io.BytesIO(file)).convert("RGB"), int) for file in (png, blob))
    assert (abs(kept - shown) > 16).mean() < 1e-3
    assert abs(kept - shown).mean() < 2
    assert shape.width.cm == pytest.approx(17, abs=0.01)


@pytest.mark.parametrize(("size", "cm"), [((2400, 9600), (4.875, 19.5)), ((300, 150), (5.08, 2.54))])
def test_a_tall_picture_fits_the_page_and_a_small_one_is_not_blown_up(size, cm):
    shape = opened(report_of(Figure(panel(png=picture(*size))))).inline_shapes[0]
    assert (shape.width.cm, shape.height.cm) == pytest.approx(cm, abs=0.02)


def test_a_picture_stays_with_its_caption_and_a_table_with_its_own():
    document = opened(report_of(Figure(panel()), Table("t", "A table.", ("a",), (("1",), ("2",)))))
    holder = next(p for p in document.paragraphs if p._p.find(f".//{qn('w:drawing')}") is not None)
    assert holder.paragraph_format.keep_with_next
    assert next(p for p in document.paragraphs if p.text.startswith("Table 1")).paragraph_format.keep_with_next
    assert document.styles["Heading 1"].paragraph_format.keep_with_next
    (table,) = tables(document)
    assert [row.cells[0].paragraphs[0].paragraph_format.keep_with_next for row in table.rows] == [True, True, None]
    assert all(row._tr.trPr.find(qn("w:cantSplit")) is not None for row in table.rows)
    assert [row._tr.trPr.find(qn("w:tblHeader")) is not None for row in table.rows] == [True, False, False]


def test_tables_have_all_their_cells_and_numbers_on_the_right():
    rows = (("dog-ae", "26.23 ± 0.12", "1,024"), ("平均", "–", "64"))
    (table,) = tables(opened(report_of(Table("t", "c", ("Model", "PSNR / dB", "Numbers"), rows))))
    assert cells(table) == [["Model", "PSNR / dB", "Numbers"], *map(list, rows)]
    sides = [[str(cell.paragraphs[0].alignment) for cell in row.cells] for row in table.rows]
    assert sides == [["None", "RIGHT (2)", "RIGHT (2)"]] * 3


@pytest.mark.parametrize("num_columns", [1, 4, 9, 40])
def test_no_table_is_wider_than_the_page(num_columns):
    row = tuple(
        "12.34 ± 0.05" if j else "a sentence that is much too long for its column " * 3 for j in range(num_columns)
    )
    (table,) = tables(opened(report_of(Table("t", "c", tuple(f"column {j}" for j in range(num_columns)), (row,)))))
    width = int(table._tbl.tblPr.find(qn("w:tblW")).get(qn("w:w")))
    grid = [int(column.get(qn("w:w"))) for column in table._tbl.tblGrid.iter(qn("w:gridCol"))]
    assert sum(grid) == width <= 17 / 2.54 * 1440
    sizes = {run.font.size.pt for cell in table._cells for run in cell.paragraphs[0].runs if run.font.size}
    assert min(sizes, default=9) >= 7


def test_columns_share_the_width_by_what_they_need():
    columns = [["Model", "a long name that may be broken " * 4], ["PSNR / dB", printed("26.23 ± 0.12")]]
    size, widths = fit(columns, 300, 4, (9, 7))
    assert size == 9
    assert sum(widths) == pytest.approx(300)
    assert fit(columns, 3000, 4, (9, 7))[1][1] == pytest.approx(widths[1], abs=1)  # the number has all it wants already
    (chinese,), (plain,) = fit([["第1次训练"]], 300, 4, (9,))[1], fit([["第次训练1"]], 300, 4, (9,))[1]
    assert chinese - plain == pytest.approx(9 / 4)  # of two places where Word puts a space, the other text has one
    assert fit([["x" * 50]] * 5, 300, 4, (9, 7)) == (7, [pytest.approx(60)] * 5)
    size, (first, *others) = fit(
        [["权重衰减"], *[[f"VAE (my-plane-with-a-rather-long-name-{i})"] for i in range(4)]], 440, 4, (9, 7)
    )
    assert first >= 4 * size + 8  # not a character a line for the sake of long names
    assert first + sum(others) <= 440 + 1e-6


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (["1", "–", "2.5"], True), (["−3.1 %", "1,234"], True), (["24.86 ± 0.10", "1e-3"], True), (["12", "b"], False),
        (["–", ""], False), (["16×8×8"], False), ([], False),
    ],
)  # fmt: skip
def test_which_columns_are_numbers(column, expected):
    assert is_numeric([printed(text) for text in column]) is expected


def test_observations_are_marked_as_measured():
    document = opened(report_of(Observations(("One [@dae].", "Two."))))
    assert cells(document.tables[1]) == [["What was measured"], ["•\tOne [1]."], ["•\tTwo."]]


def test_own_words_have_a_place_until_they_are_written():
    empty = opened(report_of(OwnWords("M2", "What?", " \n"))).tables[1]
    (control,) = empty._tbl.iter(qn("w:sdt"))
    assert control.find(f".//{qn('w:showingPlcHdr')}") is not None
    assert [t.text for t in control.iter(qn("w:t"))] == ["Write here what you see and how you explain it."]
    assert empty.rows[0].height.cm == pytest.approx(3, abs=0.01)
    written = opened(report_of(OwnWords("M2", "What?", "One\ntwo [@dae]\n\nthree\r\n"))).tables[1]
    assert cells(written) == [["What?\nOne\ntwo [@dae]\nthree"]]
    assert len(written.rows[0].cells[0].paragraphs) == 3
    assert next(written._tbl.iter(qn("w:sdt")), None) is None


def test_text_that_no_document_can_hold_is_written_as_codes():
    blocks = (Paragraph(ODD), Figure(panel(title=ODD, caption=ODD, alt=ODD)), Table(ODD, ODD, (ODD,), ((ODD,),)))
    document = opened(report_of(*blocks, Observations((ODD,)), OwnWords(ODD, ODD, ODD), title=ODD, data_note=ODD))
    line = HARMLESS.replace("\n", " ")
    assert document.core_properties.title == line
    assert paragraphs(document, "Title") == [line]
    assert paragraphs(document, "Body Text") == [HARMLESS, HARMLESS]
    assert cells(tables(document)[0]) == [[line], [line]]
    assert document.inline_shapes[0]._inline.docPr.get("descr") == HARMLESS
    assert cells(document.tables[-1]) == [[f"{line}\n{HARMLESS}"]]


def test_a_table_pasted_into_a_caption_is_text():
    pasted = "model\tPSNR\ndog-ae\t26.2\r\nmnist-ae\t15.8"
    document = opened(report_of(Figure(panel(title="", caption=pasted))))
    assert paragraphs(document, "Caption") == ["Figure 1. model PSNR\ndog-ae 26.2\nmnist-ae 15.8"]


def test_names_of_ten_thousand_letters_are_cut():
    document = opened(sample(name="名" * 10_000, number="1" * 10_000))
    assert document.core_properties.author == "名" * 254 + "…"
    assert [row[1] for row in cells(document.tables[0])][:2] == ["名" * 254 + "…", "1" * 254 + "…"]
    long = opened(report_of(Figure(panel(caption="caption " * 1250))))
    assert len(paragraphs(long, "Caption")[0]) > 10_000 - 1


def test_every_part_is_xml_and_nothing_is_left_of_the_template():
    content = parts(sample("zh", own="一\n二"))
    for name, data in content.items():
        if name.endswith((".xml", ".rels")):
            etree.fromstring(data)
    assert not [name for name in content if "thumbnail" in name]
    assert b"thumbnail" not in content["_rels/.rels"]
    used = set(re.findall(r'<w:pStyle w:val="(\w+)"', content["word/document.xml"].decode()))
    known = set(re.findall(r'w:styleId="(\w+)"', content["word/styles.xml"].decode()))
    assert used <= known
    assert b'w:name="compatibilityMode"' in content["word/settings.xml"]


def test_every_style_names_a_font_for_chinese_and_no_letter_is_small():
    document = opened(sample("zh"))
    fonts = list(document.styles.element.iter(qn("w:rFonts")))
    assert {f.get(qn("w:eastAsia")) for f in fonts} == {"Microsoft YaHei", "SimSun"}
    assert not any(f.get(qn("w:eastAsiaTheme")) for f in fonts)
    assert document.styles["Body Text"].font.size.pt == document.styles["Box Text"].font.size.pt == 10.5
    sizes = [
        int(s.get(qn("w:val"))) / 2
        for part in (document.element, document.styles.element)
        for s in part.iter(qn("w:sz"))
    ]
    assert min(sizes) >= 7
