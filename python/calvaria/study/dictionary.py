"""What each column of a trial's table may hold, and the empty table to fill in."""

from __future__ import annotations

import csv
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from calvaria.study.record import Record, number

__all__ = ["Column", "DataDictionary", "load_dictionary"]

_FOLDER = Path(__file__).parents[1] / "_tables" / "dictionaries"

Kind = Literal["number", "whole", "choice", "text", "date"]
_KINDS = ("number", "whole", "choice", "text", "date")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Column(Record):
    """One column.

    Attributes
    ----------
    name : str
        As in the first line of the file; the unit is part of it.
    kind : {"number", "whole", "choice", "text", "date"}
        Dates are year-month-day.
    label : str
        What it means, for those who fill it in.
    low, high : float or None
        Inclusive limits.
    choices : tuple of str
        For "choice".
    is_required : bool
        An empty cell is a fault; otherwise it is missing, and counted.

    Examples
    --------
    >>> Column(name="score", kind="number", label="points", low=0, high=20).expected
    'a number from 0 to 20'
    """

    name: str
    kind: Kind
    label: str
    low: float | None = None
    high: float | None = None
    choices: tuple[str, ...] = ()
    is_required: bool = False

    def __post_init__(self) -> None:
        if self.kind not in _KINDS:
            msg = f"{self.name}: kind of {list(_KINDS)} expected, found {self.kind!r}"
            raise ValueError(msg)
        if (self.kind == "choice") != bool(self.choices):
            msg = f"{self.name}: choices expected for kind 'choice' and only there, found {self.choices}"
            raise ValueError(msg)

    @property
    def expected(self) -> str:
        """What a cell must hold, in words."""
        if self.kind == "choice":
            return f"one of {', '.join(self.choices)}"
        ends = ""
        if self.low is not None and self.high is not None:
            ends = f" from {number(self.low)} to {number(self.high)}"
        elif self.low is not None:
            ends = f" from {number(self.low)}"
        elif self.high is not None:
            ends = f" up to {number(self.high)}"
        words = {"number": "a number", "whole": "a whole number", "text": "text"}
        return words.get(self.kind, "a date as 2026-03-31") + ends

    @property
    def meaning(self) -> str:
        """Name, what it holds, whether it may be empty."""
        empty = "must be filled" if self.is_required else "may be empty"
        return f"{self.name}: {self.label}; {self.expected}, {empty}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DataDictionary(Record):
    """All columns of a table.

    Attributes
    ----------
    name : str
        Of the table.
    columns : tuple of Column
        In order.
    key : tuple of str
        Columns that together name a row; no two rows share them.

    Examples
    --------
    >>> scores = DataDictionary(
    ...     name="scores",
    ...     key=("student",),
    ...     columns=(
    ...         Column(name="student", kind="text", label="code", is_required=True),
    ...         Column(name="score", kind="number", label="points", low=0, high=20),
    ...     ),
    ... )
    >>> scores["score"].label
    'points'
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]

    def __post_init__(self) -> None:
        names = [column.name for column in self.columns]
        if len(set(names)) < len(names) or not set(self.key) <= set(names) or not self.key:
            msg = f"{self.name}: different column names and a key among them expected, found {names}, {self.key}"
            raise ValueError(msg)

    def __getitem__(self, name: str) -> Column:
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def meaning(self) -> str:
        """The columns in order."""
        return f"{self.name}: {', '.join(column.name for column in self.columns)}"

    def write_template(self, path: str | os.PathLike[str]) -> None:
        """Write an empty CSV with the column names in its first line."""
        with open(path, "w", newline="", encoding="utf-8") as file:  # noqa: PTH123 - newline
            csv.writer(file, lineterminator="\n").writerow([column.name for column in self.columns])

    def write_csv(self, path: str | os.PathLike[str]) -> None:
        """Write the dictionary itself as CSV, one line for each column, to be published."""
        with open(path, "w", newline="", encoding="utf-8") as file:  # noqa: PTH123 - newline
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("column", "meaning", "holds", "may be empty"))
            writer.writerows(
                (c.name, c.label, c.expected, "no" if c.is_required else "yes")
                for c in self.columns
            )


def load_dictionary(source: str | os.PathLike[str]) -> DataDictionary:
    """Return a data dictionary, by name or from a TOML file of one's own.

    Parameters
    ----------
    source : {"trial", "crossover", "specimens", "attempts"} or path
        A table that comes with calvaria, or a file with ``name``, ``key`` and ``[[column]]`` rows.

    Returns
    -------
    DataDictionary

    Examples
    --------
    >>> load_dictionary("trial")["pre_score"].expected
    'a number from 0 to 100'
    """
    path = _FOLDER / f"{source}.toml"
    if not path.is_file():
        path = Path(source)
    if not path.is_file():
        known = sorted(file.stem for file in _FOLDER.glob("*.toml"))
        msg = f"source: one of {known} or a TOML file expected, found {str(source)!r}"
        raise ValueError(msg)
    table = tomllib.loads(path.read_text(encoding="utf-8"))
    columns = tuple(
        Column(**{**row, "choices": tuple(row.get("choices", ()))}) for row in table["column"]
    )
    return DataDictionary(name=table["name"], columns=columns, key=tuple(table["key"]))
