"""A set of bars: three axes, several lengths, diagonals, and a plate for fine features."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calvaria.bar.block import make_bar
from calvaria.bar.cells import Cells
from calvaria.bar.features import make_feature_plate
from calvaria.bar.part import BarGauge, ReferenceBar, joined
from calvaria.mesh import combine_meshes

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["make_bar_set"]

_GAP_MM = 14.0  # room for the jaws of a calliper
_PLATE_MM = 2.0
_SUNK_MM = 0.2
_BED_MM = 200.0  # of a small desktop printer


def make_bar_set(
    *,
    lengths_mm: Sequence[float] = (20.0, 50.0, 100.0),
    axes: Sequence[str] = ("x", "y", "z"),
    with_diagonals: bool = True,
    with_features: bool = True,
    on_plate: bool = False,
) -> ReferenceBar:
    """Make bars of several lengths along several axes: what tells a scale error from an offset.

    Parameters
    ----------
    lengths_mm : sequence of float
        At least two lengths tell scale from offset, three show whether a line fits.
    axes : sequence of str
        Of the printer.
    with_diagonals : bool
        Add two bars of the middle length along both diagonals of the build plate: squareness.
    with_features : bool
        Add a plate of holes, walls, slots, steps and a wedge.
    on_plate : bool
        Join all on a plate of 2 mm, so that one scan sees them in one piece.  Upright bars are
        then gauged from the plate to their top, and holes and slots end in it.

    Returns
    -------
    ReferenceBar
        All bodies apart by 14 mm, or one body on a plate; z is up, the middle at x = y = 0.

    Raises
    ------
    ImportError
        ``on_plate`` without manifold3d: ``pip install 'calvaria[mesh]'``.
    ValueError
        No length or no axis.

    Examples
    --------
    >>> bars = make_bar_set(with_features=False)
    >>> [gauge.bar for gauge in bars.gauges][:4]
    ['20X', '50X', '100X', '20Y']
    """
    if not lengths_mm or not axes:
        msg = "lengths_mm, axes: at least one of each expected, found none"
        raise ValueError(msg)
    sunk = _SUNK_MM if on_plate else 0.0
    bars = [_bar(length, axis, sunk) for axis in axes for length in sorted(lengths_mm)]
    if with_diagonals:
        middle = sorted(lengths_mm)[len(lengths_mm) // 2]
        bars += [make_bar(length_mm=middle, axis=axis) for axis in ("xy", "yx")]
    if with_features:
        bars.append(make_feature_plate())
    placed = _placed(bars)
    return _plated(placed) if on_plate else joined(placed)


def _bar(length: float, axis: str, sunk: float) -> ReferenceBar:
    """Return a bar; one that stands in a plate is longer by what is sunk."""
    if axis != "z" or not sunk:
        return make_bar(length_mm=length, axis=axis)
    return make_bar(length_mm=length + sunk, axis=axis, label=f"{length:g}{axis}")


def _placed(bars: Sequence[ReferenceBar]) -> list[ReferenceBar]:
    """Return the bars in rows, the deepest first, each row no wider than a small bed."""
    sizes = [np.ptp(bar.mesh.vertices, axis=0) for bar in bars]
    order = sorted(range(len(bars)), key=lambda n: (-round(float(sizes[n][1]), 6), n))
    corners, x, y, deep = {}, 0.0, 0.0, 0.0
    for n in order:
        if x and x + sizes[n][0] > _BED_MM:
            x, y = 0.0, y + deep + _GAP_MM
            deep = 0.0
        corners[n] = np.array([x, y, 0.0])
        x, deep = x + sizes[n][0] + _GAP_MM, max(deep, sizes[n][1])
    placed = []
    for n, bar in enumerate(bars):
        matrix = np.eye(4)
        matrix[:3, 3] = corners[n] - bar.mesh.vertices.min(axis=0)
        placed.append(bar.moved(matrix))
    low = np.min([bar.mesh.vertices.min(axis=0) for bar in placed], axis=0)
    high = np.max([bar.mesh.vertices.max(axis=0) for bar in placed], axis=0)
    matrix = np.eye(4)
    matrix[:2, 3] = -(low + high)[:2] / 2
    return [bar.moved(matrix) for bar in placed]


def _plated(bars: Sequence[ReferenceBar]) -> ReferenceBar:
    """Return the bars on one plate; those that stand are gauged from its top."""
    lift = np.eye(4)
    lift[2, 3] = _PLATE_MM - _SUNK_MM
    both = joined([bar.moved(lift) for bar in bars])
    low, high = both.mesh.vertices.min(axis=0), both.mesh.vertices.max(axis=0)
    edges = [(low[n] - _GAP_MM, high[n] + _GAP_MM) for n in range(2)]
    plate = Cells([*edges, (0.0, _PLATE_MM)])
    plate.set_box((edges[0][0], edges[1][0], 0.0), (edges[0][1], edges[1][1], _PLATE_MM))
    mesh = combine_meshes(plate.to_mesh(), both.mesh, method="union")
    gauges = tuple(_from_plate(one) if one.axis == "z" else one for one in both.gauges)
    return ReferenceBar(mesh=mesh, gauges=gauges, features=both.features)


def _from_plate(gauge: BarGauge) -> BarGauge:
    x, y, z = gauge.second_lps_mm
    beside = gauge.width_mm / 2 + 7.0
    nominal = round(z - _PLATE_MM, 9)
    return replace(
        gauge,
        bar=f"{nominal:g}Z",
        nominal_mm=nominal,
        first_lps_mm=(x + beside, y, _PLATE_MM),
        width_mm=10.0,
        height_mm=14.0,
        is_step=True,
    )
