"""Makes a Volume or a Mask of voxels from elsewhere, by the same rules for every neighbour."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._record import plural
from calvaria.errors import CalvariaError, SegmentationError
from calvaria.volume import Mask, Volume

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from calvaria.findings import Finding
    from calvaria.geometry import Grid

__all__ = ["exact", "made_mask", "made_volume"]

_QUANTITIES = ("HU", "arbitrary")


def made_volume(
    values: NDArray[Any],
    grid: Grid,
    *,
    quantity: str | None,
    like: Volume | None,
    findings: tuple[Finding, ...] = (),
    name: str = "values",
) -> Volume:
    """Return a volume; quantity, findings and acquisition come from ``like`` when it is given."""
    if quantity is None:
        quantity = like.quantity if like is not None else "arbitrary"
    if quantity not in _QUANTITIES:
        msg = f'quantity: "HU" or "arbitrary" expected, found {quantity!r}'
        raise ValueError(msg)
    values = exact(values, name=name)
    if like is None:
        return Volume(values=values, grid=grid, quantity=quantity, findings=findings)
    return Volume(
        values=values,
        grid=grid,
        quantity=quantity,
        findings=like.findings + findings,
        acquisition=like.acquisition,
    )


def made_mask(
    values: NDArray[Any],
    grid: Grid,
    *,
    names: Mapping[int, str] | None = None,
    findings: tuple[Finding, ...] = (),
    name: str = "values",
) -> Mask:
    """Return a mask; labels must be whole numbers from 0 to 65535."""
    if values.dtype.kind == "f":
        with np.errstate(invalid="ignore"):
            labels = values.astype(np.int64)
        if not np.array_equal(labels, values):
            msg = f"{name}: whole-numbered labels expected, found fractions (a probability map?)"
            raise SegmentationError(msg)
        values = labels
    if values.dtype.kind not in "iub":
        msg = f"{name}: whole-numbered labels expected, found dtype {values.dtype}"
        raise SegmentationError(msg)
    if values.size and (int(values.min()) < 0 or int(values.max()) > 65535):
        msg = f"{name}: labels 0 to 65535 expected, found {values.min()} to {values.max()}"
        raise SegmentationError(msg)
    return Mask(values=values, grid=grid, names=dict(names or {}), findings=findings)


def exact(values: NDArray[Any], *, name: str) -> NDArray[Any]:
    """Return the values as int16 where that is exact, else float32; refuse NaN and infinity."""
    if values.dtype.kind in "iub":
        low, high = (int(values.min()), int(values.max())) if values.size else (0, 0)
        if low < -(1 << 24) or high > 1 << 24:
            msg = f"{name}: whole numbers within ±2^24 expected, found {low} to {high}"
            raise CalvariaError(msg)
        return _owned(values, np.int16 if low >= -32768 and high <= 32767 else np.float32)
    if values.dtype.kind != "f":
        msg = f"{name}: one number per voxel expected, found dtype {values.dtype}"
        raise CalvariaError(msg)
    if not all(np.isfinite(plane).all() for plane in values):
        n_bad = sum(int(np.count_nonzero(~np.isfinite(plane))) for plane in values)
        msg = f"{name}: finite values expected, found NaN or infinity in {plural(n_bad, 'voxel')}"
        raise CalvariaError(msg)
    # Plane by plane, so that a float64 volume is not held a second time.
    if all(_is_int16(plane) for plane in values):
        return _owned(values, np.int16)
    if max(float(np.abs(plane).max()) for plane in values) > float(np.finfo(np.float32).max):
        msg = f"{name}: values that float32 can hold expected"
        raise CalvariaError(msg)
    return _owned(values, np.float32)


def _owned(values: NDArray[Any], dtype: Any) -> NDArray[Any]:
    # A new read-only array in C order: the volume can keep it without another copy.
    made = values.astype(dtype, order="C")
    made.flags.writeable = False
    return made


def _is_int16(plane: NDArray[Any]) -> bool:
    if plane.min() < -32768 or plane.max() > 32767:
        return False
    return bool(np.array_equal(np.rint(plane), plane))
