"""Calliper tables: forms, decimal commas, and errors that say where."""

import pytest

from calvaria.bar import (
    BarReading,
    load_readings,
    readings_by_bar,
    write_readings,
    write_readings_form,
)
from calvaria.errors import BarError


def table(tmp_path, text, name="readings.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes(text.encode(encoding))
    return path


def test_a_form_is_blank_and_is_read_once_it_is_filled_in(tmp_path):
    path = tmp_path / "form.csv"
    write_readings_form(path, lengths_mm=(20, 50), axes="xz", repeats=2, operators=("A", "B"))
    with pytest.raises(BarError, match=r"form\.csv: at least one line with a reading"):
        load_readings(path)
    lines = path.read_text().splitlines()
    assert len(lines) == 1 + 2 * 2 * 2 * 2
    filled = [lines[0], *(line.replace(",,", ",49.95,", 1) for line in lines[1:])]
    path.write_text("\n".join(filled))
    found = load_readings(path)
    assert len(found) == 16
    assert {(one.axis, one.nominal_mm, one.operator, one.repeat) for one in found} == {
        (axis, n, operator, repeat)
        for axis in "xz"
        for n in (20.0, 50.0)
        for operator in "AB"
        for repeat in (1, 2)
    }


def test_readings_come_back_as_they_were_written(tmp_path):
    rows = (
        BarReading(nominal_mm=50, reading_mm=49.9312345678901, axis="x", bar="50X", operator="Jo, M",
                   instrument='6" calliper', repeat=2, temperature_c=21.5, date="2026-03-14"),
        BarReading(nominal_mm=100, reading_mm=99.8, axis="xy", material="PLA", printer="P1"),
    )  # fmt: skip
    path = tmp_path / "t.csv"
    write_readings(rows, path)
    assert load_readings(path) == rows


@pytest.mark.parametrize("mark", [";", "\t"])
def test_a_decimal_comma_is_understood_where_commas_do_not_separate(tmp_path, mark):
    text = f"nominal_mm{mark}reading_mm{mark}axis\r\n50{mark}49,95{mark}X\r\n\r\n20{mark}\u221219,9 mm{mark}y"
    path = table(tmp_path, text.replace("\u2212", ""))
    found = load_readings(path)
    assert [one.reading_mm for one in found] == [49.95, 19.9]
    assert [one.axis for one in found] == ["x", "y"]


def test_a_byte_order_mark_and_quotes_are_no_matter(tmp_path):
    path = table(tmp_path, '\ufeff"nominal_mm","reading_mm"\n"50","49,95"\n')
    assert load_readings(path)[0].reading_mm == 49.95


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("nominal_mm;reading_mm\n50;abc", r"readings\.csv line 2, column reading_mm: a number .* found 'abc'"),
        ("nominal_mm;reading_mm\n;49", r"line 2, column nominal_mm: .* found ''"),
        ("nominal_mm;reading_mm\n50;-49", r"line 2, column reading_mm: a length above 0 mm"),
        ("nominal_mm;reading_mm\n50;nan", r"column reading_mm: a number"),
        ("nominal_mm,reading_mm\n50,49,95", r"line 2: 2 cells expected, found 3; a decimal comma needs"),
        ("nominal_mm;axis\n50;x", r"line 1: a column reading_mm expected, found nominal_mm, axis"),
        ("nominal_mm;reading_mm;colour\n50;49;red", r"found colour"),
        ("nominal_mm;reading_mm;reading_mm\n50;49;48", r"reading_mm twice"),
        ("nominal_mm;reading_mm;axis\n50;49;q", r"line 2, column axis: .* found 'q'"),
        ("nominal_mm;reading_mm;repeat\n50;49;0", r"column repeat: a whole number .* found '0'"),
        ("nominal_mm;reading_mm;date\n50;49;14.3.26", r"column date: .* found '14\.3\.26'"),
        ("nominal_mm;reading_mm;temperature_c\n50;49;warm", r"column temperature_c: .* found 'warm'"),
        ("nominal_mm;reading_mm\n50;49\n50,49.9", r"line 3: 2 cells expected, found 1"),
        ("\n\nnominal_mm;colour\n50;49", r"line 3: a column reading_mm"),
        ("nominal_mm;reading_mm\n50;1.9646 in", r"column reading_mm: .* found '1\.9646 in'"),
        ("nominal_mm;reading_mm\n50;#DIV/0!", r"column reading_mm: a number"),
        ("nominal_mm;reading_mm\n1.050,0;1.049,9", r"column nominal_mm: a number .* found '1\.050,0'"),
        ("nominal_mm;reading_mm;date\n50;49;31.02.2026", r"column date: .* found '31\.02\.2026'"),
        ("nominal_mm;reading_mm;date\n50;49;3/4/2026", r"column date: .* found '3/4/2026'"),
        ("nominal_mm,reading_mm\n50,49.9,x", r"line 2: 2 cells expected, found 3"),
        ("<html>", r"line 1: a column nominal_mm"),
        ("nominal_mm,reading_mm,bar\n50,49.9," + "x" * 200_000, r"line 2: a CSV line"),
        ("", r"at least one line"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_and_column(tmp_path, text, words):
    with pytest.raises(BarError, match=words):
        load_readings(table(tmp_path, text))


@pytest.mark.parametrize("raw", [b"PK\x03\x04\x14\x00", bytes(range(256)), b"\x80" * 84 + b"\x00"])
def test_a_table_that_is_not_text_is_refused(tmp_path, raw):
    path = tmp_path / "readings.csv"
    path.write_bytes(raw)
    with pytest.raises(BarError, match="a table as text"):
        load_readings(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("first", ["", "sep=;\r\n"])
def test_a_german_spreadsheet_is_read(tmp_path, encoding, first):
    text = (
        f"{first}Bar;Axis;Nominal mm;Reading mm;Operator;Date\r\n"
        "50X;X;50;49,95;J\u00f6rg;14.03.2026\r\n"
        '50Y;Y;50,0;"49,91 mm";J\u00f6rg;4.3.2026\r\n;;;;;\r\n'
    )
    found = load_readings(table(tmp_path, text, encoding=encoding))
    assert [one.reading_mm for one in found] == [49.95, 49.91]
    assert {one.operator for one in found} == {"J\u00f6rg"}
    assert [one.date for one in found] == ["2026-03-14", "2026-03-04"]


@pytest.mark.parametrize(
    "text",
    [
        "bar,axis,nominal_mm,reading_mm,repeat\n50X,x,50,49,95\n50X,x,50,49,93\n",
        "bar,axis,nominal_mm,reading_mm,repeat\n50X,x,50,49,1\n50X,x,50,49,3\n50X,x,50,50,2\n20X,x,20,20,5\n",
        "bar,axis,nominal_mm,reading_mm,repeat,date\n50X,x,50,49,95,1,\n",
        "bar,axis,nominal_mm,reading_mm,repeat,operator,instrument\n50X,x,50,49,95,1,,\n",
    ],
)
def test_a_decimal_comma_that_was_cut_in_two_is_never_a_number(tmp_path, text):
    with pytest.raises(BarError, match="a decimal comma needs a semicolon"):
        load_readings(table(tmp_path, text))


@pytest.mark.parametrize(
    "text",
    [
        "nominal_mm,reading_mm\r50,49.9\r",
        "nominal_mm,reading_mm\n50,49.9,\n",
        "reading_mm\tnominal_mm\n49,9\t50\n",
        "nominal_mm,reading_mm,repeat\n50,49.9,1.0\n",
        "nominal_mm;reading_mm;temperature_c\n50 mm;49,9mm;21 \u00b0C\n",
    ],
)
def test_an_odd_table_gives_the_right_number(tmp_path, text):
    (one,) = load_readings(table(tmp_path, text))
    assert (one.nominal_mm, one.reading_mm) == (50.0, 49.9)


def test_readings_in_whole_mm_are_read_where_their_repeats_count(tmp_path):
    text = "nominal_mm,reading_mm,repeat\n50,49,1\n50,50,2\n20,20,1\n"
    assert [one.reading_mm for one in load_readings(table(tmp_path, text))] == [49, 50, 20]


def test_a_form_asks_for_something(tmp_path):
    with pytest.raises(ValueError, match="repeats"):
        write_readings_form(tmp_path / "f.csv", repeats=0)


def test_a_reading_from_a_scan_keeps_its_uncertainty_and_place(tmp_path):
    scanned = BarReading(
        nominal_mm=50,
        reading_mm=49.8,
        axis="x",
        source="mesh",
        uncertainty_mm=0.012,
        n_points=812,
        flatness_mm=0.03,
        parallelism_deg=0.1,
        centre_lps_mm=(1.5, -2.25, 3.125),
        direction=(0.0, 0.6, 0.8),
    )
    by_hand = BarReading(nominal_mm=20, reading_mm=19.9, axis="y")
    write_readings([scanned, by_hand], tmp_path / "bars.csv")
    assert load_readings(tmp_path / "bars.csv") == (scanned, by_hand)


def test_readings_are_typed_into_a_cell_by_the_names_on_the_bars():
    found = readings_by_bar(
        {"50X": [49.91, 49.93], "100 mm xy": (99.8,), "20": 19.95},
        operator="A", date="2026-03-14", temperature_c=22,
    )  # fmt: skip
    assert [(one.nominal_mm, one.axis, one.reading_mm, one.repeat, one.bar) for one in found] == [
        (50, "x", 49.91, 1, "50X"),
        (50, "x", 49.93, 2, "50X"),
        (100, "xy", 99.8, 1, "100XY"),
        (20, "", 19.95, 1, "20"),
    ]
    assert {(one.operator, one.date, one.temperature_c) for one in found} == {
        ("A", "2026-03-14", 22)
    }


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, "at least one reading"),
        ({"50X": []}, "at least one reading"),
        ({"X50": 49}, "such as '50X', expected, found 'X50'"),
        ({"50Q": 49}, "found '50Q'"),
        ({"50X": "49,9"}, "lengths_mm of 50X: a number"),
        ({"50X": [float("nan")]}, "lengths_mm of 50X: a finite number"),
        ({"50X": -49.9}, "reading_mm: a length above 0"),
    ],
)
def test_what_is_typed_wrong_is_said_with_the_name_of_its_bar(given, words):
    with pytest.raises((BarError, ValueError), match=words):
        readings_by_bar(given)


def test_what_cannot_be_written_is_refused(tmp_path):
    path = tmp_path / "bars.csv"
    with pytest.raises(BarError, match="at least one reading"):
        write_readings([], path)
    for asked, words in (({"axes": ("q",)}, "axes"), ({"lengths_mm": (-5,)}, "lengths_mm")):
        with pytest.raises(ValueError, match=words):
            write_readings_form(path, **asked)
    path.write_text("nominal_mm,reading_mm\n50,4_9.2\n")
    with pytest.raises(BarError, match="column reading_mm"):
        load_readings(path)


def test_a_table_without_a_header_does_not_repeat_a_name(tmp_path):
    path = tmp_path / "readings.csv"
    path.write_text("Doe,Jane,1950-01-02,50,49.9\n")
    with pytest.raises(BarError, match="none of its names in 5 cells; is there a header") as said:
        load_readings(path)
    assert "doe" not in str(said.value).lower()


def test_a_form_without_its_folder_is_said_by_its_name(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"^form\.csv: there is no folder"):
        write_readings_form(tmp_path / "nowhere" / "form.csv")
