"""The Word document of a report as LibreOffice prints it."""

import re
import shutil
import subprocess
from functools import partial
from html import unescape

import pytest
from report_sample import WORDS, panel, picture, sample

from aemodels.report import word
from aemodels.report.document import Cover, Figure, Paragraph, Report, Section

TOOLS = ("soffice", "pdfinfo", "pdffonts", "pdftotext", "pdfimages")
CM = 72 / 2.54
MARGIN, WIDTH, HEIGHT = 2 * CM, 21 * CM, 29.7 * CM
FOOTER = HEIGHT - MARGIN  # the page's number stands below
OWN = "One line.\nAnother line. " * 6

pytestmark = [
    pytest.mark.release,
    pytest.mark.skipif(
        not all(map(shutil.which, TOOLS)), reason="needs LibreOffice (soffice) and poppler-utils (pdftotext)"
    ),
]
run = partial(subprocess.run, check=True, capture_output=True, text=True, timeout=300)


def many():
    """Headings and pictures after texts of many lengths: some would be parted from what is theirs if nothing kept them together."""
    picture_of = partial(panel, png=picture(600, 150), title="", caption="A caption.")
    sections = [
        Section("", f"Heading {i}", (Paragraph("A sentence. " * 9 * (1 + i * i % 7)), Figure(picture_of(f"{i}"))))
        for i in range(60)
    ]
    return Report(Cover("Many"), tuple(sections), "en")


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("printed")
    for language in WORDS:
        (folder / f"{language}.docx").write_bytes(word.build_docx(sample(language, own=OWN)))
    (folder / "many.docx").write_bytes(word.build_docx(many()))
    documents = [str(path) for path in folder.glob("*.docx")]
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    run(["soffice", profile, "--headless", "--convert-to", "pdf", "--outdir", str(folder), *documents])
    return folder


@pytest.fixture(params=list(WORDS))
def language(request):
    return request.param


@pytest.fixture
def pdf(printed, language):
    return str(printed / f"{language}.pdf")


def lines(pdf):
    """The lines of each page from top to bottom: (left, top, right, bottom, text) in points."""
    xml = run(["pdftotext", "-bbox-layout", pdf, "-"]).stdout
    pages = []
    for page in re.findall(r"<page .*?</page>", xml, re.DOTALL):
        found = []
        for box, inside in re.findall(r"<line ([^>]*)>(.*?)</line>", page, re.DOTALL):
            left, top, right, bottom = (float(number) for number in re.findall(r'"([\d.-]+)"', box))
            found.append((left, top, right, bottom, " ".join(map(unescape, re.findall(r">([^<]+)</word>", inside)))))
        pages.append(sorted(found, key=lambda line: line[1]))
    return pages


def pictures(pdf):
    """The page of each picture."""
    rows = [row.split() for row in run(["pdfimages", "-list", pdf]).stdout.splitlines()[2:]]
    return [int(row[0]) for row in rows if row[2] == "image"]


def bare(text):
    return re.sub(r"\s", "", text)


def test_pages_are_a4_and_as_many_as_they_should_be(pdf):
    info = dict(line.split(":", 1) for line in run(["pdfinfo", pdf]).stdout.splitlines() if ":" in line)
    assert "A4" in info["Page size"]
    assert 9 <= int(info["Pages"]) <= 14


def test_all_fonts_are_embedded(pdf):
    rows = run(["pdffonts", pdf]).stdout.splitlines()[2:]
    assert len(rows) > 3
    assert not [row for row in rows if row.split()[-5] != "yes"]


def test_nothing_stands_outside_the_margins(pdf, language):
    """A stop or comma of Chinese may hang half over the right margin, as its rules have it."""
    hanging = {"en": 0, "zh": 11}[language]
    for number, page in enumerate(lines(pdf), 1):
        for left, top, right, bottom, text in page:
            if top < FOOTER:
                over = hanging if text[-1] in "，。；：、" else 0
                assert left >= MARGIN - 1, (number, text)
                assert right <= WIDTH - MARGIN + 1 + over, (number, text)
                assert bottom <= FOOTER + 2, (number, text)
            else:
                assert text == str(number)


def test_no_heading_is_last_on_a_page(pdf, language):
    headings = {bare(section.title) for section in sample(language, own=OWN).sections}
    for page in lines(pdf)[2:]:
        *_above, last = [line[-1] for line in page if line[1] < FOOTER]
        assert bare(last) not in headings


def test_none_of_many_headings_and_pictures_is_parted_from_what_is_its_own(printed):
    pdf = str(printed / "many.pdf")
    pages = lines(pdf)
    lasts = [[line[-1] for line in page if line[1] < FOOTER][-1] for page in pages[1:]]
    assert len(lasts) > 12
    assert not [text for text in lasts if re.fullmatch(r"Heading \d+", text)]
    captions = [i for i, page in enumerate(pages, 1) for line in page if line[-1].startswith("Figure")]
    assert pictures(pdf) == captions


def test_contents_tell_the_page_of_every_heading(pdf, language):
    pages = [[bare(line[-1]) for line in page] for page in lines(pdf)]
    text = run(["pdftotext", "-f", "2", "-l", "2", "-layout", pdf, "-"]).stdout
    entries = re.findall(r"^(.*?)\s?\.{3,}\s*(\d+)$", text, re.MULTILINE)
    titles = [section.title for section in sample(language, own=OWN).sections]
    assert [bare(title) for title, _number in entries[:-2]] == [bare(title) for title in titles]
    assert len(entries) == len(titles) + 2
    for title, number in entries:
        assert [i for i, page in enumerate(pages, 1) if bare(title) in page and i > 2] == [int(number)]


def test_captions_are_numbered_in_order_and_stand_on_the_page_of_their_picture(pdf, language):
    figure, table = {"en": ("Figure", "Table"), "zh": ("图", "表")}[language]
    pages = [[bare(line[-1]) for line in page] for page in lines(pdf)]
    for kind, many in ((figure, 4), (table, 8)):
        found = [re.match(rf"{kind}(\d+)\D", line) for page in pages for line in page]
        assert [int(match[1]) for match in found if match] == list(range(1, many + 1))
    captions = [i for i, page in enumerate(pages, 1) for line in page if re.match(rf"{figure}\d", line)]
    assert pictures(pdf) == captions


def test_a_table_that_fits_a_page_is_not_split(pdf, language):
    """The head of the table of models stands once for each of the four tables; long tables say theirs again."""
    heads = [line for page in lines(pdf) for line in page if bare(WORDS[language]["head"][0]) in bare(line[-1])]
    assert len(heads) == 4
