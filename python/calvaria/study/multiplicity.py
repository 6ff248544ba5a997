"""Several questions of one class: p values that know of each other."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from calvaria.study.record import Record, plural
from calvaria.study.sample import as_level

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = ["AdjustedPValues", "adjust_p_values"]

_HELD = {
    "Holm": "chance of even one false claim",
    "Hochberg": "chance of even one false claim",
    "Bonferroni": "chance of even one false claim",
    "Benjamini-Hochberg": "expected share of false claims among those made",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AdjustedPValues(Record):
    """p values adjusted for their number; compare them with alpha as they stand.

    Attributes
    ----------
    method : str
        How they were adjusted.
    p, adjusted : dict of str to float
        By question, as given and adjusted.
    alpha : float
        What they are compared with.
    shown : tuple of str
        Questions whose adjusted p is below alpha.
    """

    method: str
    p: dict[str, float]
    adjusted: dict[str, float]
    alpha: float
    shown: tuple[str, ...]

    @property
    def meaning(self) -> str:
        """What still stands, and which error is held."""
        named = ", ".join(self.shown) if self.shown else "nothing"
        held = _HELD[self.method]
        return (
            f"{plural(len(self.p), 'question')}, {self.method}: shown are {named}; the {held} is held at "
            f"{self.alpha:g}; what is not shown is not thereby the same"
        )


def adjust_p_values(
    p: Mapping[str, float],
    *,
    method: Literal["Holm", "Hochberg", "Bonferroni", "Benjamini-Hochberg"],
    alpha: float = 0.05,
) -> AdjustedPValues:
    """Adjust the p values of several questions.

    Parameters
    ----------
    p : mapping of str to float
        Question and p value.
    method : {"Holm", "Hochberg", "Bonferroni", "Benjamini-Hochberg"}
        Holm [1]_ holds the chance of one false claim for any dependence; Benjamini and Hochberg
        [2]_ the share of false claims.
    alpha : float
        Which questions are named as shown.

    Returns
    -------
    AdjustedPValues

    References
    ----------
    .. [1] Holm S. Scand J Stat 1979;6:65-70. https://www.jstor.org/stable/4615733
    .. [2] Benjamini Y, Hochberg Y. J R Stat Soc B 1995;57:289-300.
       doi 10.1111/j.2517-6161.1995.tb02031.x

    Examples
    --------
    >>> adjust_p_values({"theory": 0.01, "lab": 0.04, "time": 0.03}, method="Holm").adjusted
    {'theory': 0.03, 'lab': 0.06, 'time': 0.06}
    """
    if method not in _HELD:
        msg = f"method: one of {sorted(_HELD)} expected, found {method!r}"
        raise ValueError(msg)
    wrong = {name: value for name, value in p.items() if not 0 <= value <= 1}
    if wrong or not p:
        msg = f"p: values from 0 to 1 expected, found {wrong or 'none'}"
        raise ValueError(msg)
    adjusted = _adjusted(np.array(list(p.values()), np.float64), method)
    found = {name: float(value) for name, value in zip(p, adjusted, strict=True)}
    return AdjustedPValues(
        method=method,
        p={name: float(value) for name, value in p.items()},
        adjusted=found,
        alpha=as_level(alpha),
        shown=tuple(name for name, value in found.items() if value < alpha),
    )


def _adjusted(p: NDArray[np.float64], method: str) -> NDArray[np.float64]:
    """Return the adjusted values in the order given."""
    count = len(p)
    if method == "Bonferroni":
        return np.minimum(1.0, count * p)
    order = np.argsort(p, kind="stable")
    rank = np.arange(1, count + 1)
    if method == "Holm":
        stepped = np.maximum.accumulate((count - rank + 1) * p[order])
    else:
        factor = count / rank if method == "Benjamini-Hochberg" else count - rank + 1
        stepped = np.minimum.accumulate((factor * p[order])[::-1])[::-1]
    found = np.empty(count)
    found[order] = np.minimum(1.0, stepped)
    return found
