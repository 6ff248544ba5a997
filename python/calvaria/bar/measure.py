"""A printed bar measured in a scan of its surface or in a CT."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calvaria.bar.decision import need_number
from calvaria.bar.image import find_bars_in_volume, refined
from calvaria.bar.planes import FacePair, FittedPlane, measure_pair
from calvaria.bar.reading import BarReading
from calvaria.bar.scan import FoundBar, find_bars, find_patches, scaled, tolerance_mm, weld_mesh
from calvaria.errors import BarError, BarNotFoundError, CalvariaWarning
from calvaria.mesh import Mesh
from calvaria.volume import Volume

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["make_reading", "measure_bar", "measure_bars"]

_UNITS_MM = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "inch": 25.4, "um": 0.001}
_LARGEST_MM = 1500.0
_FACE_MARGIN_MM = 1.5
# Measured on phantom bars turned every way: the error beyond the scatter of the profiles.
_VOXEL_FRACTION = 0.02
# Fewer voxels across than this, and errors reach a quarter of a voxel.
_VOXELS_ACROSS = 3.5


def measure_bar(
    subject: Mesh | Volume,
    *,
    nominal_mm: float = 50.0,
    axis: str = "",
    tolerance_fraction: float | None = None,
    unit: str | None = None,
    iso_hu: float | None = None,
) -> BarReading:
    """Find one bar in a scan, in any pose, and measure it from face to face.

    Parameters
    ----------
    subject : Mesh or Volume
        A scanned surface (noisy, with holes, in any pose), or a CT of the print.
    nominal_mm : float
        Length to look for.
    axis : str
        Which axis of the printer it lay along.  Left out, the width says it where the bar is one
        of :func:`make_bar`; given, it chooses among several bars.
    tolerance_fraction : float, optional
        How far from nominal a bar may be and still be found; left out, 5 %, or 1.5 mm where that
        is more, so that a short bar that is out of its limit is found and judged.
    unit : {"mm", "cm", "m", "inch", "um"}, optional
        Unit of the mesh; left out, mm where a mesh in mm could hold such a bar by its size, else
        the first of the others in which there is a bar with the sides of :func:`make_bar`.
    iso_hu : float, optional
        Level of the surface in a volume; left out, Otsu's.  It only finds the bar: the faces are
        then taken half-way along each profile.

    Returns
    -------
    BarReading
        With the standard uncertainty of the fit; the error of the scanner is not in it.

    Raises
    ------
    BarNotFoundError
        There is none, with what was found instead.
    BarError
        There are several, and ``axis`` does not choose.

    Warns
    -----
    CalvariaWarning
        The voxels of a volume are coarse for the bar; its uncertainty says so too.

    See Also
    --------
    measure_bars : all bars of a set.
    measure_gauges : where the printed mesh is at hand.

    Examples
    --------
    >>> from calvaria.bar import make_bar
    >>> reading = measure_bar(make_bar().mesh)
    >>> round(reading.reading_mm, 6), reading.axis
    (50.0, 'x')
    """
    found = _found(subject, (nominal_mm,), tolerance_fraction, unit, iso_hu)
    chosen = found
    if axis and len(found) > 1:
        chosen = [bar for bar in found if bar.axis == axis]
        if not chosen:
            axes = ", ".join(bar.axis or "unknown" for bar in found)
            msg = f"axis: a bar of the width of {axis!r} expected, found axes {axes}"
            raise BarNotFoundError(msg)
    if len(chosen) > 1 and not any(bar.widths_mm for bar in chosen):
        msg = (
            f"subject: a bar of {nominal_mm:g} mm with sides expected, found {len(chosen)} pairs of "
            "opposite faces, none with long sides in between"
        )
        raise BarNotFoundError(msg)
    if len(chosen) > 1:
        names = ", ".join(
            f"{bar.axis or 'unknown axis'} {bar.pair.length_mm:.2f} mm" for bar in chosen
        )
        msg = f"axis: one that chooses among {len(chosen)} bars of {nominal_mm:g} mm expected ({names})"
        raise BarError(msg)
    return _reading(subject, chosen[0], axis or chosen[0].axis)


def measure_bars(
    subject: Mesh | Volume,
    *,
    lengths_mm: Sequence[float] = (20.0, 50.0, 100.0),
    tolerance_fraction: float | None = None,
    unit: str | None = None,
    iso_hu: float | None = None,
) -> tuple[BarReading, ...]:
    """Find and measure every bar of a set in a scan.

    Parameters
    ----------
    subject, tolerance_fraction, unit, iso_hu
        As for :func:`measure_bar`.
    lengths_mm : sequence of float
        Lengths to look for.

    Returns
    -------
    tuple of BarReading
        By axis, then length; the axis is empty where the sides of a bar are not in the scan.

    Raises
    ------
    BarNotFoundError
        There is none, with what was found instead.

    Examples
    --------
    >>> from calvaria.bar import make_bar_set
    >>> bars = make_bar_set(lengths_mm=(20, 50), with_diagonals=False, with_features=False)
    >>> [reading.bar for reading in measure_bars(bars.mesh)]
    ['20X', '50X', '20Y', '50Y', '20Z', '50Z']
    """
    found = _found(subject, lengths_mm, tolerance_fraction, unit, iso_hu)
    readings = [_reading(subject, bar, bar.axis) for bar in found]
    # Bars whose axis is not known are not repeats of each other.
    readings = [
        reading if reading.axis else replace(reading, bar=f"{reading.bar} ({number})")
        for number, reading in enumerate(readings, 1)
    ]
    return tuple(sorted(readings, key=lambda one: (one.axis == "", one.axis, one.nominal_mm)))


def _found(
    subject: Mesh | Volume,
    lengths_mm: Sequence[float],
    tolerance_fraction: float | None,
    unit: str | None,
    iso_hu: float | None,
) -> list[FoundBar]:
    if not len(lengths_mm):
        msg = "lengths_mm: at least one length expected, found none"
        raise ValueError(msg)
    for length in lengths_mm:
        if not 5 <= need_number("nominal length", length) <= 1000:
            msg = f"nominal length: 5 to 1000 mm expected, found {length}"
            raise ValueError(msg)
    if (
        tolerance_fraction is not None
        and not 0 < need_number("tolerance_fraction", tolerance_fraction) <= 0.2
    ):
        msg = f"tolerance_fraction: above 0 and at most 0.2 expected, found {tolerance_fraction}"
        raise ValueError(msg)
    if unit is not None and unit not in _UNITS_MM:
        msg = f"unit: one of {', '.join(_UNITS_MM)} expected, found {unit!r}"
        raise ValueError(msg)
    if isinstance(subject, Volume):
        found, level = find_bars_in_volume(
            subject,
            lengths_mm=lengths_mm,
            tolerance_fraction=tolerance_fraction,
            iso_hu=iso_hu,
        )
        if not found:
            msg = (
                f"volume: two flat faces {_lengths(lengths_mm)} mm apart expected, "
                f"found none at level {level:g}"
            )
            raise BarNotFoundError(msg)
        return found
    if not isinstance(subject, Mesh):
        msg = f"subject: a Mesh or a Volume expected, found {type(subject).__name__}"
        raise TypeError(msg)
    return _found_in_mesh(subject, lengths_mm, tolerance_fraction, unit)


def _found_in_mesh(
    mesh: Mesh,
    lengths_mm: Sequence[float],
    tolerance_fraction: float | None,
    unit: str | None,
) -> list[FoundBar]:
    if not len(mesh.faces):
        msg = "mesh: at least one face expected, found none"
        raise BarNotFoundError(msg)
    welded = weld_mesh(mesh)
    if not len(welded.faces):
        msg = "mesh: faces with an area expected, found none"
        raise BarNotFoundError(msg)
    if _encloses(welded) < 0:  # written inside out, as some scanners do
        welded = replace(welded, faces=np.ascontiguousarray(welded.faces[:, ::-1]))
    diagonal = float(np.linalg.norm(np.ptp(welded.vertices, axis=0)))
    least = min(length - tolerance_mm(length, tolerance_fraction) for length in lengths_mm)
    tried = []
    for name, factor in _units(diagonal, least) if unit is None else [(unit, _UNITS_MM[unit])]:
        if not least <= diagonal * factor <= _LARGEST_MM:
            tried.append(f"{name}: {diagonal * factor:.3g} mm across")
            continue
        in_mm = welded if factor == 1.0 else scaled(welded, factor)
        patches = find_patches(in_mm)
        found = find_bars(
            in_mm, patches, lengths_mm=lengths_mm, tolerance_fraction=tolerance_fraction
        )
        known = found
        if unit is None and name != "mm":
            # Ten times larger, letters have edges as long as a bar: only bars of known sides count.
            known = [bar for bar in found if bar.axis]
        if known:
            return known
        n = len(patches)
        seen = "two opposite, but not the sides of a bar" if found else "no two opposite"
        tried.append(
            f"{name}: {n} flat patch{'' if n == 1 else 'es'}, {seen}"
            + ("" if found else " at that distance")
        )
    hint = "" if unit is not None else "; give unit where the mesh is not in mm"
    msg = (
        f"mesh: two opposite flat faces {_lengths(lengths_mm)} mm apart expected, found none "
        f"({'; '.join(tried)}{hint})"
    )
    raise BarNotFoundError(msg)


def _encloses(mesh: Mesh) -> float:
    """Return the volume inside as seen from the middle of the mesh; below 0, it is inside out."""
    used = mesh.faces.ravel()
    middle = mesh.vertices[used].mean(axis=0)
    a, b, c = (mesh.vertices[mesh.faces[:, corner]] - middle for corner in range(3))
    return float(np.einsum("ij,ij->", a, np.cross(b, c))) / 6


def _units(diagonal: float, least_mm: float) -> list[tuple[str, float]]:
    """Return the units to try: mm alone, unless a mesh in mm could not hold such a bar."""
    if least_mm <= diagonal <= _LARGEST_MM:
        return [("mm", 1.0)]
    return list(_UNITS_MM.items())


def _reading(subject: Mesh | Volume, bar: FoundBar, axis: str) -> BarReading:
    first, second = bar.planes
    pair = bar.pair
    if isinstance(subject, Volume):
        # A square about the middle of the faces, with a margin for their round edges.
        reach = max(float(np.sqrt(bar.area_mm2)) / 2 - _FACE_MARGIN_MM, 1.0)
        first, second = (refined(subject, plane, reach_mm=reach) for plane in (first, second))
        pair = measure_pair(first, second)
        pair = replace(pair, uncertainty_mm=_in_voxels(subject, bar, pair.uncertainty_mm))
    source = "volume" if isinstance(subject, Volume) else "mesh"
    name = f"{bar.nominal_mm:g}{axis}".upper()
    return make_reading(
        pair, (first, second), nominal_mm=bar.nominal_mm, bar=name, axis=axis, source=source
    )


def _in_voxels(volume: Volume, bar: FoundBar, of_fit_mm: float) -> float:
    """Return the uncertainty with what voxels do that the scatter of the profiles does not show."""
    spacing = max(volume.grid.spacing_xyz_mm)
    thickness = float(np.sqrt(bar.area_mm2))
    extra = _VOXEL_FRACTION * spacing
    if _VOXELS_ACROSS * spacing > thickness:
        extra = spacing / 6
        msg = (
            f"voxels of {spacing:g} mm are coarse for a bar about {thickness:.0f} mm thick: its sides "
            f"blur into its ends, and the length is uncertain by {extra:.2f} mm"
        )
        warnings.warn(msg, CalvariaWarning, stacklevel=4)
    return float(np.hypot(of_fit_mm, extra))


def make_reading(
    pair: FacePair,
    planes: tuple[FittedPlane, FittedPlane],
    *,
    nominal_mm: float,
    bar: str,
    axis: str,
    source: str,
) -> BarReading:
    """Return the reading of two fitted faces."""
    x, y, z = (float(value) for value in pair.middle_lps_mm)
    u, v, w = (float(value) for value in pair.direction)
    return BarReading(
        nominal_mm=nominal_mm,
        reading_mm=pair.length_mm,
        axis=axis,
        bar=bar,
        source=source,
        uncertainty_mm=pair.uncertainty_mm,
        n_points=planes[0].n_points + planes[1].n_points,
        flatness_mm=max(plane.rms_mm for plane in planes),
        parallelism_deg=pair.parallelism_deg,
        centre_lps_mm=(x, y, z),
        direction=(u, v, w),
    )


def _lengths(lengths_mm: Sequence[float]) -> str:
    return " or ".join(f"{length:g}" for length in lengths_mm)
