"""Triangle meshes in LPS millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import MeshError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.findings import Finding

__all__ = ["FaceKind", "Mesh"]


class FaceKind(IntEnum):
    """Where a face comes from: what closes a surface is never mistaken for what was imaged."""

    SURFACE = 0
    """Imaged: the surface of the structure itself."""
    CAP = 1
    """A lid where the image ends and the structure does not."""
    CUT = 2
    """A lid where somebody cut, with a plane or with a mask that ends inside the structure."""
    FILLED = 3
    """A patch over a hole."""

    @property
    def colour_rgb(self) -> tuple[int, int, int]:
        """Colour of these faces in pictures and 3MF files: bone, vermilion, blue, green.

        Examples
        --------
        >>> FaceKind.CAP.colour_rgb
        (213, 94, 0)
        """
        return _native.kind_colours()[self]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Mesh:
    """A triangle surface.

    Parameters
    ----------
    vertices : (n, 3) ndarray of float64
        Vertex positions, LPS, mm.  Read-only.
    faces : (m, 3) ndarray of int32
        Vertex indices of each triangle, counter-clockwise seen from outside.  Read-only.
    kinds : (m,) ndarray of uint8, optional
        A :class:`FaceKind` number for each face; all ``SURFACE`` when not given.  Read-only.
    findings : tuple of Finding
        Carried from the volume the mesh was made from.

    Raises
    ------
    MeshError
        Wrong shape, a coordinate that is not finite, an index out of range, or an unknown kind.

    Examples
    --------
    >>> Mesh(vertices=np.eye(3), faces=[[0, 1, 2]])
    Mesh(3 vertices, 1 face)
    """

    vertices: NDArray[np.float64]
    faces: NDArray[np.int32]
    kinds: NDArray[np.uint8] = None  # type: ignore[assignment] # an array once it is made
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        vertices = frozen(_as_rows("vertices", self.vertices), dtype=np.float64)
        raw_faces = _as_rows("faces", self.faces)
        if raw_faces.size and raw_faces.dtype.kind not in "iu":
            msg = f"faces: whole numbers expected, found dtype {raw_faces.dtype}"
            raise MeshError(msg)
        if not np.isfinite(vertices).all():
            msg = "vertices: finite coordinates expected, found NaN or infinity"
            raise MeshError(msg)
        if not _are_indices(raw_faces, len(vertices)):
            msg = (
                f"faces: indices 0 to {len(vertices) - 1} expected, "
                f"found {raw_faces.min()} to {raw_faces.max()}"
            )
            raise MeshError(msg)
        object.__setattr__(self, "vertices", vertices)
        object.__setattr__(self, "faces", frozen(raw_faces, dtype=np.int32))
        object.__setattr__(self, "kinds", _as_kinds(self.kinds, n_faces=len(raw_faces)))
        object.__setattr__(self, "findings", tuple(self.findings))

    @property
    def is_cap(self) -> NDArray[np.bool_]:
        """Which faces close the surface where the image ends, (m,)."""
        cap: NDArray[np.bool_] = np.equal(self.kinds, FaceKind.CAP)
        return cap

    def __repr__(self) -> str:
        return f"Mesh({plural(len(self.vertices), 'vertex', 'vertices')}, {plural(len(self.faces), 'face')})"

    def to_dict(self) -> dict[str, Any]:
        """Return everything but vertices and faces as plain types, ready for JSON."""
        box = [self.vertices.min(axis=0), self.vertices.max(axis=0)] if len(self.vertices) else []
        return {
            "n_vertices": len(self.vertices),
            "n_faces": len(self.faces),
            "bounds_lps_mm": [corner.tolist() for corner in box],
            "n_faces_by_kind": {
                kind.name: int(np.count_nonzero(self.kinds == kind)) for kind in FaceKind
            },
            "findings": [finding.to_dict() for finding in self.findings],
        }

    def _repr_html_(self) -> str:
        told = self.to_dict()
        rows: list[tuple[object, ...]] = [
            ("vertices, faces", f"{told['n_vertices']}, {told['n_faces']}"),
        ]
        if told["bounds_lps_mm"]:
            low, high = told["bounds_lps_mm"]
            size = " x ".join(f"{b - a:.1f}" for a, b in zip(low, high, strict=True))
            rows.append(("size (x, y, z)", f"{size} mm"))
        rows += [(f"{name} faces", n) for name, n in told["n_faces_by_kind"].items() if n]
        rows += [(f.verdict.name, f.message) for f in self.findings]
        return html_table(header=("Mesh", ""), rows=rows)


def _as_rows(name: str, values: Any) -> NDArray[Any]:
    array = np.asarray(values)
    if array.size == 0:
        return array.reshape(0, 3)
    if array.ndim != 2 or array.shape[1] != 3:
        msg = f"{name}: shape (n, 3) expected, found {array.shape}"
        raise MeshError(msg)
    return array


def _are_indices(faces: NDArray[Any], n_vertices: int) -> bool:
    if faces.size == 0:
        return True
    if faces.dtype == np.int32 and faces.flags.c_contiguous:
        # What is negative becomes huge: one look instead of two.
        return bool(faces.view(np.uint32).max() < n_vertices)
    return bool(faces.min() >= 0 and faces.max() < n_vertices)


def _as_kinds(kinds: Any, *, n_faces: int) -> NDArray[np.uint8]:
    if kinds is None:
        return frozen(np.zeros(n_faces, np.uint8), dtype=np.uint8)
    array = np.asarray(kinds)
    if array.shape != (n_faces,):
        msg = f"kinds: shape ({n_faces},) expected, found {array.shape}"
        raise MeshError(msg)
    if array.size and (
        array.dtype.kind not in "iub" or array.min() < 0 or array.max() > max(FaceKind)
    ):
        msg = f"kinds: numbers 0 to {int(max(FaceKind))} expected, found dtype {array.dtype}"
        raise MeshError(msg)
    return frozen(array, dtype=np.uint8)
