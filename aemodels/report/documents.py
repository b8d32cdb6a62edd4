"""Figures and numbers in, files out: a Word document, a zip of PNG and CSV, and the names such files may have."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from docx import Document
from docx.document import Document as WordDocument
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.oxml.xmlchemy import BaseOxmlElement
from docx.shared import Cm, Pt
from docx.text.paragraph import Paragraph
from PIL import Image

from aemodels.report.names import safe_file_name
from aemodels.report.panels import Panel, Row, columns, describe, to_csv
from aemodels.storage import checkpoints
from aemodels.text import visible

MAX_ROWS, MAX_COLUMNS = 12, 8  # of a table in the document; the CSV has them all
PICTURE_CM = (17, 20)  # an A4 page within 2 cm margins, less room for heading and caption
CHINESE_FONT = "Microsoft YaHei"  # on every Windows and with Word for macOS; others put their own in its place


def build_zip(panels: Sequence[Panel]) -> bytes:
    """A zip with a PNG and a CSV for each panel, numbered as in the report, and figures.csv, which lists them."""
    buffer, figures = io.BytesIO(), []
    with zipfile.ZipFile(buffer, "w") as archive:
        for number, panel in enumerate(panels, 1):
            stem = f"{number:02d}-{safe_file_name(panel.name)}"
            archive.writestr(f"{stem}.png", panel.png)
            archive.writestr(f"{stem}.csv", to_csv(panel.rows))
            said = {"title": panel.title, "caption": panel.caption, "settings": describe(panel.settings)}
            figures.append({"figure": number, "file": stem} | said)
        archive.writestr("figures.csv", to_csv(figures))
    return buffer.getvalue()


def build_docx(title: str, author: str, panels: Sequence[Panel], headers: Mapping[str, Mapping[str, Any]]) -> bytes:
    """A Word document (A4): a heading, picture, caption and table for each panel, then settings and models.

    title    of the document, shown and in its properties
    author   likewise; may be empty
    headers  checkpoint name -> what `checkpoints.read_header` gives
    """
    document = Document()
    _set_up(document, title, author)
    document.add_heading(visible(title), level=0)
    if author:
        document.add_paragraph(visible(author), style="Subtitle")
    for number, panel in enumerate(panels, 1):
        document.add_heading(visible(panel.title), level=1)
        _add_picture(document, panel)
        _add_caption(document, "Figure", panel.caption)
        if panel.rows:
            _add_table(document, panel.rows, f"Numbers of figure {number}.")
    if panels:
        document.add_heading("Settings and seeds", level=1)
        rows = [
            {
                "figure": number,
                "seed": panel.settings.get("seed", "–"),
                "settings": describe({key: value for key, value in panel.settings.items() if key != "seed"}),
            }
            for number, panel in enumerate(panels, 1)
        ]
        _add_table(document, rows, "What makes the same figures again.", max_rows=len(rows))
    if headers:
        document.add_heading("Models", level=1)
        _add_table(document, measured(headers), "Test figures of the models.", max_rows=len(headers))
        document.add_paragraph(
            "PSNR = 10·log10(max(x)² / MSE) with max(x) = 1.0 and the MSE over all pixels and channels of one image, "
            "averaged over the test images; ± is the 95 % interval of that mean. BCE is in nats a pixel. Each model is "
            "judged under the noise it was trained with."
        )
        _add_table(
            document,
            provenance(headers),
            "How the models were made: all trainings that led to each, one after another.",
            max_rows=len(headers),
        )
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def measured(headers: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """One row a checkpoint: its code, its noise and its figures on the test images."""
    rows = []
    for name, header in headers.items():
        model, metrics = header["model_config"], header["metrics"]
        noise = {"input σ": model.get("noise_factor"), "code variance": model.get("noise_variance")}
        rows.append(
            {
                "model": name,
                "code": "×".join(map(str, model["latent_shape"])),
                "noise": describe({key: f"{value:g}" for key, value in noise.items() if value}) or "none",
                "BCE": f"{metrics['bce']:.4f}" if "bce" in metrics else "–",
                "PSNR, dB": f"{metrics['psnr_db']:.2f} ± {metrics['psnr_db_ci95']:.2f}",
                "test images": f"{metrics['num_images']:,}",
            }
        )
    return rows


def provenance(headers: Mapping[str, Mapping[str, Any]]) -> list[Row]:
    """One row a checkpoint: what trained it, on what, for how long, over all trainings that led to it."""
    rows = []
    for name, header in headers.items():
        last, trainings = header["provenance"], checkpoints.trainings(name, header)
        made = [training["provenance"] for training in trainings]
        rows.append(
            {
                "model": name,
                "trainings": len(made),
                "minutes": f"{sum(m['wall_s'] for m in made) / 60:.1f}" + ("" if last["finished"] else ", unfinished"),
                "steps": f"{sum(m['steps'] for m in made):,}",
                "devices": ", ".join(dict.fromkeys(m["device"] for m in made)),
                "train images": f"{last['num_train_images']:,}",
                "data fingerprint": last["data_fingerprint"][:12],
                "seed": last["seed"],
            }
        )
    return rows


def _set_up(document: WordDocument, title: str, author: str) -> None:
    section = document.sections[0]
    section.page_width, section.page_height = Cm(21), Cm(29.7)
    section.left_margin = section.right_margin = section.top_margin = section.bottom_margin = Cm(2)
    properties, now = document.core_properties, datetime.now(UTC)
    properties.title, properties.author = visible(title)[:255], visible(author)[:255]  # the format holds no more
    properties.last_modified_by, properties.comments = properties.author, ""
    properties.created = properties.modified = now
    for fonts in document.styles.element.iter(qn("w:rFonts")):  # the template's theme names none for Chinese
        fonts.set(qn("w:eastAsia"), CHINESE_FONT)
        fonts.attrib.pop(qn("w:eastAsiaTheme"), None)
    for language in document.styles.element.iter(qn("w:lang")):
        language.set(qn("w:eastAsia"), "zh-CN")
    package = document.part.package  # the template's thumbnail shows another document
    for key in [key for key, rel in package.rels.items() if rel.reltype == RELATIONSHIP_TYPE.THUMBNAIL]:
        del package.rels[key]


def _add_picture(document: WordDocument, panel: Panel) -> None:
    width_px, height_px = Image.open(io.BytesIO(panel.png)).size
    width_cm = min(PICTURE_CM[0], PICTURE_CM[1] * width_px / height_px)
    paragraph = document.add_paragraph()
    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    paragraph.paragraph_format.keep_with_next = True
    picture = paragraph.add_run().add_picture(io.BytesIO(panel.png), width=Cm(width_cm))
    picture._inline.docPr.set("descr", visible(panel.alt))


def _add_caption(document: WordDocument, kind: str, text: str) -> Paragraph:
    """A caption such as "Figure 1. text" in Word's own style; Word keeps the numbers right when captions are moved."""
    paragraph = document.add_paragraph(f"{kind} ", style="Caption")
    instruction = f" SEQ {kind} \\* ARABIC "
    number = 1 + sum(element.text == instruction for element in document.element.iter(qn("w:instrText")))
    _add_to_run(paragraph, "w:fldChar").set(qn("w:fldCharType"), "begin")
    _add_to_run(paragraph, "w:instrText").text = instruction
    _add_to_run(paragraph, "w:fldChar").set(qn("w:fldCharType"), "separate")
    paragraph.add_run(str(number))
    _add_to_run(paragraph, "w:fldChar").set(qn("w:fldCharType"), "end")
    paragraph.add_run(f". {visible(text)}")
    return paragraph


def _add_to_run(paragraph: Paragraph, tag: str) -> BaseOxmlElement:
    element = OxmlElement(tag)
    paragraph.add_run()._r.append(element)
    return element


def _add_table(document: WordDocument, rows: Sequence[Row], caption: str, max_rows: int = MAX_ROWS) -> None:
    keys = columns(rows)
    shown, shown_keys = rows[:max_rows], keys[:MAX_COLUMNS]
    if len(shown) < len(rows) or len(shown_keys) < len(keys):
        caption += (
            f" Shown are {len(shown):,} of {len(rows):,} rows and {len(shown_keys)} of {len(keys)} columns; "
            "the CSV file has them all."
        )
    _add_caption(document, "Table", caption).paragraph_format.keep_with_next = True
    table = document.add_table(1 + len(shown), len(shown_keys), style="Light List Accent 1")
    cells = table._cells  # table.cell() finds all of them anew for every one
    values = [*shown_keys, *(_cell(row.get(key)) for row in shown for key in shown_keys)]
    for cell, value in zip(cells, values, strict=True):
        cell.paragraphs[0].add_run(visible(value)).font.size = Pt(8)
    heading = OxmlElement("w:tblHeader")  # said again on every page that the table runs over
    table.rows[0]._tr.get_or_add_trPr().append(heading)
    document.add_paragraph()


def _cell(value: object) -> str:
    if value is None:
        return "–"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
