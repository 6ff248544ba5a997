"""All that is measured of a mesh against its image, and what it is held against."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._record import plural
from calvaria.errors import SegmentationError
from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.mesh import transform_mesh
from calvaria.overlay._asked import mesh_and_image
from calvaria.overlay.causes import HoleCause
from calvaria.overlay.edges import compare_to_image
from calvaria.overlay.frames import FrameMatch, identify_frame
from calvaria.overlay.holes import BoneHole, find_holes
from calvaria.overlay.losses import LostCause, LostPlace
from calvaria.overlay.lost import LostSurface, find_lost_surface, nothing_lost
from calvaria.overlay.metrics import OverlayMetrics
from calvaria.overlay.noise import NOISE_CODE, THIN_CODE
from calvaria.overlay.pose import Pose, fit_pose
from calvaria.overlay.winding import WINDING_CODE, wound_alike
from calvaria.rules import Limit, load_rules
from calvaria.rules.defaults import limit_in
from calvaria.segment import bone_level

if TYPE_CHECKING:
    from calvaria.mesh import Mesh
    from calvaria.overlay.places import Place
    from calvaria.rules import Rules
    from calvaria.volume import Volume

__all__ = ["Overlay", "check_overlay", "measure_overlay"]

_MOST_PLACES = 6
# Where less of the surface fits, another body that lies there could do the same.
_HALF_SURE = 0.6
_MOST_HOLES = 20
_OF_THE_MEASUREMENT = (NOISE_CODE, THIN_CODE, WINDING_CODE)
_OF_THE_LEVEL = (HoleCause.THIN_BONE, HoleCause.WRONG_LEVEL)
# Less bone than that between two levels is their edge.
_TOLD_CM2 = 0.5
_WORDS = (("right", "left"), ("in front", "behind"), ("low", "high"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Overlay:
    """A mesh measured against its image in every way that :func:`check_overlay` judges.

    Parameters
    ----------
    frame : FrameMatch
        In which frame and unit the mesh was written.
    pose : Pose
        Shift, turn, scale and thickening, in that frame.
    metrics : OverlayMetrics
        The offsets, in that frame, before any of the pose is taken out.
    lost : LostSurface
        What the image has and the mesh has not, once the pose is taken out.
    holes : tuple of BoneHole
        Holes through the bone, and open rims of the mesh, with their causes; the widest first.
    thin : LostSurface or None
        What the mesh lacks at a lower level, at which thin bone shows; told, not judged.  None where the
        image is not in HU, or a level was asked for.
    """

    frame: FrameMatch
    pose: Pose
    metrics: OverlayMetrics
    lost: LostSurface
    holes: tuple[BoneHole, ...] = ()
    thin: LostSurface | None = None

    @property
    def thin_places(self) -> tuple[LostPlace, ...]:
        """Bone that the level of the mesh loses: thin bone, and bone that is less dense than the level."""
        if self.thin is None:
            return ()
        causes = {LostCause.THIN_BONE, LostCause.WRONG_LEVEL}
        return tuple(place for place in self.thin.places if place.cause in causes)

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the samples, ready for JSON."""
        return {
            "frame": self.frame.to_dict(),
            "pose": self.pose.to_dict(),
            "metrics": self.metrics.to_dict(),
            "lost": self.lost.to_dict(),
            "holes": [hole.to_dict() for hole in self.holes],
            "thin_bone": [place.to_dict() for place in self.thin_places],
        }

    def __repr__(self) -> str:
        return f"Overlay({self.frame.name}: {self.metrics!r})"

    def _repr_html_(self) -> str:
        return self.metrics._repr_html_()


def measure_overlay(
    mesh: Mesh,
    volume: Volume,
    *,
    edge: str = "half_maximum",
    iso_hu: float | None = None,
    tolerance_mm: float | None = None,
    n_samples: int = 100_000,
) -> Overlay:
    """Measure a mesh against its image: frame, unit, pose, offsets, holes, and what was lost.

    Parameters
    ----------
    mesh : Mesh
        From any program; LPS or RAS, millimetres or not.
    volume : Volume
        The image.
    edge : str
        As in :func:`compare_to_image`.
    iso_hu : float, optional
        The level at which lost surface is looked for; left out, that of the mesh, or midway between
        bone and surroundings where the mesh was drawn higher.
    tolerance_mm : float, optional
        Count what lies farther off than this.
    n_samples : int
        Points on the surface.

    Returns
    -------
    Overlay
        Hand it to :func:`check_overlay`.

    Raises
    ------
    MeshError
        The mesh has no imaged faces with an area.
    ValueError
        An argument is out of range.

    Notes
    -----
    A mesh that lies nowhere on the image is measured too: the frame is unknown, nothing has an edge,
    and :func:`check_overlay` fails it.

    Examples
    --------
    >>> from calvaria import extract_surface, phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> ball = phantom.scan(phantom.sphere(radius_mm=12.0), scanner=scanner)
    >>> found = measure_overlay(extract_surface(ball, iso_hu=0.0), ball, n_samples=2000)
    >>> report = check_overlay(found, profile="education")
    >>> report["overlay_p95"].verdict.name, report["overlay_lost"].verdict.name
    ('PASS', 'PASS')
    >>> report["overlay_rotation"].verdict.name  # a ball does not show how it is turned
    'UNPROVEN'
    """
    mesh_and_image(mesh, volume)
    mesh = wound_alike(mesh)
    frame = identify_frame(mesh, volume)
    placed = frame.applied(mesh)
    metrics = compare_to_image(
        placed, volume, edge=edge, tolerance_mm=tolerance_mm, n_samples=n_samples
    )
    pose = fit_pose(placed, volume, n_samples=min(20_000, n_samples))
    drawn = metrics.mesh_level if iso_hu is None else iso_hu
    level = min(drawn, _half_maximum(metrics)) if iso_hu is None else iso_hu
    holes: tuple[BoneHole, ...] = ()
    thin: LostSurface | None = None
    is_lost = iso_hu is None and (frame.name == "unknown" or not np.isfinite(level))
    if is_lost or min(volume.grid.dims_ijk) < 2:
        # The mesh lies on no part of the image, or on one by chance; or the image has no surface.
        lost = nothing_lost(volume)
    else:
        laid = transform_mesh(placed, matrix=pose.matrix)
        lost = find_lost_surface(laid, volume, iso_hu=level, n_samples=n_samples)
        if np.isfinite(lost.iso_hu):
            holes = find_holes(laid, volume, iso_hu=drawn)
        if iso_hu is None:
            thin = _thin(laid, volume, level=level, n_samples=n_samples)
    return Overlay(frame=frame, pose=pose, metrics=metrics, lost=lost, holes=holes, thin=thin)


def _half_maximum(metrics: OverlayMetrics) -> float:
    """Return the median level midway between the plateaus; infinity where nothing was measured."""
    chosen = metrics.is_measured
    half = metrics.outside[chosen] + metrics.contrast[chosen] / 2
    return float(np.median(half)) if len(half) else math.inf


def _thin(mesh: Mesh, volume: Volume, *, level: float, n_samples: int) -> LostSurface | None:
    """Return what the mesh lacks at the level of thin bone, where that is lower."""
    if not volume.is_hu:
        return None
    try:
        lower = bone_level(volume).thin_bone_hu
    except SegmentationError:
        return None
    if lower >= level:
        return None
    return find_lost_surface(mesh, volume, iso_hu=lower, n_samples=n_samples)


def check_overlay(
    overlay: Overlay | OverlayMetrics,
    *,
    profile: str,
    anatomy: str = "generic",
    rules: Rules | None = None,
    holes: tuple[BoneHole, ...] | None = None,
) -> CheckReport:
    """Judge whether a mesh matches the image it came from.

    Limits stand in ``_tables/overlay.toml``, each with its source.

    Parameters
    ----------
    overlay : Overlay or OverlayMetrics
        From :func:`measure_overlay`; or from :func:`compare_to_image`, where frame and pose are not in
        question, and only the offsets are judged.
    profile : str
        What the mesh is for: ``"education"``, ``"planning"``, ``"guide"`` or ``"implant"``.
    anatomy : str
        What it shows; goes into the report.
    rules : Rules, optional
        Whose profiles and anatomies are known.
    holes : tuple of BoneHole, optional
        From :func:`find_holes`, to be judged as well where ``overlay`` has none of its own.

    Returns
    -------
    CheckReport
        One finding for each way in which a mesh can miss: frame, shift, turn, scale, shape, bias, spread,
        wall, orientation, surface without an edge, surface that was lost, holes.  Codes are explained in
        ``docs/checks.md``.

    Raises
    ------
    ValueError
        Unknown profile or anatomy.

    Examples
    --------
    >>> from calvaria import compare_to_image, extract_surface, phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> ball = phantom.scan(phantom.sphere(radius_mm=12.0), scanner=scanner)
    >>> mesh = extract_surface(ball, iso_hu=0.0)
    >>> report = check_overlay(compare_to_image(mesh, ball, n_samples=2000), profile="guide")
    >>> for finding in report.findings:
    ...     print(finding.code, finding.verdict.name)
    overlay_bias PASS
    overlay_p95 PASS
    overlay_unmeasured PASS
    """
    known = load_rules() if rules is None else rules
    profile, anatomy = known.profile(profile), known.anatomy(anatomy)
    metrics = overlay.metrics if isinstance(overlay, Overlay) else overlay
    is_measured = metrics.summary.n_measured > 0
    findings = _offsets(metrics, profile) if is_measured else []
    findings.append(_unmeasured(metrics, profile))
    findings += [one for one in metrics.findings if one.code in _OF_THE_MEASUREMENT]
    if isinstance(overlay, Overlay):
        pose = _pose(overlay, profile) if is_measured and overlay.pose.n_edges else []
        is_there = overlay.lost.structure_mm2 > 0
        whole = [_lost(overlay, profile), *(_holes(overlay.holes, profile) if is_there else [])]
        findings = [_frame(overlay.frame, profile), *pose, *findings, *whole]
    elif holes is not None:
        findings += _holes(holes, profile)
    return CheckReport(
        subject="mesh against image",
        findings=tuple(findings),
        profile=profile,
        anatomy=anatomy,
    )


def _frame(frame: FrameMatch, profile: str) -> Finding:
    limit = _limit("overlay_frame", profile)
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


def _pose(overlay: Overlay, profile: str) -> list[Finding]:
    pose, moved = overlay.pose, overlay.frame.moved_by_lps_mm
    laid = ""
    if moved:
        off = [first + rest for first, rest in zip(moved, pose.shift_lps_mm, strict=True)]
        where = ", ".join(f"{mm:.1f}" for mm in off)
        laid = f"The mesh lies {math.hypot(*off):.1f} mm off, LPS ({where}) mm. Laid on the bone: "
    x, y, z = pose.shift_lps_mm
    towards = ", ".join(
        f"{abs(mm):.2f} mm to {words[mm > 0]}"
        for mm, words in (
            (x, ("the right", "the left")),
            (y, ("anterior", "posterior")),
            (z, ("inferior", "superior")),
        )
        if abs(mm) >= 0.05
    )
    size = abs(pose.scale_percent)
    word = "larger" if pose.scale_percent > 0 else "smaller"
    return [
        _judged(
            "overlay_shift",
            pose.shift_mm,
            profile,
            laid
            + (f"The mesh is shifted by {towards}." if towards else "The mesh is not shifted."),
            error=2 * pose.shift_error_mm,
            shift_lps_mm=list(pose.shift_lps_mm),
        ),
        _judged(
            "overlay_rotation",
            pose.rotation_deg,
            profile,
            f"The mesh is turned by {pose.rotation_deg:.2f} degrees.",
            error=2 * pose.rotation_error_deg,
        ),
        _judged(
            "overlay_scale",
            size,
            profile,
            f"The mesh is {size:.2f} % {word} than the image says."
            if size >= 0.05
            else "The mesh has the size that the image says.",
            error=2 * pose.scale_error_percent,
        ),
        _judged(
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
    is_same = _limit("overlay_shape", profile).grade(pose.rms_after_mm) is Verdict.PASS
    return _judged(
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


def _offsets(metrics: OverlayMetrics, profile: str) -> list[Finding]:
    summary = metrics.summary
    side = "outside" if summary.mean_mm > 0 else "inside"
    worst = metrics.worst_places(beyond_mm=max(summary.p95_mm, 1e-9), n=_MOST_PLACES)
    return [
        _judged(
            "overlay_bias",
            abs(summary.mean_mm),
            profile,
            f"On average the mesh lies {abs(summary.mean_mm):.2f} mm {side} the imaged edge.",
            median_uncertainty_mm=float(np.nanmedian(metrics.uncertainty_mm)),
        ),
        _judged(
            "overlay_p95",
            summary.p95_mm,
            profile,
            f"95 % of the surface lie within {summary.p95_mm:.2f} mm of the imaged edge.",
            places=tuple(
                f"{place.worst_mm:+.2f} mm at {place.where}, {place.area_mm2:.0f} mm2"
                for place in worst
            ),
        ),
    ]


def _unmeasured(metrics: OverlayMetrics, profile: str) -> Finding:
    shares = {
        name: 100 * share
        for name, share in metrics.status_fractions.items()
        if share > 0 and name not in {"found", "thin"}
    }
    total = sum(shares.values())
    split = ", ".join(f"{name} {share:.1f} %" for name, share in shares.items())
    return _judged(
        "overlay_unmeasured",
        total,
        profile,
        f"{total:.1f} % of the surface have no edge of the image beside them"
        + (f" ({split})." if split else "."),
        places=tuple(
            f"{place.area_mm2:.0f} mm2 at {place.where}"
            for place in metrics.places_without_edge(n=_MOST_PLACES)
            if total >= 1
        ),
    )


def _lost(overlay: Overlay, profile: str) -> Finding:
    lost = overlay.lost
    if not lost.structure_mm2:
        return _nothing_seen(lost, profile)
    area = lost.lost_mm2 / 100
    message = f"The mesh has all of the bone that it lies on, but for {area:.1f} cm2 of surface."
    if lost.places:
        place = lost.places[0]
        message = (
            f"The image shows {area:.1f} cm2 of the same bone with no mesh near; the largest piece, "
            f"{place.area_mm2 / 100:.1f} cm2 over {place.extent_mm:.0f} mm, lies "
            f"{_side(place, overlay)} at {place.where}: {place.cause.value}, {place.why}."
        )
    thin = sum(place.area_mm2 for place in overlay.thin_places) / 100
    if thin >= _TOLD_CM2 and overlay.thin is not None:
        message += (
            f" At {overlay.thin.iso_hu:.0f} HU there are {thin:.1f} cm2 of bone besides that the mesh "
            "does not have: thin, or less dense than its level."
        )
    return _judged(
        "overlay_lost",
        area,
        profile,
        message,
        places=tuple(
            f"{place.area_mm2:.0f} mm2 at {place.where}: {place.cause.value}"
            for place in lost.places[:_MOST_PLACES]
        ),
        iso_hu=lost.iso_hu,
        distance_mm=lost.distance_mm,
        other_cm2=lost.other_mm2 / 100,
        thin_bone_cm2=thin,
        by_cause_cm2={cause: mm2 / 100 for cause, mm2 in lost.by_cause_mm2.items()},
    )


def _holes(holes: tuple[BoneHole, ...], profile: str) -> list[Finding]:
    """Judge holes that are faults of image or mesh, and those where the level loses bone."""
    # What the image cuts off is a fault of the scan: `bone_cut` and `model_capped` judge it.
    cut = [hole for hole in holes if hole.cause is HoleCause.FIELD_OF_VIEW]
    thin = [hole for hole in holes if hole.cause in _OF_THE_LEVEL]
    openings = [hole for hole in holes if not hole.cause.is_fault]
    told = {id(hole) for hole in (*cut, *thin, *openings)}
    faults = [hole for hole in holes if id(hole) not in told]
    beside = (
        f" Listed besides: {plural(len(openings), 'opening')} of soft tissue or air."
        if openings
        else ""
    )
    beside += f" At the border of the image: {len(cut)}." if cut else ""
    message = "No hole through the bone is an artefact of the image." + beside
    if faults:
        message = (
            f"{plural(len(faults), 'hole')} up to {faults[0].diameter_mm:.1f} mm wide, likely no opening of "
            f"the bone; the widest, at {_told(faults[0])}, {faults[0].why}.{beside}"
        )
    lost = "The level loses no bone in holes."
    if thin:
        lost = (
            f"In {plural(len(thin), 'hole')} up to {thin[0].diameter_mm:.1f} mm wide there is bone that the level "
            f"loses; the widest, at {_told(thin[0])}, {thin[0].why}. A lower level keeps it, and makes "
            "compact bone thicker."
        )
    return [
        _judged(
            "overlay_holes",
            faults[0].diameter_mm if faults else 0.0,
            profile,
            message,
            places=_listed([*faults, *cut, *openings]),
            n_faults=len(faults),
            n_openings=len(openings),
            n_cut=len(cut),
            n_closed=sum(not hole.is_open for hole in holes),
        ),
        _judged(
            "overlay_thin_holes",
            thin[0].diameter_mm if thin else 0.0,
            profile,
            lost,
            places=_listed(thin),
            n_thin=sum(hole.cause is HoleCause.THIN_BONE for hole in thin),
            n_wrong_level=sum(hole.cause is HoleCause.WRONG_LEVEL for hole in thin),
        ),
    ]


def _told(hole: BoneHole) -> str:
    return f"{hole.where}: {hole.cause.value}"


def _listed(holes: list[BoneHole]) -> tuple[str, ...]:
    return tuple(
        f"{hole.diameter_mm:.1f} mm at {_told(hole)}"
        + ("" if hole.is_open else "; closed in the mesh")
        for hole in holes[:_MOST_HOLES]
    )


def _nothing_seen(lost: LostSurface, profile: str) -> Finding:
    limit = _limit("overlay_lost", profile)
    return Finding(
        code="overlay_lost",
        verdict=Verdict.UNPROVEN,
        message="So little of the mesh lies along surfaces in the image that whether it lost any is not known.",
        limit=limit.text(),
        unit=limit.unit,
        source=limit.source,
        details={"other_cm2": lost.other_mm2 / 100},
    )


def _side(place: Place, overlay: Overlay) -> str:
    points = overlay.metrics.points_lps_mm
    low, high = points.min(axis=0), points.max(axis=0)
    part = (np.array(place.centre_lps_mm) - (low + high) / 2) / np.maximum(high - low, 1e-9)
    words = [_WORDS[axis][int(part[axis] > 0)] for axis in range(3) if abs(part[axis]) > 0.12]
    return " and ".join(words) if words else "in the middle"


def _judged(
    code: str,
    measured: float,
    profile: str,
    message: str,
    *,
    error: float = 0.0,
    places: tuple[str, ...] = (),
    **details: Any,
) -> Finding:
    limit = _limit(code, profile)
    verdict = limit.grade(measured, error=error)
    if verdict is Verdict.UNPROVEN:
        message += f" This surface tells it to {error:.2g} {limit.unit} only."
    return Finding(
        code=code,
        verdict=verdict,
        message=message,
        measured=float(measured),
        limit=limit.text(),
        unit=limit.unit,
        source=limit.source,
        places=places,
        details=details,
    )


def _limit(name: str, profile: str) -> Limit:
    return limit_in("overlay.toml", name, kind="profile", member=profile)
