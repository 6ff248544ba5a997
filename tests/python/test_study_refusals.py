"""Arguments that make no sense: a StudyError that names the argument, never a verdict."""

import math

import pytest

pytest.importorskip("scipy")

from calvaria import study
from calvaria.errors import StudyError
from calvaria.study.power import equivalence_power, noninferiority_power, superiority_power

NAN, INF = math.nan, math.inf


def plan(goal="superiority", **changed):
    given = {"design": "parallel", "sd": 10, "difference": 5, "alpha": 0.05, "power": 0.8}
    if goal != "superiority":
        given["margin"] = 8
    return study.plan_trial(goal, **(given | changed))


@pytest.mark.parametrize("goal", ["superiority", "non-inferiority", "equivalence"])
@pytest.mark.parametrize("value", [NAN, INF, -INF])
def test_a_plan_refuses_what_is_not_finite(goal, value):
    names = ["difference", "sd", "alpha", "power", "ratio", "correlation", "dropout_fraction"]
    for name in names:
        with pytest.raises(StudyError, match=name):
            plan(goal, **{name: value})
    for name in ("cluster_size", "cluster_size_cv", "icc"):
        with pytest.raises(StudyError, match=name):
            plan(goal, design="cluster", **{"cluster_size": 10, "icc": 0.05, name: value})
    for name in ("difference", "se", "df"):
        numbers = {"difference": 1.0, "se": 1.0, "df": 10.0, name: value}
        with pytest.raises(StudyError, match=name):
            superiority_power(**numbers, alpha=0.05)
        for power in (equivalence_power, noninferiority_power):
            with pytest.raises(StudyError, match=name):
                power(**numbers, margin=2.0, alpha=0.05)


def test_a_plan_refuses_what_is_out_of_range():
    for count in (20.5, 1, NAN, INF):
        with pytest.raises(StudyError, match="n_per_arm: a whole number"):
            plan(power=None, n_per_arm=count)
    with pytest.raises(StudyError, match="cluster_size"):
        plan(design="cluster", cluster_size=0.5, icc=0.05)
    with pytest.raises(StudyError, match="cluster_size_cv"):
        plan(design="cluster", cluster_size=10, cluster_size_cv=-0.1, icc=0.05)
    with pytest.raises(StudyError, match="takes no pre-test"):
        plan(design="cluster", cluster_size=10, icc=0.05, correlation=0.5)
    for goal in ("non-inferiority", "equivalence"):
        with pytest.raises(StudyError, match="alpha: a number between 0 and 0.5"):
            plan(goal, alpha=0.5)


def test_a_one_sided_alpha_stays_below_a_half():
    heart = study.compare_means([1, 2, 3, 4], [2, 3, 5, 4])
    for alpha in (0.5, 0.9, 0, NAN):
        with pytest.raises(StudyError, match="alpha"):
            study.check_noninferiority(heart, margin=5, is_higher_better=True, alpha=alpha)
        with pytest.raises(StudyError, match="alpha"):
            study.check_equivalence(heart, margin=5, alpha=alpha)


ARM = ("31", "60.8", "13.6")
CHECKS = [
    (study.check_correlation, ("0.5",), {"n": 17, "p": "0.04"}),
    (study.check_effect_size, ("0.5",), {"n_a": 20, "n_b": 20, "p": "0.1"}),
    (
        study.check_paired_means,
        (("50", "13"), ("48", "16")),
        {"n": 17, "correlation": "0.8", "p": ".3"},
    ),
    (study.check_two_means, (ARM, ("32", "57.0", "13.3")), {"p": ".27"}),
    (study.check_interval, ("0.2",), {"low": "0.1", "high": "0.3", "p": ".01", "level": 0.95}),
]


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("n", [0, 1, -3, 2.5, NAN, INF]),
        ("n_a", [0, 1, -3, 2.5, NAN, INF]),
        ("n_b", [0, 1, -3, 2.5, NAN, INF]),
        ("p", ["1.2", "-0.1", "> 1", "< 0", NAN, INF]),
        ("correlation", ["1.2", "-1.01", "< .5", NAN]),
        ("level", [0, 1, 95, NAN]),
        ("low", ["0.4", NAN, INF, "<0.1"]),
        ("high", ["0.05", NAN, INF, ">0.1"]),
    ],
)
def test_checkers_refuse_numbers_that_cannot_be(name, values):
    used = 0
    for check, args, given in CHECKS:
        assert check(*args, **given)  # as it stands the call is a good one
        if name not in given:
            continue
        used += 1
        for value in values:
            with pytest.raises(StudyError):
                check(*args, **given | {name: value})
    assert used


def test_checkers_refuse_arms_and_estimates_that_cannot_be():
    for n in ("1", "0", "-4", "20.5"):
        with pytest.raises(StudyError, match="a, n"):
            study.check_two_means((n, "60.8", "13.6"), ARM, p=".27")
    for sd in ("-1", "< 3"):
        with pytest.raises(StudyError, match="b, SD"):
            study.check_two_means(ARM, ("31", "60.8", sd), p=".27")
        with pytest.raises(StudyError, match="a, SD"):
            study.check_paired_means(("50", sd), ("48", "16"), n=17, correlation=".8", p=".3")
    for arm in (("60.8", "13.6"), (NAN, "60.8", "13.6"), ("31", NAN, "13.6"), ("31", "60.8", INF)):
        with pytest.raises(StudyError):
            study.check_two_means(arm, ARM, p=".27")
    for r in ("1.1", "-2", NAN):
        with pytest.raises(StudyError):
            study.check_correlation(r, n=17, p=".3")
    with pytest.raises(StudyError, match="n: a whole number of at least 3"):
        study.check_correlation("0.5", n=2, p=".3")
    for estimate in (NAN, INF, "< 3"):
        with pytest.raises(StudyError):
            study.check_interval(estimate, low="0.1", high="0.3")
        with pytest.raises(StudyError):
            study.check_effect_size(estimate, n_a=20, n_b=20, p=".3")
    for items in (0, 1.5, NAN):
        with pytest.raises(StudyError, match="items"):
            study.check_mean_of_integers("3.2", n=10, n_items=items)


def test_edges_that_are_allowed_give_a_verdict():
    for p in ("0.00", "1.00", "<.001", ">.05"):
        report = study.check_paired_means(("50", "13"), ("48", "16"), n=17, correlation="1", p=p)
        assert all(f.verdict.name != "NAN" for f in report.findings)
        assert "nan" not in str(report.to_dict()).lower().split()
    assert study.check_correlation("1.00", n=3, p="0.00").verdict.name in {"PASS", "BORDERLINE"}


@pytest.mark.parametrize(
    "changed",
    [{"low": 0.9}, {"low": NAN}, {"high": INF}, {"estimate": NAN}, {"level": 95}, {"level": NAN}],
)
def test_p_from_interval_refuses(changed):
    given = {"estimate": 0.5, "low": 0.1, "high": 0.9} | changed
    with pytest.raises(StudyError):
        study.p_from_interval(given.pop("estimate"), **given)
