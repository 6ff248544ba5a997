"""The flow diagram that CONSORT asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from calvaria._optional import neighbour

if TYPE_CHECKING:
    from collections.abc import Mapping

    from calvaria.study.flow import ArmFlow, ParticipantFlow

__all__ = ["plot_flow"]

_LINE = 0.19  # inch, one line of text
_GAP = 0.34


def plot_flow(flow: ParticipantFlow, *, title: str = "") -> Any:
    """Draw a CONSORT flow diagram.

    Parameters
    ----------
    flow : ParticipantFlow
        Numbers that add up.
    title : str
        Above the diagram.

    Returns
    -------
    matplotlib.figure.Figure

    Examples
    --------
    >>> from calvaria.study import ArmFlow, ParticipantFlow
    >>> arms = tuple(ArmFlow(name=name, allocated=20, received=20) for name in ("print", "bone"))
    >>> figure = plot_flow(ParticipantFlow(assessed=40, excluded={}, arms=arms))
    >>> "Randomised (n = 40)" in [text.get_text() for text in figure.axes[0].texts]
    True
    """
    levels = [[_arm_text(arm, step) for arm in flow.arms] for step in range(3)]
    head = [f"Assessed for eligibility (n = {flow.assessed})"]
    out = _listed("Excluded", flow.excluded)
    middle = [f"Randomised (n = {flow.randomised})"]
    heights = [_height(head), _height(out), _height(middle)]
    heights += [max(_height(text) for text in level) for level in levels]
    width = 3.1 * max(2, len(flow.arms))
    total = sum(heights) + _GAP * (len(heights) + 1) + (0.3 if title else 0)
    figure = neighbour("matplotlib.figure").Figure(figsize=(width, total), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(0, total)
    axes.axis("off")
    if title:
        axes.text(0.2, total - 0.25, title, fontsize=11, va="center")
    y = total - _GAP / 2 - (0.3 if title else 0)
    tops = []
    for height in heights:
        tops.append(y)
        y -= height + _GAP
    centre = width / 2
    _box(axes, centre, tops[0], heights[0], 2.9, head)
    _box(axes, centre + 1.65, tops[1], heights[1], 2.6, out)
    _box(axes, centre, tops[2], heights[2], 2.9, middle)
    _arrow(axes, (centre, tops[0] - heights[0]), (centre, tops[2]))
    beside = tops[1] - heights[1] / 2
    _arrow(axes, (centre, beside), (centre + 1.65 - 1.3, beside))
    for column in range(len(flow.arms)):
        x = width * (column + 0.5) / len(flow.arms)
        _branch(axes, (centre, tops[2] - heights[2]), (x, tops[3]))
        for step in range(3):
            top, height = tops[3 + step], heights[3 + step]
            _box(axes, x, top, height, 2.8, levels[step][column])
            if step:
                above = tops[2 + step] - heights[2 + step]
                _arrow(axes, (x, above), (x, top))
    return figure


def _arm_text(arm: ArmFlow, step: int) -> list[str]:
    if step == 0:
        text = [
            f"{arm.name}: allocated (n = {arm.allocated})",
            f"  received it (n = {arm.received})",
        ]
        return text + _listed("  did not receive it", arm.not_received)
    if step == 1:
        return _listed("Lost to follow-up", arm.lost)
    return [f"Analysed (n = {arm.analysed})", *_listed("  left out", arm.not_analysed)]


def _listed(what: str, reasons: Mapping[str, int]) -> list[str]:
    return [
        f"{what} (n = {sum(reasons.values())})",
        *(f"    {why} (n = {n})" for why, n in reasons.items()),
    ]


def _height(lines: list[str]) -> float:
    return _LINE * len(lines) + 0.18


def _box(axes: Any, x: float, top: float, height: float, width: float, lines: list[str]) -> None:
    patch = neighbour("matplotlib.patches").Rectangle(
        (x - width / 2, top - height), width, height, fill=False, lw=1.0
    )
    axes.add_patch(patch)
    axes.text(x - width / 2 + 0.1, top - height / 2, "\n".join(lines), fontsize=8.5, va="center")


def _arrow(axes: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate(
        "", end, xytext=start, arrowprops={"arrowstyle": "-|>", "lw": 1.0, "color": "black"}
    )


def _branch(axes: Any, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Go down, across and down again."""
    level = start[1] - (start[1] - end[1]) * 0.45
    axes.plot([start[0], start[0], end[0]], [start[1], level, level], color="black", lw=1.0)
    _arrow(axes, (end[0], level), end)
