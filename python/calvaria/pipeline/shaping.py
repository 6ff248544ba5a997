"""From the outline to a mesh that prints: drawn, smoothed, cleaned, decimated to a bound."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np

from calvaria._record import plural
from calvaria.errors import EmptyMaskError
from calvaria.findings import Finding, Verdict
from calvaria.mesh import FaceKind, decimate_mesh, remove_small_parts, smooth_mesh
from calvaria.surface import extract_mask_surface, extract_surface

if TYPE_CHECKING:
    from calvaria.mesh import Mesh, PartsResult
    from calvaria.pipeline.outline import Outline
    from calvaria.pipeline.settings import Settings
    from calvaria.volume import Volume

__all__ = ["shape"]

# What is shorter than about five edges is noise: 1 - cos(2 pi / 5) is 0.69, so a little longer stays.
_PASSBAND = 0.6


def shape(volume: Volume, outline: Outline, settings: Settings) -> tuple[Mesh, tuple[Finding, ...]]:
    """Return the mesh, and what each step did to it."""
    if outline.is_label_map:
        drawn = extract_mask_surface(outline.mask)
    elif outline.is_air:
        # The body is what is darker: drawn in the negative, it faces outwards.
        drawn = extract_surface(_negative(volume), iso_hu=-outline.iso_hu, within=outline.mask)
    else:
        drawn = extract_surface(volume, iso_hu=outline.iso_hu, within=outline.mask)
    if not len(drawn.faces):
        msg = f"no surface at {outline.iso_hu:.0f}: nothing to make a model of"
        raise EmptyMaskError(msg)
    told = [_ended(drawn, settings)]
    parts = remove_small_parts(drawn, min_part_mm3=settings.min_part_mm3)
    told.append(
        Finding(
            code="model_parts",
            verdict=Verdict.PASS,
            message=(
                f"Kept: {_in_words(parts)}; left out below {parts.min_part_mm3:g} mm3: "
                f"{plural(parts.n_islands, 'island')} and {plural(parts.n_voids, 'closed void')}."
            ),
            measured=float(parts.n_bodies),
            details=parts.to_dict(),
            source=settings.sources["min_part_mm3"],
        )
    )
    mesh = parts.mesh
    if settings.smoothing_iterations:
        mesh, smoothed = _smoothed(mesh, settings)
        told.append(smoothed)
    if settings.max_error_mm:
        mesh, decimated = _decimated(mesh, settings)
        told.append(decimated)
    return dataclasses.replace(mesh, findings=()), tuple(told)


def _negative(volume: Volume) -> Volume:
    values = volume.values
    if values.dtype.kind == "i":
        values = np.maximum(values, -np.iinfo(values.dtype).max)
    return dataclasses.replace(volume, values=np.negative(values))


def _in_words(parts: PartsResult) -> str:
    bodies = plural(parts.n_bodies, "body", "bodies")
    n_voids = parts.n_parts - parts.n_bodies
    return f"{bodies} and {plural(n_voids, 'closed void')}" if n_voids else bodies


def _ended(mesh: Mesh, settings: Settings) -> Finding:
    """Say how much of the surface closes it where the image, or the mask, ends."""
    areas = _areas_cm2(mesh)
    cap, cut = areas[FaceKind.CAP], areas[FaceKind.CUT]
    message = "The whole structure is in the image."
    if cap > 0:
        message = (
            f"The structure leaves the image: {cap:.1f} cm2 of the surface are flat lids there."
        )
    if cut > 0:
        message += f" It was parted from its neighbours over {cut:.1f} cm2."
    return Finding(
        code="model_capped",
        verdict=settings.capped if cap > 0 else Verdict.PASS,
        message=message,
        measured=cap,
        unit="cm2",
        limit="0 cm2",
        details={"cap_cm2": cap, "cut_cm2": cut},
    )


def _areas_cm2(mesh: Mesh) -> list[float]:
    """Area of the faces of each kind."""
    areas = []
    for kind in FaceKind:
        corners = mesh.vertices[mesh.faces[mesh.kinds == kind]] if kind else np.empty((0, 3, 3))
        across = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        areas.append(float(np.linalg.norm(across, axis=1).sum()) / 200)
    return areas


def _smoothed(mesh: Mesh, settings: Settings) -> tuple[Mesh, Finding]:
    made = smooth_mesh(
        mesh,
        iterations=int(settings.smoothing_iterations),
        passband=_PASSBAND,
        keep_apart=True,
    )
    drift = made.volume_drift_percent or 0.0
    told = Finding(
        code="model_smoothing",
        verdict=Verdict.PASS,
        message=(
            f"{made.iterations} passes of the windowed sinc moved vertices by "
            f"{made.mean_displacement_mm:.3f} mm on average, {made.max_displacement_mm:.2f} mm at most; "
            f"the volume changed by {drift:+.2f} %."
        ),
        measured=made.mean_displacement_mm,
        unit="mm",
        details={k: v for k, v in made.to_dict().items() if v is not None},
        source=settings.sources["smoothing_iterations"],
    )
    return made.mesh, told


def _decimated(mesh: Mesh, settings: Settings) -> tuple[Mesh, Finding]:
    made = decimate_mesh(mesh, max_error_mm=settings.max_error_mm)
    told = Finding(
        code="model_decimation",
        verdict=Verdict.PASS if made.max_error_mm <= settings.max_error_mm else Verdict.FAIL,
        message=(
            f"{made.n_faces} of {plural(made.n_faces_before, 'triangle')} stay; no point of either surface is "
            f"farther than {made.max_error_mm:.3f} mm from the other."
        ),
        measured=made.max_error_mm,
        unit="mm",
        limit=f"at most {settings.max_error_mm:g} mm",
        details={"n_faces": made.n_faces, "rms_error_mm": made.rms_error_mm},
        source=settings.sources["max_error_mm"],
    )
    return made.mesh, told
