"""From a patient's CT to a printable model that has been measured against the image.

Each step takes what the one before it returned::

    series = calvaria.find_series("study")[0]        # a folder, zip archive or disc of DICOM
    calvaria.check_series(series, profile="education", anatomy="skull")
    volume = calvaria.load_series(series)            # HU, on a grid in LPS millimetres
    bone = calvaria.segment.skull(volume)            # which voxels
    level = calvaria.segment.bone_level(volume).level_hu
    mesh = calvaria.extract_surface(volume, iso_hu=level, within=bone)
    calvaria.compare_to_image(mesh, volume)          # how far off, in mm
    calvaria.check_printability(mesh, process="fdm", material="pla", profile="education")
    calvaria.write_mesh(mesh, "skull.stl")

``build_model`` is all of it in one call, with a report.  Without a scan at hand, ``calvaria.phantom`` makes
one.  Everything else lives in a room of its own: ``calvaria.segment``, ``calvaria.mesh``, ``calvaria.bar``,
``calvaria.view``, ``calvaria.study`` and so on; ``dir()`` lists what is in it and ``help()`` explains it.

World frame: LPS, millimetres.  Voxel arrays: ``[k, j, i]``, shape (nz, ny, nx).

calvaria is research and education software, not a medical device.
"""

import ast
import importlib
from pathlib import Path
from typing import Any


def _rooms_and_names() -> tuple[set[str], dict[str, str]]:
    """Return the rooms, and the room of each name, as the stub beside this file lists them."""
    rooms: set[str] = set()
    room_of: dict[str, str] = {}
    for line in ast.parse(Path(__file__).with_suffix(".pyi").read_text("utf-8")).body:
        if isinstance(line, ast.ImportFrom) and line.module == "calvaria":
            rooms.update(entry.name for entry in line.names)
        elif isinstance(line, ast.ImportFrom):
            room_of.update((entry.name, str(line.module)) for entry in line.names)
    return rooms, room_of


# A room is opened when it is called for: "import calvaria" costs next to nothing, and whoever wants
# a bar does not wait for the statistics of trials.
_ROOMS, _ROOM_OF = _rooms_and_names()

__all__ = [*sorted(_ROOM_OF), *sorted(_ROOMS)]  # noqa: PLE0604 - text, all of it


def __getattr__(name: str) -> Any:
    if name in _ROOMS:
        return importlib.import_module(f"calvaria.{name}")
    if name in _ROOM_OF:
        found = getattr(importlib.import_module(_ROOM_OF[name]), name)
    elif name == "__version__":
        from importlib.metadata import version  # noqa: PLC0415 - it reads the disk

        found = version("calvaria")
    else:
        msg = f"module 'calvaria' has no attribute {name!r}"
        raise AttributeError(msg)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
