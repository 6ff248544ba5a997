"""Pictures of bars and printers; Matplotlib is imported when one is asked for."""

from calvaria.bar.plots.control import plot_control_chart
from calvaria.bar.plots.deviation import plot_deviation

__all__ = ["plot_control_chart", "plot_deviation"]


def __dir__() -> list[str]:
    return sorted(__all__)
