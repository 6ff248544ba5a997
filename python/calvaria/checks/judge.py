"""Holds a measurement against its limit and words the finding."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from calvaria.findings import Finding, Verdict

if TYPE_CHECKING:
    from calvaria.rules import Limit, Rules

__all__ = ["Judge"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """The rules, and what they are asked for."""

    rules: Rules
    profile: str
    anatomy: str

    def limit(self, name: str) -> Limit:
        """Return the row that counts here."""
        return self.rules.limit(name, profile=self.profile, anatomy=self.anatomy)

    def say(
        self,
        code: str,
        verdict: Verdict,
        message: str,
        *,
        measured: float | str | None = None,
        unit: str | None = None,
        limit: Limit | None = None,
        places: tuple[str, ...] = (),
        **details: Any,
    ) -> Finding:
        """Make a finding; the row of the same name gives limit, unit and source unless given."""
        row = self.limit(code) if limit is None else limit
        return Finding(
            code=code,
            verdict=verdict,
            message=message,
            measured=float(measured) if isinstance(measured, int | float) else measured,
            limit=row.text() or None,
            unit=row.unit if unit is None else unit,
            source=row.source,
            places=places,
            details=details,
        )

    def hold(
        self, code: str, measured: float, *, good: str, bad: str, error: float = 0.0, **details: Any
    ) -> Finding:
        """Make a finding of a measurement held against its row, in one of two sentences."""
        verdict = self.limit(code).grade(measured, error=error)
        message = good if verdict is Verdict.PASS else bad
        return self.say(code, verdict, message, measured=measured, **details)

    def unproven(self, code: str, message: str, **details: Any) -> Finding:
        """Make a finding for what the data cannot answer."""
        return self.say(code, Verdict.UNPROVEN, message, **details)
