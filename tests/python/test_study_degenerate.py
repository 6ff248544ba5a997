"""Tables that cannot answer: a clear error or a right answer, never NaN in silence."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("statsmodels")

from calvaria import study
from calvaria.errors import CalvariaError, StudyError

# Small whole numbers: ties, zero spread, two values, an empty arm come up all the time.
values = st.lists(st.integers(0, 4), min_size=0, max_size=7)
wild = st.lists(
    st.floats(-1e6, 1e6, allow_nan=False).map(lambda x: round(x, 3)), min_size=0, max_size=7
)
arms = st.one_of(values, wild)
quick = settings(max_examples=40, deadline=None)


def undefined(record):
    """Words in a result that stand for a number that is none."""
    return [key for key, value in flat(record.to_dict()) if value in {"undefined", "NaN"}]


def flat(tree, path=""):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from flat(value, f"{path}.{key}")
    elif isinstance(tree, list):
        for i, value in enumerate(tree):
            yield from flat(value, f"{path}[{i}]")
    elif not isinstance(tree, list | dict):
        yield path, ("NaN" if isinstance(tree, float) and math.isnan(tree) else tree)


def answer(call):
    """The result, or None after a clear error; anything else fails."""
    try:
        result = call()
    except (StudyError, ValueError) as error:
        said = str(error).lower().split()
    else:
        said = []
    if said:
        assert "nan" not in said
        return None
    assert undefined(result) == []
    json.dumps(result.to_dict(), allow_nan=False)
    assert result.meaning
    assert "nan" not in result.meaning.lower().replace("-", " ").split()
    return result


@given(arms, arms)
@quick
@pytest.mark.filterwarnings("error")
def test_two_arms_of_any_kind(a, b):
    for variances in ("equal", "unequal"):
        result = answer(lambda v=variances: study.compare_means(a, b, variances=v))
        if result is not None:
            assert result.low <= result.difference <= result.high
            assert 0 <= result.p <= 1
            check = answer(lambda r=result: study.check_equivalence(r, margin=2))
            assert (check.verdict.name == "PASS") == (check.low > -2 and check.high < 2)
    for call in (study.compare_ranks, study.cliffs_delta, study.hedges_g):
        result = answer(lambda c=call: c(a, b))
        if result is not None:
            assert result.low <= result.high


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), max_size=7))
@quick
@pytest.mark.filterwarnings("error")
def test_pairs_of_any_kind(pairs):
    a, b = [x for x, _ in pairs], [y for _, y in pairs]
    for call in (study.compare_paired, study.compare_paired_ranks, study.hedges_g_paired):
        answer(lambda c=call: c(a, b))
    answer(lambda: study.compare_methods(a, b))
    answer(lambda: study.compare_methods(a, b, specimen=[i // 2 for i in range(len(a))]))


@given(st.lists(arms, min_size=1, max_size=4))
@quick
@pytest.mark.filterwarnings("error")
def test_several_arms_of_any_kind(groups):
    named = {f"arm {i}": group for i, group in enumerate(groups)}
    for variances in ("equal", "unequal"):
        answer(lambda v=variances: study.compare_several_means(named, variances=v))
    answer(lambda: study.compare_several_ranks(named))


@given(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6), st.integers(0, 6))
@quick
@pytest.mark.filterwarnings("error")
def test_tables_with_empty_cells(x, n, y, m):
    for call in (
        lambda: study.odds_ratio((x, n), (y, m)),
        lambda: study.odds_ratio((x, n), (y, m), interval="logit"),
        lambda: study.risk_ratio((x, n), (y, m)),
        lambda: study.risk_difference((x, n), (y, m)),
        lambda: study.rate_ratio((x, n), (y, m)),
    ):
        result = answer(call)
        if result is not None and result.measure != "rate ratio":
            assert x <= n
            assert y <= m
        if result is not None:
            assert result.low <= result.high


tables = st.integers(1, 6).flatmap(
    lambda k: st.lists(st.lists(st.integers(0, 3), min_size=k, max_size=k), min_size=0, max_size=6)
)


@given(tables)
@quick
@pytest.mark.filterwarnings("error")
def test_rating_tables_of_any_kind(rows):
    table = np.array(rows, float).reshape(len(rows), -1) if rows else np.zeros((0, 2))
    answer(lambda: study.measure_alpha(table))
    answer(lambda: study.measure_technical_error(table))
    for model, definition, unit in study.ICC_FORMS:
        answer(
            lambda m=model, d=definition, u=unit: study.measure_icc(
                table, model=m, definition=d, unit=u
            )
        )


rows = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(1, 3), st.sampled_from("ab"), st.integers(1, 2),
        st.integers(0, 3),
    ),
    max_size=10,
)  # fmt: skip


@given(rows)
@quick
@pytest.mark.filterwarnings("error")
def test_models_of_any_table(rows):
    score, who, arm, period, pre = ([row[i] for row in rows] for i in range(5))
    answer(lambda: study.compare_adjusted(score, pre=pre, arm=arm, reference="a"))
    answer(
        lambda: study.analyse_crossover(
            score, participant=who, treatment=arm, period=period, reference="a"
        )
    )
    answer(lambda: study.analyse_clusters(score, cluster=who, arm=arm, reference="a"))
    answer(
        lambda: study.analyse_clusters(
            score,
            cluster=[f"{a}{w}" for a, w in zip(arm, who, strict=True)],
            arm=arm,
            reference="a",
        )
    )
    answer(
        lambda: study.analyse_repeated(
            score,
            participant=[f"{a}{w}" for a, w in zip(arm, who, strict=True)],
            time=period,
            arm=arm,
            reference="a",
        )
    )
    for model in ("Poisson", "negative binomial"):
        answer(lambda m=model: study.compare_counts(score, arm=arm, reference="a", model=m))
    answer(
        lambda: study.fit_learning_curve([s + 1 for s in score], attempt=period, participant=who)
    )
    answer(lambda: study.compare_retention(score, immediate=pre, arm=arm, reference="a"))
    answer(
        lambda: study.check_dimensions(
            score, original_mm=pre, specimen=who, dimension=period, margin_mm=1
        )
    )


@given(
    st.lists(st.tuples(st.integers(-2, 2), st.sampled_from([0.1, 0.5, 2.0])), max_size=5),
    st.sampled_from(["fixed", "DL", "REML", "PM"]),
    st.sampled_from(["normal", "Hartung-Knapp", "Hartung-Knapp floored"]),
)
@quick
@pytest.mark.filterwarnings("error")
def test_pools_of_any_kind(effects, estimator, interval):
    result = answer(
        lambda: study.pool_effects(
            [
                study.TrialEffect(label=str(i), value=y, se=se, participants=str(i))
                for i, (y, se) in enumerate(effects)
            ],
            estimator=estimator,
            interval=interval,
        )
    )
    if result is not None:
        assert result.tau2 >= 0
        assert result.tau2_low <= result.tau2_high
        assert sum(result.weights_percent) == pytest.approx(100)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: study.compare_means([], [1, 2]), "a: at least 2 values expected, found 0"),
        (lambda: study.compare_means([3, 3], [3, 3]), "no spread"),
        (lambda: study.compare_means([3, 3, 3], [5, 5, 5]), "no spread"),
        (lambda: study.compare_means([1, float("nan")], [1, 2]), "1 of 2 missing, the first in row 1"),
        (lambda: study.compare_means([1, math.inf], [1, 2]), "infinity in row 1"),
        (lambda: study.compare_ranks([2, 2], [2]), "values that differ expected"),
        (lambda: study.compare_paired([1, 2, 3], [0, 1, 2]), "no spread"),
        (lambda: study.compare_paired([0.3, 0.7], [0.1, 0.5]), "no spread"),
        (lambda: study.compare_paired_ranks([0.3, 0.2], [0.1 + 0.2, 0.2]), "every pair equal"),
        (lambda: study.hedges_g([1, 1], [2, 2]), "spread in at least one arm"),
        (lambda: study.odds_ratio((0, 5), (0, 6)), "events and non-events"),
        (lambda: study.rate_ratio((0, 5.0), (0, 6.0)), "an event in at least one arm"),
        (lambda: study.measure_alpha([[1, 2], [2, 1]]), "the same sum everywhere"),
        (
            lambda: study.compare_counts([0, 0, 3, 4], arm=list("aabb"), reference="a", model="Poisson"),
            "rate_ratio gives an exact interval",
        ),
        (
            lambda: study.analyse_clusters(
                [1, 2, 3, 4], cluster=list("xxyy"), arm=list("aabb"), reference="a"
            ),
            "at least two classes in each arm",
        ),
        (
            lambda: study.compare_adjusted(
                [1, 2, 3, 4], pre=[1, 1, 2, 2], arm=list("aabb"), reference="a"
            ),
            "only tell the arms apart",
        ),
        (
            lambda: study.analyse_crossover(
                [1, 2, 3, 4], participant=[1, 1, 2, 2], treatment=list("abab"), period=[1, 2, 1, 2],
                reference="a",
            ),
            "both orders",
        ),
    ],
)  # fmt: skip
def test_the_error_says_what_is_wrong(call, said):
    with pytest.raises((StudyError, ValueError), match=said):
        call()


def test_two_values_in_each_arm_give_right_answers():
    result = study.compare_ranks([1, 2], [3, 4])
    assert result.p == pytest.approx(1 / 3)
    assert (result.low, result.high) == (-math.inf, math.inf)
    assert "too few values" in result.meaning
    t = study.compare_means([1.0, 2.0], [3.0, 5.0], variances="equal")
    # By hand: difference -2.5, pooled variance (0.5 + 2) / 2, two degrees of freedom.
    assert t.t == pytest.approx(-2.5 / math.sqrt(1.25))
    assert t.df == 2


def test_one_arm_without_spread_is_still_compared():
    result = study.compare_means([5, 5, 5], [1, 2, 3])
    # Welch with one variance: the other arm's n - 1.
    assert result.df == pytest.approx(2)
    assert result.difference == pytest.approx(3)


def test_arms_that_do_not_overlap():
    delta = study.cliffs_delta([4, 5, 6, 7], [1, 2, 3, 3])
    assert (delta.value, delta.high) == (1.0, 1.0)
    assert delta.low < 1.0


def test_groups_that_do_not_differ_are_an_answer():
    """The variance between classes is zero at its edge; that is not a failure to converge."""
    result = study.analyse_clusters(
        [1, 4, 2, 3, 1, 4, 2, 3.5],
        cluster=list("aabbccdd"),
        arm=["x"] * 4 + ["y"] * 4,
        reference="x",
    )
    assert result.icc == 0
    assert result.design_effect == 1
    assert result.difference.df == 2


def test_what_was_left_out_is_counted():
    a, b = [1, 2, float("nan"), 4, 7], [2, None, 3, 5, 1]
    assert study.compare_means(a, b, missing="drop").n_missing == 2
    paired = study.compare_paired(a, b, missing="drop")
    assert (paired.n, paired.n_missing) == ((3,), 2)
    assert "2 left out as missing" in paired.meaning
    with pytest.raises(ValueError, match="'refuse' or 'drop'"):
        study.compare_means(a, b, missing="ignore")


def test_errors_are_both_ours_and_value_errors():
    assert issubclass(StudyError, CalvariaError)
    assert issubclass(StudyError, ValueError)
