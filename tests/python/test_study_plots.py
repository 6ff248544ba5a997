"""Pictures of results: what is drawn is what was found."""

import io

import numpy as np
import pytest

pytest.importorskip("matplotlib")
pytest.importorskip("statsmodels")

from matplotlib.backends.backend_agg import FigureCanvasAgg

from calvaria import study
from calvaria.study import plots


def drawn(figure):
    """The picture as bytes; what cannot be rendered fails here."""
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    return stream.getvalue()


def texts(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def inside(figure):
    """Everything that is drawn lies on the picture."""
    FigureCanvasAgg(figure).draw()
    for axes in figure.axes:
        boxes = [axes.get_tightbbox(), *(text.get_window_extent() for text in axes.texts)]
        for box in boxes:
            assert min(box.x0, box.y0) > -2
            assert box.x1 < figure.bbox.width + 2
            assert box.y1 < figure.bbox.height + 2


@pytest.fixture(scope="module")
def pooled():
    trials = [
        study.TrialEffect(label=name, value=y, se=se, participants=name)
        for name, y, se in (("first", 0.9, 0.36), ("second", 0.5, 0.28), ("third", -0.1, 0.2))
    ]
    return study.pool_effects(trials, estimator="REML", interval="Hartung-Knapp")


def test_a_forest_shows_every_trial_where_it_is(pooled):
    figure = plots.plot_forest(pooled, title="three")
    axes = figure.axes[0]
    squares = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "s"]
    assert sorted(squares) == pytest.approx([-0.1, 0.5, 0.9])
    diamond = axes.patches[0].get_xy()[:, 0]
    assert (diamond.min(), diamond.max()) == pytest.approx((pooled.low, pooled.high))
    assert any("100 %" in text for text in texts(figure))
    inside(figure)
    twice = [drawn(plots.plot_forest(pooled, title="three")) for _ in range(2)]
    assert twice[0] == twice[1]


def test_a_funnel_has_its_narrow_end_up(pooled):
    figure = plots.plot_funnel(pooled)
    low, high = figure.axes[0].get_ylim()
    assert (low > 0.36, high) == (True, 0)
    assert {"first", "second", "third"} <= set(texts(figure))
    inside(figure)


def test_margins_say_what_was_decided():
    a, b = [60.0, 62.0, 61.0, 63.0], [60.5, 62.5, 60.0, 62.0]
    difference = study.compare_means(a, b, unit="points")
    figure = plots.plot_margins(
        {f"{m}": study.check_equivalence(difference, margin=m) for m in (1, 10)}, title="both"
    )
    assert texts(figure) == ["equivalent", "not decided"]
    assert "points" in figure.axes[0].get_xlabel()
    inside(figure)
    inside(plots.plot_differences({"a": difference, "b": difference}))
    with pytest.raises(ValueError, match="at least one"):
        plots.plot_margins({})


def test_bland_and_altmans_lines_are_the_limits():
    rng = np.random.default_rng(0)
    bone = rng.normal(50, 5, 20)
    found = study.compare_methods(bone - 0.2 + 0.1 * rng.normal(size=20), bone)
    figure = plots.plot_agreement(found, title="agreement")
    levels = [line.get_ydata()[0] for line in figure.axes[0].lines[:3]]
    assert levels == pytest.approx([found.upper, found.bias, found.lower])
    inside(figure)
    drawn(figure)


def test_the_flow_holds_all_numbers_and_no_box_leaves_the_page():
    flow = study.ParticipantFlow(
        assessed=70,
        excluded={"declined": 4, "had dissected before": 2},
        arms=(
            study.ArmFlow(name="print", allocated=32, received=30, not_received={"ill": 2}),
            study.ArmFlow(name="cadaver", allocated=32, received=32, lost={"did not come": 3}),
        ),
    )
    figure = plots.plot_flow(flow, title="flow")
    words = "\n".join(texts(figure))
    for number in ("n = 70", "n = 6", "n = 64", "n = 32", "n = 30", "n = 3", "n = 29"):
        assert f"({number})" in words
    axes = figure.axes[0]
    for box in axes.patches:
        assert axes.get_xlim()[0] < box.get_x()
        assert box.get_x() + box.get_width() < axes.get_xlim()[1]
        assert axes.get_ylim()[0] < box.get_y()
    boxes = sorted((p.get_y(), p.get_y() + p.get_height(), p.get_x()) for p in axes.patches)
    assert len(boxes) == 9
    inside(figure)


def test_scores_count_who_is_missing():
    figure = plots.plot_scores({"print": [1, 2, None, 4], "bone": [2, 3, 4, 4]})
    labels = [tick.get_text() for tick in figure.axes[0].get_xticklabels()]
    assert labels == ["print\nn 3, 1 missing", "bone\nn 4"]
    inside(figure)
    both = plots.plot_pre_post([1, 2, 3, None], pre=[1, 2, 2, 3], arm=list("xxyy"))
    assert "1 left out as missing" in both.axes[0].get_xlabel()
    inside(both)


def test_likert_bars_fill_the_line():
    items = [
        study.summarise_likert([1, 2, 3, 5, 5], lowest=1, highest=5, agree_from=4, item=name)
        for name in ("one", "two")
    ]
    figure = plots.plot_likert(items)
    assert sum(bar.get_width() for bar in figure.axes[0].patches) == pytest.approx(200)
    inside(figure)


def test_power_passes_through_the_plan():
    plans = {
        design: study.plan_trial(
            "non-inferiority", design=design, sd=10, difference=1, margin=5, alpha=0.025, power=0.8,
            **more,
        )
        for design, more in (("parallel", {}), ("cluster", {"cluster_size": 10, "icc": 0.05}))
    }  # fmt: skip
    figure = plots.plot_power(plans)
    for i, plan in enumerate(plans.values()):
        curve = figure.axes[0].lines[3 * i]
        at = np.interp(sum(plan.n), curve.get_xdata(), curve.get_ydata())
        assert at == pytest.approx(100 * plan.power, abs=1.5)
    inside(figure)


def test_practice_revisions_and_costs_are_drawn():
    value, attempt, who = [20, 16, 13, 25, 19, 17], [1, 2, 4] * 2, list("aaabbb")
    curve = study.fit_learning_curve(value, attempt=attempt, participant=who)
    figure = plots.plot_learning(curve, value=value, attempt=attempt, participant=who)
    line = figure.axes[0].lines[-1]
    assert line.get_ydata()[0] == pytest.approx(curve.first)
    inside(figure)
    revisions = [
        study.Revision(name=n, material="resin", wall_mm=1.0, ratings=dict(enumerate(r)))
        for n, r in (("A", [2, 3, 2]), ("B", [4, 4, 5]))
    ]
    figure = plots.plot_revisions(study.compare_revisions(revisions))
    assert figure.axes[0].lines[-1].get_ydata().tolist() == pytest.approx([7 / 3, 13 / 3])
    inside(figure)
    prints = study.PrintCosts(
        setup=100, material_each=1, machine_each=1, labour_each=1, failed_fraction=0, uses_each=1
    )
    bones = study.SpecimenCosts(
        each=50, storage_per_year=0, disposal_each=0, fixed_per_year=0, uses_each=5,
        available_per_year=3,
    )  # fmt: skip
    figure = plots.plot_costs(prints, bones, most_uses=40, currency="units")
    assert figure.axes[0].lines[0].get_ydata()[0] == pytest.approx(103)
    inside(figure)
