"""Bars judged: the limit of the article, the uncertainty, scale and offset, the part."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calvaria import BarReading, Verdict, check_bars
from calvaria.bar import decide, load_bar_rules
from calvaria.bar.budget import UncertaintyTerm, combine_terms
from calvaria.bar.student import f_tail, t_quantile, t_two_sided
from calvaria.errors import BarError


def reading(value, nominal=50.0, **more):
    return BarReading(nominal_mm=nominal, reading_mm=value, **more)


def bars(scale, offset, *, sd, rng, axes="xyz", lengths=(20, 50, 100), repeats=3):
    return [
        reading(
            length * (1 + scale.get(axis, 0.0)) + offset.get(axis, 0.0) + rng.normal(0, sd),
            length,
            axis=axis,
            bar=f"{length}{axis}",
            repeat=n + 1,
        )
        for axis in axes
        for length in lengths
        for n in range(repeats)
    ]


def test_49_2_passes_by_minus_0_8():
    found = check_bars(reading(49.2), profile="planning")
    assert found.verdict is Verdict.PASS
    assert found.deviation_mm == pytest.approx(-0.8)
    assert "within, proven" in found.meaning


def test_51_fails_because_the_limit_must_not_be_reached():
    assert check_bars(reading(51.0), profile="planning").verdict is Verdict.FAIL
    mean_of_limit = [reading(50.98), reading(51.02)]
    assert check_bars(mean_of_limit, profile="planning").verdict is Verdict.FAIL


def test_49_05_with_0_1_is_within_and_not_proven():
    found = check_bars(reading(49.05), profile="planning", expanded_uncertainty_mm=0.1)
    assert found.verdict is Verdict.UNPROVEN
    assert found.headline.decision.words == "within, not proven"


def test_0_99_on_50_is_2_97_on_150_if_it_is_scale_and_0_99_if_offset():
    one = {"profile": "planning", "part_size_mm": 150}
    scale = check_bars(reading(50.99), assume="scale", **one)
    assert scale.projections[0].error_mm == pytest.approx(2.97)
    assert scale.verdict is Verdict.FAIL
    offset = check_bars(reading(50.99), assume="offset", **one)
    assert offset.projections[0].error_mm == pytest.approx(0.99)
    unknown = check_bars(reading(50.99), **one)
    assert unknown.projections[0].if_scale_mm == pytest.approx(2.97)
    assert unknown.projections[0].if_offset_mm == pytest.approx(0.99)
    assert unknown.verdict is Verdict.UNPROVEN
    assert "print a bar of another length" in unknown.projections[0].words


@pytest.mark.parametrize(("scale", "offset", "error"), [(0.0198, 0.0, 2.97), (0.0, 0.99, 0.99)])
def test_two_lengths_tell_scale_from_offset(scale, offset, error):
    rows = [reading(n * (1 + scale) + offset, n, axis="x") for n in (20.0, 50.0)]
    found = check_bars(rows, profile="planning", part_size_mm=150)
    assert found.projections[0].error_mm == pytest.approx(error, abs=1e-9)
    assert found.projections[0].cause == "fitted"
    assert found.fits[0].scale_percent == pytest.approx(100 * scale, abs=1e-9)
    assert found.fits[0].offset_mm == pytest.approx(offset, abs=1e-9)


@given(
    deviation=st.floats(-3, 3),
    guard=st.floats(0, 0.5),
    tolerance=st.floats(0.05, 2),
)
def test_the_decision_rule_has_three_answers_that_meet_at_its_limits(deviation, guard, tolerance):
    verdict = decide(deviation, tolerance_mm=tolerance, guard_mm=guard).verdict
    size, dust = abs(deviation), 1e-8
    if size >= tolerance:
        assert verdict is Verdict.FAIL
    elif size + guard < tolerance - dust:
        assert verdict is Verdict.PASS
    elif size < tolerance - dust:
        assert verdict is not Verdict.FAIL
    # More uncertainty never acquits.
    wider = decide(deviation, tolerance_mm=tolerance, guard_mm=guard + 0.1).verdict
    assert wider.rank >= verdict.rank


def test_the_budget_of_the_handbook_example():
    """s 0.03, n 5, calliper 0.03, resolution 0.01, thermal 0.007: u 0.0225, +-0.963 or +-0.955."""
    values = 50 + np.array([-1, -1, 0, 1, 1]) * 0.03
    found = check_bars(
        [reading(value) for value in values],
        profile="planning",
        calliper_mpe_mm=0.03,
        resolution_mm=0.01,
        expansion_per_k=70e-6,
        temperature_half_width_k=2.0,
    )
    budget = found.headline.budget
    assert found.headline.sd_mm == pytest.approx(0.03)
    assert budget.standard_mm == pytest.approx(0.0225, abs=5e-5)
    assert 1 - 1.65 * budget.standard_mm == pytest.approx(0.963, abs=5e-4)
    assert 1 - 2 * budget.standard_mm == pytest.approx(0.955, abs=5e-4)
    assert sum(t.standard_mm**2 for t in budget.terms) == pytest.approx(budget.standard_mm**2)
    welch = budget.standard_mm**4 / (budget.terms[0].standard_mm ** 4 / 4)
    assert budget.df == pytest.approx(welch)
    assert "calliper" in budget.to_text()


def test_student_and_snedecor_are_those_of_scipy():
    stats = pytest.importorskip("scipy.stats")
    for df in (0.7, 1.0, 2.5, 8.0, 40.0, 3000.0):
        for p in (0.6, 0.95, 0.975, 0.9995):
            assert t_quantile(p, df) == pytest.approx(stats.t.ppf(p, df), rel=1e-9)
            assert t_quantile(1 - p, df) == pytest.approx(-stats.t.ppf(p, df), rel=1e-9)
        assert t_two_sided(2.3, df) == pytest.approx(2 * stats.t.sf(2.3, df), rel=1e-10)
        assert f_tail(1.7, 3.0, df) == pytest.approx(stats.f.sf(1.7, 3.0, df), rel=1e-9)
    assert t_quantile(0.975, math.inf) == pytest.approx(1.959963984540054)
    with pytest.raises(ValueError, match="p, df"):
        t_quantile(1.0, 3)


def test_effective_degrees_of_freedom_of_the_gum():
    """JCGM 100:2008, H.1: the end gauge, u 32 nm with 16 effective degrees of freedom, k 2.92."""
    parts = ((25, 18), (9.7, 25.6), (2.9, 50), (16.6, 2))
    terms = [
        UncertaintyTerm(name="", half_width_mm=u, divisor=1, df=df, source="") for u, df in parts
    ]
    budget = combine_terms(terms, confidence=0.99)
    assert budget.standard_mm == pytest.approx(32, abs=0.5)
    assert budget.df == pytest.approx(16.7, abs=0.7)
    assert budget.factor == pytest.approx(2.92, abs=0.03)


def test_0_4_percent_shrink_is_recovered_within_0_05_percent():
    rng = np.random.default_rng(70)
    errors, held, offsets = [], [], []
    for _ in range(120):
        rows = bars({"x": -0.004, "y": -0.004}, {"x": 0.1, "y": 0.1}, sd=0.02, rng=rng)
        found = check_bars(rows, profile="planning", calliper_mpe_mm=0.0, resolution_mm=0.0,
                           temperature_half_width_k=0.0)  # fmt: skip
        for fit in found.fits[:2]:
            errors.append(fit.scale_percent + 0.4)
            offsets.append(fit.offset_mm - 0.1)
            held.append(fit.scale_low_percent < -0.4 < fit.scale_high_percent)
    assert np.quantile(np.abs(errors), 0.95) < 0.05
    assert np.quantile(np.abs(offsets), 0.68) < 0.02
    assert 0.92 < np.mean(held) < 0.99, "a 95 % interval holds the truth in 95 of 100"


def test_compensation_undoes_the_error():
    rows = bars({"x": -0.004}, {"x": 0.1}, sd=0.0, rng=np.random.default_rng(0), axes="x")
    made = check_bars(rows, profile="planning").compensation
    assert made.factor_percent["x"] * (1 - 0.004) == pytest.approx(100)
    assert made.horizontal_expansion_mm == pytest.approx(-0.05)
    assert made.needed == ("x",)
    alone = check_bars(bars({}, {}, sd=0.01, rng=np.random.default_rng(4)), profile="planning")
    assert "better left alone" in alone.compensation.meaning


def test_the_fit_is_that_of_weighted_least_squares():
    sm = pytest.importorskip("statsmodels.api")
    lengths = np.array([20.0, 35, 50, 75, 100])
    values = lengths * 1.002 + np.array([0.05, 0.02, 0.06, 0.01, 0.04])
    spread = np.array([0.01, 0.02, 0.01, 0.03, 0.02])
    rows = [
        reading(v, n, axis="z", source="mesh", uncertainty_mm=u)
        for v, n, u in zip(values, lengths, spread, strict=True)
    ]
    found = check_bars(rows, profile="planning", scanner_mpe_mm=0.0, temperature_half_width_k=0.0)
    other = sm.WLS(values - lengths, sm.add_constant(lengths), weights=1 / spread**2).fit()
    assert found.offset_mm["z"] == pytest.approx(other.params[0], abs=1e-9)
    assert found.scale_percent["z"] == pytest.approx(100 * other.params[1], abs=1e-9)
    assert other.scale > 1, "the scatter is more than the uncertainties say, so both widen"
    assert np.sqrt(found.fits[0].covariance[0]) == pytest.approx(other.bse[1], rel=1e-9)
    assert found.fits[0].scale_high_percent == pytest.approx(
        100 * other.conf_int(0.05)[1][1], abs=1e-9
    )


def test_squareness_from_two_diagonals():
    skew = 0.003
    rows = [
        reading(50 * (1 + skew / 2) + 0.1, axis="xy"),
        reading(50 * (1 - skew / 2) + 0.1, axis="yx"),
    ]
    (found,) = check_bars(rows, profile="planning").squareness
    assert found.skew_deg == pytest.approx(math.degrees(skew), abs=1e-9)
    assert found.skew_mm_per_100_mm == pytest.approx(0.3, abs=1e-4)
    assert found.is_proven
    assert check_bars(rows[:1], profile="planning").squareness == ()


def test_the_verdict_changes_with_the_use():
    answers = [
        check_bars(reading(49.6), profile=profile).verdict.name
        for profile in ("education", "planning", "guide", "implant")
    ]
    assert answers == ["PASS", "PASS", "PASS", "FAIL"]
    assert check_bars(reading(49.54), profile="guide").verdict is Verdict.UNPROVEN
    assert check_bars(reading(49.6), profile="implant").tolerance_mm == 0.25
    rules = load_bar_rules()
    for profile, source in rules.tolerance_source.items():
        assert "house rule" in source or "Ernst" in source or "doi" in source, profile


def test_rules_of_ones_own(tmp_path):
    path = tmp_path / "own.toml"
    text = (
        'version = "1"\n[tolerance.splint]\nlimit_mm = 0.4\nsource = "house rule"\n[assumed]\n'
        "calliper_mpe_mm=0.02\nscanner_mpe_mm=0.02\nresolution_mm=0.01\nrepeatability_mm=0.02\n"
        'expansion_per_k=6e-5\ntemperature_half_width_k=1\nconfidence=0.95\nsource="house rule"\n'
        '[calibration]\nmax_age_days=7\nsource="house rule"\n'
    )
    path.write_text(text)
    own = load_bar_rules(path)
    assert check_bars(reading(49.5), profile="splint", rules=own).verdict is Verdict.FAIL
    path.write_text(text.replace('source = "house rule"\n[assumed]', "[assumed]"))
    with pytest.raises(ValueError, match=r"splint\.source: .* found None"):
        load_bar_rules(path)


def test_temperatures_are_corrected_where_the_material_is_known():
    warm = reading(50.0875, temperature_c=40.0, source="mesh", uncertainty_mm=0.01)
    plain = check_bars(warm, profile="planning")
    known = check_bars(warm, profile="planning", expansion_per_k=87.5e-6)
    assert plain.measured_mm == pytest.approx(50.0875)
    assert known.measured_mm == pytest.approx(50.0, abs=1e-4)
    assert (
        plain.headline.budget.terms[-1].half_width_mm
        > known.headline.budget.terms[-1].half_width_mm
    )


def test_results_print_and_become_json():
    import json

    rows = bars({"x": -0.004}, {"z": 0.05}, sd=0.02, rng=np.random.default_rng(1))
    found = check_bars(rows, profile="planning", part_size_mm=(180, 150, 120))
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["verdict"] == "PASS"
    assert found._repr_html_().count("<table") == 3
    codes = {finding.code for finding in found.to_report()}
    assert codes == {"bar_length", "bar_projection", "bar_scale"}
    assert "budget of" in found.to_text()


@pytest.mark.parametrize(
    ("rows", "asked", "error", "words"),
    [
        ([], {"profile": "planning"}, BarError, "at least one reading"),
        ([reading(50)], {}, ValueError, "one of the two expected"),
        ([reading(50)], {"profile": "planning", "tolerance_mm": 1.0}, ValueError, "one of the two"),
        ([reading(50)], {"profile": "toy"}, ValueError, "found 'toy'"),
        ([reading(50)], {"tolerance_mm": 0.0}, ValueError, "above 0"),
        ([reading(50)], {"tolerance_mm": 1.0, "part_size_mm": (1, 2)}, ValueError, "one or three"),
        ([reading(50)], {"tolerance_mm": 1.0, "assume": "luck"}, ValueError, "'luck'"),
        ([reading(50)], {"tolerance_mm": 1.0, "confidence": 1.2}, ValueError, "confidence"),
        ([reading(50)], {"tolerance_mm": 1.0, "guard_factor": -1}, ValueError, "guard_factor"),
    ],
)
def test_mistakes_are_named(rows, asked, error, words):
    with pytest.raises(error, match=words):
        check_bars(rows, **asked)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"nominal_mm": 0, "reading_mm": 50}, "nominal_mm"),
        ({"nominal_mm": 50, "reading_mm": math.nan}, "reading_mm"),
        ({"nominal_mm": 50, "reading_mm": 50, "axis": "w"}, "axis"),
        ({"nominal_mm": 50, "reading_mm": 50, "source": "eye"}, "source"),
        ({"nominal_mm": 50, "reading_mm": 50, "uncertainty_mm": -1}, "uncertainty_mm"),
        ({"nominal_mm": 50, "reading_mm": 50, "temperature_c": 900}, "temperature_c"),
    ],
)
def test_a_reading_that_cannot_be_is_refused(values, words):
    with pytest.raises(ValueError, match=words):
        BarReading(**values)


@settings(max_examples=30, deadline=None)
@given(
    scale=st.floats(-0.02, 0.02),
    offset=st.floats(-0.5, 0.5),
    part=st.floats(10, 300),
)
def test_the_error_of_a_part_is_scale_times_size_plus_offset(scale, offset, part):
    rows = [reading(n * (1 + scale) + offset, n, axis="y") for n in (20.0, 50.0, 100.0)]
    found = check_bars(rows, tolerance_mm=1.0, part_size_mm=part)
    assert found.projections[0].error_mm == pytest.approx(scale * part + offset, abs=1e-8)


@pytest.mark.parametrize(
    ("deviation", "tolerance", "guard", "words"),
    [
        (float("nan"), 1, 0.1, "deviation_mm"),
        (0.1, float("nan"), 0.1, "tolerance_mm"),
        (0.1, 0, 0.1, "tolerance_mm: above 0"),
        (0.1, 1, -1, "guard_mm: at least 0"),
        (None, 1, 0, "deviation_mm: a number"),
        ("0.1", 1, 0, "deviation_mm: a number"),
    ],
)
def test_a_decision_on_no_number_is_refused(deviation, tolerance, guard, words):
    with pytest.raises(ValueError, match=words):
        decide(deviation, tolerance_mm=tolerance, guard_mm=guard)


def test_bare_numbers_are_readings_of_one_bar():
    found = check_bars([49.2, 49.3], nominal_mm=50.0, tolerance_mm=1.0)
    assert (found.lines[0].n, found.lines[0].measured_mm) == (2, pytest.approx(49.25))
    assert check_bars(49.2, nominal_mm=50.0, tolerance_mm=1.0).verdict is Verdict.PASS
    for wrong in (None, "49.2", ["49.2"], [None], 3j):
        with pytest.raises(BarError, match="readings: BarReading or lengths"):
            check_bars(wrong, nominal_mm=50.0, tolerance_mm=1.0)
    with pytest.raises(BarError, match="nominal_mm"):
        check_bars([49.2], tolerance_mm=1.0)


def test_the_uncertainty_that_was_stated_is_given_back():
    row = BarReading(nominal_mm=50, reading_mm=49.05)
    found = check_bars(row, tolerance_mm=1, expanded_uncertainty_mm=0.1)
    assert found.uncertainty_mm == pytest.approx(0.1, rel=1e-12)


def test_bars_without_an_axis_are_fitted_together():
    rows = [BarReading(nominal_mm=n, reading_mm=1.004 * n + 0.1) for n in (20, 50, 100)]
    found = check_bars(rows, tolerance_mm=1, part_size_mm=150)
    (fit,) = found.fits
    assert fit.axis == ""
    assert fit.scale_percent == pytest.approx(0.4) and fit.offset_mm == pytest.approx(0.1)
    assert found.projections[0].cause == "fitted"
    assert found.projections[0].error_mm == pytest.approx(0.7)
    assert found.compensation is None, "a slicer asks for each axis"


def test_copied_lines_and_missing_axes_are_said():
    rows = [BarReading(nominal_mm=n, reading_mm=n - 0.1) for n in (20, 50, 100)]
    notes = " ".join(check_bars(rows, tolerance_mm=1).notes)
    assert "bars without an axis were fitted together" in notes
    assert "one length" not in notes
    assert "copied line" not in notes
    again = check_bars([*rows, rows[0]], tolerance_mm=1)
    assert "1 reading has the same length" in again.notes[0]
    assert (again.lines[0].n, again.n_copies) == (2, 0)


@pytest.mark.parametrize(
    "told",
    [
        {"repeat": 3},
        {"date": "2026-03-14T10:05:07"},
        {"source": "mesh", "uncertainty_mm": 0.01, "repeat": None},
    ],
)
def test_a_copied_reading_is_counted_once(told):
    values = (49.90, 49.93, 49.97)
    asked = {"nominal_mm": 50, "axis": "x", "operator": "A"}
    rows = [
        BarReading(reading_mm=mm, **asked, **{"repeat": n, **told})
        for n, mm in enumerate(values, 1)
    ]
    once = check_bars(rows, tolerance_mm=0.5)
    found = check_bars([*rows, *rows, rows[1]], tolerance_mm=0.5)
    assert found.n_copies == 4
    assert found.lines == once.lines
    assert "4 readings are copies" in found.notes[0]
    assert found.to_report()["bar_copies"].verdict is Verdict.BORDERLINE
    assert "bar_copies" not in [one.code for one in once.to_report()]
    assert "1 reading is a copy" in check_bars([*rows, rows[1]], tolerance_mm=0.5).notes[0]


def test_equal_readings_of_a_coarse_calliper_are_repeats():
    """A calliper of 0.05 mm reads the same five times: as many repeats, numbered or on other days."""
    asked = {"nominal_mm": 50, "reading_mm": 49.95, "axis": "x"}
    for told in ("repeat", "date", "operator", None):
        rows = [
            BarReading(**asked, **({} if told is None else {told: n if told == "repeat" else f"2026-03-0{n}"}))
            for n in range(1, 6)
        ]  # fmt: skip
        found = check_bars(rows, tolerance_mm=1, resolution_mm=0.05)
        assert (found.lines[0].n, found.n_copies) == (5, 0)
    midnight = [BarReading(**asked, date="2026-03-14 00:00:00")] * 2
    assert check_bars(midnight, tolerance_mm=1).n_copies == 0, (
        "no time of day, but a program's zeros"
    )


@pytest.mark.parametrize(
    ("value", "unit"), [(1.9646, "inches"), (4.99, "cm"), (0.0499, "m"), (49900.0, "um")]
)
def test_a_length_in_another_unit_is_refused(value, unit):
    with pytest.raises(BarError, match=rf"{unit}"):
        check_bars(BarReading(nominal_mm=50, reading_mm=value), tolerance_mm=1)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"calliper_mpe_mm": 1e300}, "calliper_mpe_mm"),
        ({"calliper_mpe_mm": "50"}, "calliper_mpe_mm: a number"),
        ({"guard_factor": "2"}, "guard_factor: a number"),
        ({"part_size_mm": "150"}, "part_size_mm"),
    ],
)
def test_what_is_no_number_is_refused(asked, words):
    with pytest.raises(ValueError, match=words):
        check_bars(BarReading(nominal_mm=50, reading_mm=50), tolerance_mm=1, **asked)


@pytest.mark.parametrize(
    "values", [{"reading_mm": True}, {"repeat": -3}, {"repeat": True}, {"reading_mm": "50"}]
)
def test_a_reading_of_no_number_is_refused(values):
    with pytest.raises(ValueError, match=next(iter(values))):
        BarReading(**{"nominal_mm": 50, "reading_mm": 50, **values})


def test_several_numbers_are_no_length():
    with pytest.raises(BarError, match="each one length in mm expected, found ndarray at place 1"):
        check_bars([np.array([49.9, 49.8])], nominal_mm=50.0, tolerance_mm=1.0)
