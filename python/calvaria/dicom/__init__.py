"""From a folder of DICOM files to series, and from a series to a volume."""

from calvaria.dicom.find import find_series
from calvaria.dicom.load import load_series
from calvaria.dicom.series import LeftOut, Series, SeriesList

__all__ = ["LeftOut", "Series", "SeriesList", "find_series", "load_series"]


def __dir__() -> list[str]:
    return sorted(__all__)
