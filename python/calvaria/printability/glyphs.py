"""Letters of five by seven dots: raised or sunk they can be read on any printer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["dots_of"]

# Rows from the top; each letter is seven rows of five bits, written as numbers.
_ROWS = {
    "A": (14, 17, 17, 31, 17, 17, 17), "B": (30, 17, 17, 30, 17, 17, 30),
    "C": (14, 17, 16, 16, 16, 17, 14), "D": (30, 17, 17, 17, 17, 17, 30),
    "E": (31, 16, 16, 30, 16, 16, 31), "F": (31, 16, 16, 30, 16, 16, 16),
    "G": (14, 17, 16, 23, 17, 17, 14), "H": (17, 17, 17, 31, 17, 17, 17),
    "I": (14, 4, 4, 4, 4, 4, 14), "J": (7, 2, 2, 2, 2, 18, 12),
    "K": (17, 18, 20, 24, 20, 18, 17), "L": (16, 16, 16, 16, 16, 16, 31),
    "M": (17, 27, 21, 21, 17, 17, 17), "N": (17, 25, 21, 19, 17, 17, 17),
    "O": (14, 17, 17, 17, 17, 17, 14), "P": (30, 17, 17, 30, 16, 16, 16),
    "Q": (14, 17, 17, 17, 21, 18, 13), "R": (30, 17, 17, 30, 20, 18, 17),
    "S": (15, 16, 16, 14, 1, 1, 30), "T": (31, 4, 4, 4, 4, 4, 4),
    "U": (17, 17, 17, 17, 17, 17, 14), "V": (17, 17, 17, 17, 17, 10, 4),
    "W": (17, 17, 17, 21, 21, 27, 17), "X": (17, 17, 10, 4, 10, 17, 17),
    "Y": (17, 17, 10, 4, 4, 4, 4), "Z": (31, 1, 2, 4, 8, 16, 31),
    "0": (14, 17, 19, 21, 25, 17, 14), "1": (4, 12, 4, 4, 4, 4, 14),
    "2": (14, 17, 1, 6, 8, 16, 31), "3": (31, 1, 2, 6, 1, 17, 14),
    "4": (2, 6, 10, 18, 31, 2, 2), "5": (31, 16, 30, 1, 1, 17, 14),
    "6": (6, 8, 16, 30, 17, 17, 14), "7": (31, 1, 2, 4, 8, 8, 8),
    "8": (14, 17, 17, 14, 17, 17, 14), "9": (14, 17, 17, 15, 1, 2, 12),
    "-": (0, 0, 0, 31, 0, 0, 0), "+": (0, 4, 4, 31, 4, 4, 0),
    ".": (0, 0, 0, 0, 0, 12, 12), ",": (0, 0, 0, 0, 12, 4, 8),
    ":": (0, 12, 12, 0, 12, 12, 0), "/": (1, 1, 2, 4, 8, 16, 16),
    "(": (2, 4, 8, 8, 8, 4, 2), ")": (8, 4, 2, 2, 2, 4, 8),
    "%": (24, 25, 2, 4, 8, 19, 3), "_": (0, 0, 0, 0, 0, 0, 31),
    "=": (0, 0, 31, 0, 31, 0, 0), "#": (10, 10, 31, 10, 31, 10, 10),
    " ": (0, 0, 0, 0, 0, 0, 0),
}  # fmt: skip
_COLUMNS, _HEIGHT = 5, 7


def dots_of(text: str) -> NDArray[np.bool_]:
    """Return which dots of a text are set, rows from the top; letters are written in capitals.

    Raises
    ------
    ValueError
        The text is empty or has a letter that is not there.

    Examples
    --------
    >>> dots_of("L").sum(axis=1)
    array([1, 1, 1, 1, 1, 1, 5])
    """
    capitals = text.upper()
    missing = sorted({letter for letter in capitals if letter not in _ROWS})
    if missing or not capitals.strip():
        known = "".join(_ROWS)
        msg = f"text: letters of {known!r} expected, found {''.join(missing) or 'nothing'!r}"
        raise ValueError(msg)
    dots = np.zeros((_HEIGHT, len(capitals) * (_COLUMNS + 1) - 1), dtype=bool)
    for place, letter in enumerate(capitals):
        for row, bits in enumerate(_ROWS[letter]):
            for column in range(_COLUMNS):
                if bits >> (_COLUMNS - 1 - column) & 1:
                    dots[row, place * (_COLUMNS + 1) + column] = True
    return dots
