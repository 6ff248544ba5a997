"""What a year of teaching costs with prints and with specimens, from one's own prices."""

from __future__ import annotations

import math
from dataclasses import dataclass

from calvaria.errors import StudyError
from calvaria.study.record import Record, number, plural

__all__ = ["CostComparison", "PrintCosts", "SpecimenCosts", "compare_costs"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PrintCosts(Record):
    """Prices of printed models; none has a default.

    Attributes
    ----------
    setup : float
        Once: segmentation, design, trial prints.
    material_each, machine_each, labour_each : float
        For each model.
    failed_fraction : float
        Share of prints that are thrown away.
    uses_each : float
        Sessions that one model survives; 1 when it is sawn or drilled.

    Examples
    --------
    >>> prints = PrintCosts(
    ...     setup=1000, material_each=12, machine_each=8, labour_each=10, failed_fraction=0.25,
    ...     uses_each=1,
    ... )
    >>> prints.meaning
    '1000 once, 40 for one use'
    """

    setup: float
    material_each: float
    machine_each: float
    labour_each: float
    failed_fraction: float
    uses_each: float

    def __post_init__(self) -> None:
        _not_negative(
            setup=self.setup,
            material_each=self.material_each,
            machine_each=self.machine_each,
            labour_each=self.labour_each,
        )
        _in_words(self.uses_each)
        if not 0 <= self.failed_fraction < 1:
            msg = f"failed_fraction: from 0 to below 1 expected, found {self.failed_fraction}"
            raise ValueError(msg)

    @property
    def each(self) -> float:
        """One good model: what was printed, over the share that came out well."""
        return (self.material_each + self.machine_each + self.labour_each) / (
            1 - self.failed_fraction
        )

    @property
    def meaning(self) -> str:
        """Once, and for each model."""
        return f"{number(self.setup)} once, {number(self.each)} for {_in_words(self.uses_each)}"


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class SpecimenCosts(Record):
    """Prices of cadaver specimens; none has a default.

    Attributes
    ----------
    each : float
        One specimen: donation programme, transport, preparation.
    storage_per_year : float
        Cooling and room of one specimen.
    disposal_each : float
        Burial or cremation.
    fixed_per_year : float
        Laboratory, permits, staff, whatever the number.
    uses_each : float
        Sessions that one specimen serves.
    available_per_year : float
        How many can be had; infinity where that is no limit.

    Examples
    --------
    >>> specimens = SpecimenCosts(
    ...     each=900, storage_per_year=100, disposal_each=200, fixed_per_year=2000, uses_each=10,
    ...     available_per_year=4,
    ... )
    >>> specimens.meaning
    '2000 a year, 1200 for 10 uses'
    """

    each: float
    storage_per_year: float
    disposal_each: float
    fixed_per_year: float
    uses_each: float
    available_per_year: float

    def __post_init__(self) -> None:
        _not_negative(
            each=self.each,
            storage_per_year=self.storage_per_year,
            disposal_each=self.disposal_each,
            fixed_per_year=self.fixed_per_year,
        )
        _in_words(self.uses_each)
        if not self.available_per_year >= 0:
            msg = f"available_per_year: from 0 expected, found {self.available_per_year}"
            raise ValueError(msg)

    @property
    def meaning(self) -> str:
        """For each specimen, and for the year."""
        every = self.each + self.storage_per_year + self.disposal_each
        return (
            f"{number(self.fixed_per_year)} a year, {number(every)} for {_in_words(self.uses_each)}"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CostComparison(Record):
    """Costs of one year.

    Attributes
    ----------
    uses : int
        Sessions x groups: how often a model or specimen lies on a table.
    n_prints, n_specimens : int
        Needed for them.
    print_total, specimen_total : float
        Cost of the year, the setup of the prints included.
    print_each_use, specimen_each_use : float
        The same for each use.
    break_even_uses : int or None
        From which number of uses on prints cost less, looked for up to a hundred times these;
        None where they do not.
    n_specimens_short : int
        Specimens needed beyond those that can be had.
    currency : str
        Of every sum.
    """

    uses: int
    n_prints: int
    n_specimens: int
    print_total: float
    specimen_total: float
    print_each_use: float
    specimen_each_use: float
    break_even_uses: int | None
    n_specimens_short: int
    currency: str

    @property
    def meaning(self) -> str:
        """Both sums; money is not learning."""
        point = (
            f"prints cost less from {plural(self.break_even_uses, 'use')} on"
            if self.break_even_uses is not None
            else "prints do not come to cost less"
        )
        short = (
            f"; {plural(self.n_specimens_short, 'specimen')} more than can be had would be needed"
            if self.n_specimens_short
            else ""
        )
        return (
            f"{plural(self.uses, 'use')}: {number(self.print_total)} {self.currency} with {plural(self.n_prints, 'print')}, "
            f"{number(self.specimen_total)} {self.currency} with {plural(self.n_specimens, 'specimen')}; {point}"
            f"{short}: from the prices given, and silent on what is learned"
        )


def compare_costs(
    prints: PrintCosts,
    specimens: SpecimenCosts,
    *,
    n_students: int,
    group_size: int,
    n_sessions: int,
    currency: str,
) -> CostComparison:
    """Compare the costs of one year of teaching.

    Parameters
    ----------
    prints, specimens : PrintCosts, SpecimenCosts
        Prices of one's own; calvaria knows none.
    n_students, group_size, n_sessions : int
        How many students, how many around one model, how many sessions each.
    currency : str
        For the sentence.

    Returns
    -------
    CostComparison
        Numbers of models are rounded up, because half a skull cannot be ordered.

    Examples
    --------
    Invented prices:

    >>> result = compare_costs(
    ...     PrintCosts(
    ...         setup=1000, material_each=12, machine_each=8, labour_each=10, failed_fraction=0.25,
    ...         uses_each=1,
    ...     ),
    ...     SpecimenCosts(
    ...         each=900, storage_per_year=100, disposal_each=200, fixed_per_year=2000, uses_each=10,
    ...         available_per_year=4,
    ...     ),
    ...     n_students=60, group_size=6, n_sessions=5, currency="units",
    ... )
    >>> result.uses, result.print_total, result.specimen_total, result.n_specimens_short
    (50, 3000.0, 8000.0, 1)
    """
    for name, value in (
        ("n_students", n_students),
        ("group_size", group_size),
        ("n_sessions", n_sessions),
    ):
        if value != int(value) or value < 1:
            msg = f"{name}: a whole number from 1 expected, found {value}"
            raise StudyError(msg)
    uses = math.ceil(n_students / group_size) * n_sessions
    print_total, specimen_total = _print_total(prints, uses), _specimen_total(specimens, uses)
    n_specimens = math.ceil(uses / specimens.uses_each - 1e-9)
    return CostComparison(
        uses=uses,
        n_prints=math.ceil(uses / prints.uses_each - 1e-9),
        n_specimens=n_specimens,
        print_total=float(print_total),
        specimen_total=float(specimen_total),
        print_each_use=print_total / uses,
        specimen_each_use=specimen_total / uses,
        break_even_uses=_break_even(prints, specimens, 100 * uses),
        n_specimens_short=_short(n_specimens, specimens.available_per_year),
        currency=currency,
    )


def _short(needed: int, available: float) -> int:
    return math.ceil(needed - available) if needed > available else 0


def _print_total(prints: PrintCosts, uses: int) -> float:
    return prints.setup + math.ceil(uses / prints.uses_each - 1e-9) * prints.each


def _specimen_total(specimens: SpecimenCosts, uses: int) -> float:
    count = math.ceil(uses / specimens.uses_each - 1e-9)
    every = specimens.each + specimens.storage_per_year + specimens.disposal_each
    return specimens.fixed_per_year + count * every


def _break_even(prints: PrintCosts, specimens: SpecimenCosts, most: int) -> int | None:
    """Return the first number from which on prints stay below, up to ``most``."""
    cheaper_from = None
    for uses in range(1, most + 1):
        if _print_total(prints, uses) < _specimen_total(specimens, uses):
            cheaper_from = uses if cheaper_from is None else cheaper_from
        else:
            cheaper_from = None
    return cheaper_from


def _not_negative(**values: float) -> None:
    for name, value in values.items():
        if not 0 <= value < math.inf:
            msg = f"{name}: a price from 0 expected, found {value}"
            raise ValueError(msg)


def _uses(value: float) -> None:
    if not 1 <= value < math.inf:
        msg = f"uses_each: at least 1 expected, found {value}"
        raise ValueError(msg)


def _in_words(each: float) -> str:
    return "one use" if each == 1 else f"{number(each)} uses"
