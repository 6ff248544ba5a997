"""What all measurements here share: a mesh for the native module, records with a face."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._html import html_table
from calvaria.errors import CalvariaWarning, MeshError
from calvaria.mesh import Mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Closure",
    "Record",
    "Three",
    "arrays",
    "closure",
    "faces_that_matter",
    "need_faces",
    "need_outwards",
    "positive",
    "three",
    "turn_to",
    "unit",
]

Three = tuple[float, float, float]


class Record:
    """A frozen dataclass that prints and exports itself; arrays become counts."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return everything but arrays and meshes, ready for JSON."""
        values = {}
        for field in dataclasses.fields(self):  # type: ignore[arg-type] # subclasses are dataclasses
            value = getattr(self, field.name)
            if isinstance(value, (np.ndarray, Mesh)):
                continue
            if hasattr(value, "to_dict"):
                value = value.to_dict()
            elif isinstance(value, tuple) and value and hasattr(value[0], "to_dict"):
                value = [one.to_dict() for one in value]
            elif isinstance(value, float) and not np.isfinite(value):
                value = str(value)
            values[field.name] = list(value) if isinstance(value, tuple) else value
        return values

    def _repr_html_(self) -> str:
        rows = [
            (name, getattr(self, name) if isinstance(told, dict) else told)
            for name, told in self.to_dict().items()
        ]
        return html_table(header=("measure", "value"), rows=rows)


def need_faces(mesh: Mesh) -> None:
    """Refuse what is not a mesh, or has no face."""
    if not isinstance(mesh, Mesh):
        msg = f"mesh: Mesh expected, found {type(mesh).__name__}"
        raise TypeError(msg)
    if not len(mesh.faces):
        raise MeshError("mesh: at least one face expected, found none")


@dataclass(frozen=True, slots=True, kw_only=True)
class Closure:
    """Whether a mesh has an inside, which way it is turned, and how long its edges are."""

    is_closed: bool
    volume_mm3: float
    longest_edge_mm: float


def closure(mesh: Mesh) -> Closure:
    """Return what every measurement asks of a mesh first."""
    need_faces(mesh)
    is_closed, volume, longest = _native.mesh_closure(**arrays(mesh))
    return Closure(is_closed=is_closed, volume_mm3=volume, longest_edge_mm=longest)


def faces_that_matter(matters: ArrayLike | None, n_faces: int) -> NDArray[np.bool_] | None:
    """Return which faces matter, one bool for each; None where nothing was said."""
    if matters is None:
        return None
    flags = np.asarray(matters)
    if flags.shape != (n_faces,) or flags.dtype != bool:
        msg = f"matters: bool of shape ({n_faces},) expected, found {flags.dtype} {flags.shape}"
        raise ValueError(msg)
    return flags


def need_outwards(mesh: Mesh) -> Closure:
    """Refuse a closed mesh that is inside out; warn of an open one, which has no inside."""
    found = closure(mesh)
    if not found.is_closed:
        msg = "mesh: a closed surface expected, found an open one: near its edges this is not to be trusted"
        warnings.warn(msg, CalvariaWarning, stacklevel=3)
    elif found.volume_mm3 < 0:
        raise MeshError("mesh: faces turned outwards expected, found a closed surface inside out")
    return found


def arrays(mesh: Mesh) -> dict[str, Any]:
    """Return the arrays of a mesh as keywords of the native module."""
    return {"vertices": mesh.vertices, "faces": mesh.faces, "kinds": mesh.kinds}


def positive(name: str, value: float) -> float:
    """Return a number above 0, or say what was found."""
    if isinstance(value, bool) or not isinstance(value, (int, float, np.number)):
        msg = f"{name}: a number expected, found {type(value).__name__}"
        raise TypeError(msg)
    if not 0 < value < np.inf:
        msg = f"{name}: a finite number above 0 expected, found {value}"
        raise ValueError(msg)
    return float(value)


def three(values: Any) -> Three:
    """Return three numbers as a tuple of floats."""
    # Adding 0 makes 0 of -0.
    x, y, z = (float(x) + 0.0 for x in values)
    return (x, y, z)


def unit(name: str, values: ArrayLike) -> Three:
    """Return a direction with length 1."""
    direction = np.asarray(values, dtype=np.float64)
    if direction.shape != (3,) or not 0 < np.linalg.norm(direction) < np.inf:
        msg = f"{name}: three finite numbers, not all 0, expected, found {direction.tolist()}"
        raise ValueError(msg)
    return three(direction / np.linalg.norm(direction))


def turn_to(up: Three) -> NDArray[np.float64]:
    """Return the rotation that lays ``up`` on the third axis; its rows are the new axes in LPS.

    The first axis is the one that leans least towards ``up``, made square to it.
    """
    direction = np.asarray(up)
    axis = np.eye(3)[np.argmin(np.abs(direction))]
    right = axis - direction * (axis @ direction)
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(direction, right), direction])
