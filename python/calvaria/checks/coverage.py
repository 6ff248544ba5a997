"""How the stack stands in the patient: tilt, orientation, field of view, length."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from calvaria.findings import Finding, Verdict

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.checks.judge import Judge
    from calvaria.checks.spacing import Stack
    from calvaria.volume import Acquisition

__all__ = ["check_extent", "check_orientation", "check_tilt", "face_names"]

# (towards negative, towards positive) along LPS x, y, z.
_SIDES = (("right", "left"), ("anterior", "posterior"), ("inferior", "superior"))
_PLANES = ("sagittal", "coronal", "axial")


def face_names(lps_from_ijk: NDArray[np.float64]) -> tuple[str, ...]:
    """Name the six faces of a lattice by the side of the patient: i low, i high, j low, … k high.

    Each face is named by its outward normal; the assignment of axes to sides is the one that fits
    best as a whole, so that no side is named twice on an oblique grid.

    Examples
    --------
    >>> face_names(np.eye(4))
    ('right', 'left', 'anterior', 'posterior', 'inferior', 'superior')
    """
    steps = lps_from_ijk[:3, :3]
    normals = np.stack(
        [np.cross(steps[:, (a + 1) % 3], steps[:, (a + 2) % 3]) for a in range(3)], axis=1
    )
    normals = normals / np.linalg.norm(normals, axis=0)
    # The normal must look the way its index grows, also on a left-handed grid.
    normals = normals * np.sign(np.einsum("ia,ia->a", normals, steps))
    axes = max(
        itertools.permutations(range(3)),
        key=lambda order: sum(abs(normals[order[a], a]) for a in range(3)),
    )
    names: list[str] = []
    for a in range(3):
        low, high = _SIDES[axes[a]]
        names += (low, high) if normals[axes[a], a] > 0 else (high, low)
    return tuple(names)


def check_tilt(judge: Judge, stack: Stack, acquisition: Acquisition) -> list[Finding]:
    """Angle between the normal of the planes and the way the stack runs; and what the tag says."""
    steps, sideways = stack.steps()
    along, aside = float(np.abs(steps).sum()), sideways.sum(axis=0)
    tag = acquisition.gantry_detector_tilt_deg
    if along <= 0:
        text = "One plane has no tilt that could be measured."
        return [judge.unproven("tilt", text), judge.unproven("tilt_tag", text, tag_deg=tag)]
    tilt = float(np.degrees(np.arctan2(np.linalg.norm(aside), along)))
    found = judge.hold(
        "tilt",
        tilt,
        good="The gantry was upright.",
        bad=f"The slices are tilted by {tilt:.2f} degrees against the way of the table. calvaria keeps "
        "the shear; other programs may not. Ask for a scan without tilt, or resample.",
        tilt_deg=tilt,
        shift_per_slice_mm=float(np.linalg.norm(aside) / len(steps)),
    )
    return [found, _tilt_tag(judge, tag, tilt)]


def _tilt_tag(judge: Judge, tag: float | None, tilt: float) -> Finding:
    """Hold the recorded tilt against that of the positions."""
    if tag is None:
        return judge.say(
            "tilt_tag",
            Verdict.PASS,
            "No tilt is recorded; the positions count.",
            measured="not recorded",
            unit="",
            tilt_deg=tilt,
        )
    return judge.hold(
        "tilt_tag",
        abs(abs(tag) - tilt),
        good="The recorded tilt agrees with the positions.",
        bad=f"The header records a tilt of {tag:g} degrees, the positions show {tilt:.2f}: the images "
        "may have been straightened, or their positions lost.",
        tag_deg=tag,
        tilt_deg=tilt,
    )


def check_orientation(judge: Judge, stack: Stack) -> Finding:
    """Which plane of the body the slices are."""
    normal = np.abs(stack.normal)
    off_axial = float(np.degrees(np.arccos(min(1.0, normal[2]))))
    plane = int(np.argmax(normal))
    off = float(np.degrees(np.arccos(min(1.0, normal[plane]))))
    name = _PLANES[plane] if off < 0.5 else f"{_PLANES[plane]}, {off:.1f} degrees oblique"
    return judge.hold(
        "orientation",
        off_axial,
        good=f"The slices are {name}.",
        bad=f"The slices are {name}, probably a reformat: ask for the axial slices.",
        plane=_PLANES[plane],
        off_axial_deg=off_axial,
    )


def check_extent(judge: Judge, stack: Stack, acquisition: Acquisition) -> list[Finding]:
    """Width of the image and length of the stack, as far as headers can say."""
    return [_field_of_view(judge, stack, acquisition), _coverage(judge, stack)]


def _field_of_view(judge: Judge, stack: Stack, acquisition: Acquisition) -> Finding:
    sx, sy = stack.pixel_spacing_xy_mm
    width, height = stack.columns * sx, stack.rows * sy
    smallest = min(width, height)
    measured, reconstructed = (
        acquisition.data_collection_diameter_mm,
        acquisition.reconstruction_diameter_mm,
    )
    verdict = judge.limit("field_of_view").grade(smallest)
    text = f"The image is {width:.0f} x {height:.0f} mm. "
    if verdict is not Verdict.PASS:
        text += "That is small for this part of the body: look for bone that is cut off."
    elif reconstructed and max(width, height) < 0.98 * reconstructed:
        verdict = Verdict.BORDERLINE
        text += f"The scanner reconstructed {reconstructed:.0f} mm: the images were cropped."
    elif measured and max(width, height) > 1.02 * measured:
        verdict = Verdict.BORDERLINE
        text += f"The scanner measured only {measured:.0f} mm: the rim is extrapolated."
    else:
        text += "Wide enough; whether all bone is inside, the voxels must show."
    return judge.say(
        "field_of_view",
        verdict,
        text,
        measured=smallest,
        width_mm=width,
        height_mm=height,
        data_collection_diameter_mm=measured,
        reconstruction_diameter_mm=reconstructed,
    )


def _coverage(judge: Judge, stack: Stack) -> Finding:
    steps, _ = stack.steps()
    length = float(np.abs(steps).sum())
    if length <= 0:
        return judge.unproven("coverage", "One plane has no length.")
    length += length / len(steps)
    return judge.hold(
        "coverage",
        length,
        good=f"The stack is {length:.0f} mm long.",
        bad=f"The stack is {length:.0f} mm long, too short to hold the whole part.",
        length_mm=length,
    )
