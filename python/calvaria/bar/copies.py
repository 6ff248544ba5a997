"""Copied readings: a line that stands twice is no repeat, and makes the uncertainty too small."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import TYPE_CHECKING

from calvaria.bar.reading import BarReading
from calvaria.findings import Finding, Verdict

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

__all__ = ["copies_findings", "copy_key", "count_alike", "say_copies", "without_copies"]

_NAMES = tuple(field.name for field in fields(BarReading))


def copy_key(reading: BarReading) -> Hashable | None:
    """Return what no second reading can share; None where two equal readings may both be true.

    One repeat has one number and one moment has one reading; a scan gives all its digits twice
    only if it is the same scan.  A coarse calliper without either may well read the same again.
    """
    if reading.source == "calliper" and reading.repeat is None and not _has_time(reading.date):
        return None
    return tuple(
        None if reading.source != "calliper" and name == "repeat" else getattr(reading, name)
        for name in _NAMES
    )


def without_copies(readings: Iterable[BarReading]) -> tuple[list[BarReading], int]:
    """Return the readings, each once, and how many copies were left out."""
    kept: list[BarReading] = []
    seen: set[Hashable] = set()
    copies = 0
    for reading in readings:
        key = copy_key(reading)
        if key is not None and key in seen:
            copies += 1
            continue
        seen.add(key)
        kept.append(reading)
    return kept, copies


def count_alike(readings: Iterable[BarReading]) -> int:
    """Return how many readings equal another in everything and may still be true."""
    loose = [reading for reading in readings if copy_key(reading) is None]
    return len(loose) - len(set(loose))


def say_copies(copies: int) -> str:
    """Return the sentence on copies that were counted once."""
    return (
        f"{copies} {'readings are copies' if copies > 1 else 'reading is a copy'} of another, the "
        "same in bar, axis, length, repeat, operator and time: each was counted once; a bar that "
        "was read again needs a repeat number of its own"
    )


def copies_findings(copies: int) -> list[Finding]:
    """Return the finding on copies, where there are any: whoever kept the table should look at it."""
    if not copies:
        return []
    return [
        Finding(
            code="bar_copies",
            verdict=Verdict.BORDERLINE,
            message=say_copies(copies),
            measured=float(copies),
            limit="each reading once",
            source="house rule: a copied line is no repeat",
        )
    ]


def _has_time(date: str) -> bool:
    """Say whether a date has a time of day; midnight is what programs write where there is none."""
    try:
        return dt.datetime.fromisoformat(date).time() != dt.time()
    except ValueError:
        return False
