"""Projects of InVesalius (``.inv3``): a packed folder with a property list and a raw matrix.

The matrix is (z, y, x) with x to the patient's left, y to ANTERIOR and z up, and the file says
nothing about directions.  Read as if it were DICOM it is the mirror image of the patient.
InVesalius's own surfaces lie at (x, -y, z) of that matrix, which is LPS.
"""

from __future__ import annotations

import plistlib
import tarfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._image_bytes import voxel_bytes
from calvaria.errors import CalvariaError
from calvaria.geometry import Grid
from calvaria.volume import Acquisition, Volume

if TYPE_CHECKING:
    import os

    from numpy.typing import NDArray

__all__ = ["load_invesalius"]


def __dir__() -> list[str]:
    return sorted(__all__)


_LARGEST_PLIST = 1 << 20
_MOST_MEMBERS = 10_000
# What may be unpacked while the matrix is looked for: a packed file of 4 MB could hold this much.
_MOST_BYTES = 1 << 32


def load_invesalius(path: str | os.PathLike[str]) -> Volume:
    """Read the image of an InVesalius project.

    Parameters
    ----------
    path : str or path
        An ``.inv3`` file.  Nothing is unpacked to disk, and no name inside it is used as a path.

    Returns
    -------
    Volume
        HU for a CT, int16.  The origin is the corner voxel of the matrix, since the file keeps
        no position; the directions are right: x to the left, y to posterior, z up.

    Raises
    ------
    CalvariaError
        The file is no InVesalius project, is damaged, or promises more than it holds.

    Notes
    -----
    The grid is left-handed, because the rows of the matrix run to anterior; the patient is not.

    Examples
    --------
    >>> import io
    >>> import plistlib
    >>> import tarfile
    >>> import tempfile
    >>> from pathlib import Path
    >>> import numpy as np
    >>> matrix = {"dtype": "int16", "filename": "matrix.dat", "shape": [2, 3, 4]}
    >>> about = {"matrix": matrix, "spacing": [0.5, 0.25, 2.0], "modality": "CT", "orientation": 1}
    >>> files = {
    ...     "main.plist": plistlib.dumps(about),
    ...     "matrix.dat": np.zeros((2, 3, 4), "<i2").tobytes(),
    ... }
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "skull.inv3"
    ...     with tarfile.open(path, "w:gz") as project:
    ...         for name, content in files.items():
    ...             member = tarfile.TarInfo(name)
    ...             member.size = len(content)
    ...             project.addfile(member, io.BytesIO(content))
    ...     volume = load_invesalius(path)
    >>> volume
    Volume(4 x 3 x 2 int16 HU, 0.5 x 0.25 x 2 mm)
    """
    file = Path(path)
    try:
        with tarfile.open(file, "r:*") as archive:
            project, matrix = _project_and_matrix(archive, name=file.name)
    except (tarfile.TarError, OSError, EOFError, ArithmeticError) as error:
        msg = f"{file.name}: a packed InVesalius project expected: {error}"
        raise CalvariaError(msg) from error
    spacing = _three_numbers(project, "spacing", name=file.name)
    if project.get("orientation", 1) != 1:
        msg = f"{file.name}: axial slices expected, found orientation {project['orientation']!r}"
        raise CalvariaError(msg)
    affine = np.diag([spacing[0], -spacing[1], spacing[2], 1.0])
    nz, ny, nx = matrix.shape
    modality = str(project.get("modality", ""))
    return Volume(
        values=matrix,
        grid=Grid(dims_ijk=(nx, ny, nz), lps_from_ijk=affine),
        quantity="HU" if modality == "CT" else "arbitrary",
        acquisition=Acquisition(modality={"CT": "CT", "MRI": "MR"}.get(modality)),
    )


def _project_and_matrix(
    archive: tarfile.TarFile, *, name: str
) -> tuple[dict[str, Any], NDArray[np.int16]]:
    """Return the property list and the matrix; only regular files are looked at."""
    project: dict[str, Any] | None = None
    members: dict[str, tarfile.TarInfo] = {}
    n_bytes = 0
    for n, member in enumerate(archive):
        n_bytes += member.size
        if n >= _MOST_MEMBERS or n_bytes > _MOST_BYTES:
            msg = f"{name}: at most {_MOST_MEMBERS} files of {_MOST_BYTES} bytes in all expected"
            raise CalvariaError(msg)
        if member.isreg():
            members.setdefault(PurePosixPath(member.name).name, member)
        if project is None and "main.plist" in members:
            project = _plist(archive, members["main.plist"], name=name)
    if project is None:
        msg = f"{name}: main.plist expected, found none"
        raise CalvariaError(msg)
    stated = project.get("matrix")
    if not isinstance(stated, dict) or stated.get("dtype") != "int16":
        msg = f"{name}: a matrix of int16 expected in main.plist"
        raise CalvariaError(msg)
    shape = tuple(int(n) for n in _three_numbers(stated, "shape", name=name))
    expected = voxel_bytes(shape, itemsize=2, name=name)
    matrix = members.get(PurePosixPath(str(stated.get("filename"))).name)
    if matrix is None or matrix.size != expected:
        found = "none" if matrix is None else f"{matrix.size} bytes"
        msg = f"{name}: a matrix of {expected} bytes expected, found {found}"
        raise CalvariaError(msg)
    stream = archive.extractfile(matrix)
    data = stream.read() if stream else b""
    if len(data) != expected:
        msg = f"{name}: a matrix of {expected} bytes expected, found {len(data)}"
        raise CalvariaError(msg)
    return project, np.frombuffer(data, "<i2").reshape(shape)


def _plist(archive: tarfile.TarFile, member: tarfile.TarInfo, *, name: str) -> dict[str, Any]:
    if member.size > _LARGEST_PLIST:
        msg = (
            f"{name}: a main.plist of at most {_LARGEST_PLIST} bytes expected, found {member.size}"
        )
        raise CalvariaError(msg)
    stream = archive.extractfile(member)
    try:
        # XML only: the reader refuses entity declarations, so no small text grows without end.
        project = plistlib.loads(stream.read() if stream else b"", fmt=plistlib.FMT_XML)
    except Exception as error:  # whatever a parser raises on a damaged file
        msg = f"{name}: a main.plist that can be read expected: {error}"
        raise CalvariaError(msg) from error
    if not isinstance(project, dict):
        msg = f"{name}: a main.plist with named values expected"
        raise CalvariaError(msg)
    return project


def _three_numbers(source: dict[str, Any], key: str, *, name: str) -> tuple[float, float, float]:
    value = source.get(key)
    if (
        not isinstance(value, list)
        or len(value) != 3
        or not all(isinstance(n, (int, float)) for n in value)
    ):
        msg = f"{name}: three numbers for {key} expected, found {str(value)[:60]}"
        raise CalvariaError(msg)
    if not all(0 < n < 1e6 for n in value):
        msg = f"{name}: three positive numbers for {key} expected, found {value}"
        raise CalvariaError(msg)
    return (value[0], value[1], value[2])
