"""Planes through noisy points: robust, with the uncertainty of where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria.bar.student import t_quantile

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["FacePair", "FittedPlane", "fit_plane", "measure_pair"]

_TUKEY = 4.685  # 95 % efficient on normal noise
_MAD = 1.4826
_ROUNDS = 30
_BLOCKS = 4
# Half of a central 95 % interval of the normal distribution, in SDs.
_NORMAL = t_quantile(0.975, float("inf"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FittedPlane:
    """A plane with its scatter.

    Attributes
    ----------
    point_lps_mm, normal : (3,) ndarray
        Weighted middle of the points, and the unit normal, outwards.
    rms_mm : float
        Scatter of the points about the plane, robust.
    uncertainty_mm : float
        Standard uncertainty of the position along the normal, from means of blocks of the face: noise
        of a scan is not independent from point to point.
    n_points : int
        Points with weight.
    """

    point_lps_mm: NDArray[np.float64]
    normal: NDArray[np.float64]
    rms_mm: float
    uncertainty_mm: float
    n_points: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FacePair:
    """The distance of two faces.

    Attributes
    ----------
    length_mm : float
        Along the mean normal, through the middle of both faces.
    uncertainty_mm : float
        Standard.
    parallelism_deg : float
        Angle between the planes.
    direction, middle_lps_mm : (3,) ndarray
        From the first to the second face, and half-way.
    """

    length_mm: float
    uncertainty_mm: float
    parallelism_deg: float
    direction: NDArray[np.float64]
    middle_lps_mm: NDArray[np.float64]


def fit_plane(
    points: NDArray[np.float64],
    *,
    outwards: NDArray[np.float64],
    n_independent: int | None = None,
) -> FittedPlane:
    """Fit a plane by iteratively reweighted total least squares with Tukey's weights.

    Parameters
    ----------
    points : (n, 3) ndarray
        At least three that are not on a line.
    outwards : (3,) ndarray
        Which way the normal looks, roughly.
    n_independent : int, optional
        How many of the points are independent, where they were interpolated; all, if left out.

    Returns
    -------
    FittedPlane

    References
    ----------
    Holland and Welsch, Robust regression using iteratively reweighted least-squares, 1977,
    doi:10.1080/03610927708827533.

    Examples
    --------
    >>> square = np.array([[0.0, 0, 1], [4, 0, 1], [0, 4, 1], [4, 4, 1]])
    >>> fit_plane(square, outwards=np.array([0.0, 0, 1])).point_lps_mm
    array([2., 2., 1.])
    """
    weights = np.ones(len(points))
    scale = 0.0
    for _ in range(_ROUNDS):
        middle = np.average(points, axis=0, weights=weights)
        off = points - middle
        _, vectors = np.linalg.eigh((off * weights[:, None]).T @ off)
        rest = off @ vectors[:, 0]
        scale = _MAD * float(np.median(np.abs(rest)))
        if scale < 1e-9:
            break
        # Points that lie on the plane to the last digit must not make the rest outliers.
        new = np.clip(1 - (rest / (_TUKEY * max(scale, 1e-6))) ** 2, 0, None) ** 2
        if np.abs(new - weights).max() < 1e-6:
            break
        weights = new
    normal = vectors[:, 0] * (1.0 if vectors[:, 0] @ outwards >= 0 else -1.0)
    return FittedPlane(
        point_lps_mm=middle,
        normal=normal,
        rms_mm=scale,
        uncertainty_mm=_of_blocks(
            off @ vectors[:, 1:],
            rest,
            weights,
            len(points) if n_independent is None else n_independent,
        ),
        n_points=int(np.count_nonzero(weights)),
    )


def _of_blocks(
    places: NDArray[np.float64],
    rest: NDArray[np.float64],
    weights: NDArray[np.float64],
    n_independent: int,
) -> float:
    """Return the standard uncertainty of a mean from the scatter of the means of blocks."""
    # A block of fewer than three independent points is no block of its own.
    side = int(np.clip(np.sqrt(n_independent / 3), 1, _BLOCKS))
    low, size = places.min(axis=0), np.maximum(np.ptp(places, axis=0), 1e-12)
    cell = np.minimum((side * (places - low) / size).astype(int), side - 1)
    number = cell[:, 0] * side + cell[:, 1]
    total = np.bincount(number, weights, minlength=side**2)
    held = total > 0
    means = np.bincount(number, weights * rest, minlength=side**2)[held] / total[held]
    n = len(means)
    if n < 5:
        return float(np.sqrt(np.mean(rest**2)))
    # Three degrees of freedom went into the plane; few blocks widen the interval as Student says.
    spread = float(np.sqrt((means**2).sum() / (n - 3) / n))
    return spread * t_quantile(0.975, n - 3) / _NORMAL


def measure_pair(first: FittedPlane, second: FittedPlane, *, is_step: bool = False) -> FacePair:
    """Measure from one face to the other.

    Parameters
    ----------
    first, second : FittedPlane
        Their normals look apart; for a step the same way.
    is_step : bool
        Whether both look along the direction from first to second.

    Returns
    -------
    FacePair
    """
    back = first.normal if is_step else -first.normal
    direction = back + second.normal
    direction = direction / np.linalg.norm(direction)
    gap = second.point_lps_mm - first.point_lps_mm
    aside = gap - direction * (gap @ direction)
    middle = (first.point_lps_mm + second.point_lps_mm) / 2
    ends = [
        ((plane.point_lps_mm - middle) @ plane.normal) / (direction @ plane.normal)
        for plane in (first, second)
    ]
    angle = float(np.arctan2(np.linalg.norm(np.cross(back, second.normal)), back @ second.normal))
    # Faces that are not parallel have another distance elsewhere; a middle off by part of the
    # shift between the two is what a partial scan does.
    lean = angle * float(np.linalg.norm(aside)) / np.sqrt(12)
    u = float(np.sqrt(first.uncertainty_mm**2 + second.uncertainty_mm**2 + lean**2))
    return FacePair(
        length_mm=float(ends[1] - ends[0]),
        uncertainty_mm=u,
        parallelism_deg=float(np.degrees(angle)),
        direction=direction,
        middle_lps_mm=middle + direction * (ends[0] + ends[1]) / 2,
    )
