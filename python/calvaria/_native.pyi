"""The private native module.  Flat; may change in any release."""

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Progress",
    "orthogonal_grid",
    "resample_slices_f32",
    "resample_slices_i16",
    "resample_to_grid_f32",
    "resample_to_grid_i16",
]

class Progress:
    def __new__(cls) -> Progress: ...
    def state(self) -> tuple[int, int]: ...
    def cancel(self) -> None: ...

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
