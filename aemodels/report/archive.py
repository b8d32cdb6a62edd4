"""A report's figures and tables as a zip of PNG and CSV."""

import io
import zipfile

from aemodels import language
from aemodels.report.document import Report
from aemodels.report.names import safe_file_name
from aemodels.report.numbering import Citation, Numbering
from aemodels.report.panels import describe, lines_to_csv, to_csv


def build_zip(report: Report) -> bytes:
    """A zip with a PNG and a CSV for each figure and a CSV for each table, numbered as in the report; figures.csv and tables.csv
    list them with their captions."""
    numbering, buffer = Numbering(report), io.BytesIO()
    figures, tables = [], []
    with language.speaking(report.language), zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, figure in enumerate(numbering.figures, 1):
            panel, stem = figure.panel, f"{number:02d}-{safe_file_name(figure.panel.name)}"
            archive.writestr(f"{stem}.png", panel.png, zipfile.ZIP_STORED)
            archive.writestr(f"{stem}.csv", to_csv(panel.rows))
            caption = plain(panel.caption, numbering)
            said = {"title": panel.title, "caption": caption, "settings": describe(panel.settings)}
            figures.append({"figure": number, "file": stem} | said)
        for number, table in enumerate(numbering.tables, 1):
            stem = f"table-{number:02d}-{safe_file_name(table.name)}"
            archive.writestr(f"{stem}.csv", lines_to_csv([table.head, *table.rows]))
            tables.append({"table": number, "file": stem, "caption": plain(table.caption, numbering)})
        archive.writestr("figures.csv", to_csv(figures))
        if tables:
            archive.writestr("tables.csv", to_csv(tables))
    return buffer.getvalue()


def plain(text: str, numbering: Numbering) -> str:
    """The text with the numbers of its references in it: [1]."""
    return "".join(f"[{p.number}]" if isinstance(p, Citation) else p for p in numbering.pieces(text))
