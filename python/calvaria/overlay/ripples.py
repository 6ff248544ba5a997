"""The clearest ripple of a surface, looked for in every direction at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Ripple", "find_ripple"]

_CELL_MM = 0.55
# Finer ripples are damped by the cells, longer ones are the body's.
_PERIODS_MM = (1.2, 4.0)
# Steps are bends finer than this; and what bends more than most is an edge of the body.
_WIDTH_MM = 1.0
_USUAL_BENDS = 1.5
# So much of the mesh is looked at, about its middle; its ends fade out over so much of it.
_MOST_MM = 120.0
_FADED = 0.1
# Each line is held against those in a cube around it, less those next to it.
_BESIDE, _OWN = 9, 3
# Lines of noise are spread as Rayleigh says; so rarely is one of them taken for a ripple.
_FALSE_ALARM = 1e-3
# What neighbours in the spectrum share, and what is not noise, raises the line that is asked for.
_MARGIN = 1.1
# Lattices finer than the cells come back as waves of other lengths: so much of a wave must be there in the
# faces themselves.  Of so many lines the first that is, is taken.
_REAL = 0.5
_MOST_TRIED = 40
# A wave whose double or triple is there as well, by chance at one of the lines around in ten thousand.
_OVERTONE = 3.5
_MULTIPLES = (3, 2)
_LEAST_MM = 3 * _PERIODS_MM[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ripple:
    """Waves that a surface makes at equal distances.

    Parameters
    ----------
    direction : (3,) ndarray of float64
        Unit vector across them.
    period_mm : float
        Their distance.
    prominence : float
        How far the wave stands above those of other lengths and directions: their root mean square is 1.
    """

    direction: NDArray[np.float64]
    period_mm: float
    prominence: float


def find_ripple(
    points_mm: NDArray[np.float64], normals: NDArray[np.float64], areas: NDArray[np.float64]
) -> Ripple | None:
    """Find the clearest ripple of a surface, in whichever direction.

    Parameters
    ----------
    points_mm, normals : (n, 3) ndarray of float64
        Middles of faces, and their outward unit normals.
    areas : (n,) ndarray of float64
        Their areas.

    Returns
    -------
    Ripple or None
        None where no wave stands out of the noise.

    Notes
    -----
    Steps every T along a direction d squeeze a surface to and fro along d, so its normals n bend by dn with
    (n d) (dn d) of one phase at each step, on whichever side it looks.  That is d' M d of a matrix
    M = n dn' of each face, which knows nothing of d: one Fourier transform of its six parts in space tells
    the waves of all directions and lengths, as d is the direction of the wave itself.
    """
    middle = (points_mm.min(axis=0) + points_mm.max(axis=0)) / 2
    places = points_mm - middle
    kept = (np.abs(places) <= _MOST_MM / 2).all(axis=1)
    places, normals, areas = places[kept], normals[kept], areas[kept]
    if not len(places) or np.ptp(places, axis=0).max() < _LEAST_MM:
        return None
    places, normals = frozen(places, dtype=np.float64), frozen(normals, dtype=np.float64)
    bends = _native.fine_normals(places, normals, frozen(areas, dtype=np.float64), _WIDTH_MM)
    size = np.linalg.norm(bends, axis=1)
    usual = _USUAL_BENDS * max(float(np.median(size)), 1e-9)
    weights = areas * _faded(places) * np.exp(-((size / usual) ** 2))
    height, waves = _spectrum(places, normals, bends, weights)
    stands, asked = _prominence(height, waves)
    least = _MARGIN * math.sqrt(math.log(max(asked, 1) / _FALSE_ALARM))
    for place in _highest(stands, least):
        wave = np.array([line.ravel()[n] for line, n in zip(waves, place[::-1], strict=True)])
        expected = float(height[place]) / _spread_over_cells(wave)
        if _height(places, normals, bends, weights, wave) >= _REAL * expected:
            return _ripple(height, stands, place, waves)
    return None


def _spread_over_cells(wave: NDArray[np.float64]) -> float:
    """Return how much of a wave the quadratic spline over the cells leaves."""
    return float(np.prod(np.sinc(wave * _CELL_MM) ** 3))


def _height(
    places: NDArray[np.float64],
    normals: NDArray[np.float64],
    bends: NDArray[np.float64],
    weights: NDArray[np.float64],
    wave: NDArray[np.float64],
) -> float:
    """Return the height of one wave, without cells."""
    along = wave / np.linalg.norm(wave)
    turns = np.exp(-2j * np.pi * (places @ wave))
    return float(np.abs((weights * (normals @ along) * (bends @ along)) @ turns))


def _faded(places: NDArray[np.float64]) -> NDArray[np.float64]:
    low, size = places.min(axis=0), np.maximum(np.ptp(places, axis=0), 1e-9)
    part = (places - low) / size
    end = np.minimum(np.minimum(part, 1 - part) / _FADED, 1.0)
    return np.asarray(np.prod((1 - np.cos(np.pi * end)) / 2, axis=1), dtype=np.float64)


def _spectrum(
    places: NDArray[np.float64],
    normals: NDArray[np.float64],
    bends: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> tuple[NDArray[np.float32], list[NDArray[np.float32]]]:
    """Return the height of each wave, and its wave numbers along x, y and z, 1/mm, in order z, y, x."""
    total = np.zeros(0, dtype=np.complex64)
    waves: list[NDArray[np.float32]] = []
    for i, j in ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)):
        product = normals[:, i] * bends[:, j]
        if i != j:
            product += normals[:, j] * bends[:, i]
        field = _native.spread_values(places, weights * product, _CELL_MM)
        sizes = [_smooth_number(n) for n in field.shape]
        part = np.fft.rfftn(field, s=sizes, axes=(0, 1, 2)).astype(np.complex64, copy=False)
        if not waves:
            waves = _waves(sizes)
            total = np.zeros_like(part)
            square = np.maximum(waves[0] ** 2 + waves[1] ** 2 + waves[2] ** 2, 1e-12)
        part *= waves[i] * waves[j] / square
        total += part
    return np.abs(total), waves


def _waves(sizes: list[int]) -> list[NDArray[np.float32]]:
    nz, ny, nx = sizes
    x, y, z = (
        np.fft.rfftfreq(nx, _CELL_MM),
        np.fft.fftfreq(ny, _CELL_MM),
        np.fft.fftfreq(nz, _CELL_MM),
    )
    return [one.astype(np.float32) for one in (x, y[:, None], z[:, None, None])]


def _smooth_number(n: int) -> int:
    """Return the next number whose factors are 2, 3 and 5."""
    while True:
        rest = n
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return n
        n += 1


def _prominence(
    height: NDArray[np.float32], waves: list[NDArray[np.float32]]
) -> tuple[NDArray[np.float32], int]:
    """Return how far each line stands above those beside it, 0 where none is asked for, and their number."""
    squared = waves[0] ** 2 + waves[1] ** 2 + waves[2] ** 2
    low, high = (1 / mm**2 for mm in _PERIODS_MM[::-1])
    asked = (squared >= low) & (squared <= high)
    power = height**2
    own, around = _box(power, _OWN), _box(power, _BESIDE)
    beside = np.maximum(around - own, 0) / (_BESIDE**3 - _OWN**3)
    stands = np.sqrt(power / np.maximum(beside, np.float32(1e-30)))
    return np.where(asked, stands, np.float32(0)), int(asked.sum())


def _highest(stands: NDArray[np.float32], least: float) -> list[tuple[int, int, int]]:
    """Return the lines from the highest on, as far as they stand out."""
    clear = np.flatnonzero(stands.ravel() >= least)
    order = clear[np.argsort(-stands.ravel()[clear], kind="stable")][:_MOST_TRIED]
    z, y, x = np.unravel_index(order, stands.shape)
    return list(zip(z.tolist(), y.tolist(), x.tolist(), strict=True))


def _ripple(
    height: NDArray[np.float32],
    stands: NDArray[np.float32],
    place: tuple[int, int, int],
    waves: list[NDArray[np.float32]],
) -> Ripple:
    wave = _centre(height**2, place, waves)
    for times in _MULTIPLES:
        longer = wave / times
        near = _nearest(longer, waves)
        if max(float(stands[one]) for _, one in _cube(near, stands.shape)) >= _OVERTONE:
            wave = longer
            break
    number = float(np.linalg.norm(wave))
    return Ripple(direction=wave / number, period_mm=1 / number, prominence=float(stands[place]))


def _box(power: NDArray[np.float32], width: int) -> NDArray[np.float32]:
    """Return the sum over a cube about each line; the spectrum goes round along z and y."""
    half = width // 2
    for axis in range(3):
        n = power.shape[axis]
        around = [(half, half) if one == axis else (0, 0) for one in range(3)]
        padded = np.pad(power, around, mode="reflect" if axis == 2 else "wrap")
        rows = np.moveaxis(padded, axis, 0)
        summed = rows[:n].copy()
        for step in range(1, width):
            summed += rows[step : step + n]
        power = np.moveaxis(summed, 0, axis)
    return power


def _cube(
    place: tuple[int, ...], shape: tuple[int, ...]
) -> Iterator[tuple[int, tuple[int, int, int]]]:
    """Yield the lines around one, each with the sign of its wave number: half of the spectrum is kept."""
    for dz, dy, dx in np.ndindex(3, 3, 3):
        x = place[2] + dx - 1
        sign = -1 if x < 0 else 1
        if x < shape[2]:
            z, y = place[0] + dz - 1, place[1] + dy - 1
            yield sign, (sign * z % shape[0], sign * y % shape[1], sign * x)


def _centre(
    power: NDArray[np.float32], place: tuple[int, int, int], waves: list[NDArray[np.float32]]
) -> NDArray[np.float64]:
    """Return the wave number in the middle of the lines around the highest."""
    total, sums = 0.0, np.zeros(3)
    for sign, (z, y, x) in _cube(place, power.shape):
        weight = float(power[z, y, x])
        sums += sign * weight * np.array([waves[0][x], waves[1][y, 0], waves[2][z, 0, 0]])
        total += weight
    return np.asarray(sums / total, dtype=np.float64)


def _nearest(wave: NDArray[np.float64], waves: list[NDArray[np.float32]]) -> tuple[int, int, int]:
    if wave[0] < 0:
        wave = -wave
    places = [
        int(np.argmin(np.abs(line.ravel() - part))) for line, part in zip(waves, wave, strict=True)
    ]
    return places[2], places[1], places[0]
