"""One mesh laid on another: by landmarks, or by its surface."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native, _progress
from calvaria._arrays import frozen
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import MeshError
from calvaria.findings import Finding, Verdict
from calvaria.mesh._starts import first_guesses, spread_mm
from calvaria.mesh.triangles import Mesh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Alignment", "align_icp", "align_landmarks"]

# What fits within this part of the spread of a surface, fits.
_SLACK = 1e-4
# Kept pairs that fit as well as the best, all pairs that fit clearly better, and left-out ones that
# disagree strongly: factors of the root of the mean square.
_AS_WELL = 1.5
_CLEARLY = 1.25
_FAR_OFF = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Alignment:
    """A transform from the moving to the fixed, and how well it fits.

    Parameters
    ----------
    matrix : (4, 4) ndarray
        Acts on column vectors (x, y, z, 1), LPS mm: ``transform_mesh(moving, matrix=...)``.
    scale : float
        1 for a rigid transform.
    rms_mm : float
        Root mean square of the distances that decided, after the transform.
    n_pairs : int
        How many pairs decided.
    n_iterations : int
        1 for landmarks.
    is_settled : bool
        Whether the last iteration moved nothing farther than the tolerance.
    rms_all_mm : float
        The same of all points, those that did not decide included.
    findings : tuple of Finding
        What speaks against the pose: ``alignment_ambiguous`` when another fits about as well,
        ``alignment_left_out`` when the points that did not decide are far off.
    """

    matrix: NDArray[np.float64]
    scale: float
    rms_mm: float
    n_pairs: int
    n_iterations: int
    is_settled: bool
    rms_all_mm: float
    findings: tuple[Finding, ...] = ()

    @property
    def rotation_deg(self) -> float:
        """Angle of the rotation."""
        turn = self.matrix[:3, :3] / self.scale
        sine = np.linalg.norm(
            [turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]
        )
        return float(np.degrees(np.arctan2(sine, np.trace(turn) - 1)))

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            **values,
            "matrix": self.matrix.tolist(),
            "rotation_deg": self.rotation_deg,
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def __repr__(self) -> str:
        told = "".join(f"; {finding.message}" for finding in self.findings)
        return (
            f"Alignment(rms {self.rms_mm:.4f} mm, {self.rotation_deg:.2f} degrees, "
            f"{plural(self.n_pairs, 'pair')}{told})"
        )

    def _repr_html_(self) -> str:
        rows = {**self.to_dict(), "findings": " ".join(one.message for one in self.findings)}
        return html_table(header=("alignment", "value"), rows=rows.items())


def align_landmarks(moving: ArrayLike, fixed: ArrayLike, *, allow_scale: bool = False) -> Alignment:
    """Return the transform that lays landmarks on their partners with the least squares.

    Parameters
    ----------
    moving, fixed : (n, 3) array_like
        Landmarks in the same order, LPS, mm; at least three that are not on a line.
    allow_scale : bool
        Allow a uniform scale.  A reflection is never made.

    Returns
    -------
    Alignment
        From ``moving`` to ``fixed``.

    Raises
    ------
    ValueError
        The shapes differ, there are fewer than three, or all lie on a line.

    References
    ----------
    Umeyama, Least-squares estimation of transformation parameters between two point patterns, IEEE
    PAMI 13, 1991, doi:10.1109/34.88573.

    Examples
    --------
    >>> corners = np.eye(3) * 10
    >>> align_landmarks(corners, corners + [1, 2, 3]).matrix[:3, 3].round(9)
    array([1., 2., 3.])
    """
    source, target = _as_landmarks("moving", moving), _as_landmarks("fixed", fixed)
    if source.shape != target.shape:
        msg = f"fixed: as many landmarks as in moving expected, {len(source)}, found {len(target)}"
        raise ValueError(msg)
    from_centre, to_centre = source.mean(axis=0), target.mean(axis=0)
    p, q = source - from_centre, target - to_centre
    u, sizes, vt = np.linalg.svd(q.T @ p)
    sign = np.array([1.0, 1.0, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    turn = (u * sign) @ vt
    scale = float((sizes * sign).sum() / (p**2).sum()) if allow_scale else 1.0
    matrix = np.eye(4)
    matrix[:3, :3] = scale * turn
    matrix[:3, 3] = to_centre - scale * turn @ from_centre
    rest = q - scale * p @ turn.T
    rms_mm = float(np.sqrt((rest**2).sum(axis=1).mean()))
    return Alignment(
        matrix=frozen(matrix, dtype=np.float64),
        scale=scale,
        rms_mm=rms_mm,
        rms_all_mm=rms_mm,
        n_pairs=len(source),
        n_iterations=1,
        is_settled=True,
    )


def align_icp(
    moving: Mesh,
    fixed: Mesh,
    *,
    start: ArrayLike | None = None,
    kept_fraction: float = 0.9,
    max_iterations: int = 100,
    tolerance_mm: float = 1e-4,
    max_points: int = 20_000,
) -> Alignment:
    """Return the rigid transform that lays one surface on another.

    Parameters
    ----------
    moving, fixed : Mesh
        Both with at least one face.
    start : (4, 4) array_like, optional
        A first guess, rigid; from landmarks, say; the nearest minimum is found.  Left out, several
        are tried: as the surfaces lie, centre on centre, and their principal axes on each other.
        Surfaces that overlap in part and lie far apart need one.
    kept_fraction : float
        Part of the points, the closest, that decides: less where the surfaces overlap in part.
    max_iterations : int
        Stop after so many.
    tolerance_mm : float
        Stop when an iteration moves no point farther.
    max_points : int
        Vertices of ``moving`` that are used, spread evenly over their order.

    Returns
    -------
    Alignment
        From ``moving`` to ``fixed``.  Its findings say when it is not the only one that fits.

    Raises
    ------
    MeshError
        A mesh has no faces.
    ValueError
        A number is out of range, or ``start`` is not rigid.

    Notes
    -----
    Of several starts, those count whose kept pairs fit as well as the best; among them wins the one
    with the least residual of *all* pairs, so that what trimming leaves out still says which way a
    nearly symmetric shape is turned.  Where surfaces overlap as they lie, the pose next to that wins
    unless another fits clearly better.

    References
    ----------
    Besl and McKay, A method for registration of 3-D shapes, IEEE PAMI 14, 1992,
    doi:10.1109/34.121791.
    Chetverikov et al., The trimmed iterative closest point algorithm, 2002,
    doi:10.1109/ICPR.2002.1047997.

    Examples
    --------
    >>> corner = Mesh(
    ...     vertices=[[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> align_icp(corner, corner).rms_mm < 1e-9
    True
    """
    need("moving", moving, Mesh)
    for name, mesh in (("moving", moving), ("fixed", fixed)):
        if not len(mesh.faces):
            msg = f"{name}: at least one face expected, found none"
            raise MeshError(msg)
    if not 0 < kept_fraction <= 1:
        msg = f"kept_fraction: above 0 and at most 1 expected, found {kept_fraction}"
        raise ValueError(msg)
    if max_iterations < 1 or max_points < 3 or not tolerance_mm >= 0:
        msg = "max_iterations, max_points, tolerance_mm: at least 1, 3 and 0 expected"
        raise ValueError(msg)
    used = np.unique(moving.faces)
    chosen = used[np.linspace(0, len(used) - 1, min(max_points, len(used))).astype(np.intp)]
    starts = first_guesses(moving, fixed) if start is None else _as_rigid(start)[None]
    points = frozen(moving.vertices[chosen], dtype=np.float64)
    fits = _progress.run(
        lambda progress: _native.fit_points(
            points=points,
            vertices=fixed.vertices,
            faces=fixed.faces,
            kinds=fixed.kinds,
            starts=np.ascontiguousarray(starts),
            n_iterations=max_iterations,
            kept_fraction=kept_fraction,
            tolerance_mm=tolerance_mm,
            progress=progress,
        ),
        title="aligning",
    )
    size = spread_mm(moving)
    near = 0 if start is not None or _overlap(moving, fixed) else None
    best, findings = _best(fits, slack_mm=max(tolerance_mm, _SLACK * size), near=near)
    matrix, facts = fits[best]
    matrix.flags.writeable = False
    return Alignment(
        matrix=matrix,
        scale=1.0,
        n_pairs=int(np.ceil(len(chosen) * kept_fraction)),
        findings=findings,
        **facts,
    )


def _overlap(moving: Mesh, fixed: Mesh) -> bool:
    """Whether the middle of each lies within the bounds of the other."""
    boxes = [mesh.vertices[np.unique(mesh.faces)] for mesh in (moving, fixed)]
    bounds = [(box.min(axis=0), box.max(axis=0)) for box in boxes]
    middles = [(low + high) / 2 for low, high in bounds]
    return all(
        bool(((low <= middle) & (middle <= high)).all())
        for (low, high), middle in zip(bounds, reversed(middles), strict=True)
    )


def _best(
    fits: Sequence[tuple[NDArray[np.float64], dict[str, Any]]], *, slack_mm: float, near: int | None
) -> tuple[int, tuple[Finding, ...]]:
    """Return which fit wins, and what is to be said about it."""
    kept = np.array([facts["rms_mm"] for _, facts in fits])
    whole = np.array([facts["rms_all_mm"] for _, facts in fits])
    fitting = np.flatnonzero(kept <= _AS_WELL * kept.min() + slack_mm)
    best = int(fitting[np.argmin(whole[fitting])])
    if near is not None and near in fitting and whole[near] <= _CLEARLY * whole[best] + slack_mm:
        best = near
    findings = []
    rivals = [
        int(n) for n in fitting if n != best and whole[n] <= _CLEARLY * whole[best] + slack_mm
    ]
    if rivals:
        turn = fits[rivals[0]][0][:3, :3] @ fits[best][0][:3, :3].T
        angle = float(np.degrees(np.arccos(np.clip((np.trace(turn) - 1) / 2, -1, 1))))
        findings.append(
            Finding(
                code="alignment_ambiguous",
                verdict=Verdict.UNPROVEN,
                message=(
                    f"Another pose, turned by {angle:.0f} degrees from this one, fits about as well: "
                    f"{whole[rivals[0]]:.3g} mm against {whole[best]:.3g} mm; give start from landmarks."
                ),
                measured=angle,
                unit="deg",
            )
        )
    if whole[best] > _FAR_OFF * kept[best] + 10 * slack_mm:
        findings.append(
            Finding(
                code="alignment_left_out",
                verdict=Verdict.UNPROVEN,
                message=(
                    f"The points that did not decide are far off: {whole[best]:.3g} mm RMS with them, "
                    f"{kept[best]:.3g} mm without; the surfaces differ there, or the pose is wrong."
                ),
                measured=float(whole[best]),
                unit="mm",
            )
        )
    return best, tuple(findings)


def _as_landmarks(name: str, points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 3 or len(array) < 3 or not np.isfinite(array).all():
        msg = f"{name}: at least three finite points (n, 3) expected, found shape {array.shape}"
        raise ValueError(msg)
    spread = np.linalg.svd(array - array.mean(axis=0), compute_uv=False)
    if spread[1] <= 1e-9 * spread[0] or spread[0] == 0:
        msg = f"{name}: points that are not all on a line expected, found {len(array)} that are"
        raise ValueError(msg)
    return array


def _as_rigid(start: ArrayLike | None) -> NDArray[np.float64]:
    matrix = np.eye(4) if start is None else np.asarray(start, dtype=np.float64)
    if matrix.shape != (4, 4) or not np.isfinite(matrix).all():
        msg = f"start: finite numbers of shape (4, 4) expected, found shape {matrix.shape}"
        raise ValueError(msg)
    turn = matrix[:3, :3]
    is_rigid = np.allclose(turn @ turn.T, np.eye(3), atol=1e-6) and np.linalg.det(turn) > 0
    if not is_rigid or not np.array_equal(matrix[3], [0, 0, 0, 1]):
        msg = "start: a rotation and a shift expected, found another matrix"
        raise ValueError(msg)
    return frozen(matrix, dtype=np.float64)
