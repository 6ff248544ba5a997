"""What goes into a statistic: numbers counted before they are used, nothing dropped in silence."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from calvaria.errors import StudyError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Missing",
    "as_count",
    "as_labels",
    "as_level",
    "as_one_sided",
    "as_pairs",
    "as_ratings",
    "as_rows",
    "as_sample",
    "by_arm",
    "has_spread",
    "refuse_infinite",
    "without_dust",
]

Missing = Literal["refuse", "drop"]

# Differences of decimal numbers carry this much binary dust, relative to the numbers.
_DUST = 1e-12


def as_numbers(values: ArrayLike, *, name: str) -> NDArray[np.float64]:
    """Return a one-dimensional array; a missing entry is NaN, an infinite one is refused."""
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        msg = f"{name}: numbers expected, found {values!r:.60}"
        raise ValueError(msg) from error
    if array.ndim != 1:
        msg = f"{name}: one dimension expected, found shape {array.shape}"
        raise ValueError(msg)
    if np.isinf(array).any():
        msg = f"{name}: finite numbers expected, found infinity in row {int(np.isinf(array).argmax())}"
        raise ValueError(msg)
    return array


def as_sample(
    values: ArrayLike, *, name: str, least: int = 2, missing: Missing = "refuse"
) -> tuple[NDArray[np.float64], int]:
    """Return the numbers and how many were missing.

    Examples
    --------
    >>> as_sample([1.0, float("nan"), 3.0], name="scores", missing="drop")
    (array([1., 3.]), 1)
    """
    array = as_numbers(values, name=name)
    kept, n_missing = _without(array, np.isnan(array), name, missing)
    if len(kept) < least:
        msg = f"{name}: at least {least} values expected, found {len(kept)}"
        raise StudyError(msg)
    return kept, n_missing


def as_pairs(
    first: ArrayLike,
    second: ArrayLike,
    *,
    names: tuple[str, str],
    least: int = 2,
    missing: Missing = "refuse",
) -> tuple[NDArray[np.float64], NDArray[np.float64], int]:
    """Return two columns of the same rows and how many rows lacked either."""
    rows, n_missing = as_rows({names[0]: first, names[1]: second}, least=least, missing=missing)
    return rows[names[0]], rows[names[1]], n_missing


def as_rows(
    numbers: dict[str, ArrayLike], *, least: int = 2, missing: Missing = "refuse", **labels: Any
) -> tuple[dict[str, NDArray[Any]], int]:
    """Return columns of one table, numbers and labels, and how many rows lacked a number."""
    columns: dict[str, NDArray[Any]] = {
        name: as_numbers(values, name=name) for name, values in numbers.items()
    }
    gone = np.zeros(len(next(iter(columns.values()))), bool)
    columns |= {name: as_labels(values, name=name) for name, values in labels.items()}
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        msg = f"columns of one length expected, found {lengths}"
        raise ValueError(msg)
    for name in numbers:
        gone |= np.isnan(columns[name])
    what = " and ".join(numbers)
    kept = {name: _without(column, gone, what, missing)[0] for name, column in columns.items()}
    if int((~gone).sum()) < least:
        msg = f"{what}: at least {least} complete rows expected, found {int((~gone).sum())}"
        raise StudyError(msg)
    return kept, int(gone.sum())


def as_labels(values: Sequence[Any] | NDArray[Any], *, name: str) -> NDArray[np.str_]:
    """Return labels as text; an empty one is refused, because a row without an arm has no place."""
    labels = np.array([_label(value) for value in values], dtype=np.str_)
    if (labels == "").any():
        msg = f"{name}: a label in every row expected, found none in row {int((labels == '').argmax())}"
        raise ValueError(msg)
    return labels


def as_ratings(
    table: ArrayLike, *, name: str, least_rows: int = 2, missing: Missing = "refuse"
) -> tuple[NDArray[np.float64], int]:
    """Return a table (rows: subjects, columns: raters or items) and how many rows were left out."""
    array = np.asarray(table, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] < 2:
        msg = f"{name}: a table with two or more columns expected, found shape {array.shape}"
        raise ValueError(msg)
    if np.isinf(array).any():
        msg = f"{name}: finite numbers expected, found infinity"
        raise ValueError(msg)
    kept, n_missing = _without(array, np.asarray(np.isnan(array).any(axis=1)), name, missing)
    if len(kept) < least_rows:
        msg = f"{name}: at least {least_rows} complete rows expected, found {len(kept)}"
        raise StudyError(msg)
    return kept, n_missing


def by_arm(
    values: NDArray[Any], arm: NDArray[np.str_], *, least: int = 2
) -> dict[str, NDArray[Any]]:
    """Return the values of each arm, arms in the order of their first row."""
    names = list(dict.fromkeys(arm.tolist()))
    parts = {name: values[arm == name] for name in names}
    small = {name: len(part) for name, part in parts.items() if len(part) < least}
    if len(parts) < 2 or small:
        counts = {name: len(part) for name, part in parts.items()}
        msg = f"arm: two or more arms with at least {least} values each expected, found {counts}"
        raise StudyError(msg)
    return parts


def has_spread(values: NDArray[np.float64], *, scale: float = 0.0) -> bool:
    """Say whether values differ by more than the dust of binary fractions."""
    largest = max(float(np.abs(values).max(initial=0.0)), scale)
    return bool(np.ptp(values) > _DUST * largest)


def without_dust(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the values, those equal but for binary dust made equal: 0.1 + 0.2 ties with 0.3."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    dust = _DUST * float(np.abs(values).max(initial=0.0))
    is_new = np.diff(ordered, prepend=-np.inf) > dust
    result = np.empty_like(values)
    result[order] = ordered[is_new][np.cumsum(is_new) - 1]
    return result


def as_level(level: float, *, name: str = "level") -> float:
    """Return a confidence level or probability strictly between 0 and 1."""
    if not 0 < level < 1:
        msg = f"{name}: a number between 0 and 1 expected, found {level}"
        raise StudyError(msg)
    return float(level)


def as_one_sided(alpha: float) -> float:
    """Return the alpha of a one-sided test; from 0.5 on it would accept its own contrary."""
    if not 0 < alpha < 0.5:
        msg = f"alpha: a number between 0 and 0.5 expected, found {alpha}"
        raise StudyError(msg)
    return float(alpha)


def as_count(count: float, *, name: str, least: int) -> int:
    """Return a whole number of at least ``least``.

    Examples
    --------
    >>> as_count(31.0, name="n", least=2)
    31
    """
    if not (math.isfinite(count) and count == int(count) and count >= least):
        msg = f"{name}: a whole number of at least {least} expected, found {count}"
        raise StudyError(msg)
    return int(count)


def refuse_infinite(**values: float) -> None:
    """Refuse what is infinite or not a number, by the name of its argument."""
    for name, value in values.items():
        if not math.isfinite(value):
            msg = f"{name}: a finite number expected, found {value}"
            raise StudyError(msg)


def _label(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(value).strip()


def _without(
    array: NDArray[Any], gone: NDArray[np.bool_], name: str, missing: Missing
) -> tuple[NDArray[Any], int]:
    n_missing = int(gone.sum())
    if missing not in {"refuse", "drop"}:
        msg = f"missing: 'refuse' or 'drop' expected, found {missing!r}"
        raise ValueError(msg)
    if n_missing and missing == "refuse":
        msg = (
            f"{name}: {n_missing} of {len(array)} missing, the first in row {int(gone.argmax())}; "
            "missing='drop' leaves them out and counts them in the result"
        )
        raise StudyError(msg)
    return array[~gone], n_missing
