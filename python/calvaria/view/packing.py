"""Arrays as short text inside a page: differences, byte planes, DEFLATE, base64."""

from __future__ import annotations

import base64
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["pack", "quantise"]


def pack(rows: NDArray[Any]) -> str:
    """Return rows of whole numbers as text that ``unpack.js`` reads.

    Parameters
    ----------
    rows : (n, columns) ndarray of uint8, uint16 or uint32
        Each column is written as differences from the row above, modulo the size of the type, its
        bytes in planes: neighbours in a mesh or an image are alike, so this packs well.

    Returns
    -------
    str
        Base64 of a zlib stream.

    Examples
    --------
    >>> pack(np.array([[1], [2], [3]], np.uint8))
    'eNpjZGQEAAAJAAQ='
    """
    steps = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), rows.dtype))
    raw = np.ascontiguousarray(steps.T).astype(rows.dtype.newbyteorder("<"), copy=False)
    planes = np.ascontiguousarray(raw.reshape(-1).view(np.uint8).reshape(-1, rows.itemsize).T)
    return base64.b64encode(zlib.compress(planes.tobytes(), 9)).decode("ascii")


def quantise(
    values: NDArray[np.float64], *, n_steps: int
) -> tuple[NDArray[np.uint16], NDArray[np.float64], NDArray[np.float64]]:
    """Return whole numbers from 0 to ``n_steps``, the value of 0, and of one step, by column.

    Examples
    --------
    >>> numbers, low, step = quantise(np.array([[0.0], [5.0], [10.0]]), n_steps=10)
    >>> numbers.ravel().tolist(), low.tolist(), step.tolist()
    ([0, 5, 10], [0.0], [1.0])
    """
    if not len(values):
        columns = values.shape[1]
        return np.zeros((0, columns), np.uint16), np.zeros(columns), np.ones(columns)
    low, high = values.min(axis=0), values.max(axis=0)
    step = np.where(high > low, (high - low) / n_steps, 1.0)
    return np.rint((values - low) / step).astype(np.uint16), low, step
