"""The other direction: edges in the image with no mesh near them."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._asked import above_zero, finite
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import MeshError
from calvaria.overlay._asked import mesh_and_image, sample_count
from calvaria.overlay.edges import compare_to_image
from calvaria.overlay.losses import LostPlace, Scene, explained, island
from calvaria.overlay.places import place_of, place_reach_mm, split_places
from calvaria.surface import extract_surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh
    from calvaria.volume import Mask, Volume

__all__ = ["LostSurface", "find_lost_surface"]

# A part of the image belongs to the mesh when the mesh lies along so much of it.
_OWN_FRACTION = 0.02
_LEAST_PLACE_MM2 = 4.0
# A lost place reaches up to the rim of the mesh: there the mesh lies sideways, this part of the distance
# or less along the normal, and not nearer than this part of what counts as near.
_SIDEWAYS = 0.5
_BESIDE = 0.1
_MOST_OTHERS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LostSurface:
    """Surface that the image has and the mesh has not.

    Parameters
    ----------
    iso_hu : float
        The level at which the image was looked at; NaN where the mesh lies on no part of it.
    distance_mm : float
        A mesh this near, facing the same way, counts as there.
    structure_mm2 : float
        Surface of the parts of the image that the mesh lies along.
    lost_mm2 : float
        So much of it has no mesh near; each place counted up to the rim of the mesh.  A gap that is
        nowhere wider than twice ``distance_mm`` is none.
    places : tuple of LostPlace
        Where, the largest first, each with its cause; ``mean_mm`` and ``worst_mm`` are distances to the
        mesh.
    other_mm2 : float
        Surface of other parts of the image, which the mesh does not touch at all: other bones, the
        table, islands, closed hollows.
    others : tuple of LostPlace
        The twenty largest of these.
    """

    iso_hu: float
    distance_mm: float
    structure_mm2: float
    lost_mm2: float
    places: tuple[LostPlace, ...]
    other_mm2: float
    others: tuple[LostPlace, ...] = ()

    @property
    def lost_fraction(self) -> float:
        """Share of the structure that is lost."""
        return self.lost_mm2 / self.structure_mm2 if self.structure_mm2 else math.nan

    @property
    def by_cause_mm2(self) -> dict[str, float]:
        """Lost area by the name of its cause, the largest first; adds up to ``lost_mm2``."""
        sums: dict[str, float] = {}
        for place in self.places:
            sums[place.cause.value] = sums.get(place.cause.value, 0.0) + place.area_mm2
        return dict(sorted(sums.items(), key=lambda row: -row[1]))

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        share = self.lost_fraction
        return {
            "iso_hu": self.iso_hu if math.isfinite(self.iso_hu) else None,
            "distance_mm": self.distance_mm,
            "structure_mm2": self.structure_mm2,
            "lost_mm2": self.lost_mm2,
            "lost_fraction": share if math.isfinite(share) else None,
            "by_cause_mm2": self.by_cause_mm2,
            "places": [place.to_dict() for place in self.places],
            "other_mm2": self.other_mm2,
            "others": [place.to_dict() for place in self.others],
        }

    def __repr__(self) -> str:
        if not self.structure_mm2:
            return "LostSurface(not known: nothing of the image lies along the mesh)"
        return (
            f"LostSurface({self.lost_mm2:.0f} of {self.structure_mm2:.0f} mm2 at {self.iso_hu:g}, "
            f"{plural(len(self.places), 'place')})"
        )

    def _repr_html_(self) -> str:
        rows = [
            (
                place.where,
                f"{place.area_mm2:.0f}",
                f"{place.worst_mm:.1f}",
                place.cause.value,
                place.why,
            )
            for place in self.places
        ]
        return html_table(
            header=("where", "area mm2", "farthest mm", "cause", "why"),
            rows=rows,
            caption=repr(self),
        )


def find_lost_surface(
    mesh: Mesh,
    volume: Volume,
    *,
    iso_hu: float | None = None,
    distance_mm: float | None = None,
    within: Mask | None = None,
    n_samples: int = 100_000,
) -> LostSurface:
    """Find edges of the same structure in the image that have no mesh near: what was lost.

    Thin bone that fell under the level, a hole that was filled or cut, half a jaw.

    Parameters
    ----------
    mesh : Mesh
        What was made.
    volume : Volume
        What it was made from.
    iso_hu : float, optional
        The level at which the image shows the structure; left out, that of the mesh itself.  A lower
        one, such as ``bone_level(volume).thin_bone_hu``, shows thin bone too.
    distance_mm : float, optional
        How near a mesh must be to be there; left out, 1 mm or one and a half voxels.
    within : Mask, optional
        Look only here.
    n_samples : int
        Points on the surface in the image.

    Returns
    -------
    LostSurface
        How much, and where.

    Raises
    ------
    MeshError
        The mesh has no imaged faces with an area, or no level was given and it lies on no part of the
        image.
    ValueError
        An argument is out of range.

    Examples
    --------
    >>> from calvaria import phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> ball = phantom.scan(phantom.sphere(radius_mm=12.0), scanner=scanner)
    >>> mesh = extract_surface(ball, iso_hu=0.0)
    >>> find_lost_surface(mesh, ball).lost_mm2
    0.0
    """
    mesh_and_image(mesh, volume)
    n_samples = sample_count(n_samples)
    if distance_mm is not None:
        distance_mm = above_zero("distance_mm", distance_mm)
    drawn = compare_to_image(mesh, volume, n_samples=5000)
    level = drawn.mesh_level if iso_hu is None else iso_hu
    if iso_hu is None and math.isnan(level):
        msg = "mesh: a surface that lies in the image expected, found none of it there"
        raise MeshError(msg)
    level = finite("iso_hu", level)
    reach = distance_mm
    if reach is None:
        reach = _usual_reach_mm(volume)
    imaged = extract_surface(volume, iso_hu=level, within=within, close_border=False)
    points, normals, faces, area, _ = _native.sample_surface(
        imaged.vertices, imaged.faces, imaged.kinds, n_samples
    )
    if not len(points):
        return dataclasses.replace(nothing_lost(volume), iso_hu=level, distance_mm=float(reach))
    distance, is_beside = _distances_mm(mesh, points, normals, reach)
    part = _native.mesh_parts(imaged.vertices, imaged.faces, imaged.kinds)[0][faces]
    is_near = distance <= reach
    n_near = np.bincount(part, weights=is_near)
    is_own = (n_near >= _OWN_FRACTION * np.bincount(part, minlength=len(n_near)))[part]
    is_lost = _grown(points, is_own & ~is_near, is_own & is_beside, area)
    scene = Scene(
        mesh=mesh,
        volume=volume,
        iso_hu=level,
        reach_mm=float(reach),
        mesh_level_hu=drawn.mesh_level,
        sigma_mm=max(drawn.blur_in_plane_mm, drawn.blur_through_plane_mm),
    )
    kept = _places(points[is_lost], normals[is_lost], distance[is_lost], area, scene)
    return LostSurface(
        iso_hu=float(level),
        distance_mm=float(reach),
        structure_mm2=float(is_own.sum() * area),
        lost_mm2=float(sum(place.area_mm2 for place in kept)),
        places=kept,
        other_mm2=float((~is_own).sum() * area),
        others=_others(
            points, normals, distance, area, np.where(is_own, -1, part.astype(np.int64))
        ),
    )


def _places(
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    distance: NDArray[np.float64],
    area: float,
    scene: Scene,
) -> tuple[LostPlace, ...]:
    """Return the lost places that are large enough, each with its cause, the largest first."""
    found = [
        (place_of(points[one], distance[one], area), points[one], normals[one])
        for one in split_places(points, area_each_mm2=area)
        if len(one) * area >= _LEAST_PLACE_MM2
    ]
    return tuple(sorted(explained(found, scene), key=lambda place: -place.area_mm2))


def _others(
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    distance: NDArray[np.float64],
    area: float,
    part: NDArray[np.int64],
) -> tuple[LostPlace, ...]:
    """Return the largest of the parts that the mesh does not touch; part -1 is the mesh's own."""
    counts = np.bincount(part[part >= 0]) if (part >= 0).any() else np.zeros(0)
    largest = np.argsort(-counts, kind="stable")[:_MOST_OTHERS]
    found = []
    for number in largest.tolist():
        if counts[number] * area < _LEAST_PLACE_MM2:
            break
        own = part == number
        place = place_of(points[own], distance[own], area)
        from_middle = points[own] - points[own].mean(axis=0)
        volume = float((from_middle * normals[own]).sum() * area / 3)
        found.append(island(place, volume_mm3=volume))
    return tuple(found)


def nothing_lost(volume: Volume) -> LostSurface:
    """Return the answer where there is nothing to look at: no area, no level."""
    return LostSurface(
        iso_hu=math.nan,
        distance_mm=_usual_reach_mm(volume),
        structure_mm2=0.0,
        lost_mm2=0.0,
        places=(),
        other_mm2=0.0,
    )


def _usual_reach_mm(volume: Volume) -> float:
    return max(1.0, 1.5 * max(volume.grid.spacing_xyz_mm))


def _distances_mm(
    mesh: Mesh, points: NDArray[np.float64], normals: NDArray[np.float64], reach: float
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return distances to the mesh, and whether it lies sideways only, beyond a rim.

    Where the mesh faces the other way it is another surface.
    """
    closest, distance, face = _native.closest_points(
        mesh.vertices, mesh.faces, mesh.kinds, frozen(points, dtype=np.float64)
    )
    a, b, c = (mesh.vertices[mesh.faces[face, corner]] for corner in range(3))
    faces_away = (np.cross(b - a, c - a) * normals).sum(axis=1) < 0
    # Beside a sharp rim the closest face may look away; there the mesh is near all the same.
    is_other = faces_away & (distance > 0.5 * reach)
    away = points - closest
    along = np.abs((away * normals).sum(axis=1))
    is_beside = (along < _SIDEWAYS * distance) & (distance > _BESIDE * reach)
    return np.where(is_other, np.maximum(distance, 1.01 * reach), distance), is_beside


def _grown(
    points: NDArray[np.float64],
    is_lost: NDArray[np.bool_],
    is_beside: NDArray[np.bool_],
    area: float,
) -> NDArray[np.bool_]:
    """Return what is lost, up to the rim of the mesh: the samples beside it that join a lost place."""
    if not is_lost.any():
        return is_lost
    chosen = np.flatnonzero(is_lost | is_beside)
    number = _native.cluster_points(frozen(points[chosen], dtype=np.float64), place_reach_mm(area))
    grown = is_lost.copy()
    grown[chosen[np.isin(number, number[is_lost[chosen]])]] = True
    return grown
