"""What leaves the house: in-house prints, fit tests marked TEST, packages for a certified partner."""

from calvaria.release.doors import write_print
from calvaria.release.fit_test import FitTest, mark_fit_test, write_fit_test
from calvaria.release.package import PartnerPackage, write_partner_package

__all__ = [
    "FitTest",
    "PartnerPackage",
    "mark_fit_test",
    "write_fit_test",
    "write_partner_package",
    "write_print",
]


def __dir__() -> list[str]:
    return sorted(__all__)
