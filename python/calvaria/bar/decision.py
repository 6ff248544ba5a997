"""Within, outside, or within and not proven: the decision rule with its guard band."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from calvaria._record import Record
from calvaria.findings import Verdict

__all__ = ["Decision", "decide", "need_number"]

# 51.0 - 50.0 is 1.0, whatever the binary digits of a mean say.
_DUST_MM = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Decision(Record):
    """The answer and its words.

    Attributes
    ----------
    verdict : Verdict
        PASS: less than the limit, and proven.  UNPROVEN: less, but not by the guard band.  FAIL:
        the limit is reached.
    words : str
        The same for a reader.
    deviation_mm, guard_mm, tolerance_mm : float
        What was decided on.
    """

    verdict: Verdict
    words: str
    deviation_mm: float
    guard_mm: float
    tolerance_mm: float

    @property
    def meaning(self) -> str:
        """Verdict, deviation and limit."""
        return (
            f"{self.verdict.name}: {self.deviation_mm:+.3f} mm, guard band {self.guard_mm:.3f} mm, "
            f"limit {self.tolerance_mm:g} mm: {self.words}"
        )


def need_number(name: str, value: Any) -> float:
    """Return a finite number as a float, or say what was found."""
    if isinstance(value, (bool, str, bytes)) or value is None:
        msg = f"{name}: a number expected, found {value!r}"
        raise ValueError(msg)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        msg = f"{name}: a number expected, found {type(value).__name__}"
        raise ValueError(msg) from None
    if not math.isfinite(number):
        msg = f"{name}: a finite number expected, found {value}"
        raise ValueError(msg)
    return number


def decide(deviation_mm: float, *, tolerance_mm: float, guard_mm: float) -> Decision:
    """Hold a deviation against a limit that it must stay below.

    Parameters
    ----------
    deviation_mm : float
        Measured minus nominal.
    tolerance_mm : float
        The limit; a deviation as large as it is outside.
    guard_mm : float
        How far the deviation must stay from the limit to be proven within.

    Returns
    -------
    Decision

    Raises
    ------
    ValueError
        A number that is not finite, a limit not above 0, or a guard band below 0.

    Notes
    -----
    The uncertainty counts against whoever wants to prove that the print is good, as in
    ISO 14253-1: a measured deviation of the limit or more is a FAIL even where a better instrument
    might acquit it, and the words say so.

    Examples
    --------
    >>> decide(-0.95, tolerance_mm=1.0, guard_mm=0.1).words
    'within, not proven'
    >>> decide(1.0, tolerance_mm=1.0, guard_mm=0.1).verdict.name
    'FAIL'
    """
    deviation_mm = need_number("deviation_mm", deviation_mm)
    tolerance_mm = need_number("tolerance_mm", tolerance_mm)
    guard_mm = need_number("guard_mm", guard_mm)
    if tolerance_mm <= 0 or guard_mm < 0:
        name, least = ("tolerance_mm", "above") if tolerance_mm <= 0 else ("guard_mm", "at least")
        value = tolerance_mm if tolerance_mm <= 0 else guard_mm
        msg = f"{name}: {least} 0 expected, found {value}"
        raise ValueError(msg)
    size = abs(deviation_mm)
    if size >= tolerance_mm - _DUST_MM:
        is_proven = size - guard_mm > tolerance_mm
        words = "outside" if is_proven else "outside, within the measuring error of the limit"
        verdict = Verdict.FAIL
    elif size + guard_mm >= tolerance_mm - _DUST_MM:
        words, verdict = "within, not proven", Verdict.UNPROVEN
    else:
        words, verdict = "within, proven", Verdict.PASS
    return Decision(
        verdict=verdict,
        words=words,
        deviation_mm=deviation_mm,
        guard_mm=guard_mm,
        tolerance_mm=tolerance_mm,
    )
