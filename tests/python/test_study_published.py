"""The checker of published numbers finds what is known to be wrong, and leaves the rest alone."""

import numpy as np
import pytest

pytest.importorskip("scipy")

from scipy import stats

from calvaria import study
from calvaria.findings import Verdict

TRIALS = study.load_trials()


def verdicts(report, code):
    return [finding.verdict for finding in report if finding.code == code]


def test_tanner_an_effect_of_504_is_not_p_001():
    report = study.check_trial(TRIALS["tanner2020"])
    finding = report["published_p"]
    assert finding.verdict is Verdict.FAIL
    assert round(finding.details["p_low"], 3) == 0.020


def test_chen_had_and_had_not_a_pre_test():
    assert set(TRIALS["chen2017"].contradictions) == {"pre-test"}
    assert verdicts(study.check_trial(TRIALS["chen2017"]), "published_sources") == [Verdict.FAIL]


def test_smith_was_against_cadavers_and_against_pictures():
    says = {claim.says for claim in TRIALS["smith2018"].contradictions["control"]}
    assert says == {"2D teaching", "cadaver materials"}
    assert verdicts(study.check_trial(TRIALS["smith2018"]), "published_sources") == [Verdict.FAIL]


def test_the_sinus_study_has_times_that_cannot_be():
    report = study.check_trial(TRIALS["sinus2024"])
    by_message = {f.message.split(":")[0]: f.verdict for f in report if f.code == "published_p"}
    assert by_message == {
        "OSATS": Verdict.BORDERLINE,
        "OSATS, correlation": Verdict.PASS,
        "time": Verdict.FAIL,
        "time, correlation": Verdict.BORDERLINE,
    }
    assert "times these" in report["published_spread"].message
    assert set(verdicts(report, "published_mean")) == {Verdict.PASS}


@pytest.mark.parametrize("key", ["mogali2021", "macatangay2020", "xie2025"])
def test_trials_that_agree_with_themselves(key):
    report = study.check_trial(TRIALS[key])
    assert len(report) > 0
    assert report.verdict is Verdict.PASS


def test_every_figure_has_one_source_and_reads_as_a_number():
    assert len(TRIALS) == 13
    for trial in TRIALS.values():
        for figure in trial.figures:
            assert figure.source.strip()
            assert np.isfinite(figure.value)


@pytest.mark.parametrize(
    ("text", "value", "half", "relation"),
    [
        ("60.8", 60.8, 0.05, "="),
        ("60.80", 60.8, 0.005, "="),
        (".504", 0.504, 0.0005, "="),
        ("<.001", 0.001, 0.0005, "<"),
        ("21:29", 21 + 29 / 60, 0.5 / 60, "="),
        ("\u22120.05", -0.05, 0.005, "="),
        (17, 17, 0.5, "="),
    ],
)
def test_printed_numbers(text, value, half, relation):
    from calvaria.study.printed import as_printed

    found = as_printed(text)
    assert (found.value, found.half, found.relation) == (
        pytest.approx(value),
        pytest.approx(half),
        relation,
    )
    with pytest.raises(ValueError, match="a printed number"):
        as_printed("about 5")


def printed_trial(rng, decimals=1):
    n = rng.integers(8, 40, 2)
    arms = [rng.normal(m, 8, k) for m, k in zip((60, 63), n, strict=True)]
    p = stats.ttest_ind(*arms, equal_var=bool(rng.integers(2))).pvalue
    shown = [
        (str(len(a)), f"{a.mean():.{decimals}f}", f"{a.std(ddof=1):.{decimals}f}") for a in arms
    ]
    return shown, f"{p:.2f}" if p >= 0.01 else "<.01"


def test_honest_numbers_are_never_accused():
    rng = np.random.default_rng(0)
    for _ in range(150):
        (a, b), p = printed_trial(rng)
        assert study.check_two_means(a, b, p=p).verdict is Verdict.PASS


def test_wrong_numbers_are_found():
    rng = np.random.default_rng(1)
    found = 0
    for _ in range(60):
        (a, b), p = printed_trial(rng)
        value = float(p.lstrip("<"))
        found += (
            study.check_two_means(a, b, p="0.9" if value < 0.3 else ".01").verdict is Verdict.FAIL
        )
    assert found >= 57


def test_standard_errors_called_sds_are_recognised():
    a, b = ("16", "60.0", "2.5"), ("16", "57.0", "2.5")
    report = study.check_two_means(a, b, p=".40")
    assert "standard errors" in report["published_spread"].message


def test_honest_intervals_and_correlations():
    rng = np.random.default_rng(2)
    for _ in range(100):
        y, se = rng.normal(0.4, 0.3), rng.uniform(0.1, 0.3)
        low, high = y - 1.959964 * se, y + 1.959964 * se
        report = study.check_interval(
            f"{y:.2f}",
            low=f"{low:.2f}",
            high=f"{high:.2f}",
            p=f"{2 * stats.norm.sf(abs(y) / se):.3f}",
        )
        assert report.verdict is Verdict.PASS
        n = int(rng.integers(6, 40))
        pair = rng.normal(size=(2, n))
        r, p = stats.pearsonr(*pair)
        assert study.check_correlation(f"{r:.2f}", n=n, p=f"{p:.2f}").verdict is Verdict.PASS


def test_grim_on_all_means_of_twenty_scores():
    possible = {f"{total / 20:.2f}" for total in range(20 * 5, 20 * 7)}
    for hundredths in range(500, 700):
        text = f"{hundredths / 100:.2f}"
        report = study.check_mean_of_integers(text, n=20)
        assert (report.verdict is Verdict.PASS) == (text in possible)
    assert study.check_mean_of_integers("5.1", n=60).verdict is Verdict.UNPROVEN


def test_a_figure_without_a_source_is_refused(tmp_path):
    head = 'key = "x"\ntitle = "x"\ndesign = "x"\nyear = 2020\n'
    row = '[[figure]]\nid = "n"\nprinted = "12"\nwhat = "students"\n'
    path = tmp_path / "x.toml"
    for text, said in (
        (head + row, "a source expected for 'n'"),
        (head + row + 'source = " "\n', "a source expected for 'n'"),
        (head + row + 'source = "s"\ncolour = "red"\n', "found \\['colour'\\]"),
        (head + row + 'source = "s"\n' + row + 'source = "t"\n', "more of \\['n'\\]"),
        (
            head + row + 'source = "s"\n[[comparison]]\nkind = "correlation"\nr = "m"\n',
            "a figure id expected",
        ),
    ):
        path.write_text(text)
        with pytest.raises(ValueError, match=said):
            study.load_trial(path)
    path.write_text(head + row + 'source = "s"\n')
    assert study.load_trials(tmp_path)["x"]["n"].value == 12
    with pytest.raises(KeyError):
        study.load_trial(path)["m"]
