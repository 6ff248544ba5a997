"""What was found never reads as its limit when it is not: the verdict would seem to be wrong."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calvaria import Finding, Verdict


def text_of(measured, limit):
    found = Finding(
        code="x", verdict=Verdict.FAIL, message="", measured=measured, unit="mm", limit=limit
    )
    return found.measured_text


@pytest.mark.parametrize(
    ("measured", "limit", "text"),
    [
        (1.00001, "PASS up to 1 mm", "1.00001 mm"),
        (0.99999999, "at least 1 mm", "0.99999999 mm"),
        (1.0, "PASS up to 1 mm", "1 mm"),
        (1.2345678, "PASS up to 1 mm", "1.235 mm"),
        (-940.004, "PASS -1060 to -940 HU", "-940.004 mm"),
        (float("inf"), "PASS up to 1 mm", "inf mm"),
        (2.0, None, "2 mm"),
    ],
)
def test_a_value_beside_its_limit_shows_which_side_it_is_on(measured, limit, text):
    assert text_of(measured, limit) == text


@given(limit=st.sampled_from([0.1, 0.5, 1.0, 1.25, 20.0]), ulps=st.floats(-1e-3, 1e-3))
def test_no_value_but_the_limit_itself_reads_as_the_limit(limit, ulps):
    measured = limit * (1 + ulps)
    shown = float(text_of(measured, f"PASS up to {limit:g} mm").split()[0])
    assert (shown > limit) == (measured > limit)
    assert (shown < limit) == (measured < limit)


def test_the_package_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "calvaria", "--help"], capture_output=True, text=True, check=True
    )
    assert "model" in done.stdout
