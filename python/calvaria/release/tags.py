"""A tag fused to a part that has no room for a text itself."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria.mesh import Mesh, combine_meshes, signed_distance_mm, transform_mesh
from calvaria.printability import block_mesh, emboss_label

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.release.places import Samples

__all__ = ["Tag", "attach_tag"]

_TURNS = 8
_NECKS_MM = (2.0, 4.0, 8.0)
# How deep the neck is rooted, in its own widths.
_ROOTS = (1.0, 0.5, 0.3)
# Places that are looked at together, the best first.
_AT_ONCE = 96


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tag:
    """A part with a tag: without its letters and with them, and where these are."""

    plain: Mesh
    marked: Mesh
    point: NDArray[np.float64]
    out: NDArray[np.float64]
    up: NDArray[np.float64]


def attach_tag(
    mesh: Mesh,
    samples: Samples,
    *,
    text: str,
    process: str,
    stroke_mm: float,
    size_mm: tuple[float, float],
    neck_mm: float,
    clearance_mm: float,
) -> Tag | None:
    """Fuse a tag with raised letters to a part; None where it finds no place.

    The tag stands upright on a neck of ``neck_mm`` square, clear of the part everywhere else, and as
    far from rims as can be.
    """
    for root, neck in itertools.product(_ROOTS, _NECKS_MM):
        placed = _place(mesh, samples, size_mm, (neck, root * neck_mm, neck_mm), clearance_mm)
        if placed is not None:
            return _fused(mesh, placed, text, process, stroke_mm, size_mm, (neck, root, neck_mm))
    return None


def _fused(
    mesh: Mesh,
    placed: NDArray[np.float64],
    text: str,
    process: str,
    stroke_mm: float,
    size_mm: tuple[float, float],
    neck: tuple[float, float, float],
) -> Tag:
    """Make the tag along the axes, up along y, move it to its place and join it to the part."""
    (width, height), (length, root, side) = size_mm, neck
    half = side / 2
    low = np.array([-half, -root * side, -half])
    high = np.array([half, length + height / 2, half])
    middle = np.array([0.0, length + height / 2, 0.0])
    board = combine_meshes(
        block_mesh(size_mm=(width, height, side), centre_lps_mm=middle),
        block_mesh(size_mm=high - low, centre_lps_mm=(high + low) / 2),
        method="union",
    )
    face = middle + np.array([0.0, 0.0, half])
    # A text that follows has its root in the board, however thin that is.
    labelled = emboss_label(
        board, text=text, point_lps_mm=face, normal_lps=(0, 0, 1), up=(0, 1, 0),
        process=process, stroke_mm=stroke_mm, follow=True,
    ).mesh  # fmt: skip
    plain, marked = (
        combine_meshes(mesh, transform_mesh(one, matrix=placed), method="union")
        for one in (board, labelled)
    )
    turn = placed[:3, :3]
    return Tag(
        plain=plain,
        marked=marked,
        point=turn @ face + placed[:3, 3],
        out=turn[:, 2],
        up=turn[:, 1],
    )


def _place(
    mesh: Mesh,
    samples: Samples,
    size: tuple[float, float],
    neck: tuple[float, float, float],
    clearance: float,
) -> NDArray[np.float64] | None:
    """Return where the tag goes: its foot on the part, up along the normal."""
    length, root, side = neck
    middle = np.array([0.0, length + size[1] / 2, 0.0])
    board = _box_points((size[0], size[1], side)) + middle
    corners = np.array([[0.0, 0.0], [1, 1], [1, -1], [-1, 1], [-1, -1]]) * (side / 2)
    foot = np.stack([corners[:, 0], np.full(5, -root), corners[:, 1]], axis=1)
    order = np.argsort(-samples.rim_mm, kind="stable")
    turns = np.stack([turn for n in order for turn in _turns(samples.normals[n])])
    points = np.repeat(samples.points[order], _TURNS, axis=0)
    rooted = (_distances(mesh, turns, points, foot) < 0).all(axis=1)
    turns, points = turns[rooted], points[rooted]
    for first in range(0, len(turns), _AT_ONCE):
        some = slice(first, first + _AT_ONCE)
        free = (_distances(mesh, turns[some], points[some], board) >= clearance).all(axis=1)
        if free.any():
            best = first + int(np.argmax(free))
            matrix = np.eye(4)
            matrix[:3, :3], matrix[:3, 3] = turns[best], points[best]
            return matrix
    return None


def _distances(
    mesh: Mesh,
    turns: NDArray[np.float64],
    points: NDArray[np.float64],
    local: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return how far the points of a body are from the part, in every pose of it."""
    world = np.einsum("nxy,py->npx", turns, local) + points[:, None]
    return signed_distance_mm(mesh, world.reshape(-1, 3)).reshape(len(turns), -1)


def _turns(normal: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    axis = np.eye(3)[np.argmin(np.abs(normal))]
    first = axis - normal * (axis @ normal)
    first /= np.linalg.norm(first)
    second = np.cross(normal, first)
    turned = []
    for angle in np.arange(_TURNS) * 2 * np.pi / _TURNS:
        right = np.cos(angle) * first + np.sin(angle) * second
        turned.append(np.stack([right, normal, np.cross(right, normal)], axis=1))
    return turned


def _box_points(size: tuple[float, float, float]) -> NDArray[np.float64]:
    lines = [np.linspace(-mm / 2, mm / 2, max(2, int(np.ceil(mm / 2)) + 1)) for mm in size]
    return np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
