"""What a check found: plain records that any later result may carry.

Measuring and judging are separate.  A kernel returns a number; a check holds it against a limit
from :mod:`calvaria.rules` and says so in a :class:`Finding`.
"""

from __future__ import annotations

import enum
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["DISCLAIMER", "CheckReport", "Finding", "Override", "Verdict"]


def __dir__() -> list[str]:
    return sorted(__all__)


DISCLAIMER = "calvaria is research and education software, not a medical device."

_DUST = 1e-9


class Verdict(enum.Enum):
    """The answer of a check; four words, because "within, but not proven" needs one."""

    PASS = "PASS"  # noqa: S105 - a verdict, not a password
    BORDERLINE = "BORDERLINE"
    FAIL = "FAIL"
    UNPROVEN = "UNPROVEN"

    @property
    def rank(self) -> int:
        """Severity: PASS 0, BORDERLINE 1, UNPROVEN 2, FAIL 3."""
        return _RANKS[self]

    @classmethod
    def worst(cls, verdicts: Iterable[Verdict]) -> Verdict:
        """Return the most severe verdict; PASS when there is none.

        Examples
        --------
        >>> Verdict.worst([Verdict.PASS, Verdict.BORDERLINE]).name
        'BORDERLINE'
        """
        return max(verdicts, key=lambda verdict: verdict.rank, default=cls.PASS)


# Numbers in the words of a limit.
_NUMBERS = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_RANKS = {Verdict.PASS: 0, Verdict.BORDERLINE: 1, Verdict.UNPROVEN: 2, Verdict.FAIL: 3}


def _told_apart(value: float, limit: str) -> str:
    """Return a number in four digits, or in as many as tell it from the numbers of its limit."""
    marks = {float(mark) for mark in _NUMBERS.findall(limit)} - {value}
    for n_digits in range(4, 18):
        text = f"{value:.{n_digits}g}"
        if float(text) not in marks:
            break
    return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One judged fact.

    Parameters
    ----------
    code : str
        Stable name, listed in ``docs/checks.md``, for example ``"slice_increment"``.
    verdict : Verdict
        The answer.
    message : str
        One sentence that a surgeon understands.
    measured : float or str or None
        What was found, with its unit in ``unit``.
    limit : str or None
        What it was held against, in words.
    unit : str
        Unit of ``measured``; empty for a pure number or a word.
    source : str
        Where the limit comes from; ``"house rule"`` when it is our own.
    places : tuple of str
        Where: file names, slice numbers, sides.
    details : dict
        Further numbers for machines, keys with unit suffix.

    Examples
    --------
    >>> Finding(
    ...     code="slice_increment", verdict=Verdict.FAIL, message="Slices lie too far apart.",
    ...     measured=3.0, unit="mm", limit="at most 1 mm",
    ... )
    Finding(FAIL slice_increment: Slices lie too far apart.)
    """

    code: str
    verdict: Verdict
    message: str
    measured: float | str | None = None
    limit: str | None = None
    unit: str = ""
    source: str = "house rule"
    places: tuple[str, ...] = ()
    details: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"Finding({self.verdict.name} {self.code}: {self.message})"

    @property
    def measured_text(self) -> str:
        """The measured value with its unit, ready to print."""
        if self.measured is None:
            return ""
        if isinstance(self.measured, float):
            # What is left over of a difference of two places is no measurement.
            value = 0.0 if abs(self.measured) < _DUST else self.measured
            text = _told_apart(value, self.limit or "") if math.isfinite(value) else str(value)
        else:
            text = str(self.measured)
        is_one_of_many = text == "1" and len(self.unit) > 3
        return f"{text} {self.unit.removesuffix('s') if is_one_of_many else self.unit}".strip()

    def to_dict(self) -> dict[str, Any]:
        """Return the finding as plain types, ready for JSON."""
        return {
            "code": self.code,
            "verdict": self.verdict.name,
            "message": self.message,
            "measured": self.measured,
            "unit": self.unit,
            "limit": self.limit,
            "source": self.source,
            "places": list(self.places),
            "details": dict(self.details),
        }

    def _repr_html_(self) -> str:
        return html_table(caption="Finding", header=("", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """A person's recorded decision to go on in spite of a failed check.

    Attributes
    ----------
    code : str
        Code of the finding that is set aside.
    name : str
        Who decides.
    reason : str
        Why.

    Examples
    --------
    >>> decision = Override(code="slice_gaps", name="Head of laboratory", reason="For teaching only.")
    >>> decision.to_dict()
    {'code': 'slice_gaps', 'name': 'Head of laboratory', 'reason': 'For teaching only.'}
    """

    code: str
    name: str
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the override as plain types, ready for JSON."""
        return {"code": self.code, "name": self.name, "reason": self.reason}

    def _repr_html_(self) -> str:
        return html_table(caption="Override", header=("", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """All findings of one check, worst first, with what was asked.

    Parameters
    ----------
    subject : str
        What was checked, without any patient-identifying value.
    findings : tuple of Finding
        Every finding, in a fixed order.
    profile, anatomy : str or None
        What the limits were taken for.

    Examples
    --------
    >>> gap = Finding(code="slice_gaps", verdict=Verdict.FAIL, message="A slice is missing.")
    >>> tilt = Finding(code="tilt", verdict=Verdict.PASS, message="The gantry was upright.")
    >>> report = CheckReport(subject="own measurements", findings=(tilt, gap))
    >>> report.verdict.name, report["slice_gaps"].message
    ('FAIL', 'A slice is missing.')
    """

    subject: str
    findings: tuple[Finding, ...]
    profile: str | None = None
    anatomy: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The most severe verdict of all findings."""
        return Verdict.worst(finding.verdict for finding in self.findings)

    def above_pass(self) -> tuple[Finding, ...]:
        """Return the findings that are not PASS, worst first."""
        bad = [finding for finding in self.findings if finding.verdict is not Verdict.PASS]
        return tuple(sorted(bad, key=lambda finding: -finding.verdict.rank))

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __len__(self) -> int:
        return len(self.findings)

    def __getitem__(self, code: str) -> Finding:
        """Return the worst finding with this code; KeyError when there is none."""
        hits = [finding for finding in self.findings if finding.code == code]
        if not hits:
            raise KeyError(code)
        return max(hits, key=lambda finding: finding.verdict.rank)

    def __repr__(self) -> str:
        bad = self.above_pass()
        names = ", ".join(f"{finding.verdict.name} {finding.code}" for finding in bad)
        return f"CheckReport({self.verdict.name}: {self.subject}; {names or 'nothing found'})"

    def _repr_html_(self) -> str:
        rows = [
            (f.verdict.name, f.code, f.measured_text, f.limit or "", f.message, f.source)
            for f in sorted(self.findings, key=lambda finding: -finding.verdict.rank)
        ]
        return html_table(
            caption=f"{self.verdict.name}: {self.subject}",
            header=("verdict", "check", "measured", "limit", "meaning", "source of the limit"),
            rows=rows,
            footer=DISCLAIMER,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain types, ready for JSON."""
        return {
            "subject": self.subject,
            "profile": self.profile,
            "anatomy": self.anatomy,
            "verdict": self.verdict.name,
            "findings": [finding.to_dict() for finding in self.findings],
            "disclaimer": DISCLAIMER,
        }
