"""The private native module.  Flat; may change in any release."""

import os
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Progress", "SeriesHandle", "find_series", "load_series"]

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
    list[list[float]],
    list[tuple[str, str, float | None, list[str]]],
]: ...
