"""Stairs: what thick slices leave on a mesh, told from the mesh alone."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._html import html_table
from calvaria.errors import MeshError
from calvaria.mesh import FaceKind
from calvaria.overlay.ripples import find_ripple

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.geometry import Grid
    from calvaria.mesh import Mesh

__all__ = ["Stairs", "measure_stairs"]

_BIN_MM = 0.1
_PERIODS_MM = (0.7, 4.0)
# The slope is held against its own mean nearby: in a column of this width, over so much of the axis.
_COLUMN_MM = 8.0
_LOCAL_MM = 3.0
# Faces that look along the axis or across it bear no stairs.
_SLOPES = (0.05, 0.98)
# The highest line counts when it stands so far above the lines beside it; longer waves are also those
# of the anatomy, and must stand out in proportion.
_STANDS_OUT = 4.4
_ANATOMY_MM = 1.5
_BESIDE = 60
_AXES = ("x", "y", "z")
_ASLANT = "aslant"
# Steps that stand out so far along an axis are those of the slices; seen aslant they never do.
_COARSE_MM, _CLEAR = 1.2, 15.0
# A direction nearer to an axis than this (cosine) is that of the axis.
_ALONG_AXIS = 0.999
# The root mean square of noise against its median.
_ROOT_TO_MEDIAN = 1.2
# Larger is no body, but a mesh in another unit; and so many cells of columns are held at once.
_LONGEST_MM = 3000.0
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Stairs:
    """Steps on a surface.

    Parameters
    ----------
    step_mm : float
        The coarsest step that shows: the distance of the slices, or of the pixels where these are
        coarser.  0 where none shows.
    height_mm : float
        How far these steps stand out of the surface, on average.
    axis : str
        Along which axis they are stacked: x, y or z, or i, j or k of a grid; ``"aslant"`` where along
        none of them; empty where there are none.
    prominence : float
        How far their wave stands above the waves of other lengths.
    direction : tuple of float
        Unit vector across the steps, in the axes of the mesh; zero where there are none.
    """

    step_mm: float
    height_mm: float
    axis: str
    prominence: float
    direction: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return dataclasses.asdict(self)

    def __repr__(self) -> str:
        if not self.step_mm:
            return "Stairs(none)"
        along = self.axis
        if along == _ASLANT:
            along = "(" + ", ".join(f"{part:.2f}" for part in self.direction) + ")"
        return (
            f"Stairs(every {self.step_mm:.2f} mm along {along}, {self.height_mm:.4f} mm high, "
            f"{self.prominence:.1f} times the rest)"
        )

    def _repr_html_(self) -> str:
        return html_table(header=("Stairs", ""), rows=self.to_dict().items())


def measure_stairs(mesh: Mesh, *, grid: Grid | None = None) -> Stairs:
    """Find the steps that slices leave on a mesh, from the mesh alone.

    Interpolating an image to thinner slices, smoothing the mesh and losing the header hide how thick
    the slices were; the surface still bends at each of them.

    Parameters
    ----------
    mesh : Mesh
        At least some centimetres of it.  Lids and cuts are left out.
    grid : Grid, optional
        That of the image, where it is known: steps are looked for across its slices, rows and columns,
        however these lie.  Left out, across x, y and z, and where nothing is clear there, in every
        direction.

    Returns
    -------
    Stairs
        Of the clearest step along each of the three, between 0.7 and 4 mm, the coarsest; or the clearest
        in any other direction, between 1.2 and 4 mm.

    Raises
    ------
    MeshError
        It is longer than 3 m, and so not in millimetres.

    Notes
    -----
    In columns along an axis the slope of the surface is held against its mean nearby; what is left is
    added up by the place along the axis, and its Fourier transform looked through for lines.  Slices
    lie at equal distances, so their bends add up over the whole mesh; the shape of the body does not.

    The steps are some 0.005 mm high after smoothing, and show only when a decimetre of surface adds up
    in phase: over 110 mm a direction that is half a degree off hides them.  So where nothing shows
    clearly along an axis, all directions are looked through at once: each face gives six numbers, its
    normal times the bend of that against those around, and their Fourier transform in space has a
    line for each direction and length of wave.  That takes 120 mm about the middle of the mesh, and
    finds steps from 1.2 mm on.  By chance a line of noise is taken for one in a thousand meshes.

    Examples
    --------
    >>> from calvaria import extract_surface, phantom
    >>> scanner = phantom.Scanner(
    ...     columns=80, rows=80, spacing_xy_mm=(0.6, 0.6), slice_thickness_mm=2.0, slice_increment_mm=2.0
    ... )
    >>> ball = phantom.scan(phantom.sphere(radius_mm=20.0), scanner=scanner)
    >>> stairs = measure_stairs(extract_surface(ball, iso_hu=0.0))
    >>> 1.7 < stairs.step_mm < 2.4, stairs.axis  # 40 mm of surface tell it so well
    (True, 'z')
    """
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] for corner in range(3))
    normal = np.cross(b - a, c - a)
    area = np.linalg.norm(normal, axis=1)
    chosen = (mesh.kinds == FaceKind.SURFACE) & (area > 0)
    normal, area = normal[chosen] / area[chosen, None], area[chosen] / 2
    centre = ((a + b + c) / 3)[chosen]
    longest = float(np.ptp(centre, axis=0).max()) if len(centre) else 0.0
    if longest > _LONGEST_MM:
        msg = f"mesh: at most {_LONGEST_MM:g} mm long expected, found {longest:g}; is it in mm?"
        raise MeshError(msg)
    none = Stairs(step_mm=0.0, height_mm=0.0, axis="", prominence=0.0)
    frames = _frames(grid)
    found = [_along(centre, normal, area, name, turn) for name, turn in frames.items()]
    clear = any(one and one.step_mm >= _COARSE_MM and one.prominence >= _CLEAR for one in found)
    if grid is None and len(centre) and not clear:
        aslant = _aslant(centre, normal, area, frames)
        # Seen from an axis, slices that lie aslant make waves of any length.
        found = [aslant] if aslant else found
    return max((one for one in found if one), key=lambda one: one.step_mm, default=none)


def _aslant(
    centre: NDArray[np.float64],
    normal: NDArray[np.float64],
    area: NDArray[np.float64],
    frames: dict[str, NDArray[np.float64]],
) -> Stairs | None:
    """Look in every direction; what runs along an axis is measured along that."""
    ripple = find_ripple(centre, normal, area)
    if ripple is None or any(
        abs(turn[2] @ ripple.direction) > _ALONG_AXIS for turn in frames.values()
    ):
        return None
    turn = _laid_on_z(ripple.direction)
    frequency, swing = _spectrum(*_sloping(centre @ turn.T, normal @ turn.T, area))
    n = int(np.argmin(np.abs(frequency - 1 / ripple.period_mm)))
    x, y, z = (float(part) for part in ripple.direction)
    return Stairs(
        step_mm=ripple.period_mm,
        height_mm=float(swing[max(n - 1, 0) : n + 2].max() * ripple.period_mm / (2 * np.pi)),
        axis=_ASLANT,
        prominence=ripple.prominence * _ROOT_TO_MEDIAN,
        direction=(x, y, z),
    )


def _frames(grid: Grid | None) -> dict[str, NDArray[np.float64]]:
    """Return for each axis the rotation that lays it on z."""
    if grid is None:
        # Cyclic, so that what is seen along an axis is not mirrored.
        return {name: np.roll(np.eye(3), 2 - axis, axis=0) for axis, name in enumerate(_AXES)}
    across = np.linalg.inv(grid.lps_from_ijk[:3, :3])
    frames = {}
    for name, row in zip(("i", "j", "k"), across, strict=True):
        frames[name] = _laid_on_z(row / np.linalg.norm(row))
    return frames


def _laid_on_z(along: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the rotation that lays a unit vector on z."""
    beside = np.cross(along, np.eye(3)[int(np.argmin(np.abs(along)))])
    beside /= np.linalg.norm(beside)
    return np.stack([np.cross(beside, along), beside, along])


def _sloping(
    centre: NDArray[np.float64], normal: NDArray[np.float64], area: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Leave out the faces that look along z or across it."""
    slope = np.abs(normal[:, 2])
    kept = (slope > _SLOPES[0]) & (slope < _SLOPES[1])
    return centre[kept], normal[kept], area[kept]


def _along(
    centre: NDArray[np.float64],
    normal: NDArray[np.float64],
    area: NDArray[np.float64],
    name: str,
    turn: NDArray[np.float64],
) -> Stairs | None:
    centre, normal, area = _sloping(centre @ turn.T, normal @ turn.T, area)
    if not len(centre) or np.ptp(centre[:, 2]) < 3 * _PERIODS_MM[1]:
        return None
    frequency, swing = _spectrum(centre, normal, area)
    low, high = (int(np.searchsorted(frequency, 1 / mm)) for mm in _PERIODS_MM[::-1])
    stands = np.array([swing[n] / _beside(swing, n) for n in range(high)])
    first = max(low, 1)
    asked = _STANDS_OUT * np.maximum(1.0, 1 / (frequency[first:high] * _ANATOMY_MM))
    clear = stands[first:] / asked
    if clear.max() < 1:
        return None
    n = first + int(np.argmax(clear))
    return Stairs(
        step_mm=float(1 / frequency[n]),
        height_mm=float(swing[n] / (2 * np.pi * frequency[n])),
        axis=name,
        prominence=float(stands[n]),
        direction=(float(turn[2, 0]), float(turn[2, 1]), float(turn[2, 2])),
    )


def _beside(swing: NDArray[np.float64], n: int) -> float:
    """Return the usual height of the lines beside one."""
    return max(float(np.median(swing[max(n - _BESIDE, 1) : n + _BESIDE])), 1e-12)


def _spectrum(
    centre: NDArray[np.float64], normal: NDArray[np.float64], area: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frequencies, 1/mm, and how strongly the slope swings at each."""
    column, n_columns = _columns(centre, normal)
    bins = ((centre[:, 2] - centre[:, 2].min()) / _BIN_MM).astype(np.int64)
    n = int(bins.max()) + 1
    slope = np.abs(normal[:, 2])
    order = np.argsort(column, kind="stable")
    wave, weights = np.zeros(n), np.zeros(n)
    at_once = max(1, _MOST_CELLS // n)
    for first in range(0, n_columns, at_once):
        count = min(at_once, n_columns - first)
        ends = np.searchsorted(column[order], (first, first + count))
        own = order[ends[0] : ends[1]]
        place, shape = (column[own] - first) * n + bins[own], (count, n)
        weight = _summed(place, area[own], shape)
        total = _summed(place, area[own] * slope[own], shape)
        local = _around(total) / np.maximum(_around(weight), 1e-12)
        wave += (total - local * weight).sum(axis=0)
        weights += weight.sum(axis=0)
    taper = np.hanning(n)
    swing = np.abs(np.fft.rfft(wave * taper)) * 2 / (weights * taper).sum()
    return np.asarray(np.fft.rfftfreq(n, _BIN_MM)), np.asarray(swing, dtype=np.float64)


def _summed(
    place: NDArray[np.int64], what: NDArray[np.float64], shape: tuple[int, int]
) -> NDArray[np.float64]:
    sums = np.bincount(place, weights=what, minlength=shape[0] * shape[1])
    return np.asarray(sums.reshape(shape), dtype=np.float64)


def _columns(
    centre: NDArray[np.float64], normal: NDArray[np.float64]
) -> tuple[NDArray[np.int64], int]:
    """Number the columns along z; faces that look another way are in another column."""
    i, j = ((centre[:, :2] - centre[:, :2].min(axis=0)) / _COLUMN_MM).astype(np.int64).T
    looks = (normal > 0) @ np.array([1, 2, 4])
    _, number = np.unique((i * (int(j.max()) + 1) + j) * 8 + looks, return_inverse=True)
    return number.astype(np.int64), int(number.max()) + 1


def _around(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the sum over what lies nearby in the same row."""
    n, half = rows.shape[1], int(_LOCAL_MM / _BIN_MM / 2)
    sums = np.concatenate([np.zeros((len(rows), 1)), np.cumsum(rows, axis=1)], axis=1)
    place = np.arange(n)
    above, below = np.minimum(place + half + 1, n), np.maximum(place - half, 0)
    return np.asarray(sums[:, above] - sums[:, below])
