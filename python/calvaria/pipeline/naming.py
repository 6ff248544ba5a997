"""Names of files taken out of what is written: a file may be named after a patient."""

from __future__ import annotations

import dataclasses
import re
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calvaria.dicom import Series, SeriesList
    from calvaria.findings import CheckReport, Finding
    from calvaria.pipeline.source import Source

__all__ = ["numbers_of", "without_names"]

# Codes whose places are files, whatever they are called.
_OF_FILES = frozenset(
    {"unlisted_file", "unreadable_file", "unusable_beside", "unusable_sibling", "duplicate_slices"}
)

# A shorter name, such as 12, may be a number in a text.
_LEAST_LENGTH = 6


def numbers_of(found: SeriesList, chosen: Series) -> dict[str, str]:
    """Return what to call each file at a path: slices of the series taken first."""
    numbers: dict[str, str] = {}
    for series in (chosen, *found):
        what = "slice" if len(series.files) == series.n_slices else "file"
        for n, file in enumerate(series.files, 1):
            numbers.setdefault(file, f"{what} {n} of series {found.index(series) + 1}")
    left_out = [one.file for one in found.left_out]
    noted = [
        place
        for series in found
        for finding in series.findings
        if finding.code in _OF_FILES
        for place in finding.places
    ]
    for n, file in enumerate(dict.fromkeys((*left_out, *noted)), 1):
        numbers.setdefault(file, f"file {n} beside the series")
    return numbers


def without_names(source: Source, numbers: Mapping[str, str]) -> Source:
    """Put numbers in the place of names of files in all that was found on the way to an image."""
    if not numbers:
        return source
    known = dict(numbers)
    for file, number in numbers.items():
        # A message may name the file without its folder.
        known.setdefault(PurePath(file.replace("\\", "/")).name, number)
    pattern = _pattern(known)

    def told(value: Any) -> Any:
        if isinstance(value, str):
            return (
                known[value]
                if value in known
                else pattern.sub(lambda match: known[match.group()], value)
            )
        if isinstance(value, dict):
            return {key: told(one) for key, one in value.items()}
        if isinstance(value, (list, tuple)):
            return type(value)(told(one) for one in value)
        return value

    def findings(each: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return tuple(
            dataclasses.replace(
                one,
                message=told(one.message),
                measured=told(one.measured),
                places=told(one.places),
                details=told(one.details),
            )
            for one in each
        )

    def report(check: CheckReport) -> CheckReport:
        return dataclasses.replace(
            check, subject=told(check.subject), findings=findings(check.findings)
        )

    mask = source.mask
    return dataclasses.replace(
        source,
        volume=dataclasses.replace(source.volume, findings=findings(source.volume.findings)),
        checks=tuple(report(check) for check in source.checks),
        mask=None if mask is None else dataclasses.replace(mask, findings=findings(mask.findings)),
    )


def _pattern(names: Mapping[str, str]) -> re.Pattern[str]:
    """Find names in a text: short ones, or such as are words, only where they stand in brackets."""
    longest_first = sorted((name for name in names if name), key=len, reverse=True)
    plain = [re.escape(name) for name in longest_first if _is_told_apart(name)]
    others = [re.escape(name) for name in longest_first if not _is_told_apart(name)]
    parts = [rf"(?<![\w.-])(?:{'|'.join(plain)})(?![\w-])"] if plain else []
    parts += [rf"(?<=\()(?:{'|'.join(others)})(?=\))"] if others else []
    return re.compile("|".join(parts) or r"(?!)")


def _is_told_apart(name: str) -> bool:
    return len(name) >= _LEAST_LENGTH and not (name.isalpha() and name.islower())
