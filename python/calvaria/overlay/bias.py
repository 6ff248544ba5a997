"""What the choice of a level did to the wall: thickened or thinned it, and by how much."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._html import html_table
from calvaria.overlay.edges import compare_to_image
from calvaria.surface import extract_surface

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh
    from calvaria.overlay.metrics import OverlayMetrics
    from calvaria.volume import Mask, Volume

__all__ = ["ThresholdBias", "measure_threshold_bias"]

_U = np.linspace(-4.0, 4.0, 1601)
_PHI = np.array([0.5 * (1 + math.erf(u / math.sqrt(2))) for u in _U])


@dataclass(frozen=True, slots=True, kw_only=True)
class ThresholdBias:
    """How far a level moves a surface from the local half-maximum.

    Parameters
    ----------
    iso_hu : float
        The level.
    predicted_surface_mm : float
        Mean over the surface of where the level lies in the blurred edge: blur times the normal
        quantile of the level between the plateaus.  Positive: outside, the body comes out thicker.
    measured_surface_mm : float
        Mean offset of the surface that was drawn at the level.
    predicted_wall_mm, measured_wall_mm : float
        Twice that: what a wall with two such surfaces gains, negative what it loses.
    half_maximum_hu : float
        Median level that would have moved nothing.
    unreached_fraction : float
        Share of the surface where the level lies beyond the plateaus: bone that it loses, or tissue
        that it takes for bone.
    n_samples : int
        Samples with an edge.
    """

    iso_hu: float
    predicted_surface_mm: float
    measured_surface_mm: float
    predicted_wall_mm: float
    measured_wall_mm: float
    half_maximum_hu: float
    unreached_fraction: float
    n_samples: int

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        return {
            key: None if isinstance(value, float) and not math.isfinite(value) else value
            for key, value in dataclasses.asdict(self).items()
        }

    def __repr__(self) -> str:
        if not self.n_samples or math.isnan(self.half_maximum_hu):
            return f"ThresholdBias({self.iso_hu:g}: no edge)"
        return (
            f"ThresholdBias({self.iso_hu:g}: a wall gains {self.measured_wall_mm:+.2f} mm, predicted "
            f"{self.predicted_wall_mm:+.2f} mm; half-maximum {self.half_maximum_hu:.0f})"
        )

    def _repr_html_(self) -> str:
        rows = [
            (key, _told(value) if isinstance(value, float) else value)
            for key, value in dataclasses.asdict(self).items()
        ]
        return html_table(header=("ThresholdBias", ""), rows=rows)


def _told(value: float) -> str:
    return f"{value:.3f}" if math.isfinite(value) else "no edge"


def measure_threshold_bias(
    volume: Volume,
    *,
    iso_hu: float,
    mesh: Mesh | None = None,
    within: Mask | None = None,
    n_samples: int = 30_000,
) -> ThresholdBias:
    """Measure how much a level thickens or thins a wall against the local half-maximum.

    Parameters
    ----------
    volume : Volume
        The image.
    iso_hu : float
        The level in question.
    mesh : Mesh, optional
        The surface that was drawn at it; left out, it is drawn here.
    within : Mask, optional
        Which structure is drawn, when ``mesh`` is left out.
    n_samples : int
        Points on the surface.

    Returns
    -------
    ThresholdBias
        Predicted from the plateaus and the blur of the scan, and measured on the surface.

    Raises
    ------
    MeshError
        Nothing crosses the level.

    Notes
    -----
    A blurred edge between ``outside`` and ``outside + contrast`` has the value ``iso_hu`` at
    ``-sigma * quantile((iso_hu - outside) / contrast)`` outside of where it is; Prevrhal et al., Phys.
    Med. Biol. 44 (1999) 751, doi:10.1088/0031-9155/44/3/017.  The way that blur moves a curved edge is
    the same for every level to first order, and is left out on both sides.

    Examples
    --------
    >>> from calvaria import phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> ball = phantom.scan(phantom.sphere(radius_mm=12.0), scanner=scanner)
    >>> found = measure_threshold_bias(ball, iso_hu=-600.0, n_samples=2000)
    >>> found.measured_wall_mm > 0.5, abs(found.measured_wall_mm - found.predicted_wall_mm) < 0.1
    (True, True)
    """
    drawn = extract_surface(volume, iso_hu=iso_hu, within=within) if mesh is None else mesh
    found = compare_to_image(drawn, volume, n_samples=n_samples, correct_curvature=False)
    chosen = found.is_measured
    share = (iso_hu - found.outside[chosen]) / found.contrast[chosen]
    is_reached = (share > _PHI[0]) & (share < _PHI[-1])
    predicted = -_sigma_mm(found)[chosen] * np.interp(share, _PHI, _U)
    n = int(is_reached.sum())
    surface = float(predicted[is_reached].mean()) if n else math.nan
    measured = found.summary.mean_mm
    half = found.outside[chosen] + found.contrast[chosen] / 2
    return ThresholdBias(
        iso_hu=float(iso_hu),
        predicted_surface_mm=surface,
        measured_surface_mm=measured,
        predicted_wall_mm=2 * surface,
        measured_wall_mm=2 * measured,
        half_maximum_hu=float(np.median(half)) if len(half) else math.nan,
        unreached_fraction=1 - n / len(share) if len(share) else math.nan,
        n_samples=int(chosen.sum()),
    )


def _sigma_mm(found: OverlayMetrics) -> NDArray[np.float64]:
    """Return the blur along the normal of each sample."""
    steps = found.grid.lps_from_ijk[:3, :3]
    across = np.cross(steps[:, 0], steps[:, 1])
    squared = (found.normals @ (across / np.linalg.norm(across))) ** 2
    flat, deep = found.blur_in_plane_mm**2, found.blur_through_plane_mm**2
    return np.asarray(np.sqrt(flat + squared * (deep - flat)))
