"""Calliper tables: a form to fill in, and its reading with errors that say line and column."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._whole_files import write_whole
from calvaria.bar.decision import need_number
from calvaria.bar.reading import AXES, DIAGONALS, BarReading
from calvaria.errors import BarError

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

__all__ = ["COLUMNS", "load_readings", "write_readings", "write_readings_form"]

COLUMNS = (
    *("bar", "axis", "nominal_mm", "reading_mm", "repeat", "operator", "instrument"),
    *("printer", "material", "temperature_c", "date"),
)
# What a reading from a scan or CT has besides; a form to fill in has none of them.
_MEASURED = (
    *("source", "uncertainty_mm", "n_points", "flatness_mm", "parallelism_deg"),
    *("centre_lps_mm", "direction"),
)
_OPTIONAL = ("uncertainty_mm", "flatness_mm", "parallelism_deg", "centre_lps_mm", "direction")
_NEEDED = ("nominal_mm", "reading_mm")
_AXES = (*AXES, *(name for pair in DIAGONALS for name in pair))
_LARGEST_BYTES = 20_000_000
# Control characters that no table has: a spreadsheet itself, a mesh, a picture.
_NO_TEXT = "\x00\x01\x02\x03\x04\x05\x06\x07\x08"
# Day, month and year between dots, as in Germany; a time may follow.
_DOTTED = re.compile(r"^(\d{1,2})\.(\d{1,2})\.(\d{4})$")


def write_readings_form(
    path: str | os.PathLike[str],
    *,
    lengths_mm: Sequence[float] = (50.0,),
    axes: Sequence[str] = AXES,
    repeats: int = 3,
    operators: Sequence[str] = ("",),
    printer: str = "",
) -> None:
    """Write a blank calliper table: one line for each reading to take, reading left open.

    Parameters
    ----------
    path : path
        A ``.csv`` file; written whole or not at all.
    lengths_mm : sequence of float
        Nominal lengths of the bars.
    axes : sequence of str
        Axes of the printer.
    repeats : int
        Readings of each bar by each operator.
    operators : sequence of str
        Who reads; two or more allow :func:`measure_gauge`.
    printer : str
        Name of the printer.

    Raises
    ------
    ValueError
        ``repeats`` is below 1, there is nothing to read, an unknown axis, or a length not above 0.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "callipers.csv"
    ...     write_readings_form(path, lengths_mm=(50.0,), axes=("x", "y"), repeats=2, printer="left")
    ...     for line in path.read_text().splitlines():
    ...         print(line)
    bar,axis,nominal_mm,reading_mm,repeat,operator,instrument,printer,material,temperature_c,date
    50X,x,50,,1,,,left,,,
    50Y,y,50,,1,,,left,,,
    50X,x,50,,2,,,left,,,
    50Y,y,50,,2,,,left,,,
    """
    if repeats < 1 or not lengths_mm or not axes or not operators:
        msg = (
            f"repeats, lengths_mm, axes, operators: at least one of each expected, found {repeats}, "
            f"{len(lengths_mm)}, {len(axes)}, {len(operators)}"
        )
        raise ValueError(msg)
    for axis in axes:
        if axis not in _AXES:
            msg = f"axes: each one of {', '.join(_AXES)} expected, found {axis!r}"
            raise ValueError(msg)
    for length in lengths_mm:
        if not 0 < need_number("lengths_mm", length) < 1e5:
            msg = f"lengths_mm: lengths above 0 expected, found {length}"
            raise ValueError(msg)
    rows = [
        {
            "bar": f"{length:g}{axis}".upper(),
            "axis": axis,
            "nominal_mm": f"{length:g}",
            "repeat": str(repeat),
            "operator": operator,
            "printer": printer,
        }
        for operator in operators
        for repeat in range(1, repeats + 1)  # the bars in turn, so that repeats are not copied
        for axis in axes
        for length in lengths_mm
    ]
    _write(Path(path), rows)


def write_readings(readings: Sequence[BarReading], path: str | os.PathLike[str]) -> None:
    """Write readings as a table that :func:`load_readings` reads back, whole or not at all.

    Readings from a scan or CT keep where they come from: source, uncertainty, points, place and
    direction have columns of their own.

    Parameters
    ----------
    readings : sequence of BarReading
        One line each.
    path : path
        The table, comma-separated, with a header.

    Raises
    ------
    BarError
        There is no reading.

    Examples
    --------
    >>> import tempfile
    >>> from calvaria.bar import BarReading
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_readings([BarReading(nominal_mm=50, reading_mm=49.9)], f"{folder}/form.csv")
    ...     load_readings(f"{folder}/form.csv")[0].reading_mm
    49.9
    """
    if not readings:
        msg = "readings: at least one reading expected, found none"
        raise BarError(msg)
    is_measured = any(reading.source != "calliper" or reading.n_points for reading in readings) or (
        any(getattr(one, name) is not None for one in readings for name in _OPTIONAL)
    )
    columns = (*COLUMNS, *_MEASURED) if is_measured else COLUMNS
    rows = [{name: _cell(getattr(reading, name)) for name in columns} for reading in readings]
    _write(Path(path), rows, columns)


def _cell(value: Any) -> str:
    if isinstance(value, tuple):
        return " ".join(repr(float(one)) for one in value)
    return "" if value is None else str(value)


def _write(path: Path, rows: Sequence[Mapping[str, str]], columns: Sequence[str] = COLUMNS) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode("utf-8"))


def load_readings(path: str | os.PathLike[str]) -> tuple[BarReading, ...]:
    r"""Read a calliper table.

    Parameters
    ----------
    path : path
        A CSV file with a header; separated by comma, semicolon or tab, in UTF-8, UTF-16 or the
        western encoding of Windows, as spreadsheets write it.  ``nominal_mm`` and ``reading_mm``
        are needed; ``bar``, ``axis``, ``repeat``, ``operator``, ``instrument``, ``printer``,
        ``material``, ``temperature_c`` and ``date`` (2026-03-14 or 14.03.2026) may be there.  A
        decimal comma is understood unless the comma separates.  Lines without a reading are left
        out.

    Returns
    -------
    tuple of BarReading
        In the order of the file.

    Raises
    ------
    BarError
        What is wrong, in which line and column, what was expected and what was found.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "callipers.csv"
    ...     _ = path.write_text("bar;axis;nominal_mm;reading_mm\nX50;x;50;49,91\nX50;x;50;49,93\n")
    ...     readings = load_readings(path)
    >>> [r.reading_mm for r in readings]
    [49.91, 49.93]
    """
    file = Path(path)
    size = file.stat().st_size
    if size > _LARGEST_BYTES:
        msg = f"{file.name}: at most {_LARGEST_BYTES} bytes expected, found {size}"
        raise BarError(msg)
    text = _text(file.read_bytes(), file.name)
    first = next((line for line in text.splitlines() if line.strip()), "")
    mark = max(";\t,", key=first.count)
    rows = csv.reader(io.StringIO(text, newline=None), delimiter=mark)
    readings: list[BarReading] = []
    has_whole_numbers = True
    header: list[str] | None = None
    try:
        for cells in rows:
            if not any(cell.strip() for cell in cells):
                continue
            if header is None and cells[0].strip().lower().startswith("sep="):
                continue  # how a spreadsheet is told the separator
            if header is None:
                header = _header(cells, f"{file.name} line {rows.line_num}")
                continue
            where = f"{file.name} line {rows.line_num}"
            if (reading := _row(header, cells, where, mark)) is not None:
                readings.append(reading)
                has_whole_numbers &= reading.reading_mm.is_integer()
    except csv.Error as error:
        msg = f"{file.name} line {rows.line_num}: a CSV line expected, found {error}"
        raise BarError(msg) from None
    if header is None or not readings:
        msg = f"{file.name}: at least one line with a reading expected, found none"
        raise BarError(msg)
    beside = header[header.index("reading_mm") + 1 :][:1]
    if mark == "," and has_whole_numbers and beside == ["repeat"]:
        _need_counted(readings, file.name)
    return tuple(readings)


def _text(raw: bytes, name: str) -> str:
    """Return the text of a file as spreadsheets write it."""
    is_wide = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if is_wide else ("utf-8-sig", "cp1252"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not any(mark in text for mark in _NO_TEXT):
            return text
        break
    msg = f"{name}: a table as text, in UTF-8, expected, found bytes that are not"
    raise BarError(msg)


def _need_counted(readings: Sequence[BarReading], name: str) -> None:
    """Refuse whole numbers followed by repeats that count nothing: decimal commas cut in two."""
    groups: dict[tuple[object, ...], list[int]] = {}
    for one in readings:
        key = (one.bar, one.axis, one.nominal_mm, one.operator, one.date)
        groups.setdefault(key, []).append(one.repeat or 0)
    for counts in groups.values():
        if any(counts) and sorted(counts) != list(range(1, len(counts) + 1)):
            msg = (
                f"{name}: repeats that count from 1 expected, found "
                f"{', '.join(map(str, counts[:5]))} after readings in whole mm; a decimal comma "
                "needs a semicolon or a tab between the columns"
            )
            raise BarError(msg)


def _header(cells: Sequence[str], where: str) -> list[str]:
    header = [cell.strip().lower().replace(" ", "_") for cell in cells]
    for needed in _NEEDED:
        if needed not in header:
            # Without a header the first line is a reading, and may hold a name: it is not repeated.
            known = [column for column in header if column in (*COLUMNS, *_MEASURED)]
            found = (
                ", ".join(known) or f"none of its names in {len(header)} cells; is there a header?"
            )
            msg = f"{where}: a column {needed} expected, found {found}"
            raise BarError(msg)
    twice = sorted({column for column in header if column and header.count(column) > 1})
    if twice:
        msg = f"{where}: each column once expected, found {', '.join(twice)} twice"
        raise BarError(msg)
    unknown = [column for column in header if column and column not in (*COLUMNS, *_MEASURED)]
    if unknown:
        msg = f"{where}: columns {', '.join(COLUMNS)} expected, found {', '.join(unknown)}"
        raise BarError(msg)
    return header


def _row(header: Sequence[str], cells: Sequence[str], where: str, mark: str) -> BarReading | None:
    at = header.index("reading_mm")
    if len(cells) <= at:
        msg = f"{where}: {len(header)} cells expected, found {len(cells)}"
        raise BarError(msg)
    # One empty cell too many may be a decimal comma that moved all others to the right.
    is_cut = mark == "," and "." not in cells[at]
    if len(cells) > len(header) and (is_cut or any(c.strip() for c in cells[len(header) :])):
        msg = (
            f"{where}: {len(header)} cells expected, found {len(cells)}; "
            "a decimal comma needs a semicolon or a tab between the columns"
        )
        raise BarError(msg)
    row = dict(zip(header, (cell.strip() for cell in cells), strict=False))
    if not row.get("reading_mm"):
        return None
    values: dict[str, Any] = {
        name: row.get(name, "") for name in ("bar", "operator", "instrument", "printer", "material")
    }
    values["axis"] = row.get("axis", "").lower()
    for name in _NEEDED:
        values[name] = _number(row.get(name, ""), where, name)
    if row.get("temperature_c"):
        values["temperature_c"] = _number(row["temperature_c"], where, "temperature_c")
    values |= _measured(row, where)
    if row.get("repeat"):
        values["repeat"] = _count(row["repeat"], where)
    values["date"] = _date(row.get("date", ""), where)
    try:
        return BarReading(**values)
    except ValueError as error:
        column, said = str(error).split(": ", maxsplit=1)
        msg = f"{where}, column {column}: {said}"
        raise BarError(msg) from None


def _measured(row: Mapping[str, str], where: str) -> dict[str, Any]:
    """Return what a reading from a scan or CT has besides."""
    values: dict[str, Any] = {"source": row["source"].lower()} if row.get("source") else {}
    for name in ("uncertainty_mm", "flatness_mm", "parallelism_deg"):
        if row.get(name):
            values[name] = _number(row[name], where, name)
    for name in ("centre_lps_mm", "direction"):
        if row.get(name):
            parts = row[name].split()
            if len(parts) != 3:
                msg = f"{where}, column {name}: three numbers expected, found {row[name]!r}"
                raise BarError(msg)
            values[name] = tuple(_number(part, where, name) for part in parts)
    if row.get("n_points"):
        if not row["n_points"].isdecimal():
            msg = f"{where}, column n_points: a whole number expected, found {row['n_points']!r}"
            raise BarError(msg)
        values["n_points"] = int(row["n_points"])
    return values


def _number(cell: str, where: str, column: str) -> float:
    text = cell.replace("\u2212", "-").removesuffix("mm").removesuffix("\u00b0C").strip()
    text = text.replace(",", ".") if text.count(",") == 1 and "." not in text else text
    try:
        value = math.nan if "_" in text else float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        msg = f"{where}, column {column}: a number such as 49.97 expected, found {cell!r}"
        raise BarError(msg)
    return value


def _count(cell: str, where: str) -> int:
    cell = cell.removesuffix(".0")  # a column of numbers with gaps
    if not cell.isdecimal() or int(cell) < 1:
        msg = f"{where}, column repeat: a whole number from 1 expected, found {cell!r}"
        raise BarError(msg)
    return int(cell)


def _date(cell: str, where: str) -> str:
    if not cell:
        return ""
    text = _DOTTED.sub(r"\3-\2-\1", cell)
    if text != cell:
        text = "-".join(part.zfill(2) for part in text.split("-"))
    try:
        dt.datetime.fromisoformat(text)
    except ValueError:
        msg = f"{where}, column date: a date such as 2026-03-14 or 14.03.2026 expected, found {cell!r}"
        raise BarError(msg) from None
    return text
