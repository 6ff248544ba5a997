"""Mesh files: read with what they prove, write whole or not at all."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._html import html_table
from calvaria._progress import run
from calvaria._record import plural
from calvaria.errors import CalvariaWarning
from calvaria.findings import Finding, Verdict
from calvaria.mesh._fresh import fresh_mesh
from calvaria.mesh.triangles import Mesh

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

__all__ = ["MeshFileInfo", "load_mesh", "load_mesh_info", "write_mesh"]

_FORMATS = ("stl", "stl-ascii", "ply", "obj", "3mf", "glb")
_SUFFIXES = {".stl": "stl", ".ply": "ply", ".obj": "obj", ".3mf": "3mf", ".glb": "glb"}
_UNITS = ("um", "mm", "cm", "m", "inch", "foot")
_SPACES = ("LPS", "RAS")
# 3MF core 1.4.0, 3.4.1: other names would need a namespace of their own.
_METADATA = (
    *("Title", "Designer", "Description", "Copyright", "LicenseTerms", "Rating"),
    *("CreationDate", "ModificationDate", "Application"),
)

# The verdict on what the readers and writers noticed; the codes are explained in docs/checks.md.
_VERDICTS = {
    "mesh_collapsed_faces": Verdict.BORDERLINE,
    "mesh_other_primitives": Verdict.BORDERLINE,
    "mesh_polygons": Verdict.PASS,
    "mesh_space_unknown": Verdict.BORDERLINE,
    "stl_byte_order": Verdict.BORDERLINE,
    "stl_decimal_comma": Verdict.BORDERLINE,
    "stl_no_endsolid": Verdict.BORDERLINE,
    "stl_normals_disagree": Verdict.BORDERLINE,
    "stl_trailing_bytes": Verdict.BORDERLINE,
    "stl_wrong_count": Verdict.BORDERLINE,
}

_Colour = tuple[int, int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshFileInfo:
    """What a mesh file says of itself.

    Attributes
    ----------
    format : str
        Format and form, for example ``"stl-binary"``.
    unit, space : str
        Unit and frame that the numbers were read with.
    stated_unit, stated_space : str or None
        Unit and frame that the file itself names.
    n_parts : int
        Solids or objects in the file.
    n_vertices, n_faces : int
        Size of the mesh after joining equal corners.
    colour_rgba : tuple of int or None
        ``COLOR=`` of an STL header: red, green, blue, opacity, 0 to 255.
    material_rgba : tuple of three tuples of int, or None
        ``MATERIAL=`` of an STL header: diffuse, specular and ambient colour.
    findings : tuple of Finding
        What was noticed on reading.
    """

    format: str
    unit: str
    space: str
    stated_unit: str | None
    stated_space: str | None
    n_parts: int
    n_vertices: int
    n_faces: int
    colour_rgba: _Colour | None
    material_rgba: tuple[_Colour, _Colour, _Colour] | None
    findings: tuple[Finding, ...]

    def __repr__(self) -> str:
        return (
            f"MeshFileInfo({self.format}, {plural(self.n_faces, 'face')}, {plural(self.n_parts, 'part')}, "
            f"{self.unit}, {self.space})"
        )

    def _repr_html_(self) -> str:
        rows = [(key, str(value)) for key, value in self.to_dict().items() if key != "findings"]
        rows += [(finding.code, finding.message) for finding in self.findings]
        return html_table(caption="Mesh file", header=("", ""), rows=rows)

    def to_dict(self) -> dict[str, Any]:
        """Return the information as plain types, ready for JSON."""
        return {
            "format": self.format,
            "unit": self.unit,
            "space": self.space,
            "stated_unit": self.stated_unit,
            "stated_space": self.stated_space,
            "n_parts": self.n_parts,
            "n_vertices": self.n_vertices,
            "n_faces": self.n_faces,
            "colour_rgba": self.colour_rgba,
            "material_rgba": self.material_rgba,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def load_mesh(
    path: str | os.PathLike[str],
    *,
    unit: str | None = None,
    space: str | None = None,
    format: str | None = None,  # noqa: A002 - the word every library uses
) -> Mesh:
    """Read a mesh file: STL, PLY, OBJ, 3MF or glTF binary.

    In an STL and in a GLB, corners at exactly the same place, in float32, become one vertex,
    numbered in the order in which they appear; the other formats number their vertices themselves.
    Polygons become triangles.  What is odd about the file but can be read is a warning and a finding of the mesh;
    what cannot be trusted is refused.  Only regular files are opened, and nothing is allocated on
    the word of a header.

    Parameters
    ----------
    path : path
        The suffix tells the format: ``.stl`` (binary or text, whatever its header begins with),
        ``.ply``, ``.obj``, ``.3mf``, ``.glb``.
    unit : {"um", "mm", "cm", "m", "inch", "foot"}, optional
        Unit of the numbers in the file.  By default what the file says, and millimetres where it
        says nothing, as an STL does.  A 3MF names its unit; glTF is in metres.
    space : {"LPS", "RAS"}, optional
        Frame of the numbers in the file.  By default what its header says (``SPACE=RAS``, as 3D
        Slicer writes it), and LPS where it says nothing.
    format : str, optional
        Format, when the suffix does not tell it: ``"stl"``, ``"ply"``, ``"obj"``, ``"3mf"``,
        ``"glb"``.

    Returns
    -------
    Mesh
        In LPS mm.

    Raises
    ------
    MeshError
        The file is truncated, holds no triangle, a coordinate that is not finite, or is something
        else; the message names the file and what was expected.
    OSError
        The file cannot be opened.
    ValueError
        Unknown unit, space or format.

    Warns
    -----
    CalvariaWarning
        For every finding that is not PASS, for example a wrong triangle count.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np
    >>> from calvaria import Mesh, load_mesh, write_mesh
    >>> corners = [[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]]
    >>> solid = Mesh(vertices=corners, faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "solid.stl"
    ...     write_mesh(solid, path)
    ...     load_mesh(path, unit="cm").vertices.max()
    np.float64(90.0)
    """
    mesh, _ = _read(path, unit=unit, space=space, format_name=format)
    _warn(mesh.findings, Path(path).name)
    return mesh


def load_mesh_info(
    path: str | os.PathLike[str],
    *,
    unit: str | None = None,
    space: str | None = None,
    format: str | None = None,  # noqa: A002
) -> MeshFileInfo:
    """Return what a mesh file says of itself: form, unit, frame, colours.

    Parameters and errors are those of :func:`load_mesh`; nothing is warned of, the findings are in
    the result.  The name that an STL gives its solid is left out: it may name a patient.

    Parameters
    ----------
    path : path
        The file.
    unit, space, format : str, optional
        As for :func:`load_mesh`.

    Returns
    -------
    MeshFileInfo

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from calvaria import write_mesh
    >>> from calvaria.printability import block_mesh
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "block.stl"
    ...     write_mesh(block_mesh(size_mm=(10.0, 10.0, 10.0)), path)
    ...     info = load_mesh_info(path)
    >>> info.format, info.unit, info.n_faces
    ('stl-binary', 'mm', 12)
    """
    mesh, about = _read(path, unit=unit, space=space, format_name=format)
    keys = ("format", "unit", "space", "stated_unit", "stated_space", "n_parts")
    return MeshFileInfo(
        **{key: about[key] for key in keys},
        n_vertices=len(mesh.vertices),
        n_faces=len(mesh.faces),
        colour_rgba=about["colour_rgba"],
        material_rgba=about["material_rgba"],
        findings=mesh.findings,
    )


def write_mesh(
    mesh: Mesh,
    path: str | os.PathLike[str],
    *,
    format: str | None = None,  # noqa: A002
    metadata: Mapping[str, str] | None = None,
    face_colours: ArrayLike | None = None,
) -> None:
    """Write a mesh file, whole or not at all.

    The file is written beside its place, brought to the disk and renamed: a full disk, an
    interruption or a kill leaves the old file as it was.  The same mesh gives the same bytes; no
    name, time or path is inside.

    STL has float32 coordinates and no unit; the header says ``SPACE=LPS UNIT=mm``.  A triangle two
    of whose corners fall together in float32 is left out, with a warning: its neighbours close the
    gap, so that a closed surface stays closed.

    Parameters
    ----------
    mesh : Mesh
        What to write, in LPS mm.
    path : path
        Where to.  ``.stl`` is binary STL, ``.ply`` binary PLY, ``.obj``, ``.3mf`` and ``.glb`` are
        what they are called.  3MF and PLY keep the kinds of the faces, GLB as materials.
    format : str, optional
        Format, when the suffix does not tell it; ``"stl-ascii"`` is STL as text.
    metadata : mapping of str to str, optional
        For a 3MF: ``Title``, ``Designer``, ``Description``, ``Copyright``, ``LicenseTerms``,
        ``Rating``, ``CreationDate``, ``ModificationDate``, ``Application``.  Nothing is written that
        is not given.
    face_colours : (m, 3) or (m, 4) array of uint8, optional
        For a 3MF: red, green, blue and opacity of each face.  They take the place of the kinds.

    Raises
    ------
    MeshError
        The mesh is empty, or a coordinate is outside of what the format can hold.
    OpenSurfaceError, NonManifoldError
        For a 3MF, which holds solids only: the mesh is not closed, not manifold, or not consistently
        wound.  Nothing is written; :func:`repair_mesh` may help.
    OSError
        The file cannot be written.
    TypeError, ValueError
        Not a mesh; unknown format; metadata or colours that the format does not have.

    Warns
    -----
    CalvariaWarning
        Triangles were left out.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from calvaria import load_mesh
    >>> from calvaria.printability import block_mesh
    >>> block = block_mesh(size_mm=(10.0, 10.0, 10.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "block.stl"
    ...     write_mesh(block, path)
    ...     path.stat().st_size  # 84 bytes and 50 a triangle
    ...     load_mesh(path)
    684
    Mesh(8 vertices, 12 faces)
    """
    if not isinstance(mesh, Mesh):
        msg = f"mesh: Mesh expected, found {type(mesh).__name__}"
        raise TypeError(msg)
    name = _format_name(path, format)
    if name != "3mf" and (metadata or face_colours is not None):
        msg = f"metadata, face_colours: only 3mf has them, found format {name!r}"
        raise ValueError(msg)
    extras = (_metadata(metadata or {}), _colours(face_colours, n_faces=len(mesh.faces)))
    notes = run(
        lambda progress: _native.write_mesh(
            os.fspath(path), name, mesh.vertices, mesh.faces, mesh.kinds, *extras, progress
        ),
        title="writing the mesh",
    )
    _warn(_findings(notes), Path(path).name)


def _read(
    path: str | os.PathLike[str], *, unit: str | None, space: str | None, format_name: str | None
) -> tuple[Mesh, dict[str, Any]]:
    _member("unit", unit, _UNITS)
    _member("space", space, _SPACES)
    name = _format_name(path, format_name)
    arrays, about = run(
        lambda progress: _native.read_mesh(os.fspath(path), name, unit, space, progress),
        title="reading the mesh",
    )
    return fresh_mesh(*arrays, findings=_findings(about["notes"])), about


def _metadata(metadata: Mapping[str, str]) -> list[tuple[str, str]]:
    for name, value in metadata.items():
        _member("metadata", name, _METADATA)
        if not isinstance(value, str) or any(ord(letter) < 32 for letter in value):
            msg = f"metadata: {name}: text without control characters expected"
            raise ValueError(msg)
    return sorted(metadata.items())


def _colours(colours: ArrayLike | None, *, n_faces: int) -> NDArray[np.uint8] | None:
    if colours is None:
        return None
    array = np.asarray(colours)
    if array.shape not in {(n_faces, 3), (n_faces, 4)} or array.dtype.kind not in "iu":
        msg = f"face_colours: whole numbers of shape ({n_faces}, 3) or ({n_faces}, 4) expected, found {array.dtype} {array.shape}"
        raise ValueError(msg)
    if array.size and (array.min() < 0 or array.max() > 255):
        msg = f"face_colours: 0 to 255 expected, found {array.min()} to {array.max()}"
        raise ValueError(msg)
    if array.shape[1] == 3:
        array = np.column_stack([array, np.full(n_faces, 255)])
    return frozen(array, dtype=np.uint8)


def _member(name: str, value: str | None, known: tuple[str, ...]) -> None:
    if value is not None and value not in known:
        msg = f"{name}: one of {', '.join(known)} expected, found {value!r}"
        raise ValueError(msg)


def _format_name(path: str | os.PathLike[str], format_name: str | None) -> str:
    if format_name is not None:
        _member("format", format_name, _FORMATS)
        return format_name
    suffix = Path(path).suffix.lower()
    if suffix not in _SUFFIXES:
        msg = (
            f"path: a suffix of {', '.join(_SUFFIXES)} expected, found {suffix!r}; or give format="
        )
        raise ValueError(msg)
    return _SUFFIXES[suffix]


def _findings(notes: list[tuple[str, str, float | None]]) -> tuple[Finding, ...]:
    return tuple(
        Finding(code=code, verdict=_VERDICTS[code], message=message, measured=measured)
        for code, message, measured in notes
    )


def _warn(findings: tuple[Finding, ...], name: str) -> None:
    for finding in findings:
        if finding.verdict is not Verdict.PASS:
            message = f"{finding.code}: {name}: {finding.message}"
            warnings.warn(message, CalvariaWarning, stacklevel=3)
