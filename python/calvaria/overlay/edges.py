"""A mesh held against the image it came from, edge by edge."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from calvaria import _native, _progress
from calvaria._arrays import frozen
from calvaria._asked import above_zero, finite
from calvaria.errors import GeometryError, MeshError
from calvaria.mesh import FaceKind
from calvaria.overlay._asked import mesh_and_image, sample_count, search_length
from calvaria.overlay.metrics import EdgeStatus, OverlayMetrics
from calvaria.overlay.noise import noise_findings, thin_findings
from calvaria.overlay.winding import wound_alike
from calvaria.volume import Mask

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import ArrayLike, NDArray

    from calvaria.mesh import Mesh
    from calvaria.volume import Volume

__all__ = ["compare_to_image", "edges_beside"]

# A wall of 2.3 blurs shows so much of its height.
_RESOLVED = 0.75
_METHODS = ("half_maximum", "gradient_maximum")
# Values of padding lie far below air; those of metal end the scale of a scanner.
_FLOOR_HU = -1100.0
# Mucosa, gum and skin between bone and air: 0 to 100 HU.
_COAT_HU = (50.0, 50.0)
_CEILING_HU = 3000.0
# Thin bone in soft tissue stands out by more; in other images, a part of their range.
_LOWEST_CONTRAST_HU = 100.0
_LOWEST_CONTRAST_FRACTION = 0.03


def compare_to_image(
    mesh: Mesh,
    volume: Volume,
    *,
    edge: str = "half_maximum",
    tolerance_mm: float | None = None,
    search_mm: float = 2.0,
    n_samples: int = 100_000,
    least_contrast: float | None = None,
    regions: Mask | ArrayLike | None = None,
    names: dict[int, str] | None = None,
    level: float | None = None,
    correct_curvature: bool = True,
) -> OverlayMetrics:
    """Measure how far a mesh lies from the edges in the image.

    At points spread evenly over the imaged faces the image is read along the normal, and the edge is
    found in it below a voxel.  What stands in the way of finding one is an answer of its own.

    Parameters
    ----------
    mesh : Mesh
        A surface of something that is brighter than what is around it, LPS mm.
    volume : Volume
        The image, in the same frame.  Any affine grid: oblique, sheared, left-handed.
    edge : {"half_maximum", "gradient_maximum"}
        What an edge is.  ``"half_maximum"``: midway between the plateaus on both sides, which are
        those of this place, not of the whole image; blurred steps are fitted to the profile, so that
        a second edge nearby is taken out.  ``"gradient_maximum"``: where the profile is steepest, less
        the way that a second edge nearby pulls that place.
    tolerance_mm : float, optional
        Count what lies farther off than this.
    search_mm : float
        Look so far on either side of the mesh, at most 50 mm.
    n_samples : int
        Points on the surface, at least 100.  They are the same for the same mesh.
    least_contrast : float, optional
        Least drop that counts as an edge; left out, a fifth of the median at this surface, but
        no less than four times the noise, and 100 HU (3 % of the range of an image that is not in HU,
        or whose values all lie within 100).
    regions : Mask or (m,) array_like of int, optional
        A label map, or a number for each face; summaries are made for each.
    names : dict of int to str, optional
        Names of the regions; those of the mask when left out.
    level : float, optional
        A level whose distance from the edge is wanted as well.
    correct_curvature : bool
        Blur moves a curved edge towards its centre, by 0.05 mm at a radius of 5 mm and a blur of
        0.5 mm.  Take that out, with the curvature that the image has there.

    Returns
    -------
    OverlayMetrics
        A signed offset for each sample, positive where the mesh lies outside the edge, with its own
        uncertainty and status; and summaries.

    Raises
    ------
    MeshError
        The mesh has no imaged faces with an area.
    GeometryError
        The mask of the regions lies on a grid of its own that does not reach the mesh.
    ValueError
        An argument is out of range.

    Notes
    -----
    Between voxels the image is interpolated cubically [1]_.  The edge is that of a wall between two
    blurred steps, whose blur is measured in the image first [2]_.  The correction for curvature is
    half the sum, over two directions in the surface, of curvature times variance of the blur [3]_.
    What remains on spheres and cylinders is tabulated in ``docs/metrics.md``.  Where noise drowns the
    slope of the edge, the image around the mesh is smoothed first, by a bell whose part in the blur is
    known and taken out; where even that is not enough, ``findings`` has ``overlay_noise``.

    Faces that look another way than their neighbours are turned first, so that offsets have one sign;
    ``findings`` then has ``overlay_orientation`` with their share.

    The correction is that of an image that was blurred in space, as every scan is.  Images that are
    computed from the distance to the surface, an error function of it, have no such shift: with a blur
    of s and a radius of R they read ``-s**2 / R``, 0.025 mm at 0.5 and 10 mm.  Measure those with
    ``correct_curvature=False``.  :func:`calvaria.phantom.scan` has the shift of a real scan: its spheres
    of 3, 5, 10 and 14 mm read -0.006, -0.005, -0.003 and -0.003 mm with 0.5 mm voxels.

    References
    ----------
    .. [1] Keys, IEEE Trans. ASSP 29 (1981) 1153, doi:10.1109/TASSP.1981.1163711
    .. [2] Treece et al., Medical Image Analysis 14 (2010) 276, doi:10.1016/j.media.2010.01.003
    .. [3] van Vliet & Verbeek, IEEE PAMI 16 (1994), doi:10.1109/34.297954

    Examples
    --------
    >>> from calvaria import extract_surface, phantom
    >>> scanner = phantom.Scanner(columns=64, rows=64, n_slices=40, noise_hu=5.0)
    >>> ball = phantom.scan(phantom.sphere(radius_mm=12.0), scanner=scanner)
    >>> mesh = extract_surface(ball, iso_hu=0.0)
    >>> found = compare_to_image(mesh, ball, n_samples=2000)
    >>> abs(found.summary.mean_mm) < 0.03, found.summary.measured_fraction
    (True, 1.0)
    """
    if edge not in _METHODS:
        msg = f"edge: one of {', '.join(_METHODS)} expected, found {edge!r}"
        raise ValueError(msg)
    mesh_and_image(mesh, volume)
    n_samples, search_mm = sample_count(n_samples), search_length(search_mm)
    if tolerance_mm is not None:
        tolerance_mm = above_zero("tolerance_mm", tolerance_mm)
    if least_contrast is not None:
        least_contrast = above_zero("least_contrast", least_contrast)
    if level is not None:
        level = finite("level", level)
    mesh = wound_alike(mesh)
    points, normals, faces, area_each_mm2, areas_mm2 = _native.sample_surface(
        mesh.vertices, mesh.faces, mesh.kinds, n_samples
    )
    if not len(points):
        msg = "mesh: faces that were imaged expected, found none with an area"
        raise MeshError(msg)
    found = edges_beside(
        points,
        normals,
        volume,
        edge=edge,
        search_mm=search_mm,
        least_contrast=least_contrast,
        level=level,
        correct_curvature=correct_curvature,
    )
    labels, known = _labels(regions, mesh, points, normals, faces)
    arrays = (
        *("offset_mm", "uncertainty_mm", "status", "contrast"),
        *("inside", "outside", "value", "curvature_mm", "level_mm"),
    )
    areas = {kind.name.lower(): area for kind, area in zip(FaceKind, areas_mm2, strict=True)}
    return OverlayMetrics(
        edge=edge,
        search_mm=search_mm,
        tolerance_mm=tolerance_mm,
        is_curvature_corrected=correct_curvature,
        points_lps_mm=_owned(points),
        normals=_owned(normals),
        faces=_owned(faces),
        **{name: _owned(found[name]) for name in arrays},
        labels=labels,
        names=known if names is None else dict(names),
        area_each_mm2=area_each_mm2,
        excluded_mm2={name: area for name, area in areas.items() if name != "surface" and area > 0},
        blur_in_plane_mm=found["blur_mm"][0],
        blur_through_plane_mm=found["blur_mm"][1],
        n_blur_edges=found["n_blur_edges"],
        noise=found["noise"],
        least_contrast=found["least_contrast"],
        grid=volume.grid,
        findings=(
            *volume.findings,
            *(one for one in mesh.findings if one not in volume.findings),
            *noise_findings(
                noise=found["voxel_noise"],
                # With no edge there is no contrast to hold it against; that is said by itself.
                contrast=found["usual_contrast"] if _has_edges(found) else 0.0,
                steepness=found["steepness"],
            ),
            *thin_findings(
                thin_fraction=float(np.mean(_is_unresolved(found))),
                blur_mm=math.hypot(found["blur_mm"][0], found["smoothed_mm"]),
            ),
        ),
        voxel_noise=found["voxel_noise"],
        usual_contrast=found["usual_contrast"],
        smoothed_mm=found["smoothed_mm"],
        steepness=found["steepness"],
    )


def edges_beside(
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    volume: Volume,
    *,
    edge: str = "half_maximum",
    search_mm: float = 2.0,
    least_contrast: float | None = None,
    level: float | None = None,
    correct_curvature: bool = True,
) -> dict[str, Any]:
    """Return what the image has beside points (n, 3) with outward unit normals (n, 3)."""
    return _progress.run(
        lambda progress: _native.compare_to_image(
            frozen(points, dtype=np.float64),
            frozen(normals, dtype=np.float64),
            volume.values,
            volume.grid.dims_ijk,
            volume.grid.lps_from_ijk,
            is_gradient=edge == "gradient_maximum",
            search_mm=float(search_mm),
            least_contrast=least_contrast,
            lowest_contrast=_lowest_contrast(volume),
            floor=_FLOOR_HU if volume.is_hu else -math.inf,
            ceiling=_CEILING_HU if volume.is_hu else math.inf,
            level=level,
            coat=_COAT_HU if volume.is_hu else None,
            is_curvature_corrected=correct_curvature,
            progress=progress,
        ),
        title="overlay",
    )


def _lowest_contrast(volume: Volume) -> float:
    """Return the drop below which nothing is an edge, whatever is usual at the surface."""
    some = volume.values.reshape(-1)[:: max(1, volume.values.size // 100_000)]
    if volume.is_hu and not _is_below_floor(some, volume):
        return _LOWEST_CONTRAST_HU
    low, high = np.nanquantile(some, (0.005, 0.995)).tolist()
    return _LOWEST_CONTRAST_FRACTION * float(high - low)


def _is_below_floor(some: NDArray[Any], volume: Volume) -> bool:
    """Whether all values lie so close together that no HU can be meant: a mask of 0 and 1."""
    if float(some.max()) - float(some.min()) > _LOWEST_CONTRAST_HU:
        return False
    known = volume.values[np.isfinite(volume.values)]
    return bool(len(known)) and 0 < float(known.max()) - float(known.min()) <= _LOWEST_CONTRAST_HU


def _has_edges(found: dict[str, Any]) -> bool:
    return bool(np.isin(found["status"], (EdgeStatus.FOUND, EdgeStatus.THIN)).any())


def _is_unresolved(found: dict[str, Any]) -> NDArray[np.bool_]:
    """Whether each wall is so thin that the image does not come near the value fitted for its inside, (n,)."""
    status = found["status"]
    is_low = found["inside"] - found["outside"] < _RESOLVED * found["contrast"]
    return np.asarray((status == EdgeStatus.THIN) | ((status == EdgeStatus.FOUND) & is_low))


def _owned(array: NDArray[Any]) -> NDArray[Any]:
    array.flags.writeable = False
    return array


def _labels(
    regions: Mask | ArrayLike | None,
    mesh: Mesh,
    points: NDArray[np.float64],
    normals: NDArray[np.float64],
    faces: NDArray[np.int32],
) -> tuple[NDArray[np.int64] | None, dict[int, str]]:
    """Return the region of each sample, and the names that a mask knows."""
    if regions is None:
        return None, {}
    if isinstance(regions, Mask):
        # Just inside the surface: on it, half of the nearest voxels belong to what is beside.
        inwards = points - 0.5 * min(regions.grid.spacing_xyz_mm) * normals
        index = np.rint(regions.grid.ijk_from_lps_mm(inwards)).astype(np.int64)
        is_inside = ((index >= 0) & (index < regions.grid.dims_ijk)).all(axis=1)
        if not is_inside.any():
            msg = f"regions: a mask that reaches the mesh expected, found {regions.grid}"
            raise GeometryError(msg)
        i, j, k = index[is_inside].T
        labels = np.zeros(len(index), dtype=np.int64)
        labels[is_inside] = regions.values[k, j, i]
        return frozen(labels, dtype=np.int64), dict(regions.names)
    numbers = np.asarray(regions)
    if numbers.shape != (len(mesh.faces),) or numbers.dtype.kind not in "iub":
        msg = (
            f"regions: whole numbers of shape ({len(mesh.faces)},) expected, found {numbers.dtype} "
            f"of shape {numbers.shape}"
        )
        raise MeshError(msg)
    return frozen(numbers[faces], dtype=np.int64), {}
