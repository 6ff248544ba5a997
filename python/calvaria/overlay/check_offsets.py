"""How far a mesh lies from the imaged edges, and how much of it has none beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria.overlay.judging import MOST_PLACES, judged

if TYPE_CHECKING:
    from calvaria.findings import Finding
    from calvaria.overlay.metrics import OverlayMetrics

__all__ = ["offset_findings", "unmeasured_finding"]


def offset_findings(metrics: OverlayMetrics, profile: str) -> list[Finding]:
    """Judge the mean offset and the spread of the offsets."""
    summary = metrics.summary
    side = "outside" if summary.mean_mm > 0 else "inside"
    worst = metrics.worst_places(beyond_mm=max(summary.p95_mm, 1e-9), n=MOST_PLACES)
    return [
        judged(
            "overlay_bias",
            abs(summary.mean_mm),
            profile,
            f"On average the mesh lies {abs(summary.mean_mm):.2f} mm {side} the imaged edge.",
            median_uncertainty_mm=float(np.nanmedian(metrics.uncertainty_mm)),
        ),
        judged(
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


def unmeasured_finding(metrics: OverlayMetrics, profile: str) -> Finding:
    """Judge how much of the surface has no edge of the image beside it."""
    shares = {
        name: 100 * share
        for name, share in metrics.status_fractions.items()
        if share > 0 and name not in {"found", "thin"}
    }
    total = sum(shares.values())
    split = ", ".join(f"{name} {share:.1f} %" for name, share in shares.items())
    return judged(
        "overlay_unmeasured",
        total,
        profile,
        f"{total:.1f} % of the surface have no edge of the image beside them"
        + (f" ({split})." if split else "."),
        places=tuple(
            f"{place.area_mm2:.0f} mm2 at {place.where}"
            for place in metrics.places_without_edge(n=MOST_PLACES)
            if total >= 1
        ),
    )
