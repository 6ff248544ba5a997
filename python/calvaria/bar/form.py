"""A form to fill in within a cell of a notebook: the readings of each bar, by its name."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from calvaria.bar.decision import need_number
from calvaria.bar.reading import AXES, DIAGONALS, BarReading
from calvaria.errors import BarError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

__all__ = ["readings_by_bar"]

_AXES = (*AXES, *(name for pair in DIAGONALS for name in pair))
_NAME = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(?:mm)?\s*([a-z]*)\s*$", re.IGNORECASE)


def readings_by_bar(
    lengths_mm: Mapping[str, float | Iterable[float]],
    *,
    operator: str = "",
    instrument: str = "",
    printer: str = "",
    material: str = "",
    temperature_c: float | None = None,
    date: str = "",
) -> tuple[BarReading, ...]:
    """Return the readings of a calliper that were typed into a cell, bar by bar.

    Parameters
    ----------
    lengths_mm : mapping of str to float or iterable of float
        What was read, mm, by the name that stands on the bar: nominal length and axis, such as
        ``"50X"``.  Several numbers are repeats and are numbered in their order.
    operator, instrument, printer, material, date : str
        As for :class:`BarReading`; the same for all.
    temperature_c : float, optional
        Of the bars.

    Returns
    -------
    tuple of BarReading

    Raises
    ------
    BarError
        A name that is no length and axis, or no number at all.
    ValueError
        A reading that cannot be.

    See Also
    --------
    load_readings : the same from a table in a file.

    Examples
    --------
    >>> from calvaria.bar import check_bars
    >>> readings = readings_by_bar({"50X": [49.91, 49.93, 49.92], "50Y": 49.88}, operator="A")
    >>> [(one.bar, one.repeat) for one in readings]
    [('50X', 1), ('50X', 2), ('50X', 3), ('50Y', 1)]
    >>> check_bars(readings, profile="planning").verdict.name
    'PASS'
    """
    rows = []
    for name, values in lengths_mm.items():
        nominal, axis = _parts(name)
        several = [values] if isinstance(values, int | float | str) else list(values)
        for repeat, value in enumerate(several, 1):
            rows.append(
                BarReading(
                    nominal_mm=nominal,
                    reading_mm=need_number(f"lengths_mm of {name}", value),
                    axis=axis,
                    bar=f"{nominal:g}{axis}".upper(),
                    operator=operator,
                    instrument=instrument,
                    printer=printer,
                    material=material,
                    temperature_c=temperature_c,
                    date=date,
                    repeat=repeat,
                )
            )
    if not rows:
        msg = "lengths_mm: at least one reading expected, found none"
        raise BarError(msg)
    return tuple(rows)


def _parts(name: str) -> tuple[float, str]:
    found = _NAME.match(name)
    axis = found.group(2).lower() if found else ""
    if found is None or axis not in {"", *_AXES}:
        msg = f"lengths_mm: names of a length and an axis, such as '50X', expected, found {name!r}"
        raise BarError(msg)
    return float(found.group(1)), axis
