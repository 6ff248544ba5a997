"""In which frame a mesh lies, and how it is shifted, turned, scaled and thickened there."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from calvaria.findings import Finding, Verdict
from calvaria.overlay.judging import judged, limit_of

if TYPE_CHECKING:
    from calvaria.overlay.frames import FrameMatch
    from calvaria.overlay.pose import Pose

__all__ = ["frame_finding", "pose_findings"]

# Where less of the surface fits, another body that lies there could do the same.
_HALF_SURE = 0.6
_SIDES = (("the right", "the left"), ("anterior", "posterior"), ("inferior", "superior"))


def frame_finding(frame: FrameMatch, profile: str) -> Finding:
    """Judge in which frame and unit the mesh was written."""
    limit = limit_of("overlay_frame", profile)
    message = (
        f"The mesh is in LPS millimetres: {frame.why}."
        if frame.is_as_given
        else f"The mesh is not in LPS millimetres, or not of this image; it is {frame.name}: {frame.why}."
    )
    verdict = Verdict.PASS if frame.is_as_given else Verdict.FAIL
    if frame.is_as_given and frame.fraction < _HALF_SURE:
        verdict = Verdict.UNPROVEN
        message = (
            f"No frame fits well; LPS millimetres fits best: {frame.why}. The mesh is shifted, turned, of "
            "another size, or not of this patient."
        )
    if frame.name == "unknown":
        message = (
            f"The mesh is not of this image, or in a frame or unit that is not known: {frame.why}."
        )
    if frame.rival:
        verdict = Verdict.UNPROVEN
        message = f"The mesh is in LPS millimetres or in {frame.rival}: {frame.why}."
    return Finding(
        code="overlay_frame",
        verdict=verdict,
        message=message,
        measured=frame.name,
        limit="PASS: LPS mm",
        source=limit.source,
        details={"scores": dict(frame.scores), "moved_by_lps_mm": frame.moved_by_lps_mm},
    )


def pose_findings(frame: FrameMatch, pose: Pose, profile: str) -> list[Finding]:
    """Judge shift, turn, scale and wall, each beyond its error."""
    return [
        judged(
            "overlay_shift",
            pose.shift_mm,
            profile,
            _off(frame, pose) + _shifted(pose),
            error=2 * pose.shift_error_mm,
            shift_lps_mm=list(pose.shift_lps_mm),
        ),
        judged(
            "overlay_rotation",
            pose.rotation_deg,
            profile,
            f"The mesh is turned by {pose.rotation_deg:.2f} degrees.",
            error=2 * pose.rotation_error_deg,
        ),
        judged(
            "overlay_scale",
            abs(pose.scale_percent),
            profile,
            _scaled(pose),
            error=2 * pose.scale_error_percent,
        ),
        judged(
            "overlay_wall",
            2 * abs(pose.thickening_mm),
            profile,
            f"A wall comes out {2 * abs(pose.thickening_mm):.2f} mm "
            f"{'thicker' if pose.thickening_mm > 0 else 'thinner'} than midway between bone and "
            "surroundings on both of its sides.",
            error=4 * pose.thickening_error_mm,
        ),
        _shape(pose, profile),
    ]


def _shape(pose: Pose, profile: str) -> Finding:
    """Judge what no shift, turn or size explains: the body itself is another."""
    left = f"Once shift, turn, size and thickness are taken out, {pose.rms_after_mm:.2f} mm are left, root mean square"
    is_same = limit_of("overlay_shape", profile).grade(pose.rms_after_mm) is Verdict.PASS
    return judged(
        "overlay_shape",
        pose.rms_after_mm,
        profile,
        f"{left}: the mesh has the shape that the image shows."
        if is_same
        else f"{left}: the mesh has another shape than the image shows. It is of another patient, of another "
        "series, warped, or drawn at a level far off.",
        rms_before_mm=pose.rms_before_mm,
        n_edges=pose.n_edges,
    )


def _off(frame: FrameMatch, pose: Pose) -> str:
    """Return how far off the mesh lies as it was given, where it had to be moved to fit at all."""
    if not frame.moved_by_lps_mm:
        return ""
    off = [
        first + rest for first, rest in zip(frame.moved_by_lps_mm, pose.shift_lps_mm, strict=True)
    ]
    where = ", ".join(f"{mm:.1f}" for mm in off)
    return f"The mesh lies {math.hypot(*off):.1f} mm off, LPS ({where}) mm. Laid on the bone: "


def _shifted(pose: Pose) -> str:
    towards = ", ".join(
        f"{abs(mm):.2f} mm to {words[mm > 0]}"
        for mm, words in zip(pose.shift_lps_mm, _SIDES, strict=True)
        if abs(mm) >= 0.05
    )
    return f"The mesh is shifted by {towards}." if towards else "The mesh is not shifted."


def _scaled(pose: Pose) -> str:
    size = abs(pose.scale_percent)
    if size < 0.05:
        return "The mesh has the size that the image says."
    word = "larger" if pose.scale_percent > 0 else "smaller"
    return f"The mesh is {size:.2f} % {word} than the image says."
