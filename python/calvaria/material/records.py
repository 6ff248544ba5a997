"""What a row of the catalogue holds: uses, materials, processes, printers."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from calvaria._html import html_table

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calvaria.rules import Limit

__all__ = ["Comparison", "Material", "Printer", "Process", "Row", "Use"]


class Row:
    """A row of a table that prints and exports itself."""

    __slots__ = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain types, ready for JSON."""
        values = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}  # type: ignore[arg-type]
        return {k: list(v) if isinstance(v, tuple) else v for k, v in values.items()}

    def _repr_html_(self) -> str:
        return html_table(header=("", ""), rows=self.to_dict().items())


@dataclass(frozen=True, slots=True, kw_only=True)
class Use(Row):
    """What a printed part is for.

    Parameters
    ----------
    code, name : str
        How the tables and how people call it.
    body : bool
        Whether it touches or enters a patient.
    """

    code: str
    name: str
    body: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Material(Row):
    """One material.

    Parameters
    ----------
    code, name, kind : str
        How the tables and how people call it, and what it is.
    processes : tuple of str
        Codes of the processes that print it.
    route : str
        ``"in-house"``, ``"partner"`` (certified manufacturer only) or ``"research"``.
    uses : tuple of str
        Codes of what it is for.
    also_in_house : tuple of str
        Uses for which it may be printed in-house although its route is another.
    density_g_cm3 : float
        Typical density; ``density_range`` and ``density_source`` say how sure that is.
    sterilise : str
        ``"yes"``, ``"no"`` or ``"supplier"``: as the supplier has validated.
    storage, after_printing, comment : str
        What to know.
    needs : tuple of str
        What has to be on record before the part may be used.
    source : str
        Who says so.
    density_range : (float, float)
        Lowest and highest density that is sold under this name, g/cm3.
    density_source : str
        Who says so.
    sterilise_note, sterilise_source : str
        How, and who says so.
    standards : tuple of str
        What the material is asked in where it enters a body; empty where the catalogue knows none.
    standards_source : str
        Who says so.
    """

    code: str
    name: str
    kind: str
    processes: tuple[str, ...]
    route: str
    uses: tuple[str, ...]
    density_g_cm3: float
    density_range: tuple[float, float]
    density_source: str
    sterilise: str
    sterilise_note: str
    sterilise_source: str
    storage: str
    after_printing: str
    comment: str
    source: str
    also_in_house: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    standards: tuple[str, ...] = ()
    standards_source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One way of printing and what it can make.

    Parameters
    ----------
    code, name : str
        How the tables and how people call it.
    traps : str
        What stays in closed voids: ``"nothing"``, ``"resin"`` or ``"powder"``.
    needs_support : bool
        Whether overhangs need support.
    limits : mapping of str to Limit
        ``min_wall``, ``min_member``, ``min_gap``, ``min_hole``, ``emboss`` and ``layer``; ``min_escape``
        and ``overhang`` where they apply.
    """

    code: str
    name: str
    traps: str
    needs_support: bool
    limits: Mapping[str, Limit] = field(repr=False)

    def to_dict(self) -> dict[str, Any]:
        """Return the process as plain types, ready for JSON."""
        return {
            "code": self.code,
            "name": self.name,
            "traps": self.traps,
            "needs_support": self.needs_support,
            "limits": {
                name: {**limit.values, "source": limit.source}
                for name, limit in self.limits.items()
            },
        }

    def _repr_html_(self) -> str:
        rows = [(n, limit.text(), limit.source) for n, limit in self.limits.items()]
        return html_table(header=("limit", "", "source"), rows=rows, caption=self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Printer(Row):
    """One printer.

    Parameters
    ----------
    code, name : str
        How the profile and how people call it.
    process : str
        Code of its process.
    is_desktop : bool
        Whether it stands in a workshop; no implant comes from it.
    materials : tuple of str
        Codes of what it prints.
    build_mm : tuple of float
        Width, depth and height of what fits.
    layer_mm : float
        Usual layer height.
    rate_mm3_per_s, s_per_layer : float
        What the rough time is made of.
    infill_fraction, shell_mm : float
        How full the inside is, and how thick the full shell around it.
    calibration_days : float
        How long a calibration is good for.
    source : str
        Who says so.
    record : str
        File with the readings of its reference bars, for :func:`calvaria.bar.check_printer`; in a profile
        beside it.  Empty where there is none.

    Examples
    --------
    >>> own = Printer(
    ...     code="ours", name="the one by the window", process="fdm", is_desktop=True,
    ...     materials=("pla",), build_mm=(220.0, 220.0, 250.0), layer_mm=0.2, rate_mm3_per_s=5.0,
    ...     s_per_layer=4.0, infill_fraction=0.2, shell_mm=1.2, calibration_days=30.0,
    ...     source="own measurements",
    ... )
    >>> own.process, own.build_mm
    ('fdm', (220.0, 220.0, 250.0))
    """

    code: str
    name: str
    process: str
    is_desktop: bool
    materials: tuple[str, ...]
    build_mm: tuple[float, float, float]
    layer_mm: float
    rate_mm3_per_s: float
    s_per_layer: float
    infill_fraction: float
    shell_mm: float
    calibration_days: float
    source: str
    record: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison(Row):
    """One row of the quick comparison: what for, of what, what to know.

    Attributes
    ----------
    uses : tuple of str
        What for, in words.
    materials : tuple of str
        Of what, in words.
    comment : str
        What to know.
    source : str
        Who says so.
    """

    uses: tuple[str, ...]
    materials: tuple[str, ...]
    comment: str
    source: str
