"""Which of several series a bare path means; when that is not plain, the error names the choice."""

from __future__ import annotations

import dataclasses

from calvaria import errors
from calvaria.dicom.notes import finding
from calvaria.dicom.series import Series, SeriesList
from calvaria.errors import DicomError, NotDicomError
from calvaria.findings import Finding

__all__ = ["is_mended", "only_stack"]


def only_stack(found: SeriesList, *, has_rescale: bool, even: bool) -> Series:
    """Return the one stack at a path that can be loaded, or say why there is no such choice."""
    stacks = [series for series in found if series.is_stack]
    stacks.sort(key=lambda series: -series.n_slices)
    chosen = _without_stray_slices(stacks)
    usable = [s for s in chosen if is_mended(s, has_rescale=has_rescale, even=even)]
    if len(chosen) == 1 and (usable or not chosen[0].is_loadable):
        return chosen[0]
    large = [series for series in usable if series.n_slices > 1]
    if len(large) == len(usable) == 1 and not _shares_series(large[0]):
        beside = [series for series in chosen if series is not large[0]]
        return dataclasses.replace(large[0], findings=(*large[0].findings, _beside_note(beside)))
    if len(usable) > 1:
        choice = "; ".join(f"{series!r} from {series.files[0]}" for series in usable)
        msg = (
            f"{len(usable)} series can be loaded, choose one of find_series(path) "
            f"({_difference(usable)}): {choice}"
        )
        raise errors.InconsistentSeriesError(msg)
    broken = [series for series in chosen if series not in usable]
    if broken:
        reasons = "; ".join(series.reason for series in broken)
        if len(chosen) > 1:
            reasons += f"; there are {len(chosen)} stacks: {_difference(chosen)}"
        others = f"; another stack could be loaded: {usable[0]!r}" if usable else ""
        raise broken[0]._error(reasons + others)  # noqa: SLF001
    every = [series.reason for series in found]
    every += [f"{file.file}: {file.reason}" for file in found.left_out]
    text = "; ".join(every[:10]) or "no files"
    if found or any("not DICOM" not in file.reason for file in found.left_out):
        raise DicomError(f"nothing here can be loaded as a volume: {text}")
    raise NotDicomError(f"no DICOM image found: {text}")


def _shares_series(series: Series) -> bool:
    return any(finding.code == "mixed_series" for finding in series.findings)


def _beside_note(beside: list[Series]) -> Finding:
    return finding(
        "unusable_beside",
        f"another series at this path cannot be loaded: {beside[0].reason}",
        float(len(beside)),
        [series.files[0] for series in beside],
    )


def _without_stray_slices(stacks: list[Series]) -> list[Series]:
    """Drop single images beside a stack, unless one looks like a slice that the stack has lost."""
    if sum(series.n_slices > 1 for series in stacks) != 1:
        return stacks
    stack = stacks[0]

    def is_like(series: Series) -> bool:
        has_same_size = (series.rows, series.columns) == (stack.rows, stack.columns)
        return _shares_series(series) or (has_same_size and series.orientation == stack.orientation)

    return [series for series in stacks if series is stack or is_like(series)]


def _difference(series: list[Series]) -> str:
    """Say what tells several series apart, in the words of the standard."""
    notes = [f.message for one in series for f in one.findings if f.code == "one_of_several"]
    if notes:
        return notes[0].removesuffix(".")
    if len({(one.rows, one.columns) for one in series}) > 1:
        return "they differ in Rows (0028,0010) and Columns (0028,0011)"
    directions = {one.image_orientation_patient for one in series}
    if len(directions) > 1 and any(_shares_series(one) for one in series):
        return "they differ in ImageOrientationPatient (0020,0037)"
    return "they differ in SeriesInstanceUID (0020,000E)"


def is_mended(series: Series, *, has_rescale: bool, even: bool) -> bool:
    """Whether what keeps a series from being loaded is what the caller has dealt with."""
    about = series._handle.describe()  # noqa: SLF001
    lattice_ok = series.grid is not None or (even and about["can_resample"])
    values_ok = not about["has_value_problem"] or (has_rescale and about["can_rescale"])
    return bool(lattice_ok and values_ok)
