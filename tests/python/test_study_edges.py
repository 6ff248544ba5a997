"""Edges of summaries, ratings, ranks and tables: refused, or answered rightly."""

import datetime as dt
import math

import numpy as np
import pytest

pytest.importorskip("scipy")

from calvaria import study
from calvaria.errors import StudyError

NAN = math.nan


@pytest.mark.parametrize("n", [1, 0, -2, 2.5, NAN, math.inf])
def test_a_summary_of_less_than_two_is_refused(n):
    makers = [
        lambda: study.Summary(n=n, mean=1, sd=1),
        lambda: study.Summary.from_standard_error(n=n, mean=1, standard_error=1),
        lambda: study.Summary.from_interval(n=n, low=1, high=2),
        lambda: study.Summary.from_quartiles(n=n, q1=1, median=2, q3=3),
        lambda: study.Summary.from_range(n=n, minimum=1, median=2, maximum=3),
        lambda: study.Summary.from_five_numbers(n=n, minimum=1, q1=2, median=3, q3=4, maximum=5),
        lambda: study.PairedSummary(n=n, mean_difference=1, sd_difference=1),
        lambda: study.PairedSummary.from_correlation(
            n=n, means=(1, 2), sds=(1, 1), correlation=0.5
        ),
    ]
    for make in makers:
        with pytest.raises(StudyError, match="n: a whole number of at least 2"):
            make()


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"sds": (-1, 2)}, "sds"),
        ({"sds": (1, NAN)}, "sds"),
        ({"means": (1, NAN)}, "means"),
        ({"correlation": 1.2}, "correlation"),
        ({"correlation": NAN}, "correlation"),
    ],
)
def test_pairs_from_a_correlation_refuse(changed, said):
    given = {"n": 9, "means": (1, 2), "sds": (1, 2), "correlation": 0.5} | changed
    with pytest.raises(StudyError, match=said):
        study.PairedSummary.from_correlation(**given)


def test_pairs_without_spread_have_no_effect_size():
    flat = study.PairedSummary.from_correlation(n=9, means=(1, 2), sds=(0, 0), correlation=0.5)
    with pytest.raises(StudyError, match="spread in at least one column"):
        study.hedges_g_paired(flat)
    with pytest.raises(StudyError, match="sd_a"):
        study.PairedSummary(n=9, mean_difference=1, sd_difference=1, sd_a=-1)


def test_one_item_without_its_fellows_does_not_kill_alpha():
    # Items 1 and 2 cancel each other, so that without item 3 all sums are the same.
    answers = np.array([[1, 5, 2], [2, 4, 3], [4, 2, 5], [5, 1, 4]])
    result = study.measure_alpha(answers)
    assert result.without_item[2] is None
    assert all(isinstance(value, float) for value in result.without_item[:2])
    assert "without item 3" in result.meaning
    assert result.to_dict()["without_item"][2] is None
    assert study.measure_alpha([[4, 5, 4], [2, 3, 2], [5, 5, 4], [3, 3, 3]]).note == ""


def test_alpha_of_perfect_agreement_is_refused():
    for answers in ([[1, 1], [3, 3]], [[1, 2, 1], [4, 5, 4], [2, 3, 2]]):
        with pytest.raises(StudyError, match="agree to the last digit"):
            study.measure_alpha(answers)


def test_ranks_do_not_take_binary_dust_for_a_difference():
    a, b = [0.1 + 0.2, 0.5, 0.7, 0.9], [0.3, 0.4, 0.6, 0.2]
    clean = study.compare_ranks([3, 5, 7, 9], [3, 4, 6, 2])
    dusty = study.compare_ranks(a, b)
    assert (dusty.statistic, dusty.p, dusty.test) == (clean.statistic, clean.p, clean.test)
    assert dusty.statistic == 12.5
    assert dusty.shift == pytest.approx(clean.shift / 10)
    third = [0.25, 0.35, 0.45]
    several = study.compare_several_ranks({"a": a, "b": b, "c": third})
    whole = study.compare_several_ranks({"a": [6, 10, 14, 18], "b": [6, 8, 12, 4], "c": [5, 7, 9]})
    assert several.p == pytest.approx(whole.p, rel=1e-12)
    delta = study.cliffs_delta(a, b).value
    assert delta == study.cliffs_delta([3, 5, 7, 9], [3, 4, 6, 2]).value


SCORES = study.DataDictionary(
    name="scores",
    key=("student",),
    columns=(
        study.Column(name="student", kind="text", label="code", is_required=True),
        study.Column(name="day", kind="date", label="of the test"),
        study.Column(name="score", kind="number", label="points", low=0, high=20),
    ),
)


def load(tmp_path, text):
    path = tmp_path / "scores.csv"
    path.write_text(text, encoding="utf-8")
    return study.load_table(path, dictionary=SCORES)


def test_a_fault_is_found_on_the_line_after_its_row(tmp_path):
    text = (
        "student,day,score\n"
        "a,2026-03-31,12\n"
        "\n"
        "\n"
        '"b\nsecond line",2026-03-31,13\n'
        "c,2026-03-31,99\n"
        "a,2026-03-31,1\n"
    )
    table = load(tmp_path, text)
    assert table.n_rows == 4
    assert table.columns["student"][1] == "b\nsecond line"
    lines = text.split("\n")
    found = [(fault.row, fault.column) for fault in table.faults]
    assert found == [(6, "score"), (7, "student")]
    assert [lines[row][0] for row, _ in found] == ["c", "a"]
    with pytest.raises(StudyError, match="row 3: 3 cells expected, found 2"):
        load(tmp_path, "student,day,score\na,2026-03-31,1\n\nb,2\n")


def test_a_file_that_is_no_table_is_refused(tmp_path):
    with pytest.raises(StudyError, match="row 2: a line of cells expected"):
        load(tmp_path, 'student,day,score\na,2026-03-31,1\n"b,2026-03-31,2\nc,2026-03-31,3\n')
    with pytest.raises(StudyError, match="each column once"):
        load(tmp_path, "student,day,day,score\na,2026-03-31,2026-03-31,1\n")
    with pytest.raises(StudyError, match="empty file"):
        load(tmp_path, "\n\n")


@pytest.mark.parametrize(
    "day",
    ["2026-03-31x", "2026-03-31 and more", "20260331", "2026-W14-2", "31.03.2026", "2026-02-30"],
)
def test_a_date_is_year_month_day_and_nothing_else(tmp_path, day):
    table = load(tmp_path, f"student;day;score\na;{day};1\n")
    assert [(fault.row, fault.column) for fault in table.faults] == [(1, "day")]


def test_moments_of_a_frame_are_days():
    moments = [
        dt.datetime(2026, 3, 31, 9, 30, tzinfo=dt.UTC),
        np.datetime64("2026-03-31T09:30"),
        dt.date(2026, 3, 31),
        np.datetime64("NaT"),
    ]
    table = study.check_table(
        {"student": list("abcd"), "day": moments, "score": [1] * 4}, dictionary=SCORES
    )
    assert not table.faults
    assert table.columns["day"] == ["2026-03-31"] * 3 + [None]
    assert table.n_missing["day"] == 1
