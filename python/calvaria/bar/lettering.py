"""Letters as strokes of a square pen: thick enough to be printed, readable afterwards."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import numpy as np

from calvaria.bar.cells import fill_diagonals

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["HEIGHT_CELLS", "letter_pixels"]

HEIGHT_CELLS = 14
_WIDTH_CELLS = 8
_GAP_CELLS = 2
_PEN_CELLS = 2

# Strokes by letter, each a chain of pen positions: column 0 to 6, row a (foot) to m (head).
_STROKES = {
    "0": "0c2a4a6c6k4m2m0k0c", "1": "1k3m3a 1a5a", "2": "0k2m4m6k6i0b0a6a",
    "3": "0k2m4m6k6i4g2g 4g6e6c4a2a0c", "4": "4a4m0e6e", "5": "6m0m0g4g6e6c4a2a0c",
    "6": "6k4m2m0k0c2a4a6c6e4g2g0e", "7": "0m6m6l2a", "8": "2g0i0k2m4m6k6i4g2g0e0c2a4a6c6e4g",
    "9": "0c2a4a6c6k4m2m0k0i2g4g6i", "A": "0a0i3m6i6a 0f6f", "B": "0a0m4m6k6i4g0g 4g6e6c4a0a",
    "C": "6k4m2m0k0c2a4a6c", "D": "0a0m4m6k6c4a0a", "E": "6a0a0m6m 0g4g", "F": "0a0m6m 0g4g",
    "G": "6k4m2m0k0c2a4a6c6f4f", "H": "0a0m 6a6m 0g6g", "I": "1a5a 3a3m 1m5m", "J": "0c2a4a6c6m",
    "K": "0a0m 6m0g6a", "L": "0m0a6a", "M": "0a0m3h6m6a", "N": "0a0m6a6m",
    "O": "0c2a4a6c6k4m2m0k0c", "P": "0a0m4m6k6i4g0g", "Q": "0c2a4a6c6k4m2m0k0c 4d6a",
    "R": "0a0m4m6k6i4g0g 3g6a", "S": "6k4m2m0k0i2g4g6e6c4a2a0c", "T": "0m6m 3m3a",
    "U": "0m0c2a4a6c6m", "V": "0m0k3a6k6m", "W": "0m0a3f6a6m", "X": "0a6m 0m6a", "Y": "0m3g6m 3g3a",
    "Z": "0m6m0a6a", ".": "3a3a", "-": "1g5g", "+": "0g6g 3d3j", "/": "0a6m", " ": "",
}  # fmt: skip


def letter_pixels(text: str) -> NDArray[np.bool_]:
    """Return the pixels of a line of letters: column, then row from the foot up.

    Parameters
    ----------
    text : str
        Figures, capital letters, and ``. - + /``.

    Returns
    -------
    (n, 14) ndarray of bool
        No two touch at a corner only, so that their walls are manifold.

    Raises
    ------
    ValueError
        A letter that has no strokes.

    Examples
    --------
    >>> letter_pixels("50X").shape
    (28, 14)
    """
    unknown = sorted(set(text) - set(_STROKES))
    if unknown or not text.strip():
        msg = f"label: figures, capital letters and . - + / expected, found {text!r}"
        raise ValueError(msg)
    step = _WIDTH_CELLS + _GAP_CELLS
    pixels = np.zeros((step * len(text) - _GAP_CELLS, HEIGHT_CELLS), dtype=bool)
    for n, letter in enumerate(text):
        for stroke in _STROKES[letter].split():
            points = [
                (int(stroke[at]), ord(stroke[at + 1]) - ord("a")) for at in range(0, len(stroke), 2)
            ]
            for (x0, y0), (x1, y1) in itertools.pairwise(points):
                steps = max(abs(x1 - x0), abs(y1 - y0), 1)
                for part in range(steps + 1):
                    x = n * step + round(x0 + (x1 - x0) * part / steps)
                    y = round(y0 + (y1 - y0) * part / steps)
                    pixels[x : x + _PEN_CELLS, y : y + _PEN_CELLS] = True
    return fill_diagonals(pixels)
