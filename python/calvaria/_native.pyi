"""The private native module.  Flat; may change in any release."""

import os
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Progress",
    "SeriesHandle",
    "find_series",
    "load_series",
    "orthogonal_grid",
    "resample_slices_f32",
    "resample_slices_i16",
    "resample_to_grid_f32",
    "resample_to_grid_i16",
]

@final
class Progress:
    def __new__(cls) -> Progress: ...
    def state(self) -> tuple[int, int]: ...
    def cancel(self) -> None: ...

@final
class SeriesHandle:
    def describe(self) -> dict[str, Any]: ...

def find_series(
    path: str | os.PathLike[str], max_extra_bytes: int, progress: Progress
) -> tuple[list[SeriesHandle], list[tuple[str, str, bool]]]: ...
def load_series(
    series: SeriesHandle,
    rescale: tuple[float, float] | None,
    max_extra_bytes: int,
    progress: Progress,
) -> tuple[
    NDArray[np.int16] | NDArray[np.float32],
    list[tuple[str, str, float | None, list[str]]],
]: ...
def orthogonal_grid(
    dims_ijk: tuple[int, int, int],
    lps_from_ijk: NDArray[np.float64],
    spacing_mm: tuple[float, float, float] | None,
) -> tuple[tuple[int, int, int], NDArray[np.float64]]: ...
def resample_to_grid_i16(
    values: NDArray[np.int16],
    lps_from_ijk: NDArray[np.float64],
    target_dims_ijk: tuple[int, int, int],
    target_lps_from_ijk: NDArray[np.float64],
    fill: int,
    progress: Progress,
) -> NDArray[np.int16]: ...
def resample_to_grid_f32(
    values: NDArray[np.float32],
    lps_from_ijk: NDArray[np.float64],
    target_dims_ijk: tuple[int, int, int],
    target_lps_from_ijk: NDArray[np.float64],
    fill: float,
    progress: Progress,
) -> NDArray[np.float32]: ...
def resample_slices_i16(
    values: NDArray[np.int16],
    positions_mm: NDArray[np.float64],
    spacing_mm: float,
    max_gap_mm: float,
    progress: Progress,
) -> NDArray[np.int16]: ...
def resample_slices_f32(
    values: NDArray[np.float32],
    positions_mm: NDArray[np.float64],
    spacing_mm: float,
    max_gap_mm: float,
    progress: Progress,
) -> NDArray[np.float32]: ...
