"""Planning, randomisation, flow, checklists, dictionaries and tables."""

import math
from collections import Counter

import numpy as np
import pytest

pytest.importorskip("scipy")

from calvaria import study
from calvaria.errors import StudyError


def plan(goal="equivalence", **changes):
    base = {"design": "parallel", "sd": 10, "difference": 0, "alpha": 0.05, "power": 0.8}
    if goal != "superiority":
        base["margin"] = 5
    return study.plan_trial(goal, **(base | changes))


def test_the_number_is_the_smallest_that_reaches_the_power():
    for goal, changes in (
        ("superiority", {"difference": 4}),
        ("non-inferiority", {"difference": 1, "alpha": 0.025}),
        ("equivalence", {"difference": 1}),
        ("superiority", {"difference": 6, "design": "cross-over", "correlation": 0.5}),
        ("non-inferiority", {"design": "cluster", "cluster_size": 15, "icc": 0.04}),
    ):
        found = plan(goal, **changes)
        count = found.n_clusters[0] if found.n_clusters else found.n[0]
        fewer = plan(goal, **(changes | {"power": None, "n_per_arm": count - 1}))
        assert found.power >= 0.8 > fewer.power


def test_published_sample_sizes():
    """Cohen's table for 80 % power: 64 an arm for d = 0.5, 26 for d = 0.8."""
    assert plan("superiority", difference=5).n == (64, 64)
    assert plan("superiority", difference=8).n == (26, 26)


def test_equal_power_at_the_edge_is_alpha():
    """If the truth lies on the margin the chance of a false claim is alpha."""
    edge = plan("non-inferiority", difference=-5, power=None, n_per_arm=30, alpha=0.025)
    assert edge.power == pytest.approx(0.025, abs=1e-10)
    equivalence = plan("equivalence", difference=5, power=None, n_per_arm=400)
    assert equivalence.power == pytest.approx(0.05, abs=1e-6)
    none = plan("superiority", difference=0, power=None, n_per_arm=30)
    assert none.power == pytest.approx(0.05, abs=1e-10)


def test_designs_change_the_number_as_they_should():
    parallel = plan("superiority", difference=4)
    adjusted = plan("superiority", difference=4, correlation=0.6)
    assert adjusted.n[0] == pytest.approx(parallel.n[0] * (1 - 0.36), rel=0.03)
    cluster = plan("superiority", difference=4, design="cluster", cluster_size=20, icc=0.05)
    assert cluster.design_effect == pytest.approx(1.95)
    assert cluster.n[0] == cluster.n_clusters[0] * 20 > parallel.n[0] * 1.9
    uneven = plan(
        "superiority",
        difference=4,
        design="cluster",
        cluster_size=20,
        icc=0.05,
        cluster_size_cv=0.5,
    )
    assert uneven.design_effect == pytest.approx(1 + (1.25 * 20 - 1) * 0.05)
    lost = plan("superiority", difference=4, dropout_fraction=0.2)
    assert lost.n_recruited[0] == math.ceil(lost.n[0] / 0.8)
    wide = plan("superiority", difference=4, ratio=2)
    assert wide.n[1] == 2 * wide.n[0]


@pytest.mark.parametrize(
    ("goal", "changes", "error", "said"),
    [
        ("equivalence", {"margin": None}, ValueError, "margin: a positive number expected"),
        ("non-inferiority", {"margin": None}, ValueError, "before the data"),
        (
            "superiority",
            {"margin": 5, "difference": 3},
            ValueError,
            "none expected for superiority",
        ),
        ("superiority", {"difference": 0}, StudyError, "cannot be shown"),
        ("equivalence", {"difference": 6}, StudyError, "cannot be shown"),
        ("equivalence", {"n_per_arm": 20}, ValueError, "exactly one"),
        ("equivalence", {"power": None}, ValueError, "exactly one"),
        ("equivalence", {"sd": 0}, ValueError, "sd: a positive number"),
        ("equivalence", {"icc": 0.1}, ValueError, "left out expected for a parallel"),
        ("equality", {}, ValueError, "goal"),
        ("equivalence", {"design": "factorial"}, ValueError, "design"),
    ],
)
def test_a_plan_that_cannot_be(goal, changes, error, said):
    with pytest.raises(error, match=said):
        plan(goal, **changes)


CODES = [f"s{i:03}" for i in range(120)]
YEARS = ["first" if i % 3 else "second" for i in range(120)]


def test_blocks_are_balanced_and_the_seed_repeats_them():
    first = study.randomise(CODES, arms=["a", "b", "c"], block_sizes=[3, 6], seed=5, strata=YEARS)
    assert first == study.randomise(
        CODES, arms=["a", "b", "c"], block_sizes=[3, 6], seed=5, strata=YEARS
    )
    assert (
        first.arm
        != study.randomise(
            CODES, arms=["a", "b", "c"], block_sizes=[3, 6], seed=6, strata=YEARS
        ).arm
    )
    for year in ("first", "second"):
        arms = [arm for arm, own in zip(first.arm, YEARS, strict=True) if own == year]
        running = [Counter(arms[: i + 1]) for i in range(len(arms))]
        # Inside a block of six one arm can be ahead by two at most.
        assert all(max(c[x] for x in "abc") - min(c[x] for x in "abc") <= 2 for c in running)


def test_the_sequence_is_that_of_pcg64_for_ever():
    """A list handed in with a protocol must come out again from a later version."""
    found = study.randomise(CODES[:12], arms=["print", "bone"], block_sizes=[4], seed=2026)
    assert "".join(arm[0] for arm in found.arm) == FROZEN


FROZEN = "bbpppbpbpbpb"


def test_a_stratum_does_not_move_when_another_grows():
    small = study.randomise(
        CODES[:60], arms=["a", "b"], block_sizes=[2, 4], seed=1, strata=YEARS[:60]
    )
    more = [*CODES[:60], "late1", "late2", "late3"]
    grown = study.randomise(
        more,
        arms=["a", "b"],
        block_sizes=[2, 4],
        seed=1,
        strata=[*YEARS[:60], "third", "third", "third"],
    )
    assert grown.arm[:60] == small.arm


def test_arms_come_up_equally_often_at_every_place():
    counts = np.zeros(8)
    for seed in range(2000):
        arm = study.randomise(CODES[:8], arms=["a", "b"], block_sizes=[4, 8], seed=seed).arm
        counts += np.array(arm) == "a"
    # Five standard errors of a share of one half.
    assert np.abs(counts / 2000 - 0.5).max() < 5 * math.sqrt(0.25 / 2000)


def test_minimisation_balances_what_chance_would_not():
    rng = np.random.default_rng(0)
    factors = {name: rng.integers(0, 2, 60).tolist() for name in ("year", "sex", "dissected")}
    found = study.minimise(CODES[:60], arms=["a", "b"], factors=factors, probability=0.9, seed=3)
    assert found == study.minimise(
        CODES[:60], arms=["a", "b"], factors=factors, probability=0.9, seed=3
    )
    for levels in factors.values():
        for level in (0, 1):
            arms = [arm for arm, own in zip(found.arm, levels, strict=True) if own == level]
            assert abs(arms.count("a") - arms.count("b")) <= 4


def test_a_written_list_reads_back(tmp_path):
    found = study.randomise(CODES[:6], arms=["a", "b"], block_sizes=[2], seed=1)
    found.write_csv(tmp_path / "list.csv")
    lines = (tmp_path / "list.csv").read_text().splitlines()
    assert lines[0] == "participant,stratum,arm"
    assert [line.rsplit(",", 1)[1] for line in lines[1:]] == list(found.arm)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: study.randomise(["a", "a"], arms="xy", block_sizes=[2], seed=1), "'a' again"),
        (lambda: study.randomise(["a"], arms=["x"], block_sizes=[2], seed=1), "two or more"),
        (
            lambda: study.randomise(["a"], arms=["x", "y"], block_sizes=[3], seed=1),
            "multiples of 2",
        ),
        (
            lambda: study.randomise(["a"], arms=["x", "y"], block_sizes=[2], seed=1, strata=[1, 2]),
            "1 values expected, found 2",
        ),
        (
            lambda: study.minimise(
                ["a"], arms=["x", "y"], factors={"f": [1]}, probability=1.0, seed=1
            ),
            "below 1",
        ),
    ],
)
def test_a_randomisation_that_cannot_be(call, said):
    with pytest.raises(ValueError, match=said):
        call()


def arm(**changes):
    return study.ArmFlow(**({"name": "print", "allocated": 20, "received": 20} | changes))


def test_a_flow_that_does_not_add_up_is_refused():
    good = study.ParticipantFlow(
        assessed=45, excluded={"declined": 5}, arms=(arm(lost={"ill": 2}), arm(name="bone"))
    )
    assert (good.randomised, good.arms[0].analysed) == (40, 18)
    with pytest.raises(
        StudyError, match="46 assessed less 5 excluded is 41, the arms add up to 40"
    ):
        study.ParticipantFlow(assessed=46, excluded={"declined": 5}, arms=good.arms)
    with pytest.raises(StudyError, match="20 allocated, but 18 received and 1 did not"):
        study.ParticipantFlow(
            assessed=40,
            excluded={},
            arms=(arm(received=18, not_received={"ill": 1}), arm(name="bone")),
        )
    with pytest.raises(StudyError, match="more lost"):
        study.ParticipantFlow(
            assessed=40, excluded={}, arms=(arm(lost={"ill": 25}), arm(name="bone"))
        )


def test_checklists_are_whole():
    consort, grras = study.load_checklist("CONSORT"), study.load_checklist("GRRAS")
    numbers = [item.number for item in consort.items]
    assert len({number.rstrip("abcd") for number in numbers}) == 30
    assert len(set(numbers)) == len(numbers) == 42
    assert [item.number for item in grras.items] == [str(i) for i in range(1, 16)]
    assert "doi" in consort.source
    with pytest.raises(ValueError, match="found \\['99'\\]"):
        consort.answer({"99": "page 1"})
    filled = consort.answer({"1a": "title"}).answer({"1b": "abstract", "2": " "})
    assert len(filled.open_items) == 40
    assert ">title</td>" in filled._repr_html_()


@pytest.mark.parametrize("name", ["trial", "crossover", "specimens", "attempts"])
def test_a_template_has_the_columns_of_its_dictionary(name, tmp_path):
    dictionary = study.load_dictionary(name)
    dictionary.write_template(tmp_path / "t.csv")
    dictionary.write_csv(tmp_path / "d.csv")
    names = [column.name for column in dictionary.columns]
    assert (tmp_path / "t.csv").read_text() == ",".join(names) + "\n"
    assert len((tmp_path / "d.csv").read_text().splitlines()) == len(names) + 1
    empty = study.load_table(tmp_path / "t.csv", dictionary=dictionary)
    assert (empty.n_rows, empty.faults) == (0, ())


HEAD = "participant,arm,stratum,class,pre_score,post_score,retention_score,satisfaction\n"


def write(tmp_path, text):
    path = tmp_path / "trial.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_fault_names_its_row_and_column(tmp_path):
    path = write(
        tmp_path,
        HEAD
        + "a,print,,,40,60,,4\nb,printed,,,140,61.5,,4.5\n,cadaver,,,x,,,\na,cadaver,,,1,2,,9\n",
    )
    table = study.load_table(path, dictionary=study.load_dictionary("trial"))
    assert [(f.row, f.column, f.found) for f in table.faults] == [
        (2, "arm", "printed"),
        (2, "pre_score", "140"),
        (2, "satisfaction", "4.5"),
        (3, "participant", "an empty cell"),
        (3, "pre_score", "x"),
        (4, "participant", "a again"),
        (4, "satisfaction", "9"),
    ]
    assert table.n_missing["post_score"] == 1
    with pytest.raises(
        StudyError, match="row 2, arm: one of print, cadaver expected, found printed"
    ):
        table.require_good()


def test_a_good_table_is_ready_for_analysis(tmp_path):
    path = write(tmp_path, HEAD.replace(",", ";") + "a;print;;;40;60;;4\nb;cadaver;;;41;NA;;\n")
    table = study.load_table(path, dictionary=study.load_dictionary("trial")).require_good()
    assert table["arm"].tolist() == ["print", "cadaver"]
    assert table["post_score"][0] == 60
    assert np.isnan(table["post_score"][1])
    assert table.missing_by("post_score", group="arm") == {"print": (0, 1), "cadaver": (1, 1)}
    assert "1 of 2 in post_score" in table.meaning


def test_tables_that_are_none(tmp_path):
    dictionary = study.load_dictionary("trial")
    with pytest.raises(StudyError, match="row 1: 8 cells expected, found 3"):
        study.load_table(write(tmp_path, HEAD + "a,print,\n"), dictionary=dictionary)
    with pytest.raises(StudyError, match="lacking \\['arm'\\]"):
        study.load_table(write(tmp_path, HEAD.replace("arm,", "")), dictionary=dictionary)
    with pytest.raises(StudyError, match="not known \\['name'\\]"):
        study.load_table(write(tmp_path, HEAD.strip() + ",name\n"), dictionary=dictionary)
    with pytest.raises(StudyError, match="empty file"):
        study.load_table(write(tmp_path, ""), dictionary=dictionary)


def test_a_data_frame_is_a_table():
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame(
        {
            "participant": ["a", "b"],
            "period": [1, 2],
            "treatment": ["print", None],
            "score": [50, np.nan],
        }
    )
    table = study.check_table(frame, dictionary=study.load_dictionary("crossover"))
    assert [(fault.row, fault.column) for fault in table.faults] == [(2, "treatment")]
    assert table.n_missing == {"score": 1}


def test_a_dictionary_of_ones_own(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(
        'name = "own"\nkey = ["id"]\n[[column]]\nname = "id"\nkind = "text"\nlabel = "code"\n'
        '[[column]]\nname = "day"\nkind = "date"\nlabel = "when"\n'
    )
    table = study.check_table(
        {"id": ["a", "b"], "day": ["2026-03-31", "31.3.2026"]},
        dictionary=study.load_dictionary(path),
    )
    assert [fault.meaning for fault in table.faults] == [
        "row 2, day: a date as 2026-03-31 expected, found 31.3.2026"
    ]
    with pytest.raises(ValueError, match="one of \\['attempts'"):
        study.load_dictionary("nothing")
