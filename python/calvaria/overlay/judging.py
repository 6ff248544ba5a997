"""A measured overlay held against one row of its table."""

from __future__ import annotations

from typing import Any

from calvaria.findings import Finding, Verdict
from calvaria.rules import Limit
from calvaria.rules.defaults import finding_of, limit_in

__all__ = ["MOST_PLACES", "judged", "limit_of"]

# Places that a finding names.
MOST_PLACES = 6


def judged(
    code: str,
    measured: float,
    profile: str,
    message: str,
    *,
    error: float = 0.0,
    places: tuple[str, ...] = (),
    **details: Any,
) -> Finding:
    """Return the finding of one measurement, graded beyond its error."""
    limit = limit_of(code, profile)
    if limit.grade(measured, error=error) is Verdict.UNPROVEN:
        message += f" This surface tells it to {error:.2g} {limit.unit} only."
    return finding_of(
        limit, code=code, measured=measured, message=message, error=error, places=places, **details
    )


def limit_of(name: str, profile: str) -> Limit:
    """Return the limit of that name for what the mesh is for."""
    return limit_in("overlay.toml", name, kind="profile", member=profile)
