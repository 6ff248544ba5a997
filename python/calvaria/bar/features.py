"""A plate that shows how fine a printer prints: holes, walls, slots, steps, a wedge."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from calvaria.bar.cells import Cells
from calvaria.bar.part import BarFeature, ReferenceBar

if TYPE_CHECKING:
    from calvaria.mesh import Mesh

__all__ = ["make_feature_plate"]

_PLATE_MM = 3.0
_TALL_MM = 4.0
_MARGIN_MM = 4.0
_PITCH_MM = 10.0
_ROW_MM = 12.0
_STEP_LONG_MM = 4.0
# What is left around a hole up to the next grid lines; holes stand between the columns of the
# other rows and share their rows, so that no line crosses one.
_TILE_MM = 0.2
_MOST_MM = 5.0


def make_feature_plate(
    *,
    holes_mm: tuple[float, ...] = (1.0, 1.5, 2.0, 3.0, 4.0, 5.0),
    walls_mm: tuple[float, ...] = (0.4, 0.6, 0.8, 1.0, 1.5, 2.0),
    slots_mm: tuple[float, ...] = (0.2, 0.3, 0.4, 0.5, 0.8, 1.0),
    steps_mm: tuple[float, ...] = (0.2, 0.4, 0.6, 0.8, 1.0, 1.2),
    wedge_mm: tuple[float, float] = (2.0, 0.2),
) -> ReferenceBar:
    """Make a plate with features of known size, finest on the left.

    Parameters
    ----------
    holes_mm, walls_mm, slots_mm, steps_mm : tuple of float
        Diameters, thicknesses, widths, and heights above the plate; from front to back of the
        plate the rows are holes, slots, walls, steps and the wedge.
    wedge_mm : (float, float)
        A wall that tapers: where it stops being printed is the finest wall.

    Returns
    -------
    ReferenceBar
        Without a gauge; its features say what is where.

    Raises
    ------
    ValueError
        A size is not above 0 or does not fit its place.

    Examples
    --------
    >>> plate = make_feature_plate()
    >>> [feature.nominal_mm for feature in plate.features if feature.kind == "hole"]
    [1.0, 1.5, 2.0, 3.0, 4.0, 5.0]
    """
    rows = {"hole": holes_mm, "slot": slots_mm, "wall": walls_mm, "step": steps_mm}
    for kind, sizes in rows.items():
        for size in sizes:
            if not 0 < size <= _MOST_MM:
                msg = f"{kind}s_mm: above 0 and at most {_MOST_MM:g} mm expected, found {size}"
                raise ValueError(msg)
    if not 0 < wedge_mm[1] < wedge_mm[0] <= 4:
        msg = f"wedge_mm: thick and thin, at most 4 mm, expected, found {wedge_mm}"
        raise ValueError(msg)
    n = max(len(sizes) for sizes in rows.values())
    plate_mm = (2 * _MARGIN_MM + (n + 1) * _PITCH_MM, 2 * _MARGIN_MM + 5 * _ROW_MM)
    boxes, holes, features = _layout(rows)
    wedge_y = _MARGIN_MM + 4.5 * _ROW_MM
    ends = ((_MARGIN_MM, wedge_y), (plate_mm[0] - _MARGIN_MM, wedge_y + wedge_mm[0]))
    boxes.append(((*ends[0], _PLATE_MM), (*ends[1], _PLATE_MM + _TALL_MM), True))
    mesh = _plate(plate_mm, boxes, holes)
    features.append(
        BarFeature(
            kind="wedge",
            nominal_mm=wedge_mm[0],
            least_mm=wedge_mm[1],
            length_mm=ends[1][0] - ends[0][0],
            centre_lps_mm=(plate_mm[0] / 2, wedge_y, _PLATE_MM),
        )
    )
    vertices = mesh.vertices.copy()
    tapered = (np.abs(vertices[:, 1] - ends[1][1]) < 1e-9) & (vertices[:, 2] > _PLATE_MM - 1e-9)
    tapered &= (vertices[:, 0] >= ends[0][0]) & (vertices[:, 0] <= ends[1][0])
    along = (vertices[tapered, 0] - ends[0][0]) / (ends[1][0] - ends[0][0])
    vertices[tapered, 1] = wedge_y + wedge_mm[1] + along * (wedge_mm[0] - wedge_mm[1])
    middle = np.eye(4)
    middle[:2, 3] = -np.array(plate_mm) / 2
    made = ReferenceBar(mesh=replace(mesh, vertices=vertices), gauges=(), features=tuple(features))
    return made.moved(middle)


_Box = tuple[tuple[float, float, float], tuple[float, float, float], bool]


def _plate(
    plate_mm: tuple[float, float],
    boxes: list[_Box],
    holes: list[tuple[float, float, float]],
) -> Mesh:
    """Return the plate with its boxes filled or emptied and its holes bored."""
    lines: list[set[float]] = [{0.0, plate_mm[0]}, {0.0, plate_mm[1]}, {0.0, _PLATE_MM}]
    for low, high, _ in boxes:
        for axis in range(3):
            lines[axis] |= {low[axis], high[axis]}
    deep = max((diameter for _, _, diameter in holes), default=0.0) / 2 + _TILE_MM
    for x, y, diameter in holes:
        half = diameter / 2 + _TILE_MM
        lines[0] |= {x - half, x + half}
        lines[1] |= {y - deep, y + deep}
    cells = Cells(lines)
    cells.set_box((0, 0, 0), (*plate_mm, _PLATE_MM))
    for low, high, is_filled in boxes:
        cells.set_box(low, high, filled=is_filled)
    for x, y, diameter in holes:
        cells.add_hole((x, y), diameter)
    return cells.to_mesh()


def _layout(
    rows: dict[str, tuple[float, ...]],
) -> tuple[list[_Box], list[tuple[float, float, float]], list[BarFeature]]:
    """Return boxes to fill or empty, holes to bore, and what is where."""
    boxes: list[_Box] = []
    holes: list[tuple[float, float, float]] = []
    features: list[BarFeature] = []
    for row, (kind, sizes) in enumerate(rows.items()):
        y = _MARGIN_MM + (row + 0.5) * _ROW_MM
        for n, size in enumerate(sizes):
            x = _MARGIN_MM + (n + (1.0 if kind == "hole" else 0.5)) * _PITCH_MM
            top, half = _PLATE_MM, size / 2
            if kind == "hole":
                holes.append((x, y, size))
            elif kind == "slot":
                boxes.append(((x - half, y - 4, 0.0), (x + half, y + 4, _PLATE_MM), False))
            elif kind == "wall":
                boxes.append(
                    ((x - half, y - 4, _PLATE_MM), (x + half, y + 4, _PLATE_MM + _TALL_MM), True)
                )
            else:
                top = _PLATE_MM + size
                wide = _STEP_LONG_MM / 2
                boxes.append(((x - wide, y - wide, _PLATE_MM), (x + wide, y + wide, top), True))
            features.append(BarFeature(kind=kind, nominal_mm=size, centre_lps_mm=(x, y, top)))
    return boxes, holes, features
