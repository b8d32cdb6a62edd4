"""Numbers as CSV, which spreadsheets read as they are."""

import csv
import io
import math

import numpy as np
import pytest

from aemodels.report.panels import to_csv


def test_csv_holds_every_key_of_every_row():
    rows = [{"a": 1, "b": None}, {"a": "x, “y”\n", "c": 0.1}]
    read = list(csv.DictReader(io.StringIO(to_csv(rows).decode("utf-8-sig"), newline="")))
    assert read == [{"a": "1", "b": "", "c": ""}, {"a": "x, “y”\n", "b": "", "c": "0.1"}]
    assert to_csv([]).decode("utf-8-sig").strip() == ""


def test_csv_has_the_digits_that_a_float32_tells():
    values = (1 - 0.984, float(np.float32(18.48946)), 8.94658088684082, 0.1, 2.0, 123456789.0, math.inf, math.nan)
    (_, *read) = csv.reader(io.StringIO(to_csv([{"a": value} for value in values]).decode("utf-8-sig")))
    assert [cell for (cell,) in read] == ["0.016", "18.48946", "8.946581", "0.1", "2.0", "123456789.0", "inf", ""]


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


def test_csv_has_plain_spaces_that_can_be_typed():
    (_, row) = csv.reader(io.StringIO(to_csv([{"a": "26.23\xa0±\xa00.12 dB", "b": 1}]).decode("utf-8-sig")))
    assert row == ["26.23 ± 0.12 dB", "1"]
