"""Do published numbers agree with each other?  Each check holds rounding in favour of the paper."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from calvaria._optional import neighbour
from calvaria.errors import StudyError
from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.study.printed import Printed, as_printed_p, as_printed_value, extremes
from calvaria.study.printed_p import SOURCE, p_finding
from calvaria.study.record import number
from calvaria.study.sample import as_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Number = Printed | str | float

__all__ = [
    "check_correlation",
    "check_effect_size",
    "check_paired_means",
    "check_two_means",
]


def check_two_means(
    a: Sequence[Number], b: Sequence[Number], *, p: Number, subject: str = "two means"
) -> CheckReport:
    """Hold a printed p against the t tests that two printed arms allow.

    Parameters
    ----------
    a, b : (n, mean, sd) as printed
        Text keeps the digits: ``("31", "60.8", "13.6")``.
    p : printed number
        "0.27", ".27" or "<.001".
    subject : str
        For the report.

    Returns
    -------
    CheckReport
        ``published_p``: PASS where Student or Welch can give this p, BORDERLINE where another
        test may, FAIL where the p is off by more than a factor of two or on the other side of
        .05.  ``published_spread`` is added when the SDs would fit as standard errors.

    Examples
    --------
    >>> report = check_two_means(("31", "60.8", "13.6"), ("32", "57.0", "13.3"), p=".27")
    >>> report.verdict.name
    'PASS'
    """
    printed_p = as_printed_p(p)
    (n_a, mean_a, sd_a), (n_b, mean_b, sd_b) = _arm(a, "a"), _arm(b, "b")
    means, sds = (mean_a, mean_b), (sd_a, sd_b)

    def t_of(mean_a: float, mean_b: float, sd_a: float, sd_b: float) -> tuple[float, float]:
        return _student_p(n_a, n_b, mean_a - mean_b, sd_a, sd_b)

    low, high = _p_range(t_of, means, sds)
    report = [p_finding(printed_p, low, high, "Student or Welch t from the printed arms")]
    if report[0].verdict is Verdict.FAIL:
        scaled = _as_standard_errors(sds, (n_a, n_b))
        if printed_p.holds(*_p_range(t_of, means, scaled)):
            report.append(_spread_finding("the p fits if the printed SDs are standard errors"))
    return CheckReport(subject=subject, findings=tuple(report))


def check_paired_means(
    a: Sequence[Number],
    b: Sequence[Number],
    *,
    n: int,
    correlation: Number,
    p: Number,
    subject: str = "paired means",
) -> CheckReport:
    """Hold a printed p against the paired t that two columns and their correlation allow.

    Parameters
    ----------
    a, b : (mean, sd) as printed
        Times as "21:29" are read as minutes and seconds.
    n : int
        Pairs.
    correlation, p : printed number
        As printed.
    subject : str
        For the report.

    Returns
    -------
    CheckReport
        As :func:`check_two_means`; ``published_spread`` says by which factor the SDs would have
        to be larger or smaller for this p.

    Examples
    --------
    >>> report = check_paired_means(
    ...     ("50.41", "13.31"), ("48.29", "16.01"), n=17, correlation="0.84", p="0.36"
    ... )
    >>> report["published_p"].verdict.name
    'BORDERLINE'
    """
    size, printed_p = as_count(n, name="n", least=2), as_printed_p(p)
    r = as_printed_value(correlation, name="correlation", least=-1, most=1)
    pairs = [_mean_and_sd(column, name) for column, name in ((a, "a"), (b, "b"))]
    means, sds = [mean for mean, _ in pairs], [sd for _, sd in pairs]

    def p_of(mean_a: float, mean_b: float, sd_a: float, sd_b: float) -> tuple[float, float]:
        found = [
            _paired_p(size, mean_a - mean_b, sd_a, sd_b, rho) for rho in (r.low, r.value, r.high)
        ]
        return min(found), max(found)

    low, high = _p_range(p_of, means, sds)
    report = [p_finding(printed_p, low, high, "paired t from the printed columns")]
    # Neither a p of 0 nor one of 1 leads back to a spread.
    if report[0].verdict is Verdict.FAIL and printed_p.relation == "=" and 0 < printed_p.value < 1:
        student = neighbour("scipy.stats").t(size - 1)
        at_value = _paired_p(
            size, means[0].value - means[1].value, sds[0].value, sds[1].value, r.value
        )
        factor = float(student.isf(at_value / 2) / student.isf(printed_p.value / 2))
        if 0 < factor < math.inf:
            report.append(
                _spread_finding(
                    f"for the printed p the SDs would have to be {number(factor)} times these"
                )
            )
    return CheckReport(subject=subject, findings=tuple(report))


def check_effect_size(
    effect: Number, *, n_a: int, n_b: int, p: Number, subject: str = "effect size"
) -> CheckReport:
    """Hold a printed p against a printed standardised mean difference.

    Parameters
    ----------
    effect : printed number
        The standardised difference, as printed.
    n_a, n_b : int
        Participants of each arm.
    p : printed number
        As printed, two-sided.
    subject : str
        For the report.

    Returns
    -------
    CheckReport
        Whether the printed digits can belong together.

    Examples
    --------
    >>> report = check_effect_size(".504", n_a=45, n_b=43, p=".001")
    >>> report.verdict.name, round(report["published_p"].details["p_low"], 3)
    ('FAIL', 0.02)
    """
    first, second = as_count(n_a, name="n_a", least=2), as_count(n_b, name="n_b", least=2)
    printed, printed_p = as_printed_value(effect, name="effect"), as_printed_p(p)
    scale = math.sqrt(1 / first + 1 / second)
    student = neighbour("scipy.stats").t(first + second - 2)
    low, high = extremes(lambda d: float(2 * student.sf(abs(d) / scale)), printed)
    finding = p_finding(printed_p, low, high, "t behind the printed effect size")
    return CheckReport(subject=subject, findings=(finding,))


def check_correlation(r: Number, *, n: int, p: Number, subject: str = "correlation") -> CheckReport:
    """Hold a printed p against a printed Pearson correlation.

    Parameters
    ----------
    r : printed number
        Pearson's r, as printed.
    n : int
        Pairs.
    p : printed number
        As printed, two-sided.
    subject : str
        For the report.

    Returns
    -------
    CheckReport
        Whether the printed digits can belong together.

    Examples
    --------
    >>> report = check_correlation("0.55", n=17, p="0.04")
    >>> report["published_p"].verdict.name
    'BORDERLINE'
    """
    n = as_count(n, name="n", least=3)
    printed_p, printed_r = as_printed_p(p), as_printed_value(r, name="r", least=-1, most=1)
    student = neighbour("scipy.stats").t

    def p_of(value: float, size: float = n) -> float:
        bounded = min(max(value, -1 + 1e-15), 1 - 1e-15)
        t = abs(bounded) * math.sqrt((size - 2) / (1 - bounded**2))
        return float(2 * student.sf(t, size - 2))

    low, high = extremes(p_of, printed_r)
    finding = p_finding(printed_p, low, high, "the printed correlation")
    if finding.verdict is not Verdict.PASS:
        fitting = [
            size
            for size in range(4, 4 * n)
            if printed_p.holds(*extremes(lambda x, s=size: p_of(x, s), printed_r))
        ]
        if fitting:
            message = f"{finding.message}; n from {fitting[0]} to {fitting[-1]} would fit"
            finding = Finding(
                code="published_p",
                verdict=finding.verdict,
                message=message,
                measured=finding.measured,
                limit=finding.limit,
                source=finding.source,
                details=finding.details,
            )
    return CheckReport(subject=subject, findings=(finding,))


def _arm(arm: Sequence[Number], name: str) -> tuple[int, Printed, Printed]:
    if len(arm) != 3:
        msg = f"{name}: n, mean and SD expected, found {len(arm)} numbers"
        raise StudyError(msg)
    size = as_count(as_printed_value(arm[0], name=f"{name}, n").value, name=f"{name}, n", least=2)
    return size, *_mean_and_sd(arm[1:], name)


def _mean_and_sd(column: Sequence[Number], name: str) -> tuple[Printed, Printed]:
    if len(column) != 2:
        msg = f"{name}: mean and SD expected, found {len(column)} numbers"
        raise StudyError(msg)
    mean = as_printed_value(column[0], name=f"{name}, mean")
    return mean, as_printed_value(column[1], name=f"{name}, SD", least=0)


def _student_p(
    n_a: int, n_b: int, difference: float, sd_a: float, sd_b: float
) -> tuple[float, float]:
    """Return the lesser and the greater p of Student's and Welch's t."""
    student = neighbour("scipy.stats").t
    df = n_a + n_b - 2
    pooled = ((n_a - 1) * sd_a**2 + (n_b - 1) * sd_b**2) / df * (1 / n_a + 1 / n_b)
    parts = sd_a**2 / n_a, sd_b**2 / n_b
    if not pooled > 0:
        return (0.0, 0.0) if difference else (0.0, 1.0)
    welch_df = sum(parts) ** 2 / (parts[0] ** 2 / (n_a - 1) + parts[1] ** 2 / (n_b - 1))
    found = [
        float(2 * student.sf(abs(difference) / math.sqrt(pooled), df)),
        float(2 * student.sf(abs(difference) / math.sqrt(sum(parts)), welch_df)),
    ]
    return min(found), max(found)


def _paired_p(n: int, difference: float, sd_a: float, sd_b: float, r: float) -> float:
    variance = sd_a**2 + sd_b**2 - 2 * min(max(r, -1.0), 1.0) * sd_a * sd_b
    if not variance > 0:
        return 0.0 if difference else 1.0
    t = abs(difference) / math.sqrt(variance / n)
    return float(2 * neighbour("scipy.stats").t.sf(t, n - 1))


def _p_range(
    p_of: Callable[[float, float, float, float], tuple[float, float]],
    means: Sequence[Printed],
    sds: Sequence[Printed],
) -> tuple[float, float]:
    """Return the least and greatest p over what rounding hides."""
    sides = [(mean.low, mean.high) for mean in means]
    sides += [(max(sd.low, 0.0), sd.high) for sd in sds]
    found = [p_of(*corner) for corner in itertools.product(*sides)]
    crosses = means[0].low <= means[1].high and means[1].low <= means[0].high
    return min(low for low, _ in found), 1.0 if crosses else max(high for _, high in found)


def _as_standard_errors(sds: Sequence[Printed], sizes: Sequence[int]) -> tuple[Printed, ...]:
    return tuple(
        Printed(s.text, s.value * math.sqrt(n), s.half * math.sqrt(n))
        for s, n in zip(sds, sizes, strict=True)
    )


def _spread_finding(message: str) -> Finding:
    return Finding(code="published_spread", verdict=Verdict.FAIL, message=message, source=SOURCE)
