"""Holes through the wall of a bone and hollows in it: how wide, and what made them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria.geometry import Grid
from calvaria.overlay.edges import edges_beside
from calvaria.segment import closing, find_parts, threshold
from calvaria.surface import extract_surface
from calvaria.volume import Mask

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh
    from calvaria.volume import Volume

__all__ = ["WallHole", "find_wall_holes"]

# A ball that closes a hole dips into it; larger ones dip less, but close more of the shape.
_RADII_MM = (2.5, 4.0, 7.0, 12.0, 22.0)
_MARGIN = 3
_METAL_HU = 2900.0
_METAL_REACH_MM = 30.0
_LEAST_VOXELS = 4
_ROUNDS = 3
_BLUR_SAMPLES = 4000


@dataclass(frozen=True, slots=True, kw_only=True)
class WallHole:
    """A hole.

    Parameters
    ----------
    diameter_mm : float
        Of the largest ball that fits into it, to the surface drawn at the level; the way that blur
        moves a round rim inwards is taken out.
    centre_lps_mm : tuple of float
        Where that ball lies, LPS, mm.
    kind : {"through", "hollow"}
        Whether it opens to both sides of a wall, or is closed all around.
    cause : str
        ``"metal"``: darker than soft tissue, with metal near: a void of the reduction of metal
        artefacts.  ``"thin bone"``: filled with something between soft tissue and the level: bone too
        thin, or too poor, to reach it.  ``"field of view"``: at the border of the image.
        ``"opening"``: soft tissue or air, as in a foramen, a burr hole or a sinus.
    evidence : str
        What was seen.
    value_hu : float
        Median value in its middle.
    metal_mm : float or None
        Distance to the nearest metal, where there is some within 30 mm.
    """

    diameter_mm: float
    centre_lps_mm: tuple[float, float, float]
    kind: str
    cause: str
    evidence: str
    value_hu: float
    metal_mm: float | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return dataclasses.asdict(self)


def find_wall_holes(
    volume: Volume,
    *,
    iso_hu: float,
    soft_hu: float = 50.0,
    max_diameter_mm: float = 16.0,
    within: Mask | None = None,
) -> tuple[WallHole, ...]:
    """Find holes through bone, and hollows in it, that a mesh at this level will have.

    Parameters
    ----------
    volume : Volume
        A CT in HU.
    iso_hu : float
        The level.
    soft_hu : float
        Value of the tissue around the bone.
    max_diameter_mm : float
        Wider openings are left out.
    within : Mask, optional
        Which bone.

    Returns
    -------
    tuple of WallHole
        The widest first.

    Notes
    -----
    What balls of four sizes close, less the bone, is a plug; one that meets the outside in two or more
    separate places stops a hole, one that meets it nowhere fills a hollow.
    """
    bone = threshold(volume, lower_hu=iso_hu, within=within)
    mesh = extract_surface(volume, iso_hu=iso_hu, within=within)
    blur_mm = _blur_mm(mesh, volume)
    metal = np.argwhere(volume.values >= _METAL_HU)[:, ::-1]
    metal_mm = volume.grid.lps_mm_from_ijk(metal[:: max(1, len(metal) // 20_000)])
    found: list[WallHole] = []
    for radius in _RADII_MM:
        plug = _plugs(bone, radius)
        if not plug.n_voxels:
            continue
        labels = find_parts(plug, connectivity=6).mask.values
        for number, box in _boxes(labels):
            kind = _kind(labels[box] == number, bone.values[box])
            if kind is None:
                continue
            hole = _hole(volume, mesh, labels, number, box, kind, iso_hu, soft_hu, metal_mm, blur_mm)
            is_new = all(
                np.linalg.norm(np.subtract(hole.centre_lps_mm, other.centre_lps_mm))
                > (hole.diameter_mm + other.diameter_mm) / 2
                for other in found
            )
            if hole.diameter_mm <= max_diameter_mm and is_new:
                found.append(hole)
    return tuple(sorted(found, key=lambda hole: -hole.diameter_mm))


def _plugs(bone: Mask, radius: float) -> Mask:
    """Return what a ball closes; the image is widened, for a ball must fit beside its border too."""
    pad = [int(np.ceil(radius / mm)) + 2 for mm in bone.grid.spacing_zyx_mm]
    wide = np.pad(bone.values.astype(np.bool_), [(n, n) for n in pad])
    affine = bone.grid.lps_from_ijk.copy()
    affine[:3, 3] -= affine[:3, :3] @ np.array(pad[::-1], dtype=np.float64)
    grid = Grid(dims_ijk=wide.shape[::-1], lps_from_ijk=affine)
    closed = closing(Mask(values=wide, grid=grid), radius_mm=radius).values
    inside = closed[tuple(slice(n, -n) for n in pad)]
    return Mask(values=inside & ~bone.values, grid=bone.grid)


def _boxes(labels: NDArray[Any]) -> list[tuple[int, tuple[slice, slice, slice]]]:
    """Return each part with the box around it and a margin, in the order of the labels."""
    place = np.argwhere(labels)
    number = labels[tuple(place.T)]
    order = np.argsort(number, kind="stable")
    ends = np.flatnonzero(np.diff(number[order])) + 1
    boxes = []
    for one in np.split(order, ends):
        if len(one) < _LEAST_VOXELS:
            continue
        low, high = place[one].min(axis=0) - _MARGIN, place[one].max(axis=0) + _MARGIN + 1
        k, j, i = (slice(max(a, 0), b) for a, b in zip(low.tolist(), high.tolist(), strict=True))
        boxes.append((int(number[one[0]]), (k, j, i)))
    return boxes


def _kind(plug: NDArray[np.bool_], bone: NDArray[np.bool_]) -> str | None:
    """Return what a plug stops: it meets the outside twice, nowhere, or once (a pit, no hole)."""
    near = plug.copy()
    for axis in range(3):
        for way in (1, -1):
            rolled = np.roll(plug, way, axis=axis)
            edge = [slice(None)] * 3
            edge[axis] = slice(0, 1) if way == 1 else slice(-1, None)
            rolled[tuple(edge)] = False
            near |= rolled
    rim = near & ~plug & ~bone
    if not rim.any():
        return "hollow"
    grid = Grid(dims_ijk=rim.shape[::-1], lps_from_ijk=np.eye(4))
    sizes = [part.n_voxels for part in find_parts(Mask(values=rim, grid=grid)).parts]
    return "through" if sum(size >= 2 for size in sizes) >= 2 else None


def _hole(
    volume: Volume,
    mesh: Mesh,
    labels: NDArray[Any],
    number: int,
    box: tuple[slice, slice, slice],
    kind: str,
    iso_hu: float,
    soft_hu: float,
    metal_mm: NDArray[np.float64],
    blur_mm: float,
) -> WallHole:
    kji = np.argwhere(labels[box] == number) + [one.start for one in box]
    points = volume.grid.lps_mm_from_ijk(kji[:, ::-1])
    centre, radius, inner = _largest_ball(
        mesh, points, 0.87 * max(volume.grid.spacing_xyz_mm)
    )
    middle = kji[inner]
    value = float(np.median(volume.values[tuple(middle.T)]))
    gap = None
    if len(metal_mm):
        nearest = float(np.sqrt(((metal_mm - centre) ** 2).sum(axis=1).min()))
        gap = nearest if nearest <= _METAL_REACH_MM else None
    at_border = bool(
        ((kji <= 0) | (kji >= np.array(volume.grid.shape_kji) - 1)).any()
    )
    thin = soft_hu + 0.2 * (iso_hu - soft_hu)
    if at_border:
        cause, evidence = "field of view", "it lies at the border of the image"
    elif value >= thin:
        cause, evidence = "thin bone", f"{value:.0f} HU in its middle, between soft tissue and the level"
    elif gap is not None and value < soft_hu - 100:
        cause, evidence = "metal", f"{value:.0f} HU, darker than soft tissue, metal {gap:.0f} mm away"
    else:
        cause, evidence = "opening", f"{value:.0f} HU in its middle"
    x, y, z = centre.tolist()
    return WallHole(
        diameter_mm=2 * _unblurred_mm(radius, blur_mm, kind),
        centre_lps_mm=(x, y, z),
        kind=kind,
        cause=cause,
        evidence=evidence,
        value_hu=value,
        metal_mm=gap,
    )


def _unblurred_mm(radius: float, blur_mm: float, kind: str) -> float:
    """Return the radius before blur moved the rim inwards, as it does with every hollow."""
    bends = 2 if kind == "hollow" else 1
    return float(radius + np.sqrt(radius**2 + 2 * bends * blur_mm**2)) / 2


def _blur_mm(mesh: Mesh, volume: Volume) -> float:
    points, normals, *_ = _native.sample_surface(
        mesh.vertices, mesh.faces, mesh.kinds, _BLUR_SAMPLES
    )
    return float(np.mean(edges_beside(points, normals, volume)["blur_mm"])) if len(points) else 0.0


def _largest_ball(
    mesh: Mesh, points: NDArray[np.float64], step_mm: float
) -> tuple[NDArray[np.float64], float, NDArray[np.intp]]:
    """Return middle and radius of the largest ball between the walls, and the points in its core."""

    def room(at: NDArray[np.float64]) -> NDArray[np.float64]:
        places = frozen(at, dtype=np.float64)
        return _native.closest_points(mesh.vertices, mesh.faces, mesh.kinds, places)[1]

    gaps = room(points)
    inner = np.flatnonzero(gaps >= 0.7 * gaps.max())
    best, step = points[int(np.argmax(gaps))], step_mm
    grid = np.stack(np.meshgrid(*[np.linspace(-1, 1, 5)] * 3, indexing="ij"), -1).reshape(-1, 3)
    radius = float(gaps.max())
    for _ in range(_ROUNDS):
        step /= 2
        near = best + grid * step
        # A ball that slips out of the wall finds more room, but is in no hole.
        kept = np.linalg.norm(near - points[int(np.argmax(gaps))], axis=1) <= step_mm
        wide = room(near[kept])
        if wide.max() > radius:
            best, radius = near[kept][int(np.argmax(wide))], float(wide.max())
    return best, radius, inner
