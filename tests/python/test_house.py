"""The house keeps its plan: docs/house.md, read as rules on the imports of both languages."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

# A room uses rooms on floors below its own.  Reserved rooms are listed where they will stand.
PYTHON_FLOORS = (
    {"errors", "_native", "_arrays", "_asked", "_html", "_optional", "_tables", "_whole_files"},
    {"_record"},
    {"_progress", "findings", "geometry", "_image_bytes"},
    {"rules", "volume"},
    {"resample", "mesh", "material", "study"},
    {"dicom", "segment", "surface", "phantom", "_offsets", "_planes"},
    {"checks", "comparison", "overlay", "bar", "printability", "design"},
    {"case", "privacy"},
    {"report"},
    {"release"},
    # Side doors: they may use any floor below, and only the command uses them.
    {"convert"},
    {
        "_image_nifti",
        "_image_nrrd",
        "_image_meta",
        "_image_seg",
        "_image_tiff",
        "invesalius",
        "plot",
        "view",
    },
    {"images"},
    {"total_segmentator"},
    {"pipeline"},
    {"cohort"},
    {"_terminal"},
    {"_exit_status"},
    {"_demo", "_bar_command", "_release_command"},
    {"cli"},
    {"__main__"},
)
RUST_FLOORS = (
    {"geometry", "progress"},
    {"volume", "mesh"},
    {"dicom", "segment", "surface", "register", "resample", "render", "phantom"},
    {"checks", "comparison", "overlay", "bar", "printability", "design"},
    {"python"},
)
SIDE_DOORS = {"convert", "images", "invesalius", "plot", "total_segmentator", "view"}
ALLOWED_THROUGH = {
    "cli",
    "_demo",
    "pipeline",
    "_image_nifti",
    "_image_nrrd",
    "_image_tiff",
    "_image_meta",
    "_image_seg",
}
CUPBOARDS = {"utils", "util", "helpers", "helper", "common", "misc", "shared", "tools"}
MOST_LINES = 600
NATIVE_IMPORT = re.compile(r"\bimport [^\n]*\b_native\b|\bcalvaria\._native\b")


def floor_of(room, floors):
    return next((n for n, rooms in enumerate(floors) if room in rooms), None)


def room_of(path, top):
    """The room a file belongs to: the first part of its path below the top."""
    return path.relative_to(top).parts[0].removesuffix(".py").removesuffix(".rs")


def python_imports(source):
    """Rooms of calvaria that a module imports, wherever the import stands."""
    rooms = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module == "calvaria":
            names = [f"calvaria.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        rooms |= {n.split(".")[1] for n in names if n.startswith("calvaria.")}
    return rooms


def without_comments(source):
    source = re.sub(r"/\*.*?\*/", "", source, flags=re.DOTALL)
    return re.sub(r"//[^\n]*", "", source)


def rust_imports(source):
    """Rooms of the crate that a file names, as `crate::room` or in `crate::{room, …}`."""
    code = without_comments(source)
    rooms = set(re.findall(r"\bcrate::(?:r#)?([a-z_]+)", code))
    for group in re.findall(r"\bcrate::\{((?:[^{}]|\{[^{}]*\})*)\}", code):
        flat = re.sub(r"\{[^{}]*\}", "", group)
        rooms |= {part.strip().split("::")[0].split(" ")[0] for part in flat.split(",")}
    return rooms - {"", "self"}


def python_faults(top):
    for path in sorted(top.rglob("*.py")):
        room, source = room_of(path, top), path.read_text()
        if any(
            isinstance(node, ast.ImportFrom) and any(a.name == "*" for a in node.names)
            for node in ast.walk(ast.parse(source))
        ):
            yield f"{path.name}: star import"
        if room == "__init__":
            continue
        here = floor_of(room, PYTHON_FLOORS)
        if here is None:
            yield f"{room}: a room without a floor; give it one here and in docs/house.md"
            continue
        for used in sorted(python_imports(source) - {room}):
            there = floor_of(used, PYTHON_FLOORS)
            if there is None or there >= here:
                yield f"{path.relative_to(top)}: uses {used}, which is not below it"
            elif used in SIDE_DOORS and room not in SIDE_DOORS | ALLOWED_THROUGH:
                yield f"{path.relative_to(top)}: uses the side door {used}"


def rust_faults(top):
    for path in sorted(top.rglob("*.rs")):
        room, source = room_of(path, top), path.read_text()
        code = without_comments(source)
        if re.search(r"\buse crate::[^;]*\*\s*;", code):
            yield f"{path.name}: star import"
        if room != "python" and re.search(r"\b(pyo3|numpy)\s*(::|;|=)", code):
            yield f"{path.relative_to(top)}: names pyo3 or numpy outside src/python"
        if room == "lib":
            continue
        here = floor_of(room, RUST_FLOORS)
        if here is None:
            yield f"src/{room}: a room without a floor; give it one here and in docs/house.md"
            continue
        for used in sorted(rust_imports(source) - {room}):
            there = floor_of(used, RUST_FLOORS)
            if there is None or there >= here:
                yield f"src/{path.relative_to(top)}: uses {used}, which is not below it"


def outside_faults(root):
    """Only the public Python package may know the native module."""
    for folder in ("tests", "benches", "notebooks", "docs"):
        for path in sorted((root / folder).rglob("*.py")):
            if path.resolve() == Path(__file__).resolve():
                continue
            if re.search(
                r"import _native|calvaria\._native|from calvaria import .*\b_native\b",
                path.read_text(),
            ):
                yield f"{path.relative_to(root)}: imports calvaria._native"


def size_faults(root):
    for folder in ("src", "python/calvaria", "tests", "benches"):
        for path in sorted((root / folder).rglob("*")):
            if (
                path.suffix not in {".rs", ".py", ".pyi"}
                or "table" in path.stem
                or "_tables" in path.parts
            ):
                continue
            n = len(path.read_text().splitlines())
            # The stub of the native module is a table: one entry per function.
            if n > MOST_LINES and path.suffix != ".pyi":
                yield f"{path.relative_to(root)}: {n} lines, more than {MOST_LINES}: it is two files"
            if path.stem.strip("_") in CUPBOARDS:
                yield f"{path.relative_to(root)}: a cupboard, not a room"


def faults(root):
    return [
        *python_faults(root / "python" / "calvaria"),
        *rust_faults(root / "src"),
        *outside_faults(root),
        *size_faults(root),
    ]


def test_no_import_points_upwards_and_every_file_is_in_its_room():
    assert faults(ROOT) == []


def test_the_whole_house_was_looked_at():
    """Nothing passes for being invisible: the imports that are known to be there are seen."""
    source = (ROOT / "python" / "calvaria" / "volume.py").read_text()
    assert {"geometry", "findings", "_arrays", "errors"} <= python_imports(source)
    assert "geometry" in rust_imports((ROOT / "src" / "volume.rs").read_text())
    assert {"geometry", "resample", "progress"} <= rust_imports(
        (ROOT / "src" / "python" / "resample.rs").read_text()
    ) | {"progress"}


@pytest.mark.parametrize(
    ("name", "text", "what"),
    [
        ("python/calvaria/geometry.py", "from calvaria.volume import Volume", "uses volume"),
        ("python/calvaria/volume.py", "from calvaria import checks", "uses checks"),
        ("python/calvaria/volume.py", "def f():\n    import calvaria.dicom", "uses dicom"),
        ("python/calvaria/volume.py", "from calvaria import mesh", "uses mesh"),
        ("python/calvaria/checks/a.py", "from calvaria.convert import to_sitk", "uses convert"),
        ("python/calvaria/volume.py", "from calvaria.geometry import *", "star import"),
        ("python/calvaria/utils.py", "", "without a floor"),
        ("python/calvaria/dicom/helpers.py", "", "a cupboard"),
        ("src/geometry/grid.rs", "use crate::volume::Volume;", "uses volume"),
        ("src/volume.rs", "use crate::{geometry::Grid, dicom};", "uses dicom"),
        ("src/mesh/io.rs", "fn f() { crate::volume::g(); }", "uses volume"),
        ("src/dicom/a.rs", "use pyo3::prelude::*;", "pyo3 or numpy"),
        ("src/checks/a.rs", "use crate::geometry::*;", "star import"),
        ("src/cellar/a.rs", "", "without a floor"),
        ("src/volume.rs", "//\n" * 601, "more than 600"),
        ("tests/python/test_a.py", "from calvaria import _native", "imports calvaria._native"),
    ],
)
def test_a_planted_fault_is_found(tmp_path, name, text, what):
    for folder in ("python/calvaria", "src"):
        (tmp_path / folder).mkdir(parents=True)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert any(what in fault for fault in faults(tmp_path))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("python/calvaria/volume.py", "from calvaria.geometry import Grid"),
        ("python/calvaria/checks/a.py", "from calvaria.checks.b import c\nimport numpy"),
        ("python/calvaria/cli.py", "from calvaria import plot, images"),
        ("src/volume.rs", "// use crate::dicom;\nuse crate::geometry::Grid;\nuse super::x;"),
        ("src/python/a.rs", "use pyo3::prelude::*;\nuse crate::{checks::a, dicom::{b, c}};"),
    ],
)
def test_a_good_file_is_left_in_peace(tmp_path, name, text):
    for folder in ("python/calvaria", "src"):
        (tmp_path / folder).mkdir(parents=True)
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    assert faults(tmp_path) == []
