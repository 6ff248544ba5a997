"""Where a print is thin, hangs over or breaks, drawn on the model."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from calvaria.printability._measured import turn_to
from calvaria.report.figures import draw_solid
from calvaria.report.page import Section
from calvaria.report.png import png_uri

if TYPE_CHECKING:
    from calvaria.mesh import Mesh
    from calvaria.printability import PrintabilityMeasures, PrintabilityReport

__all__ = ["draw_printability", "printability_section"]

_FINE, _FIRST, _SECOND = 0, 1, 2
_PIXELS = 400
_SUPPORT_SIDES = ("from the front", "from below")
# Fine, thin wall or overhang, slender member or narrow gap.
_WALL_COLOURS = ((226, 222, 214), (208, 40, 40), (240, 150, 20), (80, 140, 220))
_SUPPORT_COLOURS = ((226, 222, 214), (70, 120, 210), (40, 160, 110), (80, 140, 220))


def draw_printability(measures: PrintabilityMeasures) -> dict[str, str]:
    """Draw a model from four sides with its thin walls, and as it is built from two with its overhangs.

    Parameters
    ----------
    measures : PrintabilityMeasures
        From :func:`calvaria.check_printability`.

    Returns
    -------
    dict of str to str
        The markup of each picture, by its caption.

    Examples
    --------
    >>> from calvaria import check_printability
    >>> from calvaria.printability import block_mesh
    >>> plate = block_mesh(size_mm=(30, 20, 3))
    >>> report = check_printability(plate, profile="education", process="fdm", material="pla")
    >>> pictures = draw_printability(report.measures)
    >>> len(pictures), list(pictures)[0]
    (6, 'from the front: thin walls red, bridges and pins orange')
    """
    walls = draw_solid(_walls(measures), n_pixels=_PIXELS, colours=_WALL_COLOURS)
    supports = draw_solid(
        _supports(measures), n_pixels=_PIXELS, colours=_SUPPORT_COLOURS, sides=_SUPPORT_SIDES
    )
    pictures = {f"{side}: thin walls red, bridges and pins orange": p for side, p in walls.items()}
    pictures |= {
        f"as it is built, {side}: overhangs blue, what carries supports green": p
        for side, p in supports.items()
    }
    return {
        caption: f'<img class="solid" alt="" src="{png_uri(pixels)}">'
        for caption, pixels in pictures.items()
    }


def printability_section(report: PrintabilityReport) -> Section:
    """Return the section of a page: findings, layer heights, and the pictures that show where.

    Parameters
    ----------
    report : PrintabilityReport
        From :func:`calvaria.check_printability`.

    Returns
    -------
    Section

    Examples
    --------
    >>> from calvaria import check_printability
    >>> from calvaria.printability import block_mesh
    >>> plate = block_mesh(size_mm=(30, 20, 3))
    >>> section = printability_section(check_printability(plate, profile="education", process="fdm", material="pla"))
    >>> section.title, len(section.figures)
    ('Can it be printed', 6)
    """
    measures = report.measures
    if measures is None:
        return Section(title="Can it be printed", text=report.subject, findings=report.findings)
    plan = measures.layers
    rows = () if plan is None else tuple(
        (
            f"layers of {one.layer_mm:g} mm",
            f"{one.layers} layers, about {one.time_h:.1f} h, stairs {one.worst_cusp_mm:.3f} mm rms at "
            f"worst, {one.mean_cusp_mm:.3f} mm over the part: {one.note}",
        )
        for one in plan.options
    )  # fmt: skip
    return Section(
        title="Can it be printed",
        text=f"By {report.subject}. Limits are starting values: replace them by those of your printer.",
        findings=report.findings,
        rows=rows,
        figures=tuple(draw_printability(measures).items()),
    )


def _walls(measures: PrintabilityMeasures) -> Mesh:
    mesh = measures.mesh
    is_thin = np.zeros(len(mesh.vertices), dtype=bool)
    for region in measures.thin_walls:
        is_thin[region.vertices] = True
    kinds = np.full(len(mesh.faces), _FINE, dtype=np.uint8)
    kinds[is_thin[mesh.faces].any(axis=1)] = _FIRST
    for member in measures.members:
        kinds[member.faces] = _SECOND
    return dataclasses.replace(mesh, kinds=kinds)


def _supports(measures: PrintabilityMeasures) -> Mesh:
    kinds = np.full(len(measures.mesh.faces), _FINE, dtype=np.uint8)
    kinds[measures.overhangs.carries_support] = _SECOND
    kinds[measures.overhangs.needs_support] = _FIRST
    # As it is built: what is below then is below in the picture.
    built = np.ascontiguousarray(measures.mesh.vertices @ turn_to(measures.overhangs.up).T)
    return dataclasses.replace(measures.mesh, vertices=built, kinds=kinds)
