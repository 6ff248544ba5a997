"""A filled table held against its dictionary: every fault with its row and column."""

from __future__ import annotations

import csv
import datetime as dt
import io
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._html import html_table
from calvaria.errors import StudyError
from calvaria.study.record import Record, plural

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence

    from calvaria.study.dictionary import Column, DataDictionary

__all__ = ["StudyTable", "TableFault", "check_table", "load_table"]

_ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_EMPTY = {"", "na", "n/a", "nan", "none", "-"}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TableFault(Record):
    """One fault: where, what was expected, what was found.

    ``row`` counts the rows of data from 1.  In a file the row begins on the line one further down:
    blank lines, and line breaks within a quoted cell, are counted too.

    Attributes
    ----------
    row : int
        Which row of data, from 1.
    column : str
        Which column.
    expected, found : str
        What should be there, and what is.
    """

    row: int
    column: str
    expected: str
    found: str

    @property
    def meaning(self) -> str:
        """Row, column, expected, found."""
        return f"row {self.row}, {self.column}: {self.expected} expected, found {self.found}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StudyTable(Record):
    """A checked table.

    Attributes
    ----------
    columns : dict of str to list
        Values by column: float, str, or None where missing.
    faults : tuple of TableFault
        Empty for a good table.
    n_rows : int
        Lines of data.
    n_missing : dict of str to int
        Empty cells of each column that may be empty.
    name : str
        Of the dictionary it was held against.
    """

    name: str
    columns: dict[str, list[Any]]
    faults: tuple[TableFault, ...]
    n_rows: int
    n_missing: dict[str, int]

    @property
    def meaning(self) -> str:
        """Size, faults, and what is missing."""
        gone = {name: n for name, n in self.n_missing.items() if n}
        lost = ", ".join(f"{n} of {self.n_rows} in {name}" for name, n in gone.items())
        faults = (
            f"{plural(len(self.faults), 'fault')}, the first: {self.faults[0].meaning}"
            if self.faults
            else "no fault"
        )
        return f"{self.name}, {plural(self.n_rows, 'row')}: {faults}; missing: {lost or 'nothing'}"

    def __getitem__(self, column: str) -> np.ndarray:
        """Return a column as an array; numbers as float64 with NaN where missing."""
        values = self.columns[column]
        if any(isinstance(value, str) for value in values):
            return np.array(["" if value is None else value for value in values])
        return np.array([math.nan if value is None else value for value in values], np.float64)

    def missing_by(self, column: str, *, group: str) -> dict[str, tuple[int, int]]:
        """Return (missing, all) of a column in each group: loss that differs by arm is a bias."""
        found: dict[str, tuple[int, int]] = {}
        for own, value in zip(self.columns[group], self.columns[column], strict=True):
            gone, every = found.get(str(own), (0, 0))
            found[str(own)] = (gone + (value is None), every + 1)
        return found

    def require_good(self) -> StudyTable:
        """Return the table itself; raise StudyError with all faults if there are any."""
        if self.faults:
            listed = "; ".join(fault.meaning for fault in self.faults[:20])
            more = f"; and {len(self.faults) - 20} more" if len(self.faults) > 20 else ""
            msg = f"{self.name}: {plural(len(self.faults), 'fault')}: {listed}{more}"
            raise StudyError(msg)
        return self

    def _repr_html_(self) -> str:
        return html_table(
            caption=self.name,
            header=("row", "column", "expected", "found"),
            rows=[(f.row, f.column, f.expected, f.found) for f in self.faults],
            footer=self.meaning,
        )


def load_table(path: str | os.PathLike[str], *, dictionary: DataDictionary) -> StudyTable:
    r"""Read a CSV file and hold it against a dictionary.

    Parameters
    ----------
    path : path
        Comma or semicolon separated, UTF-8, names in the first line.
    dictionary : DataDictionary
        What the columns may hold.

    Returns
    -------
    StudyTable
        With every fault; :meth:`StudyTable.require_good` turns them into an error.

    Raises
    ------
    StudyError
        A column that the dictionary has is not in the file, the other way round, a line has
        more or fewer cells than the first, or a quotation mark is never closed.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from calvaria.study import Column, DataDictionary
    >>> scores = DataDictionary(
    ...     name="scores",
    ...     key=("student",),
    ...     columns=(
    ...         Column(name="student", kind="text", label="code", is_required=True),
    ...         Column(name="score", kind="number", label="points", low=0, high=20),
    ...     ),
    ... )
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "scores.csv"
    ...     _ = path.write_text("student,score\na,12\nb,23\nc,\n")
    ...     table = load_table(path, dictionary=scores)
    >>> table.columns["score"]
    [12.0, None, None]
    >>> [fault.meaning for fault in table.faults]
    ['row 2, score: a number from 0 to 20 expected, found 23']
    """
    text = Path(path).read_text(encoding="utf-8-sig")
    lines = _lines(text, Path(path).name)
    if not lines:
        msg = f"{Path(path).name}: a first line with column names expected, found an empty file"
        raise StudyError(msg)
    names = [name.strip() for name in lines[0][1]]
    for at, line in lines[1:]:
        if len(line) != len(names):
            msg = f"{Path(path).name}, row {at}: {len(names)} cells expected, found {len(line)}"
            raise StudyError(msg)
    if len(set(names)) < len(names):
        msg = f"{Path(path).name}: each column once expected, found {names}"
        raise StudyError(msg)
    columns = {name: [line[i] for _, line in lines[1:]] for i, name in enumerate(names)}
    return _checked(columns, dictionary, [at for at, _ in lines[1:]])


def _lines(text: str, name: str) -> list[tuple[int, list[str]]]:
    """Return (row, cells) of each line that is not blank; the row begins on line row + 1."""
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = ";" if first.count(";") > first.count(",") else ","
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, start = [], 0
    try:
        for cells in reader:
            if cells:
                found.append((start, cells))
            start = reader.line_num
    except csv.Error as error:
        msg = (
            f"{name}, row {start}: a line of cells expected, found one that cannot be read: {error}"
        )
        raise StudyError(msg) from error
    return found


def check_table(columns: Mapping[str, Sequence[Any]], *, dictionary: DataDictionary) -> StudyTable:
    """Hold columns, such as those of a DataFrame, against a dictionary.

    Parameters
    ----------
    columns : mapping of str to sequence
        A dictionary of columns or a pandas DataFrame.
    dictionary : DataDictionary
        What the columns may hold.

    Returns
    -------
    StudyTable

    Raises
    ------
    StudyError
        Columns that are lacking, not known, or not of one length.

    Examples
    --------
    >>> from calvaria.study import Column, DataDictionary
    >>> scores = DataDictionary(
    ...     name="scores",
    ...     key=("student",),
    ...     columns=(
    ...         Column(name="student", kind="text", label="code", is_required=True),
    ...         Column(name="score", kind="number", label="points", low=0, high=20),
    ...     ),
    ... )
    >>> table = check_table({"student": ["a", "b", "a"], "score": [12, 23, ""]}, dictionary=scores)
    >>> for fault in table.faults:
    ...     print(fault.meaning)
    row 2, score: a number from 0 to 20 expected, found 23
    row 3, student: a new student expected, found a again
    >>> table.n_missing
    {'score': 1}
    """
    return _checked(columns, dictionary, None)


def _checked(
    columns: Mapping[str, Sequence[Any]], dictionary: DataDictionary, numbers: list[int] | None
) -> StudyTable:
    """Check columns whose rows bear these numbers, or 1, 2, ..."""
    names = [str(name) for name in columns]
    known = [column.name for column in dictionary.columns]
    lacking, unknown = [n for n in known if n not in names], [n for n in names if n not in known]
    if lacking or unknown or len(set(names)) < len(names):
        msg = f"{dictionary.name}: columns {known} expected, lacking {lacking}, not known {unknown}"
        raise StudyError(msg)
    raw = {name: list(columns[name]) for name in known}
    lengths = {name: len(values) for name, values in raw.items()}
    if len(set(lengths.values())) != 1:
        msg = f"{dictionary.name}: columns of one length expected, found {lengths}"
        raise StudyError(msg)
    n_rows = next(iter(lengths.values()))
    numbers = list(range(1, n_rows + 1)) if numbers is None else numbers
    values: dict[str, list[Any]] = {}
    faults: list[TableFault] = []
    for column in dictionary.columns:
        values[column.name] = []
        for row, cell in zip(numbers, raw[column.name], strict=True):
            value, fault = _read(cell, column)
            values[column.name].append(value)
            if fault:
                faults.append(
                    TableFault(row=row, column=column.name, expected=fault, found=_shown(cell))
                )
    faults += _doubled(values, dictionary, numbers)
    return StudyTable(
        name=dictionary.name,
        columns=values,
        faults=tuple(sorted(faults, key=lambda fault: (fault.row, known.index(fault.column)))),
        n_rows=n_rows,
        n_missing={
            c.name: sum(_is_empty(cell) for cell in raw[c.name])
            for c in dictionary.columns
            if not c.is_required
        },
    )


def _is_empty(cell: Any) -> bool:
    if isinstance(cell, dt.datetime | np.datetime64) and cell != cell:  # noqa: PLR0124 - NaT
        return True
    return cell is None or str(cell).strip().lower() in _EMPTY


def _read(cell: Any, column: Column) -> tuple[Any, str]:
    """Return the value and no fault, or None and what was expected instead."""
    if _is_empty(cell):
        return None, column.expected if column.is_required else ""
    value = _parse(_word(cell, column), column)
    return value, "" if value is not None else column.expected


def _word(cell: Any, column: Column) -> str:
    """Return the text of a cell; a moment, as a DataFrame holds it, counts as its day."""
    if column.kind == "date" and isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if column.kind == "date" and isinstance(cell, np.datetime64):
        return str(cell.astype("datetime64[D]"))
    return str(cell).strip()


def _parse(word: str, column: Column) -> Any:
    if column.kind == "text":
        return word
    if column.kind == "choice":
        return word if word in column.choices else None
    try:
        if column.kind == "date":
            return dt.date.fromisoformat(word).isoformat() if _ISO_DATE.fullmatch(word) else None
        value = float(word)
    except ValueError:
        return None
    low = -math.inf if column.low is None else column.low
    high = math.inf if column.high is None else column.high
    fits = math.isfinite(value) and low <= value <= high
    is_whole = column.kind != "whole" or value == int(value) if fits else False
    return value if is_whole else None


def _doubled(
    values: dict[str, list[Any]], dictionary: DataDictionary, numbers: list[int]
) -> list[TableFault]:
    seen: set[tuple[Any, ...]] = set()
    faults = []
    what = " and ".join(dictionary.key)
    keys = zip(*(values[k] for k in dictionary.key), strict=True)
    for row, key in zip(numbers, keys, strict=True):
        if key in seen and None not in key:
            found = ", ".join(str(part) for part in key)
            faults.append(
                TableFault(
                    row=row,
                    column=dictionary.key[0],
                    expected=f"a new {what}",
                    found=f"{found} again",
                )
            )
        seen.add(key)
    return faults


def _shown(cell: Any) -> str:
    word = str(cell).strip()
    return word[:40] if word else "an empty cell"
