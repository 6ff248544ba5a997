"""Agreement, reliability, error of measurement, dimensions, revisions."""

import math

import numpy as np
import pytest

pytest.importorskip("scipy")

from scipy import stats

from calvaria import study
from calvaria.errors import StudyError

# Bland and Altman 1986, peak flow by the large and the mini meter, first readings (17 people).
LARGE = [494, 395, 516, 434, 476, 557, 413, 442, 650, 433, 417, 656, 267, 478, 178, 423, 427]
MINI = [512, 430, 520, 428, 500, 600, 364, 380, 658, 445, 432, 626, 260, 477, 259, 350, 451]


def test_bland_and_altmans_own_example():
    """Lancet 1986;327:307: bias -2.1, SD 38.8, limits -79.7 and 75.5 with 2 for 1.96."""
    found = study.compare_methods(LARGE, MINI, unit="l/min", interval="approximate")
    assert (round(found.bias, 1), round(found.sd, 1)) == (-2.1, 38.8)
    assert (
        round(found.bias - 2 * found.sd, 1) == -79.6 or round(found.bias - 2 * found.sd, 1) == -79.7
    )
    half = stats.t.ppf(0.975, 16) * found.sd * math.sqrt(1 / 17 + 1.959964**2 / 32)
    assert found.upper_high - found.upper == pytest.approx(half, rel=1e-6)


def test_pingouin_agrees_on_the_numbers_behind_its_picture():
    d = np.array(LARGE) - np.array(MINI)
    found = study.compare_methods(LARGE, MINI)
    assert found.bias == pytest.approx(d.mean(), rel=1e-8)
    assert found.upper == pytest.approx(d.mean() + stats.norm.ppf(0.975) * d.std(ddof=1), rel=1e-8)
    t = stats.ttest_1samp(d, 0).confidence_interval()
    assert [found.bias_low, found.bias_high] == pytest.approx([t.low, t.high], rel=1e-8)


def test_the_exact_limits_are_those_of_the_noncentral_t():
    found = study.compare_methods(LARGE, MINI)
    n, z = 17, stats.norm.ppf(0.975)
    tails = [
        stats.nct.cdf((end - found.bias) / found.sd * math.sqrt(n), n - 1, z * math.sqrt(n))
        for end in (found.upper_low, found.upper_high)
    ]
    assert tails == pytest.approx([0.025, 0.975], abs=1e-8)
    assert found.lower_low - found.bias == pytest.approx(found.bias - found.upper_high)


def test_one_reading_a_specimen_is_the_limit_of_many():
    """Readings of one specimen that agree: the repeated variant has the plain bias and SD."""
    first, second = np.repeat(LARGE, 2).astype(float), np.repeat(MINI, 2).astype(float)
    second[::2] += 1e-6
    who = np.repeat(np.arange(17), 2)
    repeated = study.compare_methods(first, second, specimen=who)
    plain = study.compare_methods(LARGE, MINI)
    assert [repeated.bias, repeated.sd] == pytest.approx([plain.bias, plain.sd], rel=1e-6)
    assert repeated.n_specimens == 17
    blind = study.compare_methods(first, second)
    assert blind.bias_high - blind.bias_low < 0.75 * (repeated.bias_high - repeated.bias_low)


def test_a_scale_error_shows_as_a_slope():
    size = np.linspace(10, 60, 30)
    noise = 0.02 * np.sin(np.arange(30) * 7.0)
    found = study.compare_methods(size * 0.99 + noise, size)
    assert found.slope == pytest.approx(-0.01, abs=0.002)
    assert found.slope_p < 1e-6
    assert "changes with size" in found.meaning


def test_technical_error_by_hand():
    """Differences 0.2, -0.1, 0.3: the root of 0.14 / 6."""
    found = study.measure_technical_error([[10.2, 10.0], [11.0, 11.1], [12.3, 12.0]])
    assert found.tem == pytest.approx(math.sqrt(0.14 / 6))
    assert found.relative_percent == pytest.approx(100 * found.tem / np.mean([10.1, 11.05, 12.15]))
    ends = [found.tem * math.sqrt(3 / stats.chi2.ppf(p, 3)) for p in (0.975, 0.025)]
    assert [found.low, found.high] == pytest.approx(ends)
    three = study.measure_technical_error([[1.0, 2.0, 3.0], [4.0, 4.0, 7.0]])
    assert three.tem == pytest.approx(math.sqrt((2 + 6) / 4))


def test_consistency_forgives_a_bias_and_agreement_does_not():
    rng = np.random.default_rng(0)
    bone = rng.normal(50, 3, 20)
    pair = np.column_stack([bone, bone - 2 + 0.1 * rng.normal(size=20)])
    what = {
        d: study.measure_icc(pair, model="two-way mixed", definition=d, unit="single")
        for d in ("consistency", "agreement")
    }
    assert what["consistency"].value > 0.99
    assert what["agreement"].value < 0.9


def test_the_words_are_put_to_both_ends_of_the_interval():
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    bands = [(0, "poor"), (0.5, "moderate"), (0.75, "good"), (0.9, "excellent")]
    icc = study.measure_icc(
        table, model="two-way mixed", definition="consistency", unit="single", bands=bands
    )
    # 0.71 with an interval from 0.34 to 0.95 is not "moderate".
    assert ": poor to excellent;" in icc.meaning
    bare = study.measure_icc(table, model="two-way mixed", definition="consistency", unit="single")
    assert "poor" not in bare.meaning
    with pytest.raises(ValueError, match="one of"):
        study.measure_icc(table, model="one-way random", definition="consistency", unit="single")


def bones(**changes):
    base = {
        "n_specimens": 13, "bias_mm": -0.05, "scale_percent": 0, "sd_size_mm": 2,
        "sd_specimen_mm": 0.1, "sd_reading_mm": 0.05, "n_readings": 1, "seed": 3,
    }  # fmt: skip
    table = study.simulate_specimens({"length": 60, "width": 12}, **(base | changes))
    return {
        "printed_mm": table["printed_mm"],
        "original_mm": table["original_mm"],
        "specimen": table["specimen"],
        "dimension": table["dimension"],
    }


def check(margin_mm, **changes):
    return study.check_dimensions(**bones(**changes), margin_mm=margin_mm)


def test_dimensions_within_and_beyond_a_margin():
    assert check(0.3).verdict.name == "PASS"
    assert check(0.06).verdict.name == "UNPROVEN"
    # One per cent is 0.6 mm on the length and 0.1 mm on the width.
    scaled = check(0.4, scale_percent=-1)
    assert scaled.by_dimension["length"].verdict.name == "FAIL"
    assert scaled.by_dimension["width"].verdict.name == "PASS"
    assert scaled.verdict.name == "FAIL"
    assert "length" in scaled.meaning


def test_the_overall_difference_is_that_of_specimen_means():
    """Complete and balanced: the mixed model is the paired t on one mean per bone."""
    table = bones()
    d = np.array(table["printed_mm"]) - np.array(table["original_mm"])
    means = [d[np.array(table["specimen"]) == s].mean() for s in dict.fromkeys(table["specimen"])]
    theirs = stats.ttest_1samp(means, 0).confidence_interval(0.9)
    ours = check(0.3).overall
    assert [ours.low, ours.high] == pytest.approx([theirs.low, theirs.high], rel=1e-8)


def test_dimensions_that_cannot_be_compared():
    table = bones()
    with pytest.raises(StudyError, match="one row for each specimen and dimension"):
        study.check_dimensions(**(table | {"dimension": ["x"] * 26}), margin_mm=0.3)
    with pytest.raises(StudyError, match="at least three"):
        check(0.3, n_specimens=2)
    with pytest.raises(TypeError, match="margin_mm"):
        study.check_dimensions(**table)


def test_landmark_distances():
    points = {"a": [0, 0, 0], "b": [3, 4, 12]}
    assert study.measure_distances(points, pairs={"d": ("a", "b")}) == {"d": 13.0}
    with pytest.raises(ValueError, match="found \\['c'\\]"):
        study.measure_distances(points, pairs={"d": ("a", "c")})
    with pytest.raises(ValueError, match="three finite numbers"):
        study.measure_distances({"a": [0, 1]}, pairs={})


def revision(name, ratings, **more):
    return study.Revision(
        name=name, material="resin", wall_mm=1.0, ratings=dict(enumerate(ratings)), **more
    )


def test_a_change_of_material_is_felt():
    """Requirement R96: a paired test over revisions, an effect with its interval."""
    first, second = [2, 3, 2, 1, 3, 2], [4, 4, 5, 3, 4, 4]
    found = study.compare_revisions([revision("A", first), revision("B", second)])
    step = found.steps["A to B"]
    theirs = stats.ttest_rel(second, first)
    assert [step.difference, step.p] == pytest.approx([11 / 6, theirs.pvalue])
    assert step.low < 11 / 6 < step.high
    assert found.friedman_p is None
    third = [5, 4, 6, 5, 6, 5]
    three = study.compare_revisions(
        [revision("A", first), revision("B", second), revision("C", [*third, 7])]
    )
    assert three.n_left_out == 1
    assert three.friedman_p == pytest.approx(stats.friedmanchisquare(first, second, third).pvalue)
    assert all(three.adjusted_p[s] >= three.ranks[s].p for s in three.steps)
    with pytest.raises(StudyError, match="three raters"):
        study.compare_revisions([revision("A", [1, 2]), revision("B", [2, 3])])
    with pytest.raises(StudyError, match="ratings that changed"):
        study.compare_revisions([revision("A", first), revision("B", first)])
