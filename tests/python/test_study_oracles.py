"""The study kit against scipy, statsmodels and pingouin, to 1e-8 unless a reason stands beside."""

import warnings

import numpy as np
import pytest

pytest.importorskip("pingouin")

import pandas as pd
import pingouin as pg
import statsmodels.api as sm
from scipy import stats
from statsmodels.stats import meta_analysis, multitest, oneway, proportion, weightstats
from statsmodels.stats import power as sm_power
from statsmodels.stats import rates as sm_rates

from calvaria import study

NEAR = {"rel": 1e-8, "abs": 1e-8}


def two_arms(seed=1, n=(17, 23), sd=(8.0, 12.0), decimals=6):
    rng = np.random.default_rng(seed)
    a, b = (rng.normal(mean, s, k) for mean, s, k in zip((60, 55), sd, n, strict=True))
    return a.round(decimals), b.round(decimals)


def frame(**columns):
    return pd.DataFrame(columns)


@pytest.mark.parametrize(("variances", "equal"), [("equal", True), ("unequal", False)])
def test_two_means(variances, equal):
    a, b = two_arms()
    ours = study.compare_means(a, b, variances=variances)
    theirs = stats.ttest_ind(a, b, equal_var=equal)
    ends = theirs.confidence_interval()
    assert [ours.t, ours.p, ours.df, ours.low, ours.high] == pytest.approx(
        [theirs.statistic, theirs.pvalue, theirs.df, ends.low, ends.high], **NEAR
    )
    third = pg.ttest(a, b, correction=not equal)
    assert ours.p == pytest.approx(third["p_val" if "p_val" in third else "p-val"].iloc[0], **NEAR)


def test_paired_means_and_their_equivalence():
    a, b = two_arms(n=(15, 15))
    ours = study.compare_paired(a, b)
    theirs = stats.ttest_rel(a, b)
    assert [ours.t, ours.p] == pytest.approx([theirs.statistic, theirs.pvalue], **NEAR)
    assert study.check_equivalence(ours, margin=8).p == pytest.approx(
        weightstats.ttost_paired(a, b, -8, 8)[0], **NEAR
    )


@pytest.mark.parametrize(("variances", "usevar"), [("equal", "pooled"), ("unequal", "unequal")])
def test_equivalence_and_noninferiority(variances, usevar):
    a, b = two_arms()
    ours = study.compare_means(a, b, variances=variances)
    assert study.check_equivalence(ours, margin=(-3, 9)).p == pytest.approx(
        weightstats.ttost_ind(a, b, -3, 9, usevar=usevar)[0], **NEAR
    )
    if variances == "equal":
        assert study.check_equivalence(ours, margin=9).p == pytest.approx(
            pg.tost(a, b, bound=9)["p_val" if "p_val" in pg.tost(a, b) else "pval"].iloc[0], **NEAR
        )
    higher = study.check_noninferiority(ours, margin=4, is_higher_better=True)
    assert higher.p == pytest.approx(
        stats.ttest_ind(a + 4, b, equal_var=usevar == "pooled", alternative="greater").pvalue,
        **NEAR,
    )
    lower = study.check_noninferiority(ours, margin=4, is_higher_better=False)
    assert lower.p == pytest.approx(
        stats.ttest_ind(a - 4, b, equal_var=usevar == "pooled", alternative="less").pvalue, **NEAR
    )


def test_several_means():
    arms = {"a": two_arms()[0], "b": two_arms()[1], "c": two_arms(seed=5)[0]}
    equal = study.compare_several_means(arms, variances="equal")
    assert equal.p == pytest.approx(stats.f_oneway(*arms.values()).pvalue, **NEAR)
    welch = study.compare_several_means(arms)
    theirs = oneway.anova_oneway(list(arms.values()), use_var="unequal", welch_correction=True)
    assert [welch.statistic, welch.p] == pytest.approx([theirs.statistic, theirs.pvalue], **NEAR)


@pytest.mark.parametrize("decimals", [6, 0])
def test_ranks_with_and_without_ties(decimals):
    a, b = two_arms(decimals=decimals)
    ours = study.compare_ranks(a, b)
    method = "exact" if decimals else "asymptotic"
    theirs = stats.mannwhitneyu(a, b, method=method)
    assert [ours.statistic, ours.p] == pytest.approx([theirs.statistic, theirs.pvalue], **NEAR)
    third = pg.mwu(a, b, method=method)
    assert ours.superiority == pytest.approx(third["CLES"].iloc[0], **NEAR)
    delta = study.cliffs_delta(a, b)
    assert delta.value == pytest.approx(2 * ours.superiority - 1, **NEAR)
    groups = {"a": a, "b": b, "c": two_arms(seed=3, decimals=decimals)[0]}
    assert study.compare_several_ranks(groups).p == pytest.approx(
        stats.kruskal(*groups.values()).pvalue, **NEAR
    )


@pytest.mark.parametrize("decimals", [6, 0])
def test_paired_ranks_with_and_without_ties(decimals):
    a, b = two_arms(n=(14, 14), decimals=decimals)
    ours = study.compare_paired_ranks(a, b)
    d = a - b
    d = d[d != 0]
    tied = len(np.unique(np.abs(d))) < len(d) or len(d) < 14
    assert tied is (decimals == 0)
    theirs = stats.wilcoxon(d, method="approx" if tied else "exact", correction=tied)
    assert ours.p == pytest.approx(theirs.pvalue, **NEAR)
    assert min(ours.statistic, len(d) * (len(d) + 1) / 2 - ours.statistic) == pytest.approx(
        theirs.statistic, **NEAR
    )


def test_exact_ranks_are_those_of_scipy_at_any_size():
    rng = np.random.default_rng(2)
    for n, m, shift in ((2, 3, 0), (1, 6, 1), (7, 30, 1), (45, 20, 0.4), (30, 30, 2.5)):
        a, b = rng.normal(shift, 1, n), rng.normal(0, 1, m)
        theirs = stats.mannwhitneyu(a, b, method="exact").pvalue
        assert study.compare_ranks(a, b).p == pytest.approx(theirs, rel=1e-8)


def test_the_interval_of_a_shift_holds_just_what_the_test_accepts():
    a, b = two_arms(n=(9, 11))
    ours = study.compare_ranks(a, b)
    for end in (ours.low, ours.high):
        inside = end + 1e-9 * (1 if end == ours.low else -1)
        outside = end - 1e-9 * (1 if end == ours.low else -1)
        assert stats.mannwhitneyu(a - inside, b, method="exact").pvalue > 0.05
        assert stats.mannwhitneyu(a - outside, b, method="exact").pvalue <= 0.05


def test_hedges_g():
    a, b = two_arms()
    ours = study.hedges_g(a, b)
    d = pg.compute_effsize(a, b, eftype="cohen")
    df = len(a) + len(b) - 2
    assert ours.value == pytest.approx(d * study.hedges_correction(df), **NEAR)
    # pingouin takes the rounded J, 1 - 3 / (4 n - 9): near, not equal.
    assert ours.value == pytest.approx(pg.compute_effsize(a, b, eftype="hedges"), rel=2e-4)
    scale = np.sqrt(1 / len(a) + 1 / len(b))
    tails = stats.nct.cdf(d / scale, df, [ours.low / scale, ours.high / scale])
    assert tails.tolist() == pytest.approx([0.975, 0.025], **NEAR)
    p = stats.ttest_ind(a, b).pvalue
    again = study.hedges_g_from_p(p, n_a=len(a), n_b=len(b), is_a_higher=True)
    assert again.value == pytest.approx(ours.value, **NEAR)


def test_shares_and_rates():
    a, b = (12, 20), (7, 25)
    square = [[12, 8], [7, 18]]
    exact = study.odds_ratio(a, b)
    theirs = stats.contingency.odds_ratio(square)
    ends = theirs.confidence_interval()
    assert [exact.value, exact.low, exact.high] == pytest.approx(
        [theirs.statistic, ends.low, ends.high], **NEAR
    )
    table = sm.stats.Table2x2(square)
    logit = study.odds_ratio(a, b, interval="logit")
    assert [logit.value, logit.low, logit.high] == pytest.approx(
        [table.oddsratio, *table.oddsratio_confint()], **NEAR
    )
    ratio = study.risk_ratio(a, b)
    assert [ratio.value, ratio.low, ratio.high] == pytest.approx(
        [table.riskratio, *table.riskratio_confint()], **NEAR
    )
    newcombe = study.risk_difference(a, b)
    assert [newcombe.low, newcombe.high] == pytest.approx(
        list(proportion.confint_proportions_2indep(*a, *b, compare="diff", method="newcomb")),
        **NEAR,
    )
    rate = study.rate_ratio((30, 12.5), (19, 14.0))
    tested = sm_rates.test_poisson_2indep(30, 12.5, 19, 14.0, method="exact-cond")
    assert rate.p == pytest.approx(tested.pvalue, **NEAR)
    # The interval is that of the binomial share, turned into a ratio.
    low, high = proportion.proportion_confint(30, 49, method="beta")
    assert [rate.low, rate.high] == pytest.approx(
        [p / (1 - p) * 14.0 / 12.5 for p in (low, high)], **NEAR
    )


def test_adjustment_for_the_pre_test():
    rng = np.random.default_rng(4)
    pre = rng.normal(50, 10, 45)
    arm = np.repeat(["bone", "print", "atlas"], 15)
    post = 0.6 * pre + 4.0 * (arm == "print") + rng.normal(0, 6, 45)
    ours = study.compare_adjusted(post, pre=pre, arm=arm, reference="bone")
    import statsmodels.formula.api as smf

    data = frame(post=post, pre=pre, arm=arm)
    theirs = smf.ols("post ~ pre + C(arm, Treatment('bone'))", data).fit()
    for contrast in ours.contrasts:
        name = f"C(arm, Treatment('bone'))[T.{contrast.label.split(' ', 1)[0]}]"
        assert [contrast.difference, contrast.se, contrast.p] == pytest.approx(
            [theirs.params[name], theirs.bse[name], theirs.pvalues[name]], **NEAR
        )
        assert [contrast.low, contrast.high] == pytest.approx(
            theirs.conf_int().loc[name].tolist(), **NEAR
        )
    wide = smf.ols("post ~ pre * C(arm)", data).fit()
    assert ours.parallel_p == pytest.approx(wide.compare_f_test(theirs)[1], **NEAR)
    both = data[data.arm != "atlas"]
    two = study.compare_adjusted(both.post, pre=both.pre, arm=both.arm, reference="bone")
    third = pg.ancova(data=both, dv="post", covar="pre", between="arm")
    column = "p_unc" if "p_unc" in third else "p-unc"
    assert two.contrasts[0].p == pytest.approx(
        third.loc[third.Source == "arm", column].iloc[0], **NEAR
    )


def test_a_complete_cross_over_is_the_paired_analysis_by_order():
    table = study.simulate_crossover(
        treatments=("print", "bone"), n_per_order=9, mean=60, effect=4, period_effect=3,
        carry_over=0, sd_between=8, sd_within=5, seed=3,
    )  # fmt: skip
    ours = study.analyse_crossover(
        table["score"],
        participant=table["participant"],
        treatment=table["treatment"],
        period=table["period"],
        reference="bone",
    )
    data = pd.DataFrame(table)
    wide = data.pivot_table(index="participant", columns="period", values="score")
    first = data[data.period == 1].set_index("participant").treatment == "print"
    half = (wide[1] - wide[2]) / 2
    theirs = stats.ttest_ind(half[first], half[~first])
    ends = theirs.confidence_interval()
    assert [ours.treatment.p, ours.treatment.low, ours.treatment.high] == pytest.approx(
        [theirs.pvalue, ends.low, ends.high], **NEAR
    )
    assert ours.treatment.df == theirs.df
    total = wide[1] + wide[2]
    assert ours.sequence.p == pytest.approx(
        stats.ttest_ind(total[first], total[~first]).pvalue, **NEAR
    )


def test_unbalanced_mixed_models():
    """statsmodels stops its search at about six digits; its likelihood must not beat ours."""
    from calvaria.study.random_intercept import fit_random_intercept

    rng = np.random.default_rng(8)
    group = np.repeat(np.arange(18), rng.integers(1, 6, 18))
    x = np.column_stack([np.ones(len(group)), group % 2, rng.normal(size=len(group))])
    y = x @ [50, 3, 1] + 2 * rng.normal(size=18)[group] + rng.normal(size=len(group))
    ours = fit_random_intercept(y, x, group.astype(str))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = sm.MixedLM(y, x, group).fit(reml=True)
    assert ours.coefficients.tolist() == pytest.approx(theirs.fe_params.tolist(), rel=1e-5)
    assert [ours.var_between, ours.var_within] == pytest.approx(
        [float(theirs.cov_re[0, 0]), theirs.scale], rel=1e-3
    )
    # Their standard errors come from a Hessian over all parameters; the formula of the book:
    same = (group[:, None] == group[None, :]) * float(theirs.cov_re[0, 0])
    book = np.linalg.inv(x.T @ np.linalg.inv(same + theirs.scale * np.eye(len(y))) @ x)
    assert ours.covariance.ravel().tolist() == pytest.approx(book.ravel().tolist(), rel=1e-3)
    model = theirs.model
    at = {
        name: model.loglike(
            sm.regression.mixed_linear_model.MixedLMParams.from_components(
                fe_params=fe, cov_re=np.array([[between / scale]])
            ),
            profile_fe=False,
        )
        for name, fe, between, scale in (
            ("ours", ours.coefficients, ours.var_between, ours.var_within),
            ("theirs", theirs.fe_params, float(theirs.cov_re[0, 0]), theirs.scale),
        )
    }
    assert at["ours"] >= at["theirs"] - 1e-9


def test_equal_classes_are_compared_by_their_means():
    """With equal sizes the mixed model is Student's t on class means, when classes differ."""
    table = study.simulate_clusters(
        {"print": 62, "bone": 58}, n_clusters_per_arm=6, sizes=[10], sd=10, icc=0.3, seed=2
    )
    ours = study.analyse_clusters(
        table["score"], cluster=table["cluster"], arm=table["arm"], reference="bone"
    )
    means = pd.DataFrame(table).groupby(["arm", "cluster"]).score.mean()
    theirs = stats.ttest_ind(means["print"], means["bone"])
    assert ours.icc > 0
    assert [ours.difference.t, ours.difference.p] == pytest.approx(
        [theirs.statistic, theirs.pvalue], **NEAR
    )


@pytest.mark.parametrize("method", ["Holm", "Hochberg", "Bonferroni", "Benjamini-Hochberg"])
def test_adjusted_p_values(method):
    p = {"a": 0.003, "b": 0.02, "c": 0.021, "d": 0.2, "e": 0.04}
    theirs = {
        "Holm": "holm", "Hochberg": "simes-hochberg", "Bonferroni": "bonferroni",
        "Benjamini-Hochberg": "fdr_bh",
    }[method]  # fmt: skip
    adjusted = multitest.multipletests(list(p.values()), method=theirs)[1]
    ours = study.adjust_p_values(p, method=method)
    assert list(ours.adjusted.values()) == pytest.approx(adjusted.tolist(), **NEAR)
    if method in {"Holm", "Benjamini-Hochberg"}:
        third = pg.multicomp(list(p.values()), method=theirs)[1]
        assert list(ours.adjusted.values()) == pytest.approx(third.tolist(), **NEAR)


def test_cronbach_alpha_and_feldts_interval():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(30, 1)) + rng.normal(size=(30, 5))
    ours = study.measure_alpha(table)
    value, ends = pg.cronbach_alpha(pd.DataFrame(table), ci=0.95)
    assert ours.value == pytest.approx(value, **NEAR)
    # pingouin prints its interval with three digits.
    assert [ours.low, ours.high] == pytest.approx(list(ends), abs=5.1e-4)


def icc_table():
    rng = np.random.default_rng(6)
    return 50 + 4 * rng.normal(size=(12, 1)) + rng.normal(size=4) + 1.5 * rng.normal(size=(12, 4))


def test_all_ten_forms_of_the_icc():
    table = icc_table()
    n, k = table.shape
    long = frame(who=np.repeat(np.arange(n), k), rater=np.tile(np.arange(k), n), x=table.ravel())
    theirs = pg.intraclass_corr(long, targets="who", raters="rater", ratings="x")
    theirs = theirs.set_index("Type")
    column = next(c for c in theirs.columns if c.startswith("CI95"))
    seen = set()
    for (model, definition, unit), (form, shrout) in study.ICC_FORMS.items():
        ours = study.measure_icc(table, model=model, definition=definition, unit=unit)
        assert (ours.form, ours.shrout_fleiss) == (form, shrout)
        what = {"one-way random": 1}.get(model, 2 if definition == "agreement" else 3)
        row = theirs.iloc[(what - 1) + 3 * (unit == "average")]
        assert [ours.value, ours.f, ours.p] == pytest.approx(
            [row["ICC"], row["F"], row.get("pval", row.get("p_val"))], **NEAR
        )
        assert [ours.low, ours.high] == pytest.approx(list(row[column]), abs=5.1e-3)
        seen.add(form)
    assert len(seen) == 10


def test_icc_table_of_shrout_and_fleiss():
    table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    published = {
        "ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71,
        "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91,
    }  # fmt: skip
    for (model, definition, unit), (_, shrout) in study.ICC_FORMS.items():
        if shrout:
            ours = study.measure_icc(table, model=model, definition=definition, unit=unit)
            assert round(ours.value, 2) == published[shrout]


def test_counts():
    rng = np.random.default_rng(3)
    y = np.r_[rng.negative_binomial(3, 0.25, 25), rng.negative_binomial(3, 0.4, 25)]
    hours = rng.uniform(1, 3, 50)
    arm = np.repeat(["print", "bone"], 25)
    x = np.column_stack([np.ones(50), arm == "print"]).astype(float)
    poisson = study.compare_counts(y, arm=arm, reference="bone", model="Poisson", exposure=hours)
    theirs = sm.GLM(y, x, family=sm.families.Poisson(), offset=np.log(hours)).fit()
    low, high = theirs.conf_int()[1]
    assert [poisson.ratio, poisson.low, poisson.high, poisson.p] == pytest.approx(
        [*np.exp([theirs.params[1], low, high]), theirs.pvalues[1]], **NEAR
    )
    assert "too narrow" in poisson.meaning
    wide = study.compare_counts(
        y, arm=arm, reference="bone", model="negative binomial", exposure=hours
    )
    full = sm.NegativeBinomial(y, x, offset=np.log(hours)).fit(disp=0, gtol=1e-12, maxiter=500)
    # The joint search of statsmodels stops earlier than a search over alpha alone.
    assert [np.log(wide.ratio), wide.alpha] == pytest.approx(
        [full.params[1], full.params[2]], rel=2e-5
    )
    family = sm.families.NegativeBinomial(alpha=wide.alpha)
    glm = sm.GLM(y, x, family=family, offset=np.log(hours)).fit(tol=1e-12)
    assert np.log([wide.low, wide.high]).tolist() == pytest.approx(
        glm.conf_int()[1].tolist(), **NEAR
    )


# Colditz et al. 1994, the BCG trials: the data set of the R package metafor, and its results.
BCG = np.array(
    [
        [4, 119, 11, 128], [6, 300, 29, 274], [3, 228, 11, 209], [62, 13536, 248, 12619],
        [33, 5036, 47, 5761], [180, 1361, 372, 1079], [8, 2537, 10, 619], [505, 87886, 499, 87892],
        [29, 7470, 45, 7232], [17, 1699, 65, 1600], [186, 50448, 141, 27197], [5, 2493, 3, 2338],
        [27, 16886, 29, 17825],
    ],
    float,
)  # fmt: skip


def bcg():
    a, b, c, d = BCG.T
    y = np.log(a / (a + b)) - np.log(c / (c + d))
    v = 1 / a - 1 / (a + b) + 1 / c - 1 / (c + d)
    trials = [
        study.TrialEffect(label=f"t{i}", value=value, se=se, participants=f"t{i}")
        for i, (value, se) in enumerate(zip(y, np.sqrt(v), strict=True))
    ]
    return y, v, trials


@pytest.mark.parametrize(("estimator", "theirs"), [("DL", "dl"), ("PM", "pm")])
def test_pooling_like_statsmodels(estimator, theirs):
    y, v, trials = bcg()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        other = meta_analysis.combine_effects(y, v, method_re=theirs, use_t=False, atol=1e-14)
    ours = study.pool_effects(trials, estimator=estimator, interval="normal")
    near = NEAR if estimator == "DL" else {"rel": 1e-6}
    assert [ours.value, ours.se, ours.tau2, ours.q] == pytest.approx(
        [other.mean_effect_re, other.sd_eff_w_re, other.tau2, other.q], **near
    )
    hartung = study.pool_effects(trials, estimator=estimator, interval="Hartung-Knapp")
    assert hartung.se == pytest.approx(other.sd_eff_w_re_hksj, **near)
    assert hartung.high - hartung.value == pytest.approx(
        stats.t.ppf(0.975, 12) * other.sd_eff_w_re_hksj, **near
    )


def test_pooling_like_metafor():
    """Printed results of rma() for this data set: Viechtbauer, J Stat Softw 2010;36(3)."""
    ours = study.pool_effects(bcg()[2], estimator="REML", interval="normal")
    assert f"{ours.value:.4f} {ours.se:.4f} {ours.low:.4f} {ours.high:.4f}" == (
        "-0.7145 0.1798 -1.0669 -0.3622"
    )
    assert f"{ours.tau2:.4f} {ours.q:.4f}" == "0.3132 152.2330"
    assert f"{ours.tau2_low:.4f} {ours.tau2_high:.4f}" == "0.1197 1.1115"


def test_the_reml_is_the_top_of_its_likelihood():
    y, v, _ = bcg()
    ours = study.pool_effects(bcg()[2], estimator="REML", interval="normal").tau2

    def restricted(tau2):
        w = 1 / (v + tau2)
        r = y - np.average(y, weights=w)
        return (np.log(w).sum() - np.log(w.sum()) - (w * r**2).sum()) / 2

    assert all(restricted(ours) >= restricted(ours + step) for step in (-0.05, -1e-4, 1e-4, 0.05))


def test_power_of_superiority_and_noninferiority():
    for n, d in ((20, 0.5), (64, 0.5), (8, 1.4)):
        plan = study.plan_trial(
            "superiority", design="parallel", sd=1, difference=d, alpha=0.05, n_per_arm=n
        )
        assert plan.power == pytest.approx(
            sm_power.TTestIndPower().power(d, n, 0.05, ratio=1), **NEAR
        )
        one_sided = study.plan_trial(
            "non-inferiority", design="parallel", sd=1, difference=0.1, margin=d, alpha=0.025,
            n_per_arm=n,
        )  # fmt: skip
        assert one_sided.power == pytest.approx(
            sm_power.TTestIndPower().power(d + 0.1, n, 0.025, alternative="larger"), **NEAR
        )


def test_power_of_equivalence_by_two_roads():
    """Phillips' integral against a fine sum over the estimated SD."""
    plan = study.plan_trial(
        "equivalence", design="parallel", sd=13.5, difference=2, margin=9, alpha=0.05, n_per_arm=40
    )
    se, df = 13.5 * np.sqrt(2 / 40), 78
    from scipy import integrate

    def inside(s):
        reach = 9 - stats.t.isf(0.05, df) * s
        if reach <= 0:
            return 0.0
        share = stats.norm.cdf((reach - 2) / se) - stats.norm.cdf((-reach - 2) / se)
        return share * stats.chi.pdf(s / se * np.sqrt(df), df) * np.sqrt(df) / se

    theirs = integrate.quad(inside, 0, 9 / stats.t.isf(0.05, df), epsabs=1e-12, limit=200)[0]
    assert plan.power == pytest.approx(theirs, **NEAR)
