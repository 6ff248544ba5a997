"""Holes through the wall of a bone and open rims of a mesh: how wide, where, and what made them."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native, _progress
from calvaria._arrays import frozen
from calvaria._html import html_table
from calvaria.errors import MeshError
from calvaria.mesh import measure_topology
from calvaria.overlay.causes import Clues, HoleCause, explain_hole
from calvaria.overlay.discs import fit_disc
from calvaria.overlay.edges import compare_to_image, edges_beside
from calvaria.overlay.rims import PROFILE_STEP_MM, Rim, measure_rim, values_at
from calvaria.segment import remove_small, threshold

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh
    from calvaria.volume import Mask, Volume

__all__ = ["BoneHole", "find_holes"]

_METAL_HU = 2900.0
_METAL_REACH_MM = 30.0
_MOST_METAL = 20_000
_BLUR_SAMPLES = 4000
_LEAST_EXTREME = 10
_CRUMB_FRACTION = 0.01
# A hole wider than so many blurs has a middle that blur does not reach.
_WIDE_SIGMAS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BoneHole:
    """A hole through a wall of bone, or an open rim of a mesh.

    Parameters
    ----------
    kind : {"through", "boundary"}
        Through the wall in the image, at the level; or a loop of open edges of the mesh.
    diameter_mm : float
        Of the circle of the same area within the edge halfway between what fills the hole and the
        wall around it, the inward pull of blur on a round rim taken out.  Of a boundary loop: of the
        circle of its own area.
    diameter_at_level_mm : float
        The same at the level, blur and all: what a mesh at this level shows.
    area_mm2 : float
        Area to ``diameter_mm``, seen along ``normal``.
    centre_lps_mm, normal : tuple of float
        Its middle, and the direction through the wall (either way).
    wall_mm : float or None
        Thickness of the bone around it.
    cause : HoleCause
        Why it is there.
    why : str
        The evidence in a sentence.
    evidence : dict
        The same as numbers: ``value_hu`` in the middle, blur from the rim taken out; ``wall_hu``
        around; ``metal_mm`` to the nearest metal within 30 mm, or None; ``closed_fraction`` of the
        directions in which bone ends it; ``extreme_fraction`` of it at the lowest or highest value of
        the image; ``roundness``, the shortest over the longest of its radii; ``at_border``,
        ``is_clipped`` (the image ends at its highest value) and ``is_hu``.
    is_open : bool
        Whether the mesh is open there too; otherwise it was closed by an edit, a fill or a wrap.
    """

    kind: str
    diameter_mm: float
    diameter_at_level_mm: float
    area_mm2: float
    centre_lps_mm: tuple[float, float, float]
    normal: tuple[float, float, float]
    wall_mm: float | None
    cause: HoleCause
    why: str
    evidence: dict[str, float | bool | None]
    is_open: bool

    def __repr__(self) -> str:
        return f"BoneHole({self.diameter_mm:.1f} mm at {self.where}: {self.cause.value})"

    def _repr_html_(self) -> str:
        rows = [(key, str(value)) for key, value in self.to_dict().items()]
        return html_table(header=("", ""), rows=rows, caption=repr(self))

    @property
    def where(self) -> str:
        """The centre in words: LPS, whole millimetres."""
        x, y, z = (round(mm) for mm in self.centre_lps_mm)
        return f"LPS ({x}, {y}, {z})"

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {**dataclasses.asdict(self), "cause": self.cause.value}


@dataclass(frozen=True, slots=True)
class _Scene:
    """What is the same for all holes of an image."""

    mesh: Mesh
    volume: Volume
    iso_hu: float
    soft_hu: float
    blur_mm: float
    metal_mm: NDArray[np.float64]
    ends: tuple[float, float]
    is_clipped: bool


def find_holes(
    mesh: Mesh,
    volume: Volume,
    *,
    iso_hu: float | None = None,
    min_diameter_mm: float = 1.5,
    max_diameter_mm: float = 16.0,
    soft_hu: float = 50.0,
) -> tuple[BoneHole, ...]:
    """Find holes through the bone under a mesh, and open rims of the mesh, with their causes.

    Parameters
    ----------
    mesh : Mesh
        A surface of the bone, LPS, mm.
    volume : Volume
        The CT it came from, HU.
    iso_hu : float, optional
        The level at which the wall is looked at; left out, that of the mesh itself.
    min_diameter_mm, max_diameter_mm : float
        Narrower and wider ones are left out.  What is wider (foramen magnum, orbit, the end of a
        cut bone) counts as open room.
    soft_hu : float
        Value of the tissue around the bone.

    Returns
    -------
    tuple of BoneHole
        The widest first.

    Raises
    ------
    ValueError
        Diameters that are not above 0 and in order.
    MeshError
        The mesh has no imaged faces with an area.

    Notes
    -----
    Room on both sides of the wall grows, widest places first, and may not meet itself [1]_: what stays
    is a membrane in the narrowest place of every hole, however thin the wall.  Rays from its middle run
    on the middle surface of the wall, a quadratic through the bone around; their edges are the rim.  A
    hollow that opens to the outside once only, such as a sinus, is not a hole through a wall.

    References
    ----------
    .. [1] Z. Aktouf, G. Bertrand, L. Perroton, "A three-dimensional holes closing algorithm", Pattern
       Recognition Letters 23, 523-531, 2002, doi:10.1016/S0167-8655(01)00152-0.

    Examples
    --------
    >>> from calvaria import extract_surface, phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> ball = phantom.scan(phantom.sphere(radius_mm=12.0), scanner=scanner)
    >>> find_holes(extract_surface(ball, iso_hu=0.0), ball)
    ()
    """
    if not 0 < min_diameter_mm < max_diameter_mm < np.inf:
        msg = (
            "min_diameter_mm, max_diameter_mm: 0 < least < most expected, "
            f"found {min_diameter_mm:g} and {max_diameter_mm:g}"
        )
        raise ValueError(msg)
    if iso_hu is None:
        iso_hu = compare_to_image(mesh, volume, n_samples=5000).mesh_level
        if not np.isfinite(iso_hu):
            msg = "mesh: a surface within the image expected, found none of it there"
            raise MeshError(msg)
    for name, value in (("iso_hu", iso_hu), ("soft_hu", soft_hu)):
        if not np.isfinite(value):
            msg = f"{name}: a finite number expected, found {value}"
            raise ValueError(msg)
    scene = _scene(mesh, volume, float(iso_hu), soft_hu)
    found = [*_through(scene, max_diameter_mm), *_boundaries(scene)]
    kept = [one for one in found if min_diameter_mm <= one.diameter_mm <= max_diameter_mm]
    return tuple(sorted(kept, key=lambda hole: (-hole.diameter_mm, hole.centre_lps_mm)))


def _scene(mesh: Mesh, volume: Volume, iso_hu: float, soft_hu: float) -> _Scene:
    points, normals, *_ = _native.sample_surface(
        mesh.vertices, mesh.faces, mesh.kinds, _BLUR_SAMPLES
    )
    blur = edges_beside(points, normals, volume)["blur_mm"] if len(points) else (0.0,)
    sigma = float(np.nanmean(blur)) if np.isfinite(blur).any() else 0.0
    metal = np.argwhere(volume.values >= (_METAL_HU if volume.is_hu else np.inf))[:, ::-1]
    some = metal[:: max(1, len(metal) // _MOST_METAL)]
    ends = (float(volume.values.min()), float(volume.values.max()))
    n_highest = int((volume.values == ends[1]).sum())
    return _Scene(
        mesh=mesh,
        volume=volume,
        iso_hu=iso_hu,
        soft_hu=soft_hu,
        blur_mm=sigma,
        metal_mm=volume.grid.lps_mm_from_ijk(some) if len(some) else np.empty((0, 3)),
        ends=ends,
        is_clipped=n_highest >= _LEAST_EXTREME,
    )


def _through(scene: _Scene, widest_mm: float) -> list[BoneHole]:
    volume = scene.volume
    bone = threshold(volume, lower_hu=scene.iso_hu)
    # Metal and crumbs that float beside a wall are no part of it.
    wall = remove_small(
        bone, min_part_mm3=_CRUMB_FRACTION * bone.n_voxels * volume.grid.voxel_volume_mm3
    )
    # Blur and a level off the middle widen a hole; distances end at the middle of a voxel of bone.
    reach = 0.55 * widest_mm + max(volume.grid.spacing_xyz_mm)
    first, solid = _around(wall, reach)
    ijk, distance = _progress.run(
        lambda progress: _native.find_membranes(solid, volume.grid.spacing_xyz_mm, reach, progress),
        title="holes",
    )
    ijk = ijk + first
    if not len(ijk):
        return []
    number = _native.cluster_points(ijk, 1.0)
    places = volume.grid.lps_mm_from_ijk(ijk)
    order = np.argsort(number, kind="stable")
    rims: list[tuple[Rim, bool]] = []
    for one in np.split(order, np.flatnonzero(np.diff(number[order])) + 1):
        start, radius = places[one].mean(axis=0), float(distance[one].max())
        rim = measure_rim(volume, wall, scene.iso_hu, start, radius, ends=scene.ends)
        if rim is not None:
            rims.append((rim, rim.outside > 0 or _meets_border(ijk[one], volume)))
    found: list[BoneHole] = []
    for hole in _holes(scene, rims):
        if all(_is_apart(hole, other) for other in found):
            found.append(hole)
    return found


def _around(wall: Mask, reach_mm: float) -> tuple[NDArray[np.int64], NDArray[np.uint8]]:
    """Return the box about a wall from which all is open room on, its first index (i, j, k) and voxels."""
    last = np.array(wall.grid.dims_ijk)
    margin = np.ceil(reach_mm / np.array(wall.grid.spacing_xyz_mm)).astype(np.int64) + 2
    along = [np.flatnonzero(wall.values.any(axis=axes)) for axes in ((0, 1), (0, 2), (1, 2))]
    if not len(along[0]):
        return np.zeros(3, dtype=np.int64), frozen(wall.values, dtype=np.uint8)
    low = np.maximum([one[0] for one in along] - margin, 0)
    i, j, k = (
        slice(a, b)
        for a, b in zip(low, np.minimum([one[-1] for one in along] + margin + 1, last), strict=True)
    )
    return low, frozen(wall.values[k, j, i], dtype=np.uint8)


def _meets_border(ijk: NDArray[np.float64], volume: Volume) -> bool:
    last = np.array(volume.grid.dims_ijk) - 1
    return bool(((ijk <= 0) | (ijk >= last)).any())


def _is_apart(hole: BoneHole, other: BoneHole) -> bool:
    gap = float(np.linalg.norm(np.subtract(hole.centre_lps_mm, other.centre_lps_mm)))
    return gap > max(hole.diameter_at_level_mm, other.diameter_at_level_mm) / 2


def _holes(scene: _Scene, rims: list[tuple[Rim, bool]]) -> list[BoneHole]:
    """Return the holes of those rims along which the mesh lies."""
    voxel = max(scene.volume.grid.spacing_xyz_mm)
    if not rims:
        return []
    axes = [_axis(rim, voxel) for rim, _ in rims]
    places = [
        place for (rim, _), axis in zip(rims, axes, strict=True) for place in (rim.points_mm, axis)
    ]
    ends = np.cumsum([len(place) for place in places])[:-1]
    gaps = np.split(_distances(scene.mesh, np.concatenate(places)), ends)
    return [
        _hole(scene, rim, float(along.min()), at_border=at_border)
        for (rim, at_border), beside, along in zip(rims, gaps[::2], gaps[1::2], strict=True)
        if np.median(beside) <= rim.wall_mm / 2 + voxel
    ]


def _axis(rim: Rim, voxel_mm: float) -> NDArray[np.float64]:
    """Return places along the way through the wall, where a mesh that closes the hole is met."""
    reach = rim.wall_mm / 2 + voxel_mm
    return np.asarray(rim.centre_mm + np.arange(-reach, reach, 0.25)[:, None] * rim.normal)


def _hole(scene: _Scene, rim: Rim, gap_mm: float, *, at_border: bool) -> BoneHole:
    radius, core = _unblurred(rim, scene)
    at_level = 2 * float(np.sqrt(rim.area_at_level_mm2 / np.pi))
    clues = Clues(
        value_hu=core,
        wall_hu=rim.crest,
        metal_mm=_metal_gap(scene, rim.centre_mm),
        closed_fraction=rim.closed,
        extreme_fraction=rim.extreme_share,
        roundness=_roundness(rim.points_mm - rim.centre_mm),
        at_border=at_border,
        is_clipped=scene.is_clipped,
        is_hu=scene.volume.is_hu,
    )
    cause, why = explain_hole(clues, iso_hu=scene.iso_hu, soft_hu=scene.soft_hu)
    return BoneHole(
        kind="through",
        diameter_mm=2 * radius,
        diameter_at_level_mm=at_level,
        area_mm2=np.pi * radius**2,
        centre_lps_mm=_triple(rim.centre_mm),
        normal=_triple(rim.normal),
        wall_mm=rim.wall_mm,
        cause=cause,
        why=why,
        evidence=dataclasses.asdict(clues),
        is_open=gap_mm >= at_level / 4,
    )


def _roundness(from_middle: NDArray[np.float64]) -> float:
    low, high = np.quantile(np.linalg.norm(from_middle, axis=1), (0.05, 0.95)).tolist()
    return float(low / high) if high > 0 else 0.0


def _unblurred(rim: Rim, scene: _Scene) -> tuple[float, float]:
    """Return radius and value of a hole before blur pulled its rim inwards and lifted its middle."""
    radius = float(np.sqrt(rim.area_mm2 / np.pi))
    # Straight lines between voxels, a sixth of their step squared, blur on top of the scanner.
    sigma = float(
        np.sqrt(scene.blur_mm**2 + np.mean(np.square(scene.volume.grid.spacing_xyz_mm)) / 6)
    )
    if radius > _WIDE_SIGMAS * sigma:
        return (radius + float(np.sqrt(radius**2 + 2 * sigma**2))) / 2, rim.core
    far = np.arange(len(rim.profile), dtype=np.float64) * PROFILE_STEP_MM
    return fit_disc(far, rim.profile, crest=rim.crest, sigma_mm=sigma, most_mm=radius + 2 * sigma)


def _metal_gap(scene: _Scene, centre: NDArray[np.float64]) -> float | None:
    if not len(scene.metal_mm):
        return None
    nearest = float(np.linalg.norm(scene.metal_mm - centre, axis=1).min())
    return nearest if nearest <= _METAL_REACH_MM else None


def _boundaries(scene: _Scene) -> list[BoneHole]:
    """Measure the open rims of the mesh."""
    return [
        _boundary(scene, scene.mesh.vertices[loop.vertices])
        for loop in measure_topology(scene.mesh).loops
        if loop.is_closed and len(loop.vertices) >= 3
    ]


def _boundary(scene: _Scene, points: NDArray[np.float64]) -> BoneHole:
    centre = points.mean(axis=0)
    rel = points - centre
    vector = np.cross(rel, np.roll(rel, -1, axis=0)).sum(axis=0) / 2
    area = float(np.linalg.norm(vector))
    diameter = 2 * float(np.sqrt(area / np.pi))
    index = scene.volume.grid.ijk_from_lps_mm(points)
    last = np.array(scene.volume.grid.dims_ijk) - 1
    at_border = bool(((index < 1.0) | (index > last - 1.0)).any())
    parts = np.linspace(0.0, 0.5, 6)
    values = values_at(scene.volume, (centre + parts[:, None, None] * rel).reshape(-1, 3))
    rim = values_at(scene.volume, points)
    low, high = scene.ends
    clues = Clues(
        value_hu=float(np.nanmedian(values)) if np.isfinite(values).any() else None,
        wall_hu=float(np.nanmedian(rim)) if np.isfinite(rim).any() else None,
        metal_mm=_metal_gap(scene, centre),
        closed_fraction=1.0,
        extreme_fraction=float(((values <= low) | (values >= high)).mean()),
        roundness=_roundness(rel),
        at_border=at_border,
        is_clipped=scene.is_clipped,
        is_hu=scene.volume.is_hu,
    )
    cause, why = explain_hole(clues, iso_hu=scene.iso_hu, soft_hu=scene.soft_hu)
    return BoneHole(
        kind="boundary",
        diameter_mm=diameter,
        diameter_at_level_mm=diameter,
        area_mm2=area,
        centre_lps_mm=_triple(centre),
        normal=_triple(vector / area) if area > 0 else (0.0, 0.0, 1.0),
        wall_mm=None,
        cause=cause,
        why=why,
        evidence=dataclasses.asdict(clues),
        is_open=True,
    )


def _distances(mesh: Mesh, points: NDArray[np.float64]) -> NDArray[np.float64]:
    found = _native.closest_points(
        mesh.vertices, mesh.faces, mesh.kinds, frozen(points, dtype=np.float64)
    )
    return np.asarray(found[1])


def _triple(place: NDArray[np.float64]) -> tuple[float, float, float]:
    x, y, z = place.tolist()
    return x, y, z
