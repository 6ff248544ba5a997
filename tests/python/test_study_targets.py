"""Every row of the table of regression targets, to the digits printed there."""

import pytest

pytest.importorskip("statsmodels")

from calvaria.study import (
    PairedSummary,
    Summary,
    TrialEffect,
    check_equivalence,
    compare_means,
    compare_paired,
    hedges_g,
    hedges_g_from_d,
    load_trials,
    p_from_interval,
    pool_effects,
    pooled_sd_from_p,
)

TRIALS = load_trials()


def mogali(phase):
    trial = TRIALS["mogali2021"]
    return [
        Summary(
            n=int(trial[f"{phase}_{arm}_n"].value),
            mean=trial[f"{phase}_{arm}_mean"].value,
            sd=trial[f"{phase}_{arm}_sd"].value,
        )
        for arm in ("print", "plastinated")
    ]


def lim():
    trial = TRIALS["lim2016"]
    arms = ("print", "cadaver", "both")
    means = [trial[f"{arm}_mean"].value for arm in arms]
    n = [int(trial[f"{arm}_n"].value) for arm in arms]
    return means, n, pooled_sd_from_p(means, n=n, p=trial["post_p"].value)


def chen(arm):
    trial = TRIALS["chen2017"]
    return Summary.from_quartiles(
        n=int(trial[f"{arm}_n"].value),
        q1=trial[f"{arm}_q1"].value,
        median=trial[f"{arm}_median"].value,
        q3=trial[f"{arm}_q3"].value,
    )


def lim_effect():
    means, n, sd = lim()
    return hedges_g(Summary(n=n[0], mean=means[0], sd=sd), Summary(n=n[1], mean=means[1], sd=sd))


@pytest.mark.parametrize(
    ("phase", "p", "published"), [("heart", ".2666", ".27"), ("neck", ".6708", ".68")]
)
def test_student_t_from_summaries(phase, p, published):
    result = compare_means(*mogali(phase), variances="equal")
    assert f"{result.p:.4f}" == f"0{p}"
    assert TRIALS["mogali2021"][f"{phase}_p"].printed == published


@pytest.mark.parametrize(
    ("phase", "g", "se"), [("heart", "0.279", "0.253"), ("neck", "-0.146", "0.350")]
)
def test_hedges_g_and_its_standard_error(phase, g, se):
    effect = hedges_g(*mogali(phase))
    assert (f"{effect.value:.3f}", f"{effect.se:.3f}") == (g, se)


@pytest.mark.parametrize(
    ("phase", "p", "interval"),
    [
        ("heart", ("0.362", "0.140", "0.036"), ("-1.86", "9.46")),
        ("neck", ("0.254", "0.115", "0.042"), ("-9.61", "5.61")),
    ],
)
def test_tost_passes_only_at_ten_points(phase, p, interval):
    difference = compare_means(*mogali(phase))
    checks = [check_equivalence(difference, margin=margin) for margin in (5, 7.5, 10)]
    assert tuple(f"{check.p:.3f}" for check in checks) == p
    assert (f"{checks[0].low:.2f}", f"{checks[0].high:.2f}") == interval
    assert [check.verdict.name for check in checks] == ["UNPROVEN", "UNPROVEN", "PASS"]


def test_pooled_sd_recovered_from_a_p_value():
    from scipy import stats

    _, n, sd = lim()
    assert f"{stats.f.isf(0.010, 2, sum(n) - 3):.3f}" == "5.066"
    assert f"{sd:.2f}" == "16.85"
    effect = lim_effect()
    assert (f"{effect.value:.3f}", f"{effect.se:.3f}") == ("0.928", "0.362")


def test_medians_and_quartiles_become_means():
    arms = [chen("print"), chen("cadaver")]
    assert [(f"{a.mean:.2f}", f"{a.sd:.2f}") for a in arms] == [
        ("32.17", "5.49"),
        ("29.17", "6.26"),
    ]
    effect = hedges_g(*arms)
    assert (f"{effect.value:.3f}", f"{effect.se:.3f}") == ("0.501", "0.279")


def test_three_trials_pooled():
    tanner = TRIALS["tanner2020"]
    effects = {
        "lim2016": lim_effect(),
        "chen2017": hedges_g(chen("print"), chen("cadaver")),
        "tanner2020": hedges_g_from_d(
            tanner["first_effect"].value,
            n_a=int(tanner["first_print_n"].value),
            n_b=int(tanner["first_control_n"].value),
        ),
    }
    trials = [TrialEffect.of(e, label=key, participants=key) for key, e in effects.items()]
    normal = pool_effects(trials, estimator="DL", interval="normal")
    assert (f"{normal.value:.3f}", f"{normal.low:.3f}", f"{normal.high:.3f}") == (
        "0.579",
        "0.275",
        "0.882",
    )
    assert normal.tau2 == 0
    hartung = pool_effects(trials, estimator="DL", interval="Hartung-Knapp")
    assert (f"{hartung.low:.3f}", f"{hartung.high:.3f}") == ("0.075", "1.082")
    floored = pool_effects(trials, estimator="DL", interval="Hartung-Knapp floored")
    assert floored.high - floored.low > hartung.high - hartung.low


def test_z_of_a_published_interval():
    trial = TRIALS["xie2025"]
    z, p = p_from_interval(
        trial["theory_smd"].value, low=trial["theory_low"].value, high=trial["theory_high"].value
    )
    assert (f"{z:.2f}", f"{p:.4f}") == ("3.01", "0.0026")


def test_the_sinus_study_shows_equivalence_only_from_5_8_points_on():
    """Requirement R114: 17 surgeons on prints and cadavers, published as comparable."""
    t = TRIALS["sinus2024"]
    pairs = PairedSummary.from_correlation(
        n=int(t["n"].value),
        means=(t["print_osats_mean"].value, t["cadaver_osats_mean"].value),
        sds=(t["print_osats_sd"].value, t["cadaver_osats_sd"].value),
        correlation=t["osats_r"].value,
    )
    result = compare_paired(pairs, unit="points")
    assert f"{result.difference:.2f}" == "2.12"
    assert (f"{result.low:.2f}", f"{result.high:.2f}") == ("-2.35", "6.59")
    assert f"{result.p:.2f}" == "0.33"
    assert t["osats_p"].printed == "0.36"
    at = {margin: check_equivalence(result, margin=margin) for margin in (5.7, 5.81)}
    assert (f"{at[5.7].low:.2f}", f"{at[5.7].high:.2f}") == ("-1.56", "5.80")
    assert [check.verdict.name for check in at.values()] == ["UNPROVEN", "PASS"]
    assert f"{at[5.7].smallest_margin:.1f}" == "5.8"


def test_the_published_meta_analyses_are_there_to_be_cited():
    ye = TRIALS["ye2020"]
    assert (ye["cadaver_smd"].printed, ye["flat_smd"].printed) == ("0.69", "1.05")
    assert TRIALS["salazar2022"]["g"].printed == "0.742"
