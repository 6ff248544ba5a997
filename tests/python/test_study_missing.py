"""What was left out is carried along and said; what cannot be told apart is refused."""

import math

import numpy as np
import pytest

pytest.importorskip("statsmodels")

from calvaria import study
from calvaria.errors import StudyError

NAN = math.nan
ARMS = ["print"] * 5 + ["bone"] * 5
SCORES = [14, 12, NAN, 15, 13, 10, 11, 9, 12, 10]
SAID = "1 left out as missing"


def means():
    return study.compare_means(SCORES[:5], SCORES[5:], missing="drop")


def counts(model="Poisson"):
    return study.compare_counts(SCORES, arm=ARMS, reference="bone", model=model, missing="drop")


def agreement():
    other = [13, 13, 12, 14, 13.5, 10.2, 10, 9.1, 12, 11]
    return study.compare_methods(SCORES, other, missing="drop")


def curve(values=(20, 16, 13, 25, 19, NAN, 22, 17, 15)):
    return study.fit_learning_curve(
        values, attempt=[1, 2, 4] * 3, participant=list("aaabbbccc"), missing="drop"
    )


def retention():
    early = [16, 15, 17, 14, 15, 14, 14, 15, 13, 14]
    return study.compare_retention(
        SCORES, immediate=early, arm=ARMS, reference="bone", missing="drop"
    )


def dimensions(changed=None, missing="drop", **more):
    printed = np.array([45.9, 11.8, 52.1, 12.9, 49.7, 12.4, 47.4, 12.0])
    original = np.array([46.0, 12.0, 52.3, 13.0, 49.9, 12.4, 47.5, 12.1])
    for row, value in (changed or {}).items():
        printed[row] = value
    return study.check_dimensions(
        printed,
        original_mm=original,
        specimen=[1, 1, 2, 2, 3, 3, 4, 4],
        dimension=["length", "width"] * 4,
        margin_mm=0.5,
        missing=missing,
        **more,
    )


@pytest.mark.parametrize(
    "make",
    [
        lambda: study.check_equivalence(means(), margin=5),
        lambda: study.check_noninferiority(means(), margin=5, is_higher_better=True),
        counts,
        lambda: counts("negative binomial"),
        agreement,
        curve,
        retention,
        lambda: dimensions({3: NAN}),
    ],
)
def test_the_sentence_says_what_was_left_out(make):
    record = make()
    assert record.to_dict()["n_missing"] == 1
    assert record.meaning.count(SAID) == 1


def test_nothing_is_said_where_nothing_was_left_out():
    whole = study.compare_means([1, 2, 3, 4], [2, 3, 5, 4])
    for record in (
        study.check_equivalence(whole, margin=5),
        study.check_noninferiority(whole, margin=5, is_higher_better=True),
        dimensions(),
    ):
        assert record.n_missing == 0
        assert "missing" not in record.meaning


def test_a_curve_that_rises_is_no_gain_from_practice():
    falls = curve((20, 16, 13, 25, 19, 16, 22, 17, 14))
    rises = curve((13, 16, 20, 16, 19, 25, 14, 17, 22))
    assert falls.p < 0.05
    assert "practice shows" in falls.meaning
    assert rises.p < 0.05
    assert "values rise" in rises.meaning
    assert "practice shows" not in rises.meaning


def crossover(rows, score):
    who, what, when = zip(*rows, strict=True)
    return study.analyse_crossover(
        score, participant=who, treatment=what, period=when, reference="bone"
    )


FULL = [(who, ("print", "bone")[(who + when) % 2], when) for who in range(6) for when in (1, 2)]


def test_a_crossover_in_which_nobody_crosses_is_refused():
    once = [row for i, row in enumerate(FULL) if i % 2 == (i // 4) % 2]
    assert len({who for who, *_ in once}) == len(once) == 6
    with pytest.raises(StudyError, match="both periods expected, found none"):
        crossover(once, [12, 10, 14, 13, 9, 11])


def test_a_crossover_crossed_in_one_order_only_is_refused():
    # The even ones are complete, the odd ones were seen in the first period only.
    rows = [row for row in FULL if row[0] % 2 == 0 or row[2] == 1]
    with pytest.raises(StudyError, match="both orders expected, found them in one"):
        crossover(rows, [12, 10, 14, 13, 9, 11, 10, 13, 12][: len(rows)])


def test_a_crossover_says_who_was_seen_once():
    score = [12, 10, 14, 13, 9, 11, 10, 13, 12, 9, 15, 12]
    assert "one period" not in crossover(FULL, score).meaning
    result = crossover(FULL[:-1], score[:-1])
    assert result.n_one_period == 1
    assert "1 of 6 participants in one period only" in result.meaning


def test_classes_of_one_are_refused():
    with pytest.raises(StudyError, match="found one in each"):
        study.analyse_clusters(
            [12, 14, 13, 15, 11, 10],
            cluster=list("abcdef"),
            arm=["p"] * 3 + ["b"] * 3,
            reference="b",
        )
    with pytest.raises(StudyError, match="found one in each"):
        study.fit_learning_curve([9, 8, 7, 5], attempt=[1, 2, 3, 4], participant=list("abcd"))


def test_a_dimension_without_spread_is_named_and_the_rest_kept():
    flat = dimensions({1: 11.9, 3: 12.9, 5: 12.3, 7: 12.0})
    assert list(flat.undecided) == ["width"]
    assert list(flat.by_dimension) == ["length"]
    assert flat.adjusted_p["width"] == 1
    assert flat.verdict.name == "UNPROVEN"
    assert "width not tested" in flat.meaning
    # The dimension that can be tested is tested as one of two.
    assert flat.adjusted_p["length"] == pytest.approx(2 * flat.by_dimension["length"].p)
    assert dimensions().verdict.name == "PASS"


def test_a_dimension_that_is_wholly_missing_does_not_vanish():
    gone = dimensions({1: NAN, 3: NAN, 5: NAN, 7: NAN})
    assert gone.n_missing == 4
    assert list(gone.undecided) == ["width"]
    assert gone.verdict.name == "UNPROVEN"
    with pytest.raises(StudyError, match="alpha"):
        dimensions(alpha=0.6)


def test_missing_rows_are_counted_for_their_own_dimension():
    result = dimensions({3: NAN})
    assert {name: c.n_missing for name, c in result.by_dimension.items()} == {
        "length": 0,
        "width": 1,
    }
