"""Whether a mesh matches its image, way by way."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria.findings import CheckReport
from calvaria.overlay.check_holes import hole_findings
from calvaria.overlay.check_lost import lost_finding
from calvaria.overlay.check_offsets import offset_findings, unmeasured_finding
from calvaria.overlay.check_pose import frame_finding, pose_findings
from calvaria.overlay.noise import NOISE_CODE, THIN_CODE
from calvaria.overlay.whole import Overlay
from calvaria.overlay.winding import WINDING_CODE
from calvaria.rules import load_rules

if TYPE_CHECKING:
    from calvaria.overlay.holes import BoneHole
    from calvaria.overlay.metrics import OverlayMetrics
    from calvaria.rules import Rules

__all__ = ["check_overlay"]

_OF_THE_MEASUREMENT = (NOISE_CODE, THIN_CODE, WINDING_CODE)


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
    findings = offset_findings(metrics, profile) if is_measured else []
    findings.append(unmeasured_finding(metrics, profile))
    findings += [one for one in metrics.findings if one.code in _OF_THE_MEASUREMENT]
    if isinstance(overlay, Overlay):
        pose = (
            pose_findings(overlay.frame, overlay.pose, profile)
            if is_measured and overlay.pose.n_edges
            else []
        )
        whole = [lost_finding(overlay, profile)]
        if overlay.lost.structure_mm2 > 0:
            whole += hole_findings(overlay.holes, profile)
        findings = [frame_finding(overlay.frame, profile), *pose, *findings, *whole]
    elif holes is not None:
        findings += hole_findings(holes, profile)
    return CheckReport(
        subject="mesh against image",
        findings=tuple(findings),
        profile=profile,
        anatomy=anatomy,
    )
