"""Whether a scan is good enough for what it shall become.

Measuring and judging are separate: kernels and small functions measure, rows of
:mod:`calvaria.rules` say what counts, and each finding carries both with the source of the limit.
A poor image is never an error here.
"""

from calvaria.checks.plan import ImagingPlan, plan_imaging
from calvaria.checks.series import check_series
from calvaria.checks.volume import check_volume

__all__ = ["ImagingPlan", "check_series", "check_volume", "plan_imaging"]


def __dir__() -> list[str]:
    return sorted(__all__)
