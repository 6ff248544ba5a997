"""Analysis of covariance: post-test scores held against each other at the same pre-test score."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.study.difference import Difference, make_difference
from calvaria.study.record import Record, p_text
from calvaria.study.sample import Missing, as_level, as_rows, by_arm, has_spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["AdjustedComparison", "compare_adjusted"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AdjustedComparison(Record):
    """Arms compared at the same pre-test score.

    Attributes
    ----------
    contrasts : tuple of Difference
        Each arm minus the reference, adjusted.
    slope : Difference
        Points after the teaching for one point before it.
    adjusted_means : dict of str to float
        Mean of each arm at the mean pre-test score of all.
    parallel_p : float
        Test of the assumption that the slope is the same in all arms.
    n_missing : int
        Rows left out as missing.
    """

    contrasts: tuple[Difference, ...]
    slope: Difference
    adjusted_means: dict[str, float]
    parallel_p: float
    n_missing: int = 0

    @property
    def meaning(self) -> str:
        """The adjusted differences, and whether one slope for all arms is in doubt."""
        doubt = (
            f"; the slopes differ between arms ({p_text(self.parallel_p)}), "
            "so that one difference does not describe them"
            if self.parallel_p < 0.05
            else ""
        )
        return "; ".join(contrast.meaning for contrast in self.contrasts) + doubt


def compare_adjusted(
    post: ArrayLike,
    *,
    pre: ArrayLike,
    arm: Sequence[Any] | NDArray[Any],
    reference: str,
    level: float = 0.95,
    unit: str = "",
    missing: Missing = "refuse",
) -> AdjustedComparison:
    """Compare post-test scores of arms, adjusted for the pre-test (ANCOVA).

    In a randomised trial this answers the same question as the raw difference, with less noise.

    Parameters
    ----------
    post, pre : (n,) array_like of float
        Scores after and before the teaching.
    arm : (n,) sequence of str
        Arm of each participant.
    reference : str
        The arm that the others are compared with.
    level, unit, missing
        As for :func:`compare_means`; a row that lacks either score is missing.

    Returns
    -------
    AdjustedComparison

    Raises
    ------
    StudyError
        An arm with fewer than two rows, a pre-test without spread, or nothing left over to
        estimate the noise from.

    References
    ----------
    .. [1] Vickers AJ, Altman DG. BMJ 2001;323:1123-1124. doi 10.1136/bmj.323.7321.1123

    Examples
    --------
    >>> post = [14, 16, 13, 17, 11, 13, 12, 15]
    >>> pre = [8, 10, 7, 12, 8, 9, 7, 11]
    >>> arm = ["print"] * 4 + ["cadaver"] * 4
    >>> result = compare_adjusted(post, pre=pre, arm=arm, reference="cadaver")
    >>> round(result.contrasts[0].difference, 3), round(result.slope.difference, 3)
    (1.83, 0.84)
    """
    rows, n_missing = as_rows({"post": post, "pre": pre}, missing=missing, arm=arm)
    parts = by_arm(rows["post"], rows["arm"])
    if reference not in parts:
        msg = f"reference: one of {list(parts)} expected, found {reference!r}"
        raise ValueError(msg)
    if not has_spread(rows["pre"]):
        msg = "pre: scores that differ expected, found the same everywhere"
        raise StudyError(msg)
    others = [name for name in parts if name != reference]
    centred = rows["pre"] - rows["pre"].mean()
    dummies = np.stack([rows["arm"] == name for name in others], axis=1).astype(np.float64)
    x = np.column_stack([np.ones(len(centred)), dummies, centred])
    fit = _fit(rows["post"], x)
    sizes = {name: len(part) for name, part in parts.items()}
    as_level(level)
    contrasts = tuple(
        _difference(
            f"{name} - {reference}, adjusted",
            fit,
            column,
            level=level,
            n=(sizes[name], sizes[reference]),
            unit=unit,
            n_missing=n_missing,
        )
        for column, name in enumerate(others, start=1)
    )
    base = float(fit.params[0])
    means = {reference: base}
    means |= {name: base + float(fit.params[i]) for i, name in enumerate(others, start=1)}
    return AdjustedComparison(
        contrasts=contrasts,
        slope=_difference(
            "post on pre", fit, x.shape[1] - 1, level=level, n=(len(centred),), unit="", n_missing=0
        ),
        adjusted_means=means,
        parallel_p=_parallel_p(fit, rows["post"], x, dummies * centred[:, None]),
        n_missing=n_missing,
    )


def _fit(y: NDArray[np.float64], x: NDArray[np.float64]) -> Any:
    if np.linalg.matrix_rank(x) < x.shape[1]:
        msg = "pre: scores that differ within the arms expected, found scores that only tell the arms apart"
        raise StudyError(msg)
    if len(y) <= x.shape[1]:
        msg = f"post: more than {x.shape[1]} complete rows expected, found {len(y)}"
        raise StudyError(msg)
    fit = neighbour("statsmodels.api").OLS(y, x).fit()
    if float(fit.ssr) <= 1e-20 * float((y**2).sum()):
        msg = "post: spread around the model expected, found none"
        raise StudyError(msg)
    return fit


def _difference(
    label: str,
    fit: Any,
    column: int,
    *,
    level: float,
    n: tuple[int, ...],
    unit: str,
    n_missing: int,
) -> Difference:
    return make_difference(
        label,
        test="analysis of covariance",
        n=n,
        difference=float(fit.params[column]),
        se=float(fit.bse[column]),
        df=float(fit.df_resid),
        level=level,
        unit=unit,
        n_missing=n_missing,
    )


def _parallel_p(
    fit: Any, y: NDArray[np.float64], x: NDArray[np.float64], products: NDArray[np.float64]
) -> float:
    """Return p of the F test that slopes are equal; 1 where too few rows are left to ask."""
    wide = np.column_stack([x, products])
    free = len(y) - wide.shape[1]
    if free < 1 or np.linalg.matrix_rank(wide) < wide.shape[1]:
        return 1.0
    rest = float(neighbour("statsmodels.api").OLS(y, wide).fit().ssr)
    if rest <= 0:
        return 1.0
    f_ratio = (float(fit.ssr) - rest) / products.shape[1] / (rest / free)
    return float(neighbour("scipy.stats").f.sf(f_ratio, products.shape[1], free))
