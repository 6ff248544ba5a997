"""Readings of reference bars held against a tolerance."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, SupportsFloat

from calvaria.bar.axis_fit import AxisFit, fit_axis
from calvaria.bar.compensation import make_compensation
from calvaria.bar.copies import count_alike, say_copies, without_copies
from calvaria.bar.decision import need_number
from calvaria.bar.deviation import BarDeviation
from calvaria.bar.lines import Assumptions, BarLine, Pooled, grouped, make_line, pool
from calvaria.bar.projection import Cause, Projection, project_fit, project_lines
from calvaria.bar.reading import AXES, BarReading
from calvaria.bar.rules import BarRules, BarTolerance, load_bar_rules
from calvaria.bar.squareness import measure_squareness
from calvaria.errors import BarError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["check_bars"]

_REFERENCE_MM = 50.0
# No instrument, uncertainty or guard band is larger; and their squares stay finite.
_MOST = 1e4
_OTHER_UNITS = {"cm": 10.0, "m": 1000.0, "inches": 25.4, "um": 0.001}
_NEARLY = 0.1


def check_bars(
    readings: BarReading | float | Iterable[BarReading | float],
    *,
    nominal_mm: float | None = None,
    profile: str | None = None,
    tolerance_mm: float | None = None,
    part_size_mm: float | Sequence[float] | None = None,
    assume: Cause | None = None,
    expanded_uncertainty_mm: float | None = None,
    calliper_mpe_mm: float | None = None,
    scanner_mpe_mm: float | None = None,
    resolution_mm: float | None = None,
    repeatability_mm: float | None = None,
    expansion_per_k: float | None = None,
    temperature_half_width_k: float | None = None,
    guard_factor: float | None = None,
    confidence: float | None = None,
    rules: BarRules | None = None,
) -> BarDeviation:
    """Judge printed bars: less than the tolerance, proven or not, and what that means for the part.

    Parameters
    ----------
    readings : BarReading, float, or iterable of either
        From :func:`load_readings`, :func:`measure_bar`, :func:`measure_bars`, or made by hand.
        Readings of one bar, axis and length are repeats; a copy of one is counted once.  Bare numbers are lengths in mm that a
        calliper read, repeats of one bar of ``nominal_mm``.
    nominal_mm : float, optional
        Nominal length of bare numbers.
    profile : str, optional
        Use, for the tolerance of the rules: education, planning, guide or implant.
    tolerance_mm : float, optional
        The tolerance itself; one of the two must be given.
    part_size_mm : float or (float, float, float), optional
        Size of the part, in all directions or along x, y and z, to which the error is projected.
    assume : {"scale", "offset"}, optional
        What the error of bars of a single length is taken for; left out, both cases are shown and
        the verdict holds only if it is the same for both.
    expanded_uncertainty_mm : float, optional
        Uncertainty of each bar as stated elsewhere, k = 2; nothing else is added.
    calliper_mpe_mm, scanner_mpe_mm, resolution_mm, repeatability_mm : float, optional
        Largest permissible error and resolution of the instruments, SD of a reading.  Left out,
        the rules' assumptions; the SD is that of the repeats wherever there are any.
    expansion_per_k : float, optional
        Thermal expansion of the material, 1/K.  Where it and the temperatures of the readings are
        given, lengths are corrected to 20 degrees.
    temperature_half_width_k : float, optional
        How far the temperature may be off.
    guard_factor : float, optional
        Guard band in standard uncertainties, for example 2; left out, Student's one-sided factor
        (1.65 for many degrees of freedom).
    confidence : float, optional
        Of intervals and guard band; 0.95 in the rules.
    rules : BarRules, optional
        Limits of one's own.

    Returns
    -------
    BarDeviation

    Raises
    ------
    BarError
        There is no reading, something that is none, or a length in another unit.
    ValueError
        Neither or both of ``profile`` and ``tolerance_mm``; a number out of range.

    See Also
    --------
    make_bar_set : bars of several lengths and axes, which tell scale from offset.

    Notes
    -----
    A deviation of the tolerance or more is a FAIL.  A smaller one is a PASS if the guard band fits
    in between, else UNPROVEN.  Repeatability is pooled over all bars read with one kind of
    instrument.

    References
    ----------
    JCGM 100:2008, doi:10.59161/JCGM100-2008E; JCGM 106:2012, The role of measurement uncertainty in
    conformity assessment, doi:10.59161/JCGM106-2012.

    Examples
    --------
    >>> found = check_bars(BarReading(nominal_mm=50, reading_mm=49.2), profile="planning")
    >>> found.verdict.name, round(found.deviation_mm, 3)
    ('PASS', -0.8)
    >>> check_bars([49.2, 49.3], nominal_mm=50.0, tolerance_mm=1.0).verdict.name
    'PASS'
    """
    rows, copies = without_copies(_readings(readings, nominal_mm))
    limits = rules or load_bar_rules()
    asked = _tolerance(limits, profile, tolerance_mm)
    tolerance, source = asked.tolerance_mm, asked.source
    known = _known(
        limits,
        {
            "calliper_mpe_mm": calliper_mpe_mm,
            "scanner_mpe_mm": scanner_mpe_mm,
            "resolution_mm": resolution_mm,
            "repeatability_mm": repeatability_mm,
            "expansion_per_k": expansion_per_k,
            "temperature_half_width_k": temperature_half_width_k,
            "confidence": confidence,
        },
        guard_factor=guard_factor,
        expanded_uncertainty_mm=expanded_uncertainty_mm,
    )
    if assume not in {None, "scale", "offset"}:
        msg = f"assume: 'scale' or 'offset' expected, found {assume!r}"
        raise ValueError(msg)
    groups = grouped(rows)
    scatter = {
        kind: pool([group for key, group in groups.items() if key[3] == kind])
        for kind in dict.fromkeys(key[3] for key in groups)
    }
    lines = tuple(
        make_line(group, pooled=scatter[key[3]], tolerance_mm=tolerance, known=known)
        for key, group in groups.items()
    )
    if known.expanded_uncertainty_mm is not None:
        scatter = dict.fromkeys(scatter)
    fits = _fits(lines, scatter, known.confidence)
    return BarDeviation(
        headline=_headline(lines),
        lines=lines,
        fits=fits,
        squareness=measure_squareness(lines, level=known.confidence),
        projections=_projections(lines, fits, part_size_mm, assume, tolerance, known),
        compensation=make_compensation(fits),
        tolerance_mm=tolerance,
        tolerance_source=source,
        profile=profile,
        notes=_notes(rows, lines, fits, known, copies),
        n_copies=copies,
    )


def _readings(readings: object, nominal_mm: float | None) -> list[BarReading]:
    several = isinstance(readings, Iterable) and not isinstance(readings, str | bytes)
    given = list(readings) if several else [readings]  # type: ignore[call-overload]
    if not given:
        msg = "readings: at least one reading expected, found none"
        raise BarError(msg)
    rows = []
    for number, one in enumerate(given, 1):
        if isinstance(one, BarReading):
            rows.append(one)
            continue
        if isinstance(one, bool | str | bytes) or not isinstance(one, SupportsFloat):
            msg = f"readings: BarReading or lengths in mm expected, found {type(one).__name__}"
            raise BarError(msg)
        if nominal_mm is None:
            msg = f"nominal_mm: the nominal length of bare numbers expected, found none given for {one}"
            raise BarError(msg)
        try:
            length = float(one)
        except (TypeError, ValueError):  # several numbers in one
            msg = f"readings: each one length in mm expected, found {type(one).__name__} at place {number}"
            raise BarError(msg) from None
        rows.append(BarReading(nominal_mm=nominal_mm, reading_mm=length, repeat=number))
    for row in rows:
        _need_mm(row)
    return rows


def _need_mm(reading: BarReading) -> None:
    """Refuse a length that is right in another unit only; no print is off by a factor of ten."""
    for unit, factor in _OTHER_UNITS.items():
        in_mm = reading.reading_mm * factor
        if abs(in_mm / reading.nominal_mm - 1) < _NEARLY:
            msg = (
                f"readings: lengths in mm expected, found {reading.reading_mm:g} on "
                f"{reading.nominal_mm:g} mm: {in_mm:.2f} mm if it is in {unit}"
            )
            raise BarError(msg)


def _tolerance(rules: BarRules, profile: str | None, tolerance_mm: float | None) -> BarTolerance:
    if (profile is None) == (tolerance_mm is None):
        msg = (
            f"profile, tolerance_mm: one of the two expected, found {profile!r} and {tolerance_mm}"
        )
        raise ValueError(msg)
    if profile is not None:
        return rules.limit(profile)
    if tolerance_mm is None or need_number("tolerance_mm", tolerance_mm) <= 0:
        msg = f"tolerance_mm: above 0 expected, found {tolerance_mm}"
        raise ValueError(msg)
    return BarTolerance(tolerance_mm=float(tolerance_mm), source="as given")


def _known(
    rules: BarRules,
    given: Mapping[str, float | None],
    *,
    guard_factor: float | None,
    expanded_uncertainty_mm: float | None,
) -> Assumptions:
    stated = {name: need_number(name, value) for name, value in given.items() if value is not None}
    for name, value in stated.items():
        most = 1.0 if name == "confidence" else _MOST
        if not 0 <= value < most or (name == "confidence" and value < 0.5):
            msg = f"{name}: a number from {0.5 if most == 1 else 0} to below {most} expected, found {value}"
            raise ValueError(msg)
    for name, number in (
        ("guard_factor", guard_factor),
        ("expanded_uncertainty_mm", expanded_uncertainty_mm),
    ):
        if number is not None and not 0 <= need_number(name, number) < _MOST:
            msg = f"{name}: at least 0 expected, found {number}"
            raise ValueError(msg)
    return Assumptions(
        **{**rules.assumed, **stated},
        guard_factor=guard_factor,
        expanded_uncertainty_mm=expanded_uncertainty_mm,
        stated=frozenset(stated),
        source=rules.assumed_source,
    )


def _headline(lines: Sequence[BarLine]) -> BarLine:
    fifty = [line for line in lines if math.isclose(line.nominal_mm, _REFERENCE_MM)]
    return max(
        fifty or lines,
        key=lambda line: (line.verdict.rank, abs(line.deviation_mm) + line.budget.guard_mm),
    )


def _fits(
    lines: Sequence[BarLine], scatter: Mapping[str, Pooled | None], level: float
) -> tuple[AxisFit, ...]:
    """Return a fit for each axis with two lengths, and one for the bars whose axis is not known.

    Repeats count where all came from one kind of instrument.
    """
    pooled = next(iter(scatter.values())) if len(scatter) == 1 else None
    found = [
        fit_axis([line for line in lines if line.axis == axis], pooled=pooled, level=level)
        for axis in (*AXES, "")
        if any(line.axis == axis for line in lines)
    ]
    return tuple(fit for fit in found if fit is not None)


def _projections(
    lines: Sequence[BarLine],
    fits: Sequence[AxisFit],
    part_size_mm: float | Sequence[float] | None,
    assume: Cause | None,
    tolerance_mm: float,
    known: Assumptions,
) -> tuple[Projection, ...]:
    if part_size_mm is None:
        return ()
    sizes = _sizes(part_size_mm)
    fitted = {fit.axis: fit for fit in fits}
    found = []
    for axis in dict.fromkeys(line.axis for line in lines):
        size = sizes.get(axis, max(sizes.values()))
        if axis in fitted:
            found.append(
                project_fit(
                    fitted[axis],
                    size_mm=size,
                    tolerance_mm=tolerance_mm,
                    guard_factor=known.guard_factor,
                )
            )
        elif axis in {*AXES, ""}:
            own = [line for line in lines if line.axis == axis]
            found.append(project_lines(own, size_mm=size, tolerance_mm=tolerance_mm, assume=assume))
    return tuple(found)


def _sizes(part_size_mm: float | Sequence[float]) -> dict[str, float]:
    several = isinstance(part_size_mm, Sequence)
    given = list(part_size_mm) if several else [part_size_mm] * 3  # type: ignore[arg-type]
    values = [need_number("part_size_mm", value) for value in given]
    if len(values) != 3 or not all(0 < value < math.inf for value in values):
        msg = f"part_size_mm: one or three lengths above 0 expected, found {part_size_mm}"
        raise ValueError(msg)
    return dict(zip(AXES, values, strict=True))


def _notes(
    rows: Sequence[BarReading],
    lines: Sequence[BarLine],
    fits: Sequence[AxisFit],
    known: Assumptions,
    copies: int,
) -> tuple[str, ...]:
    notes = [say_copies(copies)] if copies else []
    if alike := count_alike(rows):
        notes.append(
            f"{alike} {'readings have' if alike > 1 else 'reading has'} the same length as another "
            "of the same bar and neither a repeat number nor a time: a copied line is no repeat, "
            "and makes the uncertainty too small"
        )
    assumed = known.source_of("repeatability_mm")
    if "repeatability_mm" not in known.stated and any(
        term.name.startswith("repeatability") and term.source == assumed
        for line in lines
        for term in line.budget.terms
    ):
        notes.append("no bar was read twice: the scatter of the readings is assumed, not seen")
    missing = [axis for axis in AXES if all(line.axis != axis for line in lines)]
    if missing:
        notes.append(f"no bar along {', '.join(missing)}: errors of printers depend on direction")
    if any(not fit.axis for fit in fits):
        notes.append(
            "bars without an axis were fitted together, as if scale and offset were the same along "
            "all axes: give the axis of each"
        )
    if not fits:
        notes.append(
            "bars of one length along an axis cannot tell a scale error from an offset"
            if len({line.nominal_mm for line in lines}) > 1
            else "bars of one length cannot tell a scale error from an offset"
        )
    notes.append(
        "the bar shows the error of printing only, not that of the image or of the outline"
    )
    return tuple(notes)
