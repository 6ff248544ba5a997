"""What stands in the way of a package, and who has set it aside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria._asked import need
from calvaria.errors import FailedChecksError
from calvaria.findings import CheckReport, Finding, Override, Verdict

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["carried", "need_overrides", "scan_finding"]

# Findings of mesh files say nothing of a scan.
_OF_FILES = ("mesh_", "stl_")


def carried(
    findings: Sequence[Finding], checks: Iterable[CheckReport]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Return what the mesh carries and what was handed over, each said once, without places.

    Places and details are left out: they may hold the names of files, and a file may be named after
    a patient.
    """
    told: dict[tuple[str, str], Finding] = {}
    from_mesh = {(one.code, one.message): _plain(one) for one in findings}
    for report in checks:
        need("checks", report, CheckReport)
        told |= {(one.code, one.message): _plain(one) for one in report.findings}
    rest = tuple(one for key, one in from_mesh.items() if key not in told)
    return rest, tuple(told.values())


def scan_finding(findings: Sequence[Finding]) -> Finding:
    """Say whether anything is known of the scan that the part was made from."""
    known = [one for one in findings if not one.code.startswith(_OF_FILES)]
    if known:
        return Finding(
            code="release_scan",
            verdict=Verdict.PASS,
            message="The findings of the scan are on this sheet.",
            measured=float(len(known)),
            unit="findings",
            limit="at least one",
        )
    return Finding(
        code="release_scan",
        verdict=Verdict.UNPROVEN,
        message="Nothing is known of the scan: the mesh carries none of its findings, and no check was given.",
        measured=0.0,
        unit="findings",
        limit="at least one",
    )


def need_overrides(
    findings: Sequence[Finding], overrides: Sequence[Override]
) -> tuple[Override, ...]:
    """Return the overrides, or refuse: one for every code that is FAIL or UNPROVEN, and no other."""
    standing = {
        one.code: one
        for one in sorted(findings, key=lambda one: one.verdict.rank)
        if one.verdict in (Verdict.FAIL, Verdict.UNPROVEN)
    }
    for one in overrides:
        need("overrides", one, Override)
        if not one.name.strip() or not one.reason.strip():
            msg = f"overrides: {one.code}: a name and a reason expected, found {one.name!r}, {one.reason!r}"
            raise ValueError(msg)
        if one.code not in standing:
            known = ", ".join(sorted(standing)) or "nothing"
            msg = f"overrides: what stands in the way expected ({known}), found {one.code!r}"
            raise ValueError(msg)
    given = {one.code for one in overrides}
    left = [one for code, one in sorted(standing.items()) if code not in given]
    if left:
        told = "; ".join(
            f"{one.verdict.name} {one.code}: {one.message.rstrip('.')}" for one in left
        )
        msg = (
            f"mesh: no finding that FAILs or is UNPROVEN expected, found {told}; mend it, or record who "
            f"decides to go on and why: Override(code={left[0].code!r}, name=..., reason=...)"
        )
        raise FailedChecksError(msg)
    return tuple(overrides)


def _plain(finding: Finding) -> Finding:
    return Finding(
        code=finding.code,
        verdict=finding.verdict,
        message=finding.message,
        measured=finding.measured,
        limit=finding.limit,
        unit=finding.unit,
        source=finding.source,
    )
