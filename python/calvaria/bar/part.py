"""A body to print, and the lengths on it that will be measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._record import Record
from calvaria.mesh import Mesh, transform_mesh

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["BarFeature", "BarGauge", "ReferenceBar", "joined"]

Three = tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BarGauge(Record):
    """A nominal length between two flat faces.

    Attributes
    ----------
    bar, axis : str
        Name and axis, as in :class:`BarReading`.
    nominal_mm : float
        Distance of the faces.
    first_lps_mm, second_lps_mm : tuple of float
        Centres of the areas that jaws, or the fit, take hold of.
    direction : tuple of float
        From the first face to the second, of length 1.
    is_step : bool
        Whether both faces look along ``direction``, as on a step; else they look apart.
    across : tuple of float
        Direction along the faces, of length 1.
    width_mm, height_mm : float
        Size of the areas along ``across`` and across it.
    """

    bar: str
    axis: str
    nominal_mm: float
    first_lps_mm: Three
    second_lps_mm: Three
    direction: Three
    across: Three
    width_mm: float
    height_mm: float
    is_step: bool = False

    @property
    def meaning(self) -> str:
        """Name and length."""
        return f"{self.bar}: {self.nominal_mm:g} mm along {self.axis}"

    def moved(self, matrix: NDArray[np.float64]) -> BarGauge:
        """Return the gauge where a rigid transform takes it."""
        turn, shift = matrix[:3, :3], matrix[:3, 3]
        return replace(
            self,
            first_lps_mm=_three(turn @ self.first_lps_mm + shift),
            second_lps_mm=_three(turn @ self.second_lps_mm + shift),
            direction=_three(turn @ self.direction),
            across=_three(turn @ self.across),
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BarFeature(Record):
    """Something that shows how fine the printer prints.

    Attributes
    ----------
    kind : {"hole", "wall", "slot", "step", "wedge"}
        What it is; a wedge tapers from ``nominal_mm`` to ``least_mm`` over ``length_mm``.
    nominal_mm : float
        Diameter, thickness, width or height.
    centre_lps_mm : tuple of float
        Where.
    least_mm, length_mm : float
        Of a wedge.
    """

    kind: str
    nominal_mm: float
    centre_lps_mm: Three
    least_mm: float = 0.0
    length_mm: float = 0.0

    @property
    def meaning(self) -> str:
        """Kind and size."""
        end = f" to {self.least_mm:g}" if self.kind == "wedge" else ""
        return f"{self.kind} {self.nominal_mm:g}{end} mm"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class ReferenceBar(Record):
    """A mesh to print with its nominal lengths.

    Attributes
    ----------
    mesh : Mesh
        Closed and manifold; z is the way up on the printer.
    gauges : tuple of BarGauge
        What to measure on it.
    features : tuple of BarFeature
        What to look at.
    """

    mesh: Mesh
    gauges: tuple[BarGauge, ...]
    features: tuple[BarFeature, ...] = ()

    @property
    def meaning(self) -> str:
        """How many lengths, and how large it is."""
        size = " x ".join(f"{value:.1f}" for value in np.ptp(self.mesh.vertices, axis=0))
        lengths = ", ".join(gauge.bar or f"{gauge.nominal_mm:g}" for gauge in self.gauges)
        extra = f", {n} feature{'' if n == 1 else 's'}" if (n := len(self.features)) else ""
        return f"bars {lengths or 'none'}{extra}; {size} mm"

    def moved(self, matrix: ArrayLike) -> ReferenceBar:
        """Return the bar where a rigid transform takes it."""
        affine = np.asarray(matrix, dtype=np.float64)
        return ReferenceBar(
            mesh=transform_mesh(self.mesh, matrix=affine),
            gauges=tuple(gauge.moved(affine) for gauge in self.gauges),
            features=tuple(
                replace(
                    one,
                    centre_lps_mm=_three(affine[:3, :3] @ one.centre_lps_mm + affine[:3, 3]),
                )
                for one in self.features
            ),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything but the mesh, ready for JSON."""
        return {
            "gauges": [gauge.to_dict() for gauge in self.gauges],
            "features": [feature.to_dict() for feature in self.features],
            "meaning": self.meaning,
        }


def joined(parts: Sequence[ReferenceBar]) -> ReferenceBar:
    """Return bars that stand apart as one part to print."""
    starts = np.cumsum([0, *(len(part.mesh.vertices) for part in parts)])
    faces = [part.mesh.faces + start for part, start in zip(parts, starts, strict=False)]
    mesh = Mesh(
        vertices=np.vstack([part.mesh.vertices for part in parts]),
        faces=np.vstack(faces).astype(np.int32),
    )
    return ReferenceBar(
        mesh=mesh,
        gauges=tuple(gauge for part in parts for gauge in part.gauges),
        features=tuple(feature for part in parts for feature in part.features),
    )


def _three(values: Any) -> Three:
    x, y, z = (float(value) for value in values)
    return x, y, z
