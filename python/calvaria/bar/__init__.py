"""The reference bar: made, printed, measured, judged.

A bar of 50 mm tells whether a print is right to less than a millimetre; bars of several lengths
along three axes tell a scale error from an offset, and what either does to the part itself.
"""

import importlib
from typing import TYPE_CHECKING, Any

from calvaria.bar.attach import AttachedBar, attach_bar
from calvaria.bar.axis_fit import AxisFit, LengthError
from calvaria.bar.block import make_bar
from calvaria.bar.budget import UncertaintyBudget, UncertaintyTerm
from calvaria.bar.chart import ControlChart, make_control_chart
from calvaria.bar.check import check_bars
from calvaria.bar.compensation import Compensation
from calvaria.bar.decision import Decision, decide
from calvaria.bar.deviation import BarDeviation
from calvaria.bar.features import make_feature_plate
from calvaria.bar.form import readings_by_bar
from calvaria.bar.gauge import GaugeStudy, measure_gauge
from calvaria.bar.gauges import measure_gauges
from calvaria.bar.history import PrinterHistory, check_history
from calvaria.bar.lines import BarLine
from calvaria.bar.measure import measure_bar, measure_bars
from calvaria.bar.part import BarFeature, BarGauge, ReferenceBar
from calvaria.bar.printer import check_printer
from calvaria.bar.projection import Projection
from calvaria.bar.reading import BarReading
from calvaria.bar.record import append_readings, load_record
from calvaria.bar.rods import RodSpacing, measure_rods
from calvaria.bar.rules import BarRules, BarTolerance, load_bar_rules
from calvaria.bar.set import make_bar_set
from calvaria.bar.squareness import Squareness
from calvaria.bar.table import load_readings, write_readings, write_readings_form
from calvaria.bar.whole import Dimension, PrintComparison, compare_print

if TYPE_CHECKING:
    from calvaria.bar import plots

__all__ = [
    "AttachedBar",
    "AxisFit",
    "BarDeviation",
    "BarFeature",
    "BarGauge",
    "BarLine",
    "BarReading",
    "BarRules",
    "BarTolerance",
    "Compensation",
    "ControlChart",
    "Decision",
    "Dimension",
    "GaugeStudy",
    "LengthError",
    "PrintComparison",
    "PrinterHistory",
    "Projection",
    "ReferenceBar",
    "RodSpacing",
    "Squareness",
    "UncertaintyBudget",
    "UncertaintyTerm",
    "append_readings",
    "attach_bar",
    "check_bars",
    "check_history",
    "check_printer",
    "compare_print",
    "decide",
    "load_bar_rules",
    "load_readings",
    "load_record",
    "make_bar",
    "make_bar_set",
    "make_control_chart",
    "make_feature_plate",
    "measure_bar",
    "measure_bars",
    "measure_gauge",
    "measure_gauges",
    "measure_rods",
    "plots",
    "readings_by_bar",
    "write_readings",
    "write_readings_form",
]


def __getattr__(name: str) -> Any:
    if name == "plots":  # opened when it is called for: bars do not wait for pictures
        return importlib.import_module("calvaria.bar.plots")
    msg = f"module 'calvaria.bar' has no attribute {name!r}"
    raise AttributeError(msg)


def __dir__() -> list[str]:
    return sorted(__all__)
