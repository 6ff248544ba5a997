"""The private native module.  Flat; may change in any release."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Progress", "nearest_mm", "survey_volume"]

class Progress:
    def __new__(cls) -> Progress: ...
    def state(self) -> tuple[int, int]: ...
    def cancel(self) -> None: ...

def nearest_mm(a_lps_mm: NDArray[np.float64], b_lps_mm: NDArray[np.float64]) -> float | None: ...
def survey_volume(
    values: NDArray[np.int16] | NDArray[np.float32],
    dims_ijk: tuple[int, int, int],
    lps_from_ijk: NDArray[np.float64],
    bone_hu: float,
    metal_hu: float,
    progress: Progress,
) -> dict[str, Any]: ...
