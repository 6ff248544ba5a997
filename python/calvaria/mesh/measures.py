"""Area, volume, axes, curvature and distances of meshes."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._asked import need
from calvaria._html import html_table
from calvaria._record import plural
from calvaria.errors import MeshError, OpenSurfaceError
from calvaria.mesh.triangles import Mesh

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "ClosestPoints",
    "Curvature",
    "MeshMeasures",
    "closest_points",
    "measure_curvature",
    "measure_mesh",
    "signed_distance_mm",
]

Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeshMeasures:
    """Size and place of a mesh.

    Parameters
    ----------
    area_mm2 : float
        Of all faces.
    volume_mm3 : float
        Signed: negative where the faces are inside out.  Of an open mesh it is the volume closed by
        straight lines to the middle of the bounds.
    is_closed : bool
        Whether every edge is passed as often one way as the other.
    low_lps_mm, high_lps_mm : tuple of float
        Bounds along the axes.
    size_mm : tuple of float
        Bounds along the axes, as lengths.
    centroid_lps_mm : tuple of float or None
        Centre of mass of the enclosed body; None where nothing is enclosed.
    axes : (3, 3) ndarray or None
        Principal axes of the enclosed body as rows, the longest extent first; right-handed.
    standard_deviations_mm : tuple of float or None
        Spread of the body along its axes.
    oriented_size_mm : tuple of float or None
        Extent of the mesh along its axes.
    oriented_centre_lps_mm : tuple of float or None
        Middle of the extent along the axes.
    """

    area_mm2: float
    volume_mm3: float
    is_closed: bool
    low_lps_mm: Three
    high_lps_mm: Three
    size_mm: Three
    centroid_lps_mm: Three | None
    axes: NDArray[np.float64] | None
    standard_deviations_mm: Three | None
    oriented_size_mm: Three | None
    oriented_centre_lps_mm: Three | None

    def to_dict(self) -> dict[str, Any]:
        """Return everything, ready for JSON."""
        values = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        values["axes"] = None if self.axes is None else self.axes.tolist()
        return values

    def __repr__(self) -> str:
        size = " x ".join(f"{length:.1f}" for length in self.size_mm)
        state = "closed" if self.is_closed else "open"
        return (
            f"MeshMeasures({size} mm, {self.area_mm2:.1f} mm2, {self.volume_mm3:.1f} mm3, {state})"
        )

    def _repr_html_(self) -> str:
        return html_table(header=("measure", "value"), rows=self.to_dict().items())


def measure_mesh(mesh: Mesh) -> MeshMeasures:
    """Return area, volume, bounds and principal axes of a mesh.

    Parameters
    ----------
    mesh : Mesh
        With at least one face.

    Returns
    -------
    MeshMeasures
        Sums are taken about the middle of the bounds: far from the origin no digits are lost.

    Raises
    ------
    MeshError
        The mesh has no faces.

    References
    ----------
    Eberly, Polyhedral Mass Properties (Revisited), 2009.

    Examples
    --------
    >>> tetrahedron = Mesh(
    ...     vertices=[[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> measure_mesh(tetrahedron)
    MeshMeasures(3.0 x 3.0 x 3.0 mm, 21.3 mm2, 4.5 mm3, closed)
    """
    need("mesh", mesh, Mesh)
    _need_faces(mesh)
    facts = _native.measure_mesh(mesh.vertices, mesh.faces, mesh.kinds)
    used = mesh.vertices[np.unique(mesh.faces)]
    low, high = used.min(axis=0), used.max(axis=0)
    closed = n_boundary_edges(mesh) == 0
    axes = spread = size = centre = None
    if facts["covariance_mm2"] is not None:
        values, vectors = np.linalg.eigh(np.array(facts["covariance_mm2"]))
        axes = vectors.T[::-1].copy()
        # The largest component of the first two axes is positive, and the third completes them.
        for n in range(2):
            axes[n] *= np.sign(axes[n, np.argmax(np.abs(axes[n]))])
        axes[2] = np.cross(axes[0], axes[1])
        spread = _three(np.sqrt(np.maximum(values[::-1], 0.0)))
        along = used @ axes.T
        size = _three(np.ptp(along, axis=0))
        centre = _three((along.max(axis=0) + along.min(axis=0)) / 2 @ axes)
        axes = frozen(axes, dtype=np.float64)
    return MeshMeasures(
        area_mm2=facts["area_mm2"],
        volume_mm3=facts["volume_mm3"],
        is_closed=closed,
        low_lps_mm=_three(low),
        high_lps_mm=_three(high),
        size_mm=_three(high - low),
        centroid_lps_mm=None if facts["centroid"] is None else _three(facts["centroid"]),
        axes=axes,
        standard_deviations_mm=spread,
        oriented_size_mm=size,
        oriented_centre_lps_mm=centre,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Curvature:
    """Curvature at every vertex; NaN on boundaries and at vertices without a face.

    Parameters
    ----------
    mean_per_mm : (n,) ndarray
        Mean of the principal curvatures, positive where the surface is convex: 1 / r on a sphere.
    gaussian_per_mm2 : (n,) ndarray
        Product of the principal curvatures: 1 / r^2 on a sphere.
    maximum_per_mm, minimum_per_mm : (n,) ndarray
        The principal curvatures.
    """

    mean_per_mm: NDArray[np.float64]
    gaussian_per_mm2: NDArray[np.float64]
    maximum_per_mm: NDArray[np.float64]
    minimum_per_mm: NDArray[np.float64]

    def to_dict(self) -> dict[str, Any]:
        """Return the medians, ready for JSON."""
        names = [field.name for field in dataclasses.fields(self)]
        return {f"median_{name}": float(np.nanmedian(getattr(self, name))) for name in names}

    def __repr__(self) -> str:
        return f"Curvature({plural(len(self.mean_per_mm), 'vertex', 'vertices')})"

    def _repr_html_(self) -> str:
        return html_table(header=("curvature", "value"), rows=self.to_dict().items())


def measure_curvature(mesh: Mesh) -> Curvature:
    """Return mean, Gaussian and principal curvature at every vertex.

    Parameters
    ----------
    mesh : Mesh
        Any triangle mesh; smooth it first if it has stairs.

    Returns
    -------
    Curvature
        From the cotangent Laplacian (mean) and the angle defect (Gaussian), over the mixed Voronoi
        area of a vertex.

    References
    ----------
    Meyer, Desbrun, Schroeder and Barr, Discrete differential-geometry operators for triangulated
    2-manifolds, 2003, doi:10.1007/978-3-662-05105-4_2.

    Examples
    --------
    >>> octahedron = Mesh(
    ...     vertices=np.vstack([np.eye(3), -np.eye(3)]),
    ...     faces=[[0, 1, 2], [1, 3, 2], [3, 4, 2], [4, 0, 2],
    ...            [1, 0, 5], [3, 1, 5], [4, 3, 5], [0, 4, 5]],
    ... )
    >>> bool((measure_curvature(octahedron).mean_per_mm > 0).all())
    True
    """
    need("mesh", mesh, Mesh)
    mean, gaussian = _native.curvature_mesh(mesh.vertices, mesh.faces, mesh.kinds)
    root = np.sqrt(np.maximum(mean**2 - gaussian, 0.0))
    arrays = (mean, gaussian, mean + root, mean - root)
    mean, gaussian, largest, least = (frozen(array, dtype=np.float64) for array in arrays)
    return Curvature(
        mean_per_mm=mean,
        gaussian_per_mm2=gaussian,
        maximum_per_mm=largest,
        minimum_per_mm=least,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClosestPoints:
    """For each query the closest point of a surface.

    Parameters
    ----------
    points_lps_mm : (n, 3) ndarray
        Closest points, LPS, mm.
    distances_mm : (n,) ndarray
        How far they are, not negative.
    faces : (n,) ndarray of int32
        The faces they are on.
    """

    points_lps_mm: NDArray[np.float64]
    distances_mm: NDArray[np.float64]
    faces: NDArray[np.int32]

    def to_dict(self) -> dict[str, Any]:
        """Return count, mean and maximum, ready for JSON."""
        distances = self.distances_mm
        return {
            "n": len(distances),
            "mean_mm": float(distances.mean()) if len(distances) else None,
            "max_mm": float(distances.max()) if len(distances) else None,
        }

    def __repr__(self) -> str:
        return f"ClosestPoints({len(self.distances_mm)})"

    def _repr_html_(self) -> str:
        return html_table(header=("distance", "value"), rows=self.to_dict().items())


def closest_points(mesh: Mesh, points_lps_mm: ArrayLike) -> ClosestPoints:
    """Return the closest point of a surface for each of some points.

    Parameters
    ----------
    mesh : Mesh
        With at least one face; open or closed.
    points_lps_mm : (n, 3) array_like
        LPS, mm.

    Returns
    -------
    ClosestPoints
        Distances from point to triangle, 64-bit.

    Raises
    ------
    MeshError
        The mesh has no faces.
    ValueError
        ``points_lps_mm`` has another shape, or a coordinate that is not finite.

    Examples
    --------
    >>> triangle = Mesh(vertices=[[0, 0, 0], [4, 0, 0], [0, 4, 0]], faces=[[0, 1, 2]])
    >>> closest_points(triangle, [[1, 1, 2]]).points_lps_mm
    array([[1., 1., 0.]])
    """
    need("mesh", mesh, Mesh)
    _need_faces(mesh)
    found, distances, faces = _native.closest_points(
        mesh.vertices, mesh.faces, mesh.kinds, _as_points(points_lps_mm)
    )
    for array in (found, distances, faces):
        array.flags.writeable = False
    return ClosestPoints(points_lps_mm=found, distances_mm=distances, faces=faces)


def signed_distance_mm(mesh: Mesh, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
    """Return how far points are from a closed surface: positive outside, negative inside.

    Parameters
    ----------
    mesh : Mesh
        Closed, faces counter-clockwise seen from outside.
    points_lps_mm : (n, 3) array_like
        LPS, mm.

    Returns
    -------
    (n,) ndarray of float64
        Distances from point to triangle, mm.

    Raises
    ------
    OpenSurfaceError
        The mesh has a boundary: it has no inside.  Fill its holes, or use :func:`closest_points`.
    MeshError
        The mesh has no faces.
    ValueError
        ``points_lps_mm`` has another shape, or a coordinate that is not finite.

    Notes
    -----
    The sign is that of the angle-weighted pseudonormal at the closest point, which is right on
    faces, edges and vertices of any closed surface that does not cross itself.

    References
    ----------
    Baerentzen and Aanaes, Signed distance computation using the angle weighted pseudonormal, IEEE
    TVCG 11, 2005, doi:10.1109/TVCG.2005.49.

    Examples
    --------
    >>> tetrahedron = Mesh(
    ...     vertices=[[0, 0, 0], [3, 0, 0], [0, 3, 0], [0, 0, 3]],
    ...     faces=[[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]],
    ... )
    >>> signed_distance_mm(tetrahedron, [[-2, 1, 1], [0.25, 1, 1]])
    array([ 2.  , -0.25])
    """
    need("mesh", mesh, Mesh)
    _need_faces(mesh)
    n_open = n_boundary_edges(mesh)
    if n_open:
        msg = f"mesh: a closed surface expected, found {n_open} boundary edges"
        raise OpenSurfaceError(msg)
    found = _native.signed_distance_mesh(
        mesh.vertices, mesh.faces, mesh.kinds, _as_points(points_lps_mm)
    )
    found.flags.writeable = False
    return found


def n_boundary_edges(mesh: Mesh) -> int:
    """Return how many edges are not passed as often one way as the other.

    Examples
    --------
    >>> n_boundary_edges(Mesh(vertices=np.eye(3), faces=[[0, 1, 2]]))
    3
    """
    return _native.count_uneven_edges(mesh.vertices, mesh.faces, mesh.kinds)


def _need_faces(mesh: Mesh) -> None:
    if not len(mesh.faces):
        msg = "mesh: at least one face expected, found none"
        raise MeshError(msg)


def _as_points(points: ArrayLike) -> NDArray[np.float64]:
    array = np.asarray(points, dtype=np.float64)
    if array.size == 0:
        array = array.reshape(0, 3)
    if array.ndim != 2 or array.shape[1] != 3:
        msg = f"points_lps_mm: shape (n, 3) expected, found {array.shape}"
        raise ValueError(msg)
    if not np.isfinite(array).all():
        msg = "points_lps_mm: finite coordinates expected, found NaN or infinity"
        raise ValueError(msg)
    return frozen(array, dtype=np.float64)


def _three(values: Any) -> Three:
    x, y, z = (float(value) for value in values)
    return x, y, z
