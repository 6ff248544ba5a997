"""The loader against several hundred odd, broken and hostile folders with known truth.

``pytest tests/python/test_dicom_cases.py -k summary -s`` prints the outcomes and every miss;
``-k "spacings and zero"`` runs the cases whose name fits.
"""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from dicom_cases import all_cases
from dicom_cases.case import OUTCOMES, Case
from dicom_cases.judge import run
from dicom_cases.stack import OBLIQUE, ct


@pytest.fixture(scope="session")
def outcome_of(request):
    """Run the selected cases ahead, as many at a time as there are processors."""
    items = request.session.items
    chosen = [item.callspec.params.get("case") for item in items if hasattr(item, "callspec")]
    if any("summary" in item.name for item in items):
        chosen = all_cases()
    pool = ThreadPoolExecutor(os.cpu_count())
    futures = {case: pool.submit(run, case) for case in chosen if isinstance(case, Case)}
    yield lambda case: futures[case].result()
    pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("case", all_cases(), ids=lambda case: case.name)
def test_case_ends_as_it_may(case, outcome_of):
    outcome = outcome_of(case)
    allowed = " or ".join(sorted(case.expectation.allowed))
    assert outcome.kind in case.expectation.allowed, f"{outcome}\nallowed: {allowed}"


@pytest.mark.timeout(900)
def test_summary_nothing_is_silently_wrong_and_nothing_crashes(outcome_of):
    outcomes = {case: outcome_of(case) for case in all_cases()}
    counts = Counter(outcome.kind for outcome in outcomes.values())
    misses = {c.name: o for c, o in outcomes.items() if o.kind not in c.expectation.allowed}
    kinds = [*OUTCOMES, *sorted(set(counts) - set(OUTCOMES))]
    lines = [f"{counts[kind]:5} {kind}" for kind in kinds]
    lines += [f"{len(outcomes):5} cases, {len(misses)} misses"]
    lines += [f"  {name}: {str(outcome)[:400]}" for name, outcome in misses.items()]
    slowest = max(outcomes, key=lambda case: outcomes[case].seconds)
    greediest = max(outcomes, key=lambda case: outcomes[case].peak_growth_mb)
    lines += [f"slowest {slowest.name}: {outcomes[slowest].seconds:.1f} s"]
    lines += [f"most memory {greediest.name}: {outcomes[greediest].peak_growth_mb:.0f} MB"]
    print("\n" + "\n".join(lines))  # noqa: T201 - the table is what -s asks for
    assert not misses


def sound_volume(stack):
    """Return values and affine of a stack, made without a loader."""
    first, second = stack[0], stack[1]
    affine = np.eye(4)
    affine[:3, 0] = first.orientation[:3] * first.spacing[1]
    affine[:3, 1] = first.orientation[3:] * first.spacing[0]
    affine[:3, 2] = second.position - first.position
    affine[:3, 3] = first.position
    return np.stack([each.hu for each in stack]), affine


def test_truth_accepts_another_order_of_the_same_voxels():
    stack = ct(iop=OBLIQUE)
    values, affine = sound_volume(stack)
    assert stack.truth().fault(values, affine) == ""
    flip = np.diag([1.0, 1.0, -1.0, 1.0])
    flip[2, 3] = len(values) - 1
    assert stack.truth().fault(values[::-1], affine @ flip) == ""


HARMS = {
    "slices": lambda values, affine: (values[::-1], affine),
    "rows": lambda values, affine: (values[:, ::-1], affine),
    "columns": lambda values, affine: (values[:, :, ::-1], affine),
    "one-value": lambda values, affine: (values + (values == values.max()), affine),
    "0.02-mm": lambda values, affine: (values, affine + 0.02 * np.eye(4, k=3)),
    "mirrored": lambda values, affine: (values, affine @ np.diag([1, 1, -1, 1])),
    "spacing": lambda values, affine: (values, affine @ np.diag([0.7 / 0.5, 0.5 / 0.7, 1, 1])),
    "cut": lambda values, affine: (values[:-1], affine),
}


@pytest.mark.parametrize("harm", HARMS)
def test_truth_notices(harm):
    stack = ct(iop=OBLIQUE)
    assert stack.truth().fault(*HARMS[harm](*sound_volume(stack))) != ""
