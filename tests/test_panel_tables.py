"""The numbers of a collected panel as a printed table."""

import math

import pytest

from aemodels import language
from aemodels.report.panel_tables import MAX_COLUMNS, MAX_ROWS, table_of
from aemodels.report.panels import Panel


def panel(rows):
    return Panel("a-panel", "Perturb", "A caption.", "What it shows.", b"", rows, {})


def test_heads_are_words_and_figures_are_rounded():
    rows = [{"picture": 1, "psnr_db": 24.585041, "mean_square": 0.0123456, "own_key": None}]
    table = table_of(panel(rows))
    assert table.head == ("picture", "PSNR / dB", "mean square of the code", "own key")
    assert table.rows == (("1", "24.59", "0.01235", "–"),)
    with language.speaking("zh"):
        assert table_of(panel(rows)).head[:2] == ("图片", "PSNR / dB")


def test_numbers_of_a_column_have_the_same_decimals():
    values = {"mean_square": (0.9957, 0.992, 1.0602), "z1": (0.0, -0.0306, 1.3716), "hole_share": (2e-9, 0.5, math.nan)}
    rows = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    assert list(zip(*table_of(panel(rows)).rows, strict=True)) == [
        ("0.996", "0.992", "1.060"),
        ("0.000", "−0.031", "1.372"),
        ("2e−09", "0.5", "–"),
    ]


def test_columns_that_find_no_room_are_told():
    table = table_of(panel([{f"channel_{i}": i for i in range(MAX_COLUMNS + 3)}]))
    assert len(table.head) == len(table.rows[0]) == MAX_COLUMNS
    assert f"{MAX_COLUMNS} of {MAX_COLUMNS + 3} columns" in table.caption


@pytest.mark.parametrize(("num_rows", "has_table"), [(0, False), (1, True), (MAX_ROWS, True), (MAX_ROWS + 1, False)])
def test_many_rows_are_for_the_csv_alone(num_rows, has_table):
    assert (table_of(panel([{"seed": i} for i in range(num_rows)])) is not None) == has_table
