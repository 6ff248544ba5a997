"""Solid bodies out of cells between grid lines: exact lengths, no gap, no T-junction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from calvaria.mesh import Mesh

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = ["Cells", "fill_diagonals"]

_N_HOLE_SIDES = 48


class Cells:
    """Boxes between grid lines, filled or empty; the surface of what is filled is a mesh.

    Parameters
    ----------
    lines : three sequences of float
        Grid lines along x, y and z; doubles and order do not matter.
    """

    def __init__(self, lines: Sequence[Iterable[float]]) -> None:
        self.lines = tuple(_ordered(one) for one in lines)
        self.filled = np.zeros([len(line) - 1 for line in self.lines], dtype=bool)
        self.holes: list[tuple[int, int, float]] = []

    def set_box(self, low: Sequence[float], high: Sequence[float], *, filled: bool = True) -> None:
        """Fill or empty the cells of a box whose sides lie on grid lines."""
        spans = []
        for line, a, b in zip(self.lines, low, high, strict=True):
            start, stop = (int(np.argmin(np.abs(line - value))) for value in (a, b))
            spans.append(slice(start, stop))
        self.filled[tuple(spans)] = filled

    def add_hole(self, centre: tuple[float, float], diameter: float) -> None:
        """Bore a round hole along z through the one column of cells around ``centre``.

        The polygon has the area of the circle; its flats are within 0.2 % of the radius.
        """
        i = int(np.searchsorted(self.lines[0], centre[0])) - 1
        j = int(np.searchsorted(self.lines[1], centre[1])) - 1
        self.holes.append((i, j, diameter))

    def to_mesh(self) -> Mesh:
        """Return the surface, closed and turned outwards."""
        quads = np.vstack([self._faces(axis, step) for axis in range(3) for step in (1, -1)])
        if self.holes:
            quads = quads[~self._are_lids(quads)]
        shape = [len(line) for line in self.lines]
        used, numbers = np.unique(
            np.ravel_multi_index(tuple(quads.T.reshape(3, -1)), shape), return_inverse=True
        )
        places = np.stack(np.unravel_index(used, shape), axis=1)
        vertices = np.stack([line[places[:, n]] for n, line in enumerate(self.lines)], axis=1)
        corners = numbers.reshape(4, -1).T  # the transpose above put corners first
        faces = np.vstack([corners[:, [0, 1, 2]], corners[:, [0, 2, 3]]])
        keys = {tuple(place): n for n, place in enumerate(places.tolist())} if self.holes else {}
        for hole in self.holes:
            vertices, faces = self._bored(hole, vertices, faces, keys)
        return Mesh(vertices=vertices, faces=faces.astype(np.int32))

    def _faces(self, axis: int, step: int) -> NDArray[np.intp]:
        """Return the corners (n, 4, 3) of all sides that look along an axis, as line numbers."""
        padded = np.pad(self.filled, 1)
        beyond = np.roll(padded, -step, axis=axis)[1:-1, 1:-1, 1:-1]
        cells = np.argwhere(self.filled & ~beyond)
        b, c = (axis + 1) % 3, (axis + 2) % 3
        turns = ((0, 0), (1, 0), (1, 1), (0, 1)) if step > 0 else ((0, 0), (0, 1), (1, 1), (1, 0))
        corners = np.repeat(cells[:, None, :], 4, axis=1)
        corners[:, :, axis] += step > 0
        for n, (on_b, on_c) in enumerate(turns):
            corners[:, n, b] += on_b
            corners[:, n, c] += on_c
        return corners

    def _are_lids(self, quads: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Say which sides close a hole at its ends."""
        is_flat = np.ptp(quads[:, :, 2], axis=1) == 0
        low = quads.min(axis=1)
        at = np.zeros(len(quads), dtype=bool)
        for i, j, _ in self.holes:
            at |= (low[:, 0] == i) & (low[:, 1] == j)
        lids: NDArray[np.bool_] = is_flat & at
        return lids

    def _bored(
        self,
        hole: tuple[int, int, float],
        vertices: NDArray[np.float64],
        faces: NDArray[np.intp],
        keys: dict[tuple[int, ...], int],
    ) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
        """Return the mesh with rings around both ends of a hole and its wall."""
        i, j, diameter = hole
        column = np.flatnonzero(self.filled[i, j])
        bottom, top = int(column[0]), int(column[-1]) + 1
        x, y, z = self.lines
        centre = np.array([(x[i] + x[i + 1]) / 2, (y[j] + y[j + 1]) / 2])
        n = _N_HOLE_SIDES
        turn = 2 * np.pi * np.arange(n) / n - 0.75 * np.pi  # from corner 0 on
        # The polygon of the area of the circle.
        radius = diameter / 2 * np.sqrt(2 * np.pi / (n * np.sin(2 * np.pi / n)))
        circle = centre + radius * np.stack([np.cos(turn), np.sin(turn)], axis=1)
        first = len(vertices)
        rings = [np.column_stack([circle, np.full(n, z[level])]) for level in (bottom, top)]
        vertices = np.vstack([vertices, *rings])
        made = []
        around = np.arange(n)
        after = (around + 1) % n
        low, high = first + around, first + n + around
        low_after, high_after = first + after, first + n + after
        # The wall looks at the axis.
        made += [np.stack([low, high, low_after], 1), np.stack([high, high_after, low_after], 1)]
        square = ((0, 0), (1, 0), (1, 1), (0, 1))
        for level, ring, after_ring, is_top in (
            (bottom, low, low_after, False),
            (top, high, high_after, True),
        ):
            corner = [keys[i + a, j + b, level] for a, b in square]
            quarter = n // 4
            # Quarter m of the circle belongs to corner m, centred on it: points -5 to +6 of 48.
            owner = np.array([corner[((m + quarter // 2) // quarter) % 4] for m in range(n)])
            fan = np.stack([owner, after_ring, ring], axis=1)
            turns = [(m * quarter + quarter // 2) % n for m in range(4)]
            spokes = np.array([[corner[m], corner[(m + 1) % 4], ring[turns[m]]] for m in range(4)])
            ringed = np.vstack([fan, spokes])
            made.append(ringed if is_top else ringed[:, ::-1])
        return vertices, np.vstack([faces, *made])


def fill_diagonals(pixels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the pixels with one more wherever two touch at a corner only.

    Examples
    --------
    >>> fill_diagonals(np.array([[True, False], [False, True]])).sum()
    np.int64(3)
    """
    filled = pixels.copy()
    while True:
        a, b, c, d = filled[:-1, :-1], filled[1:, 1:], filled[:-1, 1:], filled[1:, :-1]
        falling, rising = a & b & ~c & ~d, c & d & ~a & ~b
        if not falling.any() and not rising.any():
            return filled
        filled[:-1, 1:] |= falling
        filled[:-1, :-1] |= rising


def _ordered(values: Iterable[float]) -> NDArray[np.float64]:
    ordered = np.unique(np.fromiter(values, dtype=np.float64))
    return ordered[np.insert(np.diff(ordered) > 1e-7, 0, True)]
