"""What is public: the rooms, and every function and record they offer."""

import dataclasses
import enum
import importlib
import inspect

import calvaria

ROOMS = (
    "bar", "bar.plots", "checks", "comparison", "convert", "dicom", "errors", "findings", "geometry", "images",
    "invesalius", "material", "mesh", "overlay", "phantom", "pipeline", "plot", "printability",
    "release", "report", "resample", "rules", "segment", "study", "study.plots", "surface",
    "total_segmentator", "view", "volume",
)  # fmt: skip


def room(name):
    return importlib.import_module(f"calvaria.{name}")


def public(kind):
    """Every public thing of a kind, once."""
    things = {}
    for module in (calvaria, *map(room, ROOMS)):
        for name in module.__all__:
            thing = getattr(module, name)
            if kind(thing):
                things[f"{thing.__module__}.{thing.__qualname__}"] = thing
    return things


def is_record(thing):
    return (
        inspect.isclass(thing)
        and dataclasses.is_dataclass(thing)
        and not issubclass(thing, BaseException | enum.Enum)
    )


RECORDS, FUNCTIONS = public(is_record), public(inspect.isfunction)
