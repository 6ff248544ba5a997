"""A round hole about as narrow as the blur: how wide it is and what fills it, from its profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["fit_disc"]

_STEP_MM = 0.02
_LEAST_RADIUS_MM = 0.3
_N_RINGS = 60
# Nothing in a CT is darker.
_DARKEST_HU = -1100.0


def fit_disc(
    far: NDArray[np.float64],
    profile: NDArray[np.float64],
    *,
    crest: float,
    sigma_mm: float,
    most_mm: float,
) -> tuple[float, float]:
    """Return radius, mm, and value of the disc that, blurred, comes nearest to a radial profile.

    Its share at distance r is the integral of s / sigma^2 exp(-(r^2 + s^2) / 2 sigma^2) I0(r s / sigma^2)
    over s from 0 to its radius; for each radius the value follows by least squares.
    """
    best = (np.inf, most_mm, float(profile[0]))
    for radius in np.arange(_LEAST_RADIUS_MM, most_mm, _STEP_MM).tolist():
        share = _share(far, radius, sigma_mm)
        depth = float((share * (crest - profile)).sum() / (share**2).sum())
        depth = min(depth, crest - _DARKEST_HU)
        misfit = float(((crest - profile - depth * share) ** 2).sum())
        if misfit < best[0]:
            best = (misfit, radius, crest - depth)
    return best[1], best[2]


def _share(far: NDArray[np.float64], radius: float, sigma: float) -> NDArray[np.float64]:
    ring = (np.arange(_N_RINGS) + 0.5) * radius / _N_RINGS
    r, s = far[:, None] / sigma, ring[None] / sigma
    # I0 is scaled by hand: both factors alone would overflow far from the middle.
    part = s * np.exp(-((r - s) ** 2) / 2) * (np.i0(r * s) * np.exp(-r * s))
    return np.asarray(part.sum(axis=1) * radius / _N_RINGS / sigma)
