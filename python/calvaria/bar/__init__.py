"""The reference bar: made, printed, measured, judged.

A bar of 50 mm tells whether a print is right to less than a millimetre; bars of several lengths
along three axes tell a scale error from an offset, and what either does to the part itself.
"""

from calvaria.bar.axis_fit import AxisFit
from calvaria.bar.block import make_bar
from calvaria.bar.budget import UncertaintyBudget, UncertaintyTerm
from calvaria.bar.check import check_bars
from calvaria.bar.compensation import Compensation
from calvaria.bar.decision import Decision, decide
from calvaria.bar.deviation import BarDeviation
from calvaria.bar.features import make_feature_plate
from calvaria.bar.lines import BarLine
from calvaria.bar.part import BarFeature, BarGauge, ReferenceBar
from calvaria.bar.projection import Projection
from calvaria.bar.reading import BarReading
from calvaria.bar.rules import BarRules, load_bar_rules
from calvaria.bar.set import make_bar_set
from calvaria.bar.squareness import Squareness
from calvaria.bar.table import read_readings, write_readings, write_readings_form

__all__ = [
    "AxisFit",
    "BarDeviation",
    "BarFeature",
    "BarGauge",
    "BarLine",
    "BarReading",
    "BarRules",
    "Compensation",
    "Decision",
    "Projection",
    "ReferenceBar",
    "Squareness",
    "UncertaintyBudget",
    "UncertaintyTerm",
    "check_bars",
    "decide",
    "load_bar_rules",
    "make_bar",
    "make_bar_set",
    "make_feature_plate",
    "read_readings",
    "write_readings",
    "write_readings_form",
]
