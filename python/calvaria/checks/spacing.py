"""Slices and pixels: how thick, how far apart, complete, upright.

Everything is measured from positions and orientation, never from a spacing tag.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from calvaria._record import plural
from calvaria.findings import Finding, Verdict

if TYPE_CHECKING:
    from calvaria.checks.judge import Judge
    from calvaria.geometry import Grid
    from calvaria.volume import Acquisition

__all__ = ["Stack", "check_planes", "check_stack", "check_thickness"]

# A step longer than this many usual steps has lost a slice; a shorter fraction is a duplicate.
_GAP_STEPS = 1.5
_DUPLICATE_STEPS = 0.1
_LISTED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """Planes in space, in the order in which they lie.

    Attributes
    ----------
    positions_lps_mm : (n, 3) ndarray of float64
        Centre of the first pixel of each plane.
    names : tuple of str
        What to call each plane in a finding; empty for the number alone.
    row, column : (3,) ndarray of float64
        Unit directions of increasing column and of increasing row.
    pixel_spacing_xy_mm : tuple of float
        Distance between columns and between rows.
    columns, rows : int
        Size of each plane.
    """

    positions_lps_mm: NDArray[np.float64]
    names: tuple[str, ...]
    row: NDArray[np.float64]
    column: NDArray[np.float64]
    pixel_spacing_xy_mm: tuple[float, float]
    columns: int
    rows: int

    @classmethod
    def of_grid(cls, grid: Grid) -> Stack:
        """Make the planes of a lattice: one for each k."""
        steps, (nx, ny, nz) = grid.lps_from_ijk[:3, :3], grid.dims_ijk
        origin = grid.lps_from_ijk[:3, 3]
        sx, sy, _ = grid.spacing_xyz_mm
        return cls(
            positions_lps_mm=origin + np.arange(nz)[:, None] * steps[:, 2],
            names=(),
            row=steps[:, 0] / sx,
            column=steps[:, 1] / sy,
            pixel_spacing_xy_mm=(sx, sy),
            columns=nx,
            rows=ny,
        )

    @property
    def normal(self) -> NDArray[np.float64]:
        """Unit normal of the planes."""
        normal: NDArray[np.float64] = np.cross(self.row, self.column)
        return normal / np.linalg.norm(normal)

    @property
    def order(self) -> NDArray[np.intp]:
        """Indices that put the planes in space order."""
        heights = self.positions_lps_mm @ self.normal
        order = np.argsort(heights, kind="stable")
        down = len(heights) > 1 and heights[0] > heights[-1]
        return order[::-1] if down else order

    def steps(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return each step as a distance along the normal and as a sideways vector."""
        moved = np.diff(self.positions_lps_mm[self.order], axis=0)
        along = moved @ self.normal
        sign = -1.0 if along.sum() < 0 else 1.0
        return sign * along, moved - np.outer(along, self.normal)

    def name(self, index: int) -> str:
        """What to call plane ``index`` of the order in space; numbers start at 1."""
        number = f"slice {index + 1}"
        original = int(self.order[index])
        return f"{number} ({self.names[original]})" if original < len(self.names) else number


def usual_step(steps: NDArray[np.float64]) -> float:
    """Return the step that occurs most often, mm.

    The middle of the narrow band (0.01 mm or 0.1 %) that holds the most steps, so that a few gaps
    or duplicates do not move it as they would move a mean.

    Examples
    --------
    >>> round(usual_step(np.array([0.5, 0.5, 1.0, 0.5, 0.0])), 6)
    0.5
    """
    ordered = np.sort(steps[steps > 1e-4])
    if not len(ordered):
        return 0.0
    width = np.maximum(0.01, 1e-3 * ordered)
    ends = np.searchsorted(ordered, ordered + width, side="right")
    counts = ends - np.arange(len(ordered))
    start = int(np.argmax(counts))
    return float(np.median(ordered[start : ends[start]]))


def check_thickness(
    judge: Judge, acquisition: Acquisition, *, increment_mm: float | None
) -> list[Finding]:
    """Slice thickness and slice increment, apart, and how they fit together."""
    thickness = acquisition.slice_thickness_mm
    shown = "not recorded" if thickness is None else f"{thickness:g} mm"
    other = "unknown" if increment_mm is None else f"{increment_mm:.4g} mm"
    found: list[Finding] = []
    if thickness is None or thickness <= 0:
        text = f"The slice thickness is not recorded; the increment is {other}."
        found.append(judge.unproven("slice_thickness", text))
    else:
        limit = judge.limit("slice_thickness")
        verdict = limit.grade(thickness)
        text = f"The slices are {thickness:g} mm thick and {other} apart. " + _grade_text(verdict)
        if thickness < limit.get("no_gain_below", 0.0) and verdict is Verdict.PASS:
            text += f" Below {limit['no_gain_below']:g} mm there is no gain for a model."
        found.append(
            judge.say(
                "slice_thickness",
                verdict,
                text,
                measured=thickness,
                slice_thickness_mm=thickness,
                slice_increment_mm=increment_mm,
            )
        )
    if increment_mm is None or increment_mm <= 0:
        found.append(judge.unproven("slice_increment", "One plane has no increment."))
        return found
    verdict = judge.limit("slice_increment").grade(increment_mm)
    text = f"The slices are {other} apart (thickness {shown}). " + _grade_text(verdict)
    found.append(
        judge.say(
            "slice_increment",
            verdict,
            text,
            measured=increment_mm,
            slice_increment_mm=increment_mm,
            slice_thickness_mm=thickness,
        )
    )
    found.append(_overlap(judge, thickness, increment_mm))
    return found


def _grade_text(verdict: Verdict) -> str:
    return {
        Verdict.PASS: "Fine enough.",
        Verdict.BORDERLINE: "Borderline: steps will be visible.",
    }.get(verdict, "Too coarse: the model will show steps.")


def _overlap(judge: Judge, thickness: float | None, increment_mm: float) -> Finding:
    if thickness is None or thickness <= 0:
        return judge.unproven(
            "slab_gap", "Without a recorded thickness, gaps between slices cannot be excluded."
        )
    gap = increment_mm - thickness
    verdict = judge.limit("slab_gap").grade(gap)
    percent = 100.0 * -gap / thickness
    if verdict is not Verdict.PASS:
        text = f"Between two slices {gap:.3g} mm of tissue was never measured."
    elif percent > 1.0:
        text = f"The slices overlap by {percent:.0f} %, which makes surfaces smoother."
    else:
        text = "The slices touch, without overlap and without a gap."
    return judge.say(
        "slab_gap",
        verdict,
        text,
        measured=gap,
        overlap_percent=percent,
        slice_thickness_mm=thickness,
        slice_increment_mm=increment_mm,
    )


def check_planes(judge: Judge, stack: Stack) -> list[Finding]:
    """Pixels, proportions of the voxel, width of the image."""
    sx, sy = stack.pixel_spacing_xy_mm
    pixel = max(sx, sy)
    limit = judge.limit("pixel_spacing")
    verdict = limit.grade(pixel)
    size = f"The pixels are {sx:.4g} x {sy:.4g} mm"
    message = {
        Verdict.PASS: f"{size}, fine enough.",
        Verdict.BORDERLINE: f"{size}: thin bone may vanish. Ask for a smaller field of view.",
    }.get(verdict, f"{size}: thin bone vanishes. Ask for a smaller field of view.")
    found = [
        judge.say(
            "pixel_spacing",
            verdict,
            message,
            measured=pixel,
            pixel_spacing_x_mm=sx,
            pixel_spacing_y_mm=sy,
        )
    ]
    steps, _ = stack.steps()
    step = usual_step(steps) if len(steps) else 0.0
    if step > 0:
        edges = (sx, sy, step)
        ratio = max(edges) / min(edges)
        found.append(
            judge.hold(
                "anisotropy",
                ratio,
                good="The voxels are near enough to cubes.",
                bad="The voxels are much longer than wide: the surface will be finer one way than the other.",
                spacing_xyz_mm=list(edges),
            )
        )
    else:
        found.append(judge.unproven("anisotropy", "One plane has no third dimension."))
    return found


def check_stack(judge: Judge, stack: Stack) -> list[Finding]:
    """Number of planes, gaps, duplicates, uneven steps."""
    n = len(stack.positions_lps_mm)
    good, bad = "Enough slices.", "Too few slices for a model."
    found = [judge.hold("slice_count", n, good=good, bad=bad, n_slices=n)]
    steps, _ = stack.steps()
    step = usual_step(steps)
    if n < 3 or step <= 0:
        text = "Too few distinct planes to tell whether some are missing."
        codes = ("slice_gaps", "duplicate_slices", "slice_spacing")
        return [*found, *(judge.unproven(code, text) for code in codes)]
    is_gap = steps > _GAP_STEPS * step
    is_double = steps < _DUPLICATE_STEPS * step
    found.append(_gaps(judge, stack, steps, step, is_gap))
    found.append(_duplicates(judge, stack, is_double))
    found.append(_uneven(judge, stack, step=step, explained=is_gap | is_double))
    return found


def _gaps(
    judge: Judge, stack: Stack, steps: NDArray[np.float64], step: float, is_gap: NDArray[np.bool_]
) -> Finding:
    where = np.flatnonzero(is_gap)
    lost = [max(1, round(steps[i] / step) - 1) for i in where]
    if not len(where):
        text = f"No slice is missing: every step is {step:.4g} mm."
    else:
        total, gaps = plural(sum(lost), "slice"), plural(len(where), "gap")
        verb = "is" if sum(lost) == 1 else "are"
        text = f"{total} {verb} missing, in {gaps}: the model would bridge what was not measured."
    return judge.say(
        "slice_gaps",
        judge.limit("slice_gaps").grade(len(where)),
        text,
        measured=len(where),
        places=tuple(
            f"between {stack.name(i)} and {stack.name(i + 1)}: {steps[i]:.4g} mm"
            for i in where[:_LISTED]
        ),
        slice_increment_mm=step,
        after_slice_index=[int(i) for i in where],
        gap_mm=[float(steps[i]) for i in where],
        n_missing=lost,
    )


def _duplicates(judge: Judge, stack: Stack, is_double: NDArray[np.bool_]) -> Finding:
    where = np.flatnonzero(is_double)
    good = "No place was imaged twice."
    bad = (
        f"{plural(len(where), 'slice')} at the place of the slice before: two series may be mixed."
    )
    return judge.say(
        "duplicate_slices",
        judge.limit("duplicate_slices").grade(len(where)),
        bad if len(where) else good,
        measured=len(where),
        places=tuple(f"{stack.name(i)} and {stack.name(i + 1)}" for i in where[:_LISTED]),
        slice_index=[int(i) + 1 for i in where],
    )


def _uneven(
    judge: Judge,
    stack: Stack,
    *,
    step: float,
    explained: NDArray[np.bool_],
) -> Finding:
    steps, sideways = stack.steps()
    limit = judge.limit("slice_spacing")
    tolerance = max(limit["pass_max"], limit.get("pass_max_fraction", 0.0) * step)
    # A tilted stack moves sideways by the same amount in every slice.
    drift = (
        np.median(sideways[~explained] / steps[~explained, None], axis=0)
        if (~explained).any()
        else 0.0
    )
    aside = np.linalg.norm(sideways - np.outer(steps, drift), axis=1)
    along = np.where(explained, 0.0, np.abs(steps - step))
    error = np.hypot(along, aside)
    where = np.flatnonzero(error > tolerance + 1e-9)
    worst = float(error.max())
    good = "The slices lie on an even lattice."
    bad = f"{plural(len(where), 'step')} differ from the usual one by up to {worst:.3g} mm: resample first."
    plain = steps[~explained]
    return judge.say(
        "slice_spacing",
        Verdict.FAIL if len(where) else Verdict.PASS,
        bad if len(where) else good,
        measured=worst,
        places=tuple(f"between {stack.name(i)} and {stack.name(i + 1)}" for i in where[:_LISTED]),
        slice_increment_mm=step,
        smallest_step_mm=float(plain.min()) if len(plain) else step,
        largest_step_mm=float(plain.max()) if len(plain) else step,
        tolerance_mm=float(tolerance),
        after_slice_index=[int(i) for i in where],
    )
