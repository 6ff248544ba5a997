"""Where on a part a text has room: off the faces that fit, on the side that looks away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria.mesh import Mesh, closest_points, signed_distance_mm
from calvaria.printability import refine_mesh

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Samples", "TextPlace", "find_text_place", "sample_surface"]

_SAMPLES = 240
_STEPS = 60
_SHORTEST_MM = 0.4
_MOST_FACES = 400_000
_TURNS = 12
_ACROSS, _UP = 9, 4
# Of how many of the best places the depth is looked at.
_TRIED = 60
# How far a text may bend, of its width.
_MOST_BENT = 0.2
# Bent by this part of its width a place counts fully as convex, or as hollow.
_CLEARLY_BENT = 0.02
_RIM_DEG = 50.0
# Depth of solid part under the letters, in reliefs, and free space above them.
_UNDER, _ABOVE = 1.6, 2.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Samples:
    """Points spread evenly over a surface, with smoothed normals."""

    points: NDArray[np.float64]
    normals: NDArray[np.float64]
    rim_mm: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TextPlace:
    """The middle of a text, which way it stands, and how far the surface leans there at most."""

    point: NDArray[np.float64]
    out: NDArray[np.float64]
    up: NDArray[np.float64]
    tilt_cos: float
    bent_mm: float


def sample_surface(
    mesh: Mesh, *, matters: NDArray[np.bool_] | None, reach_mm: float
) -> Samples | None:
    """Return points over the faces that may be changed; None where there is none.

    Normals are those within ``reach_mm``, taken together.  Faces that matter count as rim.
    """
    longest = float(np.ptp(mesh.vertices, axis=0).max())
    fine = refine_mesh(mesh, longest_mm=max(longest / _STEPS, _SHORTEST_MM), most_faces=_MOST_FACES)
    corners = fine.mesh.vertices[fine.mesh.faces]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(doubled, axis=1)
    total = np.cumsum(area)
    at = np.searchsorted(total, (np.arange(_SAMPLES) + 0.5) / _SAMPLES * total[-1])
    faces = np.unique(np.minimum(at, len(area) - 1))
    faces = faces[area[faces] > 0]
    points, normals = corners[faces].mean(axis=1), doubled[faces] / area[faces, None]
    fits = np.zeros(len(faces), bool) if matters is None else matters[fine.parents[faces]]
    far = np.linalg.norm(points[:, None] - points, axis=2)
    agree = normals @ normals.T
    near = (far <= reach_mm) & (agree > 0.5)
    smooth = near.astype(np.float64) @ normals
    smooth /= np.linalg.norm(smooth, axis=1, keepdims=True)
    # The other side of a plate is near as well, and no rim.
    is_rim = (np.abs(agree) < np.cos(np.radians(_RIM_DEG))) | fits
    rim = np.where(is_rim, far, longest).min(axis=1)
    free = ~fits
    if not free.any():
        return None
    return Samples(points=points[free], normals=smooth[free], rim_mm=rim[free])


def find_text_place(
    mesh: Mesh,
    samples: Samples,
    *,
    width_mm: float,
    height_mm: float,
    relief_mm: float,
    max_tilt_deg: float,
    matters: NDArray[np.bool_] | None,
) -> TextPlace | None:
    """Return the best place for a text of this size; None where it has no room.

    The surface under it leans by no more than ``max_tilt_deg``, the part is solid there and nothing
    stands above.  Of all such places one is taken on a side that bulges, far from rims and from faces
    that matter, since what an implant touches is its hollow side and its rim.
    """
    point, out, across, up = _poses(samples)
    grid = _grid(width_mm, height_mm)
    flat = point[:, None] + grid[:, :1] * across[:, None] + grid[:, 1:] * up[:, None]
    found = closest_points(mesh, flat.reshape(-1, 3))
    way = found.points_lps_mm.reshape(flat.shape) - flat
    along = np.einsum("npx,nx->np", way, out)
    aside = np.linalg.norm(way - along[..., None] * out[:, None], axis=2)
    corners = mesh.vertices[mesh.faces[found.faces]]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-300)
    leaning = np.einsum("npx,nx->np", normals.reshape(flat.shape), out).min(axis=1)
    least = np.cos(np.radians(max_tilt_deg))
    off = aside - np.abs(along) * np.tan(np.radians(max_tilt_deg))
    good = (
        (leaning >= least)
        & (off.max(axis=1) <= 0.1 * height_mm / 7)
        & (np.abs(along).max(axis=1) <= _MOST_BENT * width_mm)
    )
    if matters is not None:
        good &= ~matters[found.faces].reshape(along.shape).any(axis=1)
    bent = along.mean(axis=1)
    rim = np.repeat(samples.rim_mm, _TURNS)
    score = (
        -np.clip(bent / (_CLEARLY_BENT * width_mm), -1.0, 1.0)
        + np.minimum(rim / width_mm, 1.0)
        + leaning
        + 0.1 * np.abs(up[:, 2])
    )
    order = np.flatnonzero(good)
    order = order[np.argsort(-score[order], kind="stable")][:_TRIED]
    if not len(order):
        return None
    on = found.points_lps_mm.reshape(flat.shape)[order]
    ways = out[order][:, None]
    under = signed_distance_mm(mesh, (on - ways * _UNDER * relief_mm).reshape(-1, 3))
    above = signed_distance_mm(mesh, (on + ways * _ABOVE * relief_mm).reshape(-1, 3))
    solid = (under.reshape(len(order), -1) < 0).all(axis=1)
    free = (above.reshape(len(order), -1) > relief_mm).all(axis=1)
    usable = np.flatnonzero(solid & free)
    if not len(usable):
        return None
    best = order[usable[0]]
    return TextPlace(
        point=point[best],
        out=out[best],
        up=up[best],
        tilt_cos=float(leaning[best]),
        bent_mm=float(bent[best]),
    )


def _poses(
    samples: Samples,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return every sample in every turn: point, way out, right, up; up is never head over."""
    out = np.repeat(samples.normals, _TURNS, axis=0)
    point = np.repeat(samples.points, _TURNS, axis=0)
    axis = np.eye(3)[np.argmin(np.abs(samples.normals), axis=1)]
    first = axis - (axis * samples.normals).sum(axis=1, keepdims=True) * samples.normals
    first /= np.linalg.norm(first, axis=1, keepdims=True)
    second = np.cross(samples.normals, first)
    angle = np.arange(_TURNS) * np.pi / _TURNS
    up = (
        np.cos(angle)[None, :, None] * first[:, None]
        + np.sin(angle)[None, :, None] * second[:, None]
    ).reshape(-1, 3)
    # Head up where there is an up, else towards the front.
    tall = np.where(np.abs(up[:, 2]) > 1e-6, up[:, 2], -up[:, 1])
    up = np.where(tall[:, None] < 0, -up, up)
    return point, out, np.cross(up, out), up


def _grid(width: float, height: float) -> NDArray[np.float64]:
    x, y = np.meshgrid(
        np.linspace(-width / 2, width / 2, _ACROSS), np.linspace(-height / 2, height / 2, _UP)
    )
    return np.stack([x.ravel(), y.ravel()], axis=1)
