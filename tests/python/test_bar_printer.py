"""A printer's record, its control chart, the gauge study, and the command."""

import json
import threading
import warnings
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from calvaria import BarReading, CalvariaWarning, Verdict, check_printability
from calvaria.bar import (
    append_readings,
    check_history,
    check_printer,
    load_record,
    make_control_chart,
    measure_gauge,
)
from calvaria.bar.plots import plot_control_chart
from calvaria.cli import app
from calvaria.errors import BarError
from calvaria.material import load_printers
from calvaria.mesh import write_mesh
from calvaria.pipeline.printing import judge_print
from calvaria.printability import block_mesh


def reading(value, day="2026-03-01", **more):
    return BarReading(nominal_mm=50, reading_mm=value, date=day, **more)


def days(values, start="2026-01-01"):
    first = np.datetime64(start)
    return [reading(50 + v, str(first + n), bar="50X") for n, v in enumerate(values)]


def test_a_record_keeps_what_it_was_given(tmp_path):
    path = tmp_path / "printer.jsonl"
    rows = [
        reading(49.9, bar="50X", axis="x", printer="P1", operator="A", temperature_c=21.0),
        reading(49.95, source="mesh", uncertainty_mm=0.004, centre_lps_mm=(1.0, 2.0, 3.0),
                direction=(1.0, 0.0, 0.0), n_points=900),
    ]  # fmt: skip
    append_readings(rows[0], path)
    append_readings(rows[1], path)
    assert load_record(path) == tuple(rows)
    assert not list(tmp_path.glob("*.lock")) and not list(tmp_path.glob("*.part"))


def test_a_failed_append_leaves_the_record_as_it_was(tmp_path, monkeypatch):
    path = tmp_path / "printer.jsonl"
    append_readings(reading(49.9), path)
    before = path.read_bytes()
    with pytest.raises(BarError, match="date"):
        append_readings(BarReading(nominal_mm=50, reading_mm=50), path)
    monkeypatch.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError(28, "no space left")))
    with pytest.raises(OSError, match="no space"):
        append_readings(reading(50.0), path)
    monkeypatch.undo()
    assert path.read_bytes() == before
    append_readings(reading(50.1), path)
    assert [one.reading_mm for one in load_record(path)] == [49.9, 50.1]


def test_appending_from_many_threads_loses_nothing(tmp_path):
    path = tmp_path / "printer.jsonl"
    threads = [
        threading.Thread(target=append_readings, args=(reading(49 + n / 100), path))
        for n in range(12)
    ]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(one.reading_mm for one in load_record(path)) == [49 + n / 100 for n in range(12)]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: a record"),
        ("hello\n", "line 1: a JSON object expected, found a line of 5 characters"),
        ('{"format": "calvaria-bar-record", "version": 9}\n', "version 1 expected, found 9"),
        (
            '{"format": "calvaria-bar-record", "version": 1}\n{"nominal_mm": 50}\n',
            "line 2: a reading",
        ),
        (
            '{"format": "calvaria-bar-record", "version": 1}\n'
            '{"nominal_mm": 50, "reading_mm": 50, "colour": 1}\n',
            "line 2: .* found colour",
        ),
    ],
)
def test_a_broken_record_is_named_and_not_overwritten(tmp_path, text, words):
    path = tmp_path / "printer.jsonl"
    path.write_text(text)
    with pytest.raises(BarError, match=words):
        append_readings(reading(50), path)
    assert path.read_text() == text


def test_limits_are_those_of_the_textbook():
    values = np.array([0.10, 0.14, 0.09, 0.12, 0.11, 0.15, 0.10, 0.13])
    chart = make_control_chart(days(values))
    ranges = np.abs(np.diff(values))
    assert chart.mean_mm == pytest.approx(values.mean())
    assert chart.upper_mm - chart.mean_mm == pytest.approx(2.66 * ranges.mean(), rel=1e-3)
    assert chart.sigma_mm == pytest.approx(ranges.mean() / 1.128, rel=1e-3)
    assert chart.upper_range_mm == pytest.approx(3.267 * ranges.mean(), rel=1e-3)
    assert chart.is_in_control and not chart.is_drifting
    assert len(plot_control_chart(chart, tolerance_mm=1.0).axes) == 2


def test_a_jump_a_run_and_a_drift_are_found():
    rng = np.random.default_rng(8)
    quiet = rng.normal(0.1, 0.01, 20)
    jump = quiet.copy()
    jump[14] += 0.1
    found = make_control_chart(days(jump))
    assert 14 in found.beyond and 14 in found.ranges_beyond
    shifted = np.r_[quiet[:9] - 0.012, np.abs(quiet[9:] - 0.1) + 0.11]
    assert make_control_chart(days(shifted)).runs
    drifting = quiet + 0.002 * np.arange(20)
    found = make_control_chart(days(drifting))
    assert found.is_drifting
    held = []
    for seed in range(60):
        noise = np.random.default_rng(seed).normal(0.1, 0.01, 20)
        one = make_control_chart(days(noise + 0.002 * np.arange(20)))
        held.append(one.drift_low < 0.06 < one.drift_high)
    assert np.mean(held) > 0.88
    stats = pytest.importorskip("scipy.stats")
    fit = stats.linregress(np.arange(20), drifting)
    assert found.drift_mm_per_30_days == pytest.approx(30 * fit.slope)
    assert found.drift_p == pytest.approx(fit.pvalue)


def test_false_alarms_are_as_rare_as_they_should_be():
    rng = np.random.default_rng(5)
    alarms = [len(make_control_chart(days(rng.normal(0, 1, 40) / 50)).beyond) for _ in range(100)]
    assert np.mean(alarms) / 40 < 0.01


@pytest.mark.parametrize(
    ("today", "value", "verdict", "warned"),
    [
        ("2026-03-20", 49.9, "PASS", 0),
        ("2026-03-31", 49.9, "PASS", 0),
        ("2026-04-01", 49.9, "BORDERLINE", 1),
        ("2026-03-20", 51.0, "FAIL", 1),
        ("2026-05-20", 48.0, "FAIL", 2),
        ("2026-02-20", 49.9, "UNPROVEN", 1),
    ],
)
def test_age_and_last_bar_of_a_printer(today, value, verdict, warned, recwarn):
    found = check_history(
        [reading(49.9, "2026-01-05"), reading(value)], today=today, profile="planning"
    )
    assert found.verdict.name == verdict
    assert sum(issubclass(one.category, CalvariaWarning) for one in recwarn.list) == warned


def test_readings_of_several_printers_are_not_mixed():
    rows = [reading(49.9, printer="A"), reading(52.0, printer="B")]
    with pytest.raises(BarError, match="one of A, B"):
        check_history(rows, today="2026-03-02", profile="planning")
    assert (
        check_history(rows, today="2026-03-02", profile="planning", printer="A").verdict
        is Verdict.PASS
    )
    with pytest.raises(BarError, match="at least one reading of C"):
        check_history(rows, today="2026-03-02", profile="planning", printer="C")


def gauge_table(seed, *, sd_repeat, sd_operator, sd_bar, sd_both=0.0, shape=(10, 3, 3)):
    rng = np.random.default_rng(seed)
    bars, operators, repeats = shape
    of_bar, of_operator = rng.normal(0, sd_bar, bars), rng.normal(0, sd_operator, operators)
    both = rng.normal(0, sd_both, (bars, operators)) if sd_both else np.zeros((bars, operators))
    return [
        reading(
            50 + of_bar[b] + of_operator[o] + both[b, o] + rng.normal(0, sd_repeat),
            bar=f"bar {b}", operator=f"op {o}", repeat=r + 1,
        )
        for b in range(bars) for o in range(operators) for r in range(repeats)
    ]  # fmt: skip


@pytest.mark.parametrize("both", [0.0, 0.08])
def test_the_gauge_study_is_the_analysis_of_variance(both):
    formula = pytest.importorskip("statsmodels.formula.api")
    anova = pytest.importorskip("statsmodels.stats.anova")
    pandas = pytest.importorskip("pandas")
    rows = gauge_table(1, sd_repeat=0.02, sd_operator=0.03, sd_bar=0.2, sd_both=both)
    found = measure_gauge(rows, tolerance_mm=1.0)
    frame = pandas.DataFrame([{"d": r.deviation_mm, "b": r.bar, "o": r.operator} for r in rows])
    table = anova.anova_lm(formula.ols("d ~ C(b) * C(o)", frame).fit())
    ms = table["mean_sq"]
    assert found.interaction_p == pytest.approx(table["PR(>F)"]["C(b):C(o)"], rel=1e-6)
    assert found.is_pooled == (found.interaction_p > 0.25)
    if found.is_pooled:
        add = anova.anova_lm(formula.ols("d ~ C(b) + C(o)", frame).fit())["mean_sq"]
        below, operator = add["Residual"], (add["C(o)"] - add["Residual"]) / 30
        assert found.repeatability_mm**2 == pytest.approx(add["Residual"], rel=1e-9)
        assert found.reproducibility_mm**2 == pytest.approx(max(0, operator), rel=1e-6, abs=1e-12)
    else:
        below = ms["C(b):C(o)"]
        parts = max(0, (ms["C(o)"] - below) / 30) + max(0, (below - ms["Residual"]) / 3)
        assert found.repeatability_mm**2 == pytest.approx(ms["Residual"], rel=1e-9)
        assert found.reproducibility_mm**2 == pytest.approx(parts, rel=1e-9)
    assert found.bars_mm**2 == pytest.approx((ms["C(b)"] - below) / 9, rel=1e-6)


def test_the_gauge_study_gives_back_its_components():
    found = [
        measure_gauge(
            gauge_table(n, sd_repeat=0.02, sd_operator=0.04, sd_bar=0.2, shape=(10, 6, 3)),
            tolerance_mm=1.0,
        )
        for n in range(30)
    ]
    assert np.sqrt(np.mean([one.repeatability_mm**2 for one in found])) == pytest.approx(
        0.02, rel=0.05
    )
    assert np.sqrt(np.mean([one.reproducibility_mm**2 for one in found])) == pytest.approx(
        0.04, rel=0.25
    )
    assert np.sqrt(np.mean([one.bars_mm**2 for one in found])) == pytest.approx(0.2, rel=0.15)
    assert found[0].tolerance_percent == pytest.approx(300 * found[0].gauge_mm)


def test_an_unbalanced_gauge_study_is_refused():
    rows = gauge_table(1, sd_repeat=0.02, sd_operator=0.04, sd_bar=0.2)
    for bad in (rows[:-1], rows[:9], [r for r in rows if r.operator == "op 1"], rows[::3]):
        with pytest.raises(BarError, match="equally often"):
            measure_gauge(bad, tolerance_mm=1.0)


def run(*args):
    return CliRunner().invoke(app, ["bar", *map(str, args)])


def test_make_check_history_from_the_command(tmp_path):
    made = run("make", tmp_path / "bar.stl", "--axis", "y", "--form", tmp_path / "form.csv")
    assert made.exit_code == 0, made.output
    assert "50Y" in made.output
    lines = (tmp_path / "form.csv").read_text().splitlines()
    filled = "\n".join([lines[0], *(line.replace(",,", ",49.21,", 1) for line in lines[1:])])
    (tmp_path / "form.csv").write_text(filled)
    record = tmp_path / "p.jsonl"
    for day in ("2026-03-01", "2026-03-02", "2026-03-03"):
        found = run("check", tmp_path / "form.csv", "--record", record, "--date", day)
        assert found.exit_code == 0, found.output
    assert "PASS: 49.21 mm measured on 50 mm, -0.79 mm" in found.output
    assert "calliper, largest permissible error" in found.output
    as_json = run("check", tmp_path / "form.csv", "--json", "--part", "150")
    assert as_json.exit_code == 1, "one length cannot tell what becomes of 150 mm"
    assert json.loads(as_json.output)["bar_verdict"] == "PASS"
    past = run("history", record, "--today", "2026-03-04", "--chart", tmp_path / "c.png")
    assert past.exit_code == 0, past.output
    assert (tmp_path / "c.png").stat().st_size > 5000
    assert run("history", record, "--today", "2026-06-01").exit_code == 1
    scan = run("check", tmp_path / "bar.stl", "--profile", "implant")
    assert scan.exit_code == 0, scan.output


def test_the_command_says_what_is_wrong(tmp_path):
    (tmp_path / "t.csv").write_text("nominal_mm;reading_mm\n50;x\n")
    bad = run("check", tmp_path / "t.csv")
    assert bad.exit_code == 4
    assert "line 2, column reading_mm" in bad.output
    assert run("check", tmp_path / "none.csv").exit_code == 2
    (tmp_path / "t.csv").write_text("nominal_mm;reading_mm\n50;48\n")
    assert run("check", tmp_path / "t.csv").exit_code == 3
    assert run("check", tmp_path / "t.csv", "--profile", "toy").exit_code == 2
    assert run("make", tmp_path / "b.stl", "--axis", "q").exit_code == 2
    assert "record" in run("check", "--help").output


@pytest.mark.parametrize(
    ("today", "value", "verdict", "code"),
    [
        ("2026-03-14", 49.9, "PASS", None),
        ("2026-04-20", 49.9, "BORDERLINE", "bar_age"),
        ("2026-03-14", 48.9, "FAIL", "bar_last"),
    ],
)
def test_the_last_bar_of_a_printer_is_part_of_the_verdict_on_a_part(today, value, verdict, code):
    plate = block_mesh(size_mm=(30, 20, 3))
    asked = {
        "process": "fdm",
        "material": "pla",
        "printer": "desktop-fdm",
        "profile": "education",
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CalvariaWarning)
        history = check_printer(
            "desktop-fdm", record=[reading(value)], today=today, profile="planning"
        )
    assert check_printability(plate, **asked).verdict is Verdict.PASS
    found = check_printability(plate, **asked, calibration=history.report)
    assert found.verdict.name == verdict
    assert [f.code for f in found.above_pass()] == ([code] if code else [])


def test_a_printer_is_judged_by_its_own_readings_and_days(tmp_path):
    path = tmp_path / "record.jsonl"
    append_readings([reading(49.9, printer="desktop-fdm"), reading(40, printer="other")], path)
    found = check_printer("desktop-fdm", record=path, today="2026-03-10", profile="planning")
    assert found.verdict is Verdict.PASS and found.n_readings == 1
    own = replace(load_printers()["desktop-fdm"], calibration_days=5, record=str(path))
    with pytest.warns(CalvariaWarning, match="9 days ago"):
        assert check_printer(own, today="2026-03-10", profile="planning").verdict.name == (
            "BORDERLINE"
        )
    with pytest.raises(BarError, match="record of the desktop filament printer"):
        check_printer("desktop-fdm", today="2026-03-10", profile="planning")
    with pytest.raises(ValueError, match="printer: one of desktop-fdm"):
        check_printer("oven", record=path, today="2026-03-10", profile="planning")


def test_the_main_job_asks_the_record_of_its_printer(tmp_path):
    path = tmp_path / "record.jsonl"
    append_readings(reading(48.0), path)
    plate = block_mesh(size_mm=(30, 20, 3))
    made = judge_print(plate, profile="education", printer_record=path, today="2026-03-02")
    assert made["bar_last"].verdict is Verdict.FAIL
    own = replace(load_printers()["desktop-fdm"], record=str(path))
    made = judge_print(plate, profile="education", printer=own, today="2026-03-02")
    assert made["bar_last"].verdict is Verdict.FAIL
    with pytest.raises(ValueError, match="today: the day"):
        judge_print(plate, profile="education", printer=own)


def test_the_command_printable_takes_the_record_of_the_printer(tmp_path):
    write_mesh(block_mesh(size_mm=(30, 20, 3)), tmp_path / "plate.stl")
    append_readings(reading(48.0), tmp_path / "record.jsonl")
    args = ["printable", str(tmp_path / "plate.stl"), "--printer-record"]
    args.append(str(tmp_path / "record.jsonl"))
    failed = CliRunner().invoke(app, [*args, "--printer", "desktop-fdm"])
    assert failed.exit_code == 3, failed.output
    assert "bar_last" in failed.output
    assert CliRunner().invoke(app, args).exit_code == 2, "whose record it is"


def test_a_folder_that_is_not_there_is_said_without_an_empty_name(tmp_path):
    found = run("make", tmp_path / "none" / "b.stl")
    assert found.exit_code == 4
    assert "calvaria: b.stl: there is no folder" in found.output


def test_a_history_becomes_json_and_names_a_wrong_day():
    rows = [BarReading(nominal_mm=50, reading_mm=50.1, date="2026-01-01")]
    found = check_history(rows, today="2026-01-02", profile="planning")
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["age_days"] == 1
    for day in ("foo", None):
        with pytest.raises(ValueError, match="today: a date"):
            check_history(rows, today=day, profile="planning")
    for age in (-1, float("nan")):
        with pytest.raises(ValueError, match="max_age_days"):
            check_history(rows, today="2026-01-02", profile="planning", max_age_days=age)


def test_a_form_that_is_appended_twice_is_kept_once(tmp_path):
    rows = [reading(49.9, repeat=1), reading(49.9, repeat=2), reading(49.95, repeat=3)]
    first = append_readings(rows, tmp_path / "p.jsonl")
    with pytest.warns(CalvariaWarning, match="3 of 4 readings left out"):
        both = append_readings([*rows, reading(49.9, repeat=4)], tmp_path / "p.jsonl")
    assert both == (*first, reading(49.9, repeat=4)) == load_record(tmp_path / "p.jsonl")
    for n in (1, 2):
        assert len(append_readings(reading(49.95), tmp_path / "q.jsonl")) == n, "may be read twice"


def test_a_copied_record_says_so_and_a_copied_gauge_study_is_refused():
    rows = [reading(50.9, repeat=n) for n in (1, 2, 3)]
    once = check_history(rows, today="2026-03-02", profile="planning")
    found = check_history([*rows, *rows], today="2026-03-02", profile="planning")
    assert found.n_readings == once.n_readings == 3
    assert found.report["bar_copies"].measured == 3
    assert found.report["bar_last"] == once.report["bar_last"]
    study = gauge_table(1, sd_repeat=0.02, sd_operator=0.04, sd_bar=0.2)
    with pytest.raises(BarError, match="90 readings are copies"):
        measure_gauge([*study, *study], tolerance_mm=1.0)


def test_readings_without_a_printer_are_not_dropped_in_silence():
    """The newest bar names no printer and fails: the record of a named one must say that it is there."""
    rows = [reading(49.9, "2026-03-01", printer="desktop-fdm"), reading(48.0, "2026-03-05")]
    for asked in (
        lambda: check_printer("desktop-fdm", record=rows, today="2026-03-06", profile="planning"),
        lambda: check_history(rows, printer="desktop-fdm", today="2026-03-06", profile="planning"),
    ):
        with pytest.warns(CalvariaWarning, match="1 reading names no printer .* of 2026-03-05"):
            found = asked()
        assert found.verdict is Verdict.BORDERLINE
        assert found.report["bar_unnamed"].measured == 1
        assert found.n_readings == 1
    with pytest.raises(
        BarError, match=r"desktop-resin expected, found those of desktop-fdm, \(none\)"
    ):
        check_printer("desktop-resin", record=rows, today="2026-03-06", profile="planning")


@pytest.mark.parametrize(
    ("today", "words"),
    [("2026-03-01", "today"), ("2026-03-02", "1 day ago"), ("2026-03-03", "2 days ago")],
)
def test_days_are_counted_in_words_that_fit_one_as_well(today, words):
    found = check_history([reading(49.9)], today=today, profile="planning")
    assert found.meaning.endswith(f"last bar {words}, in order")
    assert words in found.report["bar_age"].message


def test_no_message_of_a_printer_has_a_verdict_within_a_sentence():
    with pytest.warns(CalvariaWarning) as said:
        found = check_history([reading(48.0)], today="2026-03-02", profile="planning")
    for words in (found.meaning, *(one.message for one in found.report), str(said[0].message)):
        assert words.count("FAIL") <= (words == found.meaning), words
        assert "::" not in words and ": :" not in words


def test_another_printers_bars_do_not_speak_for_this_one():
    foreign = BarReading(nominal_mm=50, reading_mm=50.0, date="2026-03-01", printer="another one")
    with pytest.raises(BarError, match="desktop-fdm"):
        check_printer("desktop-fdm", record=[foreign], today="2026-03-14", profile="planning")
