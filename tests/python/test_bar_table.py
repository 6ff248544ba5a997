"""Calliper tables: forms, decimal commas, and errors that say where."""

import pytest

from calvaria.bar import BarReading, load_readings, write_readings, write_readings_form
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
        ("", r"at least one line"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_line_and_column(tmp_path, text, words):
    with pytest.raises(BarError, match=words):
        load_readings(table(tmp_path, text))


def test_a_table_that_is_not_text_is_refused(tmp_path):
    with pytest.raises(BarError, match="UTF-8"):
        load_readings(
            table(tmp_path, "nominal_mm;reading_mm;bar\n50;49;\u00e4", encoding="latin-1")
        )


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
