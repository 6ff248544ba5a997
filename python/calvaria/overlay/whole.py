"""A mesh measured against its image in every way at once."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.errors import SegmentationError
from calvaria.mesh import transform_mesh
from calvaria.overlay._asked import mesh_and_image
from calvaria.overlay.edges import compare_to_image
from calvaria.overlay.frames import FrameMatch, identify_frame
from calvaria.overlay.holes import BoneHole, find_holes
from calvaria.overlay.losses import LostCause, LostPlace
from calvaria.overlay.lost import LostSurface, find_lost_surface, nothing_lost
from calvaria.overlay.metrics import OverlayMetrics
from calvaria.overlay.pose import Pose, fit_pose
from calvaria.overlay.winding import wound_alike
from calvaria.segment import bone_level

if TYPE_CHECKING:
    from calvaria.mesh import Mesh
    from calvaria.volume import Volume

__all__ = ["Overlay", "measure_overlay"]


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
    >>> from calvaria.overlay import check_overlay
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
