"""A printer's record: every reading of its bars, in one file that is appended to and never loses."""

from __future__ import annotations

import datetime as dt
import json
import os
import time
import warnings
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from calvaria._whole_files import write_whole
from calvaria.bar.copies import without_copies
from calvaria.bar.reading import BarReading
from calvaria.errors import BarError, CalvariaWarning

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["append_readings", "load_record"]

_FORMAT = "calvaria-bar-record"
_VERSION = 1
_NAMES = tuple(field.name for field in fields(BarReading))


def load_record(path: str | os.PathLike[str]) -> tuple[BarReading, ...]:
    """Read a printer's record.

    Parameters
    ----------
    path : path
        A file that :func:`append_readings` wrote: JSON, one reading a line.

    Returns
    -------
    tuple of BarReading
        In the order in which they were appended.

    Raises
    ------
    BarError
        Which line is not a reading, what was expected and what was found.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from calvaria.bar import BarReading, append_readings
    >>> reading = BarReading(nominal_mm=50.0, reading_mm=49.91, bar="X50", axis="x", printer="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "left.jsonl"
    ...     written = append_readings(reading, path, date="2026-03-01")
    ...     record = load_record(path)
    >>> record == written, record[0].reading_mm
    (True, 49.91)
    """
    file = Path(path)
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        msg = f"{file.name}: text in UTF-8 expected, found bytes that are not"
        raise BarError(msg) from None
    if not lines or _object(lines[0], f"{file.name} line 1").get("format") != _FORMAT:
        msg = f"{file.name} line 1: a record of format {_FORMAT!r} expected, found none"
        raise BarError(msg)
    version = _object(lines[0], f"{file.name} line 1").get("version")
    if version != _VERSION:
        msg = f"{file.name} line 1: version {_VERSION} expected, found {version!r}"
        raise BarError(msg)
    return tuple(
        _reading(line, f"{file.name} line {number}")
        for number, line in enumerate(lines[1:], 2)
        if line.strip()
    )


def append_readings(
    readings: BarReading | Iterable[BarReading],
    path: str | os.PathLike[str],
    *,
    date: str | None = None,
) -> tuple[BarReading, ...]:
    """Append readings to a printer's record; the file is made where there is none.

    Parameters
    ----------
    readings : BarReading or iterable of BarReading
        What to append.
    path : path
        The record.
    date : str, optional
        For readings without one, ISO 8601; a record needs dates.

    Returns
    -------
    tuple of BarReading
        The whole record as it now is.

    Warns
    -----
    CalvariaWarning
        A reading is there already, the same in everything with the same repeat number or time of
        day, or of the same scan: it was not appended again.

    Raises
    ------
    BarError
        A reading has no date, or the file is not a record; it is then left as it was.

    Notes
    -----
    The new file is written beside the old one and takes its place at once, under a lock: a failure
    leaves the old record, and two programs that append at the same time both succeed or one waits.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from calvaria.bar import BarReading
    >>> reading = BarReading(nominal_mm=50.0, reading_mm=49.91, bar="X50", axis="x", printer="left")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "left.jsonl"
    ...     first = append_readings(reading, path, date="2026-03-01")
    ...     both = append_readings(reading, path, date="2026-03-08")
    >>> [r.date for r in both]
    ['2026-03-01', '2026-03-08']
    """
    file = Path(path)
    new = [readings] if isinstance(readings, BarReading) else list(readings)
    dated = [reading if reading.date else replace(reading, date=date or "") for reading in new]
    for reading in dated:
        _day(reading.date)
    with _locked(file):
        old = load_record(file) if file.exists() else ()
        both = tuple(_appended(old, dated))
        head = json.dumps({"format": _FORMAT, "version": _VERSION})
        lines = [head, *(json.dumps(_plain(one), allow_nan=False) for one in both)]
        write_whole(file, ("\n".join(lines) + "\n").encode("utf-8"))
    return both


def _appended(old: Sequence[BarReading], new: Sequence[BarReading]) -> list[BarReading]:
    """Return all readings; those that the record has already are left out, with a warning."""
    both, copies = without_copies([*old, *new])
    before, doubled = without_copies(old)
    if copies > doubled:
        msg = (
            f"{copies - doubled} of {len(new)} {'reading' if len(new) == 1 else 'readings'} left out: "
            "the record or the list has the same already, with the same number or time"
        )
        warnings.warn(msg, CalvariaWarning, stacklevel=3)
    return [*old, *both[len(before) :]]


class _locked:  # noqa: N801 - reads as a word in "with"
    """Holds a file beside the record that only one program can make at a time."""

    _PATIENCE_S = 10.0

    def __init__(self, file: Path) -> None:
        self._lock = file.with_name(file.name + ".lock")

    def __enter__(self) -> None:
        end = time.monotonic() + self._PATIENCE_S
        while True:
            try:
                os.close(os.open(self._lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            except FileExistsError:
                if time.monotonic() > end:
                    msg = (
                        f"{self._lock.name}: another program to finish expected, found it still "
                        "there; remove it if none is running"
                    )
                    raise BarError(msg) from None
                time.sleep(0.02)
            else:
                return

    def __exit__(self, *_: object) -> None:
        self._lock.unlink(missing_ok=True)


def _day(date: str) -> dt.date:
    try:
        return dt.datetime.fromisoformat(date).date()
    except ValueError:
        msg = f"date: a date such as 2026-03-14 for each reading expected, found {date!r}"
        raise BarError(msg) from None


def _plain(reading: BarReading) -> dict[str, Any]:
    values = {name: getattr(reading, name) for name in _NAMES}
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _object(line: str, where: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        value = None
    if not isinstance(value, dict):
        msg = (
            f"{where}: a JSON object expected, found a line of {len(line)} characters that is none"
        )
        raise BarError(msg)
    return value


def _reading(line: str, where: str) -> BarReading:
    values = _object(line, where)
    unknown = sorted(set(values) - set(_NAMES))
    if unknown:
        msg = f"{where}: fields of a reading expected, found {', '.join(unknown)}"
        raise BarError(msg)
    for name in ("centre_lps_mm", "direction"):
        if isinstance(values.get(name), list):
            values[name] = tuple(values[name])
    try:
        return BarReading(**values)
    except (TypeError, ValueError) as error:
        msg = f"{where}: a reading expected, found {error}"
        raise BarError(msg) from None
