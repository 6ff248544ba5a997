"""The main job in one call: a folder becomes a checked, closed, correctly placed model with a report."""

from calvaria.pipeline.comparing import ComparisonResult, compare_model
from calvaria.pipeline.judging import check_source
from calvaria.pipeline.model import build_model
from calvaria.pipeline.repeating import Repetition, repeat_model
from calvaria.pipeline.result import ModelResult
from calvaria.pipeline.source import Source, open_source

__all__ = [
    "ComparisonResult",
    "ModelResult",
    "Repetition",
    "Source",
    "build_model",
    "check_source",
    "compare_model",
    "open_source",
    "repeat_model",
]


def __dir__() -> list[str]:
    return sorted(__all__)
