"""Faces that hang over, the supports under them, and whether those touch what matters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native
from calvaria.mesh import Mesh
from calvaria.printability._measured import Record, Three, arrays, need_outwards, unit

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Overhangs", "measure_overhangs"]

# Faces this near to the plate are printed on it.
_FIRST_LAYER_MM = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overhangs(Record):
    """What needs support when a part is built one way.

    Parameters
    ----------
    up : tuple of float
        Away from the plate, LPS.
    steepest_deg : float
        Angle from upright beyond which a face needs support.
    area_mm2 : float
        Area of the faces that need support.
    shadow_mm2 : float
        The same, seen from below.
    volume_mm3 : float
        Space between them and what is under them: what supports fill, loosely.
    on_part_mm2 : float
        Shadow that falls on the part: supports stand on it there.
    on_plate_mm2 : float
        Area that stands on the plate.
    touched_mm2 : float
        Area of faces that matter and carry or need support.
    height_mm : float
        Extent along the way up.
    cusp_factor : float
        Root mean square of the cosine between normals and the way up: what the layer height is multiplied
        by for stairs.
    needs_support, carries_support : (m,) ndarray of bool
        Which faces.
    """

    up: Three
    steepest_deg: float
    area_mm2: float
    shadow_mm2: float
    volume_mm3: float
    on_part_mm2: float
    on_plate_mm2: float
    touched_mm2: float
    height_mm: float
    cusp_factor: float
    needs_support: NDArray[np.bool_]
    carries_support: NDArray[np.bool_]

    def __repr__(self) -> str:
        return (
            f"Overhangs({self.area_mm2 / 100:.2f} cm2 beyond {self.steepest_deg:g} deg, "
            f"{self.volume_mm3 / 1000:.2f} cm3 of supports, {self.height_mm:.1f} mm high)"
        )


def measure_overhangs(
    mesh: Mesh,
    *,
    up: ArrayLike,
    steepest_deg: float = 45.0,
    first_layer_mm: float = _FIRST_LAYER_MM,
    matters: ArrayLike | None = None,
) -> Overhangs:
    """Measure what hangs over when a part is built one way.

    Parameters
    ----------
    mesh : Mesh
        Closed, turned outwards.
    up : (3,) array_like
        Away from the plate, LPS; any length.
    steepest_deg : float
        Angle from upright beyond which a face needs support; a ceiling has 90.
    first_layer_mm : float
        Faces that lie this near to the lowest point stand on the plate.
    matters : (m,) array_like of bool, optional
        Faces that no support may touch, such as those that fit against bone or the bore of a sleeve.

    Returns
    -------
    Overhangs
        Supports go straight down, to the part or to the plate.

    Raises
    ------
    MeshError
        The mesh has no face, or is closed and inside out.
    ValueError
        A direction without length, an angle out of range, or not one flag for each face.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> measure_overhangs(block_mesh(size_mm=(20, 12, 2)), up=(0, 0, 1))
    Overhangs(0.00 cm2 beyond 45 deg, 0.00 cm3 of supports, 2.0 mm high)
    """
    need_outwards(mesh)
    if not 0 < steepest_deg < 90:
        msg = f"steepest_deg: an angle between 0 and 90 expected, found {steepest_deg}"
        raise ValueError(msg)
    direction = unit("up", up)
    facts = _native.mesh_overhang(
        **arrays(mesh),
        up=direction,
        steepest=float(np.sin(np.radians(steepest_deg))),
        first_layer_mm=float(first_layer_mm),
    )
    needs, carries = facts["needs_support"], facts["carries_support"]
    for array in (needs, carries):
        array.flags.writeable = False
    return Overhangs(
        up=direction,
        steepest_deg=float(steepest_deg),
        area_mm2=facts["area_mm2"],
        shadow_mm2=facts["shadow_mm2"],
        volume_mm3=facts["volume_mm3"],
        on_part_mm2=facts["on_part_mm2"],
        on_plate_mm2=facts["on_plate_mm2"],
        touched_mm2=_touched_mm2(mesh, needs | carries, matters),
        height_mm=facts["height_mm"],
        cusp_factor=float(np.sqrt(facts["mean_squared_cosine"])),
        needs_support=needs,
        carries_support=carries,
    )


def _touched_mm2(mesh: Mesh, touched: NDArray[np.bool_], matters: ArrayLike | None) -> float:
    if matters is None:
        return 0.0
    flags = np.asarray(matters)
    if flags.shape != (len(mesh.faces),) or flags.dtype != bool:
        msg = f"matters: bool of shape ({len(mesh.faces)},) expected, found {flags.dtype} {flags.shape}"
        raise ValueError(msg)
    a, b, c = mesh.vertices[mesh.faces[touched & flags]].transpose(1, 0, 2)
    return float(np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2)
