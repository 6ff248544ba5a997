"""The whole print against its nominal mesh: laid on it, mapped, and compared dimension by dimension."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._html import html_table
from calvaria._record import Record, plain
from calvaria.bar.decision import decide
from calvaria.bar.laying import lay_on
from calvaria.errors import BarError, BarNotFoundError
from calvaria.findings import DISCLAIMER, Verdict
from calvaria.mesh import Alignment, closest_points, signed_distance_mm, transform_mesh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from calvaria.mesh import Mesh
    from calvaria.study import Agreement

__all__ = ["Dimension", "PrintComparison", "compare_print"]

# No print is off by this factor.
_MOST_SCALED = 2.0
# A scan shows a part of the print, or what it stands on as well.
_LEAST_SEEN, _MOST_SEEN = 0.125, 6.0

_FOOT_MM = 3.0  # a landmark's foot on the scan farther away than this is not there
_NEIGHBOURS_MM = 1.5  # a landmark moves with the mean of the surface around it


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Dimension(Record):
    """One selected dimension, nominal against actual.

    Attributes
    ----------
    name : str
        What it is.
    nominal_mm, actual_mm, deviation_mm, deviation_percent : float
        The two lengths, and the second minus the first.
    verdict : Verdict
        Less than the tolerance, or not; without a guard band.
    """

    name: str
    nominal_mm: float
    actual_mm: float
    deviation_mm: float
    deviation_percent: float
    verdict: Verdict

    @property
    def meaning(self) -> str:
        """Both lengths and their difference."""
        return (
            f"{self.name}: {self.actual_mm:.2f} mm on {self.nominal_mm:.2f} mm, "
            f"{self.deviation_mm:+.2f} mm ({self.deviation_percent:+.2f} %)"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class PrintComparison(Record):
    """A print against the mesh it was made from.

    Attributes
    ----------
    alignment : Alignment
        How the scan was laid on the nominal mesh; a rigid motion, so that a scale error stays.
    scan : Mesh
        As laid.
    deviations_mm : (n,) ndarray
        Of each vertex of the scan from the nominal surface, positive outside.
    mean_mm, sd_mm, rms_mm, p95_mm, max_mm : float
        Of the deviations, by area; the last two of their absolute values.
    within_fraction : float
        Part of the scanned area whose deviation is less than the tolerance.
    covered_fraction : float
        Part of the nominal area that the scan shows within 2 mm.
    scale_percent : float
        Uniform scale of the scan against nominal, from all corresponding points.
    dimensions : tuple of Dimension
        Those selected.
    agreement : Agreement or None
        Bland and Altman of the dimensions, where there are three or more.
    tolerance_mm : float
        What it was held against.
    """

    alignment: Alignment
    scan: Mesh
    deviations_mm: NDArray[np.float64]
    mean_mm: float
    sd_mm: float
    rms_mm: float
    p95_mm: float
    max_mm: float
    within_fraction: float
    covered_fraction: float
    scale_percent: float
    dimensions: tuple[Dimension, ...]
    agreement: Agreement | None
    tolerance_mm: float

    @property
    def verdict(self) -> Verdict:
        """The worst of the dimensions; without any, of the 95th percentile of the surface."""
        if self.dimensions:
            return Verdict.worst(one.verdict for one in self.dimensions)
        return decide(self.p95_mm, tolerance_mm=self.tolerance_mm, guard_mm=0.0).verdict

    @property
    def meaning(self) -> str:
        """Surface and dimensions in one sentence."""
        worst = max(self.dimensions, key=lambda one: abs(one.deviation_mm), default=None)
        lengths = "" if worst is None else f"; worst dimension {worst.meaning}"
        return (
            f"{self.verdict.name}: surface {self.mean_mm:+.3f} +- {self.sd_mm:.3f} mm (mean, SD), "
            f"95 % within {self.p95_mm:.2f} mm, {100 * self.within_fraction:.1f} % less than "
            f"{self.tolerance_mm:g} mm, scale {self.scale_percent:+.2f} %{lengths}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the meshes and the map, ready for JSON."""
        names = (
            *("mean_mm", "sd_mm", "rms_mm", "p95_mm", "max_mm", "within_fraction"),
            *("covered_fraction", "scale_percent", "dimensions", "agreement", "tolerance_mm"),
            *("verdict", "meaning"),
        )
        values = {name: plain(getattr(self, name)) for name in names}
        return {"alignment": self.alignment.to_dict(), **values, "disclaimer": DISCLAIMER}

    def _repr_html_(self) -> str:
        return html_table(
            caption=self.meaning,
            header=("verdict", "dimension", "nominal, mm", "actual, mm", "deviation, mm", "%"),
            rows=[
                (
                    one.verdict.name,
                    one.name,
                    f"{one.nominal_mm:.2f}",
                    f"{one.actual_mm:.2f}",
                    f"{one.deviation_mm:+.2f}",
                    f"{one.deviation_percent:+.2f}",
                )
                for one in self.dimensions
            ],
            footer=DISCLAIMER if self.agreement is None else self.agreement.meaning,
        )


def compare_print(
    scan: Mesh,
    *,
    nominal: Mesh,
    tolerance_mm: float,
    landmarks: Mapping[str, ArrayLike] | None = None,
    dimensions: Mapping[str, tuple[str, str]] | None = None,
    start: ArrayLike | None = None,
    kept_fraction: float = 0.9,
) -> PrintComparison:
    """Compare a scanned or CT-imaged print with the mesh it was made from.

    Parameters
    ----------
    scan : Mesh
        Of the print, in mm, any pose: from an optical scanner, or from
        :func:`~calvaria.extract_surface` of a CT.
    nominal : Mesh
        What was printed; closed.
    tolerance_mm : float
        Deviations must be less than this.
    landmarks : mapping of str to (3,) array_like, optional
        Points on the nominal surface, LPS, mm.
    dimensions : mapping of str to (str, str), optional
        Name of each dimension and the landmarks at its ends; left out, all pairs of landmarks.
    start : (4, 4) array_like, optional
        From scan to nominal, roughly.
    kept_fraction : float
        Part of the scan that decides how it is laid.

    Returns
    -------
    PrintComparison

    Raises
    ------
    BarNotFoundError
        The scan does not fit the mesh.
    BarError
        A dimension names no landmark, a landmark is not on the surface, or is not in the scan.
    OpenSurfaceError
        ``nominal`` is not closed: there is no outside.

    Notes
    -----
    The actual place of a landmark follows the whole print: the scan is laid on the nominal mesh with
    a similarity, each landmark takes the closest point of the surface there (the mean of a patch of
    1.5 mm, so that noise does not decide), and lengths are then measured in the scan's own scale.

    Examples
    --------
    >>> from calvaria.bar import make_bar
    >>> from calvaria.mesh import transform_mesh
    >>> bar = make_bar(label="").mesh
    >>> small = transform_mesh(bar, matrix=np.diag([0.99, 0.99, 0.99, 1.0]))
    >>> ends = {"left": [-25, 0, 5], "right": [25, 0, 5]}
    >>> found = compare_print(small, nominal=bar, tolerance_mm=1.0, landmarks=ends)
    >>> round(found.dimensions[0].actual_mm, 2), found.verdict.name
    (49.5, 'PASS')
    """
    if not tolerance_mm > 0:
        msg = f"tolerance_mm: above 0 expected, found {tolerance_mm}"
        raise ValueError(msg)
    points = {name: np.asarray(at, np.float64) for name, at in (landmarks or {}).items()}
    pairs = _pairs(points, dimensions)
    _need_on_surface(nominal, points)
    if len(scan.faces) and len(nominal.faces):
        _need_like(scan, nominal, 1.0)
    laid = lay_on(scan, nominal, start=start, kept_fraction=kept_fraction)
    surface = transform_mesh(scan, matrix=laid.matrix)
    weights = _vertex_areas(surface)
    deviations = signed_distance_mm(nominal, surface.vertices)
    scale, similarity = _similarity(surface, nominal, weights, kept_fraction)
    found = _found(points, surface, similarity)
    lengths = tuple(
        _dimension(name, points[a], points[b], found[a], found[b], tolerance_mm)
        for name, (a, b) in pairs.items()
    )
    mean = float(np.average(deviations, weights=weights))
    size = np.abs(deviations)
    return PrintComparison(
        alignment=laid,
        scan=surface,
        deviations_mm=deviations,
        mean_mm=mean,
        sd_mm=float(np.sqrt(np.average((deviations - mean) ** 2, weights=weights))),
        rms_mm=float(np.sqrt(np.average(deviations**2, weights=weights))),
        p95_mm=_quantile(size, weights, 0.95),
        max_mm=float(size[weights > 0].max()),
        within_fraction=float(weights[size < tolerance_mm].sum() / weights.sum()),
        covered_fraction=_covered(nominal, surface),
        scale_percent=100 * (scale - 1),
        dimensions=lengths,
        agreement=_agreement(lengths),
        tolerance_mm=float(tolerance_mm),
    )


def _pairs(
    points: Mapping[str, NDArray[np.float64]],
    dimensions: Mapping[str, tuple[str, str]] | None,
) -> dict[str, tuple[str, str]]:
    for name, at in points.items():
        if at.shape != (3,) or not np.isfinite(at).all():
            msg = f"landmarks: three finite numbers for {name!r} expected, found shape {at.shape}"
            raise ValueError(msg)
    if dimensions is None:
        names = list(points)
        return {f"{a} - {b}": (a, b) for n, a in enumerate(names) for b in names[n + 1 :]}
    for name, ends in dimensions.items():
        missing = [end for end in ends if end not in points]
        if missing:
            msg = f"dimensions: landmarks {', '.join(points)} for {name!r} expected, found {missing[0]!r}"
            raise BarError(msg)
    return dict(dimensions)


def _need_on_surface(nominal: Mesh, points: Mapping[str, NDArray[np.float64]]) -> None:
    if not points:
        return
    far = closest_points(nominal, np.array(list(points.values()))).distances_mm
    for name, distance in zip(points, far, strict=True):
        if distance > 1.0:
            msg = (
                f"landmarks: {name!r} on the nominal surface expected, found {distance:.1f} mm off"
            )
            raise BarError(msg)


def _vertex_areas(mesh: Mesh) -> NDArray[np.float64]:
    corners = mesh.vertices[mesh.faces]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    third = np.repeat(areas / 6, 3)
    shares: NDArray[np.float64] = np.bincount(
        mesh.faces.ravel(), third, minlength=len(mesh.vertices)
    ).astype(np.float64)
    return shares


def _similarity(
    surface: Mesh, nominal: Mesh, weights: NDArray[np.float64], kept_fraction: float
) -> tuple[float, NDArray[np.float64]]:
    """Return scale, and the similarity from the laid scan to the nominal mesh, point to plane.

    Solves for turn, shift and scale at once by least squares on the signed distances, the worst pairs
    left out; a few rounds settle it, for the scan is already laid.
    """
    used = np.flatnonzero(weights > 0)
    used = used[np.linspace(0, len(used) - 1, min(8000, len(used))).astype(np.intp)]
    start = surface.vertices[used]
    matrix = np.eye(4)
    scale = 1.0
    corners = nominal.vertices[nominal.faces]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals = doubled / np.maximum(np.linalg.norm(doubled, axis=1, keepdims=True), 1e-300)
    for _ in range(12):
        points = start @ matrix[:3, :3].T + matrix[:3, 3]
        near = closest_points(nominal, points)
        normal = normals[near.faces]
        gap = ((points - near.points_lps_mm) * normal).sum(axis=1)
        kept = near.distances_mm <= np.quantile(near.distances_mm, kept_fraction)
        middle = points.mean(axis=0)
        off = points - middle
        rows = np.column_stack([np.cross(off, normal), normal, (off * normal).sum(axis=1)])
        step = np.linalg.lstsq(rows[kept], -gap[kept], rcond=None)[0]
        turn = _rotation(step[:3]) * (1 + step[6])
        move = np.eye(4)
        move[:3, :3] = turn
        move[:3, 3] = middle + step[3:6] - turn @ middle
        matrix = move @ matrix
        scale *= 1 + step[6]
        _need_like(surface, nominal, scale)
        if np.abs(step).max() < 1e-9:
            break
    return 1 / scale, matrix


def _need_like(scan: Mesh, nominal: Mesh, scale: float) -> None:
    """Refuse a scan of another size, or one that would have to double to fit: another unit, or part."""
    sizes = [float(np.linalg.norm(np.ptp(one.vertices, axis=0))) for one in (scan, nominal)]
    is_like = _LEAST_SEEN < sizes[0] / max(sizes[1], 1e-300) < _MOST_SEEN
    if not (is_like and 1 / _MOST_SCALED < scale < _MOST_SCALED):
        msg = (
            f"scan: the part that nominal shows, in mm, expected, found none that fits: {sizes[0]:.4g} mm across "
            f"against {sizes[1]:.4g} mm; another unit, another part, or a pose that needs start="
        )
        raise BarNotFoundError(msg)


def _rotation(vector: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation about a vector by its length (Rodrigues)."""
    angle = float(np.linalg.norm(vector))
    if angle < 1e-15:
        return np.eye(3)
    x, y, z = vector / angle
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    turned: NDArray[np.float64] = (
        np.eye(3) + np.sin(angle) * cross + (1 - np.cos(angle)) * cross @ cross
    )
    return turned


def _found(
    points: Mapping[str, NDArray[np.float64]], surface: Mesh, similarity: NDArray[np.float64]
) -> dict[str, NDArray[np.float64]]:
    """Return where each landmark is on the scan, in the frame and scale of the laid scan."""
    if not points:
        return {}
    back = np.linalg.inv(similarity)
    wanted = {name: back[:3, :3] @ at + back[:3, 3] for name, at in points.items()}
    near = closest_points(surface, np.array(list(wanted.values())))
    found = {}
    for n, (name, at) in enumerate(wanted.items()):
        if near.distances_mm[n] > _FOOT_MM:
            msg = (
                f"landmarks: {name!r} within {_FOOT_MM:g} mm of the scan expected, "
                f"found it {near.distances_mm[n]:.1f} mm away"
            )
            raise BarError(msg)
        around = surface.vertices[
            np.linalg.norm(surface.vertices - near.points_lps_mm[n], axis=1) < _NEIGHBOURS_MM
        ]
        a, b, c = surface.vertices[surface.faces[near.faces[n]]]
        normal = np.cross(b - a, c - a)
        if len(around) >= 12:
            normal = np.linalg.eigh(np.cov((around - around.mean(axis=0)).T))[1][:, 0]
            foot = around.mean(axis=0)
        else:
            foot = near.points_lps_mm[n]
        normal = normal / np.linalg.norm(normal)
        found[name] = at + normal * ((foot - at) @ normal)
    return found


def _dimension(
    name: str,
    from_nominal: NDArray[np.float64],
    to_nominal: NDArray[np.float64],
    from_actual: NDArray[np.float64],
    to_actual: NDArray[np.float64],
    tolerance_mm: float,
) -> Dimension:
    nominal = float(np.linalg.norm(to_nominal - from_nominal))
    actual = float(np.linalg.norm(to_actual - from_actual))
    return Dimension(
        name=name,
        nominal_mm=nominal,
        actual_mm=actual,
        deviation_mm=actual - nominal,
        deviation_percent=100 * (actual - nominal) / nominal,
        verdict=decide(actual - nominal, tolerance_mm=tolerance_mm, guard_mm=0.0).verdict,
    )


def _agreement(lengths: tuple[Dimension, ...]) -> Agreement | None:
    if len(lengths) < 3 or np.ptp([one.deviation_mm for one in lengths]) < 1e-9:
        return None
    from calvaria.study import compare_methods  # noqa: PLC0415 - a third of the import time

    return compare_methods(
        [one.actual_mm for one in lengths],
        [one.nominal_mm for one in lengths],
        label="actual - nominal",
    )


def _quantile(values: NDArray[np.float64], weights: NDArray[np.float64], share: float) -> float:
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    return float(values[order[np.searchsorted(total, share * total[-1])]])


def _covered(nominal: Mesh, surface: Mesh) -> float:
    corners = nominal.vertices[nominal.faces]
    areas = np.linalg.norm(
        np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]), axis=1
    )
    far = closest_points(surface, corners.mean(axis=1)).distances_mm
    return float(areas[far < 2.0].sum() / areas.sum())
