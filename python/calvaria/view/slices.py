"""Slices of an image with contours on them, and the meshes beside them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._asked import need
from calvaria._planes import VIEWS, box_of, image_on, window_of
from calvaria.errors import GeometryError
from calvaria.geometry import Grid
from calvaria.mesh import Mesh
from calvaria.report.png import png_bytes
from calvaria.resample import resample_to_grid
from calvaria.view.colours import colour_of
from calvaria.view.packing import pack
from calvaria.view.page import View
from calvaria.view.solid import colour_bar, marker_entries, mesh_entries, still_of, values_by_name
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike, NDArray

    from calvaria._offsets import Offsets

__all__ = ["view_volume"]

# From air to enamel: what a window on bone or soft tissue can want.
_GREYS_HU = (-1024.0, 2500.0)
_STILL_PIXELS = 300
_OUTSIDE_GREY = 210


def view_volume(
    volume: Volume,
    *,
    meshes: Mesh | Mapping[str, Mesh] | None = None,
    masks: Mask | Mapping[str, Mask] | None = None,
    values: Offsets | Mapping[str, Offsets] | None = None,
    values_label: str = "",
    values_limits: tuple[float, float] | None = None,
    markers: Mapping[str, ArrayLike] | None = None,
    colours: Mapping[str, str] | None = None,
    window: tuple[float, float] | None = None,
    max_voxels: int = 6_000_000,
    max_triangles: int = 150_000,
    title: str = "",
    height_px: int = 720,
) -> View:
    """Browse an image in three planes, with contours of meshes and masks on it.

    Parameters
    ----------
    volume : Volume
        Any grid; shown along the planes of the patient.
    meshes : Mesh or mapping of str to Mesh, optional
        In LPS mm.  Where each slice cuts them is drawn as a line; beside the slices they are shown in
        3-D.
    masks : Mask or mapping of str to Mask, optional
        On the grid of the volume; laid over the slices in colour.
    values, values_label, values_limits, markers, colours, max_triangles
        As in :func:`view_meshes`; lines take the colour of the values.
    window : (float, float), optional
        Level and width in the unit of the values.  Left out: 500 and 2500 HU for HU, else what spans
        all but 1 % of the values at either end.
    max_voxels : int
        Above this the image is drawn more coarsely, and a note says how coarsely.
    title : str
        Written above; name no person here.
    height_px : int
        Height in a notebook.

    Returns
    -------
    View
        Grey values are kept to 255 steps, between -1024 and 2500 HU for HU; a note says how large a
        step is.

    Raises
    ------
    GeometryError
        A mask lies on another grid.
    ValueError
        As in :func:`view_meshes`; a window without width; fewer than 1000 voxels asked for.

    Examples
    --------
    >>> from calvaria import extract_surface, phantom
    >>> scanner = phantom.Scanner(columns=32, rows=32, spacing_xy_mm=(1.0, 1.0))
    >>> image = phantom.scan(phantom.sphere(radius_mm=8.0), scanner=scanner)
    >>> ball = extract_surface(image, iso_hu=500.0)
    >>> view_volume(image, meshes={"ball": ball}).to_dict()["dims_ijk"] == list(image.grid.dims_ijk)
    True
    """
    need("volume", volume, Volume)
    named = _named("mesh", meshes, Mesh)
    over = _named("mask", masks, Mask)
    for name, mask in over.items():
        if not mask.grid.is_close(volume.grid):
            msg = f"masks: the grid of the volume expected for {name!r}, found {mask.grid}"
            raise GeometryError(msg)
    if max_voxels < 1000:
        msg = f"max_voxels: at least 1000 expected, found {max_voxels}"
        raise ValueError(msg)
    given = values_by_name(values, named)
    entries, notes, drawn = mesh_entries(
        named, values=given, colours=colours, opacity=1.0, max_triangles=max_triangles
    )
    shown, coarse = _upright(volume, max_voxels=max_voxels)
    image = _image_entry(shown, window_of(volume, window))
    image_notes = [
        *coarse,
        f"grey values to the nearest {image['step']:.2g} {image['unit']}".rstrip(),
    ]
    image["masks"] = [
        {
            "name": name,
            "colour": colour_of(name, 1 + place, colours),
            "voxels": _packed_mask(mask, shown.grid if shown is not volume else mask.grid),
        }
        for place, (name, mask) in enumerate(over.items())
    ]
    notes = [*image_notes, *notes]
    bar = colour_bar(given, values_label, values_limits)
    scene = {
        "title": title,
        "notes": notes,
        "meshes": entries,
        "bar": bar,
        "markers": marker_entries(markers),
        "volume": image,
    }
    solid = [still_of(drawn, entries, bar)] if entries else []
    still = png_bytes(_side_by_side([*_stills(volume, image), *solid]))
    return View(title=title, scene=scene, notes=tuple(notes), still_png=still, height_px=height_px)


def _named(word: str, things: Any, kind: type) -> dict[str, Any]:
    if things is None:
        return {}
    return {word: things} if isinstance(things, kind) else dict(things)


def _image_entry(volume: Volume, window: tuple[float, float]) -> dict[str, Any]:
    level, width = window
    low, high = _greys(volume, level, width)
    step = (high - low) / 255
    numbers = np.clip(np.rint((volume.values.astype(np.float32) - low) / step), 0, 255)
    return {
        "dims": list(volume.grid.dims_ijk),
        "origin": list(volume.grid.origin_lps_mm),
        "spacing": list(volume.grid.spacing_xyz_mm),
        "low": low,
        "step": step,
        "unit": "HU" if volume.is_hu else "",
        "level": level,
        "width": width,
        "voxels": pack(_lines(numbers.astype(np.uint8))),
    }


def _greys(volume: Volume, level: float, width: float) -> tuple[float, float]:
    low, high = level - width / 2, level + width / 2
    if volume.is_hu:
        return min(low, _GREYS_HU[0]), max(high, _GREYS_HU[1])
    return low - width / 2, high + width / 2


def _upright(volume: Volume, *, max_voxels: int) -> tuple[Volume, list[str]]:
    """Return the image along the patient, no finer than can be shown, and what to say about it."""
    grid = volume.grid
    affine = grid.lps_from_ijk
    n_voxels = int(np.prod(grid.dims_ijk))
    is_upright = np.allclose(affine[:3, :3], np.diag(np.diag(affine[:3, :3])), atol=1e-9)
    if is_upright and (np.diag(affine[:3, :3]) > 0).all() and n_voxels <= max_voxels:
        return volume, []
    low, high = box_of(grid)
    finest = np.abs(np.diag(affine[:3, :3])) if is_upright else np.full(3, min(grid.spacing_xyz_mm))
    coarsest = finest.min()
    while True:
        pitch = np.maximum(finest, coarsest)
        dims = np.maximum(np.floor((high - low) / pitch + 1.5).astype(int), 1)
        if dims.prod() <= max_voxels:
            break
        coarsest *= 1.05
    matrix = np.diag([*pitch, 1.0])
    matrix[:3, 3] = low
    text = " x ".join(f"{mm:.2g}" for mm in pitch)
    note = f"slices drawn every {text} mm along the patient; the image has {n_voxels} voxels"
    upright = Grid(dims_ijk=(int(dims[0]), int(dims[1]), int(dims[2])), lps_from_ijk=matrix)
    return resample_to_grid(volume, grid=upright), [note]


def _lines(array: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Return voxels as one column for :func:`pack`, which writes the difference to the one before."""
    return np.ascontiguousarray(array).reshape(-1, 1)


def _packed_mask(mask: Mask, grid: Grid) -> str:
    is_set = mask.values != 0
    if grid is not mask.grid:
        soft = Volume(values=is_set.astype(np.int16) * 1000, grid=mask.grid, quantity="arbitrary")
        is_set = resample_to_grid(soft, grid=grid, fill=0).values >= 500
    return pack(_lines(is_set.astype(np.uint8)))


def _stills(volume: Volume, image: dict[str, Any]) -> list[NDArray[np.uint8]]:
    """Return the slices through the middle, as RGB."""
    low, high = box_of(volume.grid)
    tiles = []
    for view in VIEWS:
        plane, is_inside = image_on(volume, view, (low + high) / 2, (low, high))
        grey = 255 * ((plane - image["level"]) / image["width"] + 0.5)
        tile = np.where(is_inside, np.clip(grey, 0, 255), _OUTSIDE_GREY).astype(np.uint8)
        every = max(1, -(-max(tile.shape) // _STILL_PIXELS))
        tiles.append(np.repeat(tile[::every, ::every, None], 3, axis=2))
    return tiles


def _side_by_side(tiles: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
    """Return pictures in one row, each in the middle of its height, on paper."""
    tallest = max(tile.shape[0] for tile in tiles)
    padded = []
    for tile in tiles:
        above = (tallest - tile.shape[0]) // 2
        rows = (above, tallest - tile.shape[0] - above)
        padded.append(np.pad(tile, (rows, (4, 4), (0, 0)), constant_values=255))
    return np.hstack(padded)
