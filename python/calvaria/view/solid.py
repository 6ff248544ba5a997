"""Meshes in 3-D."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._offsets import Offsets, PointOffsets, vertex_offsets
from calvaria._record import plural
from calvaria.errors import CalvariaWarning
from calvaria.mesh import FaceKind, Mesh, closest_points, decimate_mesh
from calvaria.report.png import png_bytes
from calvaria.view.colours import (
    KIND_COLOURS,
    KIND_NAMES,
    MAPS,
    colour_of,
    colours_along,
    line_of,
    rgb,
)
from calvaria.view.packing import pack, quantise
from calvaria.view.page import View

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = [
    "colour_bar",
    "marker_entries",
    "mesh_entries",
    "still_of",
    "values_by_name",
    "view_meshes",
]

_VALUE_STEPS = 65534
_NO_VALUE = 65535
# Colours of the values in the still picture.
_N_SHADES = 11
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_STILL_PIXELS = 400
# The still picture is taken from the front, a little from the left and from above.  LPS.
_RIGHT, _UP = (0.8988, 0.4384, 0.0), (-0.0749, 0.1536, 0.9853)


def view_meshes(
    meshes: Mesh | Mapping[str, Mesh],
    *,
    values: Offsets | Mapping[str, Offsets] | None = None,
    values_label: str = "",
    values_limits: tuple[float, float] | None = None,
    markers: Mapping[str, ArrayLike] | None = None,
    colours: Mapping[str, str] | None = None,
    opacity: float | Mapping[str, float] = 1.0,
    max_triangles: int = 150_000,
    title: str = "",
    height_px: int = 560,
) -> View:
    """Show meshes in 3-D, to be turned by hand, with values in colour and places marked.

    Parameters
    ----------
    meshes : Mesh or mapping of str to Mesh
        In LPS mm.  Names are shown in the legend.
    values : (n_vertices,) array_like of float, a result with offsets, or mapping of str to either
        One number for each vertex; NaN where there is none.  A result is anything with
        ``points_lps_mm`` and ``offset_mm``, such as :class:`~calvaria.OverlayMetrics`.
    values_label : str
        Written at the colour bar; name the unit.
    values_limits : (float, float), optional
        What the two ends of the colour bar stand for.  Left out: the range of the values, and the same
        either side of 0 where both signs occur.  With limits on both sides of 0 the colours run from
        blue over white to red, and white is 0 when the limits are symmetrical.
    markers : mapping of str to (3,) array_like of float, optional
        Places to be marked, LPS, mm, by what is written at them.
    colours : mapping of str to str, optional
        ``"#rrggbb"`` by name of the mesh.
    opacity : float or mapping of str to float
        From 0 to 1.
    max_triangles : int
        Above this, all meshes together are decimated for the picture, and a note says by how much.
    title : str
        Written above; name no person here.
    height_px : int
        Height in a notebook.

    Returns
    -------
    View
        Lids and filled holes have colours of their own, see :class:`~calvaria.FaceKind`.

    Raises
    ------
    ValueError
        No triangle at all; values of another length; limits, colour or opacity out of range.

    See Also
    --------
    view_volume : slices of the image with the contours of meshes on them.

    Examples
    --------
    >>> from calvaria import extract_surface, phantom
    >>> scanner = phantom.Scanner(columns=32, rows=32, spacing_xy_mm=(1.0, 1.0))
    >>> image = phantom.scan(phantom.sphere(radius_mm=8.0), scanner=scanner)
    >>> ball = extract_surface(image, iso_hu=500.0)
    >>> offset_mm = np.linalg.norm(ball.vertices, axis=1) - 8.0
    >>> view_meshes(ball, values=offset_mm, values_label="offset, mm").to_dict()["notes"]
    []
    """
    named = {"mesh": meshes} if isinstance(meshes, Mesh) else dict(meshes)
    if not any(len(mesh.faces) for mesh in named.values()):
        msg = "meshes: at least one triangle expected, found none"
        raise ValueError(msg)
    given = values_by_name(values, named)
    entries, notes, shown = mesh_entries(
        named, values=given, colours=colours, opacity=opacity, max_triangles=max_triangles
    )
    bar = colour_bar(given, values_label, values_limits)
    scene = {
        "title": title,
        "notes": notes,
        "meshes": entries,
        "bar": bar,
        "markers": marker_entries(markers),
        "volume": None,
    }
    still = png_bytes(still_of(shown, entries, bar))
    return View(title=title, scene=scene, notes=tuple(notes), still_png=still, height_px=height_px)


def mesh_entries(
    meshes: Mapping[str, Mesh],
    *,
    values: Mapping[str, NDArray[np.float64]],
    colours: Mapping[str, str] | None,
    opacity: float | Mapping[str, float],
    max_triangles: int,
) -> tuple[list[dict[str, Any]], list[str], list[tuple[Mesh, NDArray[np.float64] | None]]]:
    """Return the packed meshes, notes on what was left out, and the meshes as drawn."""
    targets = _shares([len(mesh.faces) for mesh in meshes.values()], max_triangles)
    entries, notes, shown = [], [], []
    for place, (name, mesh) in enumerate(meshes.items()):
        drawn, along = mesh, values.get(name)
        if targets[place] < len(mesh.faces):
            # Lids are collapsed like everything else here, and know afterwards that they are lids.
            plain = Mesh(vertices=mesh.vertices, faces=mesh.faces)
            with warnings.catch_warnings():
                # The note below says how far it moved.
                warnings.simplefilter("ignore", CalvariaWarning)
                reduced = decimate_mesh(plain, target_faces=targets[place])
            drawn = _with_kinds(mesh, reduced.mesh)
            notes.append(
                f"{name}: drawn with {reduced.n_faces} of {plural(reduced.n_faces_before, 'triangle')}, "
                f"at most {reduced.max_error_mm:.2g} mm beside the mesh"
            )
            along = None if along is None else _carried(mesh, along, drawn)
        clear = opacity if isinstance(opacity, int | float) else opacity.get(name, 1.0)
        if not 0 <= clear <= 1:
            msg = f"opacity: from 0 to 1 expected for {name!r}, found {clear}"
            raise ValueError(msg)
        look = {
            "name": name,
            "colour": colour_of(name, place, colours),
            "line": line_of(name, place, colours),
            "opacity": float(clear),
        }
        entries.append({**look, **_packed(drawn, along)})
        shown.append((drawn, along))
    return entries, notes, shown


def marker_entries(markers: Mapping[str, ArrayLike] | None) -> list[dict[str, Any]]:
    """Return labels and places, checked."""
    entries = []
    for label, place in (markers or {}).items():
        point = np.asarray(place, np.float64)
        if point.shape != (3,) or not np.isfinite(point).all():
            msg = f"markers: a point (x, y, z) in LPS mm expected at {label!r}, found {point.tolist()}"
            raise ValueError(msg)
        entries.append({"label": str(label), "at": point.tolist()})
    return entries


def values_by_name(values: Any, meshes: Mapping[str, Mesh]) -> dict[str, NDArray[np.float64]]:
    """Return the values of each mesh, checked."""
    if values is None:
        return {}
    given = values if isinstance(values, Mapping) else {next(iter(meshes)): values}
    arrays = {}
    for name, column in given.items():
        if name not in meshes:
            msg = f"values: names of the meshes expected ({', '.join(meshes)}), found {name!r}"
            raise ValueError(msg)
        if isinstance(column, PointOffsets):
            arrays[name] = vertex_offsets(meshes[name], column)
            continue
        array = np.asarray(column, np.float64)
        n = len(meshes[name].vertices)
        if array.shape != (n,):
            msg = f"values: one number for each of {n} vertices expected, found {array.shape}"
            raise ValueError(msg)
        arrays[name] = array
    return arrays


def colour_bar(
    values: Mapping[str, NDArray[np.float64]],
    label: str,
    limits: tuple[float, float] | None,
) -> dict[str, Any] | None:
    """Return what the colours of the values stand for; None without values."""
    finite = [column[np.isfinite(column)] for column in values.values()]
    if not sum(map(len, finite)):
        return None
    if limits is None:
        low, high = (float(end(np.concatenate(finite))) for end in (np.min, np.max))
        if low < 0 < high:
            high = max(-low, high)
            low = -high
    else:
        low, high = map(float, limits)
    if limits is None and low == high:
        low, high = low - 0.5, high + 0.5
    if not (low < high and np.isfinite([low, high]).all()):
        msg = f"values_limits: a low and a higher finite number expected, found {limits}"
        raise ValueError(msg)
    name = "signed" if low < 0 < high else "one way"
    return {"label": label, "low": low, "high": high, "map": name, "stops": MAPS[name]}


def _carried(mesh: Mesh, values: NDArray[np.float64], drawn: Mesh) -> NDArray[np.float64]:
    """Return the values of a mesh at the vertices of a coarser one, linear within the triangle."""
    found = closest_points(mesh, drawn.vertices)
    corners = mesh.faces[found.faces]
    a, b, c = (mesh.vertices[corners[:, n]] for n in range(3))
    weights = np.stack(
        [np.linalg.norm(np.cross(q - found.points_lps_mm, r - found.points_lps_mm), axis=1)
         for q, r in ((b, c), (c, a), (a, b))],
        axis=1,
    )  # fmt: skip
    total = weights.sum(axis=1, keepdims=True)
    weights = np.divide(weights, total, out=np.full_like(weights, 1 / 3), where=total > 0)
    carried: NDArray[np.float64] = (weights * values[corners]).sum(axis=1)
    return carried


def _shares(n_faces: list[int], most: int) -> list[int]:
    """Return how many triangles each mesh may have: small ones all, large ones by the root of theirs."""
    shares, left, open_ = list(n_faces), most, [n for n, faces in enumerate(n_faces) if faces]
    if sum(n_faces) <= most:
        return shares
    while open_:
        roots = sum(n_faces[n] ** 0.5 for n in open_)
        whole = [n for n in open_ if n_faces[n] <= left * n_faces[n] ** 0.5 / roots]
        if not whole:
            for n in open_:
                shares[n] = max(4, int(left * n_faces[n] ** 0.5 / roots))
            break
        left -= sum(n_faces[n] for n in whole)
        open_ = [n for n in open_ if n not in whole]
    return shares


def _with_kinds(mesh: Mesh, drawn: Mesh) -> Mesh:
    """Return a coarser mesh whose faces have the kind of what lies nearest to them."""
    if not mesh.kinds.any():
        return drawn
    nearest = closest_points(mesh, drawn.vertices[drawn.faces].mean(axis=1)).faces
    return Mesh(vertices=drawn.vertices, faces=drawn.faces, kinds=mesh.kinds[nearest])


def _packed(mesh: Mesh, values: NDArray[np.float64] | None) -> dict[str, Any]:
    order = np.argsort(mesh.kinds, kind="stable")
    faces, kinds = mesh.faces[order], mesh.kinds[order]
    # Vertices in the order in which faces name them: neighbours lie side by side and pack well.
    named, first = np.unique(faces.ravel(), return_index=True)
    named = named[np.argsort(first, kind="stable")]
    number = np.zeros(len(mesh.vertices), np.uint32)
    number[named] = np.arange(len(named), dtype=np.uint32)
    places, low, step = quantise(mesh.vertices[named], n_steps=65535)
    groups = [
        {
            "kind": KIND_NAMES[kind],
            "colour": KIND_COLOURS[kind],
            "start": int(np.searchsorted(kinds, kind)),
            "count": int((kinds == kind).sum()),
        }
        for kind in FaceKind
        if (kinds == kind).any()
    ]
    entry = {
        "nVertices": len(named),
        "nFaces": len(faces),
        "low": low.tolist(),
        "step": step.tolist(),
        "positions": pack(places),
        "faces": pack(number[faces].reshape(-1, 1)),
        "groups": groups,
        "values": None,
    }
    if values is not None:
        entry["values"] = _packed_values(values[named])
    return entry


def _packed_values(values: NDArray[np.float64]) -> dict[str, Any]:
    is_known = np.isfinite(values)
    known, low, step = quantise(values[is_known].reshape(-1, 1), n_steps=_VALUE_STEPS)
    numbers = np.full((len(values), 1), _NO_VALUE, np.uint16)
    numbers[is_known] = known
    return {"numbers": pack(numbers), "low": float(low[0]), "step": float(step[0])}


def still_of(
    shown: list[tuple[Mesh, NDArray[np.float64] | None]],
    entries: list[dict[str, Any]],
    bar: dict[str, Any] | None,
) -> NDArray[np.uint8]:
    """Draw the picture that stands for the view where scripts are not allowed."""
    vertices, faces, kinds, n_before = [], [], [], 0
    shades = np.linspace(0, 1, _N_SHADES)
    along = colours_along(bar["map"], shades).tolist() if bar else []
    table = [(red, green, blue) for red, green, blue in along]
    for (mesh, values), entry in zip(shown, entries, strict=True):
        if not entry["opacity"] or not len(mesh.faces):
            continue
        own = len(table)
        table += [rgb(entry["colour"]), *(rgb(colour) for colour in KIND_COLOURS[1:])]
        kind = mesh.kinds.astype(np.intp) + own
        if values is not None and bar is not None:
            mean = values[mesh.faces].mean(axis=1)
            shade = np.clip((mean - bar["low"]) / (bar["high"] - bar["low"]), 0, 1)
            is_told = np.isfinite(shade) & (mesh.kinds == FaceKind.SURFACE)
            kind[is_told] = (shade[is_told] * (_N_SHADES - 1)).astype(np.intp)
        vertices.append(mesh.vertices)
        faces.append(mesh.faces + n_before)
        kinds.append(kind)
        n_before += len(mesh.vertices)
    if not vertices:
        return np.full((_STILL_PIXELS, _STILL_PIXELS, 3), 255, np.uint8)
    return _rendered(np.concatenate(vertices), np.concatenate(faces), np.concatenate(kinds), table)


def _rendered(
    points: NDArray[np.float64],
    faces: NDArray[Any],
    colour: NDArray[np.intp],
    table: list[tuple[int, int, int]],
) -> NDArray[np.uint8]:
    """Draw faces in any number of colours; the kernel knows four, and light is linear in colour."""
    across = np.stack([points @ np.array(_RIGHT), points @ np.array(_UP)], axis=1)
    low, high = across.min(axis=0), across.max(axis=0)
    depth = np.cross(_RIGHT, _UP)
    middle = (low + high) / 2
    centre = middle[0] * np.array(_RIGHT) + middle[1] * np.array(_UP)
    centre = centre + float((points @ depth).mean()) * depth
    draw = partial(
        _native.draw_mesh,
        vertices=points,
        faces=faces.astype(np.int32),
        right=_RIGHT,
        up=_UP,
        centre_lps_mm=(float(centre[0]), float(centre[1]), float(centre[2])),
        mm_per_pixel=1.08 * float(max(high - low) or 1.0) / _STILL_PIXELS,
        size=(_STILL_PIXELS, _STILL_PIXELS),
    )
    nothing = np.zeros(len(faces), np.uint8)
    picture = draw(kinds=nothing, colours=(_BLACK,) * 4, background=_WHITE).astype(np.int32)
    for first in range(0, len(table), 3):
        place = colour - first
        is_now = (place >= 0) & (place < 3)
        if not is_now.any():
            continue
        some = (*table[first : first + 3], _BLACK, _BLACK)[:3]
        kinds = np.where(is_now, place, 3).astype(np.uint8)
        picture += draw(kinds=kinds, colours=(*some, _BLACK), background=_BLACK)
    return np.clip(picture, 0, 255).astype(np.uint8)
