"""The numbers that the voxels of a volume give, measured once by the native kernels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from calvaria import _native, _progress

if TYPE_CHECKING:
    from calvaria.volume import Volume

__all__ = ["Edge", "Survey", "measure"]

# From here on a voxel may be bone: InVesalius' preset (doi 10.5281/zenodo.15857) starts at 226 HU.
BONE_HU = 250.0
# Rise from 10 % to 90 % over width at half height: 2.563 sigma over 2.355 sigma.
_RISE_OF_GAUSSIAN = 1.088
# A slice whose highest value stays below this holds nothing but air.
_EMPTY_HU = -700.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """How the values rise across the outer surface."""

    fwhm_mm: float
    rise_mm: float
    second_edge: float
    n_profiles: int

    @property
    def width_mm(self) -> float:
        """The width of the line spread at half its height, or by the rise where that is far more.

        Thick slices that were interpolated rise in straight pieces: their spread has narrow spikes,
        and only the rise shows how wide it is.
        """
        if self.rise_mm > 1.5 * self.fwhm_mm:
            return self.rise_mm / _RISE_OF_GAUSSIAN
        return self.fwhm_mm


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Survey:
    """What was measured, with arrays where there is one number per slice."""

    raw: dict[str, Any]
    slice_range_hu: NDArray[np.float64]
    shift_xy_mm: NDArray[np.float64]
    soft_step_hu: NDArray[np.float64]
    step_hu: NDArray[np.float64]

    def __getitem__(self, key: str) -> Any:
        return self.raw[key]

    def edge(self, where: str) -> Edge | None:
        """Return the edge response ``"in_plane"`` or ``"through_plane"``; None when unmeasurable."""
        found = self.raw[f"edge_{where}"]
        if found is None:
            return None
        return Edge(fwhm_mm=found[0], rise_mm=found[1], second_edge=found[2], n_profiles=found[3])

    @property
    def filled(self) -> NDArray[np.bool_]:
        """Which slices hold more than air."""
        filled: NDArray[np.bool_] = self.slice_range_hu[:, 1] > _EMPTY_HU
        return filled


def measure(volume: Volume, *, metal_hu: float) -> Survey:
    """Measure a volume; shows a progress bar when it takes long."""
    grid = volume.grid

    def job(progress: _native.Progress) -> dict[str, Any]:
        return _native.survey_volume(
            volume.values, grid.dims_ijk, grid.lps_from_ijk, BONE_HU, metal_hu, progress
        )

    raw = _progress.run(job, title="checking the volume")
    return Survey(
        raw=raw,
        slice_range_hu=np.asarray(raw["slice_range_hu"], dtype=np.float64).reshape(-1, 2),
        shift_xy_mm=np.asarray(raw["shift_xy_mm"], dtype=np.float64).reshape(-1, 2),
        soft_step_hu=np.asarray(raw["soft_step_hu"], dtype=np.float64),
        step_hu=np.asarray(raw["step_hu"], dtype=np.float64),
    )
