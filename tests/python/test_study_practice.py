"""Attempts, learning, retention, ratings, costs, the catalogue, and the simulator behind them."""

import math

import numpy as np
import pytest

pytest.importorskip("statsmodels")

from calvaria import study
from calvaria.errors import StudyError


def test_attempts_are_counted_in_order():
    tally = study.tally_attempts(
        list("abababa"), success=[True, True, False, True, True, False, True], criterion=2
    )
    assert (tally.participant, tally.n_attempts, tally.n_successes) == (("a", "b"), (4, 3), (3, 2))
    # a: yes no yes yes, b: yes yes no.
    assert tally.to_criterion == (4, 2)
    never = study.tally_attempts(list("aaa"), success=[1, 0, 1], criterion=2)
    assert never.to_criterion == (None,)
    assert "1 did not while watched" in never.meaning
    with pytest.raises(ValueError, match="yes or no"):
        study.tally_attempts(list("aa"), success=[1, 2], criterion=1)


def test_a_curve_without_noise_gives_its_law_back():
    attempt = np.tile(np.arange(1, 9), 3)
    who = np.repeat(list("abc"), 8)
    dust = np.exp(1e-4 * np.sin(np.arange(24)))
    value = np.repeat([15.0, 20.0, 26.6666667], 8) * attempt**-0.3 * dust
    curve = study.fit_learning_curve(value, attempt=attempt, participant=who)
    assert curve.rate == pytest.approx(0.3, abs=1e-4)
    assert curve.first == pytest.approx(20, rel=2e-4)
    assert curve.kept_per_doubling_percent == pytest.approx(100 * 2**-0.3, rel=2e-4)
    assert curve.at([1, 2])[1] == pytest.approx(20 * 2**-0.3, rel=3e-4)
    with pytest.raises(StudyError, match="positive"):
        study.fit_learning_curve([1, 0, 2], attempt=[1, 2, 3], participant=list("aaa"))


def test_retention_by_hand():
    late, early = [10, 12, 14, 9, 9, 13], [12, 15, 15, 12, 14, 15]
    found = study.compare_retention(late, immediate=early, arm=list("xxxyyy"), reference="y")
    assert found.change["x"].difference == pytest.approx(-2)
    assert found.difference.difference == pytest.approx(-2 + 10 / 3)
    share, low, high = found.kept_percent["x"]
    assert share == pytest.approx(100 * 36 / 42)
    # Fieller: at an end the mean of late - ratio early is just t standard errors from zero.
    for end in (low, high):
        d = np.array(late[:3]) - end / 100 * np.array(early[:3])
        assert abs(d.mean() / (d.std(ddof=1) / math.sqrt(3))) == pytest.approx(4.302653, rel=1e-5)


def test_likert_and_osats():
    item = study.summarise_likert(
        [1, 2, 4, 4, 5, float("nan")], lowest=1, highest=5, agree_from=4, missing="drop"
    )
    assert (item.n, item.n_missing, item.agree_percent) == (5, 1, 60)
    assert item.counts == {1: 1, 2: 1, 3: 0, 4: 2, 5: 1}
    # Wilson for 3 of 5.
    assert [item.low_percent, item.high_percent] == pytest.approx([23.0724, 88.2379], abs=1e-3)
    with pytest.raises(ValueError, match="found 6 in row 1"):
        study.summarise_likert([1, 6], lowest=1, highest=5, agree_from=4)
    scores = study.score_osats([[1] * 7, [5] * 7])
    assert scores.totals.tolist() == [7, 35]
    assert scores.percent.tolist() == [0, 100]
    assert not scores.totals.flags.writeable
    with pytest.raises(ValueError, match="in row 0, item 1"):
        study.score_osats([[1, 2.5]])
    with pytest.raises(StudyError, match="1 of 1 missing"):
        study.score_osats([[1, None]])


PRINTS = study.PrintCosts(
    setup=1000, material_each=12, machine_each=8, labour_each=10, failed_fraction=0.25, uses_each=2
)
SPECIMENS = study.SpecimenCosts(
    each=900, storage_per_year=100, disposal_each=200, fixed_per_year=0, uses_each=10,
    available_per_year=math.inf,
)  # fmt: skip


def test_costs_by_hand():
    """40 for a good print: 30 over 0.75.  61 students in sixes are 11 groups, five sessions each."""
    found = study.compare_costs(
        PRINTS, SPECIMENS, n_students=61, group_size=6, n_sessions=5, currency="units"
    )
    assert (found.uses, found.n_prints, found.n_specimens) == (55, 28, 6)
    assert found.print_total == pytest.approx(1000 + 28 * 40)
    assert found.specimen_total == pytest.approx(6 * 1200)
    assert found.print_each_use == pytest.approx(2120 / 55)
    assert found.n_specimens_short == 0


def test_break_even_is_the_first_number_after_which_prints_stay_cheaper():
    found = study.compare_costs(
        PRINTS, SPECIMENS, n_students=10, group_size=1, n_sessions=1, currency="units"
    )
    totals = [
        study.compare_costs(
            PRINTS, SPECIMENS, n_students=n, group_size=1, n_sessions=1, currency="u"
        )
        for n in range(1, 40)
    ]
    below = [c.print_total < c.specimen_total for c in totals]
    last = max(i for i, yes in enumerate(below) if not yes) + 1
    assert found.break_even_uses == last + 1
    dear = study.PrintCosts(
        setup=0, material_each=500, machine_each=0, labour_each=0, failed_fraction=0, uses_each=1
    )
    never = study.compare_costs(
        dear, SPECIMENS, n_students=10, group_size=1, n_sessions=1, currency="u"
    )
    assert never.break_even_uses is None
    with pytest.raises(TypeError):
        study.PrintCosts()
    with pytest.raises(ValueError, match="failed_fraction"):
        study.PrintCosts(
            setup=0, material_each=1, machine_each=0, labour_each=0, failed_fraction=1, uses_each=1
        )


def catalogue(tmp_path, *models):
    path = tmp_path / "course.toml"
    rows = ["".join(f'{key} = "{value}"\n' for key, value in model.items()) for model in models]
    path.write_text('course = "Head"\n' + "".join(f"[[model]]\n{row}" for row in rows))
    return path


def model(**changes):
    return {"id": "skull", "source": "own CT", "licence": "CC BY 4.0", "purpose": "lab"} | changes


def test_a_catalogue_refuses_what_has_no_licence_and_sees_the_same_file_twice(tmp_path):
    (tmp_path / "a.stl").write_bytes(b"solid")
    (tmp_path / "b.stl").write_bytes(b"solid")
    path = catalogue(tmp_path, model(file="a.stl"), model(id="second", file="b.stl"))
    found = study.load_catalogue(path)
    assert list(found.duplicates.values()) == [("skull", "second")]
    assert len(found.entries[0].sha256) == 64
    for bad, said in (
        (model(licence=""), "skull: licence expected"),
        (model(source=" "), "skull: source expected"),
        (model(file="c.stl"), "found none at c.stl"),
        (model(file="a.stl", sha256="00"), "a file with hash 00 expected"),
        (model(colour="red"), "keys not known: \\['colour'\\]"),
    ):
        with pytest.raises(StudyError, match=said):
            study.load_catalogue(catalogue(tmp_path, bad))
    with pytest.raises(StudyError, match="more of \\['skull'\\]"):
        study.load_catalogue(catalogue(tmp_path, model(), model()))


def test_simulated_classes_have_the_truth_they_were_given():
    table = study.simulate_parallel(
        {"a": 60, "b": 50}, n_per_arm=4000, sd=10, pre_mean=40, correlation=0.6, seed=1,
        dropout_fraction=0.1,
    )  # fmt: skip
    arm = np.array(table["arm"])
    post = np.array([np.nan if x is None else x for x in table["post_score"]])
    pre = np.array(table["pre_score"])
    assert np.nanmean(post[arm == "a"]) == pytest.approx(60, abs=0.7)
    assert np.nanstd(post[arm == "b"]) == pytest.approx(10, abs=0.6)
    assert np.isnan(post).mean() == pytest.approx(0.1, abs=0.02)
    seen = ~np.isnan(post) & (arm == "a")
    assert np.corrcoef(pre[seen], post[seen])[0, 1] == pytest.approx(0.6, abs=0.05)
    log = study.simulate_attempts(
        {"a": 6, "b": 3}, n_per_arm=4000, dispersion=0.5, first_min=20, rate=0.2, sd_log=0.1,
        sd_log_participant=0.1, seed=2,
    )  # fmt: skip
    count, own = np.array(log["count_all"]), np.array(log["arm_all"])
    assert count[own == "a"].mean() == pytest.approx(6, abs=0.4)
    # Variance of a negative binomial: mean + alpha mean^2.
    assert count[own == "a"].var() == pytest.approx(6 + 0.5 * 36, rel=0.12)
    classes = study.simulate_clusters(
        {"a": 0}, n_clusters_per_arm=1500, sizes=[4], sd=10, icc=0.3, seed=3
    )
    score = np.array(classes["score"]).reshape(-1, 4)
    within = score.var(axis=1, ddof=1).mean()
    assert within == pytest.approx(70, rel=0.06)
    assert score.mean(axis=1).var(ddof=1) - within / 4 == pytest.approx(30, rel=0.2)


def test_the_same_seed_gives_the_same_class():
    make = {"n_per_arm": 5, "sd": 10, "pre_mean": 40, "correlation": 0.5}
    first = study.simulate_parallel({"a": 60, "b": 50}, seed=9, **make)
    assert first == study.simulate_parallel({"a": 60, "b": 50}, seed=9, **make)
    assert first != study.simulate_parallel({"a": 60, "b": 50}, seed=10, **make)
