"""Fewer triangles within a bound."""

from __future__ import annotations

import dataclasses
import math
import warnings
from dataclasses import dataclass
from typing import Any

from calvaria import _native, _progress
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import CalvariaWarning
from calvaria.mesh.triangles import Mesh

__all__ = ["DecimationResult", "decimate_mesh"]

# What the article allows a printed model to be off, by its bar of 50 mm.
FAR_MM = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DecimationResult:
    """A mesh of fewer faces and how far it is from the first.

    Parameters
    ----------
    mesh : Mesh
        The smaller mesh.
    n_faces, n_faces_before : int
        How many faces there are and were.
    bound_mm : float or None
        The bound that was asked for.
    target_faces : int or None
        The number of faces that was asked for.
    max_error_mm : float
        No point of either surface was found farther than this from the other. With a bound all points
        are accounted for; without one, vertices and the middles of large faces.
    rms_error_mm, mean_error_mm : float
        Of the distances of the old vertices from the new surface.
    reached : bool
        Whether the target was reached; without a target, whether the bound was kept.
    reason : str
        Why it stopped: ``"target"``, ``"bound"`` or ``"topology"``.
    """

    mesh: Mesh
    n_faces: int
    n_faces_before: int
    bound_mm: float | None
    target_faces: int | None
    max_error_mm: float
    rms_error_mm: float
    mean_error_mm: float
    reached: bool
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh, ready for JSON."""
        names = [field.name for field in dataclasses.fields(self) if field.name != "mesh"]
        return {name: getattr(self, name) for name in names}

    def __repr__(self) -> str:
        return (
            f"DecimationResult({self.n_faces_before} to {plural(self.n_faces, 'face')}, "
            f"at most {self.max_error_mm:.3f} mm apart, stopped by {self.reason})"
        )

    def _repr_html_(self) -> str:
        return html_table(
            header=("decimation", "value"), rows=self.to_dict().items(), caption=repr(self.mesh)
        )


def decimate_mesh(
    mesh: Mesh,
    *,
    max_error_mm: float | None = None,
    target_faces: int | None = None,
    target_fraction: float | None = None,
) -> DecimationResult:
    """Return a mesh of fewer faces that is nowhere farther than a bound from the first.

    Parameters
    ----------
    mesh : Mesh
        Any triangle mesh.  Where it is closed and manifold, so is the result.
    max_error_mm : float, optional
        No point of either surface may be farther than this from the other.  It is measured
        afterwards; where a result breaks it, vertices are put back until it does not.
    target_faces : int, optional
        Stop at so many faces.
    target_fraction : float, optional
        The same as a fraction of the faces of ``mesh``, above 0 and at most 1.

    Returns
    -------
    DecimationResult
        The mesh, what was measured, and whether the target was reached.  With a bound and a target,
        whichever comes first.

    Raises
    ------
    ValueError
        Neither a bound nor a target, both targets, or one out of range.

    Warns
    -----
    CalvariaWarning
        Without a bound: some part of the surface moved by more than 1 mm.

    Notes
    -----
    Edges are collapsed, those first that change the surface least (quadric error).  The new vertex goes
    where that error is least among the places that leave the enclosed volume as it was; what one collapse
    cannot keep, on the rim of a lid or for the bound, its neighbours make good as far as the bound lets
    them.  An edge stays
    where its collapse would make an edge or vertex that is not manifold, turn a face over, make a
    needle, or a triangle that could lose its area in a file of 32-bit coordinates.  Boundaries and
    the rims of lids move along themselves only; lids stay flat: within its plane a lid is coarsened like
    the rest, its corners stay.  A mask that ends inside the structure leaves a stair of small lids, all
    corners, of which a target takes nothing away.  Not every target can be reached:
    ``reached`` and ``reason`` say so.  Vertices that no face names are dropped.

    Every old vertex is followed to the face that replaced its surroundings, and measured against the
    surface there: an upper limit of the distance, which the other side of a thin wall cannot lower.
    Between vertices the distance to one face is largest at a corner; where corners lie next to
    different faces, a triangle is cut in thought where those meet, and where that shows too little it is
    divided.  With a bound every piece is shown to be within it: what a piece of an eighth of the bound
    may still hide is added.  Without one, pieces of a quarter (old faces) or half (new ones) of the mean
    edge are looked at in their middle.  Where the bound is not shown to hold, or where faces cross, the
    longest edges there are halved and the new vertices put on the old
    surface; where that does not help, the surface stays as it was there and the rest is made again.  With
    a bound and a target a few faces more than asked for may therefore stay.  Without a bound, and of a
    mesh that crosses itself, faces may cross in the result.  The result is
    the same, bit for bit, for any number of threads.

    References
    ----------
    Garland and Heckbert, Surface simplification using quadric error metrics, SIGGRAPH 1997,
    doi:10.1145/258734.258849.
    Lindstrom and Turk, Fast and memory efficient polygonal simplification, IEEE Visualization 1998,
    doi:10.1109/VISUAL.1998.745314.

    Examples
    --------
    >>> import numpy as np
    >>> x, y = (axis.ravel() for axis in np.meshgrid(np.arange(5.0), np.arange(5.0)))
    >>> corner = np.array([i for i in range(20) if i % 5 < 4])
    >>> faces = [[c, c + 1, c + 6] for c in corner] + [[c, c + 6, c + 5] for c in corner]
    >>> flat = Mesh(vertices=np.c_[x, y, 0 * x], faces=faces)
    >>> decimate_mesh(flat, max_error_mm=0.01).max_error_mm < 0.01
    True
    """
    need("mesh", mesh, Mesh)
    n_faces, bound_mm = _asked(mesh, max_error_mm, target_faces, target_fraction)
    (vertices, faces, kinds), facts = _progress.run(
        lambda progress: _native.decimate_mesh(
            vertices=mesh.vertices,
            faces=mesh.faces,
            kinds=mesh.kinds,
            n_faces=n_faces,
            bound_mm=bound_mm,
            progress=progress,
        ),
        title="decimating",
    )
    for array in (vertices, faces, kinds):
        array.flags.writeable = False
    has_target = target_faces is not None or target_fraction is not None
    if max_error_mm is None and facts["max_error_mm"] > FAR_MM:
        _warn_far(mesh, len(faces), facts)
    hit_target = has_target and len(faces) <= n_faces
    return DecimationResult(
        mesh=dataclasses.replace(mesh, vertices=vertices, faces=faces, kinds=kinds),
        n_faces=len(faces),
        n_faces_before=len(mesh.faces),
        bound_mm=max_error_mm,
        target_faces=n_faces if has_target else None,
        max_error_mm=facts["max_error_mm"],
        rms_error_mm=facts["rms_error_mm"],
        mean_error_mm=facts["mean_error_mm"],
        reached=hit_target or not has_target,
        reason="target" if hit_target else "topology" if max_error_mm is None else "bound",
    )


def _warn_far(mesh: Mesh, n_faces: int, facts: dict[str, float]) -> None:
    """Say that a target was paid for in millimetres."""
    msg = (
        f"mesh: from {len(mesh.faces)} to {plural(n_faces, 'face')} parts of the surface moved by up to "
        f"{_above(facts['max_error_mm'], FAR_MM)} mm (root mean square {facts['rms_error_mm']:.2f} mm); expected at most "
        f"{FAR_MM:g} mm. Name max_error_mm to bound it; small parts and tunnels take many faces, "
        "so remove_small_parts or a smoother surface helps"
    )
    warnings.warn(msg, CalvariaWarning, stacklevel=3)


def _above(value: float, limit: float) -> str:
    """Return a number above a limit with as many digits as show that it is above."""
    return next(
        text
        for digits in range(1, 18)
        if float(text := f"{value:.{digits}f}") > limit or digits > 16
    )


def _asked(
    mesh: Mesh,
    max_error_mm: float | None,
    target_faces: int | None,
    target_fraction: float | None,
) -> tuple[int, float]:
    """Return the number of faces to stop at, and the bound."""
    if max_error_mm is None and target_faces is None and target_fraction is None:
        msg = "max_error_mm, target_faces or target_fraction: one is needed, none was given"
        raise ValueError(msg)
    if target_faces is not None and target_fraction is not None:
        msg = "target_faces and target_fraction: one of them expected, found both"
        raise ValueError(msg)
    if max_error_mm is not None and not (math.isfinite(max_error_mm) and max_error_mm > 0):
        msg = f"max_error_mm: a finite number above 0 expected, found {max_error_mm}"
        raise ValueError(msg)
    if target_fraction is not None and not 0 < target_fraction <= 1:
        msg = f"target_fraction: above 0 and at most 1 expected, found {target_fraction}"
        raise ValueError(msg)
    if target_faces is not None and target_faces < 1:
        msg = f"target_faces: at least 1 expected, found {target_faces}"
        raise ValueError(msg)
    n_faces = 0
    if target_faces is not None:
        n_faces = target_faces
    elif target_fraction is not None:
        n_faces = max(1, int(len(mesh.faces) * target_fraction))
    return n_faces, math.inf if max_error_mm is None else max_error_mm
