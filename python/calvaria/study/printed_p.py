"""A printed p held against the p that other printed numbers allow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from calvaria.findings import Finding, Verdict
from calvaria.study.record import number, p_text

if TYPE_CHECKING:
    from calvaria.study.printed import Printed

__all__ = ["SOURCE", "p_finding"]

SOURCE = "house rule: the printed numbers must be possible together, rounding in their favour"
# A p value that is off by this factor, or on the other side of .05, is a contradiction; one
# closer may come from another test on the same data.
_MILD = 2.0


def p_finding(printed: Printed, low: float, high: float, how: str) -> Finding:
    """Return whether a printed p lies between the least and the greatest that is possible."""
    if printed.holds(low, high):
        verdict, said = Verdict.PASS, "agrees with"
    else:
        gap = max(low / max(printed.value, 1e-300), printed.value / max(high, 1e-300))
        near_low, near_high = sorted((low if printed.value < low else high, printed.value))
        decides = near_low < 0.05 <= near_high
        if printed.relation == "=" and gap <= _MILD and not decides:
            verdict, said = Verdict.BORDERLINE, "is near, but not what follows from"
        else:
            verdict, said = Verdict.FAIL, "contradicts"
    span = p_text(low) if high - low < 1e-12 else f"{p_text(low)} to {number(high)}"
    return Finding(
        code="published_p",
        verdict=verdict,
        message=f"p {printed.text} {said} {how}: {span}",
        measured=printed.value,
        limit=span,
        source=SOURCE,
        details={"p_low": low, "p_high": high},
    )
