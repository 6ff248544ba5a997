"""In which frame and unit a mesh was written: what fits the image best, and why."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._html import html_table
from calvaria.errors import MeshError, SegmentationError
from calvaria.mesh import Mesh, flip_mesh, transform_mesh
from calvaria.overlay._asked import mesh_and_image
from calvaria.overlay.edges import edges_beside
from calvaria.overlay.metrics import EdgeStatus
from calvaria.segment import bone_level, threshold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from calvaria.volume import Volume

__all__ = ["FrameMatch", "identify_frame"]

_SAMPLES = 3000
_NEAR_MM = 1.5
_SEARCH_MM = 2.5
# A frame that fits so much of the surface is not doubted; below the second, none fits.  Where the mesh
# was laid on the bone first, much of it lies near something; more is asked.
_SURE = 0.8
_LEAST = 0.4
_LEAST_MOVED = 0.7
# Of two frames that fit, one is the better when its offsets scatter clearly less; else either may be.
_AS_WELL = 0.05
_CLEARER = 0.6
_SAME_SPREAD_MM = 0.05
_UNITS = {"centimetres": 10.0, "metres": 1000.0, "inches": 25.4, "micrometres": 1e-3}
_TURNS = {"RAS": (-1.0, -1.0, 1.0)}
_MIRRORS = {"left-right": 0, "front-back": 1, "head-foot": 2}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FrameMatch:
    """The frame and unit that explain a mesh.

    Parameters
    ----------
    name : str
        ``"LPS mm"`` where nothing is wrong; else what the mesh was taken for, such as ``"RAS mm"``,
        ``"LPS inches"``, ``"mirrored left-right"``, ``"turned inside out"`` or ``"moved"``;
        ``"unknown"`` where nothing fits.
    fraction : float
        Share of the surface with an edge within 1.5 mm in that frame.
    as_given_fraction : float
        The same, taken as it is: LPS mm.
    scores : dict of str to float
        Every frame that was tried.
    matrix : (4, 4) ndarray of float64
        From the mesh as given to LPS mm.
    is_inside_out : bool
        Whether its faces look inwards, as those of a mesh that was mirrored point by point do.
    rival : str or None
        Another frame that fits as well: the body is too symmetric to tell.
    """

    name: str
    fraction: float
    as_given_fraction: float
    scores: dict[str, float]
    matrix: NDArray[np.float64]
    is_inside_out: bool = False
    rival: str | None = None

    @property
    def moved_by_lps_mm(self) -> tuple[float, float, float] | None:
        """About how far a moved mesh lies from the bone, LPS; None where it was not moved.

        :func:`fit_pose` tells the rest.
        """
        if not self.name.startswith("moved"):
            return None
        x, y, z = (-self.matrix[:3, 3]).tolist()
        return x, y, z

    @property
    def is_as_given(self) -> bool:
        """Whether the mesh is LPS mm, as every mesh of calvaria."""
        return self.name == "LPS mm"

    @property
    def why(self) -> str:
        """One sentence of evidence."""
        given = f"{100 * self.as_given_fraction:.0f} %"
        if self.is_as_given:
            others = {name: score for name, score in self.scores.items() if name != self.name}
            rest = ""
            if others:
                second = max(others, key=lambda name: others[name])
                rest = f"; the next best, {second}, for {100 * others[second]:.0f} %"
            if self.rival:
                rest += "; the body is too symmetric to tell the two apart"
            return (
                f"as LPS mm {given} of the surface lie within 1.5 mm of an edge in the image{rest}"
            )
        if self.name == "unknown":
            best = max(self.scores, key=lambda name: self.scores[name])
            rest = f"; of the others {best} fits best, {100 * self.scores[best]:.0f} %, too little"
            return (
                f"as LPS mm {given} of the surface lie near an edge, which is too little"
                f"{rest if best != 'LPS mm' else ', and no other frame fits better'}"
            )
        moved = self.moved_by_lps_mm
        by = ""
        if moved is not None:
            x, y, z = moved
            by = f" by about {math.hypot(*moved):.1f} mm, LPS ({x:.1f}, {y:.1f}, {z:.1f}),"
        return (
            f"as LPS mm {given} of the surface lie within 1.5 mm of an edge in the image, "
            f"as {self.name}{by} {100 * self.fraction:.0f} %"
        )

    def applied(self, mesh: Mesh) -> Mesh:
        """Return the mesh in LPS mm; faces stay outwards."""
        if self.is_as_given:
            return mesh
        outwards = flip_mesh(mesh) if self.is_inside_out else mesh
        return transform_mesh(outwards, matrix=self.matrix)

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            "name": self.name,
            "fraction": self.fraction,
            "as_given_fraction": self.as_given_fraction,
            "scores": dict(self.scores),
            "matrix": self.matrix.tolist(),
            "is_inside_out": self.is_inside_out,
            "moved_by_lps_mm": self.moved_by_lps_mm,
            "rival": self.rival,
            "why": self.why,
        }

    def __repr__(self) -> str:
        return f"FrameMatch({self.name}: {self.why})"

    def _repr_html_(self) -> str:
        rows = [(name, f"{100 * score:.0f} %") for name, score in self.scores.items()]
        return html_table(header=("frame", "surface near an edge"), rows=rows, caption=repr(self))


def identify_frame(mesh: Mesh, volume: Volume) -> FrameMatch:
    """Find in which frame and unit a mesh was written, by what fits the image.

    Tried are LPS and RAS, in millimetres, centimetres, metres, inches and micrometres; mirror images
    left-right, front-back and head-foot, about the origin and about the middle of the mesh; faces
    turned inside out; and the mesh moved onto the bone in the image.

    Parameters
    ----------
    mesh : Mesh
        Whatever a file held.
    volume : Volume
        The image.

    Returns
    -------
    FrameMatch
        What fits best, with the scores of all.  As given it is taken whenever that fits as well; a
        body so symmetric that RAS fits as well is said in ``rival``.  A frame that fits less than 40 %
        of the surface (70 % once the mesh was moved) is not named: ``"unknown"``.

    Raises
    ------
    MeshError
        The mesh has no imaged faces with an area.

    Examples
    --------
    >>> from calvaria import extract_surface, phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> body = phantom.sphere(centre_lps_mm=(4.0, -3.0, 2.0), radius_mm=8.0)
    >>> ball = phantom.scan(body, scanner=scanner)
    >>> mesh = extract_surface(ball, iso_hu=0.0)
    >>> identify_frame(transform_mesh(mesh, matrix=np.diag([-1.0, -1.0, 1.0, 1.0])), ball).name
    'RAS mm'
    """
    mesh_and_image(mesh, volume)
    points, normals, *_ = _native.sample_surface(mesh.vertices, mesh.faces, mesh.kinds, _SAMPLES)
    if not len(points):
        msg = "mesh: faces that were imaged expected, found none with an area"
        raise MeshError(msg)
    given, spread = _fit(points, normals, volume)
    spreads = {"LPS mm": spread}
    scores, matrices, turned = {"LPS mm": given}, {"LPS mm": np.eye(4)}, {"LPS mm": False}

    def take(name: str, matrix: NDArray[np.float64], *, is_turned: bool) -> None:
        placed = _moved_by(matrix, points, -normals if is_turned else normals)
        score, spread = _fit(*placed, volume)
        if score > scores.get(name, -1.0):
            scores[name], matrices[name], turned[name] = score, matrix, is_turned
            spreads[name] = spread

    if given < _SURE:
        take("turned inside out", np.eye(4), is_turned=True)
        for name, matrix in _guesses(points, volume):
            take(name, matrix, is_turned=False)
            if name.startswith("mirrored"):
                take(name, matrix, is_turned=True)
        if max(scores.values()) < _LEAST:
            for name, matrix in _moved(points, volume):
                take(name, matrix, is_turned=False)
    else:
        # A body as good as symmetric fits either way.
        take("RAS mm", np.diag([-1.0, -1.0, 1.0, 1.0]), is_turned=False)
    best, rival = _best_of(scores, spreads)
    least = _LEAST_MOVED if best.startswith("moved") else _LEAST
    name = best if scores[best] >= least else "unknown"
    return FrameMatch(
        name=name,
        fraction=scores[best],
        as_given_fraction=given,
        scores=scores,
        matrix=frozen(np.eye(4) if name == "unknown" else matrices[best], dtype=np.float64),
        is_inside_out=name != "unknown" and turned[best],
        rival=rival if name == "LPS mm" else None,
    )


def _best_of(scores: dict[str, float], spreads: dict[str, float]) -> tuple[str, str | None]:
    """Return the frame that fits best, and another that fits as well as LPS."""
    best = max(scores, key=lambda name: scores[name])
    given = scores["LPS mm"]
    # Another frame must explain clearly more than the one that is given.
    if scores[best] >= given + 0.1:
        return best, None
    if "RAS mm" not in scores or given < _SURE or scores["RAS mm"] < given - _AS_WELL:
        return "LPS mm", None
    ours, theirs = spreads["LPS mm"], spreads["RAS mm"]
    if theirs < _CLEARER * ours and ours - theirs > _SAME_SPREAD_MM:
        return "RAS mm", None
    is_clear = ours < _CLEARER * theirs and theirs - ours > _SAME_SPREAD_MM
    return "LPS mm", None if is_clear else "RAS mm"


def _moved_by(
    matrix: NDArray[np.float64], points: NDArray[np.float64], normals: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    moved = normals @ np.linalg.inv(matrix[:3, :3])
    unit = moved / np.linalg.norm(moved, axis=1, keepdims=True)
    return points @ matrix[:3, :3].T + matrix[:3, 3], unit


def _fit(
    points: NDArray[np.float64], normals: NDArray[np.float64], volume: Volume
) -> tuple[float, float]:
    """Return the share of the surface with an edge near it, and how these offsets scatter, mm."""
    index = volume.grid.ijk_from_lps_mm(points)
    is_inside = ((index >= 0) & (index <= np.array(volume.grid.dims_ijk) - 1)).all(axis=1)
    if is_inside.mean() < 0.02:
        return 0.0, math.inf
    found = edges_beside(points, normals, volume, search_mm=_SEARCH_MM)
    is_near = (found["status"] <= EdgeStatus.THIN) & (np.abs(found["offset_mm"]) <= _NEAR_MM)
    near = found["offset_mm"][is_near]
    return float(is_near.mean()), float(near.std()) if len(near) else math.inf


def _guesses(
    points: NDArray[np.float64], volume: Volume
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    for frame, signs in _TURNS.items():
        yield f"{frame} mm", np.diag([*signs, 1.0])
    for name, axis in _MIRRORS.items():
        for centre in (np.zeros(3), middle):
            matrix = np.eye(4)
            matrix[axis, axis], matrix[axis, 3] = -1.0, 2 * centre[axis]
            yield f"mirrored {name}", matrix
    longest = float(np.ptp(points, axis=0).max())
    reach = float(np.ptp(volume.grid.corners_lps_mm(), axis=0).max())
    for unit, factor in _UNITS.items():
        if 0.05 * reach <= factor * longest <= 1.5 * reach:
            yield f"LPS {unit}", np.diag([factor, factor, factor, 1.0])
            for frame, signs in _TURNS.items():
                yield f"{frame} {unit}", np.diag([*(factor * np.array(signs)), 1.0])


def _moved(
    points: NDArray[np.float64], volume: Volume
) -> Iterator[tuple[str, NDArray[np.float64]]]:
    """Lay the middle of the mesh on the middle of the bone, as it is and turned into LPS."""
    if not volume.is_hu:
        return
    try:
        bone = threshold(volume, lower_hu=bone_level(volume).separate_hu).values
    except SegmentationError:
        return
    inside = [np.flatnonzero(bone.any(axis=axes)) for axes in ((0, 1), (0, 2), (1, 2))]
    if any(not len(along) for along in inside):
        return
    low, high = (np.array([along[end] for along in inside], dtype=float) for end in (0, -1))
    target = volume.grid.lps_mm_from_ijk([(low + high) / 2])[0]
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    for name, signs in (
        ("moved", (1, 1, 1)),
        ("moved, RAS", (-1, -1, 1)),
        ("moved, mirrored", (-1, 1, 1)),
    ):
        matrix = np.diag([*np.array(signs, dtype=float), 1.0])
        matrix[:3, 3] = target - matrix[:3, :3] @ middle
        if math.isfinite(matrix.sum()):
            yield name, matrix
