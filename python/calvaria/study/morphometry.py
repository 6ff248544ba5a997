"""Printed bones against the originals: distances between landmarks, held against a margin."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.errors import StudyError
from calvaria.findings import Verdict
from calvaria.study.difference import Difference
from calvaria.study.equivalence import Equivalence, check_equivalence
from calvaria.study.means import compare_paired
from calvaria.study.multiplicity import adjust_p_values
from calvaria.study.random_intercept import fit_random_intercept
from calvaria.study.record import Record, plural
from calvaria.study.sample import Missing, as_labels, as_one_sided, as_rows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["DimensionCheck", "check_dimensions", "measure_distances"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DimensionCheck(Record):
    """Dimensions of prints held against those of the originals.

    Attributes
    ----------
    overall : Equivalence
        Over all dimensions, with the specimen as a random effect.
    by_dimension : dict of str to Equivalence
        Each dimension by paired t.
    adjusted_p : dict of str to float
        p of each dimension after Holm; 1 where it could not be tested.
    undecided : dict of str to str
        Dimensions that could not be tested, and why: differences without spread, or too few.
    n_specimens : int
        Specimens that were measured.
    n_missing : int
        Rows left out as missing.
    """

    overall: Equivalence
    by_dimension: dict[str, Equivalence]
    adjusted_p: dict[str, float]
    n_specimens: int
    n_missing: int = 0
    undecided: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """PASS only where the whole and every dimension, after Holm, lie within the margin."""
        alpha = self.overall.alpha
        unproven = any(p >= alpha for p in self.adjusted_p.values())
        parts = [check.verdict for check in self.by_dimension.values()]
        worst = Verdict.worst([self.overall.verdict, *parts])
        return Verdict.UNPROVEN if unproven and worst is Verdict.PASS else worst

    @property
    def meaning(self) -> str:
        """The whole, and the dimensions that are not within the margin for certain."""
        alpha = self.overall.alpha
        open_ones = [name for name, p in self.adjusted_p.items() if p >= alpha]
        said = (
            f"not shown to be within it, after Holm: {', '.join(open_ones)}"
            if open_ones
            else "each dimension is within it too, after Holm"
        )
        why = "".join(f"; {name} not tested: {reason}" for name, reason in self.undecided.items())
        return f"{self.overall.meaning}; {said} ({plural(self.n_specimens, 'specimen')}){why}"


def measure_distances(
    landmarks_lps_mm: Mapping[str, ArrayLike], *, pairs: Mapping[str, tuple[str, str]]
) -> dict[str, float]:
    """Measure straight distances between named landmarks.

    Parameters
    ----------
    landmarks_lps_mm : mapping of str to (3,) array_like of float
        Points on a mesh or in an image, LPS, mm.
    pairs : mapping of str to (str, str)
        Name of each distance and the two landmarks it runs between.

    Returns
    -------
    dict of str to float
        mm, the same names as for callipers.

    Raises
    ------
    ValueError
        A landmark that is not there, or a point that is not three finite numbers.

    Examples
    --------
    >>> points = {"nasion": [0, -90, 20], "basion": [0, 0, -20], "bregma": [0, -10, 110]}
    >>> pairs = {"basion-nasion": ("basion", "nasion"), "basion-bregma": ("basion", "bregma")}
    >>> {name: round(mm, 2) for name, mm in measure_distances(points, pairs=pairs).items()}
    {'basion-nasion': 98.49, 'basion-bregma': 130.38}
    """
    points = {}
    for name, point in landmarks_lps_mm.items():
        place = np.asarray(point, np.float64)
        if place.shape != (3,) or not np.isfinite(place).all():
            msg = f"landmark {name!r}: three finite numbers expected, found {point!r:.60}"
            raise ValueError(msg)
        points[name] = place
    found = {}
    for name, (start, end) in pairs.items():
        if lost := [word for word in (start, end) if word not in points]:
            msg = f"distance {name!r}: landmarks {sorted(points)} known, found {lost}"
            raise ValueError(msg)
        found[name] = float(np.linalg.norm(points[start] - points[end]))
    return found


def check_dimensions(
    printed_mm: ArrayLike,
    *,
    original_mm: ArrayLike,
    specimen: Sequence[Any] | NDArray[Any],
    dimension: Sequence[Any] | NDArray[Any],
    margin_mm: float | tuple[float, float],
    alpha: float = 0.05,
    label: str = "print - original",
    missing: Missing = "refuse",
) -> DimensionCheck:
    """Hold printed dimensions against those of the originals, within a margin.

    The design of a study of metacarpals [1]_: several dimensions of each bone, each print held
    against its own original.

    Parameters
    ----------
    printed_mm, original_mm : (n,) array_like of float
        The same dimension of the same specimen in each row, mm.
    specimen, dimension : (n,) sequence
        Labels of each row.
    margin_mm : float or (float, float)
        Deviation that would still be accepted, named before the data.
    alpha : float
        Of each one-sided test; intervals have level 1 - 2 alpha.
    label : str
        For the sentence.
    missing : {"refuse", "drop"}
        What a row without both values does.

    Returns
    -------
    DimensionCheck

    Raises
    ------
    StudyError
        Fewer than three specimens, or differences without spread in all dimensions.  A single
        dimension without spread is named in ``undecided`` and keeps the whole from a PASS.

    References
    ----------
    .. [1] Macatangay et al. 2020, as in ``load_trials()["macatangay2020"]``.

    Examples
    --------
    >>> result = check_dimensions(
    ...     [45.9, 11.8, 52.1, 12.9, 49.7, 12.4, 47.4, 12.0],
    ...     original_mm=[46.0, 12.0, 52.3, 13.0, 49.9, 12.4, 47.5, 12.1],
    ...     specimen=[1, 1, 2, 2, 3, 3, 4, 4],
    ...     dimension=["length", "width"] * 4,
    ...     margin_mm=0.5,
    ... )
    >>> result.verdict.name, round(result.overall.difference, 3)
    ('PASS', -0.125)
    """
    rows, n_missing = as_rows(
        {"printed_mm": printed_mm, "original_mm": original_mm},
        least=3,
        missing=missing,
        specimen=specimen,
        dimension=dimension,
    )
    level = 1 - 2 * as_one_sided(alpha)
    difference = np.round(rows["printed_mm"] - rows["original_mm"], 9)
    names = list(dict.fromkeys(rows["dimension"].tolist()))
    _one_row_each(rows)
    whole = _overall(difference, rows["specimen"], rows["dimension"], names, level, label)
    # A dimension of which every row is missing must not vanish: all labels count.
    every = as_labels(dimension, name="dimension").tolist()
    checks: dict[str, Equivalence] = {}
    undecided: dict[str, str] = {}
    for name in dict.fromkeys(every):
        own = rows["dimension"] == name
        try:
            part = compare_paired(
                rows["printed_mm"][own],
                rows["original_mm"][own],
                level=level,
                label=f"{name}, {label}",
                unit="mm",
            )
        except StudyError as error:
            undecided[name] = str(error)
            continue
        part = replace(part, n_missing=every.count(name) - int(own.sum()))
        checks[name] = check_equivalence(part, margin=margin_mm, alpha=alpha)
    p_values = {name: c.p for name, c in checks.items()} | dict.fromkeys(undecided, 1.0)
    adjusted = adjust_p_values(p_values, method="Holm", alpha=alpha)
    whole = replace(whole, n_missing=n_missing)
    return DimensionCheck(
        overall=check_equivalence(whole, margin=margin_mm, alpha=alpha),
        by_dimension=checks,
        adjusted_p=adjusted.adjusted,
        n_specimens=len(set(rows["specimen"].tolist())),
        n_missing=n_missing,
        undecided=undecided,
    )


def _one_row_each(rows: dict[str, NDArray[Any]]) -> None:
    keys = list(zip(rows["specimen"].tolist(), rows["dimension"].tolist(), strict=True))
    if len(set(keys)) < len(keys):
        double = next(key for key in keys if keys.count(key) > 1)
        msg = f"one row for each specimen and dimension expected, found more for {double}"
        raise StudyError(msg)


def _overall(
    difference: NDArray[np.float64],
    specimen: NDArray[np.str_],
    dimension: NDArray[np.str_],
    names: list[str],
    level: float,
    label: str,
) -> Difference:
    """Return the mean over dimensions, each counted once, with specimens as random."""
    n_specimens = len(set(specimen.tolist()))
    if n_specimens < 3:
        msg = f"specimen: at least three expected, found {n_specimens}"
        raise StudyError(msg)
    # Deviations from the mean of all dimensions, so that the constant is that mean.
    codes = np.stack(
        [(dimension == name).astype(float) - (dimension == names[-1]) for name in names[:-1]]
        or [np.zeros(len(dimension))],
        axis=1,
    )
    x = np.column_stack([np.ones(len(difference)), *(codes.T if len(names) > 1 else ())])
    if len(names) == 1:
        return compare_paired(
            difference, np.zeros(len(difference)), level=level, label=label, unit="mm"
        )
    fit = fit_random_intercept(difference, x, specimen)
    weights = np.zeros(x.shape[1])
    weights[0] = 1.0
    return fit.difference(
        label,
        weights=weights,
        test="mixed model, random specimen",
        level=level,
        n=(n_specimens,),
        unit="mm",
    )
