"""One self-contained page: what was found, what was chosen and why, with pictures."""

from calvaria.report.figures import draw_slices, draw_solid
from calvaria.report.page import Report, Section, build_report
from calvaria.report.printability import draw_printability, printability_section

__all__ = [
    "Report",
    "Section",
    "build_report",
    "draw_printability",
    "draw_slices",
    "draw_solid",
    "printability_section",
]


def __dir__() -> list[str]:
    return sorted(__all__)
