"""The flow of participants through a trial, as CONSORT wants it: numbers that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from calvaria.errors import StudyError
from calvaria.study.record import Record

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ArmFlow", "ParticipantFlow"]


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ArmFlow(Record):
    """One arm: allocated, received, lost, left out, analysed.

    Reasons are mappings of reason to number; nobody is lost without one.

    Attributes
    ----------
    name : str
        Of the arm.
    allocated, received : int
        Participants allocated to it, and those who received what it stands for.
    not_received, lost, not_analysed : mapping of str to int
        Reason and number of those who did not receive it, were lost, or were left out of the analysis.

    Examples
    --------
    >>> arm = ArmFlow(name="print", allocated=32, received=31, not_received={"ill": 1}, lost={"moved": 2})
    >>> arm.analysed
    30
    """

    name: str
    allocated: int
    received: int
    not_received: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    not_analysed: Mapping[str, int] = field(default_factory=dict)

    @property
    def analysed(self) -> int:
        """Allocated less lost less left out of the analysis (intention to treat)."""
        return self.allocated - sum(self.lost.values()) - sum(self.not_analysed.values())

    @property
    def meaning(self) -> str:
        """The numbers in order."""
        return (
            f"{self.name}: {self.allocated} allocated, {self.received} received it, "
            f"{sum(self.lost.values())} lost, {self.analysed} analysed"
        )


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ParticipantFlow(Record):
    """Numbers from those asked to those analysed.

    Attributes
    ----------
    assessed : int
        All who were asked.
    excluded : mapping of str to int
        Reason and number of those who were not randomised.
    arms : tuple of ArmFlow
        The arms.

    Raises
    ------
    StudyError
        The numbers do not add up; the message says which sum.

    Examples
    --------
    >>> flow = ParticipantFlow(
    ...     assessed=70,
    ...     excluded={"declined": 6},
    ...     arms=(
    ...         ArmFlow(name="print", allocated=32, received=32, lost={"did not come": 1}),
    ...         ArmFlow(name="bone", allocated=32, received=31, not_received={"ill": 1}),
    ...     ),
    ... )
    >>> flow.randomised, [arm.analysed for arm in flow.arms]
    (64, [31, 32])
    """

    assessed: int
    excluded: Mapping[str, int]
    arms: tuple[ArmFlow, ...]

    def __post_init__(self) -> None:
        if len(self.arms) < 2:
            msg = f"arms: two or more expected, found {len(self.arms)}"
            raise StudyError(msg)
        left = self.assessed - sum(self.excluded.values())
        if left != self.randomised:
            msg = (
                f"flow: {self.assessed} assessed less {sum(self.excluded.values())} excluded is {left}, "
                f"the arms add up to {self.randomised}"
            )
            raise StudyError(msg)
        for arm in self.arms:
            _adds_up(arm)

    @property
    def randomised(self) -> int:
        """Sum of the arms."""
        return sum(arm.allocated for arm in self.arms)

    @property
    def meaning(self) -> str:
        """The numbers in order."""
        arms = "; ".join(arm.meaning for arm in self.arms)
        return f"{self.assessed} assessed, {self.randomised} randomised; {arms}"


def _adds_up(arm: ArmFlow) -> None:
    parts = [arm.allocated, arm.received]
    parts += [
        n for reasons in (arm.not_received, arm.lost, arm.not_analysed) for n in reasons.values()
    ]
    if any(n < 0 or n != int(n) for n in parts):
        msg = f"{arm.name}: whole numbers from 0 expected, found {parts}"
        raise StudyError(msg)
    without = sum(arm.not_received.values())
    if arm.received + without != arm.allocated:
        msg = f"{arm.name}: {arm.allocated} allocated, but {arm.received} received and {without} did not"
        raise StudyError(msg)
    if arm.analysed < 0:
        msg = f"{arm.name}: more lost and left out than the {arm.allocated} allocated"
        raise StudyError(msg)
