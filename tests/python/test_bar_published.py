"""The published prints of the literature, put through the bar: what their summaries say is found.

Every row is a study's own summary; where it gives lengths or percentages, the other is derived.
"""

import math

import numpy as np
import pytest

from calvaria import BarReading, Verdict, check_bars
from calvaria.bar import decide, make_control_chart
from calvaria.bar.budget import UncertaintyTerm, combine_terms
from calvaria.comparison import ErrorPart, error_budget


def of_percent(percent, nominal=50.0, **more):
    return BarReading(nominal_mm=nominal, reading_mm=nominal * (1 + percent / 100), **more)


@pytest.mark.parametrize(("mean", "sd"), [(0.11, 0.016), (0.14, 0.02), (0.16, 0.009)])
def test_fifty_mandibles_pass(mean, sd):
    """PMC7141211: SLS, binder jetting and FFF, trueness; no print reaches the limit."""
    assert decide(mean, tolerance_mm=1.0, guard_mm=3 * sd).verdict is Verdict.PASS


def test_filament_mandibles_are_off_by_more_than_they_scatter():
    """PMC7141211, FFF: trueness 0.16 (RMS), precision 0.05: 0.152 mm are the same in every print."""
    constant = math.sqrt(0.16**2 - 0.05**2)
    assert constant == pytest.approx(0.152, abs=5e-4)
    drawn = np.random.default_rng(50).normal(size=10)
    prints = constant + 0.05 * (drawn - drawn.mean()) / drawn.std(ddof=0)
    assert math.sqrt(np.mean(prints**2)) == pytest.approx(0.16)
    rows = [
        BarReading(nominal_mm=50, reading_mm=50 + d, date=f"2026-03-{n + 1:02d}", repeat=n + 1)
        for n, d in enumerate(prints)
    ]
    found = check_bars(rows, profile="planning")
    assert found.deviation_mm == pytest.approx(constant)
    assert found.headline.sd_mm == pytest.approx(0.05 * math.sqrt(10 / 9))
    assert found.verdict is Verdict.PASS
    chart = make_control_chart(rows)
    assert chart.is_in_control and chart.sigma_mm == pytest.approx(0.05, rel=0.5)


@pytest.mark.parametrize(
    ("percent", "bar", "part"),
    [(0.18, "PASS", "PASS"), (0.79, "PASS", "FAIL"), (0.67, "PASS", "FAIL")],
)
def test_a_skull_with_balls(percent, bar, part):
    """10.1016/j.jcms.2012.11.041, PolyJet, SLS, 3DP: each passes on 50 mm; on 180 mm two do not."""
    found = check_bars(of_percent(percent), profile="planning", part_size_mm=180, assume="scale")
    assert found.bar_verdict.name == bar
    assert found.part_verdict.name == part
    assert found.projections[0].error_mm == pytest.approx(1.8 * percent)


@pytest.mark.parametrize(
    ("percent", "sd", "verdict"), [(0.18, 0.12, "PASS"), (0.79, 0.26, "FAIL"), (0.67, 0.43, "FAIL")]
)
def test_a_skull_with_balls_and_its_scatter(percent, sd, verdict):
    """The same study with its SD: two of them are the guard band of a length of 180 mm."""
    answer = decide(1.8 * percent, tolerance_mm=1.0, guard_mm=2 * 1.8 * sd)
    assert answer.verdict.name == verdict


def test_one_mm_on_fifty_is_two_percent_and_more_than_three_on_a_skull():
    found = check_bars(of_percent(2.0), tolerance_mm=1.0, part_size_mm=180, assume="scale")
    assert found.deviation_mm == pytest.approx(1.0)
    assert found.projections[0].error_mm == pytest.approx(3.6)
    assert found.verdict is Verdict.FAIL


def test_landing_blocks_in_six_models():
    """PMC9156585: mean 0.26 mm, 0.71 %; max 0.89 mm, 2.78 %: blocks of some 30 to 40 mm; all < 1 mm."""
    mean_length, worst_length = 0.26 / 0.0071, 0.89 / 0.0278
    assert 30 < worst_length < mean_length < 40
    worst = of_percent(2.78, worst_length)
    assert worst.deviation_mm == pytest.approx(0.89)
    assert check_bars(worst, profile="planning").verdict is Verdict.PASS
    assert check_bars(worst, profile="guide").verdict is Verdict.FAIL


@pytest.mark.parametrize(("percent", "verdict"), [(-0.3, "PASS"), (-3.2, "FAIL")])
def test_nine_specimens_whose_prints_are_smaller(percent, verdict):
    """10.1007/s00068-018-0970-3: from -0.3 to -3.2 %; on 50 mm the best passes, the worst does not."""
    found = check_bars(of_percent(percent), profile="planning")
    assert found.deviation_mm < 0
    assert found.verdict.name == verdict


def test_two_dry_mandibles_have_an_offset_not_a_scale_error():
    """PMC4806585: 0.37 mm; 3.76 % of all, but 0.93 % above 12 mm: as of an offset, a percentage falls."""
    short, long = 0.37 / 0.0376, 0.37 / 0.0093
    assert short < 12 < long
    rows = [of_percent(3.76, short, axis="x"), of_percent(0.93, long, axis="x")]
    found = check_bars(rows, profile="planning", part_size_mm=120)
    assert found.offset_mm["x"] == pytest.approx(0.37, abs=1e-6)
    assert found.scale_percent["x"] == pytest.approx(0.0, abs=1e-6)
    assert found.projections[0].error_mm == pytest.approx(0.37, abs=1e-6)


@pytest.mark.parametrize(
    ("mean", "sd", "verdict"), [(1.33, 0.24, "FAIL"), (0.07, 0.03, "PASS"), (0.07, 0.01, "PASS")]
)
def test_a_skull_from_cone_beam(mean, sd, verdict):
    """s12903-023-03104-w: FFF beyond the limit, SLA and material jetting within."""
    assert decide(mean, tolerance_mm=1.0, guard_mm=1.65 * sd).verdict.name == verdict


@pytest.mark.parametrize("mean", [0.00, 0.13])
def test_six_radii_in_three_orientations(mean):
    """s41205-024-00203-4: means 0.00 to 0.13, all below 1 mm."""
    assert (
        check_bars(BarReading(nominal_mm=50, reading_mm=50 + mean), profile="planning").verdict
        is Verdict.PASS
    )


def test_phantom_and_forearm_end_to_end():
    """10.1186/s41205-017-0014-3: mean -0.12, SD 0.17, from -0.32 to 0.13: one population, within 1 mm."""
    lower, upper = -0.12 - 1.96 * 0.17, -0.12 + 1.96 * 0.17
    assert lower < -0.32 < 0.13 < upper
    rows = [BarReading(nominal_mm=50, reading_mm=50 + d) for d in (-0.32, -0.17, 0.13)]
    found = check_bars(rows, profile="planning")
    assert found.deviation_mm == pytest.approx(-0.12)
    assert found.verdict is Verdict.PASS


def test_the_error_budget_of_139_papers():
    """PMC10967057: outline 0.80 and print 0.26: 0.841 together; the bar sees the smaller part only."""
    terms = [
        UncertaintyTerm(name=name, half_width_mm=mm, divisor=1, df=math.inf, source="PMC10967057")
        for name, mm in (("outline", 0.80), ("print", 0.26))
    ]
    assert combine_terms(terms, confidence=0.95).standard_mm == pytest.approx(0.841, abs=5e-4)
    found = check_bars(BarReading(nominal_mm=50, reading_mm=50.26), profile="planning")
    assert any("printing only" in note for note in found.notes)


def test_nine_programs_and_the_print_of_a_desktop_printer():
    """PMC7393875: 0.11 mm of shape from the outline; with prints of 0.26 mm, 0.282 together."""
    parts = [
        ErrorPart(name="outline", stage="segmentation", random_sd_mm=0.11),
        ErrorPart(name="print", stage="printing", random_sd_mm=0.26),
    ]
    budget = error_budget(parts, length_mm=50, bar="printed")
    assert budget.random_sd_mm == pytest.approx(math.hypot(0.11, 0.26))
    assert budget.random_sd_mm == pytest.approx(0.282, abs=5e-4)


def test_simulated_landing_blocks_pass_as_the_article_expects():
    """0.26 +- 0.2 mm on many bars: the mean passes, and so does nearly every bar."""
    rng = np.random.default_rng(26)
    rows = [
        BarReading(nominal_mm=50, reading_mm=50 + d, bar=f"{n}")
        for n, d in enumerate(rng.normal(0.26, 0.2, 60))
    ]
    found = check_bars(rows, profile="planning")
    assert found.verdict is Verdict.PASS
    assert np.mean([line.deviation_mm for line in found.lines]) == pytest.approx(0.26, abs=0.08)
