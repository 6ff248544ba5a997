"""How a mesh as a whole is shifted, turned, scaled and thickened against its image."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._html import html_table
from calvaria.errors import MeshError
from calvaria.overlay._asked import mesh_and_image, sample_count, search_length
from calvaria.overlay.edges import edges_beside
from calvaria.overlay.metrics import EdgeStatus

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh
    from calvaria.volume import Volume

__all__ = ["Pose", "fit_pose"]

_ROUNDS = 8
_SETTLED_MM = 0.003
_LEAST_EDGES = 50
# Offsets farther from the fit than so many median deviations are other edges.
_CUT = 4.0
# Samples of a surface share their noise and their blur with so many neighbours.
_SHARED = 4.0
# A direction that moves the samples this little, squared and against the most, is not decided.
_LEAST_SIZE = 1e-3
_UNDECIDED = 0.1
# The size of what may have been done to a mesh: mm, radians, a fraction, mm.
_EXPECTED = np.array([5.0, 5.0, 5.0, 0.05, 0.05, 0.05, 0.02, 0.3])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pose:
    """What has been done to a mesh as a whole, against the edges in the image.

    Parameters
    ----------
    shift_lps_mm : tuple of float
        How far its middle lies off, towards left, posterior and superior.
    shift_error_mm : float
        One standard deviation of each of the three.
    rotation_deg : float
        How far it is turned.
    rotation_error_deg : float
        One standard deviation of that about the axis that is known worst.
    scale_percent : float
        How much larger it is than the image says.
    scale_error_percent : float
        One standard deviation of that.
    thickening_error_mm : float
        One standard deviation of the thickening.
    thickening_mm : float
        How far the whole surface lies outside, once shift, turn and scale are taken out: that of a
        level that is too low, or of smoothing when it is negative.
    rms_before_mm, rms_after_mm : float
        Root of the mean square of the offsets without and with all of this taken out.
    n_edges : int
        Samples that decided.
    matrix : (4, 4) ndarray of float64
        Lays the mesh on the image.
    """

    shift_lps_mm: tuple[float, float, float]
    shift_error_mm: float
    rotation_deg: float
    rotation_error_deg: float
    scale_percent: float
    scale_error_percent: float
    thickening_mm: float
    thickening_error_mm: float
    rms_before_mm: float
    rms_after_mm: float
    n_edges: int
    matrix: NDArray[np.float64]

    @property
    def shift_mm(self) -> float:
        """Length of the shift."""
        return math.dist((0, 0, 0), self.shift_lps_mm)

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values = {k: None if v != v else v for k, v in values.items() if k != "matrix"}  # noqa: PLR0124
        return {**values, "shift_mm": self.shift_mm, "matrix": self.matrix.tolist()}

    def __repr__(self) -> str:
        if not self.n_edges:
            return "Pose(no edge)"
        x, y, z = self.shift_lps_mm
        return (
            f"Pose(shifted by ({x:+.2f}, {y:+.2f}, {z:+.2f}) mm LPS, turned by {self.rotation_deg:.2f} "
            f"degrees, {self.scale_percent:+.2f} % in size, {self.thickening_mm:+.2f} mm thicker; "
            f"rms {self.rms_before_mm:.3f} -> {self.rms_after_mm:.3f} mm)"
        )

    def _repr_html_(self) -> str:
        return html_table(header=("Pose", ""), rows=self.to_dict().items())


def fit_pose(
    mesh: Mesh, volume: Volume, *, search_mm: float = 3.0, n_samples: int = 20_000
) -> Pose:
    """Find shift, turn, scale and thickening that explain the offsets of a mesh.

    Parameters
    ----------
    mesh : Mesh
        LPS mm, within a few millimetres of where it belongs.
    volume : Volume
        The image.
    search_mm : float
        How far from the mesh an edge is looked for, at most 50 mm.
    n_samples : int
        Points on the surface, at least 100.

    Returns
    -------
    Pose
        Least squares over the offsets along the normals, the farthest left out, repeated until
        nothing moves.  Where too few samples have an edge all is NaN but the identity.

    Raises
    ------
    MeshError
        The mesh has no imaged faces with an area.
    ValueError
        A number is out of range.

    Notes
    -----
    Point to plane, with the planes of the imaged edges: Chen & Medioni, Image and Vision Computing 10
    (1992) 145, doi:10.1016/0262-8856(92)90066-C.  A ball alone does not tell scale from thickening,
    nor turns; what the surface does not decide stays at zero.

    Examples
    --------
    >>> from calvaria import extract_surface, phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> ball = phantom.scan(phantom.sphere(radius_mm=12.0), scanner=scanner)
    >>> mesh = extract_surface(ball, iso_hu=0.0)
    >>> fit_pose(mesh, ball, n_samples=2000).shift_mm < 0.02
    True
    """
    mesh_and_image(mesh, volume)
    n_samples, search_mm = sample_count(n_samples), search_length(search_mm)
    points, normals, *_ = _native.sample_surface(mesh.vertices, mesh.faces, mesh.kinds, n_samples)
    if not len(points):
        msg = "mesh: faces that were imaged expected, found none with an area"
        raise MeshError(msg)
    centre = points.mean(axis=0)
    moved, turned = points, normals
    matrix, thick, errors = np.eye(4), 0.0, np.full(8, np.nan)
    first, n_edges = math.nan, 0
    last = math.nan
    for _ in range(_ROUNDS):
        found = edges_beside(moved, turned, volume, search_mm=search_mm)
        chosen = found["status"] <= EdgeStatus.THIN
        if chosen.sum() < _LEAST_EDGES:
            break
        offset = found["offset_mm"][chosen]
        if math.isnan(first):
            first = float(np.sqrt((offset**2).mean()))
        # Thickening is not taken out of the samples; what is known of it is, so that rounds add up.
        step, errors, last, n_edges = _step(moved[chosen], turned[chosen], offset - thick, centre)
        matrix, thick = _motion(step, centre) @ matrix, thick + float(step[7])
        before = moved
        moved = points @ matrix[:3, :3].T + matrix[:3, 3]
        turned = normals @ matrix[:3, :3].T
        turned /= np.linalg.norm(turned, axis=1, keepdims=True)
        if np.abs(moved - before).max() < _SETTLED_MM:
            break
    return _pose(matrix, centre, thick, errors, (first, last), n_edges)


def _step(
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    offset: NDArray[np.float64],
    centre: NDArray[np.float64],
) -> tuple[NDArray[np.float64], NDArray[np.float64], float, int]:
    """Return shift, turn, scale and thickening, their errors, what is left, and from how many."""
    arm = points - centre
    rows = np.column_stack(
        [-normals, -np.cross(arm, normals), -(arm * normals).sum(axis=1), np.ones(len(arm))]
    )
    kept = np.ones(len(offset), dtype=np.bool_)
    spread = max(float(np.median(np.abs(offset - np.median(offset)))), 0.02)
    solved, inverse = np.zeros(8), np.eye(8)
    for _ in range(4):
        inverse = _inverse(rows[kept] * _EXPECTED)
        solved = _EXPECTED * (inverse @ (rows[kept] * _EXPECTED).T @ offset[kept])
        rest = offset - rows @ solved
        spread = max(float(np.median(np.abs(rest[kept]))), 0.02)
        kept = np.abs(rest) <= _CUT * 1.5 * spread
    left = float(np.sqrt((rest[kept] ** 2).mean()))
    errors = 1.5 * spread * np.sqrt(np.diag(inverse) * _SHARED)
    # What the surface does not decide is no better known than before.
    undecided = np.diag(np.eye(8) - inverse @ np.linalg.pinv(inverse)) > _UNDECIDED
    return solved, _EXPECTED * np.where(undecided, 1.0, errors), left, int(kept.sum())


def _inverse(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse normal matrix without the directions that the surface hardly decides."""
    sizes, axes = np.linalg.eigh(rows.T @ rows)
    kept = sizes > _LEAST_SIZE * sizes[-1]
    return np.asarray((axes[:, kept] / sizes[kept]) @ axes[:, kept].T)


def _motion(step: NDArray[np.float64], centre: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the similarity that a step asks for, about a centre."""
    turn = step[3:6]
    angle = float(np.linalg.norm(turn))
    cross = np.array(
        [[0, -turn[2], turn[1]], [turn[2], 0, -turn[0]], [-turn[1], turn[0], 0]], dtype=np.float64
    )
    sine = math.sin(angle) / angle if angle else 1.0
    cosine = (1 - math.cos(angle)) / angle**2 if angle else 0.5
    matrix = np.eye(4)
    matrix[:3, :3] = (1 + step[6]) * (np.eye(3) + sine * cross + cosine * cross @ cross)
    matrix[:3, 3] = centre + step[:3] - matrix[:3, :3] @ centre
    return matrix


def _pose(
    matrix: NDArray[np.float64],
    centre: NDArray[np.float64],
    thick: float,
    errors: NDArray[np.float64],
    rms: tuple[float, float],
    n_edges: int,
) -> Pose:
    scale = float(np.cbrt(np.linalg.det(matrix[:3, :3])))
    cosine = (np.trace(matrix[:3, :3]) / scale - 1) / 2
    # What was done to the mesh is the opposite of what lays it on the image.
    x, y, z = (centre - (matrix[:3, :3] @ centre + matrix[:3, 3])).tolist()
    return Pose(
        shift_lps_mm=(x, y, z),
        shift_error_mm=float(errors[:3].max()),
        rotation_deg=math.degrees(math.acos(min(1.0, max(-1.0, float(cosine))))),
        rotation_error_deg=math.degrees(float(errors[3:6].max())),
        scale_percent=100 * (1 / scale - 1),
        scale_error_percent=100 * float(errors[6]),
        thickening_mm=thick if n_edges else math.nan,
        thickening_error_mm=float(errors[7]),
        rms_before_mm=rms[0],
        rms_after_mm=rms[1],
        n_edges=n_edges,
        matrix=frozen(matrix, dtype=np.float64),
    )
