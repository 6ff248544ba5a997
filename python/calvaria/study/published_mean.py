"""Can whole scores have a published mean?  Rounding is held in favour of the paper."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from calvaria.findings import CheckReport, Finding, Verdict
from calvaria.study.printed import as_printed_value
from calvaria.study.printed_p import SOURCE
from calvaria.study.sample import as_count

if TYPE_CHECKING:
    from calvaria.study.printed import Printed

    Number = Printed | str | float

__all__ = ["check_mean_of_integers"]


def check_mean_of_integers(
    mean: Number, *, n: int, n_items: int = 1, subject: str = "mean of whole scores"
) -> CheckReport:
    """Ask whether ``n`` whole-number scores can have this mean (the GRIM test).

    Parameters
    ----------
    mean : printed number
        As printed.
    n : int
        Participants.
    n_items : int
        Items averaged for each participant.
    subject : str
        For the report.

    Returns
    -------
    CheckReport
        FAIL where no sum of whole numbers has this mean.

    References
    ----------
    .. [1] Brown NJL, Heathers JAJ. Soc Psychol Personal Sci 2017;8:363.
       doi 10.1177/1948550616673876

    Examples
    --------
    >>> check_mean_of_integers("50.41", n=17).verdict.name
    'PASS'
    >>> check_mean_of_integers("50.45", n=17).verdict.name
    'FAIL'
    """
    grains = as_count(n, name="n", least=1) * as_count(n_items, name="n_items", least=1)
    printed = as_printed_value(mean, name="mean")
    nearest = [
        math.floor(printed.value * grains) / grains,
        math.ceil(printed.value * grains) / grains,
    ]
    holds = any(printed.holds(value, value) for value in nearest)
    tells = 1 / grains > 2 * printed.half
    if not tells:
        verdict, message = (
            Verdict.UNPROVEN,
            "too many scores for these digits: any mean is possible",
        )
    elif holds:
        verdict, message = Verdict.PASS, f"{grains} whole scores can have this mean"
    else:
        verdict = Verdict.FAIL
        message = f"{grains} whole scores cannot have this mean; {nearest[0]:.4f} or {nearest[1]:.4f} could be"
    finding = Finding(
        code="published_mean",
        verdict=verdict,
        message=message,
        measured=printed.value,
        source=SOURCE,
    )
    return CheckReport(subject=subject, findings=(finding,))
