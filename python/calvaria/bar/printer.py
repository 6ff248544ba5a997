"""A printer's profile and its record together: may it be trusted with the next part."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from calvaria.bar.history import PrinterHistory, check_history
from calvaria.bar.record import load_record
from calvaria.errors import BarError
from calvaria.material.catalogue import printer_of

if TYPE_CHECKING:
    import datetime as dt
    from collections.abc import Iterable

    from calvaria.bar.reading import BarReading
    from calvaria.bar.rules import BarRules
    from calvaria.material import Printer

__all__ = ["check_printer"]


def check_printer(
    printer: Printer | str,
    *,
    today: str | dt.date,
    record: str | os.PathLike[str] | Iterable[BarReading] | None = None,
    profile: str | None = None,
    tolerance_mm: float | None = None,
    rules: BarRules | None = None,
) -> PrinterHistory:
    """Judge a printer by its profile and its record: how old and how good its last bar is.

    Parameters
    ----------
    printer : Printer or str
        A profile, or its code.  Its ``calibration_days`` say how old the last bar may be.
    today : str or date
        The day of judgement; nothing here reads a clock.
    record : path or iterable of BarReading, optional
        Left out, the ``record`` of the profile.
    profile, tolerance_mm
        As for :func:`check_bars`, for the last bars.
    rules : BarRules, optional
        Limits of one's own.

    Returns
    -------
    PrinterHistory
        Its ``report`` goes into :func:`calvaria.check_printability` as ``calibration``.

    Warns
    -----
    CalvariaWarning
        The last bar is too old, or a FAIL; or readings that name no printer were left out.

    Raises
    ------
    BarError
        There is no record, or it holds no reading of this printer.
    ValueError
        An unknown printer.

    Examples
    --------
    >>> from calvaria.bar import BarReading
    >>> bar = BarReading(nominal_mm=50, reading_mm=49.9, date="2026-03-01")
    >>> check_printer("desktop-fdm", record=[bar], today="2026-03-14", profile="planning").age_days
    13
    """
    machine = printer_of(printer)
    if record is None and not machine.record:
        msg = (
            f"record: a record of the {machine.name}, here or in its profile, expected, found none"
        )
        raise BarError(msg)
    source = machine.record if record is None else record
    rows = load_record(source) if isinstance(source, str | os.PathLike) else tuple(source)
    names = {row.printer for row in rows}
    return check_history(
        rows,
        today=today,
        profile=profile,
        tolerance_mm=tolerance_mm,
        max_age_days=machine.calibration_days,
        rules=rules,
        # A record that names no printer is taken for this one's; one that does must name it.
        printer=None if names <= {""} else machine.code,
    )
