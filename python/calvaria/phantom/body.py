"""The bodies: a head, and simple solids of known size."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._arrays import frozen
from calvaria._asked import above_zero
from calvaria._html import html_table
from calvaria.errors import CalvariaError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

__all__ = ["Phantom", "bar", "cylinder", "head", "rods", "sphere"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Phantom:
    """A body of known truth, in LPS millimetres; made by :func:`head`, :func:`sphere` and others.

    Parameters
    ----------
    name : str
        What it is.
    settings : dict
        What it was made with.
    """

    name: str
    settings: dict[str, Any]
    _body: _native.Phantom = field(repr=False)

    @property
    def structures(self) -> tuple[str, ...]:
        """Names of the structures that can be asked for."""
        return tuple(name for name, _effect, _hu in self._body.structures())

    @property
    def bounds_lps_mm(self) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
        """Lowest and highest corner of a box that holds the whole body, mm."""
        low, high = self._body.bounds_lps_mm()
        return (low, high)

    def signed_distance_mm(self, structure: str, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return the signed distance to the surface of a structure, negative inside.

        Parameters
        ----------
        structure : str
            One of :attr:`structures`.
        points_lps_mm : (n, 3) array_like
            Points, LPS mm.

        Returns
        -------
        (n,) ndarray of float64
            Distance, mm.  Exact for sphere, cylinder, bar and rods.  For the head the sign is
            exact everywhere, and within 1 mm of a smooth part of the surface the distance is
            right to a few hundredths of a millimetre; see ``docs/phantom.md``.

        Raises
        ------
        CalvariaError
            There is no such structure.

        Examples
        --------
        >>> sphere(radius_mm=20.0).signed_distance_mm("sphere", [[0, 0, 25], [0, 12, 0]])
        array([ 5., -8.])
        """
        if structure not in self.structures:
            msg = f"structure: one of {', '.join(self.structures)} expected, found {structure!r}"
            raise CalvariaError(msg)
        return self._body.signed_distance_mm(structure, _points(points_lps_mm))

    def hu_at(self, points_lps_mm: ArrayLike) -> NDArray[np.float64]:
        """Return the HU at points, without blur, noise or streaks.

        Parameters
        ----------
        points_lps_mm : (n, 3) array_like
            Points, LPS mm.

        Returns
        -------
        (n,) ndarray of float64
            HU.

        Examples
        --------
        >>> sphere(radius_mm=20.0, hu=300.0).hu_at([[0, 0, 0], [0, 0, 21]])
        array([  300., -1000.])
        """
        return self._body.hu_at(_points(points_lps_mm))

    def __repr__(self) -> str:
        low, high = self.bounds_lps_mm
        size = " x ".join(f"{b - a:.4g}" for a, b in zip(low, high, strict=True))
        return f"Phantom({self.name}, {size} mm)"

    def to_dict(self) -> dict[str, Any]:
        """Return what it was made with as plain types, ready for JSON."""
        return {"name": self.name, "settings": dict(self.settings)}

    def _repr_html_(self) -> str:
        return html_table(caption=repr(self), header=("", ""), rows=self.settings.items())


def head(
    *,
    defect_direction: Sequence[float] | None = None,
    defect_diameter_mm: float = 60.0,
    metal_radius_mm: float | None = None,
    metal_hu: float = 9000.0,
    streak_hu: float = 700.0,
    has_table: bool = False,
    has_bar: bool = False,
    has_half_mandible: bool = False,
) -> Phantom:
    """Make an adult head from the vertex to the third neck vertebra.

    The origin lies midway between the ear canals, z = 0 is the Frankfurt plane.  Left and right
    differ in every region, so that no flip or swap of axes goes unseen.

    Parameters
    ----------
    defect_direction : sequence of 3 floats, optional
        From the middle of the braincase (1.5, 3, 48) to a round hole in the vault, LPS; any
        length.  None: no hole.
    defect_diameter_mm : float
        Its diameter.
    metal_radius_mm : float, optional
        Radius of a metal filling in the lower left first molar.  None: no metal.
    metal_hu, streak_hu : float
        HU of the metal before the scanner clips, and height of its strongest streak.
    has_table : bool
        Whether a patient table lies under the head.
    has_bar : bool
        Whether a plastic bar of 10 x 10 x 50 mm stands beside the neck on the left.
    has_half_mandible : bool
        Whether the right half of the mandible is missing.

    Returns
    -------
    Phantom
        The head.

    Examples
    --------
    >>> head().hu_at([[0, 0, 50], [0, 0, 150]])
    array([   62., -1000.])
    """
    settings = {
        key: value for key, value in locals().items() if value is not None and value is not False
    }
    defect = None
    if defect_direction is not None:
        defect = (
            _place("defect_direction", defect_direction),
            above_zero("defect_diameter_mm", defect_diameter_mm),
        )
        if not any(defect[0]):
            msg = "defect_direction: a direction expected, found (0, 0, 0)"
            raise ValueError(msg)
    metal = None
    if metal_radius_mm is not None:
        metal = (above_zero("metal_radius_mm", metal_radius_mm), float(metal_hu), float(streak_hu))
    body = _native.Phantom.head(
        defect=defect,
        metal=metal,
        has_table=has_table,
        has_bar=has_bar,
        is_half_mandible=has_half_mandible,
    )
    return Phantom(name="head", settings=settings, _body=body)


def sphere(
    *,
    centre_lps_mm: Sequence[float] = (0.0, 0.0, 0.0),
    radius_mm: float = 30.0,
    hu: float = 1000.0,
) -> Phantom:
    """Make a ball in air; structure ``"sphere"``.

    Parameters
    ----------
    centre_lps_mm : sequence of 3 floats
        Centre, LPS mm.
    radius_mm : float
        Radius.
    hu : float
        HU of the ball.

    Returns
    -------
    Phantom
        The ball.

    Examples
    --------
    >>> ball = sphere(radius_mm=10.0)
    >>> ball.hu_at([[0, 0, 9], [0, 0, 11]]).tolist()  # inside, outside
    [1000.0, -1000.0]
    >>> ball.signed_distance_mm("sphere", [[0, 0, 12]]).tolist()
    [2.0]
    """
    settings = dict(locals())
    body = _native.Phantom.sphere(
        centre_lps_mm=_place("centre_lps_mm", centre_lps_mm),
        radius_mm=above_zero("radius_mm", radius_mm),
        hu=hu,
    )
    return Phantom(name="sphere", settings=settings, _body=body)


def cylinder(
    *,
    start_lps_mm: Sequence[float] = (-12.0, -18.0, -30.0),
    end_lps_mm: Sequence[float] = (12.0, 18.0, 30.0),
    radius_mm: float = 15.0,
    hu: float = 1000.0,
) -> Phantom:
    """Make a cylinder with flat ends in air; structure ``"cylinder"``.

    Parameters
    ----------
    start_lps_mm, end_lps_mm : sequence of 3 floats
        Middles of its ends, LPS mm; as given it is tilted.
    radius_mm : float
        Radius.
    hu : float
        HU of the cylinder.

    Returns
    -------
    Phantom
        The cylinder.

    Examples
    --------
    >>> rod = cylinder(start_lps_mm=(0, 0, -20), end_lps_mm=(0, 0, 20), radius_mm=5.0)
    >>> rod.signed_distance_mm("cylinder", [[8, 0, 0], [0, 0, 19]]).tolist()  # outside is positive
    [3.0, -1.0]
    """
    settings = dict(locals())
    start, end = _place("start_lps_mm", start_lps_mm), _place("end_lps_mm", end_lps_mm)
    above_zero("length of the cylinder", math.dist(start, end))
    body = _native.Phantom.cylinder(
        start_lps_mm=start, end_lps_mm=end, radius_mm=above_zero("radius_mm", radius_mm), hu=hu
    )
    return Phantom(name="cylinder", settings=settings, _body=body)


def bar(
    *,
    centre_lps_mm: Sequence[float] = (0.0, 0.0, 0.0),
    size_mm: Sequence[float] = (10.0, 10.0, 50.0),
    turn_deg: Sequence[float] = (20.0, -15.0, 10.0),
    hu: float = 130.0,
) -> Phantom:
    """Make a bar with sharp edges in air; structure ``"bar"``.

    Parameters
    ----------
    centre_lps_mm : sequence of 3 floats
        Centre, LPS mm.
    size_mm : sequence of 3 floats
        Its edges; the length is the longest.
    turn_deg : sequence of 3 floats
        Turned about its centre by these angles about x, then y, then z.
    hu : float
        HU of the bar; 130 is a printing resin.

    Returns
    -------
    Phantom
        The bar.

    Examples
    --------
    >>> straight = bar(size_mm=(10.0, 10.0, 50.0), turn_deg=(0, 0, 0))
    >>> straight.hu_at([[0, 0, 24.9], [0, 0, 25.1]]).tolist()
    [130.0, -1000.0]
    """
    settings = dict(locals())
    size = _place("size_mm", size_mm)
    for edge in size:
        above_zero("size_mm", edge)
    body = _native.Phantom.bar(
        centre_lps_mm=_place("centre_lps_mm", centre_lps_mm),
        size_mm=size,
        turn_deg=_place("turn_deg", turn_deg),
        hu=hu,
    )
    return Phantom(name="bar", settings=settings, _body=body)


def rods(
    *,
    centre_lps_mm: Sequence[float] = (0.0, 0.0, 0.0),
    apart_mm: float = 50.0,
    radius_mm: float = 1.5,
    length_mm: float = 40.0,
    hu: float = 900.0,
) -> Phantom:
    """Make four rods along z at the corners of a square, in air; ``"rod_1"`` to ``"rod_4"``.

    Parameters
    ----------
    centre_lps_mm : sequence of 3 floats
        Centre of the square, LPS mm.
    apart_mm : float
        Edge of the square.
    radius_mm, length_mm : float
        Size of a rod.
    hu : float
        HU of the rods.

    Returns
    -------
    Phantom
        The rods.

    Examples
    --------
    >>> four = rods(apart_mm=50.0)
    >>> four.structures
    ('rod_1', 'rod_2', 'rod_3', 'rod_4')
    >>> four.hu_at([[25, 25, 0], [0, 0, 0]]).tolist()  # in a rod, between them
    [900.0, -1000.0]
    """
    settings = dict(locals())
    body = _native.Phantom.rods(
        centre_lps_mm=_place("centre_lps_mm", centre_lps_mm),
        apart_mm=above_zero("apart_mm", apart_mm),
        radius_mm=above_zero("radius_mm", radius_mm),
        length_mm=above_zero("length_mm", length_mm),
        hu=hu,
    )
    return Phantom(name="rods", settings=settings, _body=body)


def _points(points_lps_mm: ArrayLike) -> NDArray[np.float64]:
    points = frozen(np.asarray(points_lps_mm, dtype=np.float64), dtype=np.float64)
    if points.ndim != 2 or points.shape[1] != 3:
        msg = f"points_lps_mm: shape (n, 3) expected, found {points.shape}"
        raise ValueError(msg)
    return points


def _place(name: str, values: Sequence[float]) -> tuple[float, float, float]:
    numbers = [float(value) for value in values]
    if len(numbers) != 3 or not all(map(math.isfinite, numbers)):
        msg = f"{name}: three finite numbers expected, found {tuple(values)}"
        raise ValueError(msg)
    return (numbers[0], numbers[1], numbers[2])
