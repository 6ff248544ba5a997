"""What a volume looks like, at the right place and in the right proportions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from calvaria._optional import neighbour
from calvaria._planes import VIEWS, View, box_of, image_on, span_mm, window_of
from calvaria.plot._drawing import draw_image, draw_letters, draw_scale_bar, window_text

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from calvaria.volume import Volume

__all__ = ["plot_planes"]

_WIDTH_INCH = 12.0
_MARGIN_INCH = 0.3
_CAPTION_INCH = 0.65


def plot_planes(
    volume: Volume,
    *,
    centre_lps_mm: ArrayLike | None = None,
    window: tuple[float, float] | None = None,
    title: str = "",
) -> Any:
    """Draw an axial, a coronal and a sagittal cut through one point.

    The volume is sampled along the planes of the patient, whatever its own axes are: an oblique
    or sheared grid is drawn in its true shape, all three cuts to one scale.

    Parameters
    ----------
    volume : Volume
        Any grid.
    centre_lps_mm : (3,) array_like of float, optional
        The point all three cuts go through, LPS, mm; the middle of the image if left out.
    window : (float, float), optional
        Level and width, in the unit of the values.  Left out: 500 and 2500 HU for HU, else what
        spans all but 1 % of the values at either end.
    title : str
        Written above the cuts.  Nothing else in the picture tells one study from another.

    Returns
    -------
    matplotlib.figure.Figure
        With letters for Right, Left, Anterior, Posterior, Superior, Inferior, a scale bar and
        the window; light grey where there is no image.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        The window has no width, or the point lies outside the image.

    Examples
    --------
    >>> from calvaria import Grid
    >>> grid = Grid(dims_ijk=(40, 30, 20), lps_from_ijk=np.diag([1.0, 1.0, 2.0, 1.0]))
    >>> from calvaria import Volume
    >>> figure = plot_planes(Volume(values=np.zeros((20, 30, 40), np.int16), grid=grid))
    >>> [axes.get_title() for axes in figure.axes]
    ['axial, z = 19.0 mm', 'coronal, y = 14.5 mm', 'sagittal, x = 19.5 mm']
    """
    level, width = window_of(volume, window)
    low, high = box_of(volume.grid)
    center = (low + high) / 2 if centre_lps_mm is None else np.asarray(centre_lps_mm, np.float64)
    if center.shape != (3,) or (center < low).any() or (center > high).any():
        msg = f"centre_lps_mm: a point in the image expected, found {center.tolist()}"
        raise ValueError(msg)
    spans = [span_mm(view, high - low) for view in VIEWS]
    # One scale for all three: inches per millimetre.
    gaps = _MARGIN_INCH * (len(VIEWS) + 1)
    scale = (_WIDTH_INCH - gaps) / sum(across for across, _ in spans)
    tallest = max(down for _, down in spans) * scale
    height = tallest + 2 * _MARGIN_INCH + _CAPTION_INCH
    figure = neighbour("matplotlib.figure").Figure(figsize=(_WIDTH_INCH, height), dpi=100)
    left = _MARGIN_INCH
    for view, (across, down) in zip(VIEWS, spans, strict=True):
        wide, tall = across * scale, down * scale
        bottom = _CAPTION_INCH + (tallest - tall) / 2
        box = (left / _WIDTH_INCH, bottom / height, wide / _WIDTH_INCH, tall / height)
        axes = figure.add_axes(box)
        _draw(axes, volume, view, center=center, bounds=(low, high), window=(level, width))
        left += wide + _MARGIN_INCH
    caption = f"{window_text(volume, (level, width))}; {volume.grid!r}"
    figure.text(0.5, 0.12 / height, caption, ha="center", fontsize=9)
    if title:
        figure.suptitle(title, fontsize=11, y=1 - 0.02)
    return figure


def _draw(
    axes: Any,
    volume: Volume,
    view: View,
    *,
    center: NDArray[np.float64],
    bounds: tuple[NDArray[np.float64], NDArray[np.float64]],
    window: tuple[float, float],
) -> None:
    across, down = span_mm(view, bounds[1] - bounds[0])
    plane, is_inside = image_on(volume, view, center, bounds)
    draw_image(axes, plane, is_inside, window=window, span=(across, down))
    axes.set_title(f"{view.name}, {view.cut} = {center['xyz'.index(view.cut)]:.1f} mm", fontsize=9)
    axes.set_xticks([])
    axes.set_yticks([])
    draw_letters(axes, view.letters)
    draw_scale_bar(axes, across, down)
