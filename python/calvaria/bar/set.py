"""A set of bars: three axes, several lengths, diagonals, and a plate for fine features."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calvaria.bar.block import make_bar
from calvaria.bar.cells import Cells
from calvaria.bar.decision import need_number
from calvaria.bar.features import make_feature_plate
from calvaria.bar.part import BarGauge, ReferenceBar, joined
from calvaria.errors import BarError
from calvaria.mesh import combine_meshes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["make_bar_set"]

_GAP_MM = 14.0  # room for the jaws of a calliper
_PLATE_MM = 2.0
_RIM_MM = 5.0  # of the plate around the bars
_BESIDE_MM = 8.0  # of the plate beside an upright bar, and its rim: there it is gauged from
_SUNK_MM = 0.2
_BED_MM = 200.0  # of a small desktop printer


def make_bar_set(
    *,
    lengths_mm: Sequence[float] = (20.0, 50.0, 100.0),
    axes: Sequence[str] = ("x", "y", "z"),
    with_diagonals: bool = True,
    with_features: bool = True,
    on_plate: bool = False,
    bed_mm: Sequence[float] | None = None,
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
    bed_mm : (float, float), optional
        Width and depth of the printer's bed, such as the first two of ``Printer.build_mm``; left
        out, as deep as it gets on a width of 200 mm.

    Returns
    -------
    ReferenceBar
        All bodies apart by 14 mm, or one body on a plate; z is up, the middle at x = y = 0.  The
        usual set fits a bed of 200 x 200 mm either way.

    Raises
    ------
    ImportError
        ``on_plate`` without manifold3d: ``pip install 'calvaria[mesh]'``.
    ValueError
        No length or no axis, or one of them twice; a bed that is no bed.
    BarError
        The set does not fit the bed.

    Examples
    --------
    >>> bars = make_bar_set(with_features=False)
    >>> [gauge.bar for gauge in bars.gauges][:4]
    ['20X', '50X', '100X', '20Y']
    """
    if not lengths_mm or not axes:
        msg = "lengths_mm, axes: at least one of each expected, found none"
        raise ValueError(msg)
    for name, values in (("lengths_mm", lengths_mm), ("axes", axes)):
        names = [f"{one:g}" if isinstance(one, int | float) else one for one in values]
        if len(set(names)) < len(names):
            msg = f"{name}: each one once expected, found {', '.join(map(str, values))}"
            raise ValueError(msg)
    sunk = _SUNK_MM if on_plate else 0.0
    bars = [_bar(length, axis, sunk) for axis in axes for length in sorted(lengths_mm)]
    if with_diagonals:
        middle = sorted(lengths_mm)[len(lengths_mm) // 2]
        bars += [make_bar(length_mm=middle, axis=axis) for axis in ("xy", "yx")]
    if with_features:
        bars.append(make_feature_plate())
    beside = [
        _BESIDE_MM if on_plate and bar.gauges and bar.gauges[0].axis == "z" else 0.0 for bar in bars
    ]
    rim = 2 * _RIM_MM if on_plate else 0.0
    if bed_mm is None:
        placed = _placed(bars, beside, _BED_MM - rim)
    else:
        placed = _fitted(bars, beside, _bed(bed_mm), rim)
    return _plated(placed) if on_plate else joined(placed)


def _bed(bed_mm: Sequence[float]) -> tuple[float, float]:
    sizes = [need_number("bed_mm", one) for one in bed_mm]
    if len(sizes) != 2 or min(sizes) <= 0:
        msg = f"bed_mm: width and depth above 0 expected, found {', '.join(f'{one:g}' for one in sizes)}"
        raise ValueError(msg)
    return sizes[0], sizes[1]


def _fitted(
    bars: Sequence[ReferenceBar],
    beside_mm: Sequence[float],
    bed_mm: tuple[float, float],
    rim_mm: float,
) -> list[ReferenceBar]:
    """Return the bars as they fit the bed, in the first order and width in which they do."""
    width, depth = bed_mm
    least: list[float] = []
    for is_by_area in (False, True):
        for narrower in np.linspace(width - rim_mm, 0.5 * (width - rim_mm), 9):
            placed = _placed(bars, beside_mm, float(narrower), is_by_area=is_by_area)
            points = np.concatenate([bar.mesh.vertices[:, :2] for bar in placed])
            wide, deep = np.ptp(points, axis=0) + rim_mm
            if wide <= width + 1e-6 and deep <= depth + 1e-6:
                return placed
            least = min(least or [np.inf], [float(wide * deep), float(wide), float(deep)])
    msg = (
        f"bed_mm: at least {least[1]:.0f} x {least[2]:.0f} mm for {len(bars)} bodies expected, found "
        f"{width:g} x {depth:g}; leave out with_features or with_diagonals, or print in turns"
    )
    raise BarError(msg)


def _bar(length: float, axis: str, sunk: float) -> ReferenceBar:
    """Return a bar; one that stands in a plate is longer by what is sunk."""
    if axis != "z" or not sunk:
        return make_bar(length_mm=length, axis=axis)
    return make_bar(length_mm=length + sunk, axis=axis, label=f"{length:g}{axis}")


def _placed(
    bars: Sequence[ReferenceBar],
    beside_mm: Sequence[float],
    bed_mm: float,
    *,
    is_by_area: bool = False,
) -> list[ReferenceBar]:
    """Return the bars side by side, each as low on the bed and as far left as it goes."""
    sizes = [
        np.add(np.ptp(bar.mesh.vertices, axis=0)[:2], (beside, 0.0))
        for bar, beside in zip(bars, beside_mm, strict=True)
    ]
    # What is large in either direction comes first; a bar longer than the bed sets the width.
    large = [float(size.prod() if is_by_area else size.max()) for size in sizes]
    order = sorted(range(len(bars)), key=lambda n: (-round(large[n], 6), n))
    width = max(bed_mm, *(float(size[0]) for size in sizes))
    corners: dict[int, NDArray[np.float64]] = {}
    for n in order:
        corners[n] = _lowest(sizes[n], [(corners[k], sizes[k]) for k in corners], width)
    placed = []
    for n, bar in enumerate(bars):
        matrix = np.eye(4)
        matrix[:3, 3] = np.append(corners[n], 0.0) - bar.mesh.vertices.min(axis=0)
        placed.append(bar.moved(matrix))
    low = np.min([bar.mesh.vertices.min(axis=0) for bar in placed], axis=0)
    high = np.max([bar.mesh.vertices.max(axis=0) for bar in placed], axis=0)
    matrix = np.eye(4)
    matrix[:2, 3] = -(low + high)[:2] / 2
    return [bar.moved(matrix) for bar in placed]


def _lowest(
    size: NDArray[np.float64],
    placed: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]],
    width: float,
) -> NDArray[np.float64]:
    """Return the lowest place, and of those the leftmost, beside or above what is placed."""
    free = [tuple(corner + full + _GAP_MM) for corner, full in placed]
    xs = sorted({0.0, *(x for x, _ in free), *(float(corner[0]) for corner, _ in placed)})
    ys = sorted({0.0, *(y for _, y in free), *(float(corner[1]) for corner, _ in placed)})
    for y in ys:
        for x in xs:
            place = np.array([x, y])
            if x + size[0] <= width + 1e-9 and all(
                (
                    (place >= corner + full + _GAP_MM - 1e-9)
                    | (corner >= place + size + _GAP_MM - 1e-9)
                ).any()
                for corner, full in placed
            ):
                return place
    return np.array([0.0, max(ys)])


def _plated(bars: Sequence[ReferenceBar]) -> ReferenceBar:
    """Return the bars on one plate; those that stand are gauged from its top."""
    lift = np.eye(4)
    lift[2, 3] = _PLATE_MM - _SUNK_MM
    both = joined([bar.moved(lift) for bar in bars])
    low, high = both.mesh.vertices.min(axis=0), both.mesh.vertices.max(axis=0)
    beside = [
        one.second_lps_mm[0] + one.width_mm / 2 + 0.5 for one in both.gauges if one.axis == "z"
    ]
    right = max(high[0], *(x + _BESIDE_MM for x in beside)) if beside else high[0]
    edges = [(low[0] - _RIM_MM, right + _RIM_MM), (low[1] - _RIM_MM, high[1] + _RIM_MM)]
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
