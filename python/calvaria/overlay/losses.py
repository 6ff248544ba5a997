"""Why a mesh lacks surface that the image has: the cause that speaks from the place, with evidence."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria.overlay.places import Place
from calvaria.overlay.rims import values_at

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh
    from calvaria.volume import Volume

__all__ = ["LossClues", "LostCause", "LostPlace", "Scene", "explain_loss", "explained", "island"]

_SAMPLES = 200
_DEPTH_MM = 8.0
_STEP_MM = 0.25
_MOST = 0.5
# A rim that leaves its plane by no more, or by half a voxel, is flat; it must reach so far along both of
# its directions.
_FLAT_MM = 0.35
_FLAT_VOXELS = 0.5
_LEAST_SPAN_MM = 3.0
_ALL = 0.995
_ALONG = 0.999
# A wall this many blurs thick at a level reaches its own value: then it is the level that is wrong.
_THIN_SIGMAS = 4.0
# Wider than this, an opening of the mesh is no hole; as for find_holes.
_HOLE_MM = 16.0
_AROUND = 0.8
_SECTORS = 16


class LostCause(Enum):
    """What took surface from a mesh.  Values go into reports as they are."""

    FIELD_OF_VIEW = "cut field of view"
    THIN_BONE = "thin bone under the level"
    WRONG_LEVEL = "wrong level"
    CLOSED = "hole or hollow that was closed"
    PLANE = "cut by a plane"
    MASK = "cut by a mask or by hand"
    HOLE = "hole in the mesh"
    ISLAND = "part that was removed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class LostPlace(Place):
    """A place where the mesh lacks surface, and why.

    Parameters
    ----------
    centre_lps_mm : tuple of float
        Where it is.
    area_mm2, extent_mm : float
        How large it is, and from end to end.
    worst_mm, mean_mm : float
        Largest and mean distance to the mesh.
    cause : LostCause
        Why.
    why : str
        The evidence in a sentence.
    evidence : dict
        The same as numbers: the fields of :class:`LossClues`.
    """

    cause: LostCause
    why: str
    evidence: dict[str, float | bool | None]

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        evidence = {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in self.evidence.items()
        }
        return {**dataclasses.asdict(self), "cause": self.cause.value, "evidence": evidence}


@dataclass(frozen=True, slots=True, kw_only=True)
class LossClues:
    """What image and mesh show at a lost place.

    Parameters
    ----------
    border_fraction : float
        Share of it within one and a half voxels of the border of the image.
    highest_hu, wall_mm : float
        Medians of the highest value of the wall under it, and of how thick the wall is at the level of
        the look, at most 8 mm.
    mesh_level_hu, sigma_mm : float
        The level at which the mesh was drawn, and the blur of the scan.
    under_fraction : float
        Share of it where the wall nowhere reaches the level of the mesh.
    inside_fraction : float
        Share of it that lies inside the mesh.
    rim_rms_mm : float or None
        How far the nearest points of the mesh lie off one plane; None where they make up none.
    is_along_grid : bool
        Whether that plane runs along the slices, rows or columns of the image.
    mesh_before_fraction : float
        Share of the faces of the mesh that lie on one side of that plane, away from the place.
    place_beyond_fraction : float
        Share of the place that lies on the other side.
    open_fraction : float
        Share of it whose nearest point is on an open rim of the mesh.
    around_fraction : float
        Share of the directions from its middle in which the mesh goes on.
    diameter_mm : float
        Of the circle of the same area.
    """

    border_fraction: float
    highest_hu: float
    wall_mm: float
    mesh_level_hu: float
    sigma_mm: float
    under_fraction: float
    inside_fraction: float
    rim_rms_mm: float | None
    is_along_grid: bool
    mesh_before_fraction: float
    place_beyond_fraction: float
    open_fraction: float
    around_fraction: float
    diameter_mm: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What is the same for all lost places."""

    mesh: Mesh
    volume: Volume
    iso_hu: float
    reach_mm: float
    mesh_level_hu: float
    sigma_mm: float

    @property
    def flat_mm(self) -> float:
        """Return how far a flat rim may leave its plane: faces are about as large as voxels."""
        return max(_FLAT_MM, _FLAT_VOXELS * max(self.volume.grid.spacing_xyz_mm))


def explain_loss(
    clues: LossClues, *, iso_hu: float, flat_mm: float = _FLAT_MM
) -> tuple[LostCause, str]:
    """Return the first cause that the clues speak for, and why."""
    is_flat = clues.rim_rms_mm is not None and clues.rim_rms_mm <= flat_mm
    is_cut = is_flat and clues.place_beyond_fraction >= 1 - _MOST / 5
    is_ringed = clues.open_fraction > 0 and clues.around_fraction >= _AROUND
    at = f"{clues.highest_hu:.0f} at most, the mesh was drawn at {clues.mesh_level_hu:.0f}"
    flat = f"the mesh ends in a plane, within {clues.rim_rms_mm or 0:.2f} mm"
    rows = (
        (
            clues.border_fraction >= _MOST,
            LostCause.FIELD_OF_VIEW,
            f"{100 * clues.border_fraction:.0f} % of it lie at the border of the image",
        ),
        (
            clues.under_fraction >= _MOST and clues.wall_mm <= _THIN_SIGMAS * clues.sigma_mm,
            LostCause.THIN_BONE,
            f"a wall of {clues.wall_mm:.1f} mm at {iso_hu:.0f} reaches {at}: blur of "
            f"{clues.sigma_mm:.2f} mm takes its height",
        ),
        (
            clues.under_fraction >= _MOST,
            LostCause.WRONG_LEVEL,
            f"a wall of {clues.wall_mm:.1f} mm, thick enough to reach its own value, reaches {at}",
        ),
        (
            clues.inside_fraction >= _MOST,
            LostCause.CLOSED,
            f"{100 * clues.inside_fraction:.0f} % of it lie inside the mesh, which runs over it",
        ),
        (
            is_ringed and clues.diameter_mm <= _HOLE_MM,
            LostCause.HOLE,
            f"an open rim of the mesh runs around {100 * clues.around_fraction:.0f} % of it",
        ),
        (
            is_cut and clues.is_along_grid and clues.mesh_before_fraction >= _ALL,
            LostCause.FIELD_OF_VIEW,
            f"{flat} along the slices of the image and has nothing beyond: it was made of a smaller "
            "part of the image",
        ),
        (is_cut, LostCause.PLANE, f"{flat} that the slices of the image do not share"),
        (
            clues.rim_rms_mm is not None,
            LostCause.MASK,
            f"the image goes on, and the mesh ends along a line {clues.rim_rms_mm or 0:.1f} mm off any "
            "plane",
        ),
    )
    for is_so, cause, why in rows:
        if is_so:
            return cause, why
    return LostCause.UNKNOWN, f"the image has a wall of {clues.wall_mm:.1f} mm there"


def explained(
    places: list[tuple[Place, NDArray[np.float64], NDArray[np.float64]]], scene: Scene
) -> list[LostPlace]:
    """Return places with their causes; each comes with its samples in the image and their normals."""
    if not places:
        return []
    some = [slice(None, None, max(1, len(points) // _SAMPLES)) for _, points, _ in places]
    chosen = [points[one] for one, (_, points, _) in zip(some, places, strict=True)]
    mesh = scene.mesh
    query = frozen(np.concatenate(chosen), dtype=np.float64)
    closest, distance, _ = _native.closest_points(mesh.vertices, mesh.faces, mesh.kinds, query)
    offset, is_open = _native.offsets_from_mesh(mesh.vertices, mesh.faces, mesh.kinds, query)
    found, first = [], 0
    for (place, _, normals), points, one in zip(places, chosen, some, strict=True):
        own = slice(first, first + len(points))
        first += len(points)
        beside = _Beside(
            points, normals[one], closest[own], distance[own], offset[own], is_open[own]
        )
        clues = _clues(place, beside, scene)
        cause, why = explain_loss(clues, iso_hu=scene.iso_hu, flat_mm=scene.flat_mm)
        found.append(_placed(place, cause, why, dataclasses.asdict(clues)))
    return found


def island(place: Place, *, volume_mm3: float) -> LostPlace:
    """Return a part of the image that the mesh does not touch, with what it is."""
    facts: dict[str, float | bool | None] = {"volume_mm3": volume_mm3}
    if volume_mm3 < 0:
        why = f"a hollow of {-volume_mm3:.0f} mm3 in the bone, of which the mesh has no wall"
        return _placed(place, LostCause.CLOSED, why, facts)
    why = f"a part of its own of {volume_mm3:.0f} mm3 that the mesh does not touch"
    return _placed(place, LostCause.ISLAND, why, facts)


def _placed(
    place: Place, cause: LostCause, why: str, facts: dict[str, float | bool | None]
) -> LostPlace:
    values = {field.name: getattr(place, field.name) for field in dataclasses.fields(place)}
    return LostPlace(**values, cause=cause, why=why, evidence=facts)


@dataclass(frozen=True, slots=True)
class _Beside:
    """Samples of a lost place, and what the mesh has nearest to them."""

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    closest: NDArray[np.float64]
    distance: NDArray[np.float64]
    offset: NDArray[np.float64]
    is_open: NDArray[np.bool_]


def _clues(place: Place, beside: _Beside, scene: Scene) -> LossClues:
    grid, points, closest = scene.volume.grid, beside.points, beside.closest
    index = grid.ijk_from_lps_mm(points)
    last = np.array(grid.dims_ijk) - 1
    highest, wall = _walls(points, beside.normals, scene)
    # What the mesh nearest to the place looks like: its own rim there.
    near = beside.distance <= max(2.5 * scene.reach_mm, float(np.quantile(beside.distance, 0.3)))
    plane = _plane(closest[near])
    rms: float | None = None
    is_along, before, past = False, 0.0, 0.0
    if plane is not None:
        rms, middle, normal = plane
        normal = normal if (points.mean(axis=0) - middle) @ normal >= 0 else -normal
        is_along = _is_along_grid(normal, scene)
        slack = max(scene.flat_mm, 3 * rms)
        corners = scene.mesh.vertices[scene.mesh.faces[:, 0]]
        before = float(((corners - middle) @ normal <= slack).mean())
        past = float(((points - middle) @ normal >= -slack).mean())
    return LossClues(
        border_fraction=float(((index < 1.5) | (index > last - 1.5)).any(axis=1).mean()),
        highest_hu=float(np.median(highest)),
        wall_mm=float(np.median(wall)),
        mesh_level_hu=scene.mesh_level_hu,
        sigma_mm=scene.sigma_mm,
        under_fraction=float((highest < scene.mesh_level_hu).mean()),
        inside_fraction=float(((beside.offset < 0) & ~beside.is_open).mean()),
        rim_rms_mm=rms,
        is_along_grid=is_along,
        mesh_before_fraction=before,
        place_beyond_fraction=past,
        open_fraction=float(beside.is_open.mean()),
        around_fraction=_around(points, closest[beside.is_open]),
        diameter_mm=2 * math.sqrt(place.area_mm2 / math.pi),
    )


def _walls(
    points: NDArray[np.float64], normals: NDArray[np.float64], scene: Scene
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the highest value of the wall under each point, and how thick it is at the level."""
    depth = np.arange(_STEP_MM, _DEPTH_MM + _STEP_MM / 2, _STEP_MM)
    places = points[:, None] - depth[None, :, None] * normals[:, None]
    values = values_at(scene.volume, places.reshape(-1, 3)).reshape(len(points), len(depth))
    # The first steps may lie on the level still: a wall ends where it falls below it after them.
    is_wall = np.nan_to_num(values, nan=-np.inf) >= scene.iso_hu
    is_wall[:, 0] = True
    in_wall = np.logical_and.accumulate(is_wall, axis=1)
    highest = np.where(in_wall, np.nan_to_num(values, nan=-np.inf), -np.inf).max(axis=1)
    return np.maximum(highest, scene.iso_hu), in_wall.sum(axis=1) * _STEP_MM


def _plane(
    points: NDArray[np.float64],
) -> tuple[float, NDArray[np.float64], NDArray[np.float64]] | None:
    """Return how far points lie off their plane, a point of it and its normal; None for a line."""
    kept = points
    for _ in range(3):
        if len(kept) < 8:
            return None
        middle = kept.mean(axis=0)
        _, sizes, axes = np.linalg.svd(kept - middle, full_matrices=False)
        if sizes[1] / np.sqrt(len(kept)) < _LEAST_SPAN_MM / 2:
            return None
        off = np.abs((points - middle) @ axes[2])
        kept = points[off <= max(3 * float(np.median(off)), 0.05)]
    # The greater part must lie in it, not the nearest few.
    off = np.sort(np.abs((points - middle) @ axes[2]))[: int(np.ceil(0.8 * len(points)))]
    return float(np.sqrt((off**2).mean())), middle, axes[2]


def _is_along_grid(normal: NDArray[np.float64], scene: Scene) -> bool:
    steps = scene.volume.grid.lps_from_ijk[:3, :3]
    # Planes of constant index are across the rows of the inverse.
    across = np.linalg.inv(steps)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    return bool(np.abs(across @ normal).max() >= _ALONG)


def _around(points: NDArray[np.float64], closest: NDArray[np.float64]) -> float:
    """Return the share of directions from the middle of a place in which the mesh goes on."""
    if len(closest) < _SECTORS // 2:
        return 0.0
    middle = points.mean(axis=0)
    from_mean = closest - closest.mean(axis=0)
    _, axes = np.linalg.eigh(from_mean.T @ from_mean)
    u, v = ((closest - middle) @ axes[:, 1:]).T
    sector = ((np.arctan2(v, u) / (2 * np.pi) + 0.5) * _SECTORS).astype(np.int64) % _SECTORS
    return len(np.unique(sector)) / _SECTORS
