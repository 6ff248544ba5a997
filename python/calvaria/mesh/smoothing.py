"""Smoothing without shrinkage."""

from __future__ import annotations

import dataclasses
import warnings
from dataclasses import dataclass
from typing import Any, Literal

from calvaria import _native, _progress
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import CalvariaWarning
from calvaria.mesh.triangles import Mesh

__all__ = ["SmoothingResult", "smooth_mesh"]

METHODS = ("taubin", "windowed_sinc")
# What a filter that keeps the volume may change of it on triangles that are fine enough.
_MUCH_DRIFT_PERCENT = 5.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmoothingResult:
    """A smoothed mesh and how far the shape moved.

    Parameters
    ----------
    mesh : Mesh
        The faces of the input on new positions.
    method, iterations, passband, keep_lids_flat, keep_apart : str, int, float, bool, bool
        What was asked.
    max_displacement_mm, mean_displacement_mm : float
        How far vertices went.
    volume_mm3 : float or None
        Enclosed volume after smoothing; None of an open mesh.
    volume_drift_percent : float or None
        Change of the enclosed volume; None of an open mesh, or of one that encloses nothing.
    n_fixed_vertices : int
        Vertices that were not moved: on a boundary, on an edge that is not manifold, at a corner of
        a lid.
    n_held_vertices : int
        Vertices that went only a part of their way, or none, because faces would have crossed; 0 where
        that was not asked for.
    """

    mesh: Mesh
    method: str
    iterations: int
    passband: float
    keep_lids_flat: bool
    keep_apart: bool
    max_displacement_mm: float
    mean_displacement_mm: float
    volume_mm3: float | None
    volume_drift_percent: float | None
    n_fixed_vertices: int
    n_held_vertices: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh, ready for JSON."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "mesh"]
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        drift = self.volume_drift_percent
        volume = "open" if drift is None else f"volume {drift:+.3f} %"
        return (
            f"SmoothingResult({self.method}, {plural(self.iterations, 'iteration')}, {volume}, "
            f"moved at most {self.max_displacement_mm:.3f} mm)"
        )

    def _repr_html_(self) -> str:
        return html_table(
            header=("smoothing", "value"), rows=self.to_dict().items(), caption=repr(self.mesh)
        )


def smooth_mesh(
    mesh: Mesh,
    *,
    method: Literal["taubin", "windowed_sinc"] = "windowed_sinc",
    iterations: int = 20,
    passband: float = 0.1,
    keep_lids_flat: bool = True,
    keep_apart: bool = False,
) -> SmoothingResult:
    """Return the mesh without its stairs and noise, and not smaller.

    Parameters
    ----------
    mesh : Mesh
        Any triangle mesh.
    method : {"windowed_sinc", "taubin"}
        The windowed sinc has the sharper cut-off for the same number of passes.
    iterations : int
        Passes over all vertices, 1 to 1000.  Taubin alternates a positive and a negative step, so its
        number is even: 20 iterations are ten of either.  Other programs count pairs.
    passband : float
        What is kept: above 0, at most 1 (``taubin``) or 2 (``windowed_sinc``), in units of the
        umbrella operator.  Smaller is smoother.  A feature of a wavelength of ``L`` edges has the
        frequency ``1 - cos(2 pi / L)``: 0.1 keeps what is longer than about 14 edges.
    keep_lids_flat : bool
        Lids (``FaceKind.CAP`` and ``CUT``) stay in their plane, and their rims are smoothed along
        themselves; corners of lids do not move.
    keep_apart : bool
        Look for faces that would cross and hold their vertices back: half of the way three times, then
        all of it.  The search takes a few times as long as the smoothing.

    Returns
    -------
    SmoothingResult
        The mesh with the faces, kinds and findings of the input, and the drift of its volume.

    Raises
    ------
    ValueError
        An argument is out of range.

    Warns
    -----
    CalvariaWarning
        The volume changed by more than 5 %.

    Notes
    -----
    The faces stay as they are: what was closed and manifold still is.  Vertices on a boundary do not
    move.  A triangle that would lose its area in a file of 32-bit coordinates gets its corners back.
    The result is the same, bit for bit, for any number of threads.

    References
    ----------
    Taubin, A signal processing approach to fair surface design, SIGGRAPH 1995,
    doi:10.1145/218380.218473.
    Taubin, Zhang and Golub, Optimal surface smoothing as filter design, ECCV 1996,
    doi:10.1007/BFb0015544.

    Examples
    --------
    >>> tetrahedron = Mesh(
    ...     vertices=[[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> smooth_mesh(tetrahedron, method="taubin", iterations=2, passband=1.0).mesh
    Mesh(4 vertices, 4 faces)
    """
    need("mesh", mesh, Mesh)
    if method not in METHODS:
        msg = f"method: one of {', '.join(METHODS)} expected, found {method!r}"
        raise ValueError(msg)
    if not 1 <= iterations <= 1000 or (method == "taubin" and iterations % 2):
        even = "an even number of " if method == "taubin" else ""
        msg = f"iterations: {even}1 to 1000 expected for {method}, found {iterations}"
        raise ValueError(msg)
    widest = 1.0 if method == "taubin" else 2.0
    if not 0 < passband <= widest:
        msg = f"passband: above 0 and at most {widest} expected for {method}, found {passband}"
        raise ValueError(msg)
    vertices, facts = _progress.run(
        lambda progress: _native.smooth_mesh(
            vertices=mesh.vertices,
            faces=mesh.faces,
            kinds=mesh.kinds,
            is_sinc=method == "windowed_sinc",
            n_passes=iterations,
            passband=passband,
            is_lid_kept=keep_lids_flat,
            is_held_apart=keep_apart,
            progress=progress,
        ),
        title="smoothing",
    )
    vertices.flags.writeable = False
    before, after = facts["volumes_mm3"] or (None, None)
    drift = 100 * (after / before - 1) if before else None
    if drift is not None and abs(drift) > _MUCH_DRIFT_PERCENT:
        msg = (
            f"mesh: smoothing changed the volume by {drift:+.1f} %; expected at most {_MUCH_DRIFT_PERCENT:g} %. "
            "The triangles are too large for what they show: remesh_mesh first, or fewer iterations"
        )
        warnings.warn(msg, CalvariaWarning, stacklevel=2)
    return SmoothingResult(
        mesh=dataclasses.replace(mesh, vertices=vertices),
        method=method,
        iterations=iterations,
        passband=passband,
        keep_lids_flat=keep_lids_flat,
        keep_apart=keep_apart,
        max_displacement_mm=facts["max_displacement_mm"],
        mean_displacement_mm=facts["mean_displacement_mm"],
        volume_mm3=after,
        volume_drift_percent=drift,
        n_fixed_vertices=facts["n_fixed"],
        n_held_vertices=facts["n_held"],
    )
