"""The bar as a body: flats for the jaws, a foot set back, and its name on it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from calvaria.bar.cells import Cells
from calvaria.bar.decision import need_number
from calvaria.bar.lettering import HEIGHT_CELLS, letter_pixels
from calvaria.bar.part import BarGauge, ReferenceBar

__all__ = ["WIDTHS_MM", "make_bar"]

# Each axis has its own width, so that a scan can tell the bars of a set apart.
WIDTHS_MM = {
    "x": 8.0,
    "y": 12.0,
    "z": 14.0,
    "xy": 16.0,
    "yx": 18.0,
    "xz": 20.0,
    "zx": 22.0,
    "yz": 24.0,
    "zy": 26.0,
}
_HEIGHT_MM = 10.0
# The first layers spread ("elephant's foot"): there the flats stand back, so that jaws pass them.
_FOOT_HEIGHT_MM = 1.0
_FOOT_DEPTH_MM = 0.5
_RELIEF_MM = 0.6
# A stroke of 1 mm, which filament printers emboss well; where there is no room, that of two extrusions
# of a 0.4 mm nozzle.
_LETTER_MM = 7.0
_LEAST_LETTER_MM = 5.6
# From the letters to the ends, which jaws take hold of, and to the sides.
_ROOM_MM = (4 * _FOOT_DEPTH_MM, 2 * _FOOT_DEPTH_MM)

_S = math.sqrt(0.5)
# Where length, width and label of a bar point on the printer.
_FRAMES = {
    "x": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "y": ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
    "z": ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    "xy": ((_S, _S, 0), (-_S, _S, 0), (0, 0, 1)),
    "yx": ((_S, -_S, 0), (_S, _S, 0), (0, 0, 1)),
    "xz": ((_S, 0, _S), (0, 1, 0), (-_S, 0, _S)),
    "zx": ((_S, 0, -_S), (0, 1, 0), (_S, 0, _S)),
    "yz": ((0, _S, _S), (-1, 0, 0), (0, -_S, _S)),
    "zy": ((0, _S, -_S), (-1, 0, 0), (0, _S, _S)),
}


def make_bar(
    *,
    length_mm: float = 50.0,
    axis: str = "x",
    width_mm: float | None = None,
    height_mm: float = _HEIGHT_MM,
    label: str | None = None,
    letter_mm: float | None = None,
) -> ReferenceBar:
    """Make a reference bar to print: 50 mm between two flats, unless asked otherwise.

    Parameters
    ----------
    length_mm : float
        Between the end faces; exact in the mesh.
    axis : str
        Axis of the printer it lies along: "x", "y", "z", or a diagonal such as "xy" and "yx".
    width_mm : float, optional
        Across; left out, a width that belongs to the axis (x 8, y 12, z 14 mm ...), so that
        :func:`measure_bars` can tell them apart in a scan.
    height_mm : float
        The third side.
    label : str, optional
        Embossed letters; left out, length and axis, as ``50X``, or none where the bar is too
        small for them.  Empty for none.
    letter_mm : float, optional
        Height of the letters; their stroke is a seventh of it.  Left out, 7 mm, or 5.6 mm where there
        is no room for more.

    Returns
    -------
    ReferenceBar
        Stands on z = 0 in the middle of x and y.  The end faces bear no letter; the lowest
        millimetre of a lying bar stands back by 0.5 mm, so that the spread of the first layers is
        not measured.

    Raises
    ------
    ValueError
        A side below 5 mm, an unknown axis, letters too small to be printed or too long for the bar.

    Examples
    --------
    >>> bar = make_bar()
    >>> bar.gauges[0].nominal_mm, float(np.ptp(bar.mesh.vertices[:, 0]))
    (50.0, 50.0)
    """
    if axis not in _FRAMES:
        msg = f"axis: one of {', '.join(_FRAMES)} expected, found {axis!r}"
        raise ValueError(msg)
    if label is not None and not isinstance(label, str):
        msg = f"label: text expected, found {type(label).__name__}"
        raise ValueError(msg)
    width = WIDTHS_MM[axis] if width_mm is None else width_mm
    for name, value in (("length_mm", length_mm), ("width_mm", width), ("height_mm", height_mm)):
        if not 5.0 <= need_number(name, value) <= 1000.0:
            msg = f"{name}: 5 to 1000 mm expected, found {value}"
            raise ValueError(msg)
    name = f"{length_mm:g}{axis}".upper()
    text = name if label is None else label.upper()
    sizes = (
        (_LETTER_MM, _LEAST_LETTER_MM)
        if letter_mm is None
        else (need_number("letter_mm", letter_mm),)
    )
    fitting = [size for size in sizes if text and _fits(text, (length_mm, width), size)]
    if label is None and not fitting:
        text = ""
    letter_mm = (*fitting, sizes[-1])[0]
    upright = axis == "z"
    mesh = _solid((length_mm, width, height_mm), text, letter_mm, upright=upright).to_mesh()
    along, across, up = (np.array(one, float) for one in _FRAMES[axis])
    turn = np.stack([along, across, up], axis=1)
    vertices = mesh.vertices @ turn.T
    shift = -np.array([*((vertices.max(0) + vertices.min(0))[:2] / 2), vertices[:, 2].min()])
    low = _FOOT_HEIGHT_MM if not upright else 0.0
    middle = np.array([0.0, width / 2, (low + height_mm) / 2])
    gauge = BarGauge(
        bar=name,
        axis=axis,
        nominal_mm=float(length_mm),
        first_lps_mm=tuple((turn @ middle + shift).tolist()),
        second_lps_mm=tuple((turn @ (middle + np.array([length_mm, 0.0, 0.0])) + shift).tolist()),
        direction=tuple(along.tolist()),
        across=tuple(across.tolist()),
        width_mm=width - (2 * _FOOT_DEPTH_MM),
        height_mm=height_mm - low,
    )
    return ReferenceBar(mesh=replace(mesh, vertices=vertices + shift), gauges=(gauge,))


def _solid(
    size: tuple[float, float, float], text: str, letter_mm: float, *, upright: bool
) -> Cells:
    """Return the body along x, its label up: length, width, height from 0."""
    length, width, height = size
    depth = _FOOT_DEPTH_MM
    lines = [
        {0.0, depth, length - depth, length},
        {0.0, depth, width - depth, width},
        {0.0, height},
    ]
    lines[0 if upright else 2].add(_FOOT_HEIGHT_MM)
    pixels = letter_pixels(text) if text else None
    if pixels is not None:
        start, grid = _letter_grid(pixels.shape, (length, width), text, letter_mm)
        for n in range(2):
            lines[n] |= set((start[n] + grid * np.arange(pixels.shape[n] + 1)).tolist())
        lines[2].add(height + _RELIEF_MM)
    cells = Cells(lines)
    cells.set_box((0, 0, 0), size)
    foot = [length, width, height]
    foot[0 if upright else 2] = _FOOT_HEIGHT_MM
    cells.set_box((0, 0, 0), foot, filled=False)
    if upright:
        cells.set_box((0, depth, 0), (_FOOT_HEIGHT_MM, width - depth, height))
    else:
        cells.set_box((depth, depth, 0), (length - depth, width - depth, _FOOT_HEIGHT_MM))
    if pixels is not None:
        for i, j in np.argwhere(pixels).tolist():
            x, y = start[0] + i * grid, start[1] + j * grid
            cells.set_box((x, y, height), (x + grid, y + grid, height + _RELIEF_MM))
    return cells


def _fits(text: str, face: tuple[float, float], letter_mm: float) -> bool:
    columns, rows = letter_pixels(text).shape
    grid = letter_mm / HEIGHT_CELLS
    return bool(
        columns * grid <= face[0] - _ROOM_MM[0] + 1e-9
        and rows * grid <= face[1] - _ROOM_MM[1] + 1e-9
    )


def _letter_grid(
    shape: tuple[int, ...], face: tuple[float, float], text: str, letter_mm: float
) -> tuple[tuple[float, float], float]:
    if not need_number("letter_mm", letter_mm) >= _LEAST_LETTER_MM:
        msg = f"letter_mm: at least {_LEAST_LETTER_MM} expected, else strokes do not print, found {letter_mm}"
        raise ValueError(msg)
    grid = letter_mm / HEIGHT_CELLS
    long, high = shape[0] * grid, shape[1] * grid
    if not _fits(text, face, letter_mm):
        msg = (
            f"label: letters that fit {face[0]:g} x {face[1]:g} mm expected, "
            f"found {text!r} of {long:.1f} x {high:.1f} mm"
        )
        raise ValueError(msg)
    return ((face[0] - long) / 2, (face[1] - high) / 2), grid
