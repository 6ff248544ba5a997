"""Levels that a histogram suggests, for any image; the one way to a level in MR."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria import _native
from calvaria._asked import need, whole
from calvaria._html import html_table
from calvaria.errors import SegmentationError
from calvaria.segment._bytes import bytes_of, check_grids
from calvaria.segment._histogram_levels import METHODS, SOURCES, multi_otsu
from calvaria.volume import Volume

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.volume import Mask

__all__ = ["AutomaticLevel", "automatic_level", "multi_otsu_levels"]

_MOST_BINS = 65536
# Several classes are found in a table of all pairs of bins.
_MOST_PAIRED_BINS = 2048


@dataclass(frozen=True, slots=True, kw_only=True)
class AutomaticLevel:
    """A level that parts the values of an image in two.

    Attributes
    ----------
    level : float
        The border between the last bin of the lower class and the next; values above it belong to
        the upper class.  In the values of the image.
    method : str
        Which method.
    n_bins : int
        Number of bins.
    bin_width : float
        Width of a bin: how finely the level is known.
    source : str
        The paper.
    """

    level: float
    method: str
    n_bins: int
    bin_width: float
    source: str

    def __repr__(self) -> str:
        return f"AutomaticLevel({self.level:.4g} by {self.method}, bins of {self.bin_width:.3g})"

    def _repr_html_(self) -> str:
        return html_table(header=("AutomaticLevel", ""), rows=list(self.to_dict().items()))

    def to_dict(self) -> dict[str, Any]:
        """Return the level as plain types, ready for JSON."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def automatic_level(
    volume: Volume, *, method: str = "otsu", n_bins: int = 256, within: Mask | None = None
) -> AutomaticLevel:
    """Find a level from the histogram of an image.

    Parameters
    ----------
    volume : Volume
        Any image: HU or not.
    method : str
        ``"otsu"``, ``"huang"``, ``"intermodes"``, ``"isodata"``, ``"kittler-illingworth"``,
        ``"li"``, ``"maximum-entropy"``, ``"moments"``, ``"renyi-entropy"``, ``"shanbhag"``,
        ``"triangle"`` or ``"yen"``: those of 3D Slicer.
    n_bins : int
        Number of bins between the lowest and the highest value.
    within : Mask, optional
        Only the voxels of this mask count: 3D Slicer's local histogram.

    Returns
    -------
    AutomaticLevel
        The level.

    Raises
    ------
    SegmentationError
        All values are equal, or the histogram does not have the shape that the method needs.
    ValueError
        There is no such method.

    See Also
    --------
    bone_level : measures where the surface of bone lies; a histogram does not know.
    multi_otsu_levels : more than two classes.

    Notes
    -----
    A head CT is mostly air, so a level for the whole image often parts air from tissue. Give a
    mask to part bone from tissue.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.repeat(np.array([[[0, 10, 90, 100]]], np.int16), 50, axis=0)
    >>> grid = Grid(dims_ijk=(4, 1, 50), lps_from_ijk=np.eye(4))
    >>> found = automatic_level(Volume(values=values, grid=grid, quantity="arbitrary"))
    >>> 10 < found.level < 90
    True
    """
    need("volume", volume, Volume)
    if method not in METHODS:
        msg = f"method: one of {', '.join(METHODS)} expected, found {method!r}"
        raise ValueError(msg)
    counts, low, width = _histogram(volume, n_bins, within)
    at = METHODS[method](counts)
    return AutomaticLevel(
        level=low + (at + 1) * width,
        method=method,
        n_bins=n_bins,
        bin_width=width,
        source=SOURCES[method],
    )


def multi_otsu_levels(
    volume: Volume, *, n_classes: int, n_bins: int = 256, within: Mask | None = None
) -> tuple[float, ...]:
    """Find the levels that part the values of an image in several classes.

    Parameters
    ----------
    volume : Volume
        Any image.
    n_classes : int
        How many classes, at least 2.
    n_bins, within
        As for :func:`automatic_level`.

    Returns
    -------
    tuple of float
        `n_classes` - 1 levels, ascending; values above a level belong to the class above it.

    Raises
    ------
    SegmentationError
        All values are equal.
    ValueError
        There are fewer bins than classes.

    Notes
    -----
    The best of all partitions, by dynamic programming.

    References
    ----------
    P.-S. Liao, T.-S. Chen, P.-C. Chung, A fast algorithm for multilevel thresholding, Journal of
    Information Science and Engineering 17 (2001) 713-727, doi 10.6688/JISE.2001.17.5.1.

    Examples
    --------
    >>> import numpy as np
    >>> from calvaria import Grid, Volume
    >>> values = np.repeat(np.array([-1000, 40, 1200], np.int16), 9).reshape(3, 3, 3)
    >>> volume = Volume(values=values, grid=Grid(dims_ijk=(3, 3, 3), lps_from_ijk=np.eye(4)))
    >>> [round(level) for level in multi_otsu_levels(volume, n_classes=3)]
    [-991, 48]
    """
    need("volume", volume, Volume)
    n_classes = whole("n_classes", n_classes, 2, whole("n_bins", n_bins, 2, _MOST_PAIRED_BINS))
    counts, low, width = _histogram(volume, n_bins, within)
    return tuple(low + (at + 1) * width for at in multi_otsu(counts, n_classes))


def _histogram(
    volume: Volume, n_bins: int, within: Mask | None
) -> tuple[NDArray[np.float64], float, float]:
    n_bins = whole("n_bins", n_bins, 2, _MOST_BINS)
    chosen = volume.values
    if within is not None:
        check_grids("within", within, volume)
        chosen = chosen[within.values != 0]
    low, high = (float(chosen.min()), float(chosen.max())) if chosen.size else (0.0, 0.0)
    if not math.isfinite(high - low):
        msg = f"volume: finite values expected, found some from {low:g} to {high:g}"
        raise SegmentationError(msg)
    if not low < high:
        msg = f"volume: at least two different values expected, found only {low:g}"
        raise SegmentationError(msg)
    # The highest value falls into the last bin, not beyond it.
    width = (high - low) / n_bins
    counts = _native.count_values(
        volume.values, None if within is None else bytes_of(within), low, width, n_bins
    )
    return counts.astype(np.float64), low, width
