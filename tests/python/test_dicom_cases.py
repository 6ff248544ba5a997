"""The loader against several hundred odd, broken and hostile folders with known truth.

``pytest tests/python/test_dicom_cases.py -k summary -s`` prints the outcomes and every miss;
``-k "spacings and zero"`` runs the cases whose name fits.
"""

import functools
from collections import Counter

import calvaria
import pytest
from dicom_cases import all_cases
from dicom_cases.case import OUTCOMES, Case
from dicom_cases.judge import Outcome, run

pytestmark = pytest.mark.skipif(
    not hasattr(calvaria, "load_series"), reason="calvaria has no loader yet"
)


@functools.cache
def outcome_of(case: Case) -> Outcome:
    return run(case)


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case_ends_as_it_may(case):
    outcome = outcome_of(case)
    allowed = " or ".join(sorted(case.expectation.allowed))
    assert outcome.kind in case.expectation.allowed, f"{outcome}\nallowed: {allowed}"


def test_summary_nothing_is_silently_wrong_and_nothing_crashes():
    outcomes = {case: outcome_of(case) for case in all_cases()}
    counts = Counter(outcome.kind for outcome in outcomes.values())
    misses = {c.name: o for c, o in outcomes.items() if o.kind not in c.expectation.allowed}
    for kind in [*OUTCOMES, *sorted(set(counts) - set(OUTCOMES))]:
        print(f"{counts[kind]:5} {kind}")
    print(f"{len(outcomes):5} cases, {len(misses)} misses")
    for name, outcome in misses.items():
        print(f"  {name}: {str(outcome)[:400]}")
    slowest = max(outcomes.items(), key=lambda pair: pair[1].seconds)
    greediest = max(outcomes.items(), key=lambda pair: pair[1].peak_growth_mb)
    print(f"slowest {slowest[0].name}: {slowest[1].seconds:.1f} s")
    print(f"most memory {greediest[0].name}: {greediest[1].peak_growth_mb:.0f} MB")
    assert not misses
