"""The in-house copy of an implant: for trying whether it fits, and marked so that it stays that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._asked import need
from calvaria._html import html_table
from calvaria.errors import ReleaseError
from calvaria.findings import DISCLAIMER
from calvaria.material import load_processes
from calvaria.mesh import Mesh, measure_mesh, measure_topology, signed_distance_mm, write_mesh
from calvaria.printability import emboss_label
from calvaria.printability._measured import faces_that_matter
from calvaria.printability.glyphs import dots_of
from calvaria.printability.solids import dot_middles, need_closed
from calvaria.release.doors import metadata_for
from calvaria.release.places import TextPlace, find_text_place, sample_surface
from calvaria.release.table import MarkRules, load_mark_rules
from calvaria.release.tags import attach_tag

if TYPE_CHECKING:
    import os

    from numpy.typing import ArrayLike, NDArray

    from calvaria.material import Process

__all__ = ["FitTest", "mark_fit_test", "write_fit_test"]

Three = tuple[float, float, float]

_TRIES = 3
_DUST = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FitTest:
    """A copy for trying the fit, with its mark.

    Parameters
    ----------
    mesh : Mesh
        Closed and manifold, with the letters.
    mark : str
        What stands on it.
    is_on_tag : bool
        Whether the letters stand on a tag, since the part has no room for them.
    point_lps_mm : tuple of float
        The middle of the text.
    normal_lps, up_lps : tuple of float
        Out of the face that it stands on, and the way it stands up.
    letter_mm, stroke_mm : float
        Height of the letters, and width of their lines.
    relief_mm : float
        How far they stand out, measured: the least over all letters.
    added_mm3 : float
        Volume of the letters above the surface; without the tag.
    """

    mesh: Mesh
    mark: str
    is_on_tag: bool
    point_lps_mm: Three
    normal_lps: Three
    up_lps: Three
    letter_mm: float
    stroke_mm: float
    relief_mm: float
    added_mm3: float

    def __repr__(self) -> str:
        where = "a tag" if self.is_on_tag else "the part"
        return (
            f"FitTest({self.mark!r} on {where}, letters of {self.letter_mm:g} mm, raised by "
            f"{self.relief_mm:.2f} mm)"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh, ready for JSON."""
        return {
            "mark": self.mark,
            "is_on_tag": self.is_on_tag,
            "point_lps_mm": list(self.point_lps_mm),
            "normal_lps": list(self.normal_lps),
            "up_lps": list(self.up_lps),
            "letter_mm": self.letter_mm,
            "stroke_mm": self.stroke_mm,
            "relief_mm": self.relief_mm,
            "added_mm3": self.added_mm3,
            "disclaimer": DISCLAIMER,
        }

    def _repr_html_(self) -> str:
        return html_table(header=("fit test", ""), rows=self.to_dict().items())


def mark_fit_test(
    mesh: Mesh, *, process: str, mark: str = "TEST", matters: ArrayLike | None = None
) -> FitTest:
    """Raise TEST from a copy of an implant or guide, at a place found by the program.

    Parameters
    ----------
    mesh : Mesh
        The implant: closed, manifold, turned outwards, LPS mm.
    process : str
        What the copy is printed with, a code of :func:`calvaria.material.load_processes`: letters are
        never finer than it embosses.
    mark : str
        What stands on it; the word TEST is always in it.
    matters : (m,) array_like of bool, optional
        Faces that must fit: nothing is put on them.  Left out, the letters go to a side that bulges and
        away from the rim, since an implant touches bone with its hollow side and its rim.

    Returns
    -------
    FitTest

    Raises
    ------
    ReleaseError
        There is no room: neither on the part nor for a tag.
    NonManifoldError
        The mesh is not closed and manifold.
    ValueError
        Unknown process or letter, a mark without TEST, or ``matters`` of another shape.
    ImportError
        manifold3d is not installed: ``pip install 'calvaria[mesh]'``.

    Notes
    -----
    The letters are twice as wide as the process needs where there is room, else as wide as it needs.
    They follow the surface and are rooted in it.  A part too small or too rough for them carries them on
    a tag on a neck.  Afterwards every dot of every letter is looked for in the result.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> mark_fit_test(block_mesh(size_mm=(60.0, 40.0, 4.0)), process="fdm")
    FitTest('TEST' on the part, letters of 14 mm, raised by 0.60 mm)
    >>> mark_fit_test(block_mesh(size_mm=(8.0, 8.0, 8.0)), process="fdm")
    FitTest('TEST' on a tag, letters of 7 mm, raised by 0.60 mm)
    """
    need("mesh", mesh, Mesh)
    need("mark", mark, str)
    need_closed(mesh)
    processes, rules = load_processes(), load_mark_rules()
    if process not in processes:
        msg = f"process: one of {', '.join(processes)} expected, found {process!r}"
        raise ValueError(msg)
    if rules.word not in mark.upper().split():
        msg = f"mark: a text with the word {rules.word} expected, found {mark!r}"
        raise ValueError(msg)
    flags = faces_that_matter(matters, len(mesh.faces))
    way = processes[process]
    made = _on_surface(mesh, way, mark, flags, rules) or _on_tag(mesh, way, mark, flags, rules)
    if made is None:
        size = " x ".join(f"{mm:.1f}" for mm in np.ptp(mesh.vertices, axis=0))
        msg = (
            f"mesh: room for {mark!r} or for a tag with it expected, found none on {size} mm"
            f"{'' if matters is None else ' beside the faces that matter'}; try a finer process, such as sla"
        )
        raise ReleaseError(msg)
    return made


def write_fit_test(
    mesh: Mesh,
    path: str | os.PathLike[str],
    *,
    process: str,
    mark: str = "TEST",
    matters: ArrayLike | None = None,
) -> FitTest:
    """Write the in-house copy of an implant or guide, with TEST raised from it; never without.

    Parameters
    ----------
    mesh : Mesh
        The implant: closed, manifold, turned outwards, LPS mm.
    path : path
        ``.stl``, ``.3mf``, ``.ply``, ``.obj`` or ``.glb``; a 3MF says TEST in its title as well.
    process, mark, matters
        As for :func:`mark_fit_test`.

    Returns
    -------
    FitTest
        What was written, and where its mark is.

    Raises
    ------
    ReleaseError, NonManifoldError, ValueError, ImportError
        As for :func:`mark_fit_test`; nothing is written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from calvaria import read_mesh
    >>> from calvaria.printability import block_mesh
    >>> plate = block_mesh(size_mm=(60.0, 40.0, 4.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     made = write_fit_test(plate, Path(folder) / "try.stl", process="sla")
    ...     read_mesh(Path(folder) / "try.stl").vertices[:, 2].max().round(2)
    np.float64(2.4)
    """
    made = mark_fit_test(mesh, process=process, mark=mark, matters=matters)
    text = f"{made.mark}: for trying the fit in-house; never on or in a patient. {DISCLAIMER}"
    write_mesh(made.mesh, path, metadata=metadata_for(path, f"{made.mark}: not an implant", text))
    return made


def _on_surface(
    mesh: Mesh, way: Process, mark: str, flags: NDArray[np.bool_] | None, rules: MarkRules
) -> FitTest | None:
    """Put the text on the part itself, as large as there is room for."""
    rows, columns = dots_of(mark).shape
    least = way.limits["emboss"]
    for factor in rules.stroke_factors:
        stroke = factor * least["stroke_mm"]
        if rows * stroke < rules.min_letter_mm:
            continue
        samples = sample_surface(mesh, matters=flags, reach_mm=rows * stroke / 2)
        if samples is None:
            return None
        place = find_text_place(
            mesh,
            samples,
            width_mm=columns * stroke + 2 * rules.margin_mm,
            height_mm=rows * stroke + 2 * rules.margin_mm,
            relief_mm=least["relief_mm"],
            max_tilt_deg=rules.max_tilt_deg,
            matters=flags,
        )
        if place is None:
            continue
        seen = _raised(mesh, way, mark, stroke, place)
        if seen is not None:
            return seen
    return None


def _raised(mesh: Mesh, way: Process, mark: str, stroke: float, place: TextPlace) -> FitTest | None:
    """Raise the text so far that, square to the surface, it is nowhere lower than the process embosses."""
    least = float(way.limits["emboss"]["relief_mm"])
    relief = least / place.tilt_cos
    for _ in range(_TRIES):
        made = emboss_label(
            mesh, text=mark, point_lps_mm=place.point, normal_lps=place.out, up=place.up,
            process=way.code, stroke_mm=stroke, relief_mm=relief, follow=True,
        )  # fmt: skip
        seen = _seen(mesh, made.mesh, made.text, stroke, (place.point, place.out, place.up))
        if seen is None or seen.relief_mm >= least * (1 - _DUST):
            return seen
        relief *= 1.001 * least / seen.relief_mm
    return None


def _on_tag(
    mesh: Mesh, way: Process, mark: str, flags: NDArray[np.bool_] | None, rules: MarkRules
) -> FitTest | None:
    """Put the text on a tag."""
    rows, columns = dots_of(mark).shape
    stroke = max(way.limits["emboss"]["stroke_mm"], rules.min_letter_mm / rows)
    neck = max(way.limits[name]["pass_min"] for name in ("min_member", "min_wall"))
    samples = sample_surface(mesh, matters=flags, reach_mm=neck)
    if samples is None:
        return None
    tag = attach_tag(
        mesh,
        samples,
        text=mark,
        process=way.code,
        stroke_mm=stroke,
        size_mm=(columns * stroke + 2 * rules.margin_mm, rows * stroke + 2 * rules.margin_mm),
        neck_mm=neck,
        clearance_mm=rules.clearance_mm,
    )
    if tag is None:
        return None
    pose = (tag.point, tag.out, tag.up)
    return _seen(tag.plain, tag.marked, mark.upper(), stroke, pose, is_on_tag=True)


def _seen(
    plain: Mesh,
    marked: Mesh,
    mark: str,
    stroke: float,
    pose: tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]],
    *,
    is_on_tag: bool = False,
) -> FitTest | None:
    """Look for every dot of the mark in what was made, and measure it; None where one is missing."""
    point, out, up = pose
    topology = measure_topology(marked)
    depth = signed_distance_mm(plain, marked.vertices)
    top = float(depth.max())
    relief = float(depth[depth > top / 2].min())
    dots = dots_of(mark)
    x, y = dot_middles(dots, dot_mm=stroke)
    there = point + x[:, None] * np.cross(up, out) + y[:, None] * up
    # From the flat text up or down to the surface that carries it, and half a relief above.
    reach = stroke * dots.shape[1] / 4
    heights = np.linspace(-reach, reach, max(3, int(8 * reach / relief)))
    line = there[:, None] + heights[:, None] * out
    far = signed_distance_mm(plain, line.reshape(-1, 3)).reshape(len(x), -1)
    inside = signed_distance_mm(marked, line.reshape(-1, 3)).reshape(len(x), -1)
    is_raised = ((far > 0) & (inside < 0)).any(axis=1)
    if not (topology.is_closed and topology.is_manifold and is_raised.all()):
        return None
    volumes = [measure_mesh(one).volume_mm3 or 0.0 for one in (marked, plain)]
    return FitTest(
        mesh=marked,
        mark=mark,
        is_on_tag=is_on_tag,
        point_lps_mm=_three(point),
        normal_lps=_three(out),
        up_lps=_three(up),
        letter_mm=dots.shape[0] * stroke,
        stroke_mm=stroke,
        relief_mm=relief,
        added_mm3=volumes[0] - volumes[1],
    )


def _three(values: NDArray[np.float64]) -> Three:
    x, y, z = (float(value) + 0.0 for value in values)
    return x, y, z
