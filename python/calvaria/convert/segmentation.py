"""DICOM Segmentation objects, through pydicom: frames in space become masks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria.convert._made import made_mask
from calvaria.errors import (
    InconsistentSeriesError,
    MissingAttributeError,
    NotDicomError,
    SegmentationError,
)
from calvaria.geometry import Grid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.volume import Mask

__all__ = ["mask_from_dicom_seg"]

_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
_LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
# Slices of a regular stack lie on it within this, mm; Slicer's tolerance.
_OFF_MM = 0.01
_MOST_VOXELS = 2**32


@dataclass(frozen=True, slots=True, kw_only=True)
class _Frame:
    number: int
    segment: int
    position: tuple[float, ...]


def mask_from_dicom_seg(
    dataset: Any, *, segment: str | int | None = None, name: str = "dataset"
) -> Mask:
    """Return a DICOM Segmentation (SEG) as a mask or label map.

    Parameters
    ----------
    dataset : pydicom.Dataset
        A Segmentation (binary, fractional) or a Label Map Segmentation, with its pixels.
    segment : str or int, optional
        Label or number of one segment; the mask is then boolean.  Needed where segments overlap.
    name : str
        What to call it in messages.

    Returns
    -------
    Mask
        Labels are the numbers of the segments, with their names; LPS, mm.  Frames that the object
        leaves out, because they are empty, are there as empty slices.

    Raises
    ------
    InconsistentSeriesError
        The frames do not lie on one stack.
    MissingAttributeError
        A frame does not say where it lies or which segment it shows.
    NotDicomError
        It is another kind of object.
    SegmentationError
        Segments overlap and none was chosen, or there is none of that name.

    Notes
    -----
    A fractional segment counts where its value is at least half of the highest.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Mask
    >>> from calvaria.convert import to_dicom_seg, to_pydicom
    >>> from calvaria.phantom import Scanner, scan, sphere
    >>> small = Scanner(columns=32, rows=32, spacing_xy_mm=(2.5, 2.5), n_slices=4)
    >>> volume = scan(sphere(), scanner=small)
    >>> bone = Mask(values=volume.values > 300, grid=volume.grid, names={1: "skull"})
    >>> back = mask_from_dicom_seg(to_dicom_seg(bone, to_pydicom(volume)))
    >>> back.names, back.n_voxels == bone.n_voxels
    ({1: 'skull'}, True)
    """
    kind = str(dataset.get("SOPClassUID", ""))
    if kind not in {_SEGMENTATION, _LABEL_MAP}:
        found = getattr(dataset.get("SOPClassUID", None), "name", "nothing")
        msg = f"{name}: a DICOM Segmentation expected, found {found}"
        raise NotDicomError(msg)
    names = {
        int(item.SegmentNumber): str(item.get("SegmentLabel", ""))
        for item in dataset.get("SegmentSequence", ())
        if int(item.get("SegmentNumber", 0)) > 0
    }
    chosen = None if segment is None else _number(names, segment, name=name)
    frames = _frames(dataset, is_map=kind == _LABEL_MAP, name=name)
    grid, heights = _stack(dataset, frames, name=name)
    pixels = _pixels(dataset, n=len(frames), is_map=kind == _LABEL_MAP, name=name)
    values = np.zeros(grid.shape_kji, np.uint16)
    for frame in frames:
        part = pixels[frame.number]
        if kind == _LABEL_MAP:
            values[heights[frame.number]] = part if chosen is None else part == chosen
        elif chosen is None:
            _lay(values[heights[frame.number]], part, frame.segment, names, name=name)
        elif frame.segment == chosen:
            values[heights[frame.number]] = part
    if chosen is not None:
        return made_mask(values != 0, grid, names={1: names[chosen]}, name=name)
    return made_mask(values, grid, names=names, name=name)


def _lay(
    plane: NDArray[np.uint16],
    part: NDArray[np.bool_],
    number: int,
    names: dict[int, str],
    *,
    name: str,
) -> None:
    if (plane[part] != 0).any():
        told = ", ".join(repr(n) for n in names.values())
        msg = f"{name}: segments that do not overlap expected; pass segment= with one of {told}"
        raise SegmentationError(msg)
    plane[part] = number


def _number(names: dict[int, str], wanted: str | int, *, name: str) -> int:
    hits = [n for n, label in names.items() if wanted in (n, label)]
    if len(hits) != 1:
        told = ", ".join(repr(n) for n in names.values()) or "none"
        msg = f"{name}: exactly one segment {wanted!r} expected, found {told}"
        raise SegmentationError(msg)
    return hits[0]


def _frames(dataset: Any, *, is_map: bool, name: str) -> list[_Frame]:
    frames = []
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    for n, item in enumerate(dataset.get("PerFrameFunctionalGroupsSequence", ())):
        place = _first(item, "PlanePositionSequence") or _first(shared, "PlanePositionSequence")
        which = _first(item, "SegmentIdentificationSequence") or _first(
            shared, "SegmentIdentificationSequence"
        )
        number = which.get("ReferencedSegmentNumber") if which is not None else None
        if place is None or "ImagePositionPatient" not in place or (number is None and not is_map):
            msg = f"{name}: frame {n + 1} with a position and a segment expected"
            raise MissingAttributeError(msg)
        position = tuple(float(v) for v in place.ImagePositionPatient)
        frames.append(_Frame(number=n, segment=int(number or 0), position=position))
    if not frames:
        msg = f"{name}: at least one frame expected, found none"
        raise MissingAttributeError(msg)
    return frames


def _first(item: Any, keyword: str) -> Any:
    sequence = item.get(keyword) if item is not None else None
    return sequence[0] if sequence else None


def _stack(dataset: Any, frames: list[_Frame], *, name: str) -> tuple[Grid, list[int]]:
    """Return the grid that holds all frames, and the slice of each."""
    shared = _first(dataset, "SharedFunctionalGroupsSequence")
    start = dataset.PerFrameFunctionalGroupsSequence[0]
    plane = _first(shared, "PlaneOrientationSequence") or _first(start, "PlaneOrientationSequence")
    measures = _first(shared, "PixelMeasuresSequence") or _first(start, "PixelMeasuresSequence")
    if plane is None or measures is None or "PixelSpacing" not in measures:
        msg = f"{name}: an orientation and a pixel spacing expected"
        raise MissingAttributeError(msg)
    cosines = np.array([float(v) for v in plane.ImageOrientationPatient])
    row, column = cosines[:3], cosines[3:]
    between_rows, between_columns = (float(v) for v in measures.PixelSpacing)
    positions = np.array([frame.position for frame in frames])
    normal = np.cross(row, column)
    along = positions @ normal
    order = np.unique(np.round(along / _OFF_MM).astype(np.int64))
    levels = [float(along[np.abs(along / _OFF_MM - level) <= 1.0].mean()) for level in order]
    levels = [v for n, v in enumerate(levels) if n == 0 or v - levels[n - 1] > _OFF_MM]
    step = _step(levels, measures)
    first = positions[int(np.argmin(along))]
    # A tilted gantry steps along its table, not along the normal of its slices.
    last = positions[int(np.argmax(along))]
    n_steps = max(round((levels[-1] - levels[0]) / step), 0)
    slide = (last - first) / n_steps if n_steps else normal * step
    slices = np.rint((along - levels[0]) / step).astype(int)
    off = np.linalg.norm(positions - (first + slices[:, None] * slide), axis=1).max()
    if off > max(_OFF_MM, 0.01 * step):
        msg = f"{name}: frames on one regular stack expected, found one {off:.3g} mm off it"
        raise InconsistentSeriesError(msg)
    affine = np.eye(4)
    affine[:3, 0], affine[:3, 1], affine[:3, 2] = (
        row * between_columns,
        column * between_rows,
        slide,
    )
    affine[:3, 3] = first
    dims = (int(dataset.Columns), int(dataset.Rows), n_steps + 1)
    if dims[0] * dims[1] * dims[2] > _MOST_VOXELS:
        msg = f"{name}: at most 2^32 voxels expected, found {dims[0]} x {dims[1]} x {dims[2]}"
        raise InconsistentSeriesError(msg)
    return Grid(dims_ijk=dims, lps_from_ijk=affine), slices.tolist()


def _step(levels: list[float], measures: Any) -> float:
    """Return the distance between slices: the smallest there is, or what the header says."""
    said = [measures.get(key) for key in ("SpacingBetweenSlices", "SliceThickness")]
    told = next((float(v) for v in said if v is not None and float(v) > 0), 1.0)
    gaps = np.diff(levels)
    if not gaps.size:
        return told
    smallest = float(gaps.min())
    # Only every other slice may be there; the header then knows better, if it divides the gaps.
    parts = gaps / told
    if told < smallest and np.abs(parts - np.rint(parts)).max() < 0.01:
        return told
    return smallest


def _pixels(dataset: Any, *, n: int, is_map: bool, name: str) -> NDArray[Any]:
    try:
        pixels = np.asarray(dataset.pixel_array)
    except Exception as error:  # whatever a foreign decoder raises on damaged pixels
        msg = f"{name}: pixels that can be read expected: {error}"
        raise NotDicomError(msg) from error
    shape = (n, int(dataset.Rows), int(dataset.Columns))
    if pixels.size != np.prod(shape):
        msg = f"{name}: {n} frames of {shape[1]} x {shape[2]} expected, found {pixels.shape}"
        raise InconsistentSeriesError(msg)
    pixels = pixels.reshape(shape)
    if is_map:
        return pixels
    if str(dataset.get("SegmentationType", "BINARY")) == "FRACTIONAL":
        most = int(dataset.get("MaximumFractionalValue", 255))
        return np.asarray(pixels * 2.0 >= most)
    return np.asarray(pixels != 0)
