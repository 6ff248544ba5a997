"""The uncertainty of a measured length, part by part, as the GUM asks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from calvaria._html import html_table
from calvaria._record import Record
from calvaria.bar.student import t_quantile

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["UncertaintyBudget", "UncertaintyTerm", "combine_terms"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UncertaintyTerm(Record):
    """One contribution.

    Attributes
    ----------
    name, source : str
        What contributes, and where its number comes from.
    half_width_mm : float
        The number as stated: an SD, or half the width of what is possible.
    divisor : float
        What makes a standard uncertainty of it: root 3 for a rectangle, root n for a mean of n.
    df : float
        Degrees of freedom; infinity for what is stated.
    """

    name: str
    half_width_mm: float
    divisor: float
    df: float
    source: str

    @property
    def standard_mm(self) -> float:
        """Standard uncertainty."""
        return self.half_width_mm / self.divisor

    @property
    def meaning(self) -> str:
        """Name and standard uncertainty."""
        return f"{self.name}: {self.standard_mm:.4f} mm"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class UncertaintyBudget(Record):
    """All contributions and what they come to.

    Attributes
    ----------
    terms : tuple of UncertaintyTerm
        Taken as independent.
    standard_mm : float
        Root of the sum of squares.
    df : float
        Effective degrees of freedom.
    factor : float
        Student's t for the confidence, two-sided.
    expanded_mm : float
        ``factor`` times ``standard_mm``.
    guard_mm : float
        What is kept from the limit: the one-sided factor, or the one asked for, times
        ``standard_mm``.
    confidence : float
        Of the expanded uncertainty.
    """

    terms: tuple[UncertaintyTerm, ...]
    standard_mm: float
    df: float
    factor: float
    expanded_mm: float
    guard_mm: float
    confidence: float

    @property
    def meaning(self) -> str:
        """The expanded uncertainty with its factor."""
        return (
            f"+- {self.expanded_mm:.3f} mm ({100 * self.confidence:g} %, k = {self.factor:.2f}, "
            f"{self.df:.3g} degrees of freedom)"
        )

    def to_rows(self) -> list[tuple[str, str, str, str, str]]:
        """Return the table: name, stated, divisor, standard uncertainty, source."""
        return [
            (
                term.name,
                f"{term.half_width_mm:.4f}",
                f"{term.divisor:.3g}",
                f"{term.standard_mm:.4f}",
                f"{term.source}" + ("" if math.isinf(term.df) else f"; df {term.df:.3g}"),
            )
            for term in self.terms
        ]

    def to_text(self) -> str:
        """Return the table for a terminal."""
        head = ("contribution", "stated mm", "divisor", "u mm", "source")
        rows = [head, *self.to_rows()]
        widths = [max(len(row[column]) for row in rows) for column in range(4)]
        lines = [
            "  ".join([*(row[n].ljust(widths[n]) for n in range(4)), row[4]]).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, f"together: u = {self.standard_mm:.4f} mm, {self.meaning}"])

    def _repr_html_(self) -> str:
        return html_table(
            caption="Uncertainty budget",
            header=("contribution", "stated, mm", "divisor", "u, mm", "source"),
            rows=self.to_rows(),
            footer=self.meaning,
        )


def combine_terms(
    terms: Sequence[UncertaintyTerm], *, confidence: float, guard_factor: float | None = None
) -> UncertaintyBudget:
    """Add independent contributions.

    Parameters
    ----------
    terms : sequence of UncertaintyTerm
        At least one above 0.
    confidence : float
        Of the expanded uncertainty, two-sided, and of the guard band, one-sided.
    guard_factor : float, optional
        Guard band in standard uncertainties; left out, Student's one-sided factor.

    Returns
    -------
    UncertaintyBudget

    References
    ----------
    JCGM 100:2008, Guide to the expression of uncertainty in measurement, 5.1.2, G.3, G.4
    (Welch and Satterthwaite), doi:10.59161/JCGM100-2008E.

    Examples
    --------
    >>> terms = [
    ...     UncertaintyTerm(name="mean of 5", half_width_mm=0.03, divisor=5**0.5, df=4, source=""),
    ...     UncertaintyTerm(name="calliper", half_width_mm=0.03, divisor=3**0.5, df=float("inf"), source=""),
    ... ]
    >>> budget = combine_terms(terms, confidence=0.95)
    >>> round(budget.standard_mm, 4), round(budget.df, 1)
    (0.0219, 28.4)
    """
    squares = [term.standard_mm**2 for term in terms]
    variance = sum(squares)
    weighted = sum(
        square**2 / term.df for square, term in zip(squares, terms, strict=True) if square > 0
    )
    df = variance**2 / weighted if weighted > 0 else math.inf
    standard = math.sqrt(variance)
    factor = t_quantile((1 + confidence) / 2, df)
    one_sided = t_quantile(confidence, df) if guard_factor is None else guard_factor
    return UncertaintyBudget(
        terms=tuple(terms),
        standard_mm=standard,
        df=df,
        factor=factor,
        expanded_mm=factor * standard,
        guard_mm=one_sided * standard,
        confidence=confidence,
    )
