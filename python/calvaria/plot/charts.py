"""Offsets in numbers: how often each occurs, and how they run through the slices."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from calvaria._offsets import Offsets, PointOffsets, limit_of, tolerance_of, values_of
from calvaria._optional import neighbour
from calvaria.plot._colours import rgb_of
from calvaria.plot._frames import view_of
from calvaria.plot._profile import profile_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from calvaria.mesh import Mesh

__all__ = ["plot_offset_histogram", "plot_slice_profile"]

_N_BINS = 61
_LINE = "0.15"
_BAND = "0.80"


def plot_offset_histogram(
    offsets: Offsets,
    *,
    tolerance_mm: float | None = None,
    limit_mm: float | None = None,
    title: str = "",
) -> Any:
    """Draw how much of a surface is how far off.

    Parameters
    ----------
    offsets : (n,) array_like, or a result with offsets
        As in :func:`plot_contours`; where a result has ``weights_mm2`` each point counts by its area.
    tolerance_mm : float, optional
        Drawn as two broken lines; left out, what ``offsets`` carries.
    limit_mm : float, optional
        The ends of the axis; what lies beyond is counted into the outermost bars.
    title : str
        Written above.

    Returns
    -------
    matplotlib.figure.Figure
        With mean, standard deviation, 95th percentile without sign and the share within the
        tolerance.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        Nothing was measured, or a number is out of range.

    Examples
    --------
    >>> figure = plot_offset_histogram([-0.2, 0.0, 0.1, 0.7], tolerance_mm=0.5)
    >>> print(figure.axes[0].texts[0].get_text())
    mean +0.150 mm
    SD 0.335 mm
    p95 of |offset| 0.700 mm
    75.0 % within 0.5 mm
    not measured 0.0 %
    """
    tolerance = tolerance_of(offsets, tolerance_mm)
    values = values_of(offsets)
    known = np.isfinite(values)
    if not known.any():
        msg = "offsets: at least one that was measured expected, found none"
        raise ValueError(msg)
    areas = np.asarray(getattr(offsets, "weights_mm2", np.ones(len(values))), np.float64)
    shares = areas[known] / areas[known].sum()
    own = values[known]
    limit = max(limit_of(values, limit_mm), 1.2 * tolerance if limit_mm is None else 0.0)
    edges = np.linspace(-limit, limit, _N_BINS + 1)
    counted, _ = np.histogram(np.clip(own, -limit, limit), bins=edges, weights=100 * shares)
    figure = neighbour("matplotlib.figure").Figure(figsize=(8.6, 4.2), dpi=100)
    # The numbers stand beside the axes: no bar and no line crosses them.
    axes = figure.add_axes((0.08, 0.15, 0.66, 0.74))
    middles = (edges[:-1] + edges[1:]) / 2
    axes.bar(
        middles, counted, width=edges[1] - edges[0], color=rgb_of(middles, limit), edgecolor="0.25",
        linewidth=0.5,
    )  # fmt: skip
    for side in (-tolerance, tolerance):
        axes.axvline(side, color="black", linewidth=1.2, linestyle="--")
    axes.axvline(0, color="black", linewidth=0.8)
    axes.set_xlim(-limit, limit)
    axes.set_xlabel("offset of the mesh, mm: inside (-) to outside (+)")
    axes.set_ylabel("share of the measured surface, %")
    axes.spines[["top", "right"]].set_visible(False)
    mean = float(own @ shares)
    spread = float(np.sqrt(((own - mean) ** 2) @ shares))
    within = 100 * float(shares[np.abs(own) <= tolerance].sum())
    lost = 100 * (1 - float(areas[known].sum()) / float(areas.sum()))
    text = (
        f"mean {mean:+.3f} mm\nSD {spread:.3f} mm\n"
        f"p95 of |offset| {_weighted_percentile(np.abs(own), shares, 0.95):.3f} mm\n"
        f"{within:.1f} % within {tolerance:g} mm\nnot measured {abs(lost):.1f} %"
    )
    axes.text(1.03, 1.0, text, transform=axes.transAxes, va="top", fontsize=9, linespacing=1.6)
    beyond = 100 * float(shares[np.abs(own) > limit].sum())
    note = f"; {beyond:.1f} % beyond {limit:g} mm counted into the outermost bars" if beyond else ""
    figure.text(0.08, 0.93, f"{title or 'Offsets'}{note}", fontsize=11)
    return figure


def plot_slice_profile(
    offsets: Offsets,
    *,
    mesh: Mesh | None = None,
    view: Literal["axial", "coronal", "sagittal"] = "axial",
    step_mm: float = 1.0,
    tolerance_mm: float | None = None,
    title: str = "",
) -> Any:
    """Draw how offsets run through the slices of a view.

    Parameters
    ----------
    offsets : (n_vertices,) array_like, or a result with offsets
        As in :func:`plot_contours`.
    mesh : Mesh, optional
        Whose vertices plain offsets belong to.
    view : {"axial", "coronal", "sagittal"}
        Which slices.
    step_mm : float
        Thickness of a slice.
    tolerance_mm : float, optional
        Drawn as two broken lines; left out, what ``offsets`` carries.
    title : str
        Written above.

    Returns
    -------
    matplotlib.figure.Figure
        The mean as a line, 90 % of the points as a band, the farthest of each slice as a dot.

    Raises
    ------
    ImportError
        Matplotlib is not installed.
    ValueError
        Nothing was measured, the places are not known, or a number is out of range.

    Examples
    --------
    >>> from calvaria import Mesh
    >>> mesh = Mesh(vertices=[[0, 0, 0], [4, 0, 1], [0, 4, 2]], faces=[[0, 1, 2]])
    >>> figure = plot_slice_profile([0.1, 0.2, -0.3], mesh=mesh, tolerance_mm=0.5)
    >>> figure.axes[0].get_xlabel()
    'z, mm: inferior (I) to superior (S)'
    """
    tolerance = tolerance_of(offsets, tolerance_mm)
    if not (step_mm > 0 and math.isfinite(step_mm)):
        msg = f"step_mm: a finite number above 0 expected, found {step_mm}"
        raise ValueError(msg)
    cut = view_of(view).cut
    values = values_of(offsets)
    heights = _points(offsets, mesh, len(values))[:, "xyz".index(cut)]
    found = profile_of(heights, values, step_mm=step_mm)
    if not len(found.middles_mm):
        msg = "offsets: at least one that was measured expected, found none"
        raise ValueError(msg)
    figure = neighbour("matplotlib.figure").Figure(figsize=(9.0, 4.2), dpi=100)
    axes = figure.add_axes((0.08, 0.15, 0.89, 0.74))
    axes.fill_between(
        found.middles_mm, found.p05_mm, found.p95_mm, color=_BAND, linewidth=0, label="90 % of the points"
    )  # fmt: skip
    axes.plot(found.middles_mm, found.means_mm, color=_LINE, linewidth=1.8, label="mean")
    axes.plot(
        found.middles_mm, found.largest_mm, ".", color="#D55E00", markersize=4, label="farthest"
    )
    for side in (-tolerance, tolerance):
        axes.axhline(side, color="black", linewidth=1.0, linestyle="--")
    axes.axhline(0, color="black", linewidth=0.7)
    names = {
        "x": "x, mm: right (R) to left (L)",
        "y": "y, mm: anterior (A) to posterior (P)",
        "z": "z, mm: inferior (I) to superior (S)",
    }
    axes.set_xlabel(names[cut])
    axes.set_ylabel("offset, mm: inside (-), outside (+)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9, ncols=3, loc="lower left", bbox_to_anchor=(0.45, 1.0))
    figure.text(0.08, 0.93, title or f"Offsets by {view} slice of {step_mm:g} mm", fontsize=11)
    return figure


def _points(offsets: Offsets, mesh: Mesh | None, n: int) -> NDArray[np.float64]:
    if isinstance(offsets, PointOffsets):
        return np.asarray(offsets.points_lps_mm, np.float64)
    if mesh is None:
        msg = "mesh: the mesh of plain offsets expected, found None"
        raise ValueError(msg)
    if len(mesh.vertices) != n:
        msg = f"offsets: one for each of {len(mesh.vertices)} vertices expected, found {n}"
        raise ValueError(msg)
    return mesh.vertices


def _weighted_percentile(
    values: NDArray[np.float64], shares: NDArray[np.float64], part: float
) -> float:
    order = np.argsort(values, kind="stable")
    sums = np.cumsum(shares[order])
    at = min(int(np.searchsorted(sums, part * sums[-1])), len(sums) - 1)
    return float(values[order[at]])
