"""A bar fused to a model, at a place where it harms nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._html import html_table
from calvaria._record import Record
from calvaria.bar.block import make_bar
from calvaria.bar.cells import Cells
from calvaria.bar.part import ReferenceBar, joined
from calvaria.errors import BarError, MeshError
from calvaria.mesh import FaceKind, Mesh, combine_meshes, measure_mesh, signed_distance_mm

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["AttachedBar", "attach_bar"]

# What a place costs where the model would stand on the bar, more than a lid and all distance gain.
_BELOW, _FLUSH_MM = 3.0, 0.1
_POSTS_MM = (4.0, 8.0, 14.0, 20.0)  # how far the bar stands off
_POST_SIDE_MM = 5.0
_SUNK_MM = 2.0
_CLEAR_MM = 3.0
_JAW_MM = 12.0
_JAW_CLEAR_MM = 1.0
_N_PLACES = 500
_N_LIDS = 150
_FAR_MM = 60.0  # farther from the anatomy of interest counts no more
_COLOURS = ((232, 222, 200), (208, 59, 59), (232, 150, 40), (60, 110, 200))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class AttachedBar(Record):
    """A model with its bar.

    Attributes
    ----------
    part : ReferenceBar
        Model, post and bar as one closed body; its gauge where the bar is.
    model : Mesh
        As it was.
    bar : ReferenceBar
        The bar alone, where it was put.
    anchor_lps_mm : tuple of float
        Where the post leaves the model.
    is_on_lid : bool
        Whether that is a lid (where the image ended or somebody cut), not anatomy.
    post_mm : float
        How far the bar stands off.
    distance_to_kept_mm : float or None
        From the bar to the nearest point of the anatomy of interest.
    added_mm3 : float
        Volume of bar and post outside of the model.
    """

    part: ReferenceBar
    model: Mesh
    bar: ReferenceBar
    anchor_lps_mm: tuple[float, float, float]
    is_on_lid: bool
    post_mm: float
    distance_to_kept_mm: float | None
    added_mm3: float

    @property
    def meaning(self) -> str:
        """Where the bar is, and how far from what matters."""
        x, y, z = self.anchor_lps_mm
        place = "a lid" if self.is_on_lid else "the surface"
        kept = (
            ""
            if self.distance_to_kept_mm is None
            else f", {self.distance_to_kept_mm:.0f} mm from the anatomy of interest"
        )
        return (
            f"{self.bar.gauges[0].bar} on {place} at ({x:.1f}, {y:.1f}, {z:.1f}) LPS mm, "
            f"on a post of {self.post_mm:g} mm{kept}"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the meshes, ready for JSON."""
        return {
            "anchor_lps_mm": list(self.anchor_lps_mm),
            "is_on_lid": self.is_on_lid,
            "post_mm": self.post_mm,
            "distance_to_kept_mm": self.distance_to_kept_mm,
            "added_mm3": self.added_mm3,
            "gauges": [gauge.to_dict() for gauge in self.part.gauges],
            "meaning": self.meaning,
        }

    def _repr_html_(self) -> str:
        rows = [(key, value) for key, value in self.to_dict().items() if key != "gauges"]
        return html_table(caption="Bar on a model", header=("", "value"), rows=rows)

    def draw(self, *, n_pixels: int = 520) -> NDArray[np.uint8]:
        """Draw the model with the bar in blue, looking at the bar's label.

        Returns
        -------
        (n_pixels, n_pixels, 3) ndarray of uint8
            Red, green, blue.
        """
        bar = replace(
            self.bar.mesh, kinds=np.full(len(self.bar.mesh.faces), FaceKind.FILLED, np.uint8)
        )
        vertices = np.vstack([self.model.vertices, bar.vertices])
        faces = np.vstack([self.model.faces, bar.faces + len(self.model.vertices)])
        gauge = self.bar.gauges[0]
        right = np.array(gauge.direction)
        out = np.cross(right, gauge.across)
        # A little from the side and from above, so that the post is seen.
        toward = out + 0.35 * np.array(gauge.across) + 0.25 * right
        toward /= np.linalg.norm(toward)
        right = right - toward * (right @ toward)
        right /= np.linalg.norm(right)
        up = np.cross(toward, right)
        low, high = vertices.min(axis=0), vertices.max(axis=0)
        across = max(float(np.ptp(vertices @ right)), float(np.ptp(vertices @ up)))
        middle = [
            float(np.mean([(vertices @ way).min(), (vertices @ way).max()])) for way in (right, up)
        ]
        centre = right * middle[0] + up * middle[1] + toward * float((low + high) @ toward / 2)
        picture: NDArray[np.uint8] = _native.draw_mesh(
            vertices=np.ascontiguousarray(vertices),
            faces=np.ascontiguousarray(faces.astype(np.int32)),
            kinds=np.concatenate([self.model.kinds, bar.kinds]),
            right=_three(right),
            up=_three(up),
            centre_lps_mm=_three(centre),
            mm_per_pixel=1.06 * across / n_pixels,
            size=(n_pixels, n_pixels),
            colours=_COLOURS,
            background=(255, 255, 255),
        )
        return picture


def attach_bar(
    model: Mesh,
    *,
    axis: str = "x",
    length_mm: float = 50.0,
    label: str | None = None,
    keep_away_lps_mm: ArrayLike | None = None,
    least_distance_mm: float = 15.0,
) -> AttachedBar:
    """Fuse a reference bar to a model, at a place found by the program.

    The bar stands off on a post whose foot is sunk into the model.  It touches nothing else, there
    is room for the jaws of a calliper at both ends, and of all such places the one is taken that is
    on a lid (where the image ended or somebody cut), far from the anatomy of interest, and makes
    the print no larger than it must.  Below the foot of the model, on which it would then stand, it
    is put only where there is no other place.

    Parameters
    ----------
    model : Mesh
        Closed and manifold, as it will stand on the printer, z up.
    axis : str
        Axis of the printer that the bar lies along, "x", "y" or "z".
    length_mm : float
        Of the bar.
    label : str, optional
        Embossed on the bar, for example ``"TEST"`` on a fit-test print of an implant, which must not
        be taken for one; left out, length and axis.
    keep_away_lps_mm : (n, 3) array_like, optional
        Points of the anatomy of interest, for example the vertices of a structure's mesh.
    least_distance_mm : float
        How far the bar must stay from them.

    Returns
    -------
    AttachedBar

    Raises
    ------
    BarError
        No place was found.
    MeshError
        The model has no face.
    OpenSurfaceError, NonManifoldError
        The model is not a closed manifold body.
    ImportError
        manifold3d is not installed: ``pip install 'calvaria[mesh]'``.
    ValueError
        An unknown axis, or points of another shape.

    Examples
    --------
    >>> from calvaria.printability import block_mesh
    >>> base = block_mesh(size_mm=(60.0, 40.0, 20.0), centre_lps_mm=(0.0, 0.0, 10.0))
    >>> attach_bar(base, axis="x", length_mm=30.0)
    AttachedBar(30X on the surface at (-10.0, -6.7, 20.0) LPS mm, on a post of 4 mm)
    """
    if axis not in {"x", "y", "z"}:
        msg = f"axis: x, y or z expected, found {axis!r}"
        raise ValueError(msg)
    if not len(model.faces):
        raise MeshError("model: at least one face expected, found none")
    kept = None if keep_away_lps_mm is None else np.asarray(keep_away_lps_mm, np.float64)
    if kept is not None and (kept.ndim != 2 or kept.shape[1] != 3 or not len(kept)):
        msg = f"keep_away_lps_mm: points (n, 3) expected, found shape {kept.shape}"
        raise ValueError(msg)
    bar = make_bar(length_mm=length_mm, axis=axis, label=label)
    found = _place(model, bar, kept, least_distance_mm)
    if found is None:
        msg = (
            f"model: a place for a bar of {length_mm:g} mm along {axis} expected, found none of "
            f"{_N_PLACES} that is clear of the model by {_CLEAR_MM:g} mm"
            + (
                ""
                if kept is None
                else f" and {least_distance_mm:g} mm from the anatomy of interest"
            )
        )
        raise BarError(msg)
    anchor, out, post, is_lid, distance = found
    matrix = _pose(bar, anchor, out, post)
    placed = bar.moved(matrix)
    stem = _post(matrix, bar, post)
    added = combine_meshes(placed.mesh, stem, method="union")
    fused = combine_meshes(model, added, method="union")
    volumes = [measure_mesh(mesh).volume_mm3 for mesh in (fused, model)]
    return AttachedBar(
        part=ReferenceBar(mesh=fused, gauges=placed.gauges),
        model=model,
        bar=replace(placed, mesh=joined([placed, ReferenceBar(mesh=stem, gauges=())]).mesh),
        anchor_lps_mm=_three(anchor),
        is_on_lid=is_lid,
        post_mm=post,
        distance_to_kept_mm=distance,
        added_mm3=volumes[0] - volumes[1],
    )


_Found = tuple["NDArray[np.float64]", "NDArray[np.float64]", float, bool, "float | None"]


def _place(
    model: Mesh,
    bar: ReferenceBar,
    kept: NDArray[np.float64] | None,
    least_distance_mm: float,
) -> _Found | None:
    """Return anchor, way out, post, whether on a lid, and distance to what is kept, of the best place."""
    points, normals, lids = _candidates(model)
    along = np.array(bar.gauges[0].direction)
    out = normals - np.outer(normals @ along, along)
    steep = np.linalg.norm(out, axis=1)
    usable = steep > 0.8  # the post leaves the surface within 37 degrees of its normal
    points, lids, out = (
        points[usable],
        lids[usable],
        (out / np.maximum(steep, 1e-9)[:, None])[usable],
    )
    low, high = model.vertices.min(axis=0), model.vertices.max(axis=0)
    best: tuple[float, _Found] | None = None
    for post in _POSTS_MM:
        if not len(points):
            break
        is_free = _is_free(model, bar, points, out, post)
        for n in np.flatnonzero(is_free):
            placed = bar.moved(_pose(bar, points[n], out[n], post)).mesh.vertices
            box = np.stack([placed.min(axis=0), placed.max(axis=0)])
            distance = None
            if kept is not None:
                distance = _box_distance(kept, box)
                if distance < least_distance_mm:
                    continue
            growth = float(
                np.maximum(high, box[1]).sum() - np.minimum(low, box[0]).sum() - (high - low).sum()
            )
            score = (
                1.0 * bool(lids[n])
                + (0.0 if distance is None else min(distance, _FAR_MM) / _FAR_MM)
                - growth / 50.0
                - post / 100.0
                - (_BELOW if low[2] - box[0, 2] > _FLUSH_MM else 0.0)
            )
            if best is None or score > best[0] + 1e-12:
                best = (score, (points[n], out[n], post, bool(lids[n]), distance))
    return None if best is None else best[1]


def _candidates(
    model: Mesh,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Return middles and normals of faces spread evenly over the area, and over the lids."""
    corners = model.vertices[model.faces]
    doubled = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    area = np.linalg.norm(doubled, axis=1)
    is_lid = (model.kinds == FaceKind.CAP) | (model.kinds == FaceKind.CUT)
    chosen: list[int] = []
    for weight, n in ((area, _N_PLACES), (np.where(is_lid, area, 0.0), _N_LIDS)):
        total = np.cumsum(weight)
        if total[-1] > 0:
            at = np.searchsorted(total, (np.arange(n) + 0.5) / n * total[-1])
            chosen += np.minimum(at, len(area) - 1).tolist()
    faces = np.unique(np.array(chosen, dtype=np.intp))
    faces = faces[area[faces] > 0]
    return corners[faces].mean(axis=1), doubled[faces] / area[faces, None], is_lid[faces]


def _is_free(
    model: Mesh,
    bar: ReferenceBar,
    points: NDArray[np.float64],
    out: NDArray[np.float64],
    post: float,
) -> NDArray[np.bool_]:
    """Say at which places the bar and the jaws are clear of the model and the post is rooted in it."""
    low, high = bar.mesh.vertices.min(axis=0), bar.mesh.vertices.max(axis=0)
    body = _box_points(low, high, 4.0)
    gauge = bar.gauges[0]
    along = np.array(gauge.direction)
    ends = []
    for end, way in ((gauge.first_lps_mm, -along), (gauge.second_lps_mm, along)):
        centre = np.array(end)
        side = np.array(gauge.across)
        ends += [
            centre + way * step + side * s for step in (3.0, 7.5, _JAW_MM) for s in (-4.0, 0.0, 4.0)
        ]
    jaws = np.array(ends)
    roots = np.array([[0.0, 0.0], [1, 1], [1, -1], [-1, 1], [-1, -1]]) * (_POST_SIDE_MM / 2)
    poses = [_pose(bar, p, w, post) for p, w in zip(points, out, strict=True)]
    parts = []
    for matrix, anchor, way in zip(poses, points, out, strict=True):
        side = np.cross(way, along)
        foot = anchor - way * _SUNK_MM + roots @ np.stack([along, side])
        parts.append(
            np.vstack(
                [
                    body @ matrix[:3, :3].T + matrix[:3, 3],
                    jaws @ matrix[:3, :3].T + matrix[:3, 3],
                    foot,
                ]
            )
        )
    far = signed_distance_mm(model, np.vstack(parts)).reshape(len(points), -1)
    a, b = len(body), len(body) + len(jaws)
    free: NDArray[np.bool_] = (
        (far[:, :a] > _CLEAR_MM).all(axis=1)
        & (far[:, a:b] > _JAW_CLEAR_MM).all(axis=1)
        & (far[:, b] < -0.5)
        & (far[:, b + 1 :] < 0.0).all(axis=1)
    )
    return free


def _pose(
    bar: ReferenceBar,
    anchor: NDArray[np.float64],
    out: NDArray[np.float64],
    post: float,
) -> NDArray[np.float64]:
    """Return the transform that puts the bar's underside a post away from the anchor, label out."""
    gauge = bar.gauges[0]
    along, across = np.array(gauge.direction), np.array(gauge.across)
    up = np.cross(along, across)
    turn = np.stack([along, np.cross(out, along), out], 1) @ np.stack([along, across, up])
    under = _under(bar)
    matrix = np.eye(4)
    matrix[:3, :3] = turn
    matrix[:3, 3] = anchor + out * post - turn @ under
    return matrix


def _under(bar: ReferenceBar) -> NDArray[np.float64]:
    """Return the middle of the side opposite the label."""
    gauge = bar.gauges[0]
    up = np.cross(gauge.direction, gauge.across)
    middle = (np.array(gauge.first_lps_mm) + gauge.second_lps_mm) / 2
    level = float((bar.mesh.vertices @ up).min())
    under: NDArray[np.float64] = middle + up * (level - middle @ up)
    return under


def _post(matrix: NDArray[np.float64], bar: ReferenceBar, post: float) -> Mesh:
    """Return the post, from inside the model to inside the bar, where it was put."""
    gauge = bar.gauges[0]
    up = np.cross(gauge.direction, gauge.across)
    frame = np.stack([np.array(gauge.direction), np.array(gauge.across), up], axis=1)
    half = _POST_SIDE_MM / 2
    cells = Cells([(-half, half), (-half, half), (-(post + _SUNK_MM), 2.0)])
    cells.set_box((-half, -half, -(post + _SUNK_MM)), (half, half, 2.0))
    mesh = cells.to_mesh()
    vertices = mesh.vertices @ frame.T + _under(bar)
    return replace(mesh, vertices=vertices @ matrix[:3, :3].T + matrix[:3, 3])


def _box_points(
    low: NDArray[np.float64], high: NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    lines = [
        np.linspace(a, b, max(2, int(np.ceil((b - a) / step)) + 1))
        for a, b in zip(low, high, strict=True)
    ]
    grid = np.stack(np.meshgrid(*lines, indexing="ij"), axis=-1).reshape(-1, 3)
    on_side = ((grid == low) | (grid == high)).any(axis=1)
    sides: NDArray[np.float64] = grid[on_side]
    return sides


def _box_distance(points: NDArray[np.float64], box: NDArray[np.float64]) -> float:
    gap = np.maximum(np.maximum(box[0] - points, points - box[1]), 0.0)
    return float(np.sqrt((gap**2).sum(axis=1)).min())


def _three(values: Any) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in values)
    return x, y, z
