"""Two meshes of the same thing: how far their surfaces are apart, and what they enclose in common."""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from calvaria import _native, _progress
from calvaria._asked import above_zero, at_least_zero, need
from calvaria._html import html_table
from calvaria.comparison._joined import has_area, joined
from calvaria.comparison.distances import SurfaceDistances, measures_of, plain
from calvaria.mesh import Mesh, measure_mesh
from calvaria.mesh.measures import n_boundary_edges

__all__ = ["MeshComparison", "compare_meshes"]

Three = tuple[float, float, float]

# So many squares of the step has a surface when no step is given; it gets twice as many points.
_N_POINTS = 100_000
# So many columns along the longer side of both bodies.
_N_COLUMNS = 400


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeshComparison:
    """How well a mesh agrees with a reference.  Every formula is in ``docs/metrics_comparison.md``.

    Parameters
    ----------
    tolerance_mm : float
        Up to here surfaces count as the same.
    step_mm : float
        How far the points on the surfaces are apart at most.
    n_points : int
        Points on both surfaces.
    reference_area_mm2, area_mm2 : float
        Areas of the two.
    hausdorff_mm, hausdorff_bound_mm : float
        Largest distance found from either surface to the other, and what it is certainly not above.
    hd95_directed_mm, hd95_pooled_mm, assd_mm, masd_mm : float
        As in :class:`MaskComparison`, by area.
    sampling_error_mm : float
        Estimate of how far ``assd_mm`` is off because the surfaces were looked at in points only.
    surface_dice, reference_overlap, overlap : float
        Part of both surfaces, of the reference, of the mesh, no farther than the tolerance.
    reference_volume_mm3, volume_mm3 : float or None
        None unless both surfaces are closed; so are the five that follow.
    dice, jaccard, volumetric_similarity, sensitivity, precision : float or None
        Of the bodies inside, as in :class:`MaskComparison`; the common volume is by columns.
    volume_error_percent : float or None
        The volumes of the two by columns against their exact ones, the larger difference: how far
        the common volume may be off.
    farthest_lps_mm : tuple of float or None
        The place on either surface that is farthest from the other.
    from_reference, to_reference : SurfaceDistances
        All distances, from the reference to the mesh and back.
    """

    tolerance_mm: float
    step_mm: float
    n_points: int
    reference_area_mm2: float
    area_mm2: float
    hausdorff_mm: float
    hausdorff_bound_mm: float
    hd95_directed_mm: float
    hd95_pooled_mm: float
    assd_mm: float
    masd_mm: float
    sampling_error_mm: float
    surface_dice: float
    reference_overlap: float
    overlap: float
    reference_volume_mm3: float | None
    volume_mm3: float | None
    dice: float | None
    jaccard: float | None
    volumetric_similarity: float | None
    sensitivity: float | None
    precision: float | None
    volume_error_percent: float | None
    farthest_lps_mm: Three | None
    from_reference: SurfaceDistances
    to_reference: SurfaceDistances

    def surface_dice_at(self, tolerance_mm: float) -> float:
        """Return the surface Dice at another tolerance."""
        both = measures_of(self.from_reference, self.to_reference, tolerance_mm=tolerance_mm)
        return both["surface_dice"]

    def to_dict(self) -> dict[str, Any]:
        """Return everything, the distances summarised, ready for JSON."""
        kept = ("from_reference", "to_reference")
        names = [field.name for field in dataclasses.fields(self) if field.name not in kept]
        return {
            **{name: plain(getattr(self, name)) for name in names},
            **{name: getattr(self, name).to_dict() for name in kept},
        }

    def __repr__(self) -> str:
        dice = "" if self.dice is None else f"dice {self.dice:.4f}, "
        return (
            f"MeshComparison({dice}hausdorff {self.hausdorff_mm:.3f} mm, "
            f"assd {self.assd_mm:.4f} mm, surface dice {self.surface_dice:.4f} "
            f"at {self.tolerance_mm:g} mm)"
        )

    def _repr_html_(self) -> str:
        rows = [(k, v) for k, v in self.to_dict().items() if not isinstance(v, dict)]
        return html_table(header=("mesh against reference", "value"), rows=rows)


def compare_meshes(
    mesh: Mesh, *, reference: Mesh, tolerance_mm: float, step_mm: float | None = None
) -> MeshComparison:
    """Hold a mesh against a reference in the same place.

    Parameters
    ----------
    mesh, reference : Mesh
        Open or closed, LPS mm; triangles whose corners lie at the same places are joined.  Nothing is moved: align them first where they do not lie on each
        other.
    tolerance_mm : float
        Up to here surfaces count as the same, for the surface Dice and the overlaps.
    step_mm : float, optional
        How far the points on the surfaces are apart at most; left out, at least 200,000 points
        are spread over each surface.

    Returns
    -------
    MeshComparison
        Without faces (or none with an area) in one of them: surface Dice 0, distances infinite; in
        both: NaN.

    Raises
    ------
    ValueError
        A number is out of range.

    Notes
    -----
    Every face is divided into equal triangles no longer than the step, and each stands with its area
    for the exact distance from its middle to the other surface (point to triangle, not vertex to
    vertex).  The largest distance is then looked for between the points until it is known to 0.001
    mm, or ``hausdorff_bound_mm`` says how well it is known.

    References
    ----------
    Aspert, Santa-Cruz and Ebrahimi, MESH: measuring errors between surfaces using the Hausdorff
    distance, 2002, doi:10.1109/ICME.2002.1035879.

    Examples
    --------
    >>> from calvaria.mesh import Mesh, transform_mesh
    >>> corner = Mesh(
    ...     vertices=[[0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> compare_meshes(corner, reference=corner, tolerance_mm=0.1, step_mm=1.0)
    MeshComparison(dice 1.0000, hausdorff 0.000 mm, assd 0.0000 mm, surface dice 1.0000 at 0.1 mm)
    """
    tolerance_mm = at_least_zero("tolerance_mm", tolerance_mm)
    step_mm = None if step_mm is None else above_zero("step_mm", step_mm)
    meshes = (_comparable("reference", reference), _comparable("mesh", mesh))
    reference, mesh = meshes
    sizes = [measure_mesh(one) if len(one.faces) else None for one in meshes]
    areas = [0.0 if size is None else size.area_mm2 for size in sizes]
    steps = [step_mm or math.sqrt(max(area, 1e-12) / _N_POINTS) for area in areas]
    is_body = all(len(one.faces) and not n_boundary_edges(one) for one in meshes)
    pitch = _pitch_mm(meshes) if is_body else None
    there, back, columns = _progress.run(
        lambda progress: _native.compare_meshes(
            first=(reference.vertices, reference.faces, reference.kinds),
            second=(mesh.vertices, mesh.faces, mesh.kinds),
            steps_mm=(steps[0], steps[1]),
            pitch_mm=pitch,
            progress=progress,
        ),
        title="comparing",
    )
    sides = (_distances(there, areas[0]), _distances(back, areas[1]))
    is_measured = all(len(one.faces) for one in meshes)
    return MeshComparison(
        **measures_of(*sides, tolerance_mm=tolerance_mm) | _largest(there, back, sides),
        tolerance_mm=float(tolerance_mm),
        step_mm=max(steps),
        n_points=sum(side.n_elements for side in sides) if is_measured else 0,
        reference_area_mm2=areas[0],
        area_mm2=areas[1],
        from_reference=sides[0],
        to_reference=sides[1],
        **_bodies(meshes, columns),
    )


def _comparable(name: str, mesh: Mesh) -> Mesh:
    """Return the mesh with its triangles joined; one without any area has no faces."""
    need(name, mesh, Mesh)
    if has_area(mesh):
        return joined(mesh)
    return Mesh(vertices=mesh.vertices, faces=np.zeros((0, 3), dtype=np.int32))


def _pitch_mm(meshes: tuple[Mesh, Mesh]) -> float:
    points = np.concatenate([mesh.vertices for mesh in meshes])[:, :2]
    return float(np.ptp(points, axis=0).max()) / _N_COLUMNS or 1.0


def _distances(found: dict[str, Any], area: float) -> SurfaceDistances:
    """Wrap what was found; a surface without a partner is infinitely far, all of it."""
    distances, weights = found["distances_mm"], found["weights"]
    if not len(distances) and area:
        distances, weights = np.array([math.inf]), np.array([area])
    counts = np.ones(len(distances), np.uint64)
    for array in (distances, weights, counts):
        array.flags.writeable = False
    return SurfaceDistances(distances_mm=distances, weights=weights, counts=counts, is_by_area=True)


def _largest(
    there: dict[str, Any], back: dict[str, Any], sides: tuple[SurfaceDistances, SurfaceDistances]
) -> dict[str, Any]:
    if not (sides[0].n_elements and sides[1].n_elements):
        far = math.inf if sides[0].n_elements or sides[1].n_elements else math.nan
        return {"hausdorff_bound_mm": far, "sampling_error_mm": math.nan, "farthest_lps_mm": None}
    worse = max(there, back, key=lambda side: side["largest_mm"])
    # By corners a bent distance reads too large, by middles too small by half as much.
    areas = [side["weights"].sum() for side in (there, back)]
    middles = sum(float(side["distances_mm"] @ side["weights"]) for side in (there, back))
    corners = there["corner_mean_mm"] * areas[0] + back["corner_mean_mm"] * areas[1]
    return {
        "hausdorff_mm": worse["largest_mm"],
        "hausdorff_bound_mm": max(there["bound_mm"], back["bound_mm"]),
        "sampling_error_mm": abs(float(corners - middles)) / 3 / float(sum(areas)),
        "farthest_lps_mm": worse["farthest_lps_mm"],
    }


def _bodies(
    meshes: tuple[Mesh, Mesh], columns: tuple[float, float, float] | None
) -> dict[str, Any]:
    if columns is None:
        names = ("dice", "jaccard", "volumetric_similarity", "sensitivity", "precision")
        volumes = ("reference_volume_mm3", "volume_mm3", "volume_error_percent")
        return dict.fromkeys((*names, *volumes))
    exact = [abs(measure_mesh(mesh).volume_mm3) for mesh in meshes]
    first, second, both = columns
    errors = [100 * abs(a / b - 1) for a, b in zip((first, second), exact, strict=True) if b]
    return {
        "dice": _ratio(2 * both, first + second),
        "jaccard": _ratio(both, first + second - both),
        "volumetric_similarity": _ratio(2 * min(exact), sum(exact)),
        "sensitivity": _ratio(both, first),
        "precision": _ratio(both, second),
        "reference_volume_mm3": exact[0],
        "volume_mm3": exact[1],
        "volume_error_percent": max(errors, default=math.nan),
    }


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
