"""Coverage, type I error and power of every interval and test, in 5,000 simulated trials each.

The share of 5,000 trials that a 95 % interval holds the truth in has a standard error of 0.31
points; ±1.0 points are a little over three of them.  Where a method is known to be conservative
or approximate, the band stands beside the reason.
"""

import math
import os
import sys

import numpy as np
import pytest

pytest.importorskip("statsmodels")

from scipy import stats

from calvaria import study

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

RUNS = int(os.environ.get("CALVARIA_STUDY_RUNS", "5000"))
EXACT = (94.0, 96.0)


def rng(seed):
    return np.random.Generator(np.random.PCG64(seed))


def share(hits):
    return 100 * float(np.mean(hits))


def say(line):
    """Figures for the report: shown by ``pytest -s``."""
    sys.stdout.write(line + "\n")


def within(hits, band, name):
    found = share(hits)
    say(f"{name}: {found:.2f} %")
    # Fewer runs, for a quick look, widen the band.
    slack = 3 * 50 * (1 / math.sqrt(RUNS) - 1 / math.sqrt(5000)) if RUNS < 5000 else 0.0
    assert band[0] - slack <= found <= band[1] + slack, (name, found)
    return found


def held(results, truth):
    return [r.low <= truth <= r.high for r in results]


@pytest.mark.parametrize(
    ("variances", "n", "sd"),
    [("equal", (12, 18), (10, 10)), ("unequal", (12, 18), (6, 14)), ("unequal", (30, 10), (6, 14))],
)
def test_two_means(variances, n, sd):
    g = rng(1)
    runs = [
        study.compare_means(g.normal(3, sd[0], n[0]), g.normal(0, sd[1], n[1]), variances=variances)
        for _ in range(RUNS)
    ]
    within(held(runs, 3), EXACT, f"{variances} t, n {n}, sd {sd}, coverage")
    none = [
        study.compare_means(g.normal(0, sd[0], n[0]), g.normal(0, sd[1], n[1]), variances=variances)
        for _ in range(RUNS)
    ]
    within([r.p < 0.05 for r in none], (4.0, 6.0), f"{variances} t, n {n}, type I")


def test_power_of_every_goal_is_what_was_planned():
    g = rng(2)
    for goal, difference, alpha in (
        ("superiority", 6, 0.05), ("non-inferiority", 1, 0.025), ("equivalence", 1, 0.05),
    ):  # fmt: skip
        margin = None if goal == "superiority" else 6
        plan = study.plan_trial(
            goal, design="parallel", sd=10, difference=difference, margin=margin, alpha=alpha,
            power=0.8,
        )  # fmt: skip
        hits = []
        for _ in range(RUNS):
            d = study.compare_means(
                g.normal(difference, 10, plan.n[0]), g.normal(0, 10, plan.n[1]), variances="equal"
            )
            if goal == "superiority":
                hits.append(d.p < alpha)
            elif goal == "equivalence":
                check = study.check_equivalence(d, margin=margin, alpha=alpha)
                hits.append(check.verdict.name == "PASS")
            else:
                check = study.check_noninferiority(
                    d, margin=margin, is_higher_better=True, alpha=alpha
                )
                hits.append(check.verdict.name == "PASS")
        target = 100 * plan.power
        within(hits, (target - 1.8, target + 1.8), f"power of {goal}, planned {target:.1f}")


def test_false_claims_at_the_margin():
    g = rng(3)
    noninferior, equivalent = [], []
    for _ in range(RUNS):
        worse = study.compare_means(g.normal(-5, 10, 40), g.normal(0, 10, 40))
        check = study.check_noninferiority(worse, margin=5, is_higher_better=True, alpha=0.025)
        noninferior.append(check.verdict.name == "PASS")
        edge = study.compare_means(g.normal(9, 10, 40), g.normal(0, 10, 40))
        equivalent.append(study.check_equivalence(edge, margin=9).verdict.name == "PASS")
    within(noninferior, (1.8, 3.2), "non-inferiority claimed at the margin")
    within(equivalent, (4.0, 6.0), "equivalence claimed at the margin")


def test_power_of_cross_over_and_cluster_plans():
    crossover = study.plan_trial(
        "superiority", design="cross-over", sd=10, difference=4, alpha=0.05, power=0.8,
        correlation=0.6,
    )  # fmt: skip
    between, inner = 10 * math.sqrt(0.6), 10 * math.sqrt(0.4)
    hits, cover, null = [], [], []
    for seed in range(RUNS):
        for effect, kept in ((4, hits), (0, null)):
            t = study.simulate_crossover(
                treatments=("a", "b"), n_per_order=crossover.n[0], mean=50, effect=effect,
                period_effect=2, carry_over=0, sd_between=between, sd_within=inner,
                seed=2 * seed + (effect > 0),
            )  # fmt: skip
            d = study.analyse_crossover(
                t["score"], participant=t["participant"], treatment=t["treatment"],
                period=t["period"], reference="b",
            ).treatment  # fmt: skip
            kept.append(d.p < 0.05)
            if effect:
                cover.append(d.low <= 4 <= d.high)
    target = 100 * crossover.power
    within(hits, (target - 1.8, target + 1.8), f"cross-over power, planned {target:.1f}")
    within(cover, EXACT, "cross-over coverage")
    within(null, (4.0, 6.0), "cross-over type I")


def test_cross_over_with_missing_periods():
    g = rng(4)
    runs = []
    for seed in range(RUNS):
        t = study.simulate_crossover(
            treatments=("a", "b"), n_per_order=10, mean=50, effect=4, period_effect=2, carry_over=0,
            sd_between=8, sd_within=5, seed=seed,
        )  # fmt: skip
        keep = g.random(40) > 0.15
        columns = {k: [x for x, yes in zip(v, keep, strict=True) if yes] for k, v in t.items()}
        runs.append(
            study.analyse_crossover(
                columns["score"], participant=columns["participant"],
                treatment=columns["treatment"], period=columns["period"], reference="b",
            ).treatment
        )  # fmt: skip
    within(held(runs, 4), (93.5, 96.5), "cross-over with lost periods, coverage")


def test_clusters():
    plan = study.plan_trial(
        "superiority", design="cluster", sd=10, difference=7, alpha=0.05, power=0.8,
        cluster_size=10, icc=0.1,
    )  # fmt: skip
    runs, null = [], []
    for seed in range(RUNS):
        for mean, kept in ((7, runs), (0, null)):
            t = study.simulate_clusters(
                {"a": mean, "b": 0}, n_clusters_per_arm=plan.n_clusters[0], sizes=[10], sd=10,
                icc=0.1, seed=2 * seed + (mean > 0),
            )  # fmt: skip
            kept.append(
                study.analyse_clusters(
                    t["score"], cluster=t["cluster"], arm=t["arm"], reference="b"
                ).difference
            )
    # Where classes come out more alike than chance the variance between them is set to zero and
    # not below, which makes the interval a little wide.
    within(held(runs, 7), (94.0, 97.5), "cluster coverage")
    within([r.p < 0.05 for r in null], (2.5, 6.0), "cluster type I")
    target = 100 * plan.power
    within([r.p < 0.05 for r in runs], (target - 4, target + 2.5), f"cluster power, {target:.1f}")


def test_repeated_tests():
    g = rng(5)
    runs = []
    arm = np.repeat(["a", "b"], 36)
    who = np.repeat(np.arange(24), 3)
    time = np.tile([0, 1, 6], 24)
    for _ in range(RUNS):
        y = 5 * np.repeat(g.normal(size=24), 3) + 4 * g.normal(size=72)
        y = y + 3 * ((arm == "a") & (time > 0))
        runs.append(
            study.analyse_repeated(y, participant=who, time=time, arm=arm, reference="b").changes[1]
        )
    within(held(runs, 3), EXACT, "repeated tests, coverage of a change")


def test_analysis_of_covariance():
    runs, null = [], []
    for seed in range(RUNS):
        for mean, kept in ((54, runs), (50, null)):
            t = study.simulate_parallel(
                {"a": mean, "b": 50}, n_per_arm=20, sd=10, pre_mean=40, correlation=0.6,
                seed=2 * seed + (mean > 50),
            )  # fmt: skip
            kept.append(
                study.compare_adjusted(
                    t["post_score"], pre=t["pre_score"], arm=t["arm"], reference="b"
                ).contrasts[0]
            )
    within(held(runs, 4), EXACT, "ANCOVA coverage")
    within([r.p < 0.05 for r in null], (4.0, 6.0), "ANCOVA type I")
    plan = study.plan_trial(
        "superiority", design="parallel", sd=10, difference=4, alpha=0.05, n_per_arm=20,
        correlation=0.6,
    )  # fmt: skip
    target = 100 * plan.power
    within([r.p < 0.05 for r in runs], (target - 2.5, target + 1.8), f"ANCOVA power, {target:.1f}")


def test_paired_and_several():
    g = rng(6)
    paired, anova, welch = [], [], []
    for _ in range(RUNS):
        base = g.normal(0, 10, 14)
        paired.append(study.compare_paired(base + g.normal(2, 5, 14), base))
        arms = {name: g.normal(0, 10, n) for name, n in (("a", 9), ("b", 12), ("c", 15))}
        anova.append(study.compare_several_means(arms, variances="equal").p < 0.05)
        uneven = {"a": g.normal(0, 5, 10), "b": g.normal(0, 10, 14), "c": g.normal(0, 15, 18)}
        welch.append(study.compare_several_means(uneven).p < 0.05)
    within(held(paired, 2), EXACT, "paired t coverage")
    within(anova, (4.0, 6.0), "one-way analysis of variance, type I")
    within(welch, (4.0, 6.3), "Welch's analysis of variance, type I")


def test_ranks():
    g = rng(7)
    free, tied, signed, several, rounded = [], [], [], [], []
    for _ in range(RUNS):
        free.append(study.compare_ranks(g.exponential(5, 12) + 2, g.exponential(5, 15)))
        likert = [np.clip(np.round(g.normal(3, 1, n)), 1, 5) for n in (25, 25)]
        try:
            tied.append(study.compare_ranks(*likert).p < 0.05)
        except study_error():
            tied.append(False)
        pair = g.normal(0, 5, 14)
        signed.append(study.compare_paired_ranks(pair + g.normal(2, 4, 14), pair))
        whole = np.round(g.normal(0.0, 2.0, 20))
        rounded.append(study.compare_paired_ranks(whole, np.zeros(20)).p < 0.05)
        several.append(
            study.compare_several_ranks({k: g.exponential(5, 12) for k in "abc"}).p < 0.05
        )
    # Exact intervals of a discrete statistic hold at least their level.
    within(held(free, 2), (94.4, 97.5), "Mann-Whitney shift, coverage")
    within(held(signed, 2), (94.4, 97.5), "Wilcoxon shift, coverage")
    within(tied, (3.3, 6.0), "Mann-Whitney with ties, type I")
    within(rounded, (3.0, 6.0), "Wilcoxon with ties, type I")
    within(several, (3.8, 6.0), "Kruskal-Wallis, type I")


def study_error():
    from calvaria.errors import StudyError

    return StudyError


def test_effect_sizes():
    g = rng(8)
    small, paired, delta = [], [], []
    truth = 2 * stats.norm.cdf(0.8 / math.sqrt(2)) - 1
    for _ in range(RUNS):
        a, b = g.normal(0.8, 1, 12), g.normal(0, 1, 15)
        small.append(study.hedges_g(a, b))
        delta.append(study.cliffs_delta(a, b))
        level = g.normal(0, math.sqrt(0.6), 20)
        x, y = level + g.normal(0.5, math.sqrt(0.4), 20), level + g.normal(0, math.sqrt(0.4), 20)
        paired.append(study.hedges_g_paired(x, y))
    within(held(small, 0.8), EXACT, "Hedges g, noncentral t, coverage")
    bias = float(np.mean([r.value for r in small])) - 0.8
    say(f"Hedges g, bias {bias:+.4f}")
    assert abs(bias) < 0.025
    # Both are approximations; their papers report 93 to 97 % at such sizes.
    within(held(paired, 0.5), (93.0, 97.5), "paired Hedges g, Bonett, coverage")
    within(held(delta, truth), (93.0, 97.0), "Cliff's delta, coverage")


def test_shares_and_rates():
    g = rng(9)
    cases = {name: [] for name in ("odds exact", "odds logit", "risk ratio", "difference", "rate")}
    truth_odds = (0.4 / 0.6) / (0.2 / 0.8)
    for _ in range(RUNS):
        a, b = (int(g.binomial(25, 0.4)), 25), (int(g.binomial(30, 0.2)), 30)
        if a[0] + b[0]:
            for name, r, truth in (
                ("odds exact", study.odds_ratio(a, b), truth_odds),
                ("odds logit", study.odds_ratio(a, b, interval="logit"), truth_odds),
                ("risk ratio", study.risk_ratio(a, b), 2.0),
                ("difference", study.risk_difference(a, b), 0.2),
            ):
                cases[name].append(r.low <= truth <= r.high)
        r = study.rate_ratio((int(g.poisson(12)), 10.0), (int(g.poisson(9)), 15.0))
        cases["rate"].append(r.low <= 2.0 <= r.high)
    # Exact intervals of counts hold more than their level; log intervals are a little wide.
    within(cases["odds exact"], (95.0, 99.0), "odds ratio, exact, coverage")
    within(cases["odds logit"], (94.0, 98.0), "odds ratio, logit, coverage")
    within(cases["risk ratio"], (94.0, 98.0), "risk ratio, Katz, coverage")
    within(cases["difference"], (93.5, 97.0), "risk difference, Newcombe, coverage")
    within(cases["rate"], (95.0, 99.0), "rate ratio, exact, coverage")


def test_counts():
    g = rng(10)
    poisson, wide, narrow = [], [], []
    arm = ["a"] * 25 + ["b"] * 25
    for _ in range(RUNS):
        y = np.r_[g.poisson(6, 25), g.poisson(4, 25)]
        poisson.append(study.compare_counts(y, arm=arm, reference="b", model="Poisson"))
        own = g.gamma(2.0, 0.5, 50)
        y = g.poisson(np.repeat([6.0, 4.0], 25) * own)
        wide.append(study.compare_counts(y, arm=arm, reference="b", model="negative binomial"))
        narrow.append(study.compare_counts(y, arm=arm, reference="b", model="Poisson"))
    within(held(poisson, 1.5), EXACT, "Poisson ratio, coverage")
    # Maximum likelihood with 50 students knows alpha a little too well.
    within(held(wide, 1.5), (92.5, 96.0), "negative binomial ratio, coverage")
    found = share(held(narrow, 1.5))
    say(f"Poisson on spread counts, coverage: {found:.2f} % (this is why it warns)")
    assert found < 85
    warned = share(["too narrow" in r.note for r in narrow])
    assert warned > 95


def test_learning_and_retention():
    g = rng(11)
    curves, changes, kept = [], [], []
    attempt, who = np.tile(np.arange(1, 9), 10), np.repeat(np.arange(10), 8)
    arm = np.repeat(["a", "b"], 15)
    for _ in range(RUNS):
        y = 20 * attempt**-0.25 * np.exp(0.2 * g.normal(size=10)[who] + 0.15 * g.normal(size=80))
        curves.append(study.fit_learning_curve(y, attempt=attempt, participant=who))
        early = g.normal(60, 8, 30)
        late = early - g.normal(8, 5, 30) + 2 * (arm == "a")
        r = study.compare_retention(late, immediate=early, arm=arm, reference="b")
        changes.append(r.difference)
        share_b = r.kept_percent["b"]
        kept.append(share_b[1] <= 100 * 52 / 60 <= share_b[2])
    within(held(curves, 0.25), EXACT, "learning rate, coverage")
    within(held(changes, 2), EXACT, "difference in change, coverage")
    within(kept, EXACT, "share kept, Fieller, coverage")


def test_alpha_icc_and_technical_error():
    g = rng(12)
    k, n = 4, 25
    alpha, tem = [], []
    forms = {form: [] for form in study.ICC_FORMS}
    for _ in range(RUNS):
        person, error = g.normal(size=(n, 1)) * 2, g.normal(size=(n, k))
        # Cronbach's alpha of parallel items is the reliability of their mean.
        alpha.append(study.measure_alpha(person + error))
        tem.append(study.measure_technical_error(person + 0.5 * error))
        table = person + error + 0.7 * g.normal(size=k)
        plain = person + g.normal(size=(n, k)) * math.sqrt(1.49)
        for (model, definition, unit), found in forms.items():
            used = plain if model == "one-way random" else table
            found.append(study.measure_icc(used, model=model, definition=definition, unit=unit))
    within(held(alpha, 4 / (4 + 1 / k)), EXACT, "Cronbach's alpha, Feldt, coverage")
    within(held(tem, 0.5), EXACT, "technical error, coverage")
    for (model, definition, unit), runs in forms.items():
        noise = 1.0 if definition == "consistency" else 1.49
        truth = 4 / (4 + noise / (k if unit == "average" else 1))
        # Four raters tell little of the spread of raters: Satterthwaite's interval is rough.
        band = EXACT if definition == "consistency" or model == "one-way random" else (93.0, 98.5)
        within(held(runs, truth), band, f"{runs[0].form} ({unit}), coverage")


def test_limits_of_agreement():
    g = rng(13)
    z = stats.norm.ppf(0.975)
    exact, rough, bias, repeated, upper = [], [], [], [], []
    who = np.repeat(np.arange(15), 3)
    for _ in range(RUNS):
        base = g.normal(50, 5, 20)
        other = base + g.normal(0.3, 0.5, 20)
        r = study.compare_methods(other, base)
        bias.append(r.bias_low <= 0.3 <= r.bias_high)
        exact.append(r.upper_low <= 0.3 + z * 0.5 <= r.upper_high)
        r = study.compare_methods(other, base, interval="approximate")
        rough.append(r.lower_low <= 0.3 - z * 0.5 <= r.lower_high)
        size = np.repeat(g.normal(50, 5, 15), 3)
        d = 0.3 + np.repeat(g.normal(0, 0.4, 15), 3) + g.normal(0, 0.3, 45)
        r = study.compare_methods(size + d, size, specimen=who)
        repeated.append(r.bias_low <= 0.3 <= r.bias_high)
        upper.append(r.upper_low <= 0.3 + z * 0.5 <= r.upper_high)
    within(bias, EXACT, "bias, coverage")
    within(exact, EXACT, "limits, exact, coverage")
    within(rough, (93.0, 97.0), "limits, Bland and Altman 1999, coverage")
    within(repeated, EXACT, "bias with repeated readings, coverage")
    within(upper, (93.5, 97.5), "limits with repeated readings, Zou, coverage")


def test_dimensions():
    """Thirteen bones, six dimensions: the interval, and false passes with the truth at the margin."""
    hits, passed = [], []
    sizes = {f"d{i}": 10 + 8 * i for i in range(6)}
    for seed in range(RUNS):
        t = study.simulate_specimens(
            sizes, n_specimens=13, bias_mm=-0.3, scale_percent=0, sd_size_mm=2, sd_specimen_mm=0.15,
            sd_reading_mm=0.1, n_readings=1, seed=seed,
        )  # fmt: skip
        r = study.check_dimensions(
            t["printed_mm"], original_mm=t["original_mm"], specimen=t["specimen"],
            dimension=t["dimension"], margin_mm=0.3,
        )  # fmt: skip
        hits.append(r.overall.low <= -0.3 <= r.overall.high)
        passed.append(r.overall.verdict.name == "PASS")
    within(hits, (88.6, 91.4), "dimensions, 90 % interval, coverage")
    within(passed, (4.0, 6.0), "dimensions claimed within the margin when they lie on it")


def test_pooling():
    g = rng(14)
    names = (
        ("fixed", "normal", 0.0), ("DL", "normal", 0.05), ("REML", "normal", 0.05),
        ("PM", "normal", 0.05), ("REML", "Hartung-Knapp", 0.05),
        ("REML", "Hartung-Knapp floored", 0.05), ("DL", "Hartung-Knapp", 0.05),
        ("PM", "Hartung-Knapp", 0.05),
    )  # fmt: skip
    hits = {name: [] for name in names}
    spread, new = [], []
    k = 8
    for _ in range(RUNS):
        se = g.uniform(0.15, 0.4, k)
        for tau2 in (0.0, 0.05):
            y = g.normal(0.4, math.sqrt(tau2), k) + se * g.normal(size=k)
            trials = [
                study.TrialEffect(label=str(i), value=v, se=s, participants=str(i))
                for i, (v, s) in enumerate(zip(y, se, strict=True))
            ]
            for name in names:
                if name[2] == tau2:
                    r = study.pool_effects(trials, estimator=name[0], interval=name[1])
                    hits[name].append(r.low <= 0.4 <= r.high)
            if tau2:
                spread.append(r.tau2_low <= tau2 <= r.tau2_high)
                fresh = g.normal(0.4, math.sqrt(tau2))
                new.append(r.prediction_low <= fresh <= r.prediction_high)
    within(hits[names[0]], EXACT, "fixed effect, coverage")
    for name in names[1:4]:
        # The normal interval with eight trials is known to be too narrow (Cochrane 10.10.4.4).
        within(hits[name], (88.0, 95.0), f"{name[0]}, {name[1]}, coverage")
    for name in (names[4], names[6], names[7]):
        within(hits[name], (93.5, 96.0), f"{name[0]}, {name[1]}, coverage")
    within(hits[names[5]], (94.0, 98.5), "REML, Hartung-Knapp floored, coverage")
    within(spread, (94.0, 96.5), "tau2, Q profile, coverage")
    # With few trials that differ little tau2 is often estimated as zero, and the interval for a new
    # trial is then too short (Partlett and Riley 2017, doi 10.1002/sim.7140).
    within(new, (82.0, 97.0), "prediction interval, coverage")


def test_families_of_questions():
    g = rng(15)
    holm, bh = [], []
    for _ in range(RUNS):
        z = np.r_[g.normal(size=6), g.normal(3.0, 1, 4)]
        p = dict(zip("abcdefghij", 2 * stats.norm.sf(np.abs(z)), strict=True))
        shown = study.adjust_p_values(p, method="Holm").shown
        holm.append(any(name in "abcdef" for name in shown))
        shown = study.adjust_p_values(p, method="Benjamini-Hochberg").shown
        bh.append(sum(name in "abcdef" for name in shown) / max(len(shown), 1))
    # Six true nulls of ten: Holm holds 5 %, Benjamini and Hochberg 5 % x 6 / 10.
    within(holm, (2.5, 5.7), "Holm, chance of a false claim")
    within(bh, (2.2, 3.8), "Benjamini-Hochberg, share of false claims")


def test_wilson_and_revisions():
    g = rng(16)
    wilson, steps, null = [], [], []
    for _ in range(RUNS):
        answers = 1 + 4 * (g.random(30) < 0.7)
        item = study.summarise_likert(answers, lowest=1, highest=5, agree_from=4)
        wilson.append(item.low_percent <= 70 <= item.high_percent)
        own = g.normal(4, 1, 10)
        for gain, kept in ((1.0, steps), (0.0, null)):
            pair = [
                study.Revision(
                    name=name, material="resin", wall_mm=1.0, ratings=dict(enumerate(own + shift))
                )
                for name, shift in (("A", g.normal(0, 1, 10)), ("B", g.normal(gain, 1, 10)))
            ]
            r = study.compare_revisions(pair)
            kept.append(r.steps["A to B"] if gain else r.adjusted_p["A to B"] < 0.05)
    within(wilson, (92.5, 97.5), "Wilson, coverage")
    within(held(steps, 1.0), EXACT, "step between revisions, coverage")
    within(null, (3.3, 5.7), "step between revisions, type I")
