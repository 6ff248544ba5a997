"""The only place that changes dtype, byte order, contiguity or ownership of an array.

What Rust reads while the interpreter lock is released must not change.  So the arrays that a
calvaria object keeps are read-only, C-contiguous and native-endian, and nobody else can write
to them: an array whose memory somebody else may still write to is copied.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["frozen", "voxels"]


def frozen(values: ArrayLike, *, dtype: Any) -> NDArray[Any]:
    """Return a read-only, C-contiguous, native-endian array of ``dtype``; copy when needed."""
    array = np.asarray(values)
    result = np.ascontiguousarray(array, dtype=np.dtype(dtype).newbyteorder("="))
    # Memory that a conversion has just made belongs to nobody else.
    if np.may_share_memory(result, array) and _may_change(result):
        result = result.copy()
    # ascontiguousarray lifts a scalar to one dimension; the shape is the caller's.
    result = result.reshape(array.shape)
    result.flags.writeable = False
    return result


def voxels(values: ArrayLike) -> NDArray[Any]:
    """Return ``values`` as frozen int16 or float32 voxels.

    Integers that fit int16 become int16; everything else becomes float32.  Integers that float32
    cannot hold exactly are refused.
    """
    array = np.asarray(values)
    if array.dtype in (np.int16, np.float32):
        return frozen(array, dtype=array.dtype)
    if array.dtype.kind in "iub":
        low, high = (int(array.min()), int(array.max())) if array.size else (0, 0)
        if low >= -32768 and high <= 32767:
            return frozen(array, dtype=np.int16)
        if max(abs(low), abs(high)) > 1 << 24:
            msg = f"values: integers within ±2^24 expected, found {low} to {high}"
            raise ValueError(msg)
        return frozen(array, dtype=np.float32)
    if array.dtype.kind == "f":
        return frozen(array, dtype=np.float32)
    msg = f"values: an integer or float array expected, found dtype {array.dtype}"
    raise TypeError(msg)


def _may_change(array: NDArray[Any]) -> bool:
    """Whether memory of ``array`` can be written to through some array."""
    layer: Any = array
    while isinstance(layer, np.ndarray):
        if layer.flags.writeable:
            return True
        layer = layer.base
    return False
