"""Pictures of bars and printers; Matplotlib is imported when one is asked for."""

from calvaria.bar.plots.control import show_control_chart
from calvaria.bar.plots.deviation import show_deviation

__all__ = ["show_control_chart", "show_deviation"]
