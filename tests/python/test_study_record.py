"""What every result can do: a sentence, a table, a dictionary; and what none of them says."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("statsmodels")

from calvaria import study

ROOT = Path(__file__).parents[2]
STUDY = ROOT / "python" / "calvaria" / "study"


def results():
    """One result of every kind, most of them not significant."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(60, 10, 12), rng.normal(60, 10, 12)
    arm = np.repeat(["print", "bone"], 12)
    both, who = np.r_[a, b], np.tile([f"s{i}" for i in range(12)], 2)
    period = np.r_[np.tile([1, 2], 6), np.tile([2, 1], 6)]
    difference = study.compare_means(a, b)
    table = np.column_stack([a, a + rng.normal(0, 2, 12)])
    trials = [
        study.TrialEffect(label=str(i), value=y, se=0.4, participants=str(i))
        for i, y in enumerate((0.1, -0.2, 0.3))
    ]
    classes = [f"{own}{i % 4}" for i, own in enumerate(arm)]
    revisions = [
        study.Revision(name=name, material="resin", wall_mm=1.0, ratings=dict(enumerate(ratings)))
        for name, ratings in (("A", [3, 4, 5, 4]), ("B", [4, 4, 4, 5]))
    ]
    prints = study.PrintCosts(
        setup=1, material_each=1, machine_each=1, labour_each=1, failed_fraction=0, uses_each=1
    )
    bones = study.SpecimenCosts(
        each=1, storage_per_year=0, disposal_each=0, fixed_per_year=0, uses_each=2,
        available_per_year=float("inf"),
    )  # fmt: skip
    dictionary = study.load_dictionary("attempts")
    return [
        study.Summary.from_values(a),
        study.PairedSummary.from_values(a, b),
        difference,
        study.compare_paired(a, b),
        study.compare_several_means({"a": a, "b": b, "c": a + 1}),
        study.compare_ranks(a, b),
        study.compare_ranks([1, 2], [3, 4]),
        study.compare_paired_ranks(a, b),
        study.compare_several_ranks({"a": a, "b": b}),
        study.hedges_g(a, b),
        study.hedges_g_paired(a, b),
        study.cliffs_delta(a, b),
        study.odds_ratio((0, 9), (3, 9)),
        study.risk_difference((3, 9), (4, 9)),
        study.rate_ratio((3, 9.5), (4, 9.0)),
        study.check_equivalence(difference, margin=5),
        study.check_equivalence(difference, margin=50),
        study.check_noninferiority(difference, margin=50, is_higher_better=True),
        study.check_noninferiority(difference, margin=5, is_higher_better=True),
        study.compare_adjusted(both, pre=both[::-1], arm=arm, reference="bone"),
        study.analyse_crossover(
            both, participant=who, treatment=arm, period=period, reference="bone"
        ),
        study.analyse_clusters(both, cluster=classes, arm=arm, reference="bone"),
        study.analyse_repeated(
            both,
            participant=[f"{x}{w}" for x, w in zip(arm, np.repeat(range(12), 2), strict=True)],
            time=np.tile([0, 1], 12),
            arm=arm,
            reference="bone",
        ),
        study.adjust_p_values({"x": 0.3, "y": 0.01}, method="Holm"),
        study.summarise_likert([1, 2, 5], lowest=1, highest=5, agree_from=4),
        study.measure_alpha(table),
        study.score_osats([[1, 2, 3]]),
        study.tally_attempts(["a", "a"], success=[0, 1], criterion=1),
        study.compare_counts(np.round(both), arm=arm, reference="bone", model="negative binomial"),
        study.fit_learning_curve(both, attempt=period, participant=who),
        study.compare_retention(both, immediate=both[::-1], arm=arm, reference="bone"),
        study.compare_methods(a, b),
        study.measure_icc(table, model="two-way mixed", definition="agreement", unit="single"),
        study.measure_technical_error(table),
        study.check_dimensions(
            both, original_mm=both[::-1], specimen=who, dimension=arm, margin_mm=1
        ),
        study.compare_revisions(revisions),
        revisions[0],
        study.pool_effects(trials, estimator="REML", interval="Hartung-Knapp"),
        trials[0],
        study.plan_trial(
            "equivalence", design="parallel", sd=10, difference=0, margin=5, alpha=0.05, power=0.8
        ),
        study.randomise(["a", "b"], arms=["x", "y"], block_sizes=[2], seed=1),
        study.load_checklist("GRRAS"),
        dictionary,
        study.check_table({c.name: [] for c in dictionary.columns}, dictionary=dictionary),
        study.load_trials()["sinus2024"],
        prints,
        bones,
        study.compare_costs(
            prints, bones, n_students=4, group_size=2, n_sessions=2, currency="units"
        ),
    ]  # fmt: skip


RESULTS = results()


@pytest.mark.parametrize("result", RESULTS, ids=lambda r: type(r).__name__)
def test_a_result_is_a_sentence_a_table_and_json(result):
    text = json.dumps(result.to_dict(), allow_nan=False)
    assert json.loads(text)["meaning"] == result.meaning
    assert repr(result).startswith(type(result).__name__ + "(")
    assert "\n" not in repr(result)
    assert "<table" in result._repr_html_()
    with pytest.raises((AttributeError, TypeError)):
        result.anything = 1


FORBIDDEN = re.compile(r"\b(comparable|similar|as good as|identical|no difference between)\b")


@pytest.mark.parametrize("result", RESULTS, ids=lambda r: type(r).__name__)
def test_not_significant_is_never_called_comparable(result):
    sentence = result.meaning.replace("as good as the assumed SD", "")
    sentence = sentence.replace("that it is as good is not shown", "")
    if type(result).__name__ != "Trial":  # a trial quotes what it said of itself
        assert not FORBIDDEN.search(sentence)
    if "no difference is shown" in sentence:
        assert "sameness" in sentence


def test_no_code_calls_anything_comparable():
    for file in STUDY.rglob("*.py"):
        for line in file.read_text().splitlines():
            if "comparable" in line:
                assert "never called" in line, f"{file.name}: {line}"


def test_a_name_with_markup_stays_text():
    result = study.compare_means(
        [1.0, 2.0, 4.0], [2.0, 3.0, 9.0], label="<script>alert(1)</script>"
    )
    assert "<script>" not in result._repr_html_()


def test_importing_the_kit_loads_no_statistics():
    code = (
        "import sys, calvaria.study, calvaria.study.plots; "
        "print([m for m in ('scipy', 'statsmodels', 'pandas', 'matplotlib') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_missing_library_is_named_with_its_extra(monkeypatch):
    import calvaria._optional as optional

    def absent(module):
        raise ImportError(module)

    monkeypatch.setattr(optional.importlib, "import_module", absent)
    with pytest.raises(ImportError, match=r"scipy is needed .*calvaria\[study\]"):
        study.compare_means([1.0, 2.0], [3.0, 5.0])


def test_every_public_name_has_a_docstring_and_every_formula_a_reference():
    for name in study.__all__:
        assert getattr(study, name).__doc__, name


def test_every_doi_in_the_code_is_on_the_page_of_formulas():
    page = (ROOT / "docs" / "metrics_study.md").read_text()
    found = set()
    for file in STUDY.rglob("*.py"):
        found |= set(re.findall(r"doi (10\.[^\s\"]+?)[.,)]*(?=[\s\"]|$)", file.read_text()))
    assert len(found) > 30
    assert sorted(doi for doi in found if doi not in page) == []
